//! A clone that is cut off for longer than its master waits.

use std::time::Duration;

use broker::data::Data;
use broker::{ChannelLimits, Endpoint, EndpointOptions, PeeringLimits, StoreLimits};
use ostler_tests::broker_peer::{listening, soon, topic};
use ostler_tests::{Fault, wait_for};

use crate::broker::cable::Cable;
use crate::broker::local;

use super::{RETRY, clone_of, has, master, text};

/// With a minute that has become one and a half seconds.
fn hasty() -> EndpointOptions {
    let channel =
        ChannelLimits { tick: Duration::from_millis(20), timeout: 15, ..ChannelLimits::default() };
    let peering = PeeringLimits {
        ping_after: Duration::from_millis(500),
        dead_after: Duration::from_secs(2),
        handshake: Duration::from_secs(1),
        ..PeeringLimits::default()
    };
    let stores = StoreLimits { channel, ..StoreLimits::default() };
    EndpointOptions { peering, stores, ..EndpointOptions::default() }
}

#[test]
fn sto_n02_a_clone_is_cut_off_for_longer_than_its_master_waits() {
    const MANY: u64 = 100;
    let mut fault = Fault::begin("STO-N02");
    let (near, port) = listening(hasty());
    let master = master(&near);
    let cable = Cable::to(local(port));
    let far = Endpoint::new(hasty()).unwrap();
    far.peer("127.0.0.1", cable.port(), RETRY, soon()).unwrap();
    let clone = clone_of(&far);
    master.put("goes", 1_u64, None).unwrap();
    clone.increment("mine", 1_u64, None).unwrap();
    has(&clone, "mine", 1);
    clone.flush(soon()).unwrap();

    cable.cut(true);
    for _ in 0..MANY {
        clone.increment("mine", 1_u64, None).unwrap();
    }
    master.erase("goes").unwrap();
    wait_for("the master gives it up", || master.statistics().outputs == 0);
    assert_eq!(master.statistics().inputs, 0);
    // It does not hear of these as changes any more.
    for number in 0..MANY {
        master.put(number, "meanwhile", None).unwrap();
    }
    assert!(master.await_idle(soon()), "nobody holds the master up");
    assert_eq!(clone.get(&text("goes")).unwrap(), Data::Count(1), "what it has, it has");
    cable.cut(false);
    fault.injected();
    assert!(far.await_filter_entry(&topic("st/<$>/data/master"), soon()));
    clone.flush(soon()).unwrap();
    has(&clone, "mine", MANY + 1);
    fault.within("as the master again", fault.elapsed(), 5.0);
    assert!(!clone.exists(&text("goes")).unwrap());
    for number in 0..MANY {
        assert_eq!(clone.get(&Data::Count(number)).unwrap(), text("meanwhile"));
    }
    assert_eq!(master.get(&text("mine")).unwrap(), Data::Count(MANY + 1));
    assert!(clone.await_idle(soon()) && master.await_idle(soon()));
    fault.saw(format_args!("{MANY} changes came by a snapshot, {MANY} writes of its own once"));
}
