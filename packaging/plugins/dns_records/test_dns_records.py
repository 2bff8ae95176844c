"""`python3 -m unittest` in the folder above. What speaks with a resolver is not tested here."""

import json
import struct
import unittest

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
        for wrong in ("", "a..b", "a" * 64, ".".join(["a" * 50] * 6)):
            with self.subTest(wrong), self.assertRaises(ValueError):
                packet.encoded(wrong)


class Resolvers(unittest.TestCase):
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


class Objects(unittest.TestCase):
    def objects(self, *records, rcode="NOERROR"):
        answers = [{"type": "A", "rcode": rcode, "records": list(records)}]
        raw = json.dumps({"answers": answers}).encode()
        return normalize.run({"primary_key": "Hostname|internet|a.example"}, raw)

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
