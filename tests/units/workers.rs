//! `boefjes@.service` for both kinds, and jobs that are run under it.

use std::fs;
use std::os::unix::fs::MetadataExt;

use ostler_tests::binaries::{boefjes, workspace};
use ostler_tests::openkat::{OpenKatVersion, boefje_job, normalizer_job};
use ostler_tests::openkat_tasks::{DONE, FAILED};
use ostler_tests::packaged::{Package, Packaged};
use ostler_tests::process::{children, command, kill, wait_gone};
use ostler_tests::{OpenKat, Unit, wait_for};
use rustix::process::Signal;

const UNIT: &str = "boefjes@.service";
const BOEFJE: &str = "boefjes@boefje.service";
const NORMALIZER: &str = "boefjes@normalizer.service";
const PLUGINS: &str = "/usr/share/katalogus/plugins";

/// Workers of a kind among these services, which the original's file of variables names; or nothing
/// where this machine grants no systemd.
fn installed(openkat: &OpenKat, service: &'static str) -> Option<Packaged> {
    let package = Package { binary: boefjes(), name: "boefjes", units: &[UNIT], service };
    let refused = |why: &String| eprintln!("nothing was tested: {why}");
    let packaged = Packaged::new(package, "").inspect_err(refused).ok()?;
    let variables =
        openkat.variables().into_iter().map(|(name, value)| format!("{name}={value}\n"));
    packaged.keep("/etc/kat/boefjes.conf", variables.collect::<String>().as_bytes());
    configure(&packaged, "poll_interval = 0.05");
    let plugins = packaged.path(PLUGINS);
    fs::create_dir_all(plugins.parent().unwrap()).unwrap();
    let mut copy = command("cp");
    copy.arg("-r").arg(workspace().join("tests/boefjes/plugins")).arg(&plugins);
    assert!(copy.status().unwrap().success());
    Some(packaged)
}

fn configure(service: &Packaged, line: &str) {
    let containers = "[Containers]\nport = off\n";
    let text = format!("[Global]\npool_size = 1\ndrain = 1\n{line}\n{containers}");
    service.give("/etc/boefjes/boefjes.cfg", text.as_bytes());
}

/// Reads the configuration anew, and goes on.
fn reloads(service: &Packaged, name: &str) {
    let daemon = service.daemon();
    configure(service, "poll_interval = 0.1");
    service.succeed(&["reload", name]);
    wait_for("the configuration is read", || service.log().contains("was read again"));
    assert_eq!(service.daemon(), daemon);
}

/// Ends it by `systemctl`, within the time that it is granted.
fn stops(service: &Packaged, name: &str) {
    service.succeed(&["stop", name]);
    assert_eq!(service.property("ActiveState"), "inactive", "{}", service.log());
    assert_eq!(service.property("Result"), "success");
    assert_eq!(service.property("ExecMainStatus"), "0");
}

#[test]
fn boefjes_are_run_under_their_unit() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let Some(service) = installed(&openkat, BOEFJE) else { return };
    service.succeed(&["start", BOEFJE]);
    let task = openkat.queue_boefje("trivial");
    openkat.wait_history(&task, &DONE);
    let daemon = service.daemon().unwrap();
    service.confines(daemon);
    reloads(&service, BOEFJE);
    // What is limited or killed under the unit ends as elsewhere.
    for (how, words) in [("use-memory", "MemoryError"), ("kill-self", "SIGKILL")] {
        let task = openkat.queue_faulty(how);
        openkat.wait_history(&task, &FAILED);
        let error = openkat.error_of(&task);
        assert!(error.contains(words), "{error}");
    }
    let waiting = openkat.queue_faulty("wait");
    openkat.wait_status(&waiting, "running");
    let job = || children(daemon).iter().flat_map(|host| children(host.pid)).collect::<Vec<_>>();
    wait_for("its job runs", || job().len() == 1);
    service.confines(job()[0].pid);
    stops(&service, BOEFJE);
    openkat.wait_history(&waiting, &FAILED);
    let state = service.path("/var/lib/boefjes").metadata().unwrap();
    assert_eq!((state.uid(), state.mode() & 0o777), (service.account(), 0o750));
}

#[test]
fn workers_that_die_are_started_again() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let Some(service) = installed(&openkat, BOEFJE) else { return };
    service.succeed(&["start", BOEFJE]);
    let daemon = service.daemon().unwrap();
    wait_for("its host is there", || !children(daemon).is_empty());
    let hosts = children(daemon);
    kill(daemon, Signal::KILL);
    wait_gone(&hosts);
    wait_for("it was started again", || service.property("NRestarts") == "1");
    let task = openkat.queue_boefje("trivial");
    openkat.wait_history(&task, &DONE);
    stops(&service, BOEFJE);
}

#[test]
fn normalizers_are_run_under_their_unit() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let Some(service) = installed(&openkat, NORMALIZER) else { return };
    service.succeed(&["start", NORMALIZER]);
    let mut run = boefje_job("acme", "trivial", "Network|internet");
    for time in ["started_at", "ended_at"] {
        run[time] = "2026-11-25T10:00:00Z".into();
    }
    let raw = br#"[{"object_type": "Network", "name": "found"}]"#;
    let raw = openkat.put_raw(&run, &["boefje/trivial"], raw);
    let task = openkat.queue(&normalizer_job("items", &raw, &run));
    openkat.wait_history(&task, &DONE);
    assert_eq!(openkat.books().said[0].json["result"][0]["name"], "found");
    service.confines(service.daemon().unwrap());
    reloads(&service, NORMALIZER);
    stops(&service, NORMALIZER);
}

#[test]
fn the_unit_leaves_open_what_plugins_need_and_no_more() {
    let place = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(ostler_tests::unit::shipped(UNIT)).unwrap();
    let program = boefjes().display().to_string();
    let file = place.path().join(BOEFJE);
    fs::write(&file, text.replace("/usr/sbin/boefjes", &program)).unwrap();
    let analyze = |words: &[&str]| {
        let output = command("systemd-analyze").args(words).arg(&file).output();
        let output = output.expect("systemd-analyze (Debian: apt-get install systemd)");
        let words = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&words).into_owned())
    };
    assert_eq!(analyze(&["verify", "--man=no"]), (true, String::new()));
    // Ten times the exposure that is allowed.
    let (safe, words) = analyze(&["security", "--offline=true", "--threshold=12"]);
    assert!(safe, "{words}");
    let unit = Unit::shipped(UNIT);
    let stop = unit.one("Service", "TimeoutStopSec").strip_suffix('s').unwrap();
    // The default of `drain`, a second more for what is failed then, and ten for the engine.
    assert!(stop.parse::<u64>().unwrap() > 20 + 1 + 10);
}
