"""Clients of others against a node: its port is the only argument.

Each part prints a line when it is done; the last one is `done`.
"""

import datetime
import json
import sys

import websocket
import websockets
import websockets.sync.client
from zeekclient import brokertypes as bt

URL = f"ws://127.0.0.1:{sys.argv[1]}/v1/messages/json"
PATIENCE = 60

VALUES = [
    ("none", {}),
    ("boolean", True),
    ("count", 2**64 - 1),
    ("integer", -(2**63)),
    ("real", 1 / 3),
    ("real", 1e-9),
    ("timespan", "1500000001ns"),
    ("timestamp", "2022-04-10T07:00:00.123456789"),
    ("string", 'q " \\ \n\0 é \U0001f600'),
    ("enum-value", "Log::WRITER_ASCII"),
    ("address", "2001:db8::1"),
    ("subnet", "10.0.0.0/8"),
    ("port", "443/tcp"),
    ("vector", [{"@data-type": "count", "data": 1}, {"@data-type": "none", "data": {}}]),
    ("set", [{"@data-type": "count", "data": 1}, {"@data-type": "string", "data": "a"}]),
    (
        "table",
        [
            {
                "key": {"@data-type": "string", "data": "k"},
                "value": {"@data-type": "vector", "data": []},
            }
        ],
    ),
]


def message(data_type, data):
    fields = {"type": "data-message", "topic": "/x", "@data-type": data_type, "data": data}
    return fields


def acknowledged(text):
    assert json.loads(text)["type"] == "ack", text


def of_websockets():
    """Both kinds of frames, fragments, pings, a subprotocol, errors and an end in order."""
    connect = websockets.sync.client.connect
    protocols = ["other", "v1.messages.json"]
    with connect(URL, subprotocols=protocols) as reader, connect(URL, max_size=None) as writer:
        assert reader.subprotocol == "v1.messages.json"
        for client, topics in ((reader, '["/x"]'), (writer, "[]")):
            client.send(topics)
            acknowledged(client.recv(PATIENCE))
        for value in VALUES:
            sent = message(*value)
            text = json.dumps(sent)
            writer.send(text)
            assert json.loads(reader.recv(PATIENCE)) == sent
            writer.send(text.encode())
            assert json.loads(reader.recv(PATIENCE)) == sent
            writer.send([text[:7], text[7:30], "", text[30:]])
            assert json.loads(reader.recv(PATIENCE)) == sent
        assert writer.ping("there?").wait(PATIENCE)
        writer.send('{"topic":"/x","@data-type":"count","data":"no"}')
        error = json.loads(writer.recv(PATIENCE))
        assert sorted(error) == ["code", "context", "type"], error
        assert " contained invalid data: " in error["context"], error
    assert (reader.close_code, writer.close_code) == (1000, 1000)
    with connect(URL) as client:
        client.send("{}")
        assert json.loads(client.recv(PATIENCE))["code"] == "deserialization_failed"
        try:
            client.recv(PATIENCE)
            raise AssertionError("the connection goes on")
        except websockets.exceptions.ConnectionClosed as closed:
            assert closed.rcvd.code == 1008, closed
    print("websockets", websockets.__version__)


def of_websocket_client():
    """Every type there and back, and a burst."""
    reader = websocket.create_connection(URL, timeout=PATIENCE)
    writer = websocket.create_connection(URL, timeout=PATIENCE, header=["X-Application-Name: peers.py"])
    for client, topics in ((reader, '["/x"]'), (writer, "[]")):
        client.send(topics)
        acknowledged(client.recv())
    for value in VALUES:
        sent = message(*value)
        writer.send(json.dumps(sent))
        assert json.loads(reader.recv()) == sent
    burst = json.dumps(message("string", "x" * 1100))
    for _ in range(500):
        writer.send(burst)
    for _ in range(500):
        assert json.loads(reader.recv()) == json.loads(burst)
    writer.close()
    reader.close()
    print("websocket-client", websocket.__version__)


def of_zeek_client():
    """Each of its types, as itself again."""
    values = [
        bt.NoneType(),
        bt.Boolean(True),
        bt.Count(0),
        bt.Count(2**64 - 1),
        bt.Integer(-(2**63)),
        bt.Real(-7.5),
        bt.Real(3.0),
        bt.Real(1e-9),
        bt.Real(1 / 3),
        bt.Real(1e300),
        bt.Timespan("1500ms"),
        bt.Timespan("1500000ns"),
        bt.Timespan("1min"),
        bt.Timespan("2d"),
        bt.Timestamp("2022-04-10T07:00:00.000"),
        bt.Timestamp("2022-04-10T07:00:00.123"),
        # It writes milliseconds only.
        bt.Timestamp(datetime.datetime(1969, 12, 31, 23, 59, 58, 500000)),
        bt.String('hello "q" \\ \n'),
        bt.String("é中\U0001f600"),
        bt.String("ctl \x01\x1b"),
        bt.Enum("Log::WRITER_ASCII"),
        bt.Address("192.168.1.1"),
        bt.Address("2001:db8::1"),
        bt.Subnet("10.0.0.0/8"),
        bt.Subnet("2001:db8::/32"),
        bt.Port(443),
        bt.Port(8, bt.Port.Proto.ICMP),
        bt.Port(1, bt.Port.Proto.UNKNOWN),
        bt.Vector([bt.Count(1), bt.String("two")]),
        bt.Vector(),
        bt.Set({bt.Count(1), bt.Count(2)}),
        bt.Table({bt.String("k"): bt.Vector([bt.Boolean(False)])}),
    ]
    reader = websocket.create_connection(URL, timeout=PATIENCE)
    writer = websocket.create_connection(URL, timeout=PATIENCE)
    for client, topics in ((reader, ["/x"]), (writer, [])):
        client.send(bt.HandshakeMessage(topics).serialize())
        ack = bt.HandshakeAckMessage.unserialize(client.recv())
        assert len(ack.endpoint) == 36 and ack.version, ack
    for value in values:
        writer.send(bt.DataMessage("/x", value).serialize())
        heard = bt.DataMessage.unserialize(reader.recv())
        assert heard.data == value, f"{heard.data} instead of {value}"
    event = bt.ZeekEvent("my_event", bt.String("x"), bt.Count(5))
    writer.send(bt.DataMessage("/x", event).serialize())
    heard = bt.ZeekEvent.from_vector(bt.DataMessage.unserialize(reader.recv()).data)
    assert (heard.name, heard.args) == (event.name, event.args)
    writer.send(bt.HandshakeMessage([]).serialize())
    error = bt.ErrorMessage.unserialize(writer.recv())
    assert error.code == "deserialization_failed", error
    print("zeek-client")


of_websockets()
of_websocket_client()
of_zeek_client()
print("done")
