"""`python3 -m unittest dns_records.test_dns_records` in the folder above."""

import contextlib
import json
import socket
import struct
import threading
import unittest
from unittest import mock

from . import normalize, packet, resolver


def message(name, kind, *records, flags=0x8180, identity=7):
    """An answer whose names point at that of the question."""
    head = struct.pack("!6H", identity, flags, 1, len(records), 0, 0)
    asked = packet.encoded(name) + struct.pack("!2H", packet.TYPES[kind], 1)
    body = b"".join(
        b"\xc0\x0c" + struct.pack("!2HIH", packet.TYPES[of], 1, 300, len(data)) + data
        for of, data in records
    )
    return head + asked + body


class Packets(unittest.TestCase):
    def read(self, *arguments, **flags):
        return packet.answer(message(*arguments, **flags), 7, arguments[0], arguments[1])

    def test_records_of_every_type_are_read(self):
        own = b"\xc0\x0c"
        numbers = struct.pack("!5I", 1, 2, 3, 4, 5)
        for kind, data, fields in (
            ("A", bytes([192, 0, 2, 1]), {"address": "192.0.2.1"}),
            ("AAAA", bytes(15) + b"\1", {"address": "::1"}),
            ("MX", b"\0\x0a\x04mail" + own, {"preference": 10, "target": "mail.a.example"}),
            ("NS", b"\2ns" + own, {"target": "ns.a.example"}),
            ("CNAME", b"\1b\0", {"target": "b"}),
            ("TXT", b"\2ab\3\xffcd", {"text": "ab\\xffcd"}),
            (
                "SOA",
                own + b"\5admin" + own + numbers,
                {"master": "a.example", "mailbox": "admin.a.example", "serial": 1, "refresh": 2}
                | {"retry": 3, "expire": 4, "minimum": 5},
            ),
        ):
            record = {"name": "a.example", "type": kind, "ttl": 300, **fields}
            with self.subTest(kind):
                answer = self.read("A.example.", kind, (kind, data))
                self.assertEqual(answer, (False, "NOERROR", [record]))

    def test_names_of_foreign_zones_have_no_meaning_but_their_own(self):
        for label, text in (
            (b"example.com", "example\\046com"),
            (b"A|b", "a\\124b"),
            (b"a\n\xff \\", "a\\010\\255\\032\\092"),
            (b"_x-1", "_x-1"),
        ):
            data = bytes([len(label)]) + label + b"\0"
            with self.subTest(label):
                _, _, (record,) = self.read("a", "CNAME", ("CNAME", data))
                self.assertEqual(record["target"], text)

    def test_internationalised_names_are_asked_for_and_answered(self):
        for name in ("b\u00fccher.example", "B\u00dcCHER\u3002example."):
            _, _, (record,) = self.read(name, "A", ("A", bytes(4)))
            self.assertEqual(record["name"], "xn--bcher-kva.example")

    def test_an_answer_tells_its_code_and_whether_it_is_cut(self):
        self.assertEqual(self.read("a", "A", flags=0x8183), (False, "NXDOMAIN", []))
        self.assertEqual(self.read("a", "A", flags=0x8380), (True, None, []))

    def test_what_is_no_answer_is_refused(self):
        good = message("a.example", "A", ("A", bytes(4)))
        for wrong in (
            b"",
            good[:20],
            good[:-1],
            b"\0\1" + good[2:],
            good[:2] + b"\1\0" + good[4:],
            message("b.example", "A"),
            message("a.example", "MX"),
            message("a.example", "A", ("A", bytes(5))),
            # Names that lead to themselves, and one that leads ahead.
            message("a.example", "A", ("NS", b"\xc0\x28")),
            message("a.example", "A", ("NS", b"\xff\xff")),
            message("a.example", "A", ("NS", b"\x80")),
        ):
            with self.subTest(wrong), self.assertRaises(packet.PacketError):
                packet.answer(wrong, 7, "a.example", "A")

    def test_names_that_are_none_are_refused(self):
        self.assertEqual(packet.encoded("b\u00fccher.example"), b"\x0dxn--bcher-kva\7example\0")
        for wrong in ("", "a..b", "a..", "a" * 64, ".".join(["a" * 50] * 6)):
            with self.subTest(wrong), self.assertRaises(ValueError):
                packet.encoded(wrong)


class Answering(resolver.Resolver):
    """A resolver that answers with these flags."""

    def __init__(self, datagram, stream=0x8180):
        super().__init__("192.0.2.1")
        self.flags, self.asked = (datagram, stream), 0

    def datagram(self, message, read, deadline):
        self.asked += 1
        return self.answer(0, message, read)

    def stream(self, message, read, deadline):
        return self.answer(1, message, read)

    def answer(self, way, asked, read):
        (identity,) = struct.unpack("!H", asked[:2])
        return read(message("a.example", "A", flags=self.flags[way], identity=identity))


