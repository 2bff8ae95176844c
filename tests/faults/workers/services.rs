//! Services that hang, trickle, break off or fail, and are well again.

use std::time::Duration;

use ostler_runtime::Deadline;
use ostler_tests::openkat::{Asked, Books, Trouble, boefje_job};
use ostler_tests::openkat_tasks::DONE;
use ostler_tests::{Fault, OpenKat, PATIENCE, Workers, WorkersSettings, wait_for, wait_until};
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
/// How long a service may take for an answer, where one takes longer than that, in seconds.
const TIMEOUT: f64 = 0.5;
/// A task that has not come so far by then is stuck.
const STUCK: Duration = Duration::from_secs(10);

fn queue(openkat: &OpenKat) -> String {
    openkat.queue(&boefje_job("acme", "faulty", "Network|internet"))
}

/// Waits until a task is done. Under a short time-out one may come to nothing on a busy machine, since
/// what changes something is not tried again; then it is another's turn.
fn wait_done(openkat: &OpenKat) {
    wait_for("a task is done", || {
        let task = queue(openkat);
        openkat.wait_within(STUCK, |books| has_ended(books, &task));
        openkat.history(&task) == DONE
    });
}

/// Services that all are asked by a job, with this time-out or the usual one.
fn asked(timeout: Option<f64>) -> (OpenKat, Workers) {
    let openkat = openkat();
    let network = json!({
        "object_type": "Network", "primary_key": "Network|internet", "name": "internet",
    });
    openkat.put_object("acme", &network);
    openkat.put_settings("acme", "faulty", &json!({"HOW": "nap"}));
    let mut settings = WorkersSettings::new(&openkat, "boefje");
    if let Some(seconds) = timeout {
        settings = settings.environment("BOEFJES_OUTGOING_REQUEST_TIMEOUT", seconds.to_string());
    }
    let workers = whole(settings);
    wait_done(&openkat);
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
/// and another is done. The longest time for which a call of those that are watched was waited for;
/// only these have a short time-out.
fn suffer(trouble: &Trouble, watched: Option<&str>) -> Duration {
    let (openkat, workers) = asked(watched.map(|_| TIMEOUT));
    let mut longest = Duration::ZERO;
    for (asked, on, before) in CALLS {
        openkat.inject(asked, on, before, Trouble::Delay(Duration::ZERO));
        openkat.inject(asked, on, usize::MAX, trouble.clone());
        let known = like(&openkat.books(), on) + before;
        let told = watched.map_or(0, |words| workers.log().count(words));
        let task = wait_until(Deadline::after(PATIENCE), on, || {
            let task = queue(&openkat);
            openkat.wait_within(STUCK, |books| like(books, on) > known).then_some(task)
        });
        let began = ostler_runtime::now();
        if let Some(words) = watched {
            workers.log().wait_count(words, told + 1);
            longest = longest.max(began.elapsed());
        }
        openkat.wait(on, |books| has_ended(books, &task) || like(books, on) > known + 1);
        openkat.heal(asked);
        openkat.wait(on, |books| has_ended(books, &task));
        wait_done(&openkat);
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
