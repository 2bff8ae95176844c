//! Many who write at the same time: nobody's change is lost, and nothing comes into being twice.

use std::thread;

use katalogus::Generation;

use crate::instance::{Instance, Setup};

const WRITERS: usize = 8;
const WRITES: usize = 12;

/// Runs `write` as each of the writers, all at once, and gives all that they answered.
fn at_once<T: Send>(write: impl Fn(usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let write = &write;
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    })
}

#[test]
fn no_change_of_a_single_setting_is_lost() {
    for setup in Setup::each(Generation::V1_15) {
        let instance = Instance::start(setup);
        at_once(|writer| {
            let mut client = instance.connect();
            for write in 0..WRITES / 3 {
                let path = format!("/v1/organisations/acme/any/settings/{writer}-{write}");
                assert_eq!(client.ask("POST", &path, r#"{"value":0}"#).status, 201);
                assert_eq!(
                    client.ask("PUT", &path, &format!(r#"{{"value":{write}}}"#)).status,
                    200
                );
            }
        });
        let settings = instance.ask("GET", "/v1/organisations/acme/any/settings", "").json();
        assert_eq!(settings.as_object().unwrap().len(), WRITERS * (WRITES / 3));
        for (key, value) in settings.as_object().unwrap() {
            assert!(key.ends_with(&format!("-{value}")), "{key}: {value}");
        }
    }
}

#[test]
fn of_those_who_create_the_same_one_does() {
    let newer = Setup::new(Generation::V1_20);
    for setup in Setup::each(Generation::V1_15).into_iter().chain([newer]) {
        let instance = Instance::start(setup);
        for round in 0..WRITES {
            let organisation = format!(r#"{{"id":"o{round}","name":"O"}}"#);
            let created =
                at_once(|_| instance.ask("POST", "/v1/organisations/", &organisation).status);
            assert_eq!(created.iter().filter(|status| **status == 201).count(), 1, "{created:?}");
            let settings = format!("/v1/organisations/o{round}/alpha/settings");
            let created = at_once(|_| instance.ask("POST", &settings, r#"{"TOP":1}"#).status);
            assert_eq!(created.iter().filter(|status| **status == 201).count(), 1, "{created:?}");
            assert_eq!(created.iter().filter(|status| **status == 409).count(), WRITERS - 1);
        }
    }
}

#[test]
fn an_organisation_comes_into_being_once_for_all_who_ask() {
    for setup in Setup::each(Generation::V1_15) {
        let instance = Instance::start(setup);
        for round in 0..WRITES {
            let path = format!("/v1/organisations/fresh-{round}/plugins?limit=1");
            assert!(at_once(|_| instance.ask("GET", &path, "").status).iter().all(|it| *it == 200));
        }
        let all = instance.ask("GET", "/v1/organisations", "").json();
        assert_eq!(all.as_object().unwrap().len(), WRITES);
    }
}

#[test]
fn a_clone_is_seen_whole_or_not_at_all() {
    for setup in Setup::each(Generation::V1_15) {
        let instance = Instance::start(setup);
        let mut client = instance.connect();
        let settings = |organisation: &str, plugin: &str| {
            format!("/v1/organisations/{organisation}/{plugin}/settings")
        };
        for (organisation, value) in [("a", 1), ("b", 2), ("to", 1)] {
            let body = format!(r#"{{"TOP":{value}}}"#);
            assert_eq!(client.ask("PUT", &settings(organisation, "alpha"), &body).status, 200);
            assert_eq!(client.ask("PUT", &settings(organisation, "gamma"), &body).status, 200);
        }
        at_once(|writer| {
            let mut client = instance.connect();
            let from = ["a", "b"][writer % 2];
            for _ in 0..WRITES {
                let path = format!("/v1/organisations/{from}/settings/clone/to");
                assert_eq!(client.ask("POST", &path, "").status, 200);
            }
        });
        let mut top = |plugin| client.ask("GET", &settings("to", plugin), "").json()["TOP"].clone();
        assert_eq!(top("alpha"), top("gamma"));
    }
}
