//! What a node takes from its files, the environment and the command line.

use std::net::SocketAddr;

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, Topic};
use ostler_runtime::Deadline;
use ostler_tests::http::Caller;
use ostler_tests::wait::PATIENCE;
use ostler_tests::websocket::{Client, stream};

use crate::program::Setup;

const PLAIN: &str = "broker { disable-ssl = true }\ntopics = [\"/cap\"]\n";

pub(crate) fn soon() -> Deadline {
    Deadline::after(PATIENCE)
}

#[test]
fn a_script_for_the_original_starts_it_by_a_file_and_variables() {
    let config = "# as it stands in scripts\nbroker {\n  disable-ssl = true,\n}\n\
                  topics = [\"/cap\", \"/x\"]\nverbose = true\n";
    let node = Setup::new(config)
        .variable("BROKER_PORT", "0/tcp")
        .variable("BROKER_WEB_SOCKET_PORT", "0/tcp")
        .start();
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    let port = node.port("peers");
    for host in ["127.0.0.1", "::1"] {
        let id = endpoint.peer(host, port, None, soon());
        assert!(id.is_ok(), "{host}: {id:?}");
    }
    let topic = Topic::new("/cap/a").unwrap();
    assert!(endpoint.await_filter_entry(&topic, soon()));

    let address = SocketAddr::from(([127, 0, 0, 1], node.port("WebSocket clients")));
    let mut client = Client::over(stream(address), "/v1/messages/json", &[]);
    client.send("[\"/cap\"]");
    assert_eq!(client.json()["type"], "ack");
    endpoint.publish(&topic, &Data::Count(7)).unwrap();
    let message = client.json();
    assert_eq!((&message["topic"], &message["data"]), (&"/cap/a".into(), &7.into()));
    drop(endpoint);
    let printed = node.stop();
    for words in ["*** peer_added(", "data(/cap/a, 7)"] {
        assert!(printed.contains(words), "{words} in {printed}");
    }
}

#[test]
fn what_is_said_later_goes_before_and_other_keys_are_warned_of() {
    let config = format!("{PLAIN}port = 1\nno-such-key = 1\n");
    let node = Setup::new(&config).arguments(&["--port", "0", "--metrics-port=0"]).start();
    assert!(node.port("peers") > 1);
    assert!(node.log().lines().iter().any(|line| line.contains("no-such-key")));
    let figures = SocketAddr::from(([127, 0, 0, 1], node.port("figures")));
    let mut caller = Caller::new(figures);
    caller.send("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    let answer = caller.last();
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, 200);
    assert!(text.contains("broker_connections{type=\"native\"} 0"), "{text}");
    node.stop();
}

#[test]
fn what_is_wrong_is_said_with_its_place_all_at_once() {
    for (config, words) in [
        (
            "port = \"many\"\nmode = 'fast'\nbroker.disable-ssl = true",
            ["broker.conf:1: port:", "mode: must be one of relay, ping, pong"],
        ),
        (
            "broker.disable-ssl = true\npeers = [1]\nbroker.peer-buffer-size = 0",
            ["broker.conf:2: peers:", "broker.conf:3: broker.peer-buffer-size:"],
        ),
        ("topics = [", ["broker.conf:1:", "error"]),
        ("port = 9", ["broker.disable-ssl: TLS without certificates", "broker.ssl"]),
    ] {
        let (code, printed, said) = Setup::new(config).output();
        assert_eq!((code, printed.as_str()), (Some(78), ""), "{said}");
        for words in words {
            assert!(said.contains(words), "{words:?} in {said}");
        }
    }
    let (code, _, said) = Setup::new(PLAIN).arguments(&["--check"]).output();
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let (code, _, said) = Setup::new(PLAIN).arguments(&["--no-such"]).output();
    assert_eq!(code, Some(64), "{said}");
}

