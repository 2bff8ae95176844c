//! What the page says of each key and a reload, done to a daemon.

use std::fs;

use ostler_tests::checked::write;
use ostler_tests::{Certificates, FakeBurp};

use crate::keys::of_page;
use crate::none;

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

#[test]
fn a_reload_changes_the_keys_of_which_the_page_says_so() {
    let fake = FakeBurp::new();
    let certificates = Certificates::new();
    let own = certificates.own("own");
    let both = certificates.joined("both", &[&own.certificate, &own.key]);
    let mut daemon = fake.settings().start();
    daemon.wait_ready(2);
    let file = daemon.file();
    let before = fs::read_to_string(&file).unwrap();
    let put = |text: &str| {
        // In one step, since the daemon may be reading.
        let next = file.with_extension("next");
        write(&next, text);
        fs::rename(&next, &file).unwrap();
    };
    let mut troubles = Vec::new();
    for ((section, key), entry) in of_page() {
        let told = daemon.logged(NEXT_START);
        let value = entry.example.split_once(" = ").map_or("", |(_, value)| value);
        let mut text = with(&before, &section, &key, value);
        if key == "password_file" {
            // It excludes the other one, and must be there.
            let (head, tail) = before.split_once("password = ").unwrap();
            let (password, tail) = tail.split_once('\n').unwrap();
            let secret = file.with_extension("secret");
            write(&secret, password);
            text = with(&[head, tail].concat(), &section, &key, secret.to_str().unwrap());
        }
        if key == "ssl" {
            text = with(&text, &section, "sslcert", both.to_str().unwrap());
        }
        put(&text);
        daemon.reload();
        let is_changed = daemon.logged(NEXT_START) == told;
        let words = if is_changed { "at once" } else { "at the next start" };
        if entry.reload != words {
            troubles.push(format!("{key}: Reload {words:?}, not {:?}", entry.reload));
        }
        put(&before);
        daemon.reload();
    }
    none(&troubles);
}
