"""Messages from one endpoint to another."""

import ipaddress
import select
import unittest
import warnings

import broker
from peered import PATIENCE, endpoints, plain


class Messages(unittest.TestCase):
    def test_there_and_back(self):
        with endpoints("/test") as (reader, writer, subscriber), writer.make_subscriber("/test") as answers:
            writer.publish("/test", ["ping"])
            topic, data = subscriber.get()
            self.assertEqual((topic, data), ("/test", ("ping",)))
            reader.publish(topic, ["pong"])
            self.assertEqual(answers.get(PATIENCE), ("/test", ("pong",)))

    def test_batches_and_what_get_is_asked_for(self):
        with endpoints("/test") as (_, writer, subscriber):
            sent = [
                ("/test/1", ()),
                ("/test/2", (1, 2, 3)),
                ("/test/3", (42, "foo", {"a": "A", "b": ipaddress.ip_address("1.2.3.4")})),
            ]
            writer.publish(*sent[0])
            writer.publish_batch(*sent[1:])
            self.assertEqual(subscriber.get(3), sent)
            self.assertFalse(subscriber.available())
            self.assertIsNone(subscriber.get(0.01))
            self.assertEqual(subscriber.get(2, 0.01), [])
            self.assertEqual(subscriber.get(0), [])
            writer.publish(broker.Topic("/test"), 1)
            self.assertEqual(subscriber.get(1, PATIENCE), [("/test", 1)])
            # What has come before the time is over, and not more.
            writer.publish("/test", 2)
            self.assertTrue(select.select([subscriber.fd()], [], [], PATIENCE)[0])
            self.assertEqual(subscriber.get(2, broker.Timespan(0.01)), [("/test", 2)])
            self.assertEqual(subscriber.poll(), [])

    def test_a_safe_subscriber_gives_what_cannot_be_changed(self):
        with endpoints("/test", safe=True) as (_, writer, subscriber):
            self.assertIsInstance(subscriber, broker.Subscriber)
            writer.publish("/test", ({"a": "A"}, {1, 2}, ["a"]))
            _, (table, values, vector) = subscriber.get(PATIENCE)
            with self.assertRaises(TypeError):
                table["b"] = "B"
            with self.assertRaises(AttributeError):
                values.add(3)
            with self.assertRaises(TypeError):
                vector[0] = "b"
            writer.publish("/test", broker.Set([{"a": 1}]))
            self.assertEqual(subscriber.get(PATIENCE), ("/test", {broker.ImmutableDict(a=1)}))

    def test_what_python_cannot_hold_costs_no_other_message(self):
        with endpoints("/test") as (_, writer, subscriber):
            sent = [1, broker.Set([{"a": 1}]), 2, broker.Set([{"b": 2}])]
            for read in (subscriber.poll, lambda: subscriber.get(len(sent), 0.01)):
                for data in sent:
                    writer.publish("/test", data)
                outcomes = []
                while len(outcomes) < len(sent):
                    self.assertTrue(select.select([subscriber.fd()], [], [], PATIENCE)[0])
                    try:
                        outcomes += [data for _, data in read()]
                    except TypeError as error:
                        outcomes.append(str(error))
                unhashable = "unhashable type: 'dict'"
                self.assertEqual(outcomes, [1, unhashable, 2, unhashable])

    def test_publishers(self):
        with endpoints("/test") as (_, writer, subscriber), writer.make_publisher("/test") as publisher:
            publisher.publish([1, 2, 3])
            publisher.publish_batch(["a", "b"], [True])
            received = subscriber.get(3, PATIENCE)
            self.assertEqual([data for _, data in received], [(1, 2, 3), ("a", "b"), (True,)])
            self.assertEqual(publisher.buffered(), 0)
            self.assertEqual(publisher.free_capacity(), publisher.capacity())
            self.assertGreater(publisher.demand(), 0)
            self.assertGreater(publisher.send_rate(), 0)
            self.assertEqual(select.select([publisher.fd()], [], [], 0)[0], [publisher.fd()])
        with self.assertRaises(RuntimeError):
            publisher.publish(1)

    def test_topics_come_and_go(self):
        with endpoints(["/one", broker.Topic("/two")]) as (reader, writer, subscriber):
            # With what it wants before, so that the other one has heard of it.
            subscriber.add_topic("/three")
            with reader.make_subscriber("/last") as last:
                while "/last" not in map(str, writer.peer_subscriptions()):
                    self.assertIsNone(last.get(0.01))
            self.assertIs(type(writer.peer_subscriptions()), broker._broker.VectorTopic)
            for topic in "/one", "/two", "/three":
                writer.publish(topic, topic)
            self.assertEqual([topic for topic, _ in subscriber.get(3, PATIENCE)], ["/one", "/two", "/three"])
            subscriber.remove_topic("/two")
            writer.publish_batch(("/two", 2), ("/one", 1))
            self.assertEqual(subscriber.get(PATIENCE), ("/one", 1))

    def test_a_descriptor_is_readable_while_messages_wait(self):
        with endpoints("/test") as (_, writer, subscriber):
            descriptor = subscriber.fd()
            self.assertEqual(select.select([descriptor], [], [], 0)[0], [])
            writer.publish("/test", 1)
            self.assertEqual(select.select([descriptor], [], [], PATIENCE)[0], [descriptor])
            self.assertEqual(subscriber.available(), 1)
            self.assertEqual(subscriber.poll(), [("/test", 1)])
            self.assertEqual(select.select([descriptor], [], [], 0)[0], [])

    def test_what_cannot_be_published_is_refused(self):
        with endpoints("/test") as (_, writer, _):
            with self.assertRaises(TypeError):
                writer.publish("/test", object())
            with self.assertRaises(ValueError):
                writer.publish("/test", b"x" * (64 << 20))


