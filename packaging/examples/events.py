#!/usr/bin/env python3
"""Prints the events of a bui-monitor as they happen: events.py ws://127.0.0.1:9997 [TOPIC...]"""
import json, sys
from websockets.sync.client import connect  # pip install websockets

def plain(field):  # without the types
    data = field["data"]
    return [plain(inner) for inner in data] if isinstance(data, list) else data

with connect(sys.argv[1] + "/v1/messages/json", max_size=None) as socket:
    socket.send(json.dumps(sys.argv[2:] or ["burp/"]))
    for message in map(json.loads, socket):
        if message["type"] == "data-message":
            name, arguments, *_ = plain(message["data"][2])
            print(name, *arguments, flush=True)
