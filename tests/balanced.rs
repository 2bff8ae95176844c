//! Several daemons behind `HAProxy`, with the example of `etc` and TLS from end to end.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ostler_tests::clients::connect_from;
use ostler_tests::haproxy::{Haproxy, PORT, STATUS_PORT, Site, check};
use ostler_tests::process::kill;
use ostler_tests::secure::Talk;
use ostler_tests::wire::{self, PASSWORD, frame};
use ostler_tests::{
    Address, Answer, Certificates, Daemon, FakeBurp, Load, Pair, Secure, Settings, Step, Version,
    wait_for,
};
use rustix::process::Signal;
use serde_json::json;

/// A query that children are held at.
const HELD: &str = "c:client1";

/// Clients of a load, each at an address of its own.
const CLIENTS: usize = 4;

/// One of the daemons behind `HAProxy`: its burp, and how it is started.
struct Stall {
    fake: FakeBurp,
    settings: Settings,
    daemon: Daemon,
}

impl Stall {
    fn new(site: Site, number: u8, pair: &Pair) -> Self {
        let fake = FakeBurp::new();
        let bind = format!("unix:{}, {}", socket(&fake).display(), site.daemon(number));
        let settings = fake
            .settings()
            .set("bind", &bind)
            .set("port", &PORT.to_string())
            .set("ssl", "true")
            .set("sslcert", pair.certificate.to_str().unwrap())
            .set("sslkey", pair.key.to_str().unwrap())
            .set("trusted", "127.0.0.1")
            .set("drain", "60")
            .status("bind", &site.daemon(number).to_string())
            .status("port", &STATUS_PORT.to_string());
        let daemon = settings.clone().start();
        daemon.wait_ready(2);
        Self { fake, settings, daemon }
    }

    /// Starts it again.
    fn revive(&mut self) {
        self.daemon = self.settings.clone().start();
        self.daemon.wait_ready(2);
    }

    /// What it has counted of its connections, asked beside `HAProxy`.
    fn counted(&self, what: &str) -> u64 {
        self.daemon.status()["connections"][what].as_u64().unwrap()
    }

    /// Waits until so many connections have come to it through `HAProxy`.
    fn wait_used(&self, connections: u64) {
        wait_for("HAProxy uses it", || self.counted("proxied") >= connections);
    }
}

/// Plain, as Unix sockets are, and first in `bind`: where the daemon's own functions ask.
fn socket(fake: &FakeBurp) -> PathBuf {
    fake.directory().join("socket")
}

/// Two daemons, and `HAProxy` in front of them.
struct Rig {
    site: Site,
    secure: Secure,
    stalls: [Stall; 2],
    haproxy: Haproxy,
    _made: Certificates,
}

impl Rig {
    fn new() -> Self {
        let (site, made) = (Site::new(), Certificates::new());
        let pair = made.own("server");
        let stalls = [0, 1].map(|number| Stall::new(site, number, &pair));
        let haproxy = Haproxy::start(site);
        let secure = Secure::new(Version::Tls13, None);
        Self { site, secure, stalls, haproxy, _made: made }
    }

    /// A client at 127.0.0.`last`.
    fn client(&self, last: u8) -> Client {
        let (site, secure) = (self.site, self.secure.clone());
        Client { site, secure, source: Ipv4Addr::new(127, 0, 0, last) }
    }

    /// Clients that ask without end; `told` gets each answer, and whether `flag` was set when its
    /// query began.
    fn load(&self, flag: &Arc<AtomicBool>, told: fn(&Answer, bool)) -> Load {
        let clients: Vec<Client> = (100..).take(CLIENTS).map(|last| self.client(last)).collect();
        let flag = Arc::clone(flag);
        Load::by(CLIENTS, move |number, text| {
            let before = flag.load(Ordering::Acquire);
            let answer = clients[number].query(text);
            told(&answer, before);
            answer
        })
    }
}

/// Who asks through `HAProxy`.
#[derive(Clone)]
struct Client {
    site: Site,
    secure: Secure,
    source: Ipv4Addr,
}

impl Client {
    /// Connects and says nothing yet.
    fn connect(&self) -> Talk<TcpStream> {
        self.secure.over(connect_from(self.source, self.site.front()))
    }

