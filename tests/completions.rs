//! What shells complete on a command line is what the programs take.
//!
//! The files in `packaging/completions` are made from the command lines' definitions:
//! `COMPLETIONS_RECORD=1 cargo test -p ostler-tests --test completions` makes them anew.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bui_monitor::{options, status_options};
use clap::Command;
use clap_complete::{Generator, Shell, generate};
use ostler_runtime::environment::variable;
use ostler_tests::binaries::workspace;
use ostler_tests::process::command;

/// The shells, each with the folder of its files.
const SHELLS: [(Shell, &str); 3] =
    [(Shell::Bash, "bash"), (Shell::Zsh, "zsh"), (Shell::Fish, "fish")];

fn definitions() -> [Command; 7] {
    [
        shown("bui-monitor", &options::command()),
        shown("bui-status", &status_options::command()),
        shown("katalogus", &katalogus::options::command()),
        shown("boefjes", &boefjes::options::command()),
        shown("broker-node", &broker::node_options::command()),
        shown("broker-pipe", &broker::pipe_options::command()),
        shown("broker-throughput", &broker::throughput_options::command()),
    ]
}

/// A command line without what it takes only for the sake of old ones.
fn shown(program: &'static str, definition: &Command) -> Command {
    assert_eq!(definition.get_name(), program);
    let args = definition.get_arguments().filter(|arg| !arg.is_hide_set()).cloned();
    let commands = definition.get_subcommands().cloned();
    Command::new(program).version(env!("CARGO_PKG_VERSION")).args(args).subcommands(commands)
}

/// The file of a program for a shell. bash looks for one that is called as the program is.
fn file(shell: Shell, folder: &str, program: &str) -> PathBuf {
    let name = match shell {
        Shell::Bash => program.to_owned(),
        other => other.file_name(program),
    };
    workspace().join("packaging/completions").join(folder).join(name)
}

/// The text of the file.
fn made(shell: Shell, definition: &mut Command) -> String {
    let program = definition.get_name().to_owned();
    let mut made = Vec::new();
    generate(shell, definition, &program, &mut made);
    let made = String::from_utf8(made).unwrap();
    // For bash, clap_complete 4.6 spells a hyphen of the program's name in two ways, and a command
    // that is looked for by the one is not found under the other.
    made.replace(&program.replace('-', "__subcmd__"), &program.replace('-', "__"))
}

#[test]
fn completions_are_made_from_the_command_lines() {
    for (shell, folder) in SHELLS {
        for mut definition in definitions() {
            let path = file(shell, folder, definition.get_name());
            let made = made(shell, &mut definition);
            if variable("COMPLETIONS_RECORD").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &made).unwrap();
            }
            let kept = fs::read_to_string(&path).unwrap_or_default();
            assert!(kept == made, "{}: see the head of tests/completions.rs", path.display());
        }
    }
}

/// What bash says to a script whose first argument is the file of a program.
fn bash(arguments: &[&str], program: &str, words: &[&str]) -> String {
    let mut bash = command("bash");
    bash.args(["--noprofile", "--norc"]).args(arguments);
    let output = bash.arg(file(Shell::Bash, "bash", program)).args(words).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{program} {words:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// What bash completes the last of `words` to.
fn completed(words: &[&str]) -> BTreeSet<String> {
    // As bash itself calls the function that `complete` names.
    let script = "source \"$0\" && set -- \"$@\" && registered=$(complete -p \"$1\") \
                  && function=${registered#*-F } && COMP_WORDS=(\"$@\") && COMP_CWORD=$(($# - 1)) \
                  && \"${function%% *}\" \"$1\" \"${!#}\" \"${COMP_WORDS[COMP_CWORD - 1]}\" \
                  && printf '%s\\n' \"${COMPREPLY[@]}\"";
    let told = bash(&["-c", script], words[0], words);
    told.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_takes_the_files_and_completes_every_option_of_every_command() {
    for mut definition in definitions() {
        definition.build();
        let program = definition.get_name();
        assert_eq!(bash(&["-n"], program, &[]), "");
        let commands = definition.get_subcommands().filter(|command| command.get_name() != "help");
        for command in commands.chain([&definition]) {
            let args = command.get_arguments().filter_map(|arg| arg.get_long());
            let options: BTreeSet<String> = args.map(|long| format!("--{long}")).collect();
            let own = command.get_name();
            let words = if own == program { vec![program, "--"] } else { vec![program, own, "--"] };
            assert_eq!(completed(&words), options, "{words:?}");
        }
    }
}

#[test]
fn bash_completes_commands_and_files() {
    let names = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    assert_eq!(completed(&["bui-monitor", "--ch"]), names(&["--check"]));
    assert_eq!(completed(&["bui-status", "ver"]), names(&["versions"]));
    assert_eq!(completed(&["bui-status", "check", "--w"]), names(&["--warning-age", "--watch"]));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("one.cfg");
    fs::write(&path, "").unwrap();
    let (begun, whole) = (start(&path), path.to_str().unwrap());
    for words in [["bui-monitor", "-c", &begun], ["bui-status", "--config", &begun]] {
        assert_eq!(completed(&words), names(&[whole]));
    }
}

/// A path without its last letters.
fn start(path: &Path) -> String {
    path.with_extension("").to_str().unwrap().to_owned()
}
