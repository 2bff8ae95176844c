#!/usr/bin/env python3
"""Prints the events of a bui-monitor or a broker, as a peer of it: peer.py HOST PORT [TOPIC...]"""
import sys
import broker  # pip install ./src/bindings/python

options = broker.BrokerOptions()
options.disable_ssl = True
with broker.Endpoint(broker.Configuration(options)) as endpoint, \
        endpoint.make_safe_subscriber(sys.argv[3:] or ["burp/"]) as subscriber:
    endpoint.peer(sys.argv[1], int(sys.argv[2]))
    while True:
        topic, data = subscriber.get()
        event = broker.zeek.SafeEvent(data)
        if event.valid():
            print(event.name(), *event.args(), flush=True)
