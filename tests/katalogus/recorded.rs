//! Calls of the original as they were recorded, and what of an answer must be equal to theirs.

use std::fs;

use katalogus::{Json, Object};
use ostler_tests::Heard;

use crate::folder::recorded;
use crate::instance::Client;

/// A recorded call.
pub(crate) struct Recorded {
    pub(crate) label: String,
    request: Object,
    response: Object,
    /// A query of the original's database, and the rows that it gave.
    pub(crate) rows: Option<(String, Vec<String>)>,
}

/// All calls of a generation, in their order.
pub(crate) fn calls(generation: &str) -> Vec<Recorded> {
    let text = fs::read_to_string(recorded(&format!("calls-{generation}.jsonl"))).unwrap();
    text.lines().map(Recorded::parse).collect()
}

impl Recorded {
    fn parse(line: &str) -> Self {
        let Json::Object(call) = Json::parse(line).unwrap() else { panic!("no call: {line}") };
        let rows = call.get("db").map(|database| {
            let Json::List(rows) = member(database, "rows") else { panic!("no rows: {line}") };
            let rows = rows.iter().map(text).map(str::to_owned);
            (text(member(database, "sql")).to_owned(), rows.filter(|row| !row.is_empty()).collect())
        });
        Self {
            label: text(call.get("label").unwrap()).to_owned(),
            request: object(call.get("request").unwrap()).clone(),
            response: object(call.get("response").unwrap()).clone(),
            rows,
        }
    }

    /// Sends it.
    pub(crate) fn send(&self, client: &mut Client) -> Heard {
        let part = |key| text(self.request.get(key).unwrap());
        let headers = object(self.request.get("headers").unwrap()).iter();
        let headers = headers.map(|(name, value)| (name, text(value)));
        let headers: Vec<(&str, &str)> = headers.filter(|(_, value)| !value.is_empty()).collect();
        let body = self.request.get("body").map_or("", text);
        client.ask_with(part("method"), part("path"), &headers, body.as_bytes())
    }

    /// The recorded status.
    pub(crate) fn status(&self) -> u16 {
        self.response.get("status").unwrap().compact().parse().unwrap()
    }

    /// What of `heard` is not as it was recorded.
    pub(crate) fn differs(&self, heard: &Heard) -> Vec<String> {
        let mut differences = Vec::new();
        let mut check = |what: &str, ours: String, theirs: String| {
            if ours != theirs && (ours.is_empty() || theirs != "*") {
                differences.push(format!("{what}: {ours}\n  recorded: {theirs}"));
            }
        };
        check("status", heard.status.to_string(), self.status().to_string());
        for (name, value) in object(self.response.get("headers").unwrap()).iter() {
            let mut headers = heard.headers.iter();
            let ours = headers.find(|(key, _)| key.eq_ignore_ascii_case(name));
            let ours = ours.map(|(_, value)| value.clone()).unwrap_or_default();
            check(name, ours, text(value).to_owned());
        }
        if let Some(body) = self.response.get("body_json").filter(|_| !heard.body.is_empty()) {
            let ours = Json::parse(heard.text()).unwrap_or_default();
            check("body", comparable(&ours).compact(), comparable(body).compact());
        }
        if let Some(body) = self.response.get("body_text") {
            check("body", heard.text().to_owned(), text(body).to_owned());
        }
        differences
    }
}

/// A value without what may differ: lists that are sets, and where errors are explained.
pub(crate) fn comparable(value: &Json) -> Json {
    match value {
        Json::List(items) => Json::List(items.iter().map(comparable).collect()),
        Json::Object(members) => {
            let members = members.iter().filter(|(key, _)| *key != "url");
            let member = |(key, value): (&str, &Json)| {
                let mut value = comparable(value);
                if let ("consumes" | "produces", Json::List(items)) = (key, &mut value) {
                    items.sort_by_key(Json::compact);
                }
                (key.to_owned(), value)
            };
            Json::Object(members.map(member).collect())
        }
        value => value.clone(),
    }
}

fn member<'j>(value: &'j Json, key: &str) -> &'j Json {
    object(value).get(key).unwrap()
}

fn object(value: &Json) -> &Object {
    let Json::Object(object) = value else { panic!("no object: {value:?}") };
    object
}

fn text(value: &Json) -> &str {
    let Json::Text(text) = value else { panic!("no text: {value:?}") };
    text
}
