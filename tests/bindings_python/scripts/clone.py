# Has a clone of a store, changes it in each way and reads it: clone.py PORT
import sys

import broker
import broker.zeek


def change(events, kind, key):
    """Waits for the event of a change."""
    while True:
        (_, data) = events.get()
        if data[0] == kind and data[2] == key:
            return data


opts = broker.BrokerOptions()
opts.disable_ssl = True

with broker.Endpoint(broker.Configuration(opts)) as ep, \
        ep.make_subscriber("<$>/local/data/store-events/demo") as events:
    ep.peer("127.0.0.1", int(sys.argv[1]))
    with ep.attach_clone("demo") as c:
        c.await_idle(60)
        print(c.name(), c.exists("seen"), c.exists("nothing"), c.get("nothing"))
        print(c.get("seen").value, c.get("last"), c.get("names"))
        print(c.get_index_from_value("names", "10.0.0.1"), c.get_index_from_value("last", 1))

        print(c.put_unique("owner", "clone"), c.put_unique("owner", "another"))
        c.increment("seen", broker.Count(5))
        c.decrement("seen", broker.Count(2))
        c.append("log", "bc")
        c.insert_into("hosts", "10.0.0.3")
        c.remove_from("hosts", "10.0.0.1")
        c.insert_into("names", "10.0.0.2", "mail")
        c.push("last", 4)
        c.push("last", 5)
        c.pop("last")
        c.erase("doomed")
        change(events, "erase", "doomed")
        print(c.get("seen").value, c.get("log"), c.get("last"), sorted(c.get("hosts")))

        c.put("brief", "moment", 0.05)
        change(events, "insert", "brief")
        change(events, "expire", "brief")
        print(c.get("brief"), sorted(c.keys()))

        ep.publish("/demo/done", broker.zeek.Event("done"))
