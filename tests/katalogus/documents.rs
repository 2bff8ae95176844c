//! What the service says of itself: the OpenAPI document and the page that shows it.

use std::collections::BTreeSet;

use katalogus::Generation;
use ostler_tests::self_contained::self_contained;
use serde_json::Value;

use crate::instance::Instance;

#[test]
fn the_document_is_that_of_the_generation_and_whoever_follows_it_is_answered() {
    for (name, generation) in Generation::NAMES {
        let instance = Instance::new(generation);
        let mut client = instance.connect();
        let heard = client.ask("GET", "/openapi.json", "");
        assert_eq!((heard.status, heard.header("Content-Type")), (200, Some("application/json")));
        let document: Value = serde_json::from_str(heard.text()).unwrap();
        assert_eq!(
            (&document["openapi"], &document["info"]["version"]),
            (&"3.1.0".into(), &name.into())
        );
        for (path, methods) in document["paths"].as_object().unwrap() {
            // Nobody is there, and nothing is sent: whatever is answered is documented, and it is
            // not that nothing answers there.
            let path_of_nobody: Vec<&str> = path
                .split('/')
                .map(|part| if part.starts_with('{') { "nobody" } else { part })
                .collect();
            for (method, operation) in methods.as_object().unwrap() {
                let heard = client.ask(&method.to_uppercase(), &path_of_nobody.join("/"), "");
                let documented: BTreeSet<&str> = operation["responses"]
                    .as_object()
                    .unwrap()
                    .keys()
                    .map(String::as_str)
                    .collect();
                let said = String::from_utf8_lossy(&heard.body);
                let asked = format!("{name}: {} to {method} {path}: {said}", heard.status);
                assert!(documented.contains(&*heard.status.to_string()), "{asked}");
                assert!(!said.contains("\"Not Found\""), "{asked}");
            }
        }
    }
}

#[test]
fn the_page_is_one_file_whose_script_its_policy_names() {
    let instance = Instance::new(Generation::V1_20);
    let mut client = instance.connect();
    let page = client.ask("GET", "/docs", "");
    assert_eq!((page.status, page.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("Content-Security-Policy").unwrap();
    self_contained(page.text(), policy);
    for part in
        ["connect-src 'self'", "frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'"]
    {
        assert!(policy.contains(part), "{policy}");
    }
    assert_eq!(client.ask("GET", "/redoc", "").text(), page.text());
}
