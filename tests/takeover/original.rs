//! The original is stopped and ours is started with the same file: the same client sees the same.
//!
//! Only with `BUI_ORIGINAL` set to a virtual environment in which burp-ui is installed.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use ostler_runtime::environment::variable;
use ostler_tests::binaries::bui_monitor;
use ostler_tests::process::{Process, command};
use ostler_tests::wire::ask;
use ostler_tests::{Address, Answer, Kind, PrivateBurp, Wire, wait_for};
use rustix::process::Signal;
use serde_json::{Value, json};

/// What a page of Burp-UI asks, and what it is refused.
fn requests() -> Vec<Value> {
    let mut all: Vec<Value> =
        ["monitor_version", "client_version", "server_version", "batch_list_supported"]
            .iter()
            .chain(&["statistics"])
            .map(|function| json!({ "func": function, "args": [], "kwargs": {} }))
            .collect();
    let queries = ["c:", "c:client1", "c:client2:b:1", "c:client3:b:2:l:backup_stats", "c:nosuch"];
    for query in queries.iter().chain(&["c:client1:b:1:p:", "c:client1:b:7"]) {
        all.push(json!({ "query": format!("{query}\n"), "timeout": null, "cache": false }));
    }
    all.push(json!({ "query": "c:", "password": "another" }));
    all.push(json!({ "query": "c:", "password": null }));
    all.push(json!({ "func": "unknown" }));
    all
}

/// What this daemon answers; it is started for that, and ended in order.
fn answers(daemon: &Path, file: &Path, address: &Address, password: &str) -> Vec<Answer> {
    let mut start = command(daemon);
    start.arg("-c").arg(file).stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = Process::start(&mut start);
    wait_for("it listens", || Wire::try_connect(address).is_ok());
    let answers = requests().into_iter().map(|mut request| {
        let fields = request.as_object_mut().unwrap();
        fields.entry("password").or_insert_with(|| json!(password));
        ask(address, &request)
    });
    let answers = answers.collect();
    // The original knows no other signal that ends it in order.
    process.signal(Signal::INT);
    assert_eq!(process.ended().code(), Some(0));
    answers
}

#[test]
fn ours_takes_over_from_the_original_with_its_file() {
    let Some(original) = variable("BUI_ORIGINAL") else { return };
    let original = Path::new(&original).join("bin/bui-monitor");
    let burp = PrivateBurp::new(Kind::Small);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("buimonitor.cfg");
    // The original cannot tell which port it was given.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = format!(
        "# as it was\nshared = 2\n[Global]\nport = {}\nbind = '127.0.0.1'  # here only\n\
         ssl = off\npool = %(shared)s\npassword = \"one, two # three\"\n[[nested]]\nport = 1\n\
         [Burp]\nburpbin = \"{}\"\nbconfcli = {}\ntimeout = 30\n",
        port.port(),
        PrivateBurp::program().display(),
        burp.conf().display(),
    );
    fs::write(&file, text).unwrap();
    let address = Address::Tcp(port);
    let before = answers(&original, &file, &address, "one, two # three");
    let after = answers(bui_monitor(), &file, &address, "one, two # three");
    for ((request, before), after) in requests().iter().zip(before).zip(after) {
        match (&before, &after) {
            // Bytes may differ in white space only.
            (Answer::Ok(one), Answer::Ok(other)) if one != other => {
                let (one, other): (Value, Value) =
                    (serde_json::from_slice(one).unwrap(), serde_json::from_slice(other).unwrap());
                assert_eq!(one, other, "{request}");
            }
            _ => assert_eq!(before, after, "{request}"),
        }
    }
}