    /// Connects, shakes hands and asks with this password.
    fn begin(&self, password: &str, query: &str) -> io::Result<Talk<TcpStream>> {
        let request = json!({ "query": query, "password": password, "cache": false }).to_string();
        let mut talk = self.connect();
        talk.write_all(&frame(request.as_bytes()))?;
        Ok(talk)
    }

    /// Asks with a connection of its own; whatever goes wrong with it is no answer.
    fn ask(&self, password: &str, query: &str) -> Answer {
        self.begin(password, query).map_or(Answer::Closed, read)
    }

    fn query(&self, query: &str) -> Answer {
        self.ask(PASSWORD, query)
    }
}

/// Reads an answer to its end, which must be in order.
fn read(mut talk: Talk<TcpStream>) -> Answer {
    let mut bytes = Vec::new();
    match talk.read_to_end(&mut bytes) {
        Ok(_) => Answer::parse(&bytes),
        Err(_) if bytes.is_empty() => Answer::Closed,
        Err(_) => Answer::Strange(bytes),
    }
}

#[test]
fn the_example_is_accepted_without_a_word() {
    let (code, words) = check();
    assert_eq!(code, Some(0), "{words}");
    assert!(!words.contains("WARNING") && !words.contains("NOTICE"), "{words}");
}

#[test]
fn one_that_is_killed_costs_what_it_was_answering_and_is_used_again_when_it_is_back() {
    let mut rig = Rig::new();
    // One query goes to each, since HAProxy chooses the one that has fewer.
    for stall in &rig.stalls {
        stall.fake.hold_at(HELD);
    }
    let held = [2, 3].map(|last| rig.client(last).begin(PASSWORD, HELD).unwrap());
    let [dying, living] = &mut rig.stalls;
    dying.fake.wait_query(HELD);
    let child = living.fake.wait_query(HELD);

    let gone = Arc::new(AtomicBool::new(false));
    let load = rig.load(&gone, |answer, began_after| {
        assert!(answer.status() == "OK" || !began_after, "{answer:?}, and nothing had died");
    });
    rig.stalls.iter().for_each(|stall| stall.wait_used(20));
    let [dying, living] = &mut rig.stalls;
    dying.daemon.signal(Signal::KILL);
    dying.daemon.ended();
    gone.store(true, Ordering::Release);
    load.pass(50);
    rig.haproxy.wait_status("one", "DOWN");
    load.pass(50);
    living.fake.release(child, &[Step::Answer]);
    let mut held = held.map(|talk| read(talk).status());
    held.sort_unstable();
    assert_eq!(held, ["OK", "closed"], "one was in flight on each");

    let [dying, _] = &mut rig.stalls;
    dying.fake.behave();
    dying.revive();
    rig.haproxy.wait_status("one", "UP");
    dying.wait_used(20);
    let (_, lost) = load.finish();
    assert!(lost.len() <= CLIENTS, "each has one query in flight: {lost:?}");
}

#[test]
fn one_that_is_stopped_under_load_costs_no_request() {
    let mut rig = Rig::new();
    let load = rig.load(&Arc::default(), |_, _| {});
    for (number, name) in [(0, "one"), (1, "two"), (0, "one")] {
        let stall = &mut rig.stalls[number];
        stall.wait_used(20);
        stall.daemon.signal(Signal::TERM);
        assert_eq!(stall.daemon.ended().code(), Some(0));
        load.pass(20);
        rig.haproxy.wait_status(name, "DOWN");
        stall.revive();
        rig.haproxy.wait_status(name, "UP");
    }
    load.end();
}

#[test]
fn one_that_is_being_stopped_is_not_ready_and_finishes_what_it_has() {
    let mut rig = Rig::new();
    rig.stalls[0].fake.hold_at(HELD);
    rig.haproxy.tell("set server bui-monitors/two state maint");
    let held = rig.client(2).begin(PASSWORD, HELD).unwrap();
    let child = rig.stalls[0].fake.wait_query(HELD);
    rig.haproxy.tell("set server bui-monitors/two state ready");
    rig.stalls[0].daemon.signal(Signal::TERM);
    // Nobody asks meanwhile, so that it is by the checks that this is known.
    rig.haproxy.wait_status("one", "DOWN");
    assert_eq!(rig.haproxy.figure("one", "check_code"), "503");
    assert_eq!(rig.client(3).query(HELD).status(), "OK");
    rig.stalls[0].fake.release(child, &[Step::Answer]);
    assert_eq!(read(held).status(), "OK");
    assert_eq!(rig.stalls[0].daemon.ended().code(), Some(0));
}

