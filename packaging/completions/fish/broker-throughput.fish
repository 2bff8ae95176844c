complete -c broker-throughput -s t -l event-type -d 'What to send: 1 (a vector), 2 (an entry of conn.log) or 3 (a table)' -r
complete -c broker-throughput -s r -l batch-rate -d 'Batches a second; 0 for as many as possible' -r
complete -c broker-throughput -s s -l batch-size -d 'Events in a batch' -r
complete -c broker-throughput -s i -l batch-size-increase-interval -d 'How often batches become larger; 0 for never' -r
complete -c broker-throughput -s a -l batch-size-increase-amount -d 'By how many events a batch becomes larger' -r
complete -c broker-throughput -s m -l max-received -d 'End once so many have arrived; 0 for no end' -r
complete -c broker-throughput -s f -l max-in-flight -d 'End once so many were sent and have not arrived; 0 for no end' -r
complete -c broker-throughput -l config-file -d 'What to read broker.ssl from' -r -F
complete -c broker-throughput -l server -d 'Count what comes instead of sending'
complete -c broker-throughput -l disable-ssl -d 'Speak no TLS, as without any key'
complete -c broker-throughput -s v -l verbose -d 'Log what becomes of the connection'
complete -c broker-throughput -s h -l help -d 'Print help'
complete -c broker-throughput -s V -l version -d 'Print version'
