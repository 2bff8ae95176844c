//! How tasks are run and answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel as bounded};
use std::time::Duration;

use katalogus::{Abort, Access, Pk, Session, Store, StoreError, StoreSettings, Task};
use ostler_runtime::{Deadline, Thread};
use ostler_tests::{PATIENCE, wait_for};

use crate::place::{Place, add, organisation, read, soon, write};

/// A task that says how it ended.
struct Told<F> {
    work: F,
    answer: SyncSender<Result<(), StoreError>>,
}

impl<F: FnMut(&mut Session<'_>) -> Result<(), Abort> + Send> Task for Told<F> {
    fn run(&mut self, session: &mut Session<'_>) -> Result<(), Abort> {
        (self.work)(session)
    }

    fn done(self: Box<Self>, outcome: Result<(), StoreError>) {
        self.answer.send(outcome).unwrap();
    }
}

fn submit(
    store: &Store,
    access: Access,
    deadline: Deadline,
    work: impl FnMut(&mut Session<'_>) -> Result<(), Abort> + Send + 'static,
) -> Receiver<Result<(), StoreError>> {
    let (answer, outcome) = bounded(1);
    store.submit(access, deadline, Box::new(Told { work, answer }));
    outcome
}

fn outcome(receiver: &Receiver<Result<(), StoreError>>) -> Result<(), StoreError> {
    receiver.recv_timeout(PATIENCE).expect("an answer")
}

/// A task that holds its thread until it is let go.
fn hold(store: &Store, access: Access) -> (Receiver<Result<(), StoreError>>, SyncSender<()>) {
    let ((go, wait), (begun, has_begun)) = (bounded::<()>(1), bounded(1));
    let outcome = submit(store, access, soon(), move |_| {
        begun.send(()).unwrap();
        wait.recv_timeout(PATIENCE).unwrap();
        Ok(())
    });
    has_begun.recv_timeout(PATIENCE).expect("the task runs");
    (outcome, go)
}

#[test]
fn a_task_that_finds_it_must_write_is_run_again() {
    for place in Place::each_with_tables() {
        let store = place.store();
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let pk = read(&store, move |session| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(session.ensure_organisation(&organisation("acme"))?)
        });
        assert_eq!(runs.load(Ordering::Relaxed), 2, "{}", place.name);
        let found = read(&store, |session| Ok(session.organisation("acme")?)).unwrap();
        assert_eq!(found.map(|(pk, _)| pk), pk.ok(), "{}", place.name);
        let statistics = store.statistics();
        assert_eq!((statistics.reads.done, statistics.writes.done), (2, 0), "{}", place.name);
    }
}

#[test]
fn what_a_task_gives_up_is_not_written() {
    for place in Place::each_with_tables() {
        let store = place.store();
        let gone = submit(&store, Access::Write, soon(), |session| {
            session.add_organisation(&organisation("given-up"))?;
            Err(Abort::Rollback)
        });
        assert_eq!(outcome(&gone), Ok(()), "{}", place.name);
        let failed = submit(&store, Access::Write, soon(), |session| {
            session.add_organisation(&organisation("twice"))?;
            // Whatever it makes of the error, the transaction is lost.
            let _ = session.add_organisation(&organisation("twice"));
            let next = session.add_organisation(&organisation("next"));
            assert!(matches!(next, Err(StoreError::Duplicate { .. })));
            Ok(())
        });
        let duplicate = matches!(outcome(&failed), Err(StoreError::Duplicate { .. }));
        assert!(duplicate, "{}", place.name);
        let all = read(&store, |session| Ok(session.organisations()?));
        assert_eq!(all, Ok(Vec::new()), "{}", place.name);
    }
}

