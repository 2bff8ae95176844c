# Has the master of a store in a file, and prints what has become of it once a clone says that it is
# done: master.py FILE. Prints the port first.
import sys

import broker
import broker.zeek

opts = broker.BrokerOptions()
opts.disable_ssl = True

with broker.Endpoint(broker.Configuration(opts)) as ep, \
        ep.make_subscriber("/demo/done") as sub, \
        ep.attach_master("demo", broker.Backend.SQLite, {"path": sys.argv[1]}) as m:
    m.put("hosts", {"10.0.0.1", "10.0.0.2"})
    m.put("names", {"10.0.0.1": "web"})
    m.put("seen", broker.Count(1))
    m.put("log", "a")
    m.put("last", [1, 2, 3])
    m.put("doomed", 7)

    print(ep.listen("127.0.0.1", 0), flush=True)

    (topic, data) = sub.get()
    print(broker.zeek.Event(data).name())
    for k in sorted(m.keys()):
        v = m.get(k)
        print(k, sorted(v) if isinstance(v, (set, dict)) else v)
