//! Peers that are lost without a word, and found again.

use std::time::Duration;

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, PeeringLimits, Sc};
use ostler_tests::broker_peer::{listening, next, soon, topic};
use ostler_tests::broker_program::Setup;
use ostler_tests::{Fault, wait_for};

use super::cable::Cable;
use super::{PLAIN, local};

/// After so much silence a peer is given up, in a test that does not wait for a minute.
const DEAD_AFTER: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_secs(1);

#[test]
fn brk_p01_a_cable_that_is_cut_is_noticed_on_both_sides_and_mended() {
    let peering = PeeringLimits {
        ping_after: Duration::from_millis(500),
        dead_after: DEAD_AFTER,
        handshake: Duration::from_secs(1),
        ..PeeringLimits::default()
    };
    let options = || EndpointOptions { peering, ..EndpointOptions::default() };
    let (near, port) = listening(options());
    let mut received = near.subscribe([topic("/x")]);
    let cable = Cable::to(local(port));
    let far = Endpoint::new(options()).unwrap();
    let statuses = [near.status_subscriber(true), far.status_subscriber(true)];
    let mut goes = |number: u64| {
        far.publish(&topic("/x"), &Data::Count(number)).unwrap();
        received.get_before(soon()).expect("a message in time").data == Data::Count(number)
    };
    far.peer("127.0.0.1", cable.port(), Some(RETRY), soon()).unwrap();
    assert!(far.await_filter_entry(&topic("/x"), soon()));
    assert!(goes(1));
    let mut fault = Fault::begin("BRK-P01");
    cable.cut(true);
    fault.injected();
    for statuses in &statuses {
        next(statuses, |status| matches!(status.code, Sc::PeerLost | Sc::PeerRemoved));
    }
    fault.within("both sides know", fault.elapsed(), DEAD_AFTER.as_secs_f64() + 1.0);
    assert!(near.peers().is_empty());
    cable.cut(false);
    fault.injected();
    assert!(far.await_filter_entry(&topic("/x"), soon()));
    assert!(goes(2));
    // An attempt may have been under way, which has its time.
    fault.within("peers again once it is mended", fault.elapsed(), 1.0 + RETRY.as_secs_f64() + 1.0);
}

#[test]
fn brk_p02_a_peer_that_is_killed_and_started_again_is_found() {
    let mut fault = Fault::begin("BRK-P02");
    let mut node = Setup::new(PLAIN).arguments(&["-p", "0"]).start();
    let port = node.port("peers");
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    endpoint.peer("127.0.0.1", port, Some(RETRY), soon()).unwrap();
    let is_wanted = || {
        let peers = endpoint.peers();
        peers.iter().any(|peer| peer.filter.matches(b"/x"))
    };
    let mut slowest = Duration::ZERO;
    for _ in 0..3 {
        wait_for("it is a peer", is_wanted);
        node.kill();
        wait_for("it is lost", || !is_wanted());
        node = Setup::new(PLAIN).arguments(&["-p", &port.to_string()]).start();
        node.port("peers");
        fault.injected();
        assert!(endpoint.await_filter_entry(&topic("/x"), soon()));
        slowest = slowest.max(fault.elapsed());
        assert_eq!(endpoint.publish(&topic("/x"), &Data::Count(1)).unwrap(), 1);
    }
    fault.within(
        "killed three times, a peer again, the slowest",
        slowest,
        RETRY.as_secs_f64() + 1.0,
    );
    node.stop();
}