#[test]
fn a_port_that_is_taken_is_told() {
    let node = Setup::new(PLAIN).arguments(&["-p", "0"]).start();
    let port = node.port("peers").to_string();
    for mode in ["relay", "pong", "ping"] {
        let arguments = ["-p", &port, "-m", mode, "-t", "[\"/a\"]", "--verbose"];
        let (code, _, said) = Setup::new(PLAIN).arguments(&arguments).output();
        assert_eq!(code, Some(69), "{mode}: {said}");
        let why = format!(":{port}: Address already in use (os error 98)\n");
        assert!(said.contains(&why), "{mode}: {said}");
    }
    node.stop();
}

#[test]
fn the_configuration_is_printed_as_it_takes_effect() {
    let config = "[node]\nname = relay\ntopics = /a, \"/b, c\"\npeers = a:1, [::1]:2\n\
                  retry = 1500ms\n[broker]\ndisable-ssl = true\n\
                  [broker.web-socket]\ncertificate = x\nkey = y\npassphrase = secret\n";
    let (code, _, said) = Setup::service(config).arguments(&["--check"]).output();
    assert_eq!(code, Some(78), "there are no such files: {said}");
    assert!(said.contains("cannot read x"), "{said}");
    let (config, _) = config.split_once("[broker.web-socket]").unwrap();
    let printed = |config: &str, arguments: &[&str]| {
        let setup = Setup::service(config).arguments(&["--check"]).arguments(arguments);
        let (code, printed, said) = setup.output();
        assert_eq!((code, said.as_str()), (Some(0), ""), "{printed}");
        printed
    };
    let first = printed(config, &["-p", "9", "--broker.web-socket.origins=https://a"]);
    for line in [
        "[node]\nname = \"relay\"\nmode = relay\nstop = false\ntopics = \"/a\", \"/b, c\"\n",
        "peers = \"a:1\", \"[::1]:2\"\nretry = 1500ms\nport = 9\n",
        "[broker.web-socket]\nmax-clients = 256\norigins = \"https://a\"\n",
        // Of the environment.
        "[caf.logger.console]\nverbosity = info\n",
    ] {
        assert!(first.contains(line), "{line} in {first}");
    }
    assert_eq!(printed(&first, &[]), first, "the same is meant by what is printed");
}

#[test]
fn what_is_odd_is_wrong_to_a_strict_check() {
    let config = "[broker]\ndisable-ssl = true\n[caf.logger.file]\nverbosity = info\n";
    for (arguments, code) in [(&["--check"][..], 0), (&["--check", "--strict"], 78)] {
        let (ended, _, said) = Setup::service(config).arguments(arguments).output();
        assert_eq!(ended, Some(code));
        let words = "broker.cfg:4: caf.logger.file.verbosity: says nothing without";
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn command_lines_of_the_original_are_taken_as_they_are() {
    let arguments = [
        "--broker.disable-ssl",
        "--verbose=true",
        "--rate=false",
        "--web_socket-buffer-size=9",
        "--broker.ttl=3",
        "--name=7",
        "-t",
        "[\"/a\", \"/b\"]",
        "--check",
    ];
    let (code, printed, said) = Setup::new("").arguments(&arguments).output();
    assert_eq!((code, said.as_str()), (Some(0), ""));
    for line in [
        "disable-ssl = true\n",
        "verbose = true\nrate = false\n",
        "web-socket-buffer-size = 9\n",
        "name = \"7\"\n",
        "topics = \"/a\", \"/b\"\n",
        "stop = true\n",
    ] {
        assert!(printed.contains(line), "{line} in {printed}");
    }
    let lists = ["--master-stores=[\"a\"]", "--clone-stores", "[\"b\"]", "--check"];
    let (code, printed, said) = Setup::new(PLAIN).arguments(&lists).output();
    assert_eq!((code, said.as_str()), (Some(0), ""));
    for lines in ["[store:a]\nrole = master\nbackend = memory\n", "[store:b]\nrole = clone\n"] {
        assert!(printed.contains(lines), "{lines} in {printed}");
    }
}
