//! The command line and the script.
//!
//! The script is burp's own configuration with two lines more, `fake_control = SOCKET` and
//! `fake_version = VERSION`. Includes (`. FILE`) are followed, so a configuration that includes the
//! scripted one is as good. `-V` names no configuration: then it is `burp.conf` beside the program
//! as it was called. Without script every child behaves.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// How this process was called.
#[derive(Debug)]
pub(crate) enum Options {
    /// `-V`: say this version and end.
    Version(String),
    /// `--fork SOCKET`: hold the pipes and connect to the test.
    Forked(PathBuf),
    /// `-c CONF -a m`: be a monitor; the socket of the test, if one scripts it.
    Monitor(Option<PathBuf>),
}

/// Includes deeper than this are a loop.
const INCLUDES: usize = 5;

impl Options {
    /// Reads the command line, the program's name first, and the script.
    pub(crate) fn read(mut arguments: impl Iterator<Item = OsString>) -> Self {
        let called = arguments.next().map(PathBuf::from);
        let (mut conf, mut version, mut forked) = (None, false, None);
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("-c") => conf = arguments.next().map(PathBuf::from),
                Some("-V" | "-v") => version = true,
                Some("--fork") => forked = arguments.next().map(PathBuf::from),
                _ => {}
            }
        }
        if let Some(socket) = forked {
            return Self::Forked(socket);
        }
        let file = conf.or_else(|| called.map(|program| program.with_file_name("burp.conf")));
        let value = |key| file.as_deref().and_then(|file| value_of(file, key, INCLUDES));
        if version {
            return Self::Version(value("fake_version").unwrap_or_else(|| "3.1.4".to_owned()));
        }
        Self::Monitor(value("fake_control").map(PathBuf::from))
    }
}

fn value_of(file: &Path, key: &str, depth: usize) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        if let Some(included) = line.strip_prefix(". ") {
            let depth = depth.checked_sub(1)?;
            return value_of(Path::new(included.trim()), key, depth);
        }
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim().to_owned())
    })
}
