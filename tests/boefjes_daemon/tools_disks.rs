//! A machine of its own on a disk that is full, and on one that cannot be written to.

use ostler_tests::process::command;

use crate::tools::{Ended, Machine};

/// Runs a tool after `script`, which finds the machine's folder as its first argument; in a namespace
/// of its own, where the folder is a disk of its own. `None`, said on standard error, where none is
/// granted.
fn on_disk(machine: &Machine, script: &str) -> Option<Ended> {
    let mut unshare = command("unshare");
    if !rustix::process::getuid().is_root() {
        unshare.args(["--user", "--map-root-user"]);
    }
    std::fs::create_dir_all(machine.folder()).unwrap();
    let tool = machine.command(["run-boefje", "acme", "trivial", "Network|internet"]);
    let script =
        format!("disk=$1; shift; mount -t tmpfs -o size=600k none \"$disk\" || exit 99; {script}");
    unshare.args(["--mount", "sh", "-c", &script, "sh"]).arg(machine.folder());
    let ended = Ended::of(unshare.arg(tool.get_program()).args(tool.get_args()));
    if ended.code == 99 || ended.complaints.contains("unshare") {
        eprintln!("no namespaces are granted here, so nothing is tested");
        return None;
    }
    Some(ended)
}

#[test]
fn a_full_disk_is_told() {
    let machine = Machine::new();
    let fill = "head -c 600k /dev/zero >\"$disk/ballast\" 2>/dev/null; exec \"$@\"";
    let Some(ended) = on_disk(&machine, fill) else { return };
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.complaints.contains("database or disk is full"), "{ended:?}");
    assert!(ended.complaints.contains(machine.folder().to_str().unwrap()), "{ended:?}");
}

#[test]
fn a_disk_that_cannot_be_written_to_is_told() {
    let machine = Machine::new();
    let empty = "mount -o remount,ro \"$disk\" && exec \"$@\"";
    let Some(empty) = on_disk(&machine, empty) else { return };
    assert_eq!(empty.code, 1, "{empty:?}");
    assert!(empty.complaints.contains("boefjes.db: Read-only file system"), "{empty:?}");
    let used = "\"$@\" && mount -o remount,ro \"$disk\" && exec \"$@\"";
    let used = on_disk(&machine, used).unwrap();
    assert_eq!((used.code, used.saved().len()), (1, 1), "{used:?}");
    assert!(used.complaints.contains("boefjes.db: "), "{used:?}");
    assert!(used.complaints.to_lowercase().contains("read"), "{used:?}");
}
