#!/usr/bin/env python3
"""Counts lines in a store, for all who share it, and prints the tally at the end of the input.

    tally.py master FILE    keeps it in a database of SQLite, and says at which port it listens
    tally.py clone PORT     shares that of the master at this port of the loopback address
"""
import sys
import broker  # pip install ./src/bindings/python

PATIENCE = 30.0  # seconds

def main(role, place):
    options = broker.BrokerOptions()
    options.disable_ssl = True
    with broker.Endpoint(broker.Configuration(options)) as endpoint:
        if role == "master":
            tally = endpoint.attach_master("tally", broker.Backend.SQLite, {"path": place})
            print(f"listening on 127.0.0.1:{endpoint.listen('127.0.0.1')}", file=sys.stderr, flush=True)
        else:
            if not endpoint.peer("127.0.0.1", int(place), 0):
                sys.exit(f"nobody listens at port {place}")
            tally = endpoint.attach_clone("tally")
        with tally:
            for line in sys.stdin:
                tally.increment(line.rstrip("\n"), broker.Count(1))
            # A clone has all that its master has then, and the master all that was counted here.
            if not tally.await_idle(PATIENCE):
                sys.exit("no word of the master")
            for line in sorted(tally.keys()):
                print(tally.get(line).value, line)

if len(sys.argv) != 3 or sys.argv[1] not in ("master", "clone"):
    sys.exit(__doc__)
try:
    main(*sys.argv[1:])
except broker.StoreError as error:
    sys.exit(f"{error} ({error.code().name})")
