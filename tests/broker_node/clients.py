"""Clients of a node by `websockets`: `clients.py PART PORT [CAFILE [CERTIFICATE KEY]]`."""

import json
import ssl
import sys

import websockets
from websockets.sync.client import connect

PATIENCE = 60

VALUES = [
    ("none", {}),
    ("boolean", True),
    ("count", 42),
    ("integer", -42),
    ("real", 1.25),
    ("timespan", "23s"),
    ("timestamp", "2022-04-10T07:00:00.000"),
    ("string", "this is a string"),
    ("enum-value", "foo"),
    ("address", "2001:db8::"),
    ("subnet", "255.255.255.0/24"),
    ("port", "8080/tcp"),
    ("vector", [{"@data-type": "count", "data": 42}, {"@data-type": "integer", "data": 23}]),
    ("set", [{"@data-type": "string", "data": "bar"}, {"@data-type": "string", "data": "foo"}]),
    (
        "table",
        [
            {
                "key": {"@data-type": "string", "data": "first"},
                "value": {"@data-type": "count", "data": 1},
            }
        ],
    ),
]

def context(cafile=None, certificate=None, key=None):
    if cafile is None:
        return None
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(cafile)
    # Certificates of nodes are for no name.
    made.check_hostname = False
    if certificate:
        made.load_cert_chain(certificate, key)
    return made


PART, PORT, *FILES = sys.argv[1:]
TLS = context(*FILES)
URL = f"{'wss' if TLS else 'ws'}://127.0.0.1:{PORT}/v1/messages/json"


def client(topics):
    made = connect(URL, ssl=TLS, open_timeout=PATIENCE, max_size=None)
    made.send(json.dumps(topics))
    ack = json.loads(made.recv(PATIENCE))
    assert sorted(ack) == ["endpoint", "type", "version"] and ack["type"] == "ack", ack
    return made


def message(data_type, data):
    return {"type": "data-message", "topic": "/test", "@data-type": data_type, "data": data}


def types():
    """What one client sends, another one gets, and it is the same."""
    with client(["/test"]) as reader, client([]) as writer:
        for value in VALUES:
            sent = message(*value)
            writer.send(json.dumps(sent))
            assert json.loads(reader.recv(PATIENCE)) == sent


def fragments():
    """Messages of more than one frame, and of more than a read."""
    with client(["/test"]) as reader, client([]) as writer:
        for length in (4000, 4096, 5000, 70_000, 3_000_000):
            sent = message("string", "x" * length)
            text = json.dumps(sent)
            writer.send([text[at : at + 1500] for at in range(0, len(text), 1500)])
            assert json.loads(reader.recv(PATIENCE)) == sent
            writer.send(text)
            assert json.loads(reader.recv(PATIENCE)) == sent


WRONG = (
    ('{"type":"data-message","topic":"/test"}', "contained invalid data"),
    ("no JSON", "contained malformed JSON"),
    ("[]", "expected a JSON object"),
)


def errors():
    """A wrong message is told, and costs a client nothing else; a wrong first one ends it."""
    with client(["/test"]) as whole:
        for number, (wrong, words) in enumerate(WRONG, 1):
            whole.send(wrong)
            error = json.loads(whole.recv(PATIENCE))
            assert (error["type"], error["code"]) == ("error", "deserialization_failed"), error
            assert sorted(error) == ["code", "context", "type"], error
            assert error["context"].startswith(f"input #{number} {words}"), error
        sent = message("count", 7)
        whole.send(json.dumps(sent))
        with client(["/test"]) as other:
            whole.send(json.dumps(sent))
            assert json.loads(other.recv(PATIENCE)) == sent
    with connect(URL) as wrong:
        wrong.send('{"topics":[]}')
        assert json.loads(wrong.recv(PATIENCE))["type"] == "error"
        try:
            wrong.recv(PATIENCE)
            raise AssertionError("the connection goes on")
        except websockets.exceptions.ConnectionClosed as closed:
            assert closed.rcvd.code == 1008, closed


def stranger():
    """Without a certificate nobody comes in."""
    try:
        client(["/test"])
    except (OSError, EOFError, websockets.exceptions.WebSocketException):
        return
    raise AssertionError("somebody without a certificate is let in")


{"types": types, "fragments": fragments, "errors": errors, "stranger": stranger}[PART]()
print(PART, websockets.__version__)
