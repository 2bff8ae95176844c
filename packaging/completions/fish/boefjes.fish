# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_boefjes_global_optspecs
    string join \n log-level= local= state= p/plugins= python= engine= generation= c/config= l/logfile= check strict h/help V/version
end

function __fish_boefjes_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_boefjes_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_boefjes_using_subcommand
    set -l cmd (__fish_boefjes_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c boefjes -n "__fish_boefjes_needs_command" -l log-level -d 'How much is logged; INFO without it' -r -f -a "DEBUG\t''
INFO\t''
WARNING\t''
ERROR\t''"
complete -c boefjes -n "__fish_boefjes_needs_command" -l local -d 'Need no other service: keep everything in this folder' -r -F
complete -c boefjes -n "__fish_boefjes_needs_command" -l state -d 'Remember in this folder which tasks are under way' -r -F
complete -c boefjes -n "__fish_boefjes_needs_command" -s p -l plugins -d 'The folder with the plugins; or, if it is no folder and has no slash, the id of a plugin whose tasks are taken, also several times' -r
complete -c boefjes -n "__fish_boefjes_needs_command" -l python -d 'Who runs the plugins; python3 without it' -r -F
complete -c boefjes -n "__fish_boefjes_needs_command" -l engine -d 'Who runs containers, docker or podman; docker without it' -r -F
complete -c boefjes -n "__fish_boefjes_needs_command" -l generation -d 'The version of OpenKAT whose rules hold; without it its scheduler tells, as 1.15 if it has queues and as 1.20 if not' -r -f -a "1.15\t''
1.16\t''
1.17\t''
1.18\t''
1.19\t''
1.20\t''"
complete -c boefjes -n "__fish_boefjes_needs_command" -s c -l config -d 'Configuration file' -r -F
complete -c boefjes -n "__fish_boefjes_needs_command" -s l -l logfile -d 'Log file; standard error without it' -r -F
complete -c boefjes -n "__fish_boefjes_needs_command" -l check -d 'Check the configuration, print it as it takes effect, and exit'
complete -c boefjes -n "__fish_boefjes_needs_command" -l strict -d 'With --check: take warnings for errors'
complete -c boefjes -n "__fish_boefjes_needs_command" -s h -l help -d 'Print help'
complete -c boefjes -n "__fish_boefjes_needs_command" -s V -l version -d 'Print version'
complete -c boefjes -n "__fish_boefjes_needs_command" -f -a "boefje" -d 'Take the tasks of boefjes and run them'
complete -c boefjes -n "__fish_boefjes_needs_command" -f -a "normalizer" -d 'Take the tasks of normalizers and run them'
complete -c boefjes -n "__fish_boefjes_needs_command" -f -a "top" -d 'Show live what the workers do'
complete -c boefjes -n "__fish_boefjes_needs_command" -f -a "run-boefje" -d 'Run a boefje now and save what it finds'
complete -c boefjes -n "__fish_boefjes_needs_command" -f -a "run-normalizer" -d 'Run a normalizer on a raw file now and save what it says'
complete -c boefjes -n "__fish_boefjes_needs_command" -f -a "show-raw" -d 'Print a raw file'
complete -c boefjes -n "__fish_boefjes_needs_command" -f -a "install-requirements" -d 'Install the Python packages that plugins ask for in their requirements.txt'
complete -c boefjes -n "__fish_boefjes_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c boefjes -n "__fish_boefjes_using_subcommand boefje" -s p -l plugins -d 'The folder with the plugins; or, if it is no folder and has no slash, the id of a plugin whose tasks are taken, also several times' -r
complete -c boefjes -n "__fish_boefjes_using_subcommand boefje" -s i -l images -d 'A container image whose tasks are taken, also several times' -r
complete -c boefjes -n "__fish_boefjes_using_subcommand boefje" -l log-level -d 'How much is logged; INFO without it' -r -f -a "DEBUG\t''
INFO\t''
WARNING\t''
ERROR\t''"
complete -c boefjes -n "__fish_boefjes_using_subcommand boefje" -l local -d 'Need no other service: keep everything in this folder' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand boefje" -l state -d 'Remember in this folder which tasks are under way' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand boefje" -l python -d 'Who runs the plugins; python3 without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand boefje" -l engine -d 'Who runs containers, docker or podman; docker without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand boefje" -l generation -d 'The version of OpenKAT whose rules hold; without it its scheduler tells, as 1.15 if it has queues and as 1.20 if not' -r -f -a "1.15\t''
1.16\t''
1.17\t''
1.18\t''
1.19\t''
1.20\t''"
complete -c boefjes -n "__fish_boefjes_using_subcommand boefje" -s c -l config -d 'Configuration file' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand boefje" -s l -l logfile -d 'Log file; standard error without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand boefje" -s w -l worker -d 'Take tasks, which is the default'
complete -c boefjes -n "__fish_boefjes_using_subcommand boefje" -s n -l no-worker -d 'Take no tasks: answer containers only'
complete -c boefjes -n "__fish_boefjes_using_subcommand boefje" -s h -l help -d 'Print help'
complete -c boefjes -n "__fish_boefjes_using_subcommand normalizer" -s p -l plugins -d 'The folder with the plugins; or, if it is no folder and has no slash, the id of a plugin whose tasks are taken, also several times' -r
complete -c boefjes -n "__fish_boefjes_using_subcommand normalizer" -s i -l images -d 'A container image whose tasks are taken, also several times' -r
complete -c boefjes -n "__fish_boefjes_using_subcommand normalizer" -l log-level -d 'How much is logged; INFO without it' -r -f -a "DEBUG\t''
INFO\t''
WARNING\t''
ERROR\t''"
complete -c boefjes -n "__fish_boefjes_using_subcommand normalizer" -l local -d 'Need no other service: keep everything in this folder' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand normalizer" -l state -d 'Remember in this folder which tasks are under way' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand normalizer" -l python -d 'Who runs the plugins; python3 without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand normalizer" -l engine -d 'Who runs containers, docker or podman; docker without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand normalizer" -l generation -d 'The version of OpenKAT whose rules hold; without it its scheduler tells, as 1.15 if it has queues and as 1.20 if not' -r -f -a "1.15\t''
1.16\t''
1.17\t''
1.18\t''
1.19\t''
1.20\t''"
complete -c boefjes -n "__fish_boefjes_using_subcommand normalizer" -s c -l config -d 'Configuration file' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand normalizer" -s l -l logfile -d 'Log file; standard error without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand normalizer" -s w -l worker -d 'Take tasks, which is the default'
complete -c boefjes -n "__fish_boefjes_using_subcommand normalizer" -s n -l no-worker -d 'Take no tasks: answer containers only'
complete -c boefjes -n "__fish_boefjes_using_subcommand normalizer" -s h -l help -d 'Print help'
complete -c boefjes -n "__fish_boefjes_using_subcommand top" -s a -l address -d 'A status listener, such as 127.0.0.1:9100, also several times; that of the configuration without it' -r
complete -c boefjes -n "__fish_boefjes_using_subcommand top" -l interval -d 'The time between two looks; 2 without it' -r
complete -c boefjes -n "__fish_boefjes_using_subcommand top" -l log-level -d 'How much is logged; INFO without it' -r -f -a "DEBUG\t''
INFO\t''
WARNING\t''
ERROR\t''"
complete -c boefjes -n "__fish_boefjes_using_subcommand top" -l local -d 'Need no other service: keep everything in this folder' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand top" -l state -d 'Remember in this folder which tasks are under way' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand top" -l python -d 'Who runs the plugins; python3 without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand top" -l engine -d 'Who runs containers, docker or podman; docker without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand top" -l generation -d 'The version of OpenKAT whose rules hold; without it its scheduler tells, as 1.15 if it has queues and as 1.20 if not' -r -f -a "1.15\t''
1.16\t''
1.17\t''
1.18\t''
1.19\t''
1.20\t''"
complete -c boefjes -n "__fish_boefjes_using_subcommand top" -s c -l config -d 'Configuration file' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand top" -s l -l logfile -d 'Log file; standard error without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand top" -l once -d 'Print one picture, as where standard output is no terminal'
complete -c boefjes -n "__fish_boefjes_using_subcommand top" -s h -l help -d 'Print help'
complete -c boefjes -n "__fish_boefjes_using_subcommand run-boefje" -l job -d 'A file with the job, or with its task as the scheduler hands it out' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand run-boefje" -s p -l plugins -d 'The folder with the plugins; or, if it is no folder and has no slash, the id of a plugin whose tasks are taken, also several times' -r
complete -c boefjes -n "__fish_boefjes_using_subcommand run-boefje" -l log-level -d 'How much is logged; INFO without it' -r -f -a "DEBUG\t''
INFO\t''
WARNING\t''
ERROR\t''"
complete -c boefjes -n "__fish_boefjes_using_subcommand run-boefje" -l local -d 'Need no other service: keep everything in this folder' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand run-boefje" -l state -d 'Remember in this folder which tasks are under way' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand run-boefje" -l python -d 'Who runs the plugins; python3 without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand run-boefje" -l engine -d 'Who runs containers, docker or podman; docker without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand run-boefje" -l generation -d 'The version of OpenKAT whose rules hold; without it its scheduler tells, as 1.15 if it has queues and as 1.20 if not' -r -f -a "1.15\t''
1.16\t''
1.17\t''
1.18\t''
1.19\t''
1.20\t''"
complete -c boefjes -n "__fish_boefjes_using_subcommand run-boefje" -s c -l config -d 'Configuration file' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand run-boefje" -s l -l logfile -d 'Log file; standard error without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand run-boefje" -l pdb -d 'Open the debugger in the plugin if it fails'
complete -c boefjes -n "__fish_boefjes_using_subcommand run-boefje" -l queue -d 'Leave it to the workers, and print the task\'s id'
complete -c boefjes -n "__fish_boefjes_using_subcommand run-boefje" -s h -l help -d 'Print help'
complete -c boefjes -n "__fish_boefjes_using_subcommand run-normalizer" -s p -l plugins -d 'The folder with the plugins; or, if it is no folder and has no slash, the id of a plugin whose tasks are taken, also several times' -r
complete -c boefjes -n "__fish_boefjes_using_subcommand run-normalizer" -l log-level -d 'How much is logged; INFO without it' -r -f -a "DEBUG\t''
INFO\t''
WARNING\t''
ERROR\t''"
complete -c boefjes -n "__fish_boefjes_using_subcommand run-normalizer" -l local -d 'Need no other service: keep everything in this folder' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand run-normalizer" -l state -d 'Remember in this folder which tasks are under way' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand run-normalizer" -l python -d 'Who runs the plugins; python3 without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand run-normalizer" -l engine -d 'Who runs containers, docker or podman; docker without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand run-normalizer" -l generation -d 'The version of OpenKAT whose rules hold; without it its scheduler tells, as 1.15 if it has queues and as 1.20 if not' -r -f -a "1.15\t''
1.16\t''
1.17\t''
1.18\t''
1.19\t''
1.20\t''"
complete -c boefjes -n "__fish_boefjes_using_subcommand run-normalizer" -s c -l config -d 'Configuration file' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand run-normalizer" -s l -l logfile -d 'Log file; standard error without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand run-normalizer" -l pdb -d 'Open the debugger in the plugin if it fails'
complete -c boefjes -n "__fish_boefjes_using_subcommand run-normalizer" -l queue -d 'Leave it to the workers, and print the task\'s id'
complete -c boefjes -n "__fish_boefjes_using_subcommand run-normalizer" -s h -l help -d 'Print help'
complete -c boefjes -n "__fish_boefjes_using_subcommand show-raw" -s p -l plugins -d 'The folder with the plugins; or, if it is no folder and has no slash, the id of a plugin whose tasks are taken, also several times' -r
complete -c boefjes -n "__fish_boefjes_using_subcommand show-raw" -l log-level -d 'How much is logged; INFO without it' -r -f -a "DEBUG\t''
INFO\t''
WARNING\t''
ERROR\t''"
complete -c boefjes -n "__fish_boefjes_using_subcommand show-raw" -l local -d 'Need no other service: keep everything in this folder' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand show-raw" -l state -d 'Remember in this folder which tasks are under way' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand show-raw" -l python -d 'Who runs the plugins; python3 without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand show-raw" -l engine -d 'Who runs containers, docker or podman; docker without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand show-raw" -l generation -d 'The version of OpenKAT whose rules hold; without it its scheduler tells, as 1.15 if it has queues and as 1.20 if not' -r -f -a "1.15\t''
1.16\t''
1.17\t''
1.18\t''
1.19\t''
1.20\t''"
complete -c boefjes -n "__fish_boefjes_using_subcommand show-raw" -s c -l config -d 'Configuration file' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand show-raw" -s l -l logfile -d 'Log file; standard error without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand show-raw" -l json -d 'In order, indented and coloured'
complete -c boefjes -n "__fish_boefjes_using_subcommand show-raw" -s h -l help -d 'Print help'
complete -c boefjes -n "__fish_boefjes_using_subcommand install-requirements" -s p -l plugins -d 'The folder with the plugins; or, if it is no folder and has no slash, the id of a plugin whose tasks are taken, also several times' -r
complete -c boefjes -n "__fish_boefjes_using_subcommand install-requirements" -l log-level -d 'How much is logged; INFO without it' -r -f -a "DEBUG\t''
INFO\t''
WARNING\t''
ERROR\t''"
complete -c boefjes -n "__fish_boefjes_using_subcommand install-requirements" -l local -d 'Need no other service: keep everything in this folder' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand install-requirements" -l state -d 'Remember in this folder which tasks are under way' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand install-requirements" -l python -d 'Who runs the plugins; python3 without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand install-requirements" -l engine -d 'Who runs containers, docker or podman; docker without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand install-requirements" -l generation -d 'The version of OpenKAT whose rules hold; without it its scheduler tells, as 1.15 if it has queues and as 1.20 if not' -r -f -a "1.15\t''
1.16\t''
1.17\t''
1.18\t''
1.19\t''
1.20\t''"
complete -c boefjes -n "__fish_boefjes_using_subcommand install-requirements" -s c -l config -d 'Configuration file' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand install-requirements" -s l -l logfile -d 'Log file; standard error without it' -r -F
complete -c boefjes -n "__fish_boefjes_using_subcommand install-requirements" -s h -l help -d 'Print help'
complete -c boefjes -n "__fish_boefjes_using_subcommand help; and not __fish_seen_subcommand_from boefje normalizer top run-boefje run-normalizer show-raw install-requirements help" -f -a "boefje" -d 'Take the tasks of boefjes and run them'
complete -c boefjes -n "__fish_boefjes_using_subcommand help; and not __fish_seen_subcommand_from boefje normalizer top run-boefje run-normalizer show-raw install-requirements help" -f -a "normalizer" -d 'Take the tasks of normalizers and run them'
complete -c boefjes -n "__fish_boefjes_using_subcommand help; and not __fish_seen_subcommand_from boefje normalizer top run-boefje run-normalizer show-raw install-requirements help" -f -a "top" -d 'Show live what the workers do'
complete -c boefjes -n "__fish_boefjes_using_subcommand help; and not __fish_seen_subcommand_from boefje normalizer top run-boefje run-normalizer show-raw install-requirements help" -f -a "run-boefje" -d 'Run a boefje now and save what it finds'
complete -c boefjes -n "__fish_boefjes_using_subcommand help; and not __fish_seen_subcommand_from boefje normalizer top run-boefje run-normalizer show-raw install-requirements help" -f -a "run-normalizer" -d 'Run a normalizer on a raw file now and save what it says'
complete -c boefjes -n "__fish_boefjes_using_subcommand help; and not __fish_seen_subcommand_from boefje normalizer top run-boefje run-normalizer show-raw install-requirements help" -f -a "show-raw" -d 'Print a raw file'
complete -c boefjes -n "__fish_boefjes_using_subcommand help; and not __fish_seen_subcommand_from boefje normalizer top run-boefje run-normalizer show-raw install-requirements help" -f -a "install-requirements" -d 'Install the Python packages that plugins ask for in their requirements.txt'
complete -c boefjes -n "__fish_boefjes_using_subcommand help; and not __fish_seen_subcommand_from boefje normalizer top run-boefje run-normalizer show-raw install-requirements help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
