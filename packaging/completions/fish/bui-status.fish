# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_bui_status_global_optspecs
    string join \n c/config= host= port= password-file= tls plain ca= cert= key= timeout= watch= json no-cache h/help V/version
end

function __fish_bui_status_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_bui_status_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_bui_status_using_subcommand
    set -l cmd (__fish_bui_status_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c bui-status -n "__fish_bui_status_needs_command" -s c -l config -d 'The daemon\'s configuration file; without it looked for as it does' -r -F
complete -c bui-status -n "__fish_bui_status_needs_command" -l host -d 'Address or name of the daemon, or unix:/path' -r
complete -c bui-status -n "__fish_bui_status_needs_command" -l port -d 'Its port' -r
complete -c bui-status -n "__fish_bui_status_needs_command" -l password-file -d 'File whose first line is the password' -r -F
complete -c bui-status -n "__fish_bui_status_needs_command" -l ca -d 'Believe only a daemon with a certificate of these authorities, or this one' -r -F
complete -c bui-status -n "__fish_bui_status_needs_command" -l cert -d 'Certificate to show to a daemon that asks for one' -r -F
complete -c bui-status -n "__fish_bui_status_needs_command" -l key -d 'Its key, if it is not in the same file' -r -F
complete -c bui-status -n "__fish_bui_status_needs_command" -l timeout -d 'For each answer, connecting included' -r
complete -c bui-status -n "__fish_bui_status_needs_command" -l watch -d 'Show clients again and again, until Ctrl-C [default: 2]' -r
complete -c bui-status -n "__fish_bui_status_needs_command" -l tls -d 'Speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_needs_command" -l plain -d 'Do not speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_needs_command" -l json -d 'Print answers as they came'
complete -c bui-status -n "__fish_bui_status_needs_command" -l no-cache -d 'Have burp asked anew; an answer of the last seconds will not do'
complete -c bui-status -n "__fish_bui_status_needs_command" -s h -l help -d 'Print help'
complete -c bui-status -n "__fish_bui_status_needs_command" -s V -l version -d 'Print version'
complete -c bui-status -n "__fish_bui_status_needs_command" -f -a "query" -d 'The answer to a query, as JSON'
complete -c bui-status -n "__fish_bui_status_needs_command" -f -a "clients" -d 'All clients and their last backups (default)'
complete -c bui-status -n "__fish_bui_status_needs_command" -f -a "statistics" -d 'Whether burp answers'
complete -c bui-status -n "__fish_bui_status_needs_command" -f -a "versions" -d 'The versions of burp and the daemon'
complete -c bui-status -n "__fish_bui_status_needs_command" -f -a "status" -d 'The daemon\'s own state'
complete -c bui-status -n "__fish_bui_status_needs_command" -f -a "top" -d 'The daemon at work: slots, queue, latencies and clients, until Ctrl-C'
complete -c bui-status -n "__fish_bui_status_needs_command" -f -a "check" -d 'One line and an exit code for a monitoring system'
complete -c bui-status -n "__fish_bui_status_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bui-status -n "__fish_bui_status_using_subcommand query" -s c -l config -d 'The daemon\'s configuration file; without it looked for as it does' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand query" -l host -d 'Address or name of the daemon, or unix:/path' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand query" -l port -d 'Its port' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand query" -l password-file -d 'File whose first line is the password' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand query" -l ca -d 'Believe only a daemon with a certificate of these authorities, or this one' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand query" -l cert -d 'Certificate to show to a daemon that asks for one' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand query" -l key -d 'Its key, if it is not in the same file' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand query" -l timeout -d 'For each answer, connecting included' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand query" -l watch -d 'Show clients again and again, until Ctrl-C [default: 2]' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand query" -l tls -d 'Speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_using_subcommand query" -l plain -d 'Do not speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_using_subcommand query" -l json -d 'Print answers as they came'
complete -c bui-status -n "__fish_bui_status_using_subcommand query" -l no-cache -d 'Have burp asked anew; an answer of the last seconds will not do'
complete -c bui-status -n "__fish_bui_status_using_subcommand query" -s h -l help -d 'Print help'
complete -c bui-status -n "__fish_bui_status_using_subcommand clients" -s c -l config -d 'The daemon\'s configuration file; without it looked for as it does' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand clients" -l host -d 'Address or name of the daemon, or unix:/path' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand clients" -l port -d 'Its port' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand clients" -l password-file -d 'File whose first line is the password' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand clients" -l ca -d 'Believe only a daemon with a certificate of these authorities, or this one' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand clients" -l cert -d 'Certificate to show to a daemon that asks for one' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand clients" -l key -d 'Its key, if it is not in the same file' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand clients" -l timeout -d 'For each answer, connecting included' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand clients" -l watch -d 'Show clients again and again, until Ctrl-C [default: 2]' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand clients" -l tls -d 'Speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_using_subcommand clients" -l plain -d 'Do not speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_using_subcommand clients" -l json -d 'Print answers as they came'
complete -c bui-status -n "__fish_bui_status_using_subcommand clients" -l no-cache -d 'Have burp asked anew; an answer of the last seconds will not do'
complete -c bui-status -n "__fish_bui_status_using_subcommand clients" -s h -l help -d 'Print help'
complete -c bui-status -n "__fish_bui_status_using_subcommand statistics" -s c -l config -d 'The daemon\'s configuration file; without it looked for as it does' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand statistics" -l host -d 'Address or name of the daemon, or unix:/path' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand statistics" -l port -d 'Its port' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand statistics" -l password-file -d 'File whose first line is the password' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand statistics" -l ca -d 'Believe only a daemon with a certificate of these authorities, or this one' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand statistics" -l cert -d 'Certificate to show to a daemon that asks for one' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand statistics" -l key -d 'Its key, if it is not in the same file' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand statistics" -l timeout -d 'For each answer, connecting included' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand statistics" -l watch -d 'Show clients again and again, until Ctrl-C [default: 2]' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand statistics" -l tls -d 'Speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_using_subcommand statistics" -l plain -d 'Do not speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_using_subcommand statistics" -l json -d 'Print answers as they came'
complete -c bui-status -n "__fish_bui_status_using_subcommand statistics" -l no-cache -d 'Have burp asked anew; an answer of the last seconds will not do'
complete -c bui-status -n "__fish_bui_status_using_subcommand statistics" -s h -l help -d 'Print help'
complete -c bui-status -n "__fish_bui_status_using_subcommand versions" -s c -l config -d 'The daemon\'s configuration file; without it looked for as it does' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand versions" -l host -d 'Address or name of the daemon, or unix:/path' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand versions" -l port -d 'Its port' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand versions" -l password-file -d 'File whose first line is the password' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand versions" -l ca -d 'Believe only a daemon with a certificate of these authorities, or this one' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand versions" -l cert -d 'Certificate to show to a daemon that asks for one' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand versions" -l key -d 'Its key, if it is not in the same file' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand versions" -l timeout -d 'For each answer, connecting included' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand versions" -l watch -d 'Show clients again and again, until Ctrl-C [default: 2]' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand versions" -l tls -d 'Speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_using_subcommand versions" -l plain -d 'Do not speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_using_subcommand versions" -l json -d 'Print answers as they came'
complete -c bui-status -n "__fish_bui_status_using_subcommand versions" -l no-cache -d 'Have burp asked anew; an answer of the last seconds will not do'
complete -c bui-status -n "__fish_bui_status_using_subcommand versions" -s h -l help -d 'Print help'
complete -c bui-status -n "__fish_bui_status_using_subcommand status" -s c -l config -d 'The daemon\'s configuration file; without it looked for as it does' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand status" -l host -d 'Address or name of the daemon, or unix:/path' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand status" -l port -d 'Its port' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand status" -l password-file -d 'File whose first line is the password' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand status" -l ca -d 'Believe only a daemon with a certificate of these authorities, or this one' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand status" -l cert -d 'Certificate to show to a daemon that asks for one' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand status" -l key -d 'Its key, if it is not in the same file' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand status" -l timeout -d 'For each answer, connecting included' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand status" -l watch -d 'Show clients again and again, until Ctrl-C [default: 2]' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand status" -l tls -d 'Speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_using_subcommand status" -l plain -d 'Do not speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_using_subcommand status" -l json -d 'Print answers as they came'
complete -c bui-status -n "__fish_bui_status_using_subcommand status" -l no-cache -d 'Have burp asked anew; an answer of the last seconds will not do'
complete -c bui-status -n "__fish_bui_status_using_subcommand status" -s h -l help -d 'Print help'
complete -c bui-status -n "__fish_bui_status_using_subcommand top" -l interval -d 'How often to look' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand top" -s c -l config -d 'The daemon\'s configuration file; without it looked for as it does' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand top" -l host -d 'Address or name of the daemon, or unix:/path' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand top" -l port -d 'Its port' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand top" -l password-file -d 'File whose first line is the password' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand top" -l ca -d 'Believe only a daemon with a certificate of these authorities, or this one' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand top" -l cert -d 'Certificate to show to a daemon that asks for one' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand top" -l key -d 'Its key, if it is not in the same file' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand top" -l timeout -d 'For each answer, connecting included' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand top" -l watch -d 'Show clients again and again, until Ctrl-C [default: 2]' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand top" -l tls -d 'Speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_using_subcommand top" -l plain -d 'Do not speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_using_subcommand top" -l json -d 'Print answers as they came'
complete -c bui-status -n "__fish_bui_status_using_subcommand top" -l no-cache -d 'Have burp asked anew; an answer of the last seconds will not do'
complete -c bui-status -n "__fish_bui_status_using_subcommand top" -s h -l help -d 'Print help'
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l warning-age -d 'WARNING if a client\'s last backup is older' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l critical-age -d 'CRITICAL if a client\'s last backup is older' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l client -d 'Look at this client only; may be given again' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l ignore -d 'Do not look at this client; may be given again' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -s c -l config -d 'The daemon\'s configuration file; without it looked for as it does' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l host -d 'Address or name of the daemon, or unix:/path' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l port -d 'Its port' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l password-file -d 'File whose first line is the password' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l ca -d 'Believe only a daemon with a certificate of these authorities, or this one' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l cert -d 'Certificate to show to a daemon that asks for one' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l key -d 'Its key, if it is not in the same file' -r -F
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l timeout -d 'For each answer, connecting included' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l watch -d 'Show clients again and again, until Ctrl-C [default: 2]' -r
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l tls -d 'Speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l plain -d 'Do not speak TLS, whatever the configuration says'
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l json -d 'Print answers as they came'
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -l no-cache -d 'Have burp asked anew; an answer of the last seconds will not do'
complete -c bui-status -n "__fish_bui_status_using_subcommand check" -s h -l help -d 'Print help'
complete -c bui-status -n "__fish_bui_status_using_subcommand help; and not __fish_seen_subcommand_from query clients statistics versions status top check help" -f -a "query" -d 'The answer to a query, as JSON'
complete -c bui-status -n "__fish_bui_status_using_subcommand help; and not __fish_seen_subcommand_from query clients statistics versions status top check help" -f -a "clients" -d 'All clients and their last backups (default)'
complete -c bui-status -n "__fish_bui_status_using_subcommand help; and not __fish_seen_subcommand_from query clients statistics versions status top check help" -f -a "statistics" -d 'Whether burp answers'
complete -c bui-status -n "__fish_bui_status_using_subcommand help; and not __fish_seen_subcommand_from query clients statistics versions status top check help" -f -a "versions" -d 'The versions of burp and the daemon'
complete -c bui-status -n "__fish_bui_status_using_subcommand help; and not __fish_seen_subcommand_from query clients statistics versions status top check help" -f -a "status" -d 'The daemon\'s own state'
complete -c bui-status -n "__fish_bui_status_using_subcommand help; and not __fish_seen_subcommand_from query clients statistics versions status top check help" -f -a "top" -d 'The daemon at work: slots, queue, latencies and clients, until Ctrl-C'
complete -c bui-status -n "__fish_bui_status_using_subcommand help; and not __fish_seen_subcommand_from query clients statistics versions status top check help" -f -a "check" -d 'One line and an exit code for a monitoring system'
complete -c bui-status -n "__fish_bui_status_using_subcommand help; and not __fish_seen_subcommand_from query clients statistics versions status top check help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
