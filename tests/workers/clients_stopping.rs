//! Calls of a program that stops meanwhile.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use boefjes::{ServiceError, Services, Stopping, TaskStatus};
use ostler_runtime::Thread;
use ostler_tests::openkat::{Asked, OpenKatVersion, Trouble, boefje_job};
use ostler_tests::{OpenKat, PATIENCE};
use uuid::Uuid;

#[test]
fn the_end_of_the_program_ends_the_waits() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    openkat.refuse(Asked::Katalogus);
    openkat.refuse(Asked::Scheduler);
    let mut settings = openkat.client_settings();
    settings.back_off = vec![Duration::from_secs(3600)];
    let stopping = Arc::new(Stopping::new());
    let services = Services::remote(&settings, &stopping);
    let (sender, answers) = channel();
    let asking = {
        let (services, sender) = (services.clone(), sender.clone());
        Thread::spawn("asks", move || {
            sender.send(services.settings.settings("acme", "b").map(drop)).unwrap();
        })
    };
    assert!(answers.recv_timeout(Duration::from_millis(50)).is_err(), "it waits");
    stopping.set();
    let error = answers.recv_timeout(PATIENCE).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "KATalogus was not asked: the program stops");
    asking.unwrap().join();
    // What settles a task is tried a last time.
    let error = services.scheduler.set_status(Uuid::nil(), TaskStatus::Failed).unwrap_err();
    assert!(matches!(error, ServiceError::Unreachable { .. }), "{error}");
}

#[test]
fn a_task_is_settled_while_the_program_stops() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let id = openkat.queue(&boefje_job("acme", "b", "Network|internet"));
    let mut settings = openkat.client_settings();
    settings.back_off = vec![Duration::from_secs(3600)];
    let stopping = Arc::new(Stopping::new());
    let scheduler = Services::remote(&settings, &stopping).scheduler;
    openkat.refuse(Asked::Scheduler);
    let uuid = Uuid::parse_str(&id).unwrap();
    let (sender, answers) = channel();
    let settling = Thread::spawn("settles", move || {
        sender.send(scheduler.set_status(uuid, TaskStatus::Failed)).unwrap();
    });
    assert!(answers.recv_timeout(Duration::from_millis(50)).is_err(), "it waits");
    openkat.accept(Asked::Scheduler);
    stopping.set();
    assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), Ok(()));
    settling.unwrap().join();
    assert_eq!(openkat.books().tasks[&id].status(), "failed");
}

#[test]
fn a_scheduler_that_is_slow_holds_nobody_who_stops() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    openkat.inject(Asked::Scheduler, "", usize::MAX, Trouble::Delay(PATIENCE));
    let mut settings = openkat.client_settings();
    settings.timeout = Duration::MAX;
    let stopping = Arc::new(Stopping::new());
    let scheduler = Services::remote(&settings, &stopping).scheduler;
    stopping.set();
    let error = scheduler.set_status(Uuid::nil(), TaskStatus::Failed).unwrap_err().to_string();
    assert!(error.ends_with("no answer in time"), "{error}");
}
