//! burp's summary as a table: each client, its last finished backup, and what it is doing.

use ostler_runtime::terminal::age;
use serde_json::Value;

use crate::status_time::date;
use crate::status_zone::Zone;

/// The heads of the table's columns.
pub(crate) const HEAD: [&str; 6] = ["CLIENT", "STATE", "BACKUP", "FINISHED", "AGE", "NOW"];

/// One client of the summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    pub name: String,
    /// burp's word: `idle`, `running`, `client crashed`, `server crashed`.
    pub state: String,
    /// The newest backup that is finished.
    pub last: Option<Backup>,
    /// What runs, such as `backup 3: scanning`.
    pub now: Vec<String>,
}

/// A finished backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backup {
    pub number: u64,
    /// Seconds since 1970.
    pub timestamp: u64,
}

impl Client {
    /// The age of the last backup in seconds; `None` if there is none. A backup of the future has
    /// just been made.
    pub(crate) fn age(&self, today: u64) -> Option<u64> {
        self.last.map(|backup| today.saturating_sub(backup.timestamp))
    }

    /// The cells of its row.
    pub(crate) fn row(&self, today: u64, zone: &Zone) -> Vec<String> {
        let last = |cell: fn(Backup, &Zone) -> String| {
            self.last.map_or_else(|| "-".to_owned(), |backup| cell(backup, zone))
        };
        let finished = last(|backup, zone| date(backup.timestamp, zone.east(backup.timestamp)));
        vec![
            self.name.clone(),
            self.state.clone(),
            last(|backup, _| backup.number.to_string()),
            if self.last.is_none() { "never".to_owned() } else { finished },
            self.age(today).map_or_else(|| "-".to_owned(), age),
            self.now.join(", "),
        ]
    }
}

/// The clients of the answer to `c:`, in burp's order; `None` if it is no such answer.
pub(crate) fn parse(summary: &[u8]) -> Option<Vec<Client>> {
    // Names may have any bytes in them; those that are no text are shown as a replacement.
    let summary: Value = serde_json::from_str(&String::from_utf8_lossy(summary)).ok()?;
    Some(summary.get("clients")?.as_array()?.iter().map(client).collect())
}

fn client(value: &Value) -> Client {
    Client {
        name: text(value, "name"),
        state: text(value, "run_status"),
        last: members(value, "backups")
            .filter(|backup| is_finished(backup))
            .filter_map(|backup| {
                let number = backup.get("number")?.as_u64()?;
                Some(Backup { number, timestamp: backup.get("timestamp")?.as_u64()? })
            })
            .max_by_key(|backup| backup.number),
        now: members(value, "children").map(now).collect(),
    }
}

/// A backup that is being made or moved to its place does not count yet.
fn is_finished(backup: &Value) -> bool {
    !members(backup, "flags").any(|flag| matches!(flag.as_str(), Some("working" | "finishing")))
}

/// What a child of the server does for a client.
fn now(child: &Value) -> String {
    let mut shown = text(child, "action");
    if let Some(number) = child.get("backup").and_then(Value::as_u64).filter(|number| *number > 0) {
        shown = format!("{shown} {number}");
    }
    let phase = text(child, "phase");
    if !phase.is_empty() {
        shown = format!("{shown}: {phase}");
    }
    let counter = |name: &str| {
        members(child, "counters")
            .find(|counter| counter.get("name").and_then(Value::as_str) == Some(name))
            .and_then(|counter| counter.get("count")?.as_u64())
    };
    if let (Some(bytes), Some(all @ 1..)) = (counter("bytes"), counter("bytes_estimated")) {
        // The estimate may be too low.
        let percent = (u128::from(bytes) * 100 / u128::from(all)).min(100);
        shown = format!("{shown} {percent} %");
    }
    shown.trim().to_owned()
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn members<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY: &str = r#"{"clients":[
        {"name":"a","labels":["x"],"run_status":"idle","protocol":1,"backups":[
            {"number":2,"timestamp":1795337935,"flags":["current","manifest"],"logs":{"list":[]}}]},
        {"name":"b","run_status":"running","protocol":1,
            "children":[{"pid":4233,"backup":3,"action":"backup","phase":"backup","counters":[
                {"name":"files","type":"f","count":5},
                {"name":"bytes_estimated","type":"G","count":18940435},
                {"name":"bytes","type":"O","count":15794707}]}],
            "backups":[{"number":3,"timestamp":1795337941,"flags":["working"]},
                {"number":2,"timestamp":1795337900,"flags":["current"]}]},
        {"name":"monitor","run_status":"idle","protocol":1,"backups":[]}]}"#;

    #[test]
    fn the_last_finished_backup_is_shown_and_what_runs() {
        let clients = parse(SUMMARY.as_bytes()).unwrap();
        let today = 1_795_337_935 + 7200;
        let rows: Vec<_> = clients.iter().map(|client| client.row(today, &Zone::UTC)).collect();
        assert_eq!(rows[0], ["a", "idle", "2", "2026-11-22 08:58", "2 h", ""]);
        let now = "backup 3: backup 83 %";
        assert_eq!(rows[1], ["b", "running", "2", "2026-11-22 08:58", "2 h", now]);
        assert_eq!(rows[2], ["monitor", "idle", "-", "never", "-", ""]);
        assert_eq!(clients[0].age(0), Some(0), "a clock that is late makes no age");
    }

    #[test]
    fn an_estimate_may_be_wrong_or_missing() {
        let child = |counters: &str| {
            let text =
                format!(r#"{{"action":"backup","phase":"scanning","counters":[{counters}]}}"#);
            now(&serde_json::from_str(&text).unwrap())
        };
        assert_eq!(child(""), "backup: scanning");
        let counters = |bytes: u64, all: u64| {
            child(&format!(
                r#"{{"name":"bytes","count":{bytes}}},{{"name":"bytes_estimated","count":{all}}}"#
            ))
        };
        assert_eq!(counters(5, 0), "backup: scanning");
        assert_eq!(counters(7, 5), "backup: scanning 100 %");
        assert_eq!(counters(u64::MAX, u64::MAX), "backup: scanning 100 %");
        assert_eq!(now(&Value::Null), "");
    }

    #[test]
    fn what_is_no_summary_is_none() {
        for text in ["", "[]", "3.1.4", r#"{"clients":3}"#] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        let clients = parse(b"{\"clients\":[{\"name\":\"\xff\"},7]}").unwrap();
        assert_eq!(clients[0].name, "\u{fffd}");
        assert_eq!(clients[1].last, None);
    }
}
