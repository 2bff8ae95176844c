"""Events of Zeek's."""

import datetime
import unittest

import broker
import broker.zeek
from broker.zeek import Event, MetadataType, SafeEvent
from peered import PATIENCE, endpoints

MOMENT = datetime.datetime(2023, 5, 3, 9, 27, 57, tzinfo=broker.utc)


class Events(unittest.TestCase):
    def test_an_event_is_made_of_name_and_arguments(self):
        event = Event("a", [42, "b"], broker.Count(7))
        self.assertTrue(event.valid())
        self.assertEqual((event.name(), event.args()), ("a", [(42, "b"), broker.Count(7)]))
        self.assertIsNone(event.metadata())
        self.assertEqual(str(event.as_data()), "(1, 1, (a, ((42, b), 7)))")
        self.assertEqual(Event("b").args(), [])

    def test_metadata_are_pairs_or_a_dictionary(self):
        stamp = MetadataType.NetworkTimestamp
        for metadata in [(stamp, MOMENT)], {stamp: MOMENT}, {1: MOMENT}:
            event = Event("a", metadata=metadata)
            self.assertEqual(event.metadata(), [(stamp, MOMENT)])
        mixed = Event("a", metadata={stamp: MOMENT, broker.Count(1234): "custom"})
        self.assertEqual(dict(mixed.metadata())[broker.Count(1234)], "custom")

    def test_what_is_no_event_is_not_valid(self):
        for event in (
            Event("a", metadata=[(MetadataType.NetworkTimestamp, "invalid")]),
            Event("a", metadata=[(MetadataType.NetworkTimestamp, 1.234)]),
            Event(broker.Data(7)),
            Event((1, 1)),
            Event((broker.Count(1), broker.Count(2), ())),
        ):
            self.assertFalse(event.valid())
            for told in event.name, event.args, event.metadata:
                with self.assertRaises(ValueError):
                    told()
        for wrong in (), (b"\xff", 1):
            with self.assertRaises((TypeError, ValueError)):
                Event(*wrong)

    def test_a_class_of_events_may_be_made_of_something_else(self):
        class Request(SafeEvent):
            NAME = None

            def __init__(self, request, *, node):
                super().__init__(self.NAME, request, node)
                self.request = request

        class Stop(Request):
            NAME = "Control::stop"

        event = Stop("a1", node="worker")
        self.assertEqual((event.request, event.valid()), ("a1", True))
        self.assertEqual((event.name(), event.args()), ("Control::stop", ["a1", "worker"]))
        self.assertEqual(broker.Data(event).to_py(event.as_data())[2][0], "Control::stop")

        class Unmade(Event):
            def __init__(self):
                pass

        for told in Unmade().valid, Unmade().name, Unmade().as_data, lambda: broker.Data(Unmade()):
            with self.assertRaisesRegex(RuntimeError, "__init__"):
                told()

    def test_events_travel(self):
        with endpoints("/test") as (_, writer, subscriber):
            writer.publish("/test", Event("ping", "X", 1, metadata={1: MOMENT}))
            topic, data = subscriber.get(PATIENCE)
            event = Event(data)
            self.assertEqual((topic, event.name(), event.args()), ("/test", "ping", ["X", 1]))
            self.assertEqual(event.metadata(), [(broker.Count(1), MOMENT)])

    def test_a_safe_event_has_arguments_that_python_cannot_hash(self):
        with endpoints("/test", safe=True) as (_, writer, subscriber):
            writer.publish("/test", Event("hello", broker.Set([[{"foo": "bar"}]])))
            _, data = subscriber.get(PATIENCE)
            with self.assertRaisesRegex(TypeError, "unhashable type: 'dict'"):
                Event(data).args()
            self.assertEqual(SafeEvent(data).args(), [{(broker.ImmutableDict(foo="bar"),)}])


if __name__ == "__main__":
    unittest.main()
