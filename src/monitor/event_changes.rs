//! What has come between two summaries of burp: clients that are in another state, and backups that
//! have finished. Pure, without I/O or clock.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde_json::Value;

/// Clients that have gone are remembered up to so many clients in all, so that one that comes back
/// has not finished its old backups anew.
const MAX_CLIENTS: usize = 65_536;
/// A backup with one of these flags is not finished.
const UNFINISHED: [&str; 2] = ["working", "finishing"];

/// What was seen last.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    seen: BTreeMap<String, Seen>,
    /// When the first summary came, in seconds since 1970; none has before that.
    since: Option<u64>,
    /// The last summary, so that the same one is not looked at again.
    summary: Vec<u8>,
}

/// What was seen of a client.
#[derive(Debug, Default)]
struct Seen {
    /// `run_status`; empty while there is no such client.
    state: String,
    phase: String,
    /// The highest number of a finished backup.
    newest: u64,
}

/// Something has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A client is in another state, or in another phase of a backup. An empty state is that of a
    /// client that is not there.
    State { client: String, was: String, state: String, phase: String },
    /// A backup has finished.
    Backup { client: String, number: u64, started: u64, flags: Vec<String> },
}

/// A client in a summary.
struct Shown {
    state: String,
    phase: String,
    backups: Vec<Finished>,
}

/// A finished backup in a summary.
struct Finished {
    number: u64,
    started: u64,
    flags: Vec<String>,
}

impl Clients {
    /// A summary came, so many seconds after the beginning of 1970. What has changed since the last
    /// one, client by client; nothing at the first one, and of what is none.
    pub(crate) fn look(&mut self, summary: &[u8], seconds: u64) -> Vec<Change> {
        if self.summary == summary {
            return Vec::new();
        }
        let Some(shown) = clients(summary) else { return Vec::new() };
        summary.clone_into(&mut self.summary);
        let is_first = self.since.is_none();
        let since = *self.since.get_or_insert(seconds);
        let mut changes = Vec::new();
        for (name, seen) in &mut self.seen {
            if !shown.contains_key(name) {
                seen.go(name, String::new(), String::new(), &mut changes);
            }
        }
        for (name, Shown { state, phase, backups }) in shown {
            let seen = self.seen.entry(name.clone()).or_insert_with(|| {
                // What began before anybody looked may have finished before that as well.
                let old = backups.iter().filter(|backup| backup.started < since);
                let newest = old.map(|backup| backup.number).max().unwrap_or_default();
                Seen { newest, ..Seen::default() }
            });
            // In the order in which they were made, and before the client is idle again.
            let newest = seen.newest;
            for backup in backups.into_iter().filter(|backup| backup.number > newest) {
                seen.newest = seen.newest.max(backup.number);
                let Finished { number, started, flags } = backup;
                changes.push(Change::Backup { client: name.clone(), number, started, flags });
            }
            seen.go(&name, state, phase, &mut changes);
        }
        if self.seen.len() > MAX_CLIENTS {
            self.seen.retain(|_, seen| !seen.state.is_empty());
        }
        if is_first { Vec::new() } else { changes }
    }

    /// Whether there was a summary.
    pub(crate) fn are_known(&self) -> bool {
        self.since.is_some()
    }

    /// The clients that are there now, with their state and phase, by name: those behind `last`, or
    /// all.
    pub(crate) fn behind(&self, last: Option<&str>) -> impl Iterator<Item = (&str, &str, &str)> {
        let from = last.map_or(Bound::Unbounded, Bound::Excluded);
        let seen = self.seen.range::<str, _>((from, Bound::Unbounded));
        let there = seen.filter(|(_, seen)| !seen.state.is_empty());
        there.map(|(name, seen)| (name.as_str(), seen.state.as_str(), seen.phase.as_str()))
    }
}

impl Seen {
    fn go(&mut self, client: &str, state: String, phase: String, changes: &mut Vec<Change>) {
        if self.state == state && self.phase == phase {
            return;
        }
        let was = std::mem::replace(&mut self.state, state.clone());
        self.phase.clone_from(&phase);
        changes.push(Change::State { client: client.to_owned(), was, state, phase });
    }
}

