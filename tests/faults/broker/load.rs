//! What it costs: idle ones, long messages, rest, and a start.

use broker::{EndpointId, Kind, Message, TTL};
use ostler_runtime::now;
use ostler_tests::binaries::broker_node;
use ostler_tests::broker_peer::{Node as Peer, SMALL};
use ostler_tests::broker_program::Setup;
use ostler_tests::clients::make_room_for_connections;
use ostler_tests::fault::is_long;
use ostler_tests::process::memory;
use ostler_tests::{Fault, Manager, wait_for};

use super::crowd::numbered;
use super::{PLAIN, Through, figure, node};
use crate::load::judge;
use crate::load::rest::{Spent, resting, rests};

const NATIVE: &str = "broker_connections{type=\"native\"}";

#[test]
fn brk_l04_a_thousand_idle_peers_beside_those_that_speak() {
    const IDLE: usize = 1000;
    const MANY: u32 = 2000;
    make_room_for_connections();
    let node = node();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-L04");
    let mut rate = || {
        // The best of three, so that what else this machine does is left out.
        let round = |_| {
            let began = now();
            (0..MANY).for_each(|_| through.goes());
            f64::from(MANY) / now().duration_since(began).as_secs_f64()
        };
        (0..3).map(round).fold(0.0, f64::max)
    };
    let without = rate();
    let port = node.port("peers");
    let idle: Vec<Peer> = (0..IDLE).map(|number| Peer::peer(port, numbered(number), &[])).collect();
    wait_for("all are there", || figure(&node, NATIVE) == 2 + IDLE as u64);
    let with = rate();
    assert_eq!(figure(&node, NATIVE), 2 + IDLE as u64, "none was made to go");
    let share = with / without;
    let words = format!(
        "{with:.0} messages/s one after the other, {share:.2} of {without:.0} without them"
    );
    judge(&mut fault, words, share >= 0.8);
    drop(idle);
}

#[test]
fn brk_l06_one_message_of_64_mib_to_many() {
    const LONG: usize = (64 << 20) - 1024;
    const READERS: usize = 20;
    let node = node();
    let mut through = Through::new(&node);
    let port = node.port("peers");
    let mut readers: Vec<Peer> =
        (0..READERS).map(|number| Peer::peer(port, numbered(number), &["/long"])).collect();
    wait_for("all are there", || figure(&node, NATIVE) == 2 + READERS as u64);
    let mut fault = Fault::begin("BRK-L06");
    let message =
        Message::new(SMALL, EndpointId::NIL, Kind::Data, TTL, b"/long", &vec![5; LONG]).unwrap();
    let mut from = Peer::peer(port, SMALL, &[]);
    from.publish(&message);
    for reader in &mut readers {
        let come = std::iter::repeat_with(|| reader.message());
        let come = come.into_iter().find(|message| message.kind() == Kind::Data).unwrap();
        assert_eq!(come.payload().len(), LONG);
    }
    let peak = memory(node.pid(), "VmHWM") >> 20;
    fault.figure(format!("{READERS} readers have it, {peak} MiB at most"), peak <= 3 * 64 + 16);
    through.goes();
}

#[test]
fn brk_l07_a_node_that_is_left_alone_rests() {
    let node = node();
    node.port("figures");
    let mut fault = Fault::begin("BRK-L07");
    rests(&mut fault, node.pid());
    let _peers = [1, 2].map(|number| Peer::peer(node.port("peers"), numbered(number), &[]));
    wait_for("both are there", || figure(&node, NATIVE) == 2);
    let (spent, wakes) = resting(node.pid(), Spent::by(node.pid()));
    fault.saw(format!("with two idle peers {spent:.3} s an hour, {wakes:.2} wake-ups/s"));
}

#[test]
fn brk_l08_it_is_soon_ready() {
    // Built before the time counts.
    broker_node();
    let mut fault = Fault::begin("BRK-L08");
    let runs = if is_long() { 20 } else { 5 };
    let mut all = Vec::new();
    for _ in 0..runs {
        let manager = Manager::new();
        let setup = Setup::new(PLAIN)
            .arguments(&["-p", "0", "--web-socket-port=0", "--metrics-port=0"])
            .variable("NOTIFY_SOCKET", manager.path().to_str().unwrap());
        fault.injected();
        let node = setup.start();
        manager.wait("READY=1");
        all.push(fault.elapsed());
        node.stop();
    }
    all.sort_unstable();
    let ready = all[runs / 2].as_secs_f64();
    judge(&mut fault, format!("READY after {ready:.4} s (median of {runs})"), ready <= 0.15);
}
