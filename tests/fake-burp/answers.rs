//! What a scripted burp answers when nothing else was asked of it: three clients, two backups
//! each, always the same.

use serde_json::{Value, json};

/// What burp knows of a query.
pub(crate) enum Usual {
    /// An answer in one line.
    Answer(Vec<u8>),
    /// A warning.
    Warning(String),
}

const CLIENTS: [&str; 3] = ["client1", "client2", "client3"];
const LOGS: [&str; 2] = ["backup", "backup_stats"];

/// The usual answer. Like burp, what cannot be understood is taken for the summary.
pub(crate) fn usual(query: &str) -> Usual {
    let mut words = query.strip_prefix("c:").unwrap_or("").splitn(4, ':');
    let name = words.next().unwrap_or("");
    if name.is_empty() {
        let clients = CLIENTS.map(|name| client(name, &[backup(2)]));
        return answer(&clients);
    }
    if !CLIENTS.contains(&name) {
        return Usual::Warning(format!("Could not find client: {name}"));
    }
    let (Some("b"), Some(number)) = (words.next(), words.next()) else {
        return answer(&[client(name, &[backup(2), backup(1)])]);
    };
    let mut shown = match number {
        "1" => backup(1),
        "2" => backup(2),
        _ => return Usual::Warning("Backup not found".to_owned()),
    };
    let (kind, rest) = words.next().and_then(|rest| rest.split_once(':')).unwrap_or(("", ""));
    if let Some(fields) = shown.as_object_mut() {
        match (kind, rest) {
            ("p", directory) => {
                let entries = json!([{ "name": ".", "link": "", "mode": 16877, "size": 4096 }]);
                let browse = json!({ "directory": directory, "entries": entries });
                fields.insert("browse".to_owned(), browse);
            }
            ("l", log) if LOGS.contains(&log) => {
                let lines = json!({ "list": LOGS, log: ["one line", "another"] });
                fields.insert("logs".to_owned(), lines);
            }
            ("l", _) => return Usual::Warning("File not supported".to_owned()),
            _ => {}
        }
    }
    answer(&[client(name, &[shown])])
}

/// A valid answer of `size` bytes.
pub(crate) fn filler(size: usize) -> Vec<u8> {
    let (head, tail) = ("{\"clients\":[{\"name\":\"", "\"}]}");
    let mut body = head.as_bytes().to_vec();
    body.resize(size.saturating_sub(tail.len()).max(head.len()), b'x');
    body.extend(tail.as_bytes());
    body
}

fn answer(clients: &[Value]) -> Usual {
    Usual::Answer(json!({ "clients": clients }).to_string().into_bytes())
}

fn client(name: &str, backups: &[Value]) -> Value {
    json!({ "name": name, "run_status": "idle", "protocol": 1, "backups": backups })
}

fn backup(number: u32) -> Value {
    json!({
        "number": number,
        "timestamp": 1_795_337_210 + number,
        "flags": ["manifest"],
        "logs": { "list": LOGS },
    })
}
