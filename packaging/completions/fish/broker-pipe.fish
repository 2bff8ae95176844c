complete -c broker-pipe -s m -l mode -d 'What to do: publish or subscribe' -r
complete -c broker-pipe -s t -l topic -d 'Where to publish, or what to subscribe to' -r
complete -c broker-pipe -s p -l peers -d 'Whom to connect to, again and again' -r
complete -c broker-pipe -s l -l local-port -d 'Where to listen for peers; 0 for any port' -r
complete -c broker-pipe -l local-address -d 'At which address; without it at all' -r
complete -c broker-pipe -s i -l interface -d 'How to wait for messages: blocking, select or stream' -r
complete -c broker-pipe -s c -l message-cap -d 'End after so many messages' -r
complete -c broker-pipe -l wait -d 'How long to wait for somebody who wants what is published' -r
complete -c broker-pipe -l config-file -d 'What to read broker.ssl from' -r -F
complete -c broker-pipe -s r -l rate -d 'Print how many messages a second there are, and not what comes'
complete -c broker-pipe -l disable-ssl -d 'Speak no TLS'
complete -c broker-pipe -s h -l help -d 'Print help'
complete -c broker-pipe -s V -l version -d 'Print version'
