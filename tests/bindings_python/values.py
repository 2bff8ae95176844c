"""Values of Python's as Broker's, and back."""

import datetime
import ipaddress
import unittest

import broker
from broker import Count, Data, Port

TYPE = Data.Type
MOMENT = datetime.datetime(2023, 5, 3, 9, 27, 57, 123456, tzinfo=broker.utc)

# What each is as text and as a type, and that it comes back as itself.
VALUES = [
    (None, "nil", TYPE.Nil),
    (True, "T", TYPE.Boolean),
    (False, "F", TYPE.Boolean),
    (-(2**63), str(-(2**63)), TYPE.Integer),
    (2**63 - 1, str(2**63 - 1), TYPE.Integer),
    (Count(2**64 - 1), str(2**64 - 1), TYPE.Count),
    (-4.2, "-4.200000", TYPE.Real),
    (float("inf"), "inf", TYPE.Real),
    ("", "", TYPE.String),
    ("é\0", "é\0", TYPE.String),
    (b"\xff\xfe", "\ufffd\ufffd", TYPE.String),
    (ipaddress.ip_address("1.2.3.4"), "1.2.3.4", TYPE.Address),
    (ipaddress.ip_address("2001:db8::1"), "2001:db8::1", TYPE.Address),
    (ipaddress.ip_network("10.0.0.0/8"), "10.0.0.0/8", TYPE.Subnet),
    (ipaddress.ip_network("0.0.0.0/0"), "0.0.0.0/0", TYPE.Subnet),
    (ipaddress.ip_network("::1/128"), "::1/128", TYPE.Subnet),
    (Port(22, Port.TCP), "22/tcp", TYPE.Port),
    (Port(53, Port.UDP), "53/udp", TYPE.Port),
    (Port(8, Port.ICMP), "8/icmp", TYPE.Port),
    (Port(1, Port.Unknown), "1/?", TYPE.Port),
    (MOMENT, "1683106077123456000ns", TYPE.Timestamp),
    (datetime.datetime(1969, 12, 31, tzinfo=broker.utc), "-86400000000000ns", TYPE.Timestamp),
    (datetime.timedelta(milliseconds=1, microseconds=1), "1001000ns", TYPE.Timespan),
    (datetime.timedelta(seconds=-42), "-42000000000ns", TYPE.Timespan),
    (broker.Enum("Log::WRITER_ASCII"), "Log::WRITER_ASCII", TYPE.EnumValue),
    ({3, 1, 2}, "{1, 2, 3}", TYPE.Set),
    ({("a", Count(1)), ("b", Count(2))}, "{(a, 1), (b, 2)}", TYPE.Set),
    (set(), "{}", TYPE.Set),
    ({"b": 2, "a": ()}, "{a -> (), b -> 2}", TYPE.Table),
    ({(1, "x"): None}, "{(1, x) -> nil}", TYPE.Table),
    ({}, "{}", TYPE.Table),
    ((1, ("two", (3.5,))), "(1, (two, (3.500000)))", TYPE.Vector),
    ((), "()", TYPE.Vector),
]


