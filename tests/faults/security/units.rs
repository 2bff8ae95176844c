//! The units that are shipped: how little they leave open, and that the daemon serves under them.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::thread;

use ostler_tests::installed::SERVICE;
use ostler_tests::process::{command, kill, wait_gone};
use ostler_tests::unit::shipped;
use ostler_tests::wire::{PASSWORD, query};
use ostler_tests::{
    Address, Certificates, Fault, Installed, Kind, PrivateBurp, Secure, Version, Wire, wait_for,
};
use rustix::process::Signal;
use serde_json::{Value, json};

/// A score, and what it is made of.
struct Exposure {
    score: f64,
    rest: String,
}

/// What `systemd-analyze` says of a unit with these drop-ins.
fn exposure(drop_ins: &[&str]) -> Exposure {
    let place = tempfile::tempdir().unwrap();
    let unit = place.path().join(SERVICE);
    fs::copy(shipped(SERVICE), &unit).unwrap();
    let beside = place.path().join("bui-monitor.service.d");
    fs::create_dir(&beside).unwrap();
    for name in drop_ins {
        fs::copy(shipped(name), beside.join(name)).unwrap();
    }
    let told = analyze(&["--no-pager"], &unit);
    let line = told.lines().find_map(|line| line.split_once("Overall exposure level for "));
    let score = line.and_then(|(_, line)| line.split_whitespace().nth(1)?.parse().ok());
    let settings: Value = serde_json::from_str(&analyze(&["--json=short"], &unit)).unwrap();
    let left = |setting: &Value| {
        let exposure = setting["exposure"].as_str().filter(|exposure| *exposure != "0.0")?;
        Some(format!("{} {exposure}", setting["name"].as_str()?.trim_end_matches('=')))
    };
    let rest: Vec<String> = settings.as_array().unwrap().iter().filter_map(left).collect();
    Exposure { score: score.unwrap_or_else(|| panic!("no score:\n{told}")), rest: rest.join(", ") }
}

fn analyze(options: &[&str], unit: &Path) -> String {
    let mut analyze = command("systemd-analyze");
    let output = analyze.args(["security", "--offline=true"]).args(options).arg(unit).output();
    let Output { status, stdout, stderr } = output.unwrap_or_else(|error| {
        panic!("systemd-analyze is needed (Debian: apt-get install systemd): {error}")
    });
    let errors = String::from_utf8_lossy(&stderr);
    assert!(status.success() && errors.is_empty(), "systemd-analyze: {status} {errors}");
    String::from_utf8(stdout).unwrap()
}

#[test]
fn a09_the_units_leave_little_open() {
    let mut fault = Fault::begin("A09");
    for (name, drop_ins, bound) in [("default", &[][..], 1.2), ("strict", &["strict.conf"], 0.9)] {
        let Exposure { score, rest } = exposure(drop_ins);
        assert!(score <= bound, "{name}: {score}: {rest}");
        fault.figure(format!("{name} {score}, left open: {rest}"), score <= bound);
    }
}

#[test]
fn a10_it_serves_under_the_unit() {
    let mut fault = Fault::begin("A10");
    let burp = &PrivateBurp::new(Kind::Small);
    // Beside each other, since what takes time is that burp answers once a second.
    let served = thread::scope(|scope| {
        let manners = [Manner::Default, Manner::Strict, Manner::Deadly];
        let running = manners.map(|manner| (manner, scope.spawn(move || serves(manner, burp))));
        running.map(|(manner, served)| (manner, served.join().expect("it serves")))
    });
    for (manner, served) in served {
        match served {
            Ok(()) => fault.saw(manner.words()),
            Err(why) => return fault.explain(format!("no systemd of its own: {why}")),
        }
    }
}

/// Goes through the life of a service that is run so, or says why this machine grants none.
fn serves(manner: Manner, burp: &PrivateBurp) -> Result<(), String> {
    let mut service = Installed::new(burp)?;
    match manner {
        Manner::Default => {}
        Manner::Strict => service.drop_in("strict.conf"),
        Manner::Deadly => {
            // What else it tries first is one of those calls.
            service.set("transport", "relay");
            let deadly = "[Service]\nSystemCallErrorNumber=kill\n";
            service.unit("bui-monitor.service.d/deadly.conf", deadly);
        }
    }
    service.start();
    is_confined(&service);
    answers(&service, burp);
    replaces_a_child(&service);
    reloads(&mut service);
    serves_with_secrets_of_roots(&mut service);
    drains(&service);
    Ok(())
}