#[test]
fn a_panic_takes_nothing_from_other_tasks() {
    for place in Place::each_with_tables() {
        let store = place.store();
        // All of them wait for this one, so that SQLite does them in one commit.
        let (held, go) = hold(&store, Access::Write);
        let panics = |session: &mut Session<'_>| {
            session.add_organisation(&organisation("lost"))?;
            panic!("on purpose");
        };
        let panicked = submit(&store, Access::Write, soon(), panics);
        let kept = submit(&store, Access::Write, soon(), |session| {
            session.add_organisation(&organisation("kept"))?;
            Ok(())
        });
        go.send(()).unwrap();
        assert_eq!(outcome(&held), Ok(()), "{}", place.name);
        let failed = matches!(outcome(&panicked), Err(StoreError::Other(_)));
        assert!(failed, "{}", place.name);
        assert_eq!(outcome(&kept), Ok(()), "{}", place.name);
        let all = read(&store, |session| Ok(session.organisations()?)).unwrap();
        assert_eq!(all, [organisation("kept")], "{}", place.name);
        assert_eq!(store.statistics().panics, 1, "{}", place.name);
        let reads = read(&store, |_| -> Result<(), Abort> { panic!("on purpose") });
        assert!(matches!(reads, Err(StoreError::Other(_))), "{}", place.name);
        add(&store, "afterwards");
    }
}

#[test]
fn whoever_waits_too_long_or_comes_when_the_queue_is_full_is_told() {
    for place in Place::each_with_tables() {
        let mut settings = StoreSettings::new(place.database());
        settings.max_queued = 2;
        settings.connections = 1;
        let store = Store::open(&settings).unwrap();
        let (held, go) = hold(&store, Access::Write);
        let never = |_: &mut Session<'_>| -> Result<(), Abort> { panic!("it is not to be run") };
        let late = submit(&store, Access::Write, Deadline::after(Duration::ZERO), never);
        let waiting = submit(&store, Access::Write, soon(), |_| Ok(()));
        let full = submit(&store, Access::Write, soon(), never);
        assert_eq!(outcome(&full), Err(StoreError::Full), "{}", place.name);
        assert_eq!(store.statistics().queued, 2, "{}", place.name);
        go.send(()).unwrap();
        assert_eq!(outcome(&held), Ok(()), "{}", place.name);
        assert_eq!(outcome(&late), Err(StoreError::Late), "{}", place.name);
        assert_eq!(outcome(&waiting), Ok(()), "{}", place.name);
        let writes = store.statistics().writes;
        assert_eq!((writes.done, writes.late, writes.full), (2, 1, 1), "{}", place.name);
    }
}

#[test]
fn tasks_that_wait_share_a_commit_in_a_file() {
    let place = Place::sqlite().with_tables();
    let store = place.store();
    let (held, go) = hold(&store, Access::Write);
    let tasks: Vec<_> = (0..10)
        .map(|number| {
            submit(&store, Access::Write, soon(), move |session| {
                session.add_organisation(&organisation(&number.to_string()))?;
                Ok(())
            })
        })
        .collect();
    go.send(()).unwrap();
    for task in tasks.iter().chain([&held]) {
        assert_eq!(outcome(task), Ok(()));
    }
    let statistics = store.statistics();
    assert_eq!((statistics.commits, statistics.committed), (2, 11));
    assert_eq!(statistics.largest_batch, 10);
}

#[test]
fn readers_do_not_wait_for_whoever_writes() {
    for place in Place::each_with_tables() {
        let store = place.store();
        add(&store, "acme");
        let (held, go) = hold(&store, Access::Write);
        let all = read(&store, |session| Ok(session.organisations()?)).unwrap();
        assert_eq!(all, [organisation("acme")], "{}", place.name);
        go.send(()).unwrap();
        assert_eq!(outcome(&held), Ok(()), "{}", place.name);
    }
}

