//! A master that is killed, and its next life.

use std::time::Duration;

use broker::data::Data;
use ostler_runtime::Deadline;
use ostler_tests::Fault;
use ostler_tests::broker_peer::{soon, topic};

use super::{clone_at, has, kept_at, node, text};

/// Writes in each part of a round.
const MANY: u64 = 200;

#[test]
fn sto_p01_a_master_is_killed_and_started_again() {
    let mut fault = Fault::begin("STO-P01");
    let folder = tempfile::tempdir().unwrap();
    let kept = kept_at(&folder.path().join("st.sqlite"));
    let mut running = node(0, &kept).start();
    let port = running.port("peers");
    let (endpoint, clone) = clone_at(port);
    let mut slowest = Duration::ZERO;
    for round in 0..3_u64 {
        for number in 0..MANY {
            clone.put(round * MANY + number, "acknowledged", None).unwrap();
            clone.increment("times", 1_u64, None).unwrap();
        }
        clone.flush(soon()).unwrap();
        // Some of these are on their way when it is killed.
        for number in 0..MANY {
            clone.put(format!("{round} {number}").as_str(), "under way", None).unwrap();
        }
        running.kill();
        // What was written while there was none to write to is done once.
        let is_told = |peer: &broker::PeerInfo| peer.filter.matches(b"st/<$>/data/master");
        ostler_tests::wait_for("it is lost", || !endpoint.peers().iter().any(is_told));
        for _ in 0..MANY {
            clone.increment("meanwhile", 1_u64, None).unwrap();
        }
        assert!(clone.flush(Deadline::after(Duration::from_millis(50))).is_err());
        assert_eq!(clone.get(&Data::from(round * MANY)).unwrap(), text("acknowledged"));
        running = node(port, &kept).start();
        running.port("peers");
        fault.injected();
        assert!(endpoint.await_filter_entry(&topic("st/<$>/data/master"), soon()));
        clone.flush(soon()).unwrap();
        slowest = slowest.max(fault.elapsed());
        has(&clone, "meanwhile", (round + 1) * MANY);
    }
    fault.within("killed three times, all is kept, the slowest", slowest, 3.0);
    running.stop();
    // What the database has, a clone that was not there hears.
    let running = node(port, &kept).start();
    running.port("peers");
    let (_other, late) = clone_at(port);
    let keys = late.keys().unwrap();
    for number in 0..3 * MANY {
        assert!(keys.contains(&Data::Count(number)), "{number} was acknowledged");
    }
    for (round, number) in (0..3).flat_map(|round| (0..MANY).map(move |number| (round, number))) {
        assert!(keys.contains(&text(&format!("{round} {number}"))), "{round} {number}");
    }
    assert_eq!(late.get(&text("times")).unwrap(), Data::Count(3 * MANY));
    assert_eq!(late.get(&text("meanwhile")).unwrap(), Data::Count(3 * MANY));
    fault.saw(format_args!(
        "{} acknowledged writes are there, {} under way arrived, {} written meanwhile were done once",
        6 * MANY,
        3 * MANY,
        3 * MANY
    ));
}
