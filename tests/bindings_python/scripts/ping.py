# Pings whoever answers at a port, by events of Zeek's: ping.py PORT NUMBER
import sys

import broker
import broker.zeek


def main():
    opts = broker.BrokerOptions()
    opts.disable_ssl = True
    ep = broker.Endpoint(broker.Configuration(opts))
    sub = ep.make_subscriber("/test/pong")
    ss = ep.make_status_subscriber(True)

    if not ep.peer("127.0.0.1", int(sys.argv[1]), 0.0):
        print("nobody is there")
        sys.exit(1)

    # Wait until the connection is established.
    while True:
        st = ss.get()
        if type(st) is broker.Status and st.code() == broker.SC.PeerAdded:
            break
        if type(st) is broker.Error:
            sys.exit(2)

    for n in range(int(sys.argv[2])):
        ep.publish("/test/ping", broker.zeek.Event("ping", "X", broker.Count(n)))
        (topic, data) = sub.get()
        event = broker.zeek.Event(data)
        (text, number) = event.args()
        print(topic, event.name(), text, number.value)

    sub.reset()
    ss.reset()
    ep.shutdown()


if __name__ == "__main__":
    main()
