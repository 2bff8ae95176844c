//! The programs that have a configuration, and what is asked of them about it.

use bui_monitor::Config;
use katalogus::{Configuration, Options};
use ostler_runtime::Key;
use ostler_tests::binaries::{self, katalogus};
use ostler_tests::checked::{self, BURP, Checked, known_keys};
use ostler_tests::process::command;

use crate::keys::parsed;
use crate::{CATALOGUE_CONFIGURATION, CONFIGURATION, WORKERS_CONFIGURATION};

/// A program that has a configuration.
pub(crate) struct Program {
    /// The page of its configuration.
    pub(crate) page: &'static str,
    /// Its configuration as installed.
    pub(crate) sample: &'static str,
    /// The heading of its table in the README, if it has one.
    pub(crate) table: Option<&'static str>,
    /// The keys that it reads.
    pub(crate) known: fn() -> Vec<Key>,
    /// What is wrong with a configuration.
    pub(crate) problems: fn(&str) -> Vec<String>,
    /// What `--check` makes of one.
    pub(crate) check: fn(&str) -> Checked,
    /// A configuration with no more than is needed.
    pub(crate) least: &'static str,
    /// What it warns of with the defaults.
    pub(crate) warns: &'static str,
    /// Keys that name a file that must be there, and exclude another key.
    pub(crate) files: &'static [&'static str],
    /// Keys that need another one beside them, with its value.
    pub(crate) with: &'static [(&'static str, &'static str, &'static str)],
}

/// A key of 32 bytes.
pub(crate) const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

pub(crate) const MONITOR: Program = Program {
    page: CONFIGURATION,
    sample: "etc/buimonitor.cfg",
    table: Some("### Keys"),
    known: known_keys,
    problems: |text| {
        let read = Config::read(&parsed(text));
        read.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    },
    check: |text| checked::check(text, &[]),
    least: BURP,
    warns: "is the default, which everybody knows",
    files: &["password_file"],
    with: &[
        ("ssl", "sslcert", "/x"),
        ("ssl", "sslca", "/x"),
        ("websocket_sslkey", "websocket_sslcert", "/x"),
        ("store", "peers", "a:1"),
    ],
};

pub(crate) const CATALOGUE: Program = Program {
    page: CATALOGUE_CONFIGURATION,
    sample: "etc/katalogus.cfg",
    table: None,
    known: || {
        // What has every one of them looked at.
        Configuration::keys(&parsed("[Global]\nssl = true\n"), &nothing())
    },
    problems: |text| {
        let read = Configuration::of(&parsed(text), &nothing());
        read.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    },
    check: check_catalogue,
    least: "",
    warns: "",
    files: &["token_file", "uri_file", "private_key_file"],
    with: &[
        ("ssl", "sslcert", "/x"),
        ("middleware", "private_key", KEY),
        ("middleware", "public_key", KEY),
    ],
};

pub(crate) const WORKERS: Program = Program {
    page: WORKERS_CONFIGURATION,
    sample: "etc/boefjes.cfg",
    table: None,
    known: || boefjes::config::Configuration::keys(&parsed(""), &alone()),
    problems: |text| {
        let read = boefjes::config::Configuration::of(&parsed(text), &alone());
        read.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    },
    check: |text| {
        let directory = tempfile::tempdir().unwrap();
        checked::write(&directory.path().join("x.cfg"), text);
        let mut check = command(binaries::boefjes());
        check.env("BYTES_USERNAME", "a").env("BYTES_PASSWORD", "b");
        for service in ["SCHEDULER_API", "KATALOGUS_API", "OCTOPOES_API", "BYTES_API"] {
            check.env(service, "http://127.0.0.1:1");
        }
        Checked::of(check.current_dir(directory.path()).args(["--check", "-c", "x.cfg"]))
    },
    least: "",
    warns: "",
    files: &["bytes_password_file"],
    with: &[
        ("ssl", "sslcert", "/x"),
        ("ssl", "sslca", "/x"),
        ("websocket_sslkey", "websocket_sslcert", "/x"),
    ],
};

pub(crate) const PROGRAMS: [Program; 3] = [MONITOR, CATALOGUE, WORKERS];

/// A command line of workers that need nobody.
fn alone() -> boefjes::options::Options {
    boefjes::options::Options::parse(["boefjes", "--local", "kept", "boefje"]).unwrap()
}

/// A command line that asks for nothing.
fn nothing() -> Options {
    Options::parse(["katalogus"]).unwrap()
}

fn check_catalogue(text: &str) -> Checked {
    let directory = tempfile::tempdir().unwrap();
    checked::write(&directory.path().join("x.cfg"), text);
    let mut check = command(katalogus());
    Checked::of(check.current_dir(directory.path()).args(["--check", "-c", "x.cfg"]))
}
