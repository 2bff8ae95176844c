//! A machine that is slow.

use std::time::Duration;

use broker::{Endpoint, EndpointOptions};
use ostler_tests::broker_peer::{soon, topic};
use ostler_tests::{Fault, wait_for};

use super::{Through, figure, node};
use crate::resources::machine::Throttle;

#[test]
fn brk_r08_the_machine_has_a_tenth_of_its_time() {
    const MANY: u32 = 100;
    let node = node();
    let mut through = Through::new(&node);
    let throttle = Throttle::start(node.pid());
    let mut fault = Fault::begin("BRK-R08");
    for _ in 0..MANY {
        through.goes();
    }
    let rate = f64::from(MANY) / fault.elapsed().as_secs_f64();
    fault.saw(format_args!("{rate:.0} messages a second one after the other, none lost"));
    fault.injected();
    let late = Endpoint::new(EndpointOptions::default()).unwrap();
    late.peer("127.0.0.1", node.port("peers"), Some(Duration::from_secs(1)), soon()).unwrap();
    assert!(late.await_filter_entry(&topic("/x"), soon()));
    let took = fault.elapsed();
    // It learns of the end of a handshake later than the other side.
    let peers = || figure(&node, "broker_connections{type=\"native\"}");
    wait_for("none was given up", || peers() == 3);
    throttle.end();
    let accepted = figure(&node, "broker_accepted_connections_total");
    fault.within("no peer given up; a new one let in", took, 5.0);
    fault.figure(format!("{accepted} connections of 3 peers"), accepted <= 5);
    through.goes();
}