/// The clients of a summary by name; `None` if it is none.
fn clients(summary: &[u8]) -> Option<BTreeMap<String, Shown>> {
    let summary: Value = serde_json::from_slice(summary).ok()?;
    let clients = summary.get("clients")?.as_array()?;
    let clients = clients.iter().filter_map(|client| {
        let children = array(client, "children");
        let phase = children.iter().find_map(|child| child.get("phase")?.as_str());
        let mut backups: Vec<Finished> =
            array(client, "backups").iter().filter_map(finished).collect();
        backups.sort_by_key(|backup| backup.number);
        let shown = Shown {
            state: client.get("run_status")?.as_str()?.to_owned(),
            phase: phase.unwrap_or_default().to_owned(),
            backups,
        };
        Some((client.get("name")?.as_str()?.to_owned(), shown))
    });
    Some(clients.collect())
}

fn finished(backup: &Value) -> Option<Finished> {
    let flags = array(backup, "flags").iter().filter_map(Value::as_str);
    let flags: Vec<String> = flags.map(str::to_owned).collect();
    if flags.iter().any(|flag| UNFINISHED.contains(&flag.as_str())) {
        return None;
    }
    let started = backup.get("timestamp").and_then(Value::as_u64).unwrap_or_default();
    Some(Finished { number: backup.get("number")?.as_u64()?, started, flags })
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn client(name: &str, status: &str, backups: &Value) -> Value {
        json!({"name": name, "run_status": status, "backups": backups})
    }

    fn backup(number: u64, started: u64, flag: &str) -> Value {
        json!({"number": number, "timestamp": started, "flags": [flag]})
    }

    fn look(clients: &mut Clients, shown: &[&Value]) -> Vec<Change> {
        clients.look(json!({ "clients": shown }).to_string().as_bytes(), 100)
    }

    fn state(client: &str, was: &str, state: &str, phase: &str) -> Change {
        let [client, was, state, phase] = [client, was, state, phase].map(str::to_owned);
        Change::State { client, was, state, phase }
    }

    fn done(client: &str, number: u64, started: u64) -> Change {
        let flags = vec!["current".to_owned()];
        Change::Backup { client: client.to_owned(), number, started, flags }
    }

    #[test]
    fn a_backup_is_told_from_its_beginning_to_its_end() {
        let mut clients = Clients::default();
        let old = backup(1, 50, "current");
        let idle = client("a", "idle", &json!([old]));
        assert_eq!(look(&mut clients, &[&idle]), [], "nothing is known of before");
        let mut running = client("a", "running", &json!([backup(2, 120, "working"), old]));
        assert_eq!(look(&mut clients, &[&running]), [state("a", "idle", "running", "")]);
        running["children"] = json!([{"pid": 1}, {"pid": 2, "phase": "scanning"}]);
        let scans = state("a", "running", "running", "scanning");
        assert_eq!(look(&mut clients, &[&running]), [scans]);
        assert_eq!(look(&mut clients, &[&running]), []);
        let ended = client("a", "idle", &json!([backup(2, 120, "current"), old]));
        let both = [done("a", 2, 120), state("a", "running", "idle", "")];
        assert_eq!(look(&mut clients, &[&ended]), both);
        assert_eq!(look(&mut clients, &[&ended]), []);
        assert_eq!(look(&mut clients, &[&idle]), [], "an older summary is nothing new");
    }

    #[test]
    fn clients_that_come_and_go_have_not_finished_their_old_backups() {
        let mut clients = Clients::default();
        let a = client("a", "idle", &json!([backup(7, 50, "current")]));
        look(&mut clients, &[&a]);
        let b = client("b", "idle", &json!([backup(3, 90, "current")]));
        let c = client("c", "idle", &json!([backup(1, 100, "current")]));
        let new = [state("b", "", "idle", ""), done("c", 1, 100), state("c", "", "idle", "")];
        assert_eq!(look(&mut clients, &[&a, &b, &c]), new);
        assert_eq!(look(&mut clients, &[&b, &c]), [state("a", "idle", "", "")]);
        assert_eq!(look(&mut clients, &[&a, &b, &c]), [state("a", "", "idle", "")]);
    }

    #[test]
    fn what_is_no_summary_changes_nothing() {
        let mut clients = Clients::default();
        assert_eq!(clients.look(b"no", 1), []);
        assert_eq!(clients.look(br#"{"clients":1}"#, 1), []);
        look(&mut clients, &[&client("a", "idle", &json!(1))]);
        assert_eq!(clients.look(br#"{"clients":[{"name":"a"}"#, 1), []);
        let odd = [json!({"name": 1, "run_status": "idle"}), json!(2)];
        assert_eq!(look(&mut clients, &odd.each_ref()), [state("a", "idle", "", "")]);
    }
}
