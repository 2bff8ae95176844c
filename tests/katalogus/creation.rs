//! Organisations that come into being when they are asked for, and those that do not.

use katalogus::Generation;

use crate::instance::Instance;

const ALL: &str = "/v1/organisations";

#[test]
fn whoever_reads_of_an_organisation_makes_it_in_generation_1_15() {
    let instance = Instance::new(Generation::V1_15);
    let mut client = instance.connect();
    let paths = [
        ("repositories", 200),
        ("repositories/none", 404),
        ("repositories/LOCAL/plugins", 200),
        ("plugins", 200),
        ("plugins/none", 404),
        ("plugins/alpha/schema.json", 200),
        ("plugins/alpha/cover.jpg", 200),
        ("plugins/alpha/description.md", 200),
        ("alpha/settings", 200),
        ("alpha/settings/none", 404),
    ];
    for (number, (path, status)) in paths.into_iter().enumerate() {
        let organisation = format!("{ALL}/o{number}");
        assert_eq!(client.ask("GET", &organisation, "").status, 404, "{path}");
        assert_eq!(client.ask("GET", &format!("{organisation}/{path}"), "").status, status);
        let made = client.ask("GET", &organisation, "").json();
        assert_eq!(made["name"], format!("o{number}"), "{path}");
    }
}

#[test]
fn a_write_that_fails_leaves_nothing_behind() {
    let instance = Instance::new(Generation::V1_15);
    let mut client = instance.connect();
    for (method, path, body, status) in [
        ("PUT", "new/alpha/settings", r#"{"TOP":0}"#, 404),
        ("PUT", "new/alpha/settings", "[]", 422),
        ("DELETE", "new/alpha/settings", "", 404),
        ("PATCH", "new/repositories/none/plugins/alpha", r#"{"enabled":true}"#, 404),
        ("POST", "new/settings/clone/none", "", 404),
        ("DELETE", "new/repositories/LOCAL", "", 403),
    ] {
        let heard = client.ask(method, &format!("{ALL}/{path}"), body);
        assert_eq!(heard.status, status, "{method} {path}: {}", heard.text());
    }
    assert_eq!(client.ask("GET", ALL, "").text(), "{}");
}

#[test]
fn nothing_comes_into_being_by_itself_in_generation_1_20() {
    let instance = Instance::new(Generation::V1_20);
    let mut client = instance.connect();
    let missing = r#"{"message":"Organisation with id 'none' not found"}"#;
    for (method, path, body, status, answer) in [
        ("GET", "none/alpha/settings", "", 200, "{}"),
        ("GET", "none/plugins?limit=0", "", 200, "[]"),
        ("PUT", "none/alpha/settings", r#"{"TOP":1}"#, 404, missing),
        ("POST", "none/alpha/settings", r#"{"TOP":1}"#, 404, missing),
        ("POST", "none/alpha/settings/TOP", r#"{"value":1}"#, 404, missing),
        ("PATCH", "none/plugins/alpha", r#"{"enabled":true}"#, 404, missing),
        ("POST", "none/settings/clone/none", "", 404, missing),
        (
            "DELETE",
            "none/alpha/settings",
            "",
            404,
            r#"{"message":"Setting not found for organisation 'none' and plugin 'alpha'"}"#,
        ),
    ] {
        let heard = client.ask(method, &format!("{ALL}/{path}"), body);
        assert_eq!((heard.status, heard.text()), (status, answer), "{method} {path}");
    }
    assert_eq!(client.ask("GET", ALL, "").text(), "{}");
}