class Values(unittest.TestCase):
    def test_each_becomes_a_value_and_comes_back(self):
        for value, text, data_type in VALUES:
            with self.subTest(value=value):
                data = Data.from_py(value)
                self.assertEqual((str(data), data.get_type()), (text, data_type))
                back = Data.to_py(data)
                self.assertEqual(back, value)
                self.assertIs(type(back), type(value))
                self.assertEqual(broker.ImmutableData.to_py(data), value)

    def test_others_become_the_nearest_that_there_is(self):
        for value, back in [
            ([1, [2]], (1, (2,))),
            (frozenset([1]), {1}),
            (bytearray(b"ab"), "ab"),
            (b"ab", "ab"),
            (ipaddress.ip_address("::ffff:1.2.3.4"), ipaddress.ip_address("1.2.3.4")),
            (ipaddress.ip_interface("10.1.2.3/8"), ipaddress.ip_address("10.1.2.3")),
            (broker.ImmutableDict(a=1), {"a": 1}),
            (Data(Data(7)), 7),
        ]:
            with self.subTest(value=value):
                self.assertEqual(Data.to_py(Data(value)), back)

    def test_a_time_without_a_zone_is_local(self):
        there = MOMENT.astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=45)))
        self.assertEqual(Data(there), Data(MOMENT))
        local = MOMENT.astimezone().replace(tzinfo=None)
        self.assertEqual(Data.to_py(Data(local)), MOMENT)

    def test_nanoseconds_become_the_nearest_microsecond_and_the_even_one_of_two(self):
        for nanoseconds, microseconds in [(1499, 1), (1500, 2), (2500, 2), (-1500, -2), (-400, 0)]:
            span = datetime.timedelta(microseconds=microseconds)
            self.assertEqual(Data.to_py(Data(broker.Timespan(nanoseconds))), span)

    def test_what_is_no_value_is_refused(self):
        endless = []
        endless.append(endless)
        too_late = datetime.datetime(2263, 1, 1, tzinfo=broker.utc)
        for value, error in [
            (object(), TypeError),
            (1j, TypeError),
            ([{"a": object()}], TypeError),
            (2**63, OverflowError),
            (endless, ValueError),
            (too_late, OverflowError),
            (datetime.timedelta.max, OverflowError),
        ]:
            with self.subTest(value=type(value)), self.assertRaises(error):
                Data(value)
        with self.assertRaisesRegex(TypeError, "unsupported data type: <class 'object'>"):
            Data(object())
        for number in (-1, 2**64):
            with self.assertRaises(OverflowError):
                Count(number)

    def test_what_changes_while_it_is_converted_becomes_what_it_was(self):
        class Zone(datetime.tzinfo):
            """Has something changed by who asks for it."""

            change = staticmethod(lambda: None)

            def utcoffset(self, _):
                self.change()
                return datetime.timedelta(0)

        class Stopping(set):
            def __iter__(self):
                raise LookupError("stopped")

        zone = Zone()
        moment = datetime.datetime(2023, 5, 3, 9, 27, 57, 123456, tzinfo=zone)
        values, table, vector = {moment}, {1: moment}, [moment]
        for container, change, there in (
            (values, lambda: values.add(len(values)), {MOMENT}),
            (table, lambda: table.__setitem__(len(table) + 1, 0), {1: MOMENT}),
        ):
            zone.change = change
            data = Data(container)
            zone.change = lambda: None
            self.assertEqual(Data.to_py(data), there)
            self.assertGreater(len(container), len(there))
        zone.change = vector.clear
        self.assertEqual(Data.to_py(Data(vector)), (MOMENT,))
        with self.assertRaises(LookupError):
            Data(Stopping([1]))

    def test_values_lie_in_one_another_no_deeper_than_can_be_read(self):
        def table(value):
            made = broker.Table()
            made["k"] = value
            return made

        for deeper in (
            lambda value: [value],
            lambda value: Data([value]),
            lambda value: broker.Vector([value]),
            lambda value: broker.Set([value]),
            table,
        ):
            value = None
            for _ in range(127):
                value = deeper(value)
            self.assertEqual(Data(value), Data(value))
            with self.assertRaisesRegex(ValueError, "more than 128 deep"):
                Data(deeper(value))
            with self.assertRaisesRegex(ValueError, "more than 128 deep"):
                broker.zeek.Event("deep", value)

    def test_sets_and_tables_of_what_python_cannot_hash(self):
        rows = Data(broker.Set([{"config": {1}}, {"config": {2}}]))
        with self.assertRaisesRegex(TypeError, "unhashable type: 'dict'"):
            Data.to_py(rows)
        rows = broker.ImmutableData.to_py(rows)
        self.assertEqual({len(row) for row in rows}, {1})
        self.assertEqual({tuple(row["config"])[0] for row in rows}, {1, 2})
        self.assertEqual(Data(rows), Data(broker.Set([{"config": {1}}, {"config": {2}}])))
        row = next(iter(rows))
        with self.assertRaises(TypeError):
            row["config"] = 1
        with self.assertRaises(AttributeError):
            rows.add(1)

    def test_the_accessors_of_a_value(self):
        self.assertIs(Data(True).as_boolean(), True)
        self.assertEqual(Data(Count(7)).as_count(), 7)
        self.assertEqual(Data("a").as_string(), b"a")
        self.assertEqual(Data(datetime.timedelta(seconds=-1.5)).as_timespan(), -1.5)
        self.assertEqual(Data(MOMENT).as_timestamp(), MOMENT.timestamp())
        self.assertEqual(Data(Port(1, Port.TCP)).as_port(), Port(1, Port.TCP))
        self.assertIsNone(Data().as_none())
        with self.assertRaisesRegex(TypeError, "the data is a count and no string"):
            Data(Count(7)).as_string()

    def test_the_order_of_values_is_that_of_broker(self):
        values = [Data(value) for value in ["b", Count(3), -1, None, "a", 2.5]]
        self.assertEqual([str(value) for value in sorted(values)], ["nil", "3", "-1", "2.500000", "a", "b"])
        self.assertNotEqual(Data(Count(1)), Data(1))
        self.assertEqual(len({Data(1), Data(1), Data(1.0)}), 2)