class Ends(unittest.TestCase):
    def test_an_ended_endpoint_says_so(self):
        with endpoints("/test") as (reader, writer, subscriber):
            writer.publish("/test", 1)
            self.assertTrue(select.select([subscriber.fd()], [], [], PATIENCE)[0])
            reader.shutdown()
            # What had come is still there.
            self.assertEqual(subscriber.get(), ("/test", 1))
            with self.assertRaises(EOFError):
                subscriber.get()
            with self.assertRaises(EOFError):
                subscriber.get(1.0)
            with self.assertRaises(RuntimeError):
                reader.publish("/test", 1)
            reader.shutdown()

    def test_what_was_reset_says_so(self):
        with broker.Endpoint(plain()) as endpoint:
            with endpoint.make_subscriber("/test") as subscriber:
                pass
            with self.assertRaises(RuntimeError):
                subscriber.get()
            statuses = endpoint.make_status_subscriber()
            statuses.reset()
            with self.assertRaises(RuntimeError):
                statuses.poll()

    def test_an_endpoint_that_nobody_holds_ends(self):
        with broker.Endpoint(plain()) as other, other.make_status_subscriber(True) as statuses:
            endpoint = broker.Endpoint(plain())
            self.assertTrue(endpoint.peer("127.0.0.1", other.listen("127.0.0.1")))
            del endpoint
            codes = [status.code() for status in statuses.get(3, PATIENCE)]
            self.assertEqual(codes, [broker.SC.EndpointDiscovered, broker.SC.PeerAdded, broker.SC.PeerLost])


class Configurations(unittest.TestCase):
    def test_an_endpoint_without_certificates_warns_that_it_speaks_no_tls(self):
        with self.assertWarnsRegex(RuntimeWarning, "no TLS"), broker.Endpoint():
            pass
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with broker.Endpoint(plain()):
                pass

    def test_an_endpoint_warns_that_it_has_no_time_but_that_of_the_clock(self):
        options = broker.BrokerOptions()
        self.assertTrue(options.use_real_time)
        options.disable_ssl, options.use_real_time = True, False
        config = broker.Configuration(options)
        with self.assertWarnsRegex(RuntimeWarning, "use_real_time"), broker.Endpoint(config):
            pass

    def test_a_class_may_be_made_of_something_else(self):
        class Named(broker.Endpoint):
            def __init__(self, name, *, config):
                super().__init__(config)
                self.name = name

        with Named("a", config=plain()) as endpoint:
            self.assertEqual((endpoint.name, len(endpoint.node_id())), ("a", 36))
            self.assertEqual(repr(endpoint), endpoint.node_id())

    def test_wrong_arguments_are_refused(self):
        config = plain()
        with self.assertRaises(AttributeError):
            config.openssl_certifikate = "x"
        with broker.Endpoint(config) as endpoint:
            for wrong in (ValueError, "no host!"), (OSError, "192.0.2.1"):
                with self.assertRaises(wrong[0]):
                    endpoint.listen(wrong[1])
            with self.assertRaises(ValueError):
                endpoint.await_peer("nobody")
            with self.assertRaises(ValueError):
                endpoint.make_subscriber("/test").get(float("nan"))


if __name__ == "__main__":
    unittest.main()
