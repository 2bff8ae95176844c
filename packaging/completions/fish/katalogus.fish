# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_katalogus_global_optspecs
    string join \n listen= plugins= database= generation= c/config= l/logfile= v/verbose check strict h/help V/version
end

function __fish_katalogus_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_katalogus_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_katalogus_using_subcommand
    set -l cmd (__fish_katalogus_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c katalogus -n "__fish_katalogus_needs_command" -l listen -d 'Where to listen, also several times; unix:/PATH for a Unix socket' -r
complete -c katalogus -n "__fish_katalogus_needs_command" -l plugins -d 'The folder with the plugins' -r -F
complete -c katalogus -n "__fish_katalogus_needs_command" -l database -d 'sqlite:///FILE or postgresql://HOST/NAME; passwords belong elsewhere' -r
complete -c katalogus -n "__fish_katalogus_needs_command" -l generation -d 'The generation of the original to answer as' -r -f -a "1.15\t''
1.20\t''"
complete -c katalogus -n "__fish_katalogus_needs_command" -s c -l config -d 'Configuration file' -r -F
complete -c katalogus -n "__fish_katalogus_needs_command" -s l -l logfile -d 'Log file; standard error without it' -r -F
complete -c katalogus -n "__fish_katalogus_needs_command" -s v -l verbose -d 'Say more: -v for information, -vv to debug'
complete -c katalogus -n "__fish_katalogus_needs_command" -l check -d 'Check the configuration, print it as it takes effect, and exit'
complete -c katalogus -n "__fish_katalogus_needs_command" -l strict -d 'With --check: take warnings for errors'
complete -c katalogus -n "__fish_katalogus_needs_command" -s h -l help -d 'Print help'
complete -c katalogus -n "__fish_katalogus_needs_command" -s V -l version -d 'Print version'
complete -c katalogus -n "__fish_katalogus_needs_command" -f -a "migrate" -d 'Bring the database\'s tables up to date'
complete -c katalogus -n "__fish_katalogus_needs_command" -f -a "export" -d 'Write all that the database holds as lines of JSON'
complete -c katalogus -n "__fish_katalogus_needs_command" -f -a "import" -d 'Fill the database with what was exported'
complete -c katalogus -n "__fish_katalogus_needs_command" -f -a "rekey" -d 'Encrypt all settings anew, in one transaction'
complete -c katalogus -n "__fish_katalogus_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c katalogus -n "__fish_katalogus_using_subcommand migrate" -s h -l help -d 'Print help'
complete -c katalogus -n "__fish_katalogus_using_subcommand export" -s h -l help -d 'Print help'
complete -c katalogus -n "__fish_katalogus_using_subcommand import" -l replace -d 'Remove what the database holds'
complete -c katalogus -n "__fish_katalogus_using_subcommand import" -s h -l help -d 'Print help'
complete -c katalogus -n "__fish_katalogus_using_subcommand rekey" -l new-middleware -d 'How they are stored from then on' -r -f -a "IDENTITY\t''
NACL_SEALBOX\t''"
complete -c katalogus -n "__fish_katalogus_using_subcommand rekey" -l new-private-key-file -d 'The private key of then, in base64' -r -F
complete -c katalogus -n "__fish_katalogus_using_subcommand rekey" -l new-public-key-file -d 'The public key of then, in base64' -r -F
complete -c katalogus -n "__fish_katalogus_using_subcommand rekey" -s h -l help -d 'Print help'
complete -c katalogus -n "__fish_katalogus_using_subcommand help; and not __fish_seen_subcommand_from migrate export import rekey help" -f -a "migrate" -d 'Bring the database\'s tables up to date'
complete -c katalogus -n "__fish_katalogus_using_subcommand help; and not __fish_seen_subcommand_from migrate export import rekey help" -f -a "export" -d 'Write all that the database holds as lines of JSON'
complete -c katalogus -n "__fish_katalogus_using_subcommand help; and not __fish_seen_subcommand_from migrate export import rekey help" -f -a "import" -d 'Fill the database with what was exported'
complete -c katalogus -n "__fish_katalogus_using_subcommand help; and not __fish_seen_subcommand_from migrate export import rekey help" -f -a "rekey" -d 'Encrypt all settings anew, in one transaction'
complete -c katalogus -n "__fish_katalogus_using_subcommand help; and not __fish_seen_subcommand_from migrate export import rekey help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
