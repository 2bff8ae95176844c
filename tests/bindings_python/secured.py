"""Peers with certificates, from the folder that is the first argument."""

import os
import sys
import unittest

import broker
from peered import PATIENCE, plain

CERTIFICATES = sys.argv.pop(1)


def config(certificate, authority, key=None, passphrase=""):
    def path(name):
        return os.path.join(CERTIFICATES, name)

    made = broker.Configuration(broker.BrokerOptions())
    made.openssl_certificate = path(certificate)
    made.openssl_key = path(key or certificate.replace(".pem", ".key"))
    made.openssl_cafile = path(authority)
    made.openssl_passphrase = passphrase
    return made


class Secured(unittest.TestCase):
    def attempt(self, one, two):
        """Whether two endpoints peer, and a message comes through if they do."""
        with broker.Endpoint(one) as reader, broker.Endpoint(two) as writer, reader.make_subscriber("/test") as subscriber:
            if not writer.peer("127.0.0.1", reader.listen("127.0.0.1"), 0):
                return False
            self.assertTrue(reader.await_peer(writer.node_id(), PATIENCE))
            writer.publish("/test", ["ping"])
            self.assertEqual(subscriber.get(PATIENCE), ("/test", ("ping",)))
            return True

    def test_peers_of_one_authority(self):
        self.assertTrue(self.attempt(config("one.pem", "ca.pem"), config("two.pem", "ca.pem")))

    def test_an_encrypted_key(self):
        encrypted = config("one.pem", "ca.pem", "one.encrypted.key", "12345")
        self.assertTrue(self.attempt(encrypted, config("two.pem", "ca.pem")))
        encrypted.openssl_passphrase = "54321"
        with self.assertRaisesRegex(ValueError, "one.encrypted.key"):
            broker.Endpoint(encrypted)

    def test_strangers(self):
        known, stranger = config("one.pem", "ca.pem"), config("stranger.pem", "strangers.pem")
        for one, two in (known, stranger), (stranger, known), (known, plain()), (plain(), known):
            self.assertFalse(self.attempt(one, two))

    def test_what_is_missing_is_told(self):
        with self.assertRaisesRegex(ValueError, "missing.pem"):
            broker.Endpoint(config("missing.pem", "ca.pem"))
        half = broker.Configuration()
        half.openssl_cafile = "ca.pem"
        with self.assertRaisesRegex(ValueError, "openssl_certificate"):
            broker.Endpoint(half)


if __name__ == "__main__":
    unittest.main()
