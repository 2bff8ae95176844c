//! Hosts, containers and the program itself, killed at every step of a job.

use std::time::Duration;

use ostler_tests::openkat::{Asked, Trouble};
use ostler_tests::openkat_tasks::{DONE, FAILED};
use ostler_tests::process::kill;
use ostler_tests::{Fault, OpenKat, Workers, WorkersSettings, wait_for};
use rustix::process::Signal;
use tempfile::TempDir;

use super::{openkat, pipes, whole, workers, zombies};

/// What becomes of a task whose worker is killed before it has begun.
pub(super) const AGAIN: [&str; 6] =
    ["queued", "dispatched", "queued", "dispatched", "running", "completed"];
/// Longer than any test waits.
const LATE: Trouble = Trouble::Late(Duration::from_secs(3600));

/// A step of a job: a call to a service that is held up.
struct Step {
    name: &'static str,
    asked: Asked,
    on: &'static str,
    /// Calls like it that come before it.
    before: usize,
    trouble: Trouble,
    /// What becomes of the task if the program is killed.
    history: &'static [&'static str],
    /// How many raw files it has then.
    raws: usize,
}

/// All steps at which a service hears of the job.
fn steps() -> Vec<Step> {
    let (scheduler, bytes) = (Asked::Scheduler, Asked::Bytes);
    let step = |name, asked, on, before, trouble, history, raws| Step {
        name,
        asked,
        on,
        before,
        trouble,
        history,
        raws,
    };
    let silent = Trouble::Silent;
    vec![
        step("before running is told", scheduler, "PATCH /tasks", 0, silent.clone(), &AGAIN, 1),
        step("while running is told", scheduler, "PATCH /tasks", 0, LATE, &FAILED, 1),
        step("before the run is saved", bytes, "boefje_meta", 0, silent.clone(), &FAILED, 1),
        step("while the run is saved", bytes, "POST /bytes/boefje_meta", 0, LATE, &FAILED, 1),
        step("before its file is saved", bytes, "POST /bytes/raw", 0, silent.clone(), &FAILED, 1),
        step("while its file is saved", bytes, "POST /bytes/raw", 0, LATE, &FAILED, 2),
        step("between save and end", scheduler, "GET /tasks", 0, silent.clone(), &FAILED, 2),
        step("before the end is told", scheduler, "PATCH /tasks", 1, silent, &FAILED, 2),
        step("while the end is told", scheduler, "PATCH /tasks", 1, LATE, &DONE, 1),
    ]
}

impl Step {
    /// A task that is at this step.
    fn reach(&self, openkat: &OpenKat) -> String {
        openkat.inject(self.asked, self.on, self.before, Trouble::Delay(Duration::ZERO));
        openkat.inject(self.asked, self.on, 1, self.trouble.clone());
        let known = openkat.books().calls.len();
        let task = openkat.queue_boefje("trivial");
        openkat.wait(self.name, |books| {
            let calls = books.calls.iter().skip(known);
            let mut like = calls.filter(|call| {
                format!("{} {}", call.method, call.target).contains(self.on)
                    && call.status != Some(401)
            });
            like.nth(self.before).is_some_and(|call| call.status.is_none())
        });
        task
    }
}

#[test]
fn wrk_c25_a_host_is_killed_at_every_step() {
    let openkat = openkat();
    // A login comes before everything else.
    let first = openkat.queue_boefje("trivial");
    let workers = workers(&openkat);
    openkat.wait_history(&first, &DONE);
    let mut fault = Fault::begin("WRK-C25");
    let before = pipes(workers.pid());
    let mut killed = 2;
    let mut kill_all = || {
        for host in workers.hosts() {
            kill(host.pid, Signal::KILL);
        }
        killed += 2;
        workers.wait_hosts(killed);
    };
    let steps = steps();
    for step in &steps {
        let task = step.reach(&openkat);
        kill_all();
        openkat.heal(step.asked);
        // A call that was not answered is made again if that does no harm. What Bytes may have kept
        // is not.
        openkat.wait(step.name, |books| {
            ["completed", "failed"].contains(&books.tasks[&task].status())
        });
        let history = openkat.history(&task);
        assert!(history == DONE || history == FAILED, "{}: {history:?}", step.name);
    }
    let task = openkat.queue_boefje("slow");
    workers.wait_running(&task);
    kill_all();
    openkat.wait_history(&task, &FAILED);
    wait_for("descriptors are those of before", || pipes(workers.pid()) == before);
    assert_eq!(zombies(workers.pid()), 0);
    fault.saw(format_args!("{} steps, each task ended once", steps.len() + 1));
}

/// Workers that write down what they have.
pub(super) fn lasting(openkat: &OpenKat, state: &TempDir) -> WorkersSettings {
    let state = state.path().display().to_string();
    WorkersSettings::new(openkat, "boefje").set("Global", "state", &state)
}

/// Kills the program, and starts it again.
pub(super) fn start_again(mut workers: Workers, settings: &WorkersSettings) -> Workers {
    workers.signal(Signal::KILL);
    workers.ended();
    drop(workers);
    settings.clone().start()
}

/// Waits until nothing is written down any more.
pub(super) fn wait_blank(state: &TempDir) {
    let is_blank = || {
        let files = std::fs::read_dir(state.path()).unwrap().flatten();
        let mut texts = files.map(|file| std::fs::read_to_string(file.path()).unwrap());
        texts.all(|text| text.trim().is_empty())
    };
    wait_for("nothing is written down", is_blank);
}

#[test]
fn wrk_c27_the_program_is_killed_at_every_step() {
    let mut fault = Fault::begin("WRK-C27");
    let state = TempDir::new().unwrap();
    let openkat = openkat();
    let settings = lasting(&openkat, &state);
    let first = openkat.queue_boefje("trivial");
    let mut workers = whole(settings.clone());
    openkat.wait_history(&first, &DONE);
    for step in steps() {
        let task = step.reach(&openkat);
        workers.signal(Signal::KILL);
        workers.ended();
        openkat.heal(step.asked);
        workers = start_again(workers, &settings);
        openkat.wait_history(&task, step.history);
        wait_blank(&state);
        let raws = openkat.raws_of(&task);
        assert_eq!(raws.len(), step.raws, "{}: {raws:?}", step.name);
        let has_died = raws.iter().any(|(_, text)| {
            text.starts_with("the worker that ran it has died\n")
                && text.ends_with("JobRuntimeError: Boefje failed\n")
        });
        assert_eq!(has_died, step.history == FAILED, "{}: {raws:?}", step.name);
    }
    let task = openkat.queue_boefje("slow");
    workers.wait_running(&task);
    let workers = start_again(workers, &settings);
    openkat.wait_history(&task, &FAILED);
    assert!(openkat.error_of(&task).starts_with("the worker that ran it has died\n"));
    // What has ended stays as it is, and nothing holds others up.
    let next = openkat.queue_boefje("trivial");
    openkat.wait_history(&next, &DONE);
    wait_blank(&state);
    drop(workers);
    fault.saw(format_args!("{} steps: none lost, none twice", steps().len() + 1));
}
