//! What a newcomer types first, where the package is installed: no service, no folder, no file.

use std::path::{Path, PathBuf};
use std::process::Command;

use ostler_tests::binaries::{boefjes, workspace};
use ostler_tests::process::command;

use crate::resolver::Resolver;
use crate::tools::Ended;

/// An installed package, and somebody's home.
struct Installed {
    directory: tempfile::TempDir,
}

impl Installed {
    fn new() -> Self {
        let installed = Self { directory: tempfile::tempdir().unwrap() };
        let mut install = command(workspace().join("packaging/install"));
        install.args(["--package", "ostler-boefjes"]).env("BUILT", boefjes().parent().unwrap());
        install.env("PREFIX", installed.prefix()).env("SYSCONFDIR", installed.prefix());
        let ended = Ended::of(&mut install);
        assert_eq!(ended.code, 0, "{ended:?}");
        installed
    }

    fn prefix(&self) -> PathBuf {
        self.directory.path().join("usr")
    }

    fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    /// A tool of it, for whoever lives there.
    fn tool(&self, name: &str, arguments: &[&str]) -> Command {
        let mut tool = command(self.prefix().join("bin").join(name));
        tool.args(arguments).env("HOME", self.home());
        tool.env_remove("XDG_STATE_HOME").env_remove("JOURNAL_STREAM");
        tool
    }
}

/// Runs the example with a resolver that knows one address.
fn ask(run: &mut Command) -> Ended {
    let resolver = Resolver::new(vec![("example.com", 1, vec![192, 0, 2, 7])]);
    Ended::of(run.env("BOEFJES_REMOTE_NS", resolver.address().to_string()))
}

fn assert_keeps(folder: &Path, ran: &Ended) {
    assert_eq!((ran.code, ran.complaints.as_str()), (0, ""), "{ran:?}");
    let words = format!("everything is kept in {}\n", folder.display());
    assert!(ran.output.contains(&words), "{ran:?}");
    assert!(folder.join("boefjes.db").is_file());
}

const RUN: [&str; 3] = ["acme", "dns-records", "Hostname|internet|example.com"];

#[test]
fn the_example_is_run_and_shown_without_anything_but_the_package() {
    let installed = Installed::new();
    let ran = ask(&mut installed.tool("run-boefje", &RUN));
    assert_keeps(&installed.home().join(".local/state/boefjes"), &ran);
    let raw = ran.saved().remove(0);
    let shown = Ended::of(&mut installed.tool("show-raw", &["--json", &raw]));
    assert_eq!((shown.code, shown.complaints.as_str()), (0, ""), "{shown:?}");
    assert!(shown.output.contains("192.0.2.7"), "{shown:?}");
    let normalize = ["dns-records-normalize", &raw];
    let normalized = Ended::of(&mut installed.tool("run-normalizer", &normalize));
    assert_eq!((normalized.code, normalized.complaints.as_str()), (0, ""), "{normalized:?}");
}

#[test]
fn whoever_has_a_place_for_it_finds_it_there() {
    let installed = Installed::new();
    let state = installed.directory.path().join("state");
    let ran = ask(installed.tool("run-boefje", &RUN).env("XDG_STATE_HOME", &state));
    assert_keeps(&state.join("boefjes"), &ran);
    assert!(!installed.home().exists());
}

#[test]
fn who_names_one_service_needs_the_others_too() {
    let installed = Installed::new();
    let mut run = installed.tool("run-boefje", &RUN);
    let ran = Ended::of(run.env("SCHEDULER_API", "http://127.0.0.1:1"));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.complaints.contains("BYTES_API: must be set"), "{ran:?}");
    assert!(!installed.home().exists());
}
