//! `broker-throughput`: both sides of a measurement, and how they end.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, Topic};
use ostler_net::Address;
use ostler_runtime::Deadline;
use ostler_tests::binaries::broker_throughput;
use ostler_tests::process::{Process, command};
use ostler_tests::{Certificates, PATIENCE};

#[test]
fn events_of_each_type_arrive_and_are_counted() {
    let mut server = command(broker_throughput());
    server.args(["--server", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut server = Process::start(&mut server);
    let mut printed = BufReader::new(server.streams().stdout.take().unwrap());
    let mut line = String::new();
    printed.read_line(&mut line).unwrap();
    let at = line.trim().strip_prefix("listening on ").expect("where it listens").to_owned();
    let mut sent = 0;
    for kind in ["1", "2", "3"] {
        let mut client = command(broker_throughput());
        client.args(["-t", kind, "-r", "0", "-s", "50", "-m", "500", &at]);
        let output = client.output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), words.as_str()), (Some(0), ""), "type {kind}");
        let told = String::from_utf8(output.stdout).unwrap();
        let last = told.lines().last().and_then(|line| line.strip_suffix(" in all"));
        sent += last.and_then(|count| count.parse::<u64>().ok()).expect("how many were sent");
    }
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    let (host, port) = at.split_once(':').unwrap();
    let soon = || Deadline::after(PATIENCE);
    endpoint.peer(host, port.parse().unwrap(), None, soon()).unwrap();
    let end = Topic::new("/benchmark/terminate").unwrap();
    assert!(endpoint.await_filter_entry(&end, soon()));
    endpoint.publish(&end, &Data::None).unwrap();
    let mut rest = String::new();
    printed.read_to_string(&mut rest).unwrap();
    assert_eq!(server.ended().code(), Some(0));
    let all = rest.trim_end().rsplit_once("events/s, ").and_then(|(_, rest)| rest.split_once(' '));
    let all: u64 = all.and_then(|(all, _)| all.parse().ok()).expect("how many came");
    assert_eq!(all, sent, "all that was sent has come: {rest}");
}

#[test]
fn without_a_server_it_says_so() {
    // Nobody listens on the port of a listener that has gone.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = command(broker_throughput()).arg(gone.to_string()).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(69), "{words}");
    assert!(words.contains("cannot peer with 127.0.0.1:"), "{words}");
}

#[test]
fn a_server_that_never_says_what_has_arrived_is_given_up() {
    let silent = Endpoint::new(EndpointOptions::default()).unwrap();
    let _events = silent.subscribe([Topic::new("/benchmark/events").unwrap()]);
    let ports = silent.listen(&Address::parse("127.0.0.1", 0).unwrap()).unwrap();
    let at = format!("127.0.0.1:{}", ports[0]);
    // The next batch would be due in more than a day.
    let mut client = command(broker_throughput());
    let output = client.args(["-r", "0.00001", "-m", "1", &at]).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(69), "{words}");
    assert!(words.contains("said nothing for 30s of what has come to it"), "{words}");
}

#[test]
fn tls_is_spoken_by_the_keys_of_a_node() {
    let files = Certificates::new();
    let authority = files.own("authority");
    let arguments = |name: &str| {
        let pair = files.signed(name, &authority, 10);
        [
            format!("--broker.ssl.certificate={}", pair.certificate.display()),
            format!("--broker.ssl.key={}", pair.key.display()),
            format!("--broker.ssl.cafile={}", authority.certificate.display()),
        ]
    };
    let mut server = command(broker_throughput());
    server.args(arguments("server")).args(["--server", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut server = Process::start(&mut server);
    let mut line = String::new();
    BufReader::new(server.streams().stdout.take().unwrap()).read_line(&mut line).unwrap();
    let at = line.trim().strip_prefix("listening on ").expect("where it listens");
    let load = ["-t", "2", "-r", "0", "-s", "50", "-m", "500", at];
    let output =
        command(broker_throughput()).args(arguments("client")).args(load).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), words.as_str()), (Some(0), ""));
    let output = command(broker_throughput()).arg("--disable-ssl").args(load).output().unwrap();
    assert_eq!(output.status.code(), Some(69), "without TLS: {output:?}");
    let key = "--broker.ssl.cafile=/ca.pem";
    let output = command(broker_throughput()).arg(key).args(load).output().unwrap();
    assert_eq!(output.status.code(), Some(78), "without a certificate: {output:?}");
}

#[test]
fn a_file_that_is_there_says_whether_tls_is_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    let refused = |text: &str| {
        std::fs::write(folder.path().join("broker.conf"), text).unwrap();
        let output = command(broker_throughput())
            .current_dir(folder.path())
            .args(["--server", &at])
            .output()
            .unwrap();
        output.status.code()
    };
    assert_eq!(refused("broker.ssl.cafile = \"/ca.pem\"\n"), Some(78), "without a certificate");
    assert_eq!(refused("broker.peer-buffer-size = 9\n"), Some(69), "the place is taken");
}
