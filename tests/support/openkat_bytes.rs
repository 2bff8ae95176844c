//! The Bytes of [`OpenKat`](crate::OpenKat).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use crate::openkat::{OpenKatVersion, PASSWORD, USERNAME};
use crate::openkat_books::{BookedRaw, Books, Call};
use crate::openkat_site::Reply;

pub(crate) fn answer(books: &mut Books, version: OpenKatVersion, call: &Call) -> Reply {
    let path = call.path();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    if (call.method.as_str(), path.as_slice()) == ("POST", &["token"]) {
        return log_in(books, call);
    }
    let given = call.header("authorization").unwrap_or_default();
    let token = given.split_once(' ').map(|(_, token)| token.to_owned());
    if token.is_none_or(|token| !books.tokens.contains(&token)) {
        return detail(401, "Not authenticated");
    }
    match (call.method.as_str(), path.as_slice()) {
        ("POST", ["bytes", "boefje_meta"]) => save_meta(&mut books.boefje_metas, call),
        ("POST", ["bytes", "normalizer_meta"]) => save_meta(&mut books.normalizer_metas, call),
        ("POST", ["bytes", "raw"]) if version < OpenKatVersion::V1_18 => save_raw(books, call),
        ("POST", ["bytes", "raw"]) => save_files(books, call),
        ("GET", ["bytes", "raw", id]) => match books.raws.iter().find(|raw| raw.id == *id) {
            Some(raw) => Reply { status: 200, body: raw.content.clone() },
            None => detail(404, "No raw data found"),
        },
        ("GET", ["bytes", "raw", id, "meta"]) => raw_meta(books, id),
        _ => detail(404, "Not Found"),
    }
}

fn log_in(books: &mut Books, call: &Call) -> Reply {
    let form: Vec<_> = form_urlencoded::parse(&call.body).collect();
    let is = |name: &str, value: &str| form.iter().any(|(key, it)| key == name && it == value);
    if !is("username", USERNAME) || !is("password", PASSWORD) {
        return detail(401, "Incorrect username or password");
    }
    books.logins += 1;
    let token = format!("tok{}", books.logins);
    books.tokens.push(token.clone());
    let expiry = "2099-01-01T00:00:00+00:00";
    Reply::json(200, &json!({"access_token": token, "token_type": "bearer", "expires_at": expiry}))
}

fn save_meta(metas: &mut Vec<Value>, call: &Call) -> Reply {
    let Ok(meta) = serde_json::from_slice::<Value>(&call.body) else {
        return detail(422, "no JSON");
    };
    if !meta["started_at"].is_string() || !meta["ended_at"].is_string() {
        return detail(422, "no times");
    }
    if metas.iter().any(|known| known["id"] == meta["id"]) {
        let message = "Integrity error: object might already exist";
        return Reply::json(400, &json!({"status": "failed", "message": message}));
    }
    metas.push(meta);
    Reply::json(201, &json!({"status": "success"}))
}

fn save_raw(books: &mut Books, call: &Call) -> Reply {
    let Some(run) = run(books, call) else { return detail(500, "no such run") };
    let mime_types = call.query("mime_types");
    let mut set = mime_types.clone();
    set.sort();
    let is_there = books.raws.iter().any(|raw| {
        let mut known = raw.mime_types.clone();
        known.sort();
        (&raw.run, &known) == (&run, &set)
    });
    let (message, id) = if is_there {
        ("Raw data already present", None)
    } else {
        ("Raw data saved", Some(keep(books, run, mime_types, call.body.clone())))
    };
    Reply::json(200, &json!({"status": "success", "message": message, "id": id}))
}

fn save_files(books: &mut Books, call: &Call) -> Reply {
    let json: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let is_json = call.header("content-type") == Some("application/json");
    let Some(files) = json["files"].as_array().filter(|_| is_json) else {
        let flaw = json!({"type": "model_attributes_type", "loc": ["body"], "msg": "no files"});
        return Reply::json(422, &json!({ "detail": [flaw] }));
    };
    let Some(run) = run(books, call) else { return detail(500, "no such run") };
    let mut ids = serde_json::Map::new();
    for file in files {
        let content = file["content"].as_str().and_then(|text| STANDARD.decode(text).ok());
        let tags = file["tags"].as_array().expect("tags").iter();
        let tags = tags.map(|tag| tag.as_str().expect("a text").to_owned()).collect();
        let id = keep(books, run.clone(), tags, content.expect("base64"));
        ids.insert(file["name"].as_str().expect("a name").to_owned(), id.into());
    }
    Reply::json(200, &Value::Object(ids))
}

/// The run that a call is about, if it was saved.
fn run(books: &Books, call: &Call) -> Option<String> {
    let run = call.query("boefje_meta_id").pop()?;
    books.boefje_metas.iter().any(|meta| meta["id"] == run.as_str()).then_some(run)
}

/// Keeps a raw file, whose id it gives.
pub(crate) fn keep(
    books: &mut Books,
    run: String,
    mime_types: Vec<String>,
    content: Vec<u8>,
) -> String {
    let id = Uuid::new_v4().to_string();
    books.raws.push(BookedRaw { id: id.clone(), run, mime_types, content });
    id
}

fn raw_meta(books: &Books, id: &str) -> Reply {
    let raw = books.raws.iter().find(|raw| raw.id == id);
    let run = |raw: &&BookedRaw| books.boefje_metas.iter().find(|meta| meta["id"] == *raw.run);
    let Some((raw, meta)) = raw.and_then(|raw| Some((raw, run(&raw)?))) else {
        return detail(404, "No raw data found");
    };
    let mime_types: Vec<_> = raw.mime_types.iter().map(|one| json!({ "value": one })).collect();
    let hash = "sha512:00";
    Reply::json(
        200,
        &json!({"id": id, "boefje_meta": meta, "mime_types": mime_types, "secure_hash": hash}),
    )
}

fn detail(status: u16, words: &str) -> Reply {
    Reply::json(status, &json!({ "detail": words }))
}
