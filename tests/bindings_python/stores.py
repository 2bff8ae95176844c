"""Key-value stores: a master, its clones, and what is kept in files."""

import contextlib
import datetime
import math
import os
import tempfile
import unittest

import broker
from broker import EC, Backend, Count
from peered import PATIENCE, plain, wait_for


@contextlib.contextmanager
def replicated(clones):
    """A master and so many clones, each on an endpoint of its own."""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(broker.Endpoint(plain()))
        port = first.listen("127.0.0.1")
        stores = [stack.enter_context(first.attach_master("test", Backend.Memory))]
        for _ in range(clones):
            endpoint = stack.enter_context(broker.Endpoint(plain()))
            stores.append(stack.enter_context(endpoint.attach_clone("test")))
            assert endpoint.peer("127.0.0.1", port)
            assert first.await_peer(endpoint.node_id(), PATIENCE)
        for store in stores[1:]:
            assert store.await_idle(PATIENCE)
        yield stores


class Stores(unittest.TestCase):
    def settle(self, *stores):
        for store in stores:
            self.assertTrue(store.await_idle(PATIENCE))

    def test_a_master_keeps_values(self):
        with broker.Endpoint(plain()) as endpoint, endpoint.attach_master("test", Backend.Memory) as store:
            self.assertEqual((store.name(), store.initialized()), ("test", True))
            store.put("key", ["value", {Count(1): None}])
            self.assertEqual(store.get("key"), ("value", {Count(1): None}))
            self.assertIsNone(store.get("other"))
            self.assertEqual((store.exists("key"), store.exists("other")), (True, False))
            store.put((1, "two"), 3)
            self.assertEqual(store.keys(), {"key", (1, "two")})
            self.assertEqual((store.put_unique("one", 1), store.put_unique("one", 2)), (True, False))
            store.erase("key")
            self.assertIsNone(store.get("key"))
            store.clear()
            self.assertEqual(store.keys(), set())

    def change(self, one, other, settle):
        """Has two stores make every change, each half of them."""
        for key, value in {
            "number": 5,
            "count": Count(5),
            "time": datetime.timedelta(seconds=1),
            "string": "b",
            "set": {1, 2},
            "table": {1: "A", "2": "C"},
            "vector": (1, 2),
        }.items():
            one.put(key, value)
        settle()
        one.increment("number", 1)
        other.decrement("count", Count(1))
        other.increment("time", datetime.timedelta(seconds=2))
        other.append("string", "ar")
        one.insert_into("set", 3)
        other.remove_from("set", 1)
        one.insert_into("table", 3, 0)
        other.remove_from("table", 1)
        one.push("vector", 3)
        settle()
        other.push("vector", 4)
        settle()
        one.pop("vector")
        settle()

    def check(self, store):
        self.assertEqual(store.get("number"), 6)
        self.assertEqual(store.get("count"), Count(4))
        self.assertEqual(store.get("time"), datetime.timedelta(seconds=3))
        self.assertEqual(store.get("string"), "bar")
        self.assertEqual(store.get("set"), {2, 3})
        # Also a value that is false is one.
        self.assertEqual(store.get("table"), {3: 0, "2": "C"})
        self.assertEqual(store.get("vector"), (1, 2, 3))
        self.assertEqual(len(store.keys()), 7)
        for key, index, found in [
            ("set", 2, True),
            ("set", 1, False),
            ("table", "2", "C"),
            ("table", 1, None),
            ("vector", 1, 2),
            ("vector", 10, None),
            # No place of a vector has such a name.
            ("vector", "1", None),
            ("nothing", 1, None),
        ]:
            self.assertEqual(store.get_index_from_value(key, index), found, (key, index))

    def test_changes_are_seen_by_all(self):
        with replicated(2) as stores:
            master, one, other = stores
            for writers in (master, one), (one, other):
                self.change(*writers, lambda: self.settle(other, one, master, one, other))
                for store in stores:
                    self.check(store)
                self.assertIs(one.put_unique("number", 0), False)
                master.clear()
                self.settle(master, one, other)
                self.assertEqual([store.keys() for store in stores], [set()] * 3)
            self.assertIs(one.put_unique("unique", "first"), True)
            self.assertIs(other.put_unique("unique", "second"), False)

    def test_what_a_clone_adds_stays_within_the_range_of_a_number(self):
        with replicated(1) as stores:
            master, clone = stores
            clone.put("greatest", Count(2**64 - 1))
            clone.increment("greatest", Count(1))
            clone.put("least", -(2**63))
            clone.decrement("least", 1)
            self.settle(clone)
            for store in stores:
                self.assertEqual(store.get("greatest"), Count(2**64 - 1))
                self.assertEqual(store.get("least"), -(2**63))

    def test_keys_expire(self):
        with broker.Endpoint(plain()) as endpoint, \
                endpoint.make_subscriber("<$>/local/data/store-events/test") as subscriber, \
                endpoint.attach_master("test", Backend.Memory) as store:
            store.put("soon", 1, 0.01)
            store.put("late", 2, broker.Timespan(PATIENCE * 1000))
            events = [data for _, data in subscriber.get(3, PATIENCE)]
            self.assertEqual([event[:3] for event in events], [
                ("insert", "test", "soon"), ("insert", "test", "late"), ("expire", "test", "soon"),
            ])
            self.assertEqual(events[0][3:5], (1, datetime.timedelta(milliseconds=10)))
            self.assertEqual(events[0][5], endpoint.node_id())
            self.assertEqual((store.get("soon"), store.get("late")), (None, 2))
            store.put("late", 3)
            store.erase("late")
            events = [data[:5] for _, data in subscriber.get(2, PATIENCE)]
            # Once all is quiet, nothing is left whose time is over.
            store.put("now", 4, 0.0)
            self.settle(store)
            self.assertIsNone(store.get("now"))
            self.assertEqual(events[0], ("update", "test", "late", 2, 3))
            self.assertEqual(events[1][:3], ("erase", "test", "late"))

    def test_files_are_opened_again(self):
        with tempfile.TemporaryDirectory() as folder:
            full = broker.Enum("Broker::SQLITE_SYNCHRONOUS_FULL")
            for backend in Backend.SQLite, Backend.Fjall:
                options = {"path": os.path.join(folder, backend.name), "synchronous": full}
                for number in range(1, 4):
                    with broker.Endpoint(plain()) as endpoint, \
                            endpoint.attach_master("test", backend, options) as store:
                        store.increment("starts", Count(1))
                        store.flush(PATIENCE)
                        self.assertEqual(store.get("starts"), Count(number))

    def refused(self, code, action, *arguments):
        with self.assertRaises(broker.StoreError) as caught:
            action(*arguments)
        self.assertEqual(caught.exception.code(), code)
        return str(caught.exception)

    def test_what_cannot_be_done_is_told(self):
        with broker.Endpoint(plain()) as endpoint:
            self.assertIn("path", self.refused(EC.BackendFailure, endpoint.attach_master, "test", Backend.SQLite))
            self.assertIn("rocksdb", self.refused(EC.BackendFailure, endpoint.attach_master, "test", Backend.RocksDB))
            with self.assertRaises(ValueError):
                endpoint.attach_master("test", 7)
            store = endpoint.attach_master("test")
            store.put("string", "a")
            self.refused(EC.TypeClash, store.increment, "string", 1)
            store.put("count", Count(2**64 - 1))
            self.refused(EC.InvalidData, store.increment, "count", Count(1))
            with self.assertRaises(TypeError):
                store.put("key", object())
            endpoint.shutdown()
            self.refused(EC.ShuttingDown, store.put, "key", 1)
            store.reset()
            with self.assertRaises(RuntimeError):
                store.get("key")

    def test_a_clone_without_a_master_says_so(self):
        with broker.Endpoint(plain()) as endpoint, \
                endpoint.attach_clone("test", stale_interval=0.1, mutation_buffer_interval=60) as store:
            self.assertFalse(store.initialized())
            self.assertFalse(store.await_idle(0.01))
            self.refused(EC.StaleData, store.get, "key")

    def test_a_clone_is_stale_never_or_after_some_time_but_not_at_once(self):
        with broker.Endpoint(plain()) as endpoint:
            for nothing in 0, -1.0, broker.Timespan():
                with self.assertRaisesRegex(ValueError, "never is math.inf"):
                    endpoint.attach_clone("test", stale_interval=nothing)
            endpoint.attach_clone("test", stale_interval=math.inf).reset()

    def test_what_was_had_of_a_master_that_has_gone_is_read_until_it_is_stale_or_for_ever(self):
        with broker.Endpoint(plain()) as one, broker.Endpoint(plain()) as other, \
                one.attach_master("test") as master:
            master.put("key", 1)
            port = one.listen("127.0.0.1")
            self.assertTrue(other.peer("127.0.0.1", port))
            with other.make_status_subscriber() as statuses, \
                    other.attach_clone("test", stale_interval=1.5) as clone, \
                    broker.Endpoint(plain()) as third:
                self.assertTrue(third.peer("127.0.0.1", port))
                for_ever = third.attach_clone("test", stale_interval=math.inf)
                for one_clone in clone, for_ever:
                    self.assertTrue(one_clone.await_idle(PATIENCE))
                one.shutdown()
                self.stale(statuses)
                # What was told may be of the time before, if this machine is busy: then it is not yet so.
                wait_for("it is stale", lambda: self.is_stale(clone))
                self.assertEqual(for_ever.get("key"), 1)
                for_ever.reset()

    def is_stale(self, clone):
        try:
            clone.get("key")
        except broker.StoreError as error:
            self.assertEqual(error.code(), EC.StaleData)
            return True
        return False

    def stale(self, statuses):
        """Waits until a clone is told to be stale."""
        code = None
        while code != EC.StaleData:
            (error,) = statuses.get(1, PATIENCE)
            code = error.code()

    def test_stores_tick_and_say_that_they_live_as_was_told(self):
        slow, silent = plain(), plain()
        slow.store_tick_interval, silent.store_heartbeat_interval = 3600, 65535
        # A clone that says that it lives is answered by its master.
        for of_master, of_clone in (slow, plain()), (silent, silent):
            with broker.Endpoint(of_master) as one, broker.Endpoint(of_clone) as other, \
                    one.attach_master("test"), other.make_status_subscriber() as statuses:
                self.assertTrue(other.peer("127.0.0.1", one.listen("127.0.0.1")))
                # Longer than it is between two signs of life of those that were told nothing.
                with other.attach_clone("test", stale_interval=1.5):
                    self.stale(statuses)

    def test_ticks_and_heartbeats_that_are_none_are_refused(self):
        config = broker.Configuration()
        self.assertEqual((config.store_tick_interval, config.store_heartbeat_interval), (0.1, 5))
        config.store_tick_interval = datetime.timedelta(milliseconds=250)
        for name, value in ("store_tick_interval", 0.0001), ("store_heartbeat_interval", 0):
            with self.assertRaises(ValueError):
                setattr(config, name, value)
        self.assertEqual((config.store_tick_interval, config.store_heartbeat_interval), (0.25, 5))


if __name__ == "__main__":
    unittest.main()