class Wrappers(unittest.TestCase):
    def test_sets(self):
        values = Data({1, 2, 3}).as_set()
        self.assertEqual([Data.to_py(value) for value in values], [1, 2, 3])
        values.remove(Data(2))
        values.remove("none")
        self.assertEqual((str(values), len(values), 3 in values), ("Set{1, 3}", 2, True))
        values.add(2)
        self.assertEqual(values, broker.Set([3, 2, 1]))
        values.clear()
        self.assertFalse(values)

    def test_tables(self):
        table = Data({"a": 1, "b": 2}).as_table()
        self.assertEqual([(str(key), str(value)) for key, value in table.items()], [("a", "1"), ("b", "2")])
        table[Data("c")] = 3
        del table["a"]
        self.assertEqual(str(table), "Table{b: 2, c: 3}")
        self.assertEqual([str(key) for key in table], ["b", "c"])
        self.assertEqual(Data.to_py(table["b"]), 2)
        with self.assertRaises(KeyError):
            table["a"]

    def test_vectors(self):
        vector = Data(["a", [True], None]).as_vector()
        self.assertEqual((str(vector[1]), str(vector[-1]), len(vector)), ("(T)", "nil", 3))
        vector.append(4)
        vector[0] = "b"
        vector.insert(1, 0)
        self.assertEqual(str(vector.pop()), "4")
        self.assertEqual(str(vector), "Vector[b, 0, (T), nil]")
        with self.assertRaises(IndexError):
            vector[4]

    def test_every_class_may_have_others_below_it(self):
        made = {
            broker.Address: (b"\x01\x02\x03\x04", 4),
            Count: (7,),
            broker.Enum: ("A",),
            Port: (22, Port.TCP),
            broker.Subnet: (broker.Address(b"\x01\x02\x03\x04", 4), 8),
            broker.Timespan: (7,),
            broker.Timestamp: (7.0,),
        }
        for base, arguments in made.items():
            below = type("Below", (base,), {"more": 1})(*arguments)
            self.assertEqual((below, below.more), (base(*arguments), 1))
            self.assertEqual(Data(below), Data(base(*arguments)))
        for base in broker.Topic, broker.Status, broker.Publisher, broker.Store, broker.StatusSubscriber:
            self.assertTrue(issubclass(type("Below", (base,), {}), base))

    def test_classes_of_containers_and_options_may_be_made_of_something_else(self):
        class Numbers(broker.Set):
            def __init__(self, *, count):
                super().__init__(range(count))

        class Pair(broker.Vector):
            def __init__(self, one, other):
                super().__init__([one, other])

        class Named(broker.Table):
            def __init__(self, name):
                super().__init__()
                self["name"] = name

        class Plain(broker.Configuration):
            def __init__(self, authority):
                options = broker.BrokerOptions()
                options.disable_ssl = True
                super().__init__(options)
                self.openssl_cafile = authority

        values = [Numbers(count=2), Pair(1, "b"), Named("c")]
        self.assertEqual([Data.to_py(Data(value)) for value in values], [{0, 1}, (1, "b"), {"name": "c"}])
        self.assertEqual(Plain("ca.pem").openssl_cafile, "ca.pem")
        with self.assertRaises(TypeError):
            broker.Table([1])
        with self.assertRaises(NotImplementedError):
            broker.Message().to_broker()

    def test_containers_take_copies_of_themselves(self):
        vector, values, table = broker.Vector([1]), broker.Set([1]), broker.Table()
        vector.append(vector)
        vector[0] = vector
        vector.extend(vector)
        self.assertEqual(len(vector), 4)
        self.assertNotIn(vector, vector)
        values.add(values)
        table["k"] = table
        table[table] = 2
        self.assertEqual((str(values), len(table)), ("Set{1, {1}}", 2))

    def test_addresses_and_networks(self):
        address = broker.Address(bytes([1, 2, 3, 4]), 4)
        self.assertTrue(address.is_v4() and not address.is_v6())
        self.assertEqual(address.bytes(), b"\0" * 10 + b"\xff\xff\1\2\3\4")
        network = broker.Subnet(address, 8)
        self.assertEqual((str(network), network.length(), str(network.network())), ("1.0.0.0/8", 8, "1.0.0.0"))
        self.assertTrue(network.contains(address))
        self.assertTrue(address.mask(96 + 8))
        self.assertEqual(address, network.network())
        self.assertFalse(address.mask(129))
        for wrong in (b"\1\2\3", 4), (b"\1", 5):
            with self.assertRaises(ValueError):
                broker.Address(*wrong)

    def test_spans_and_times(self):
        Timespan, second = broker.Timespan, broker.Timespan(1.0)
        self.assertEqual((second.count(), str(second)), (10**9, "1000000000ns"))
        self.assertEqual(second * 3 - second, 2 * second)
        self.assertEqual((second / 3, second / Timespan(3), second % 7), (Timespan(333333333), 333333333, Timespan(6)))
        self.assertLess(Timespan(-1), Timespan())
        self.assertEqual(broker.Timestamp(second).time_since_epoch(), second)
        self.assertEqual(broker.Timestamp(1.0), broker.Timestamp(second))
        self.assertIs(type(broker.now()), broker.Timestamp)
        with self.assertRaises(OverflowError):
            Timespan(2**63 - 1) + Timespan(1)
        with self.assertRaises(ZeroDivisionError):
            second / 0

    def test_counts_enums_and_ports(self):
        self.assertEqual((repr(Count(42)), str(Count(42)), Count(42).value, int(Count(42))), ("Count(42)", "42", 42, 42))
        self.assertEqual(len({Count(1), Count(1)}), 1)
        self.assertNotEqual(Count(1), 1)
        self.assertEqual(broker.Enum("A::B").name, "A::B")
        port = Port(443, Port.TCP)
        self.assertEqual((port.number(), port.get_type()), (443, Port.Protocol.TCP))

    def test_codes(self):
        self.assertEqual(broker.EC.PeerUnavailable, 4)
        self.assertEqual(4, broker.EC.PeerUnavailable)
        self.assertEqual(int(broker.SC.PeerLost), 3)
        # Of which both are 4.
        self.assertNotEqual(broker.SC.EndpointDiscovered, broker.EC.PeerUnavailable)
        self.assertIs(broker.EC(10), broker.EC.RequestTimeOut)
        self.assertIs(getattr(TYPE, "None"), TYPE.Nil)


class Topics(unittest.TestCase):
    def test_topics_are_joined(self):
        above, below = broker.Topic("/a/"), broker.Topic("/b/c")
        self.assertEqual((above / below).string(), "/a//b/c")
        below /= above
        self.assertEqual((str(below), below.string()), ("/b/c/a", "/b/c/a"))
        self.assertEqual(broker.Topic("a") / broker.Topic("b"), broker.Topic("a/b"))

    def test_bytes_may_be_topics(self):
        self.assertEqual(broker.Topic(b"\xff").string(), b"\xff")
        with self.assertRaises(ValueError):
            broker.Topic("x" * 65536)
        with self.assertRaises(TypeError):
            broker.Topic(7)


class Versions(unittest.TestCase):
    def test_the_version_is_told(self):
        numbers = (broker.Version.MAJOR, broker.Version.MINOR, broker.Version.PATCH)
        self.assertEqual(broker.Version.string(), "%u.%u.%u" % numbers)
        self.assertTrue(broker.Version.compatible(broker.Version.PROTOCOL))


if __name__ == "__main__":
    unittest.main()
