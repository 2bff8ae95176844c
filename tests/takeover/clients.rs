//! What Burp-UI and its agent rely on, beyond the bytes of single answers.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};

use ostler_tests::aside::ready;
use ostler_tests::controller::usual;
use ostler_tests::process::kill;
use ostler_tests::wire::{PASSWORD, ask, frame};
use ostler_tests::{Address, Answer, FakeBurp, Question, Reply, Step, Wire, wait_for};
use rustix::process::Signal;
use serde_json::json;

/// The agent asks again when it is told that burp does not live, and ends at an error.
#[test]
fn statistics_tell_that_burp_is_away_and_that_it_is_back() {
    const AWAY: &str =
        r#"{"alive": false, "server_version": "unknown", "client_version": "unknown"}"#;
    const BACK: &str = r#"{"alive": true, "server_version": "3.1.4", "client_version": "3.1.4"}"#;
    let refused = || vec![Step::Logline("Could not connect to x".to_owned()), Step::Exit(4)];
    let fake = FakeBurp::new();
    fake.at_start(refused());
    // From the beginning.
    let daemon = fake.settings().start();
    assert_eq!(daemon.call("statistics").text(), AWAY);
    assert_eq!(daemon.call("client_version").status(), "ER", "nobody has said it");
    fake.behave();
    daemon.wait_ready(2);
    assert_eq!(daemon.call("statistics").text(), BACK);
    // And later.
    fake.at_start(refused());
    for child in daemon.children() {
        kill(child.pid, Signal::KILL);
    }
    wait_for("nobody is ready", || daemon.status()["n_ready"] == 0);
    wait_for("it is told", || daemon.call("statistics").text() == AWAY);
    assert_eq!(daemon.call("client_version").text(), "3.1.4", "this is still true");
    fake.behave();
    daemon.wait_ready(2);
    assert_eq!(daemon.call("statistics").text(), BACK);
}

/// Burp-UI reads two bytes and then eight, and takes it for the end if it gets fewer.
#[test]
fn the_head_of_an_answer_comes_in_one_piece() {
    let fake = FakeBurp::new();
    let daemon = ready(&fake, 1);
    let Address::Tcp(address) = daemon.address() else { panic!("no port") };
    fake.rule(|_, question| match question {
        Question::Query(text) if text.starts_with(b"c:client1:b:") => {
            let size = String::from_utf8_lossy(&text[12..]).parse().unwrap();
            Reply::Do(vec![Step::Filler(size)])
        }
        _ => usual(question),
    });
    for size in [40, 1000, 1 << 14, 1 << 16, 3 << 20] {
        let query = format!("c:client1:b:{size}");
        let request = json!({ "query": query, "cache": false, "password": PASSWORD });
        let mut stream = TcpStream::connect(address).unwrap();
        let request = frame(request.to_string().as_bytes());
        // In two writes, as Burp-UI does it.
        stream.write_all(&request[..8]).unwrap();
        stream.write_all(&request[8..]).unwrap();
        let (mut status, mut length) = ([0; 2], [0; 8]);
        assert_eq!(stream.read(&mut status).unwrap(), 2);
        assert_eq!(stream.read(&mut length).unwrap(), 8);
        let mut body = Vec::new();
        stream.read_to_end(&mut body).unwrap();
        let whole = [&status[..], &length, &body].concat();
        assert_eq!(Answer::parse(&whole).body().len(), size);
    }
}

/// Whether this machine has IPv6, without which there is nothing to show.
fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

#[test]
fn all_addresses_of_ipv6_are_none_of_ipv4() {
    if !has_ipv6() {
        return;
    }
    let fake = FakeBurp::new();
    let daemon = fake.settings().set("bind", "::").start();
    let Address::Tcp(any) = daemon.address() else { panic!("no port") };
    let at = |ip: &str| Address::Tcp((ip.parse::<IpAddr>().unwrap(), any.port()).into());
    let version = json!({ "func": "monitor_version" });
    assert_eq!(ask(&at("::1"), &version).text(), "1.1.1");
    assert!(Wire::try_connect(&at("127.0.0.1")).is_err(), "the original does not listen here");
}

#[test]
fn all_addresses_of_both_kinds_have_the_same_port() {
    if !has_ipv6() {
        return;
    }
    let fake = FakeBurp::new();
    // Below those that the kernel gives to whoever connects.
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let free = |port: &u16| {
        let nobody_has = |ip: IpAddr| TcpListener::bind((ip, *port)).is_ok();
        nobody_has(Ipv4Addr::UNSPECIFIED.into()) && nobody_has(Ipv6Addr::UNSPECIFIED.into())
    };
    let port = (first..32_000).find(free).unwrap();
    let both = fake.settings().set("bind", "::, 0.0.0.0").set("port", &port.to_string());
    let _daemon = both.start();
    for ip in ["::1", "127.0.0.1"] {
        let address = Address::Tcp((ip.parse::<IpAddr>().unwrap(), port).into());
        let answer = ask(&address, &json!({ "func": "monitor_version" }));
        assert_eq!(answer.text(), "1.1.1", "{ip}");
    }
}
