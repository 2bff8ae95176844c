//! A storage that does not take changes: for a while, or for ever.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use broker::data::Data;
use broker::{CloneOptions, Ec, Endpoint, EndpointOptions};
use ostler_runtime::Deadline;
use ostler_tests::broker_peer::{listening, soon};
use ostler_tests::process::command;
use ostler_tests::{Fault, wait_for};
use rusqlite::Connection;
use rustix::process::Signal;

use super::{RETRY, clone_of_node, error, has, kept_at, master_at, node, text};

/// A node that sees a disk of two mebibytes at `disk`.
fn on_small_disk(node: &Path) -> Command {
    let mut private = command("unshare");
    private.args(["--mount", "sh", "-c"]);
    private.arg("mount -t tmpfs -o size=2m none disk && exec \"$0\" \"$@\"").arg(node);
    private
}

#[test]
fn sto_r01_the_disk_is_full_under_a_database() {
    const MANY: u64 = 50;
    let mut fault = Fault::begin("STO-R01");
    if !rustix::process::getuid().is_root() {
        return fault.explain("only root can have a small disk of its own");
    }
    let setup = node(0, &kept_at(Path::new("disk/st.sqlite"))).through(on_small_disk);
    fs::create_dir(setup.directory().join("disk")).unwrap();
    let mut running = setup.start();
    let (_endpoint, clone) = clone_of_node(&running);
    let long = "x".repeat(4096);
    for number in 0..MANY {
        clone.put(number, long.as_str(), None).unwrap();
    }
    clone.flush(soon()).unwrap();
    let disk = running.directory().strip_prefix("/").unwrap().join("disk");
    let disk = Path::new(&format!("/proc/{}/root", running.pid())).join(disk);
    let mut fill = File::create(disk.join("fill")).unwrap();
    wait_for("the disk is full", || fill.write(&[0; 4096]).is_err());
    for number in MANY..2 * MANY {
        clone.put(number, long.as_str(), None).unwrap();
        clone.increment("times", 1_u64, None).unwrap();
    }
    running.log().wait("database or disk is full");
    assert!(clone.flush(Deadline::after(Duration::from_millis(50))).is_err());
    assert_eq!(clone.get(&Data::Count(0)).unwrap(), Data::from(long.as_str()));
    fault.saw("told in the log; a clone reads on, and none of its writes is acknowledged");
    drop(fill);
    fs::remove_file(disk.join("fill")).unwrap();
    fault.injected();
    clone.flush(soon()).unwrap();
    fault.within("with room again all are kept", fault.elapsed(), 3.0);
    running.log().wait("its storage takes changes again");
    let (_other, late) = clone_of_node(&running);
    has(&late, "times", MANY);
    for number in 0..2 * MANY {
        assert_eq!(late.get(&Data::Count(number)).unwrap(), Data::from(long.as_str()));
    }
    fault.saw("nothing is lost or done twice");
    running.signal(Signal::TERM);
    running.ended();
}

#[test]
fn sto_r02_a_database_is_locked_by_another_process() {
    let mut fault = Fault::begin("STO-R02");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("st.sqlite");
    let (one, port) = listening(EndpointOptions::default());
    let master = master_at(&one, &path);
    let other = Endpoint::new(EndpointOptions::default()).unwrap();
    other.peer("127.0.0.1", port, RETRY, soon()).unwrap();
    // Less than the time for which the database is waited for.
    let stale = Some(Duration::from_secs(3));
    let clone =
        other.attach_clone("st", CloneOptions { stale, ..CloneOptions::default() }).unwrap();
    master.put("kept", 1_u64, None).unwrap();
    master.flush(soon()).unwrap();
    has(&clone, "kept", 1);

    let errors = one.status_subscriber(false);
    let locker = Connection::open(&path).unwrap();
    locker.execute_batch("begin immediate").unwrap();
    fault.injected();
    master.put("master's", 2_u64, None).unwrap();
    clone.increment("clone's", 3_u64, None).unwrap();
    let (mut reads, mut slowest) = (0_u64, Duration::ZERO);
    wait_for("whoever writes is told", || {
        // Nobody waits for the lock but who writes: these reads, of the file, neither.
        let before = fault.elapsed();
        assert_eq!(master.get(&text("kept")).unwrap(), Data::Count(1));
        assert!(!master.exists(&text(&format!("nothing {reads}"))).unwrap());
        slowest = slowest.max(fault.elapsed().saturating_sub(before));
        assert_eq!(clone.get(&text("kept")).unwrap(), Data::Count(1), "it is not stale");
        reads += 1;
        master.put("refused", 4_u64, None).is_err_and(|error| error.ec() == Ec::BackendFailure)
    });
    fault.within("whoever writes is told", fault.elapsed(), 8.0);
    let said = error(&errors, Ec::BackendFailure);
    assert!(said.contains("another process has locked it"), "{said}");
    assert_eq!(master.flush(soon()).unwrap_err().ec(), Ec::BackendFailure);
    assert!(clone.flush(Deadline::after(Duration::from_millis(50))).is_err());
    fault.within("the slowest of the reads meanwhile", slowest, 1.0);
    fault.saw("a clone that is stale without a word for 3 s never was");

    locker.execute_batch("rollback").unwrap();
    fault.injected();
    clone.flush(soon()).unwrap();
    wait_for("it takes changes again", || master.flush(soon()).is_ok());
    fault.within("free again, all are kept", fault.elapsed(), 3.0);
    has(&clone, "master's", 2);
    has(&clone, "clone's", 3);
    drop((master, one));
    let kept: i64 = locker.query_row("select count(*) from store", [], |row| row.get(0)).unwrap();
    assert!((3..=4).contains(&kept), "{kept} keys");
}

#[test]
fn sto_s01_a_storage_fails_for_ever_at_the_end() {
    const MANY: u64 = 30;
    let mut fault = Fault::begin("STO-S01");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("st.sqlite");
    let mut running = node(0, &kept_at(&path)).start();
    let (_endpoint, clone) = clone_of_node(&running);
    clone.put("kept", 1_u64, None).unwrap();
    clone.flush(soon()).unwrap();
    let locker = Connection::open(&path).unwrap();
    locker.execute_batch("begin immediate").unwrap();
    for number in 0..MANY {
        clone.put(number, "lost", None).unwrap();
    }
    running.log().wait("another process has locked it");
    fault.injected();
    running.signal(Signal::TERM);
    running.ended();
    fault.within("exit 0", fault.elapsed(), 10.0 + 5.0 + 1.0);
    let lines = running.log().lines();
    let lost = lines.iter().find_map(|line| {
        line.split_once("store st: its last ")?.1.split_once(" changes are lost")?.0.parse().ok()
    });
    let lost: u64 = lost.unwrap_or_else(|| panic!("it says what is lost: {lines:?}"));
    // Those which it had not taken yet are the clone's, which knows that nobody has them.
    assert!((1..=MANY).contains(&lost), "{lost}");
    assert!(clone.flush(Deadline::after(Duration::from_millis(50))).is_err());
    let unacked = clone.statistics().unacked;
    assert_eq!(unacked, MANY);
    fault.saw(format_args!(
        "{lost} lost changes are told; their writer still has {unacked} that were not acknowledged"
    ));
    locker.execute_batch("rollback").unwrap();
    let kept: i64 = locker.query_row("select count(*) from store", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 1);
}
