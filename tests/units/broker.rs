//! `broker-node.service`.

use std::fs;

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, Topic};
use ostler_runtime::Deadline;
use ostler_tests::PATIENCE;
use ostler_tests::binaries::{broker_node, workspace};
use ostler_tests::packaged::{Package, Packaged};
use ostler_tests::process::command;
use ostler_tests::unit::shipped;
use ostler_tests::wait_for;

const SERVICE: &str = "broker-node.service";

#[test]
fn systemd_has_nothing_to_say_of_the_broker_s_unit_and_it_leaves_little_open() {
    let place = tempfile::tempdir().unwrap();
    let program = broker_node().display().to_string();
    let service = fs::read_to_string(shipped(SERVICE)).unwrap();
    let file = place.path().join(SERVICE);
    fs::write(&file, service.replace("/usr/sbin/broker-node", &program)).unwrap();
    for arguments in
        [&["verify", "--man=no"][..], &["security", "--offline=true", "--threshold=12"]]
    {
        let output = command("systemd-analyze").args(arguments).arg(&file).output();
        let output = output.expect("systemd-analyze (Debian: apt-get install systemd)");
        let words = [output.stdout, output.stderr].concat();
        let words = String::from_utf8_lossy(&words);
        assert!(output.status.success(), "{arguments:?}: {words}");
        assert!(arguments[0] != "verify" || words.is_empty(), "{words}");
    }
}

#[test]
fn the_broker_serves_under_its_unit() {
    let package =
        Package { binary: broker_node(), name: "broker-node", units: &[SERVICE], service: SERVICE };
    let refused = |why: &String| eprintln!("nothing was tested: {why}");
    let Ok(service) = Packaged::new(package, "").inspect_err(refused) else { return };
    // As it is installed, on a port that is free.
    let sample = fs::read_to_string(workspace().join("etc/broker.cfg")).unwrap();
    let config = sample
        .replace("\nport = 9999\n", "\nport = 0\n")
        .replace("# verbosity = warning", "verbosity = info")
        .replace("# topics = /zeek/event, /zeek/logs", "topics = /zeek");
    service.give("/etc/broker/broker.cfg", config.as_bytes());
    service.succeed(&["start", SERVICE]);
    let daemon = service.daemon().unwrap();
    service.confines(daemon);
    let log = service.log();
    let told = log.lines().find_map(|line| line.split_once("listening on 127.0.0.1 port "));
    let port = told.and_then(|(_, rest)| rest.split(' ').next()?.parse().ok()).expect("a port");

    let soon = || Deadline::after(PATIENCE);
    let (one, other) = (endpoint(), endpoint());
    let topic = Topic::new("/zeek/event").unwrap();
    let mut subscriber = one.subscribe([topic.clone()]);
    for endpoint in [&one, &other] {
        endpoint.peer("127.0.0.1", port, None, soon()).unwrap();
    }
    assert!(other.await_filter_entry(&topic, soon()));
    other.publish(&topic, &Data::Count(7)).unwrap();
    assert_eq!(subscriber.get_before(soon()).unwrap().data, Data::Count(7));

    service.give("/etc/broker/broker.cfg", b"[node]\nport = many\n");
    service.succeed(&["reload", SERVICE]);
    wait_for("a wrong file changes nothing", || {
        service.log().contains("everything stays as it was")
    });
    assert_eq!(service.daemon(), Some(daemon));
    drop((one, other));
    service.succeed(&["stop", SERVICE]);
    assert_eq!(service.property("Result"), "success", "{}", service.log());
    assert_eq!(service.property("ExecMainStatus"), "0");
}

fn endpoint() -> Endpoint {
    Endpoint::new(EndpointOptions::default()).unwrap()
}
