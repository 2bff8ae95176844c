//! The stores that a node takes part in.

use std::net::SocketAddr;

use broker::data::Data;
use broker::{CloneOptions, Endpoint, EndpointOptions, Store};
use ostler_tests::http::Caller;
use ostler_tests::wait_for;

use crate::configured::soon;
use crate::program::{Node, Setup};

pub(crate) const PLAIN: &str = "[node]\naddress = 127.0.0.1\nport = 0\n[broker]\ndisable-ssl = true\n\
                     [broker.metrics]\naddress = 127.0.0.1\nport = 0\n";

/// An endpoint that is a peer of the node, and its clone of a store.
fn clone_at(node: &Node, name: &str) -> (Endpoint, Store) {
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    let store = endpoint.attach_clone(name, CloneOptions::default()).unwrap();
    endpoint.peer("127.0.0.1", node.port("peers"), None, soon()).unwrap();
    (endpoint, store)
}

/// A figure of a node.
fn figure(node: &Node, name: &str) -> Option<u64> {
    figure_at(node.port("figures"), name)
}

/// One that is told at this port.
pub(crate) fn figure_at(port: u16, name: &str) -> Option<u64> {
    let figures = SocketAddr::from(([127, 0, 0, 1], port));
    let mut caller = Caller::new(figures);
    caller.send("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    let text = String::from_utf8(caller.last().body).unwrap();
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[test]
fn what_a_clone_has_written_outlasts_the_node_whatever_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    for (backend, words) in [("sqlite", "journal_mode = wal\n"), ("fjall", "")] {
        let path = folder.path().join("new").join(backend);
        let config = format!(
            "{PLAIN}[store:kept/{backend}]\nrole = master\nbackend = {backend}\npath = {path:?}\n{words}"
        );
        let name = format!("kept/{backend}");
        for round in 0..3 {
            let node = Setup::service(&config).start();
            let (_endpoint, store) = clone_at(&node, &name);
            // What was written before is there, and no more.
            wait_for("the clone has what the master has", || {
                store.initialized() && store.keys().unwrap().len() == round * 100
            });
            for number in 0..100 {
                let key = round * 100 + number;
                store.put(key as u64, format!("entry {key}").as_str(), None).unwrap();
            }
            store.flush(soon()).unwrap();
            if round == 1 {
                node.stop();
            } else {
                node.kill();
            }
        }
        let node = Setup::service(&config).start();
        let (_endpoint, store) = clone_at(&node, &name);
        // It would be asked for a limited time only for what it does not have yet.
        assert!(store.await_idle(soon()));
        assert_eq!(store.get(&Data::Count(123)).unwrap(), Data::from("entry 123"));
        assert_eq!(store.keys().unwrap().len(), 300);
        node.stop();
    }
}

#[test]
fn a_write_of_a_clone_that_does_nothing_is_told_with_who_wrote_what() {
    let node = Setup::service(&format!("{PLAIN}[store:st]\nrole = master\n")).start();
    let (_endpoint, clone) = clone_at(&node, "st");
    clone.decrement("x".repeat(200).as_str(), 1_u64, None).unwrap();
    clone.flush(soon()).unwrap();
    let (writer, key) = (clone.entity_id(), "x".repeat(80));
    node.log().wait(&format!(
        "store st: a write of {writer} does nothing: no such key (store st, subtract, key {key}...)"
    ));
    node.stop();
}

#[test]
fn lists_of_the_original_name_masters_in_memory_and_clones() {
    let config = "broker { disable-ssl = true }\n";
    let common = ["-p", "0", "--metrics-port=0"];
    let master =
        Setup::new(config).arguments(&common).arguments(&["--master-stores=[\"a\", \"b\"]"]);
    let master = master.start();
    let peers = format!("--peers=[<tcp://127.0.0.1:{}>]", master.port("peers"));
    let other = Setup::new(&format!("{config}clone-stores = [\"b\"]\n"));
    let other = other.arguments(&common).arguments(&[&peers]).start();
    let (_endpoint, store) = clone_at(&master, "b");
    store.put("key", "value", None).unwrap();
    store.flush(soon()).unwrap();
    let entries = |node, name| figure(node, &format!("broker_store_entries{{name=\"{name}\"}}"));
    wait_for("the copy has the entry", || entries(&other, "b") == Some(1));
    assert_eq!((entries(&master, "a"), entries(&master, "b")), (Some(0), Some(1)));
    assert_eq!(entries(&other, "a"), None);
    other.stop();
    master.stop();
}

#[test]
fn what_is_wrong_with_a_store_is_said_with_its_place() {
    for (text, words) in [
        ("[store:a]\n", "broker.cfg: [store:a] is empty: it must say what its store is"),
        ("[store:a]\npath = x\n", "store:a.role: must be set, to master or clone"),
        ("[store:a]\nrole = owner\n", "broker.cfg:10: store:a.role: must be one of master, clone"),
        (
            "[store:a]\nrole = master\nbackend = paper\n",
            "broker.cfg:11: store:a.backend: must be one of memory, sqlite, fjall, rocksdb",
        ),
        ("[store:a]\nrole = master\nbackend = sqlite\n", "store:a.path: must be set for sqlite"),
        (
            "[store:a]\nrole = master\npath = x\n",
            "broker.cfg:11: store:a.path: a master in memory has no such key",
        ),
        (
            "[store:a]\nrole = master\nbackend = fjall\npath = x\njournal_mode = wal\n",
            "broker.cfg:13: store:a.journal_mode: a master in fjall has no such key",
        ),
        (
            "[store:a]\nrole = master\nbackend = sqlite\npath = x\nsynchronous = half\n",
            "broker.cfg:13: store:a.synchronous: must be one of full, normal, off, extra",
        ),
        (
            "[store:a]\nrole = clone\nstale = soon\nresynch = 1s\n",
            "broker.cfg:12: store:a.resynch: a clone has no such key",
        ),
        (
            "[store:a]\nrole = clone\nstale = soon\n",
            "broker.cfg:11: store:a.stale: must be a span of time",
        ),
        (
            "[store:a]\nrole = master\nbackend = sqlite\npath = x\n\
             [store:b]\nrole = master\nbackend = fjall\npath = x\n",
            "broker.cfg:16: store:b.path: the store \"a\" is kept there already",
        ),
        ("[broker.store]\nnack-timeout = 0\n", "broker.cfg:10: broker.store.nack-timeout: must be"),
    ] {
        for arguments in [&["--check"][..], &[]] {
            let setup = Setup::service(&format!("{PLAIN}{text}")).arguments(arguments);
            let (code, _, said) = setup.output();
            assert_eq!(code, Some(78), "{text}: {said}");
            assert!(said.contains(words), "{words:?} in {said}");
        }
    }
    let twice = ["--clone-stores=[\"a\"]", "--store:a.role=master", "--check"];
    let (code, _, said) = Setup::service(PLAIN).arguments(&twice).output();
    assert_eq!(code, Some(78), "{said}");
    let words = "command line: store:a.role: the store \"a\" is named twice";
    assert!(said.contains(words), "{said}");
}

#[test]
fn stores_are_shown_as_they_take_effect_and_a_reload_names_what_has_changed() {
    let of = |text: &str| format!("{PLAIN}{text}");
    let text = of("[broker.store]\nheartbeat-interval = 9\nmax-get-delay = 1s\n\
                   [store:a.b]\nrole = master\nbackend = sqlite\npath = x.db\nsynchronous = off\n\
                   [store:c]\nrole = clone\nstale = 0s\nresync = 1500ms\n");
    let printed = |text: &str| {
        let (code, printed, said) = Setup::service(text).arguments(&["--check"]).output();
        assert_eq!((code, said.as_str()), (Some(0), ""), "{printed}");
        printed
    };
    let first = printed(&text);
    for lines in [
        "[broker.store]\ntick-interval = 100ms\nheartbeat-interval = 9\nconnection-timeout = 100\n\
         nack-timeout = 2\nmax-get-delay = 1s\n",
        "[store:a.b]\nrole = master\nbackend = sqlite\npath = \"x.db\"\nsynchronous = off\n\
         failure_mode = fail\nintegrity_check = false\n",
        "[store:c]\nrole = clone\nresync = 1500ms\nstale = 0s\nmutation_buffer = 120s\n",
    ] {
        assert!(first.contains(lines), "{lines} in {first}");
    }
    assert_eq!(printed(&first), first, "the same is meant by what is printed");

    let mut node = Setup::service(&of("[store:a]\nrole = master\n")).start();
    node.port("peers");
    node.reload(&of("[store:b]\nrole = clone\n"));
    for key in ["[store:a] role", "[store:b] role", "[store:b] stale"] {
        let restart = "has changed, which takes effect at the next start only";
        node.log().wait(&format!("{key} {restart}"));
    }
    node.stop();
}
