//! `katalogus.service`.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;

use ostler_tests::binaries::{katalogus, workspace};
use ostler_tests::catalogue::request;
use ostler_tests::packaged::{Package, Packaged};
use ostler_tests::process::command;
use ostler_tests::{Caller, Heard, wait_for};
use serde_json::json;

const SERVICE: &str = "katalogus.service";

/// Asks the catalogue, which listens where its log tells.
fn ask(service: &Packaged, method: &str, path: &str, body: Option<&serde_json::Value>) -> Heard {
    let log = service.log();
    let places = log.lines().filter_map(|line| line.split_once("listening on ").map(|at| at.1));
    let place: Option<SocketAddr> = places.filter_map(|place| place.parse().ok()).next_back();
    let mut caller = Caller::new(place.expect("an address"));
    let body = body.map(ToString::to_string);
    caller.send(request(method, path, "", body.as_deref()));
    caller.one()
}

#[test]
fn the_catalogue_serves_under_its_unit() {
    let package = Package {
        binary: katalogus(),
        name: "katalogus",
        units: &[SERVICE, "katalogus.socket"],
        service: SERVICE,
    };
    let refused = |why: &String| eprintln!("nothing was tested: {why}");
    let Ok(service) = Packaged::new(package, "").inspect_err(refused) else { return };
    let text = |threads: u8| format!("[Global]\nport = 0\nthreads = {threads}\n");
    service.give("/etc/katalogus/katalogus.cfg", text(2).as_bytes());
    let plugins = service.path("/usr/share/katalogus/plugins");
    fs::create_dir_all(plugins.parent().unwrap()).unwrap();
    let mut copy = command("cp");
    copy.arg("-r").arg(workspace().join("packaging/plugins")).arg(&plugins);
    assert!(copy.status().unwrap().success());
    service.succeed(&["start", SERVICE]);
    let daemon = service.daemon().unwrap();
    service.confines(daemon);
    // Its modules were imported by an interpreter under the unit.
    let acme = json!({"id": "acme", "name": "Acme"});
    assert_eq!(ask(&service, "POST", "/v1/organisations/", Some(&acme)).status, 201);
    let listed = ask(&service, "GET", "/v1/organisations/acme/plugins", None);
    assert!(listed.text().contains("dns-records"), "{}\n{}", listed.text(), service.log());
    service.give("/etc/katalogus/katalogus.cfg", text(3).as_bytes());
    service.succeed(&["reload", SERVICE]);
    wait_for("the configuration is read", || service.log().contains("was read again"));
    assert_eq!(service.daemon(), Some(daemon));
    service.succeed(&["restart", SERVICE]);
    assert_eq!(
        ask(&service, "GET", "/v1/organisations/acme", None).json(),
        json!({
            "id": "acme", "name": "Acme",
        })
    );
    service.succeed(&["stop", SERVICE]);
    assert_eq!(service.property("Result"), "success", "{}", service.log());
    assert_eq!(service.property("ExecMainStatus"), "0");
    let state = service.path("/var/lib/katalogus").metadata().unwrap();
    assert_eq!((state.uid(), state.mode() & 0o777), (service.account(), 0o750));
}
