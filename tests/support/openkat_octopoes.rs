//! The Octopoes and the KATalogus of [`OpenKat`](crate::OpenKat).

use serde_json::{Value, json};

use crate::openkat::OpenKatVersion;
use crate::openkat_books::{Books, Call, Said};
use crate::openkat_site::Reply;

pub(crate) fn octopoes(books: &mut Books, _: OpenKatVersion, call: &Call) -> Reply {
    let path = call.path();
    let (organization, what) = match path.split_first() {
        Some((organization, what)) => (organization.clone(), what.join("/")),
        None => return not_found(),
    };
    match (call.method.as_str(), what.as_str()) {
        ("GET", "object") => {
            let (references, moments) = (call.query("reference"), call.query("valid_time"));
            let ([reference], [_]) = (references.as_slice(), moments.as_slice()) else {
                return Reply::json(422, &json!({"detail": "a reference and a moment are needed"}));
            };
            match books.objects.get(&(organization, reference.clone())) {
                Some(object) => Reply::json(200, object),
                None => Reply::json(404, &json!({ "value": reference })),
            }
        }
        ("POST", "observations" | "declarations" | "affirmations" | "scan_profiles/save_many") => {
            let Ok(json) = serde_json::from_slice(&call.body) else {
                return Reply::json(422, &json!({"detail": "no JSON"}));
            };
            books.said.push(Said { organization, what, json });
            Reply::json(200, &Value::Null)
        }
        _ => not_found(),
    }
}

pub(crate) fn katalogus(books: &mut Books, _: OpenKatVersion, call: &Call) -> Reply {
    let path = call.path();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (call.method.as_str(), path.as_slice()) {
        ("GET", ["v1", "organisations", organization, boefje, "settings"]) => {
            let key = ((*organization).to_owned(), (*boefje).to_owned());
            Reply::json(200, books.settings.get(&key).unwrap_or(&json!({})))
        }
        _ => not_found(),
    }
}

fn not_found() -> Reply {
    Reply::json(404, &json!({"detail": "Not Found"}))
}
