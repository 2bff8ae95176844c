#!/usr/bin/env python3
"""Ask a bui-monitor, with a new connection for each question, as Burp-UI does.

What has a colon in it is a query for burp (c:, c:NAME ...), anything else the
name of a function of the daemon (status, statistics ...). Answers are printed
as they came, one a line. The password is the first line of a file, since
everybody can read command lines.

Ends with 0 when every question was answered, with 1 at the first KO (a wrong
password, or nothing that burp knows), with 2 at the first ER or without an
answer.
"""

import argparse
import json
import socket
import ssl
import struct
import sys
import time

TIMEOUT = 20.0  # seconds for one question, connecting included
MAX_ANSWER = 64 << 20  # bytes


class Failure(Exception):
    """There is no answer: the exit code, and why."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--ca", metavar="FILE", help="speak TLS, and believe only what is in FILE")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("password_file")
    parser.add_argument("question", nargs="+")
    options = parser.parse_args()
    try:
        with open(options.password_file, encoding="utf-8") as file:
            password = file.readline().rstrip("\r\n")
        tls = trusting(options.ca) if options.ca else None
        for question in options.question:
            answer = ask(options.host, options.port, tls, password, question)
            sys.stdout.buffer.write(answer + b"\n")
            sys.stdout.buffer.flush()
    except Failure as failure:
        code, words = failure.args
        print(words, file=sys.stderr)
        return code
    except OSError as error:  # the file, the network, or TLS
        print(f"no answer: {error}", file=sys.stderr)
        return 2
    return 0


def trusting(path):
    """TLS with a daemon whose certificate is in this file, or signed by one of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The file says who may answer. Where it is an authority that signs for
    # others too, leave the next line out: the name must be right then.
    context.check_hostname = False
    context.load_verify_locations(path)
    return context


def ask(host, port, tls, password, question):
    """The bytes that the daemon answers, which need not be UTF-8."""
    deadline = time.monotonic() + TIMEOUT
    kind = "query" if ":" in question else "func"
    request = json.dumps({kind: question, "password": password}).encode()
    with socket.create_connection((host, port), TIMEOUT) as plain:
        plain.settimeout(left(deadline))
        stream = tls.wrap_socket(plain, server_hostname=host) if tls else plain
        with stream:
            # The length as eight bytes, most significant first, and the request.
            stream.sendall(struct.pack(">Q", len(request)) + request)
            return answer_from(stream, deadline)


def answer_from(stream, deadline):
    """Reads an answer: OK or ER with a length and as many bytes, or KO alone."""
    status = read(stream, 2, deadline)
    if status == b"KO":
        raise Failure(1, "KO: a wrong password, or nothing that burp knows")
    if status not in (b"OK", b"ER"):
        raise Failure(2, "this is no bui-monitor")
    (length,) = struct.unpack(">Q", read(stream, 8, deadline))
    if length > MAX_ANSWER:
        raise Failure(2, f"an answer of {length} bytes is announced")
    body = read(stream, length, deadline)
    if status == b"ER":
        raise Failure(2, "ER: " + body.decode(errors="replace"))
    return body


def read(stream, count, deadline):
    """Exactly so many bytes; a stream gives as many as it likes."""
    data = bytearray()
    while len(data) < count:
        stream.settimeout(left(deadline))
        some = stream.recv(min(count - len(data), 65536))
        if not some:
            raise Failure(2, f"the connection ended after {len(data)} of {count} bytes")
        data += some
    return bytes(data)


def left(deadline):
    """The seconds that are left."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise Failure(2, f"no answer within {TIMEOUT:g} seconds")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
