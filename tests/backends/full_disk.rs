//! A full disk: an error that says so, no change lost, and all is well when there is room again.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use ostler_tests::Process;
use ostler_tests::backends::KEEPING;
use ostler_tests::binaries::backend_writer;
use ostler_tests::process::command;

use crate::crashes::{lines, tell};

#[test]
fn a_full_disk_is_named_and_used_again_when_there_is_room() {
    // Nearly all of a small disk is taken, and what is left is soon full.
    const SCRIPT: &str = "mount -t tmpfs -o size=96m none \"$1\" && echo mounted \
                          && head -c 90M /dev/zero >\"$1/ballast\" && shift && exec \"$@\"";
    for (way, seed) in KEEPING.iter().zip(300..) {
        let folder = tempfile::tempdir().unwrap();
        let mut unshare = command("unshare");
        if !rustix::process::getuid().is_root() {
            unshare.args(["--user", "--map-root-user"]);
        }
        unshare
            .args(["--mount", "sh", "-c", SCRIPT, "sh"])
            .arg(folder.path())
            .arg(backend_writer());
        tell(&mut unshare, *way, &folder.path().join("entries"), [seed, 1, 60_000]);
        let mut writer = Process::start(&mut unshare);
        let mut mounted = [0; 8];
        if writer.streams().stdout.as_mut().unwrap().read_exact(&mut mounted).is_err() {
            eprintln!("no namespaces are granted here, so nothing is tested");
            return;
        }
        let mut lines = lines(&mut writer);
        assert_eq!(lines.next().as_deref(), Some("opening"), "{way:?}");
        assert_eq!(lines.next().as_deref(), Some("1"), "{way:?}: there is room at first");
        let error = lines.by_ref().find(|line| line.starts_with('!'));
        let error = error.unwrap_or_else(|| panic!("{way:?}: the disk does not get full"));
        // An engine may notice it while nobody asks.
        let is_named = ["full", "No space", "in the background has failed"];
        let is_named = is_named.iter().any(|words| error.contains(words));
        assert!(is_named, "{way:?}: {error}");

        let within = Path::new("/proc").join(writer.pid().to_string()).join("root");
        let ballast = folder.path().join("ballast");
        fs::remove_file(within.join(ballast.strip_prefix("/").unwrap())).unwrap();
        writer.streams().stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        let next = lines.next().unwrap_or_else(|| panic!("{way:?}: it ends after {error}"));
        assert!(next.parse::<u64>().is_ok(), "{way:?}: {next} after {error}");
    }
}
