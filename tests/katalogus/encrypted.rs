//! Settings that are stored encrypted, and rows that cannot be read.

use katalogus::{Cipher, Generation};
use serde_json::json;

use crate::instance::{Instance, Setup};

const PRIVATE: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
const PUBLIC: &str = "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw=";
const ALPHA: &str = "/v1/organisations/acme/alpha/settings";

fn instance(generation: Generation) -> Instance {
    let cipher = Cipher::sealbox(PRIVATE, PUBLIC).unwrap();
    let instance = Instance::start(Setup { cipher, ..Setup::new(generation) });
    let made = instance.ask("POST", "/v1/organisations/", r#"{"id":"acme","name":"A"}"#);
    assert_eq!(made.status, 201);
    instance
}

fn row(instance: &Instance) -> String {
    instance.look(|session| {
        let (pk, _) = session.organisation("acme")?.unwrap();
        Ok(session.settings(pk, "alpha")?.unwrap())
    })
}

fn spoil(instance: &Instance) {
    instance.look(|session| {
        let (pk, _) = session.organisation("acme")?.unwrap();
        session.set_settings(pk, "alpha", r#"{"NAME": "sesame"}"#)?;
        Ok(())
    });
}

#[test]
fn what_is_stored_is_not_what_is_shown() {
    let instance = instance(Generation::V1_15);
    assert_eq!(instance.ask("PUT", ALPHA, r#"{"NAME":"sesame"}"#).status, 200);
    assert!(!row(&instance).contains("sesame"));
    assert_eq!(instance.ask("GET", ALPHA, "").text(), r#"{"NAME":"sesame"}"#);
    // Of 512 characters that are stored, so many are left.
    let longest = |length: usize| format!(r#"{{"x":"{}"}}"#, "x".repeat(length));
    let path = "/v1/organisations/acme/any/settings";
    assert_eq!(instance.ask("PUT", path, &longest(335)).status, 200);
    assert_eq!(instance.ask("PUT", path, &longest(336)).status, 404);
}

#[test]
fn a_row_that_cannot_be_read_is_said_so_and_can_be_replaced() {
    for generation in [Generation::V1_15, Generation::V1_20] {
        let instance = instance(generation);
        spoil(&instance);
        let words = "The settings of organisation 'acme' and plugin 'alpha' cannot be decrypted";
        let configs = "/v1/configs?organisation_id=acme";
        let key = format!("{ALPHA}/NAME");
        let clone = "/v1/organisations/acme/settings/clone/acme";
        for (method, path, body) in [
            ("GET", ALPHA, ""),
            ("GET", &*key, ""),
            ("POST", &*key, r#"{"value":"x"}"#),
            ("POST", clone, ""),
            ("GET", configs, ""),
        ] {
            if path == configs && generation == Generation::V1_15 {
                continue;
            }
            let heard = instance.ask(method, path, body);
            assert_eq!(heard.status, 500, "{method} {path}");
            assert_eq!(heard.json(), json!({ "detail": words }), "{method} {path}");
        }
        assert!(row(&instance).contains("sesame"), "nothing is lost");
        assert_eq!(instance.ask("PUT", ALPHA, r#"{"NAME":"x"}"#).status, 200);
        assert_eq!(instance.ask("GET", ALPHA, "").text(), r#"{"NAME":"x"}"#);
        spoil(&instance);
        assert_eq!(instance.ask("DELETE", ALPHA, "").status, 200);
        assert_eq!(instance.ask("GET", ALPHA, "").text(), "{}");
    }
}