class Resolvers(unittest.TestCase):
    def test_no_answer_is_not_an_empty_one(self):
        self.assertEqual(Answering(0x8180).ask("a.example", "A"), ("NOERROR", []))
        self.assertEqual(Answering(0x8380, 0x8183).ask("a.example", "A"), ("NXDOMAIN", []))
        for words, *flags in (
            ("SERVFAIL", 0x8182),
            ("REFUSED", 0x8185),
            ("RCODE9", 0x8189),
            ("FORMERR", 0x8381),
            ("SERVFAIL", 0x8380, 0x8182),
            ("cut off", 0x8380, 0x8380),
        ):
            answering = Answering(*flags)
            with self.subTest(words), self.assertRaisesRegex(resolver.ResolverError, words):
                answering.ask("a.example", "A")
            self.assertEqual(answering.asked, resolver.ATTEMPTS)

    def test_addresses_have_a_port_or_the_usual_one(self):
        for text, place in (
            ("192.0.2.1", ("192.0.2.1", 53)),
            ("127.0.0.1:5353", ("127.0.0.1", 5353)),
            ("2001:db8::1", ("2001:db8::1", 53)),
            ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
            ("[2001:db8::1]", ("2001:db8::1", 53)),
        ):
            self.assertEqual(resolver.address(text), place)
        for wrong in ("", ":53", "a:b", "a:0", "a:65536", "[::1]x"):
            with self.subTest(wrong), self.assertRaises(ValueError):
                resolver.address(wrong)


class Scripted:
    """A resolver on loopback, which answers a question with what `over_udp` and `over_tcp` make of it:
    any number of datagrams, and what is written before the connection is closed."""

    def __init__(self, over_udp, over_tcp=None):
        self.over_udp, self.over_tcp = over_udp, over_tcp

    def __enter__(self):
        self.datagrams, self.listener = sockets()
        port = self.datagrams.getsockname()[1]
        if self.over_tcp:
            threading.Thread(target=self.serve_tcp, daemon=True).start()
        else:
            self.listener.close()
        threading.Thread(target=self.serve_udp, daemon=True).start()
        return resolver.Resolver(f"127.0.0.1:{port}")

    def __exit__(self, *_):
        self.datagrams.close()
        self.listener.close()

    def serve_udp(self):
        with contextlib.suppress(OSError):
            while True:
                asked, place = self.datagrams.recvfrom(512)
                for reply in self.over_udp(asked):
                    self.datagrams.sendto(reply, place)

    def serve_tcp(self):
        with contextlib.suppress(OSError):
            while True:
                with self.listener.accept()[0] as channel:
                    size = int.from_bytes(channel.recv(2), "big")
                    channel.sendall(self.over_tcp(channel.recv(size)))


def sockets():
    """One port for both."""
    while True:
        datagrams = socket.socket(type=socket.SOCK_DGRAM)
        datagrams.bind(("127.0.0.1", 0))
        try:
            return datagrams, socket.create_server(datagrams.getsockname())
        except OSError:
            datagrams.close()


def reply(asked, *records, flags=0x8180):
    """The answer to this question for the addresses of `a.example`."""
    (identity,) = struct.unpack("!H", asked[:2])
    return message("a.example", "A", *records, flags=flags, identity=identity)


def framed(answer):
    return len(answer).to_bytes(2, "big") + answer


class Conversations(unittest.TestCase):
    ADDRESS = ("A", bytes([192, 0, 2, 1]))

    def ask(self, over_udp, over_tcp=None):
        with Scripted(over_udp, over_tcp) as asked:
            return asked.ask("a.example", "A")

    def test_the_answer_is_waited_for_whatever_comes_before_it(self):
        def replies(asked):
            good = reply(asked, self.ADDRESS)
            forged = bytes([asked[0] ^ 1]) + good[1:]
            circle = reply(asked, ("NS", b"\xc0\x28"))
            return [b"", b"nonsense", forged, circle, good]

        rcode, (record,) = self.ask(replies)
        self.assertEqual((rcode, record["address"]), ("NOERROR", "192.0.2.1"))
        self.assertEqual(self.ask(lambda asked: [reply(asked, flags=0x8183)]), ("NXDOMAIN", []))

    def test_an_answer_that_is_cut_off_is_asked_for_over_tcp(self):
        def cut(asked):
            return [reply(asked, flags=0x8380)]

        many = [self.ADDRESS] * 100
        rcode, records = self.ask(cut, lambda asked: framed(reply(asked, *many)))
        self.assertEqual((rcode, len(records)), ("NOERROR", 100))
        for words, over_tcp in (
            ("too early", lambda asked: b""),
            ("too early", lambda asked: framed(reply(asked, self.ADDRESS))[:-1]),
            ("too early", lambda asked: framed(b"")),
            ("cut off over TCP", lambda asked: framed(cut(asked)[0])),
            ("SERVFAIL", lambda asked: framed(reply(asked, flags=0x8182))),
            ("another question", lambda asked: framed(message("b.example", "A"))),
        ):
            with self.subTest(words), self.assertRaisesRegex(resolver.ResolverError, words):
                self.ask(cut, over_tcp)
        # Nobody is there.
        with self.assertRaisesRegex(resolver.ResolverError, "refused"):
            self.ask(cut)

    def test_who_does_not_answer_is_given_up(self):
        for replies in ([], [b"nonsense"]):
            with mock.patch.object(resolver, "PATIENCE", 0.05):
                with self.assertRaisesRegex(resolver.ResolverError, "time"):
                    self.ask(lambda _, replies=replies: replies)


