//! Writes through a store until it is killed, and says what was acknowledged.
//!
//! `store-writer URI THREADS`: each thread counts up in the settings of a plugin of its own, from
//! what is there, and after each acknowledgement prints its number and the count, or `!` and what
//! went wrong. A line on standard input lets all threads go on that met an error.
#![expect(clippy::unwrap_used, reason = "part of a test, which fails by panicking")]

use std::io::{Write, stdin, stdout};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use katalogus::{Access, Database, Migrator, Organisation, Pk, Store, StoreError, StoreSettings};
use ostler_runtime::{Deadline, Thread};

/// How long one write may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often the threads were told to go on.
#[derive(Default)]
struct Going {
    told: Mutex<u64>,
    changed: Condvar,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let database: Database = arguments.next().unwrap().parse().unwrap();
    let threads: usize = arguments.next().unwrap().parse().unwrap();
    if let Err(error) = Migrator::new(&database).apply() {
        println!("! {error}");
    }
    let store = Arc::new(Store::open(&StoreSettings::new(database)).unwrap());
    let going = Arc::new(Going::default());
    let threads: Vec<Thread> = (0..threads)
        .map(|number| {
            let (store, going) = (Arc::clone(&store), Arc::clone(&going));
            Thread::spawn("writes", move || write(number, &store, &going)).unwrap()
        })
        .collect();
    while stdin().read_line(&mut String::new()).unwrap() > 0 {
        *going.told.lock().unwrap() += 1;
        going.changed.notify_all();
    }
    // Whoever started it is gone, or has seen enough: the threads would go on for ever.
    threads.into_iter().for_each(Thread::detach);
    std::mem::forget(store);
}

fn write(number: usize, store: &Store, going: &Going) {
    let plugin = format!("plugin{number}");
    let mut begun = None;
    loop {
        let told = *going.told.lock().unwrap();
        let outcome = match begun {
            None => begin(store, &plugin).map(|(pk, count)| {
                begun = Some((pk, count));
                None
            }),
            Some((pk, count)) => set(store, pk, &plugin, count + 1).map(|()| {
                begun = Some((pk, count + 1));
                Some(count + 1)
            }),
        };
        let line = match &outcome {
            Ok(None) => continue,
            Ok(Some(count)) => format!("{number} {count}\n"),
            Err(error) => format!("! {error}\n"),
        };
        // One call, so that lines of several threads do not mix.
        stdout().write_all(line.as_bytes()).unwrap();
        if outcome.is_err() {
            let now = going.told.lock().unwrap();
            drop(going.changed.wait_while(now, |now| *now == told).unwrap());
        }
    }
}

fn begin(store: &Store, plugin: &str) -> Result<(Pk, u64), StoreError> {
    let plugin = plugin.to_owned();
    store.call(Access::Write, Deadline::after(PATIENCE), move |session| {
        let acme = Organisation { id: "acme".into(), name: "Acme".into(), deduplicate: true };
        let pk = session.ensure_organisation(&acme)?;
        let count = session.settings(pk, &plugin)?.and_then(|text| text.trim().parse().ok());
        Ok((pk, count.unwrap_or(0)))
    })
}

fn set(store: &Store, pk: Pk, plugin: &str, count: u64) -> Result<(), StoreError> {
    // As much as settings may be, so that a small disk is full soon.
    let (plugin, text) = (plugin.to_owned(), format!("{count:<512}"));
    store.call(Access::Write, Deadline::after(PATIENCE), move |session| {
        Ok(session.set_settings(pk, &plugin, &text)?)
    })
}
