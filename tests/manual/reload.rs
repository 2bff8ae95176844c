//! What the page says of each key and a reload, done to a daemon.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;

use ostler_tests::checked::write;
use ostler_tests::openkat::OpenKatVersion;
use ostler_tests::{CatalogueSettings, Certificates, FakeBurp, OpenKat, WorkersSettings};

use crate::keys::of_page;
use crate::none;
use crate::programs::{CATALOGUE, KEY, MONITOR, Program, WORKERS};

/// What a reload logs of a key that it cannot change.
const NEXT_START: &str = "takes effect at the next start only";

/// The same configuration with another value for one key.
fn with(text: &str, section: &str, key: &str, value: &str) -> String {
    let (head, entry) = (format!("[{section}]\n"), format!("{key} = {value}\n"));
    let (before, own) = text.split_once(&head).unwrap_or((text, ""));
    let end = own.find("\n[").map_or(own.len(), |end| end + 1);
    let (own, after) = own.split_at(end);
    let kept = own.split_inclusive('\n').filter(|line| !line.starts_with(&format!("{key} = ")));
    let kept: String = kept.collect();
    [before, &head, &entry, &kept, after].concat()
}

/// A running program whose configuration is changed.
struct Subject<'a> {
    program: &'a Program,
    file: PathBuf,
    logged: Box<dyn Fn() -> usize + 'a>,
    reload: Box<dyn FnMut() + 'a>,
}

/// What is said of a key that is not so: each is set to its example, and the daemon reloads.
fn troubles(subject: &mut Subject<'_>, prepare: impl Fn(&str, &str, &str, String) -> String) {
    let before = fs::read_to_string(&subject.file).unwrap();
    let put = |text: &str| {
        // In one step, since the daemon may be reading.
        let next = subject.file.with_extension("next");
        write(&next, text);
        fs::rename(&next, &subject.file).unwrap();
    };
    let mut troubles = Vec::new();
    for ((section, key), entry) in of_page(subject.program) {
        let told = (subject.logged)();
        let value = entry.example.split_once(" = ").map_or("", |(_, value)| value);
        put(&prepare(&before, &section, &key, with(&before, &section, &key, value)));
        (subject.reload)();
        let is_changed = (subject.logged)() == told;
        let words = if is_changed { "at once" } else { "at the next start" };
        if entry.reload != words {
            troubles.push(format!("{key}: Reload {words:?}, not {:?}", entry.reload));
        }
        put(&before);
        (subject.reload)();
    }
    none(&troubles);
}

/// The text without the line of a key; its value.
fn without<'a>(text: &'a str, key: &str) -> (String, &'a str) {
    let (head, tail) = text.split_once(&format!("{key} = ")).unwrap();
    let (value, tail) = tail.split_once('\n').unwrap();
    ([head, tail].concat(), value)
}

#[test]
fn a_reload_changes_the_keys_of_which_the_page_says_so() {
    let fake = FakeBurp::new();
    let certificates = Certificates::new();
    let own = certificates.own("own");
    let both = certificates.joined("both", &[&own.certificate, &own.key]);
    // One that has events, which are published to nobody yet, and a cache that nobody shares yet.
    let settings = fake.settings().events("interval", "2");
    let daemon = settings.cache("store", "a").cache("peers", "127.0.0.1:1").start();
    daemon.wait_ready(2);
    let file = daemon.file();
    let secret = file.with_extension("secret");
    let daemon = RefCell::new(daemon);
    let mut subject = Subject {
        program: &MONITOR,
        file,
        logged: Box::new(|| daemon.borrow().logged(NEXT_START)),
        reload: Box::new(|| daemon.borrow_mut().reload()),
    };
    troubles(&mut subject, |before, section, key, text| match key {
        "password_file" => {
            // It excludes the other one, and must be there.
            let (text, password) = without(before, "password");
            write(&secret, password);
            with(&text, section, key, secret.to_str().unwrap())
        }
        "ssl" => {
            let text = with(&text, section, "sslcert", both.to_str().unwrap());
            let is_of_peers = section != "Global";
            if is_of_peers { with(&text, section, "sslca", both.to_str().unwrap()) } else { text }
        }
        "websocket_sslkey" => with(&text, section, "websocket_sslcert", both.to_str().unwrap()),
        "bind" if section == "Cache" => with(&text, section, "port", "0"),
        "sslcert" | "sslkey" | "sslca" if section == "Cache" => {
            let files = ["sslcert", "sslca"].into_iter().filter(|file| *file != key);
            let text = with(&text, section, "ssl", "true");
            files.fold(text, |text, file| with(&text, section, file, both.to_str().unwrap()))
        }
        _ => text,
    });
}

#[test]
fn so_it_does_with_the_catalogue() {
    let certificates = Certificates::new();
    let own = certificates.own("own");
    let both = certificates.joined("both", &[&own.certificate, &own.key]);
    let catalogue = CatalogueSettings::default().start();
    let file = catalogue.file();
    let secret = file.with_extension("secret");
    let catalogue = RefCell::new(catalogue);
    let mut subject = Subject {
        program: &CATALOGUE,
        file,
        logged: Box::new(|| catalogue.borrow().log().count(NEXT_START)),
        reload: Box::new(|| assert!(catalogue.borrow_mut().reload(), "a reload was refused")),
    };
    let named = |text: &str, section: &str, key: &str, content: &str| {
        write(&secret, content);
        with(text, section, key, secret.to_str().unwrap())
    };
    troubles(&mut subject, |before, section, key, text| match key {
        "token_file" => named(&text, section, key, "token"),
        "private_key_file" => named(&text, section, key, KEY),
        "uri_file" => named(&without(before, "uri").0, section, key, "sqlite:////x/other.db"),
        "middleware" => {
            let text = with(&text, section, "private_key", KEY);
            with(&text, section, "public_key", KEY)
        }
        "ssl" => with(&text, section, "sslcert", both.to_str().unwrap()),
        _ => text,
    });
}

#[test]
fn so_it_does_with_the_workers() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let certificates = Certificates::new();
    let own = certificates.own("own");
    let both = certificates.joined("both", &[&own.certificate, &own.key]);
    let authority = own.certificate;
    // Variables would go before what the file says.
    let settings = openkat.variables().into_iter().fold(
        WorkersSettings::bare().arguments(["boefje"]).set("Status", "port", "0"),
        |settings, (name, value)| {
            let key = name.trim_end_matches("_API").to_ascii_lowercase();
            settings.set("Services", &key, &value)
        },
    );
    let workers = settings.start();
    workers.wait_hosts(2);
    let file = workers.file();
    let secret = file.with_extension("secret");
    let workers = RefCell::new(workers);
    let mut subject = Subject {
        program: &WORKERS,
        file,
        logged: Box::new(|| workers.borrow().log().count(NEXT_START)),
        reload: Box::new(|| assert!(workers.borrow_mut().reload(), "a reload was refused")),
    };
    troubles(&mut subject, |before, section, key, text| match key {
        "bytes_password_file" => {
            write(&secret, "other");
            let (text, _) = without(before, "bytes_password");
            with(&text, section, key, secret.to_str().unwrap())
        }
        // It may be what the example says.
        "bytes_password" => with(&text, section, key, "other"),
        "authorities" => with(&text, section, key, authority.to_str().unwrap()),
        "ssl" => {
            let text = with(&text, section, "sslcert", both.to_str().unwrap());
            with(&text, section, "sslca", both.to_str().unwrap())
        }
        "websocket_sslkey" => with(&text, section, "websocket_sslcert", both.to_str().unwrap()),
        _ => text,
    });
}