#[test]
fn what_was_taken_is_finished_when_the_store_is_dropped() {
    for place in Place::each_with_tables() {
        let store = place.store();
        let (held, go) = hold(&store, Access::Write);
        let tasks: Vec<_> = (0..20)
            .map(|number| {
                submit(&store, Access::Write, soon(), move |session| {
                    session.add_organisation(&organisation(&number.to_string()))?;
                    Ok(())
                })
            })
            .collect();
        let drops = Thread::spawn("drops", move || drop(store)).unwrap();
        go.send(()).unwrap();
        drops.join();
        assert_eq!(outcome(&held), Ok(()), "{}", place.name);
        for task in &tasks {
            assert_eq!(outcome(task), Ok(()), "{}", place.name);
        }
        let all = read(&place.store(), |session| Ok(session.organisations()?)).unwrap();
        assert_eq!(all.len(), 20, "{}", place.name);
    }
}

/// Adds one to the number that is in the settings.
fn count_up(session: &mut Session<'_>, organisation: Pk) -> Result<(), Abort> {
    assert!(session.lock_organisation(organisation)?);
    let number: u32 =
        session.settings(organisation, "count")?.unwrap_or("0".into()).parse().unwrap();
    session.set_settings(organisation, "count", &(number + 1).to_string())?;
    Ok(())
}

#[test]
fn writers_that_race_on_one_organisation_lose_no_update() {
    const TIMES: usize = 50;
    for place in Place::each_with_tables() {
        // As two processes on one database.
        let stores = [Arc::new(place.store()), Arc::new(place.store())];
        let pk = add(&stores[0], "acme");
        let threads: Vec<Thread> = (0..8)
            .map(|number| {
                let store = Arc::clone(&stores[number % 2]);
                let body = move || {
                    for _ in 0..TIMES {
                        write(&store, move |session| count_up(session, pk)).unwrap();
                    }
                };
                Thread::spawn("races", body).unwrap()
            })
            .collect();
        drop(threads);
        let count = read(&stores[0], move |session| Ok(session.settings(pk, "count")?)).unwrap();
        assert_eq!(count, Some((8 * TIMES).to_string()), "{}", place.name);
    }
}

#[test]
fn whoever_waits_for_the_lock_of_another_is_late_at_the_deadline() {
    for place in Place::each_with_tables() {
        let stores = [place.store(), place.store()];
        let pk = add(&stores[0], "acme");
        let ((go, wait), (begun, has_begun)) = (bounded::<()>(1), bounded(1));
        let held = submit(&stores[0], Access::Write, soon(), move |session| {
            count_up(session, pk)?;
            begun.send(()).unwrap();
            wait.recv_timeout(PATIENCE).unwrap();
            Ok(())
        });
        has_begun.recv_timeout(PATIENCE).expect("the task runs");
        let short = Deadline::after(Duration::from_millis(200));
        let waits = submit(&stores[1], Access::Write, short, move |s| count_up(s, pk));
        assert_eq!(outcome(&waits), Err(StoreError::Late), "{}", place.name);
        go.send(()).unwrap();
        assert_eq!(outcome(&held), Ok(()), "{}", place.name);
        write(&stores[1], move |session| count_up(session, pk)).unwrap();
        let count = read(&stores[0], move |session| Ok(session.settings(pk, "count")?)).unwrap();
        assert_eq!(count.as_deref(), Some("2"), "{}", place.name);
    }
}

#[test]
fn all_who_find_an_organisation_missing_at_once_end_with_the_same() {
    for place in Place::each_with_tables() {
        let stores = [Arc::new(place.store()), Arc::new(place.store())];
        for round in 0..20 {
            let tasks: Vec<_> = (0..8)
                .map(|number| {
                    submit(&stores[number % 2], Access::Read, soon(), move |session| {
                        let id = format!("org{round}");
                        let pk = session.ensure_organisation(&organisation(&id))?;
                        session.set_settings(pk, &format!("plugin{number}"), "{}")?;
                        Ok(())
                    })
                })
                .collect();
            for task in &tasks {
                assert_eq!(outcome(task), Ok(()), "{}", place.name);
            }
        }
        let all = read(&stores[0], |session| Ok(session.organisations()?)).unwrap();
        assert_eq!(all.len(), 20, "{}", place.name);
        wait_for("nothing waits", || stores[1].statistics().queued == 0);
    }
}
