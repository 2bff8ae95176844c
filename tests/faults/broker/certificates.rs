//! Certificates that are replaced, that are wrong, and that peers must show.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use broker::EndpointId;
use ostler_tests::broker_peer::hello;
use ostler_tests::broker_program::{Node, Setup};
use ostler_tests::secure::{der, hello as client_hello};
use ostler_tests::websocket::stream;
use ostler_tests::{Certificates, Fault, Pair, Secure, Version};
use rustix::process::Signal;

use super::local;

/// How long TLS may take to be established, by default.
const HANDSHAKE: f64 = 10.0;

/// An authority, and a node whose certificate is in files that can be replaced.
pub(super) struct Rig {
    pub(super) made: Certificates,
    pub(super) authority: Pair,
    shown: Pair,
    pub(super) node: Node,
}

impl Rig {
    pub(super) fn new() -> Self {
        let made = Certificates::new();
        let authority = made.own("authority");
        let shown = Pair { certificate: made.path("shown.pem"), key: made.path("shown.key") };
        show(&made.signed("first", &authority, 10), &shown);
        let config = format!(
            "broker.ssl.certificate = {:?}\nbroker.ssl.key = {:?}\nbroker.ssl.cafile = {:?}\n",
            shown.certificate.display().to_string(),
            shown.key.display().to_string(),
            authority.certificate.display().to_string()
        );
        let node = Setup::new(&config).arguments(&["-p", "0", "--metrics-port=0"]).start();
        Self { made, authority, shown, node }
    }

    /// A connection of somebody with this certificate, who was let in: the node has spoken.
    pub(super) fn talk(&self, own: Option<&Pair>) -> Option<ostler_tests::secure::Talk<TcpStream>> {
        let mut talk = Secure::new(Version::Tls13, own).connect(local(self.node.port("peers")));
        let mut said = [0; 9];
        // With TLS 1.3 a refusal comes behind the handshake.
        talk.read_exact(&mut said).ok()?;
        assert_eq!(&said, b"\0\0\0\x05\x07ZEEK");
        Some(talk)
    }
}

fn show(pair: &Pair, shown: &Pair) {
    fs::copy(&pair.certificate, &shown.certificate).unwrap();
    fs::copy(&pair.key, &shown.key).unwrap();
}

#[test]
fn brk_t02_a_handshake_that_stalls_ends_at_its_deadline_and_holds_nobody_up() {
    let rig = Rig::new();
    let own = rig.made.signed("own", &rig.authority, 10);
    let mut fault = Fault::begin("BRK-T02");
    let at = local(rig.node.port("peers"));
    let hello = client_hello([3, 3], &[[0xc0, 0x2b], [0x13, 0x01]]);
    let mut stalled: Vec<TcpStream> = (0..10).map(|_| stream(at)).collect();
    for stream in &mut stalled[..5] {
        // The others say nothing at all, and these half of it.
        stream.write_all(&hello[..hello.len() / 2]).unwrap();
    }
    fault.injected();
    assert!(rig.talk(Some(&own)).is_some());
    fault.within("meanwhile another was let in", fault.elapsed(), 1.0);
    for mut stream in stalled {
        // An alert may come before.
        let _ = stream.read_to_end(&mut Vec::new());
    }
    fault.within("all were closed", fault.elapsed(), HANDSHAKE + 1.0);
}

#[test]
fn brk_t04_a_replaced_certificate_is_shown_at_once_and_harms_nobody() {
    let mut rig = Rig::new();
    let own = rig.made.signed("own", &rig.authority, 10);
    let mut fault = Fault::begin("BRK-T04");
    let mut begun = rig.talk(Some(&own)).expect("who has a right certificate");
    let first = begun.seen();
    let other = rig.made.signed("second", &rig.authority, 10);
    show(&other, &rig.shown);
    rig.node.signal(Signal::HUP);
    let mut tries = 0;
    ostler_tests::wait_for("the new one is shown", || {
        tries += 1;
        rig.talk(Some(&own)).expect("who has a right certificate").seen() == der(&other)
    });
    fault.within("the new one was shown", fault.elapsed(), 1.0);
    assert_ne!(first, der(&other));
    // The old connection goes on with its handshake.
    let body = hello(EndpointId([7; 16]));
    begun.write_all(&u32::try_from(body.len()).unwrap().to_be_bytes()).unwrap();
    begun.write_all(&body).unwrap();
    let mut answer = [0; 5];
    begun.read_exact(&mut answer).unwrap();
    assert!(answer[4] > 5, "{answer:?}");
    fault.saw("a connection that was there before goes on");
}

#[test]
fn brk_t05_a_certificate_that_cannot_be_used_leaves_the_old_one_and_is_told() {
    type Spoil = fn(&Pair, &Pair);
    let cases: [(&str, Spoil); 3] = [
        ("a key of another", |shown, other| {
            fs::copy(&other.key, &shown.key).unwrap();
        }),
        ("an empty file", |shown, _| fs::write(&shown.certificate, "").unwrap()),
        ("no file", |shown, _| fs::remove_file(&shown.key).unwrap()),
    ];
    let mut fault = Fault::begin("BRK-T05");
    for (what, spoil) in cases {
        let mut rig = Rig::new();
        let own = rig.made.signed("own", &rig.authority, 10);
        let first = rig.talk(Some(&own)).expect("who has a right certificate").seen();
        spoil(&rig.shown, &own);
        rig.node.signal(Signal::HUP);
        rig.node.log().wait("the certificates stay as they were");
        let now = rig.talk(Some(&own)).expect("who has a right certificate").seen();
        assert_eq!(now, first, "{what}: the old one stays");
        fault.saw(format_args!("{what}: told, the old one stays"));
        rig.node.stop();
    }
}

#[test]
fn brk_t06_only_who_shows_a_right_certificate_is_let_in() {
    let rig = Rig::new();
    let stranger = rig.made.own("stranger");
    let right = rig.made.signed("right", &rig.authority, 10);
    let expired = rig.made.signed("expired", &rig.authority, -1);
    let strange = rig.made.signed("strange", &stranger, 10);
    let mut fault = Fault::begin("BRK-T06");
    for (what, own) in
        [("none", None), ("of another authority", Some(&strange)), ("expired", Some(&expired))]
    {
        assert!(rig.talk(own).is_none(), "{what}");
    }
    assert!(rig.talk(Some(&right)).is_some());
    fault.saw("none, of another authority, expired: refused; right: let in");
    rig.node.stop();
}
