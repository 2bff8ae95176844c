//! Keys of the wrong type, and secrets where they do not belong.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use katalogus::{Configuration, Options};
use ostler_runtime::Document;
use ostler_tests::binaries::katalogus;
use ostler_tests::checked::{self, Checked};
use ostler_tests::process::command;
use ostler_tests::{CatalogueSettings, Fault};
use rustix::process::Signal;
use serde_json::json;

/// What no key but a text takes.
const NONSENSE: &str = "%(nowhere)s";

#[test]
fn kat_k04_every_key_that_is_wrong_is_told_with_its_place_in_one_run() {
    let mut fault = Fault::begin("KAT-K04");
    let options = Options::parse(["katalogus"]).unwrap();
    let every = Document::parse(Path::new("x"), b"[Global]\nssl = true\n").unwrap();
    let keys = Configuration::keys(&every, &options);
    let (mut text, mut current, mut wanted) = (String::new(), String::new(), Vec::new());
    let mut line = 0;
    let mut sections: Vec<&str> = keys.iter().map(|key| key.section.as_str()).collect();
    sections.dedup();
    sections.sort_unstable();
    sections.dedup();
    for section in sections {
        for key in keys.iter().filter(|key| key.section == section) {
            // Without it the keys beside it are not looked at.
            let value = if key.name == "ssl" { "true" } else { NONSENSE };
            if current != section {
                section.clone_into(&mut current);
                writeln!(text, "[{section}]").unwrap();
                line += 1;
            }
            writeln!(text, "{} = {value}", key.name).unwrap();
            line += 1;
            if value == NONSENSE {
                wanted.push(format!("error: x.cfg:{line}: [{section}] {}: ", key.name));
            }
        }
    }
    let directory = tempfile::tempdir().unwrap();
    checked::write(&directory.path().join("x.cfg"), &text);
    let mut check = command(katalogus());
    let checked = Checked::of(check.current_dir(directory.path()).args(["--check", "-c", "x.cfg"]));
    assert_eq!((checked.code, checked.shown.as_str()), (78, ""));
    for start in &wanted {
        let told = checked.told.lines().filter(|line| line.starts_with(start.as_str())).count();
        assert_eq!(told, 1, "{start}\n{}", checked.told);
    }
    fault.saw(format!("{} keys, each told with its line in one run", wanted.len()));
}

#[test]
fn kat_a03_no_secret_is_told_anywhere() {
    const TOKEN: &str = "Th1sTokenIsSecret";
    const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
    const SETTING: &str = "Th1sSettingIsSecret";
    let mut fault = Fault::begin("KAT-A03");
    let secret = |text: &str| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "{text}").unwrap();
        file
    };
    let (token, key) = (secret(TOKEN), secret(KEY));
    let at = |file: &tempfile::NamedTempFile| file.path().display().to_string();
    let mut catalogue = CatalogueSettings::default()
        .arguments(["-vvvv"])
        .set("Global", "token_file", &at(&token))
        .set("Encryption", "middleware", "NACL_SEALBOX")
        .set("Encryption", "private_key_file", &at(&key))
        .set("Encryption", "public_key", "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=")
        .start();
    let header = format!("Authorization: Bearer {TOKEN}\r\n");
    let body = json!({ "PASSWORD": SETTING }).to_string();
    let path = "/v1/organisations/acme/plug/settings";
    let mut caller = ostler_tests::Caller::new(catalogue.port());
    caller.send(ostler_tests::catalogue::request("PUT", path, &header, Some(&body)));
    assert_eq!(caller.one().status, 200);
    assert!(catalogue.ask_with(&header, "GET", path).text().contains(SETTING));
    let wrong = format!("Authorization: Bearer {TOKEN}x\r\n");
    let refused = catalogue.ask_with(&wrong, "GET", path);
    assert_eq!(refused.status, 401);
    // A row that was damaged, and a body that is none.
    let mut caller = ostler_tests::Caller::new(catalogue.port());
    let broken = format!("{{\"PASSWORD\": \"{SETTING}");
    caller.send(ostler_tests::catalogue::request("PUT", path, &header, Some(&broken)));
    assert_eq!(caller.one().status, 422);
    catalogue.signal(Signal::USR1);
    catalogue.log().wait("status: ");
    fs::write(token.path(), format!("\n{TOKEN}")).unwrap();
    assert!(!catalogue.reload());
    let process = Path::new("/proc").join(catalogue.pid().to_string());
    let arguments = fs::read(process.join("cmdline")).unwrap();
    let figures = catalogue.ask("GET", "/metrics", None);
    let database = fs::read(catalogue.directory().join("katalogus.db-wal")).unwrap_or_default();
    let all = [
        ("log", catalogue.log().lines().join("\n")),
        ("arguments", String::from_utf8_lossy(&arguments).into_owned()),
        ("figures", figures.text().to_owned()),
        ("refusal", refused.text().to_owned()),
        ("database", String::from_utf8_lossy(&database).into_owned()),
    ];
    for (place, text) in &all {
        for secret in [TOKEN, KEY, SETTING] {
            assert!(!text.contains(secret), "{secret} in {place}");
        }
    }
    fault.saw(format!("0 hits in {} places, {} lines of log", all.len(), all[0].1.lines().count()));
}
