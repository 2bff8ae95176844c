"""Peers come, go and fail, and it is told."""

import select
import socket
import unittest

import broker
from broker import EC, SC
from peered import PATIENCE, closed_port, plain


def has_ipv6():
    """Whether this machine has a loopback of IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


class Statuses(unittest.TestCase):
    def test_without_an_address_peers_come_over_both_families(self):
        with broker.Endpoint(plain()) as one:
            port = one.listen()
            for address in ["127.0.0.1"] + ["::1"] * has_ipv6():
                with broker.Endpoint(plain()) as two:
                    self.assertIs(two.peer(address, port, 0.0), True)
                    # Also without a retry it is this one which has connected.
                    self.assertIn(broker.PeerFlags.Outbound, two.peers()[0].flags)
                    self.assertTrue(one.await_peer(two.node_id(), PATIENCE))

    def test_a_peer_is_added_and_removed(self):
        with broker.Endpoint(plain()) as one, broker.Endpoint(plain()) as two, \
                one.make_status_subscriber(True) as first, two.make_status_subscriber(True) as second:
            descriptor = first.fd()
            self.assertEqual(select.select([descriptor], [], [], 0)[0], [])
            port = one.listen("127.0.0.1")
            self.assertIs(two.peer("127.0.0.1", port, 1.0), True)
            self.assertTrue(one.await_peer(two.node_id()))
            for statuses, other in (first, two), (second, one):
                discovered, added = statuses.get(2)
                self.assertEqual((discovered.code(), added.code()), (SC.EndpointDiscovered, SC.PeerAdded))
                self.assertIs(type(added), broker.Status)
                self.assertEqual(added.context().node_id(), other.node_id())
                self.assertFalse(discovered.context().network.is_set())
            network = added.context().network.get()
            self.assertEqual((network.address, network.port, str(network)), ("127.0.0.1", port, f"127.0.0.1:{port}"))

            (peer,) = two.peers()
            self.assertEqual((peer.status, peer.peer.node_id()), (broker.PeerStatus.Peered, one.node_id()))
            self.assertEqual(peer.flags, broker.PeerFlags.Remote | broker.PeerFlags.Outbound)
            (peer,) = one.peers()
            self.assertEqual(peer.flags, broker.PeerFlags.Remote | broker.PeerFlags.Inbound)
            self.assertTrue(two.unpeer("127.0.0.1", port))
            self.assertEqual([status.code() for status in second.get(2)], [SC.PeerRemoved, SC.EndpointUnreachable])
            self.assertEqual([status.code() for status in first.get(2)], [SC.PeerLost, SC.EndpointUnreachable])
            self.assertEqual(two.peers(), [])

    def test_errors_are_told_to_who_wants_nothing_else(self):
        with broker.Endpoint(plain()) as endpoint, endpoint.make_status_subscriber() as statuses, \
                closed_port() as port, closed_port() as another:
            self.assertIs(endpoint.peer("127.0.0.1", port, 0.0), False)
            error = statuses.get()
            self.assertIs(type(error), broker.Error)
            self.assertEqual(error.code(), EC.PeerUnavailable)
            self.assertEqual(error.context().network.get().port, port)
            endpoint.peer_nosync("127.0.0.1", port, 1.0)
            self.assertEqual([one.code() for one in statuses.get(2)], [EC.PeerUnavailable] * 2)
            endpoint.unpeer_nosync("127.0.0.1", port)
            self.assertFalse(endpoint.unpeer("127.0.0.1", another))
            # It may have been tried once more before.
            code = EC.PeerUnavailable
            while code == EC.PeerUnavailable:
                code = statuses.get(PATIENCE).code()
            self.assertEqual(code, EC.PeerInvalid)

    def test_a_wait_for_a_peer_ends(self):
        with broker.Endpoint(plain()) as one, broker.Endpoint(plain()) as two:
            self.assertFalse(one.await_peer(two.node_id(), 0.01))
            self.assertFalse(one.await_peer(two.node_id(), broker.Timespan(10**6)))

    def test_new_ones_are_empty(self):
        self.assertEqual(broker.Status().code(), SC.Unspecified)
        self.assertIsNone(broker.Status().context())
        self.assertEqual(broker.Error().code(), 0)


class Forwarding(unittest.TestCase):
    def chain(self, *configurations):
        """Endpoints of which each peers with the next."""
        endpoints = [self.enterContext_(broker.Endpoint(config)) for config in configurations]
        for one, next_one in zip(endpoints, endpoints[1:]):
            self.assertTrue(one.peer("127.0.0.1", next_one.listen("127.0.0.1")))
            self.assertTrue(next_one.await_peer(one.node_id()))
        return endpoints

    def enterContext_(self, context):
        # Of which Python has its own from 3.11 on.
        self.addCleanup(context.__exit__, None, None, None)
        return context.__enter__()

    def wait_subscribed(self, endpoint, topic):
        with endpoint.make_subscriber("/nothing") as nothing:
            while topic not in map(str, endpoint.peer_subscriptions()):
                self.assertIsNone(nothing.get(0.01))

    def test_messages_go_on_through_those_who_want_them(self):
        first, middle, last = self.chain(plain(), plain(), plain())
        with middle.make_subscriber("/test") as between, last.make_subscriber("/test") as behind:
            self.wait_subscribed(middle, "/test")
            self.wait_subscribed(first, "/test")
            first.publish("/test/foo", "Foo!")
            self.assertEqual(between.get(PATIENCE), ("/test/foo", "Foo!"))
            self.assertEqual(behind.get(PATIENCE), ("/test/foo", "Foo!"))

    def test_messages_go_on_through_who_only_forwards_them(self):
        first, middle, last = self.chain(plain(), plain(), plain())
        middle.forward(["/test"])
        with last.make_subscriber("/test") as behind:
            self.wait_subscribed(middle, "/test")
            self.wait_subscribed(first, "/test")
            first.publish("/test/foo", "Foo!")
            self.assertEqual(behind.get(PATIENCE), ("/test/foo", "Foo!"))

    def test_messages_go_not_on_where_it_is_disabled(self):
        options = broker.BrokerOptions()
        options.disable_ssl = options.disable_forwarding = True
        first, middle, last = self.chain(plain(), broker.Configuration(options), plain())
        with middle.make_subscriber("/test") as between, last.make_subscriber("/") as behind:
            self.wait_subscribed(middle, "/")
            self.wait_subscribed(first, "/test")
            first.publish("/test", "lost")
            self.assertEqual(between.get(PATIENCE), ("/test", "lost"))
            middle.publish("/test", "last")
            self.assertEqual(behind.get(PATIENCE), ("/test", "last"))


if __name__ == "__main__":
    unittest.main()
