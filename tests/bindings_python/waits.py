"""Waits hold up no other thread, and can be broken off."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import warnings

import broker
from peered import PATIENCE, closed_port, endpoints, plain, wait_for


# More than there are turns in PATIENCE if each waits for a slice of another one's wait.
MANY = 10000

# Locks of SQLite's are those of a process, in which there may be another copy of it.
LOCKER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def locked(path):
    """Has another process hold the lock of a database, until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as locker:
        assert locker.stdout.readline() == b"locked\n"
        yield


class Waits(unittest.TestCase):
    def test_another_thread_publishes_while_one_waits(self):
        with endpoints("/test") as (_, writer, subscriber):
            heard = []
            waiting = threading.Thread(target=lambda: heard.append(subscriber.get()))
            waiting.start()
            writer.publish("/test", 1)
            waiting.join(PATIENCE)
            self.assertEqual(heard, [("/test", 1)])

    def test_two_threads_wait_at_the_same_time(self):
        with endpoints("/test") as (reader, writer, subscriber), reader.make_status_subscriber() as statuses:
            told = []

            def wait(what):
                try:
                    told.append(what.get())
                except EOFError:
                    told.append(None)

            threads = [threading.Thread(target=wait, args=(one,)) for one in (subscriber, statuses)]
            for thread in threads:
                thread.start()
            self.assertEqual(subscriber.available(), 0)
            # Which ends both waits.
            reader.shutdown()
            for thread in threads:
                thread.join(PATIENCE)
            self.assertEqual(told, [None, None])

    def test_who_waits_keeps_nobody_from_the_subscriber(self):
        with broker.Endpoint(plain()) as endpoint:
            for subscriber in endpoint.make_subscriber("/test"), endpoint.make_status_subscriber():
                get = (RuntimeError, subscriber.get)
                waiting = [threading.Thread(target=self.assertRaises, args=get) for _ in range(4)]
                for thread in waiting:
                    thread.start()
                used, turns = [], threading.Barrier(2)

                def use():
                    for _ in range(MANY):
                        # In which those that wait have their turn as well.
                        turns.wait(PATIENCE)
                        used.append((subscriber.available(), subscriber.poll(), subscriber.fd() >= 0))

                using = [threading.Thread(target=use, daemon=True) for _ in range(2)]
                for thread in using:
                    thread.start()
                for thread in using:
                    thread.join(PATIENCE)
                self.assertEqual(len(used), MANY * 2)
                self.assertTrue(all(found == (0, [], True) for found in used))
                subscriber.reset()
                for thread in waiting:
                    thread.join(PATIENCE)
                self.assertFalse(any(thread.is_alive() for thread in waiting))

    def test_each_of_several_who_wait_gets_a_message(self):
        with endpoints("/test") as (_, writer, subscriber):
            got = []
            threads = [threading.Thread(target=lambda: got.append(subscriber.get())) for _ in range(3)]
            for thread in threads:
                thread.start()
            for number in range(len(threads)):
                writer.publish("/test", number)
            for thread in threads:
                thread.join(PATIENCE)
            self.assertEqual(sorted(got), [("/test", 0), ("/test", 1), ("/test", 2)])

    def test_a_wait_ends_when_another_thread_resets_the_subscriber(self):
        with broker.Endpoint(plain()) as endpoint:
            subscriber, ended = endpoint.make_subscriber("/test"), []

            def wait():
                try:
                    subscriber.get()
                except RuntimeError as error:
                    ended.append(str(error))

            waiting = threading.Thread(target=wait)
            waiting.start()
            subscriber.reset()
            waiting.join(PATIENCE)
            self.assertEqual(ended, ["it was used after its reset()"])

    def interrupted(self, wait):
        """Has the signal of Ctrl-C come while `wait` does."""
        timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
        with self.assertRaises(KeyboardInterrupt):
            timer.start()
            wait()
        timer.join()

    def test_waits_are_broken_off_by_ctrl_c(self):
        with broker.Endpoint(plain()) as endpoint, closed_port() as port:
            subscriber = endpoint.make_subscriber("/test")
            statuses = endpoint.make_status_subscriber()
            self.interrupted(subscriber.get)
            self.interrupted(lambda: subscriber.get(5, PATIENCE))
            self.interrupted(statuses.get)
            self.interrupted(lambda: endpoint.peer("127.0.0.1", port))
            self.interrupted(lambda: endpoint.await_peer("01234567-89ab-cdef-0123-456789abcdef", PATIENCE))
            self.assertEqual(subscriber.poll(), [])

    def test_waits_for_the_master_of_a_store_are_broken_off_by_ctrl_c(self):
        with broker.Endpoint(plain()) as endpoint, endpoint.attach_clone("test") as clone:
            self.interrupted(lambda: clone.get("key"))
            self.interrupted(clone.keys)
            self.interrupted(lambda: clone.put_unique("key", 1))
            clone.put("key", 1)
            self.interrupted(lambda: clone.flush(PATIENCE))
            self.interrupted(lambda: clone.await_idle(PATIENCE))

    def test_the_end_of_a_store_and_who_waits_for_it_are_broken_off_by_ctrl_c(self):
        with tempfile.TemporaryDirectory() as folder, \
                broker.Endpoint(plain()) as one, broker.Endpoint(plain()) as other:
            path = os.path.join(folder, "test.sqlite")
            master = one.attach_master("test", broker.Backend.SQLite, {"path": path})
            clone = other.attach_clone("test")
            self.assertTrue(other.peer("127.0.0.1", one.listen("127.0.0.1")))
            self.assertTrue(clone.await_idle(PATIENCE))
            with locked(path):
                # The master cannot keep it, and so does not say that it has it.
                clone.put("key", 1)
                self.interrupted(clone.reset)
                # Twice, since the store would have ended if the first one had waited for it.
                for _ in range(2):
                    self.interrupted(lambda: other.attach_clone("test"))
            with other.attach_clone("test") as again:
                self.assertTrue(again.await_idle(PATIENCE))
                self.assertEqual(again.get("key"), 1)
            master.reset()

    def test_what_was_read_when_a_wait_is_broken_off_is_still_to_be_read(self):
        with endpoints("/test") as (_, writer, subscriber):
            descriptor = subscriber.fd()
            for number in range(3):
                writer.publish("/test", number)
            # Or the wait may be broken off before they come.
            wait_for("all have come", lambda: subscriber.available() == 3)
            self.interrupted(lambda: subscriber.get(4))
            self.assertEqual(select.select([descriptor], [], [], 0)[0], [descriptor])
            self.assertEqual(subscriber.get(2, PATIENCE), [("/test", 0), ("/test", 1)])
            self.assertEqual(subscriber.available(), 1)
            self.assertEqual(select.select([descriptor], [], [], 0)[0], [descriptor])
            self.assertEqual(subscriber.poll(), [("/test", 2)])
            self.assertEqual(select.select([descriptor], [], [], 0)[0], [])

    def test_what_has_become_of_peers_is_still_to_be_read_when_a_wait_is_broken_off(self):
        with broker.Endpoint(plain()) as endpoint, endpoint.make_status_subscriber() as statuses:
            descriptor = statuses.fd()
            self.assertFalse(endpoint.unpeer("127.0.0.1", 1))
            self.interrupted(lambda: statuses.get(2))
            self.assertEqual(select.select([descriptor], [], [], 0)[0], [descriptor])
            self.assertEqual([error.code() for error in statuses.poll()], [broker.EC.PeerInvalid])

    def test_a_fork_leaves_an_endpoint_to_the_process_that_made_it(self):
        with endpoints("/test") as (_, writer, subscriber):
            with warnings.catch_warnings():
                # Which is what this is about: the endpoints have threads.
                warnings.simplefilter("ignore", DeprecationWarning)
                child = os.fork()
            if child == 0:
                outcome = 1
                try:
                    for use in (writer.node_id, subscriber.poll, lambda: writer.publish("/test", 1)):
                        with self.assertRaisesRegex(RuntimeError, "forked"):
                            use()
                    writer.shutdown()
                    subscriber.reset()
                    del writer, subscriber
                    outcome = 0
                finally:
                    os._exit(outcome)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
            writer.publish("/test", 2)
            self.assertEqual(subscriber.get(1, PATIENCE), [("/test", 2)])

    def test_a_subscriber_that_is_behind_makes_publishers_wait(self):
        with endpoints("/test") as (_, writer, subscriber):
            number = 20000
            publishing = threading.Thread(target=lambda: [writer.publish("/test", n) for n in range(number)])
            publishing.start()
            received = subscriber.get(number, PATIENCE)
            publishing.join(PATIENCE)
            self.assertEqual([data for _, data in received], list(range(number)))


if __name__ == "__main__":
    unittest.main()
