"""One job in the foreground: the plugin has the terminal, and if it fails so has its debugger."""

import os
import pdb
import sys
import traceback

from ostler_host import jobs, serve
from ostler_host.frames import Channel, encode, write_all


def main(embedded, reader, writer):
    once, blobs = Channel(reader, writer).read()
    serve.prepare(once["hello"], embedded)
    order = once["order"]
    os.chdir(order["cwd"])
    os.umask(order["umask"])
    sys.argv = [order["module"]]
    own = dict(os.environ)

    def debug(error):
        # The debugger is as the terminal is, not as the plugin's variables are.
        os.environ.clear()
        os.environ.update(own)
        traceback.print_exc()
        pdb.post_mortem(error.__traceback__)

    header, pieces = jobs.perform(order, blobs, debug)
    write_all(writer, encode(header, pieces))
    for piece in pieces:
        write_all(writer, piece)
