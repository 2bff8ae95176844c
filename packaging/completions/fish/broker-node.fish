complete -c broker-node -l config-file -d 'The configuration, in the syntax of Zeek\'s Broker' -r -F
complete -c broker-node -s c -l config -d 'The configuration, as etc/broker.cfg is written' -r -F
complete -c broker-node -s N -l name -d 'What the node calls itself in its output' -r
complete -c broker-node -s t -l topics -d 'Topics to subscribe to and forward, such as \'["/a", "/b"]\'' -r
complete -c broker-node -s m -l mode -d 'What to do: relay, ping or pong' -r
complete -c broker-node -s s -l payload-size -d 'How long the text in a ping is' -r
complete -c broker-node -l rendezvous-retry -d 'How often the first ping is repeated, such as 50ms' -r
complete -c broker-node -s n -l num-messages -d 'How many pings to send' -r
complete -c broker-node -l peers -d 'Whom to connect to, such as \'[<tcp://host:9999>]\'' -r
complete -c broker-node -s p -l port -d 'Where to listen for peers; 0 for any free port' -r
complete -c broker-node -l endpoint-id -d 'What the node is called among its peers' -r
complete -c broker-node -l peer-buffer-size -d 'Messages that may wait for a peer' -r
complete -c broker-node -l peer-overflow-policy -d 'What is done when more do' -r
complete -c broker-node -l web-socket-port -d 'Where to listen for WebSocket clients' -r
complete -c broker-node -l web-socket-address -d 'At which address' -r
complete -c broker-node -l web-socket-buffer-size -d 'Messages that may wait for a client' -r
complete -c broker-node -l web-socket-overflow-policy -d 'What is done when more do' -r
complete -c broker-node -l metrics-port -d 'Where to tell figures to Prometheus' -r
complete -c broker-node -l metrics-address -d 'At which address' -r
complete -c broker-node -l master-stores -d 'Key-value stores to keep in memory, such as \'["a", "b"]\'' -r
complete -c broker-node -l clone-stores -d 'Key-value stores to have copies of' -r
complete -c broker-node -s v -l verbose -d 'Print what happens' -r -f -a "true\t''
false\t''"
complete -c broker-node -s r -l rate -d 'Print how many messages a second come (relay)' -r -f -a "true\t''
false\t''"
complete -c broker-node -l disable-ssl -d 'Speak no TLS' -r -f -a "true\t''
false\t''"
complete -c broker-node -l disable-forwarding -d 'Do not pass messages of peers on to other peers' -r -f -a "true\t''
false\t''"
complete -c broker-node -l check -d 'Check the configuration, print it as it takes effect, and exit'
complete -c broker-node -l strict -d 'With --check: take warnings for errors'
complete -c broker-node -s h -l help -d 'Print help'
complete -c broker-node -s V -l version -d 'Print version'