#[test]
fn limits_and_the_log_know_the_clients_behind_haproxy() {
    let mut rig = Rig::new();
    // All go to one daemon, which thus counts all of them.
    rig.haproxy.tell("set server bui-monitors/two state maint");
    let [stall, _] = &mut rig.stalls;
    let settings = stall.settings.clone().set("max_unauthenticated", "20");
    stall.settings = settings;
    stall.daemon.signal(Signal::TERM);
    stall.daemon.ended();
    stall.revive();
    rig.haproxy.wait_status("one", "UP");
    let (stranger, other) = (rig.client(7), rig.client(8));
    let stall = &rig.stalls[0];

    // Five are answered at once, five within four seconds, and all others after eight.
    let mut guesses: Vec<_> =
        (0..18).map(|_| stranger.begin("wrong", "c:client1").unwrap()).collect();
    wait_for("late answers are kept back", || stall.counted("parked") >= 6);
    assert_eq!(other.ask("wrong", "c:client1"), Answer::Ko);
    assert_eq!(other.query("c:client1").status(), "OK");
    assert_eq!(stranger.query("c:client1").status(), "OK");
    assert!(stall.counted("parked") >= 1, "the stranger waits, and nobody else did");
    assert_eq!(read(guesses.remove(0)), Answer::Ko);
    stall.daemon.wait_log("wrong password from 127.0.0.7:");
    drop(guesses);

    let many = rig.client(9);
    let mut crowd: Vec<_> = (0..30).map(|_| many.connect()).collect();
    let mut others: Vec<_> = (0..10).map(|_| other.connect()).collect();
    for talk in crowd.iter_mut().chain(&mut others) {
        // One that makes room meanwhile cannot.
        let _ = talk.shake_hands();
    }
    wait_for("what is too much goes", || stall.counted("evicted") == 10);
    let version = json!({ "func": "monitor_version", "password": PASSWORD }).to_string();
    for mut talk in others {
        talk.write_all(&frame(version.as_bytes())).unwrap();
        assert_eq!(read(talk).text(), "1.1.1");
    }
}

#[test]
fn where_no_daemon_is_ready_clients_are_told_why() {
    let rig = Rig::new();
    for stall in &rig.stalls {
        stall.fake.at_start(vec![Step::Exit(1)]);
        stall.fake.alive().into_iter().for_each(|child| kill(child, Signal::KILL));
    }
    rig.haproxy.wait_status("one", "DOWN");
    rig.haproxy.wait_status("two", "DOWN");
    let told = rig.client(2).query("c:client1").error();
    assert!(told.contains("burp"), "{told}");
    for stall in &rig.stalls {
        stall.fake.behave();
    }
    rig.haproxy.wait_status("one", "UP");
    assert_eq!(rig.client(2).query("c:client1").status(), "OK");
}

#[test]
fn over_a_unix_socket_it_is_trusted_as_it_is_and_its_checksum_is_right() {
    let (site, fake) = (Site::new(), FakeBurp::new());
    let path = socket(&fake);
    let daemon = fake.settings().set("bind", &format!("unix:{}", path.display())).start();
    daemon.wait_ready(2);
    let local = format!("unix@{}", path.display());
    let example = format!("{}:{PORT}", site.daemon(0));
    let _haproxy = Haproxy::changed(
        site,
        &[
            (&example, &local),
            ("send-proxy-v2 check", "send-proxy-v2 proxy-v2-options crc32c,unique-id no-check #"),
            ("use_backend", "# "),
            ("mode tcp", "mode tcp\n    unique-id-format %ci"),
            ("chroot ", "# "),
            ("user ", "# "),
            ("group ", "# "),
        ],
    );
    let front = Address::Tcp(site.front());
    let wrong = json!({ "func": "monitor_version", "password": "wrong" });
    assert_eq!(wire::ask(&front, &wrong), Answer::Ko);
    daemon.wait_log("wrong password from 127.0.0.1:");
    let connections = &daemon.status()["connections"];
    assert_eq!(connections["proxied"].as_u64(), Some(1));
    assert_eq!(connections["proxy_failures"].as_u64(), Some(0));
}