/// How the service is run.
#[derive(Clone, Copy)]
enum Manner {
    /// As it is shipped.
    Default,
    /// With the strict drop-in.
    Strict,
    /// A system call that the unit refuses ends the process that makes it.
    Deadly,
}

impl Manner {
    fn words(self) -> &'static str {
        match self {
            Self::Default => {
                "run by a systemd of its own, under the unit as it is shipped, before a real burp: \
                 READY, every kind of query with the same bytes, a lost child, a reload, TLS with a \
                 key and a password of root's as credentials, a stop that lets an answer out"
            }
            Self::Strict => "the same with the strict drop-in",
            Self::Deadly => {
                "and where a system call that the unit refuses would end whoever makes it"
            }
        }
    }
}

/// What the kernel says of the daemon and of its children.
fn is_confined(service: &Installed) {
    let children = service.children().into_iter().map(|child| child.pid);
    for pid in service.daemon().into_iter().chain(children) {
        service.confines(pid);
    }
}

/// Every kind of query over the Unix socket, with the bytes that a bare child gives; and one over
/// TCP.
fn answers(service: &Installed, burp: &PrivateBurp) {
    burp.compare(&burp.kinds(), |query| service.query(query));
    assert_eq!(query(&service.port(), "c:client1").status(), "OK");
    assert_eq!(service.status()["transport"], "relay");
}

fn replaces_a_child(service: &Installed) {
    let before = service.children();
    kill(before[0].pid, Signal::KILL);
    wait_gone(&before[..1]);
    assert_eq!(service.query("c:client1").status(), "OK", "the other child answers");
    wait_for("the pool is whole", || {
        let now = service.children();
        now.len() == 2 && !now.contains(&before[0])
    });
    service.wait_ready(2);
}

/// `systemctl reload` brings a changed configuration into force.
fn reloads(service: &mut Installed) {
    let daemon = service.daemon();
    service.set("pool", "3");
    service.succeed(&["reload", SERVICE]);
    service.wait_ready(3);
    assert_eq!(service.daemon(), daemon);
    assert_eq!(service.query("c:client1").status(), "OK");
}

/// The key is read by root, and handed over as a credential.
fn serves_with_secrets_of_roots(service: &mut Installed) {
    let made = Certificates::new();
    let pair = made.own("server");
    service.give("/etc/burp/bui-monitor.pem", &fs::read(pair.certificate).unwrap());
    service.keep("/etc/burp/bui-monitor.key", &fs::read(pair.key).unwrap());
    service.keep("/etc/burp/bui-monitor.password", format!("{PASSWORD}\n").as_bytes());
    let secrets = ["key", "password"].map(|end| format!("bui-monitor.{end}"));
    let credentials =
        secrets.each_ref().map(|name| format!("LoadCredential={name}:/etc/burp/{name}\n"));
    let drop_in = format!("[Service]\n{}", credentials.concat());
    service.unit("bui-monitor.service.d/secrets.conf", &drop_in);
    service.unset("password");
    service.set("password_file", "/run/credentials/bui-monitor.service/bui-monitor.password");
    service.set("ssl", "true");
    service.set("sslcert", "/etc/burp/bui-monitor.pem");
    service.set("sslkey", "/run/credentials/bui-monitor.service/bui-monitor.key");
    service.succeed(&["restart", SERVICE]);
    service.wait_ready(3);
    let Address::Tcp(port) = service.port() else { panic!("no port") };
    let query = json!({ "query": "c:client1", "cache": false });
    let answer = Secure::new(Version::Tls13, None).ask(port, &query);
    assert_eq!(answer.json()["clients"][0]["name"], "client1");
}

/// `systemctl stop` lets a request that is in flight have its answer.
fn drains(service: &Installed) {
    let children = service.children();
    let all = |signal| children.iter().for_each(|child| kill(child.pid, signal));
    all(Signal::STOP);
    let mut client = Wire::connect(&service.socket());
    let query = json!({ "query": "c:client1", "cache": false, "password": PASSWORD });
    client.frame(query.to_string().as_bytes());
    wait_for("a child has the query", || service.status()["n_busy"] == 1);
    service.succeed(&["stop", "--no-block", SERVICE]);
    wait_for("no one else is let in", || Wire::try_connect(&service.socket()).is_err());
    all(Signal::CONT);
    assert_eq!(client.answer().json()["clients"][0]["name"], "client1");
    wait_for("it has ended", || service.property("ActiveState") == "inactive");
    assert_eq!(service.property("Result"), "success");
    assert_eq!(service.property("ExecMainStatus"), "0");
    wait_gone(&children);
}
