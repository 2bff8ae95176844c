//! How far one master goes: clones on the same wire, and a snapshot of much.

use std::fs;
use std::sync::mpsc;

use broker::data::Data;
use broker::{BackendKind, BackendOptions, CloneOptions, Endpoint, Store, Topic};
use ostler_net::Address;
use ostler_runtime::{Deadline, now};
use ostler_tests::process::memory;

use crate::failure::{Context, Failure};
use crate::stores::{KEYS, PATIENCE, Round, Snapshot, each, endpoint, failed, idle, master};

/// How many clones a master has, one row each, and the part of the round's puts that each row does:
/// every put goes to all of them.
const CLONES: [(usize, u64, &str); 5] = [
    (1, 1, "1 clone: the master's puts, until all have them"),
    (4, 1, "4 clones: the master's puts, until all have them"),
    (8, 1, "8 clones: the master's puts, until all have them"),
    (32, 10, "32 clones: the master's puts, until all have them"),
    (100, 30, "100 clones: the master's puts, until all have them"),
];

/// Bytes of a value in a large snapshot.
const VALUE: usize = 1000;

impl Round<'_> {
    pub(crate) fn clones(&mut self) -> Result<(), Failure> {
        let (endpoint, port) = listening()?;
        let store = master(&endpoint, "clones", BackendKind::Memory, &BackendOptions::default())?;
        let mut clones = Vec::new();
        for (clone_count, part, what) in CLONES {
            while clones.len() < clone_count {
                clones.push(clone_of(port)?);
            }
            if clone_count == 1
                && let Some((node, clone)) = clones.first()
            {
                self.one_clone(node, clone)?;
            }
            let count = (self.count / part).max(100);
            self.rate(what, count, || {
                each(count, |at| store.put(at % KEYS, at, None))?;
                idle(&store)
            })?;
        }
        Ok(())
    }

    /// Three quarters of what a snapshot may have.
    pub(crate) fn snapshot(&mut self) -> Result<(), Failure> {
        let (endpoint, port) = listening()?;
        let store = master(&endpoint, "clones", BackendKind::Memory, &BackendOptions::default())?;
        let value = "v".repeat(VALUE);
        let entries = (self.count / 6).min(48_000);
        each(entries, |at| store.put(at, value.as_str(), None)).map_err(failed("a large store"))?;
        let before = memory(std::process::id(), "VmRSS");
        // The highest mark begins anew at what is taken now.
        fs::write("/proc/self/clear_refs", "5")
            .context(|| "cannot reset the highest mark of memory".to_owned())?;
        let begun = now();
        let (_node, clone) = clone_of(port)?;
        let seconds = now().saturating_duration_since(begun).as_secs_f64();
        let last = clone.get(&Data::Count(entries - 1)).map_err(failed("a large snapshot"))?;
        if last != Data::from(value.as_str()) {
            return Err(Failure::Program("a snapshot lacks what was put last".to_owned()));
        }
        let worst = memory(std::process::id(), "VmHWM");
        self.figures.snapshot = Some(Snapshot {
            bytes: entries * u64::try_from(VALUE).unwrap_or_default(),
            seconds,
            memory: worst.saturating_sub(before),
        });
        Ok(())
    }

    fn one_clone(&mut self, node: &Endpoint, clone: &Store) -> Result<(), Failure> {
        let topic = Topic::new("<$>/local/data/store-events/clones").map_err(failed("a topic"))?;
        let (told, heard) = mpsc::channel();
        let tap = node.tap([topic], move |_| {
            // Who has stopped listening does not miss it.
            let _ = told.send(now());
        });
        for at in 0..(self.count / 50).max(100) {
            let begun = now();
            clone.put("k", at, None).map_err(failed("a clone's put"))?;
            let seen = heard.recv_timeout(PATIENCE).map_err(failed("a clone's put"))?;
            let took = seen.saturating_duration_since(begun).as_nanos();
            self.figures.visible.push(u64::try_from(took).unwrap_or(u64::MAX));
        }
        drop(tap);
        let few = (self.count / 50).max(100);
        self.rate("a clone: put_unique", few, || {
            each(few, |at| clone.put_unique(at, at, None).map(|_| ()))
        })?;
        let count = self.count;
        self.rate("a clone: get", count, || {
            each(count, |at| clone.get(&Data::Count(at % few)).map(|_| ()))
        })?;
        self.rate("a clone: puts, until the master has them", count, || {
            each(count, |at| clone.put(at % KEYS, at, None))?;
            idle(clone)
        })
    }
}

/// An endpoint, and the port at which it takes peers.
fn listening() -> Result<(Endpoint, u16), Failure> {
    let endpoint = endpoint()?;
    let at = Address::parse("127.0.0.1", 0).map_err(failed("an address"))?;
    let ports = endpoint.listen(&at).map_err(failed("cannot listen"))?;
    Ok((endpoint, ports.first().copied().unwrap_or_default()))
}

/// A clone on an endpoint of its own, which has its first snapshot.
fn clone_of(port: u16) -> Result<(Endpoint, Store), Failure> {
    let node = endpoint()?;
    node.peer("127.0.0.1", port, None, Deadline::after(PATIENCE)).map_err(failed("cannot peer"))?;
    let clone =
        node.attach_clone("clones", CloneOptions::default()).map_err(failed("store clones"))?;
    idle(&clone).map_err(failed("store clones"))?;
    Ok((node, clone))
}
