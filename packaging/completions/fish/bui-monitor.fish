complete -c bui-monitor -s c -l config -d 'Configuration file; without it buimonitor.cfg is looked for' -r -F
complete -c bui-monitor -s l -l logfile -d 'Log file; standard error without it' -r -F
complete -c bui-monitor -l account -d 'With --check: whether this user can serve with it' -r
complete -c bui-monitor -s v -l verbose -d 'Say more: -vvv for information, -vvvv to debug'
complete -c bui-monitor -l check -d 'Check the configuration, print it as it takes effect, and exit'
complete -c bui-monitor -l strict -d 'With --check: take warnings for errors'
complete -c bui-monitor -s h -l help -d 'Print help'
complete -c bui-monitor -s V -l version -d 'Print version'
