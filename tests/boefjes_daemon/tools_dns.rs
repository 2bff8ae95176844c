//! The example: a boefje that asks a resolver, and its normalizer, on a machine of its own.

use boefjes::Services;
use ostler_runtime::Moment;
use ostler_tests::binaries::workspace;
use ostler_tests::process::command;
use ostler_tests::wait_for;
use serde_json::{Value, json};

use crate::resolver::{Record, Resolver, name};
use crate::tools::{Ended, Machine, texts};

const HOST: &str = "Hostname|internet|example.com";

fn records() -> Vec<Record> {
    let mx = [&[0, 10][..], &name("mail.example.com")].concat();
    let numbers = [7_u32, 3600, 600, 86400, 60].map(u32::to_be_bytes).concat();
    let soa = [name("ns.example.com"), name("admin.example.com"), numbers].concat();
    // Together they do not fit into a datagram.
    let text = |letter: u8| [vec![200], vec![letter; 200]].concat();
    vec![
        ("example.com", 1, vec![192, 0, 2, 7]),
        ("example.com", 28, [vec![0x20, 1, 0x0d, 0xb8], vec![0; 11], vec![7]].concat()),
        ("example.com", 15, mx),
        ("example.com", 2, name("ns.example.com")),
        ("example.com", 6, soa),
        ("example.com", 16, text(b'a')),
        ("example.com", 16, text(b'b')),
        ("example.com", 16, text(b'c')),
        ("alias.example.com", 5, name("example.com")),
        ("xn--bcher-kva.example", 1, vec![192, 0, 2, 8]),
    ]
}

fn ask(machine: &Machine, resolver: &str, host: &str) -> Ended {
    let arguments = ["run-boefje", "acme", "dns-records", host];
    Ended::of(machine.command(arguments).env("BOEFJES_REMOTE_NS", resolver))
}

fn object(services: &Services, reference: &str) -> Value {
    let object = services.octopoes.object("acme", reference, Moment::now()).unwrap().unwrap();
    serde_json::from_str(&object.compact()).unwrap()
}

/// All objects that are known.
fn known(machine: &Machine) -> Vec<String> {
    let file = machine.folder().join("boefjes.db");
    texts(&file, "SELECT reference AS status FROM object ORDER BY place")
}

#[test]
fn a_job_as_the_newest_version_gives_it_is_understood() {
    let resolver = Resolver::new(records());
    let machine = Machine::with_examples();
    let arguments = ["--generation", "1.20", "run-boefje", "acme", "dns-records", HOST];
    let mut run = machine.command(arguments);
    let ran = Ended::of(run.env("BOEFJES_REMOTE_NS", resolver.address().to_string()));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(machine.run(&["show-raw", &ran.saved()[0]]).output.contains("192.0.2.7"));
}

#[test]
fn records_are_asked_for_shown_and_become_objects() {
    let resolver = Resolver::new(records());
    let machine = Machine::with_examples();
    let ran = ask(&machine, &resolver.address().to_string(), HOST);
    assert_eq!((ran.code, ran.complaints.as_str()), (0, ""), "{ran:?}");
    let raw = ran.saved().remove(0);
    let found: Value =
        serde_json::from_str(&machine.run(&["show-raw", &raw]).output).expect("JSON");
    let answers = found["answers"].as_array().unwrap();
    let types: Vec<&str> = answers.iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["A", "AAAA", "MX", "NS", "SOA", "TXT", "CNAME"]);
    // Those that came over TCP.
    assert_eq!(answers[5]["records"].as_array().unwrap().len(), 3);
    assert_eq!(answers[6], json!({"type": "CNAME", "rcode": "NOERROR", "records": []}));

    let services = machine.services();
    let _workers = machine.workers("normalizer").start();
    wait_for("the normalizer's task is done", || {
        let file = machine.folder().join("boefjes.db");
        texts(&file, "SELECT status FROM task") == ["completed"]
    });
    let mx = "DNSMXRecord|internet|example.com|10 mail.example.com.";
    let known = known(&machine);
    for reference in [
        "IPAddressV4|internet|192.0.2.7",
        "IPAddressV6|internet|2001:db8::7",
        "DNSARecord|internet|example.com|192.0.2.7",
        "ResolvedHostname|internet|example.com|internet|2001:db8::7",
        "Hostname|internet|mail.example.com",
        "DNSZone|internet|example.com",
        "DNSSOARecord|internet|example.com|internet|ns.example.com",
        mx,
    ] {
        assert!(known.iter().any(|one| one == reference), "{reference}: {known:#?}");
    }
    assert_eq!(known.iter().filter(|one| one.starts_with("DNSTXTRecord|")).count(), 3);
    let record = object(&services, mx);
    assert_eq!(record["mail_hostname"], "Hostname|internet|mail.example.com");
    assert_eq!((&record["preference"], &record["ttl"]), (&json!(10), &json!(300)));
}

#[test]
fn a_name_that_is_not_there_is_said_so_and_an_alias_is_followed_by_its_name() {
    let resolver = Resolver::new(records());
    let machine = Machine::with_examples();
    let address = resolver.address().to_string();
    for (host, reference) in [
        ("Hostname|internet|nowhere.example", "NXDOMAIN|internet|nowhere.example"),
        (
            "Hostname|internet|alias.example.com",
            "DNSCNAMERecord|internet|alias.example.com|example.com.",
        ),
        (
            "Hostname|internet|b\u{fc}cher.example",
            "DNSARecord|internet|b\u{fc}cher.example|192.0.2.8",
        ),
    ] {
        let raw = ask(&machine, &address, host).saved().remove(0);
        let ran = machine.run(&["run-normalizer", "dns-records-normalize", &raw]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(known(&machine).iter().any(|one| one == reference), "{:#?}", known(&machine));
    }
}

#[test]
fn a_resolver_that_is_none_is_a_failure_with_words() {
    let machine = Machine::with_examples();
    // Nobody listens there any more.
    let gone = Resolver::new(Vec::new()).address().to_string();
    let failed = ask(&machine, &gone, HOST);
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.complaints.contains(&format!("{gone} does not tell A of example.com")));
    let wrong = ask(&machine, "127.0.0.1:no", HOST);
    assert!(wrong.complaints.contains("REMOTE_NS: '127.0.0.1:no' is no address"), "{wrong:?}");
}

#[test]
fn its_own_tests_pass() {
    let mut python = command("python3");
    python.args(["-B", "-m", "unittest", "dns_records.test_dns_records"]);
    let tested = Ended::of(python.current_dir(workspace().join("packaging/plugins")));
    assert_eq!(tested.code, 0, "{}", tested.complaints);
    assert!(tested.complaints.contains("\nOK"), "{}", tested.complaints);
}
