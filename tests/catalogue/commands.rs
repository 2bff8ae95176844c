//! `migrate`, `export`, `import` and `rekey`, done to the database of a service.

use std::fs;
use std::path::Path;
use std::process::Output;

use ostler_tests::binaries::katalogus;
use ostler_tests::process::command;
use ostler_tests::{Catalogue, CatalogueSettings};
use rustix::process::Signal;
use serde_json::json;

use crate::{KEY, OTHER_KEY, path, secret};

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut program = command(katalogus());
    program.args(arguments).envs(variables.iter().copied()).output().unwrap()
}

fn said(output: &Output) -> String {
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(all).unwrap()
}

fn uri(file: &Path) -> String {
    format!("sqlite:///{}", file.display())
}

const SETTINGS: &str = "/v1/organisations/acme/plug/settings";

/// A service with settings in it, encrypted.
fn with_settings(private: &str, public: &str) -> Catalogue {
    let catalogue = CatalogueSettings::default()
        .set("Encryption", "middleware", "NACL_SEALBOX")
        .set("Encryption", "private_key", private)
        .set("Encryption", "public_key", public)
        .start();
    let settings = json!({"TOP": "5 and a secret"});
    assert_eq!(catalogue.ask("PUT", SETTINGS, Some(&settings)).status, 200);
    catalogue
}

#[test]
fn what_was_exported_is_imported_into_a_new_file_and_not_over_another() {
    let catalogue = with_settings(KEY, OTHER_KEY);
    let database = uri(&catalogue.directory().join("katalogus.db"));
    let exported = catalogue.directory().join("exported.jsonl");
    let file = exported.to_str().unwrap();
    let output = run(&["--database", &database, "export", file], &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(said(&output), "");
    let text = fs::read_to_string(&exported).unwrap();
    assert!(text.contains("acme") && !text.contains("secret"), "{text}");
    assert_eq!(run(&["--database", &database, "export"], &[]).stdout, text.as_bytes());

    let second = catalogue.directory().join("second.db");
    let output = run(&["--database", &uri(&second), "import", file], &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(run(&["--database", &uri(&second), "export"], &[]).stdout, text.as_bytes());
    let output = run(&["--database", &uri(&second), "import", file], &[]);
    assert_eq!(output.status.code(), Some(78));
    assert!(said(&output).contains("the database is not empty"), "{}", said(&output));
    let output = run(&["--database", &uri(&second), "import", "--replace", file], &[]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn settings_are_read_by_the_new_keys_after_a_rekey_and_by_no_others() {
    let mut catalogue = with_settings(KEY, OTHER_KEY);
    let (private, public) = (secret(OTHER_KEY), secret(KEY));
    let file = catalogue.file();
    let config = file.to_str().unwrap();
    let files = ["--new-private-key-file", path(&private), "--new-public-key-file", path(&public)];
    let output = run(&[&["-c", config, "rekey"][..], &files].concat(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).ends_with("1 rows of ") || said(&output).starts_with("1 rows of "));
    assert_eq!(catalogue.ask("GET", SETTINGS, None).status, 500, "these keys are old");
    catalogue.configure(|settings| {
        settings.set("Encryption", "private_key", OTHER_KEY).set("Encryption", "public_key", KEY)
    });
    let catalogue = catalogue.again(Signal::TERM);
    assert_eq!(catalogue.ask("GET", SETTINGS, None).json(), json!({"TOP": "5 and a secret"}));
    // The old keys read nothing any more, so nothing is changed.
    let variables = [
        ("KATALOGUS_PRIVATE_KEY_B64", KEY),
        ("KATALOGUS_PUBLIC_KEY_B64", KEY),
        ("KATALOGUS_NEW_PRIVATE_KEY_B64", KEY),
        ("KATALOGUS_NEW_PUBLIC_KEY_B64", KEY),
    ];
    let file = catalogue.file();
    let output = run(&["-c", file.to_str().unwrap(), "rekey"], &variables);
    assert_eq!(output.status.code(), Some(78));
    let words = "the settings of plugin plug for organisation acme: the old keys do not read them";
    assert!(said(&output).contains(words), "{}", said(&output));
    assert_eq!(catalogue.ask("GET", SETTINGS, None).status, 200);
    let plain = [("KATALOGUS_NEW_ENCRYPTION_MIDDLEWARE", "identity")];
    let output = run(&["-c", file.to_str().unwrap(), "rekey"], &plain);
    assert!(output.status.success(), "{}", said(&output));
    let database = uri(&catalogue.directory().join("katalogus.db"));
    let exported = run(&["--database", &database, "export"], &[]);
    assert!(said(&exported).contains("5 and a secret"), "they are stored as they are");
}

#[test]
fn a_rekey_without_usable_keys_says_which() {
    let catalogue = CatalogueSettings::default().start();
    let file = catalogue.file();
    let config = file.to_str().unwrap();
    let rekey = |more: &[&str], variables: &[(&str, &str)]| {
        let output = run(&[&["-c", config, "rekey"], more].concat(), variables);
        assert_eq!(output.status.code(), Some(78));
        said(&output)
    };
    let told = rekey(&[], &[]);
    assert!(told.contains("the new keys: the private key is not the base64 of 32 bytes"), "{told}");
    let told = rekey(&["--new-private-key-file", "/nowhere"], &[]);
    assert!(told.contains("/nowhere: cannot be read: "), "{told}");
    let told = rekey(&[], &[("KATALOGUS_NEW_ENCRYPTION_MIDDLEWARE", "x")]);
    assert!(told.contains("must be IDENTITY or NACL_SEALBOX"), "{told}");
}

#[test]
fn migrate_makes_what_is_lacking_and_says_it() {
    let directory = tempfile::tempdir().unwrap();
    let database = uri(&directory.path().join("new.db"));
    let first = run(&["--database", &database, "migrate"], &[]);
    assert!(first.status.success() && said(&first).contains("make the file"), "{}", said(&first));
    let second = run(&["--database", &database, "migrate"], &[]);
    assert_eq!(said(&second), format!("{database} is up to date\n"));
}
