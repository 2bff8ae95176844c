//! Services that hang, trickle, break off or fail, and are well again.

use std::time::Duration;

use ostler_tests::openkat::{Asked, Books, Trouble, boefje_job};
use ostler_tests::openkat_tasks::DONE;
use ostler_tests::{Fault, OpenKat, Workers, WorkersSettings};
use serde_json::json;

use super::{openkat, whole};

/// Where each service is asked in the course of a job, and how many calls like it come before.
const CALLS: [(Asked, &str, usize); 8] = [
    (Asked::Scheduler, "GET /queues", 0),
    (Asked::Scheduler, "PATCH /tasks", 0),
    (Asked::Octopoes, "GET /acme/object", 0),
    (Asked::Katalogus, "/settings", 0),
    (Asked::Bytes, "POST /bytes/boefje_meta", 0),
    (Asked::Bytes, "POST /bytes/raw", 0),
    (Asked::Scheduler, "GET /tasks", 0),
    (Asked::Scheduler, "PATCH /tasks", 1),
];
/// How long a service may take for an answer.
const TIMEOUT: f64 = 0.5;

/// Services that all are asked by a job.
fn asked() -> (OpenKat, Workers) {
    let openkat = openkat();
    let network = json!({
        "object_type": "Network", "primary_key": "Network|internet", "name": "internet",
    });
    openkat.put_object("acme", &network);
    openkat.put_settings("acme", "faulty", &json!({"HOW": "nap"}));
    let settings = WorkersSettings::new(&openkat, "boefje")
        .environment("BOEFJES_OUTGOING_REQUEST_TIMEOUT", TIMEOUT.to_string());
    let workers = whole(settings);
    let task = openkat.queue(&boefje_job("acme", "faulty", "Network|internet"));
    openkat.wait_history(&task, &DONE);
    (openkat, workers)
}

/// How many calls there were like this, of those that were not answered with 401.
fn like(books: &Books, on: &str) -> usize {
    let is_like = |line: &str| line.contains(on);
    let calls = books.calls.iter().filter(|call| call.status != Some(401));
    calls.filter(|call| is_like(&format!("{} {}", call.method, call.target))).count()
}

fn has_ended(books: &Books, task: &str) -> bool {
    ["completed", "failed"].contains(&books.tasks[task].status())
}

/// A call of a job goes wrong so, again and again, until the service is well; the job's task ends once,
/// and another is done. The longest time for which a call of those that are watched was waited for.
fn suffer(trouble: &Trouble, watched: Option<&str>) -> Duration {
    let (openkat, workers) = asked();
    let mut longest = Duration::ZERO;
    for (asked, on, before) in CALLS {
        openkat.inject(asked, on, before, Trouble::Delay(Duration::ZERO));
        openkat.inject(asked, on, usize::MAX, trouble.clone());
        let known = like(&openkat.books(), on) + before;
        let told = watched.map_or(0, |words| workers.log().count(words));
        let task = openkat.queue(&boefje_job("acme", "faulty", "Network|internet"));
        openkat.wait(on, |books| like(books, on) > known);
        let began = ostler_runtime::now();
        if let Some(words) = watched {
            workers.log().wait_count(words, told + 1);
            longest = longest.max(began.elapsed());
        }
        openkat.wait(on, |books| has_ended(books, &task) || like(books, on) > known + 1);
        openkat.heal(asked);
        openkat.wait(on, |books| has_ended(books, &task));
        let next = openkat.queue(&boefje_job("acme", "faulty", "Network|internet"));
        openkat.wait_status(&next, "completed");
        let history = openkat.history(&task);
        let ends = history.iter().filter(|it| ["completed", "failed"].contains(&it.as_str()));
        assert_eq!(ends.count(), 1, "{on}: {history:?}");
    }
    longest
}

#[test]
fn wrk_n01_services_accept_and_are_silent() {
    let mut fault = Fault::begin("WRK-N01");
    let longest = suffer(&Trouble::Silent, Some("no answer in time"));
    fault.within("with a timeout of 0.5 s, the longest was given up", longest, TIMEOUT + 0.5);
    fault.saw("8 calls to four services; each task ended once");
}

#[test]
fn wrk_n02_services_answer_byte_by_byte() {
    let mut fault = Fault::begin("WRK-N02");
    // No single read takes as long as the time-out.
    let bytes = Trouble::Pieces(usize::MAX, Duration::from_millis(100));
    let longest = suffer(&bytes, Some("no answer in time"));
    fault.within("with a timeout of 0.5 s, the longest was given up", longest, TIMEOUT + 0.5);
    fault.saw("8 calls to four services; each task ended once");
}

#[test]
fn wrk_n05_services_close_in_mid_answer() {
    let mut fault = Fault::begin("WRK-N05");
    suffer(&Trouble::Cut, None);
    fault.saw("8 calls to four services; each task ended once");
}

#[test]
fn wrk_n06_services_fail_and_are_well_again() {
    let mut fault = Fault::begin("WRK-N06");
    for status in [500, 503] {
        suffer(&Trouble::Status(status), None);
    }
    fault.saw("8 calls to four services, with 500 and 503; each task ended once");
}
