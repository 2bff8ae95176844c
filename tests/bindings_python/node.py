"""A node in a process of its own: its port is the first argument. It answers pings."""

import sys
import unittest

import broker
from peered import PATIENCE, plain

PORT = int(sys.argv.pop(1))


class Node(unittest.TestCase):
    def test_the_node_is_a_peer(self):
        with broker.Endpoint(plain()) as endpoint, \
                endpoint.make_subscriber("/zeek") as subscriber, \
                endpoint.make_status_subscriber(True) as statuses:
            self.assertTrue(endpoint.peer("127.0.0.1", PORT))
            codes = [status.code() for status in statuses.get(2, PATIENCE)]
            self.assertEqual(codes, [broker.SC.EndpointDiscovered, broker.SC.PeerAdded])
            for number in range(100):
                endpoint.publish("/zeek/ping", ["ping", broker.Count(number), "payload"])
                topic, (kind, answered) = subscriber.get(PATIENCE)
                self.assertEqual((kind, answered), ("pong", broker.Count(number)))
            self.assertTrue(endpoint.unpeer("127.0.0.1", PORT))


if __name__ == "__main__":
    unittest.main()
