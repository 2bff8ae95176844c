//! Files that people have: those that are installed, and the original's sample.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ostler_tests::binaries::{broker_node, bui_monitor, workspace};
use ostler_tests::checked::{BURP, Checked, check, write};
use ostler_tests::process::{Process, command};
use ostler_tests::secure::{Secure, Version};
use ostler_tests::wire::frame;
use ostler_tests::{Certificates, FakeBurp, Fault, wait_for};
use rustix::process::Signal;
use serde_json::json;

/// As the original's packages install it: the same keys with the same values.
const SAMPLE: &str = include_str!("../../golden/report/sample.cfg");

#[test]
fn k05_every_installed_file_is_right() {
    let mut fault = Fault::begin("K05");
    let mut files = 0;
    for entry in fs::read_dir(workspace().join("etc")).unwrap() {
        let path = entry.unwrap().path();
        // Other programs', which their own tests run with them.
        if ["haproxy.cfg", "katalogus.cfg", "boefjes.cfg"].iter().any(|name| path.ends_with(name)) {
            continue;
        }
        if path.ends_with("broker.cfg") {
            let told = command(broker_node()).arg("--check").arg("-c").arg(&path).output().unwrap();
            assert_eq!(
                (told.status.code(), told.stderr.as_slice()),
                (Some(0), &b""[..]),
                "{told:?}"
            );
            files += 1;
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        let checked = check(&text, &[]);
        assert_eq!((checked.code, checked.lines("error:")), (0, vec![]), "{}", checked.told);
        files += 1;
    }
    assert!(files > 0, "nothing is installed");
    the_comments_say_the_defaults();
    fault.saw(format!("{files} of {files} files end with 0, and say the defaults in comments"));
}

/// What the installed file says in comments is what is in effect without them.
fn the_comments_say_the_defaults() {
    let text = fs::read_to_string(workspace().join("etc/buimonitor.cfg")).unwrap();
    let checked = check(&text, &[]);
    assert_eq!((checked.code, checked.lines("error:")), (0, vec![]), "{}", checked.told);
    let plain = check(&format!("[Global]\n{BURP}"), &[]);
    assert_eq!(checked.shown, plain.shown);
    // The daemon without events takes none of their keys.
    let (text, _) = text.split_once("[Events]").unwrap();
    let commented = text.lines().filter_map(|line| line.strip_prefix("# ")?.split_once(" = "));
    // These are examples and have no default.
    let examples = ["user", "runtime_dir", "ssl", "password_file", "port = 11112"];
    let told: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(line) if examples.iter().any(|key| line.starts_with(key)) => String::new(),
            Some(entry) if commented.clone().any(|(key, _)| entry.starts_with(key)) => {
                format!("{entry}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    assert_eq!(check(&told, &[]).shown, plain.shown, "the defaults in the comments");
    assert_eq!(check(text, &["--strict"]).code, 78, "the default password");
    let own = text.replace("# password = password123456", "password = one of our own");
    let told = check(&own, &["--strict"]).told;
    assert!(!told.contains("[Global]"), "with another password nothing is odd: {told}");
}

#[test]
fn k02_the_sample_of_the_original_starts_and_serves() {
    let fake = FakeBurp::new();
    let certificates = Certificates::new();
    let pair = certificates.own("server");
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("sample.cfg");
    write(&file, SAMPLE);
    let mut fault = Fault::begin("K02");
    if !rustix::process::getuid().is_root() {
        // The files that it names cannot be put in their places.
        let checked = Checked::run(place.path(), &["-c", "sample.cfg"]);
        assert!(checked.lines("error: ").iter().all(|line| line.contains("sslcert")));
        return fault.explain("only root can put the files in place that the sample names");
    }
    // Somebody else may have the port.
    let port = match TcpListener::bind("[::1]:11111") {
        Ok(_) => 11111,
        Err(_) => TcpListener::bind("[::1]:0").unwrap().local_addr().unwrap().port(),
    };
    if port != 11111 {
        write(&file, &SAMPLE.replace("11111", &port.to_string()));
        fault.saw("11111 is taken here, so another port");
    }
    let log = place.path().join("log");
    let mut daemon = installed(&fake, &pair.certificate, &pair.key);
    let mut daemon =
        Process::start(daemon.arg("-c").arg(&file).stderr(File::create(&log).unwrap()));
    let address = format!("[::1]:{port}").parse().unwrap();
    wait_for("it listens", || std::net::TcpStream::connect(address).is_ok() || !daemon.runs());
    assert!(daemon.runs(), "{}", fs::read_to_string(&log).unwrap());
    // Burp-UI's way: two writes, and no look at the certificate.
    let ask = |request: serde_json::Value| {
        let mut talk = Secure::new(Version::Tls13, None).connect(address);
        let frame = frame(request.to_string().as_bytes());
        std::io::Write::write_all(&mut talk, &frame[..8]).unwrap();
        std::io::Write::write_all(&mut talk, &frame[8..]).unwrap();
        let mut answer = Vec::new();
        std::io::Read::read_to_end(&mut talk, &mut answer).unwrap();
        answer
    };
    let password = "password123456";
    let version = ask(json!({ "func": "monitor_version", "password": password }));
    assert_eq!(version, b"OK\0\0\0\0\0\0\0\x051.1.1");
    let summary = ask(json!({ "query": "c:\n", "timeout": null, "password": password }));
    let text = String::from_utf8_lossy(&summary);
    assert!(text.starts_with("OK") && text.contains("client1"), "{text}");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().code(), Some(0));
    fault.saw("it starts and serves over TLS, on ::1, five children of /usr/sbin/burp");
}

/// A daemon that finds the scripted burp and the certificate where the sample looks for them.
fn installed(fake: &FakeBurp, certificate: &Path, key: &Path) -> Command {
    let [burp, conf] = [fs::canonicalize(fake.program()).unwrap(), fake.conf()];
    let mut start = command("unshare");
    start.args(["--mount", "sh", "-e", "-c"]);
    start.arg(
        "mount -t tmpfs none /etc/burp && cp \"$2\" /etc/burp/burp.conf
         mount --bind \"$1\" /usr/sbin/burp
         mount -t tmpfs none /var/lib && mkdir -p /var/lib/burp/ssl/server
         cp \"$3\" /var/lib/burp/ssl/server/ssl_cert-server.pem
         cp \"$4\" /var/lib/burp/ssl/server/ssl_cert-server.key
         shift 4
         exec \"$@\"",
    );
    let files: [PathBuf; 5] =
        [burp, conf, certificate.to_owned(), key.to_owned(), bui_monitor().to_owned()];
    start.arg("sh").args(files).stdin(Stdio::null());
    start
}