class Objects(unittest.TestCase):
    def objects(self, *records, rcode="NOERROR", name="a.example"):
        answers = [{"type": "A", "rcode": rcode, "records": list(records)}]
        raw = json.dumps({"answers": answers}).encode()
        return normalize.run({"primary_key": f"Hostname|internet|{name}"}, raw)

    def test_names_that_are_no_hostnames_become_no_objects(self):
        soa = {key: 1 for key in ("serial", "refresh", "retry", "expire", "minimum")}
        for name in ("", "a\\046b.example", "a\\124b", "-", "a-", "192.0.2.1", "a..b"):
            for kind, fields, known in (
                ("CNAME", {"target": name}, []),
                ("NS", {"target": name}, []),
                ("SOA", {"master": name, "mailbox": name, **soa}, ["DNSZone"]),
                ("MX", {"target": name, "preference": 1}, ["DNSMXRecord"]),
            ):
                record = {"name": "a.example", "type": kind, "ttl": 1, **fields}
                with self.subTest(name=name, kind=kind):
                    found = self.objects(record)
                    self.assertEqual([one["object_type"] for one in found], known)
        alias = {"name": "a.example", "type": "CNAME", "ttl": 1, "target": "a\\124b"}
        address = {"name": "a\\124b", "type": "A", "ttl": 1, "address": "192.0.2.1"}
        self.assertEqual(self.objects(alias, address), [])
        for name in ("b", "_dmarc.b-c.example", "1.b1", "xn--bcher-kva.example"):
            record = {"name": "a.example", "type": "NS", "ttl": 1, "target": name}
            self.assertEqual(self.objects(record)[0]["name"], name)

    def test_what_others_own_is_no_answer(self):
        other = {"name": "b.example", "type": "A", "ttl": 1, "address": "192.0.2.1"}
        self.assertEqual(self.objects(other), [])

    def test_an_internationalised_name_is_the_input(self):
        address = {"name": "xn--bcher-kva.example", "type": "A", "ttl": 1, "address": "192.0.2.1"}
        found = self.objects(address, name="b\u00fccher.example")
        hostnames = {one["hostname"] for one in found if "hostname" in one}
        self.assertEqual(hostnames, {"Hostname|internet|b\u00fccher.example"})
        self.assertNotIn("Hostname", [one["object_type"] for one in found])

    def test_where_an_alias_leads_nowhere_its_end_is_not_there(self):
        chain = [
            {"name": owner, "type": "CNAME", "ttl": 1, "target": target}
            for owner, target in (("b.example", "gone.example"), ("a.example", "b.example"))
        ]
        found = self.objects(*chain, rcode="NXDOMAIN")
        gone = [one["hostname"] for one in found if one["object_type"] == "NXDOMAIN"]
        self.assertEqual(gone, ["Hostname|internet|gone.example"])
        circle = {"name": "gone.example", "type": "CNAME", "ttl": 1, "target": "a.example"}
        self.assertEqual(len(self.objects(*chain, circle)), 5)

    def test_no_answer_makes_no_objects_and_is_a_failure(self):
        for rcode in ("SERVFAIL", None):
            with self.assertRaises(ValueError):
                self.objects(rcode=rcode)

    def test_an_alias_resolves_to_what_it_leads_to(self):
        alias = {"name": "a.example", "type": "CNAME", "ttl": 1, "target": "b.example"}
        address = {"name": "b.example", "type": "A", "ttl": 1, "address": "192.0.2.1"}
        found = self.objects(alias, address)
        resolved = {one["hostname"] for one in found if one["object_type"] == "ResolvedHostname"}
        self.assertEqual(resolved, {"Hostname|internet|a.example", "Hostname|internet|b.example"})
        self.assertNotIn("a.example", [one.get("name") for one in found])
        self.assertEqual(len(found), len({json.dumps(one) for one in found}))

    def test_a_name_that_is_not_there_is_said_so(self):
        found = self.objects(rcode="NXDOMAIN")
        self.assertEqual(
            found, [{"object_type": "NXDOMAIN", "hostname": "Hostname|internet|a.example"}]
        )

    def test_a_mail_server_may_be_none(self):
        (record,) = self.objects(
            {"name": "a.example", "type": "MX", "ttl": 1, "preference": 0, "target": ""}
        )
        self.assertEqual((record["value"], record["mail_hostname"]), ("0 .", None))


if __name__ == "__main__":
    unittest.main()
