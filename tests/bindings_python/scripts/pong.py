# Answers pings until whoever sends them has gone, and tells of it: prints the port first.
import select
import sys

import broker
import broker.zeek

opts = broker.BrokerOptions()
opts.disable_ssl = True
endpoint = broker.Endpoint(broker.Configuration(opts))
subscriber = endpoint.make_subscriber(["/test/ping", "/test/other"])
status_subscriber = endpoint.make_status_subscriber(True)
publisher = endpoint.make_publisher("/test/pong")

print(endpoint.listen("127.0.0.1", 0), flush=True)

running = True
while running:
    fds = [subscriber.fd(), status_subscriber.fd()]
    (ready, _, _) = select.select(fds, [], [], 60)
    if not ready:
        print("nothing happens")
        sys.exit(1)

    for msg in subscriber.poll():
        event = broker.zeek.Event(msg[1])
        args = event.args()
        publisher.publish(broker.zeek.Event("pong", args[0] + args[0], args[1]))

    while status_subscriber.available():
        status = status_subscriber.get()
        if isinstance(status, broker.Error):
            sys.exit(2)
        if status.code() == broker.SC.PeerAdded:
            print("added", len(endpoint.peers()))
        elif status.code() == broker.SC.PeerLost:
            print("lost", len(endpoint.peers()))
            running = False

status_subscriber.reset()
subscriber.reset()
publisher.reset()
endpoint.shutdown()
