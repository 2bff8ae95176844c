//! The OpenAPI documents against the names in the original's, and against themselves.
//!
//! `testdata/openapi_names.jsonl` has the operations of the original's documents with the names of
//! their parameters, and the schemas with the names of their members.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::Generation;
use crate::openapi_catalogue::document;
use crate::settings_schema::SettingsSchema;

fn documents() -> Vec<(&'static str, Value)> {
    let write = |generation| serde_json::from_str(&document(generation).compact()).unwrap();
    Generation::NAMES.map(|(name, generation)| (name, write(generation))).to_vec()
}

fn texts(list: &Value) -> BTreeSet<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn whatever_the_original_documents_is_documented_under_its_names() {
    let documents = documents();
    let lines = include_str!("testdata/openapi_names.jsonl").lines();
    assert_eq!(lines.clone().count(), 56);
    for line in lines {
        let fact: Value = serde_json::from_str(line).unwrap();
        let (_, document) = documents.iter().find(|(name, _)| fact["generation"] == *name).unwrap();
        if let Some(name) = fact["schema"].as_str() {
            let schema = &document["components"]["schemas"][name];
            let members = schema["properties"].as_object().map(|members| members.keys());
            let members: BTreeSet<&str> =
                members.into_iter().flatten().map(String::as_str).collect();
            assert!(members.is_superset(&texts(&fact["members"])), "{line}\n{schema}");
            assert!(texts(&schema["required"]).is_superset(&texts(&fact["required"])), "{line}");
            continue;
        }
        let operation =
            &document["paths"][fact["path"].as_str().unwrap()][fact["method"].as_str().unwrap()];
        assert_eq!(operation["operationId"], fact["operation"], "{line}");
        let parameters = |list: &Value| -> BTreeSet<(String, bool)> {
            let one = |parameter: &Value| {
                let field = |name: &str| parameter[name].as_str().unwrap_or_default().to_owned();
                (field("in") + "/" + &field("name"), parameter["required"] == true)
            };
            list.as_array().into_iter().flatten().map(one).collect()
        };
        let known = fact["parameters"].as_array().unwrap().iter();
        let known = known.map(|one| {
            (format!("{}/{}", one[0].as_str().unwrap(), one[1].as_str().unwrap()), one[2] == true)
        });
        // The original leaves out those that it does not look at.
        let documented = parameters(&operation["parameters"]);
        assert!(documented.is_superset(&known.collect()), "{line}\n{documented:?}");
        assert_eq!(operation["requestBody"]["required"], fact["body"], "{line}");
        assert!(operation["responses"][fact["success"].as_str().unwrap()].is_object(), "{line}");
    }
}

#[test]
fn every_operation_has_its_own_name_and_every_reference_leads_somewhere() {
    for (_, document) in documents() {
        let mut names = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                assert!(names.insert(operation["operationId"].as_str()), "{method} {path}");
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    let place = format!("{{{}}}", parameter["name"].as_str().unwrap());
                    assert_eq!(
                        path.contains(&place),
                        parameter["in"] == "path",
                        "{place} of {path}"
                    );
                }
            }
        }
        let mut left = vec![&document];
        while let Some(value) = left.pop() {
            if let Some(reference) = value["$ref"].as_str() {
                let place = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(place).is_some(), "{reference}");
            }
            left.extend(value.as_array().into_iter().flatten());
            left.extend(value.as_object().into_iter().flat_map(|members| members.values()));
        }
    }
}

#[test]
fn every_schema_is_one() {
    for (_, generation) in Generation::NAMES {
        let crate::Json::Object(members) = document(generation) else { panic!("no object") };
        let Some(crate::Json::Object(components)) = members.get("components") else {
            panic!("no components")
        };
        let Some(crate::Json::Object(schemas)) = components.get("schemas") else {
            panic!("no schemas")
        };
        for (name, _) in schemas.iter() {
            // As a schema of its own, with the others beside it.
            let mut whole = components.clone();
            whole.insert("components", components.clone());
            whole.insert("$ref", format!("#/components/schemas/{name}"));
            SettingsSchema::compile(&whole.into()).unwrap();
        }
    }
}
