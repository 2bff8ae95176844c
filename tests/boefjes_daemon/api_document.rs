//! What the API for containers says of itself: the OpenAPI document and the page that shows it.

use std::collections::BTreeSet;

use ostler_tests::openkat::OpenKatVersion;
use ostler_tests::self_contained::self_contained;
use serde_json::{Value, json};

use crate::api::Containers;

/// The document, which must be that of this generation: the scheduler tells.
fn document(containers: &Containers, generation: &str) -> Value {
    let document = containers.ask("GET", "/openapi.json", None).json();
    assert_eq!(document["info"]["version"], generation);
    document
}

#[test]
fn the_document_is_that_of_the_generation_and_whoever_follows_it_is_answered() {
    for (version, generation, proxy) in
        [(OpenKatVersion::V1_15, "1.15", "no"), (OpenKatVersion::V1_19, "1.20", "yes")]
    {
        let containers = Containers::of(version, |settings| {
            settings.set("Containers", "scheduler_proxy", proxy).set(
                "Global",
                "generation",
                generation,
            )
        });
        let document = document(&containers, generation);
        let paths = document["paths"].as_object().unwrap();
        assert_eq!(paths.contains_key("/api/v0/scheduler/{queue}/pop"), proxy == "yes");
        for (path, methods) in paths {
            let path_of_nobody = path.replace("{task_id}", "nobody").replace("{queue}", "nobody");
            for (method, operation) in methods.as_object().unwrap() {
                let heard = containers.ask(&method.to_uppercase(), &path_of_nobody, None);
                let status = heard.status.to_string();
                let asked = format!("{generation}: {status} to {method} {path}: {}", heard.text());
                assert!(operation["responses"][&status].is_object(), "{asked}");
                assert!(!heard.text().contains("\"Not Found\""), "{asked}");
            }
        }
        let mut left = vec![&document];
        while let Some(value) = left.pop() {
            if let Some(reference) = value["$ref"].as_str() {
                let place = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(place).is_some(), "{generation}: {reference}");
            }
            left.extend(value.as_array().into_iter().flatten());
            left.extend(value.as_object().into_iter().flat_map(|members| members.values()));
        }
    }
}

#[test]
fn what_is_handed_out_is_documented() {
    for (version, generation, members) in [
        (OpenKatVersion::V1_15, "1.15", ["task_id", "output_url", "boefje_meta"].as_slice()),
        (OpenKatVersion::V1_19, "1.20", &["output_url", "task"]),
    ] {
        let containers = Containers::of(version, |settings| settings);
        let job = containers.ask("GET", &format!("/api/v0/tasks/{}", containers.running(1)), None);
        let document = document(&containers, generation);
        let schemas = &document["components"]["schemas"];
        let names = |value: &Value| -> BTreeSet<String> {
            value.as_object().unwrap().keys().cloned().collect()
        };
        let job = job.json();
        assert_eq!(names(&job), names(&schemas["BoefjeInput"]["properties"]), "{job}");
        assert_eq!(schemas["BoefjeInput"]["required"], json!(members));
        let meta = job.pointer("/task/data").unwrap_or(&job["boefje_meta"]);
        assert_eq!(names(meta), names(&schemas["BoefjeMeta"]["properties"]), "{job}");
        if generation == "1.20" {
            assert_eq!(names(&job["task"]), names(&schemas["Task"]["properties"]), "{job}");
        }
    }
}

#[test]
fn the_page_of_the_api_is_one_file_whose_script_its_policy_names() {
    let containers = Containers::new(|settings| settings);
    for path in ["/docs", "/redoc"] {
        let page = containers.ask("GET", path, None);
        assert_eq!(page.header("Content-Type"), Some("text/html; charset=utf-8"));
        self_contained(page.text(), page.header("Content-Security-Policy").unwrap());
    }
}
