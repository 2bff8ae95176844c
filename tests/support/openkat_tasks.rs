//! Tasks of [`OpenKat`] that need nothing, and what is expected of them.

use crate::openkat::boefje_job;
use crate::wait::wait_for;
use crate::{OpenKat, Workers};

/// What becomes of a task that is done.
pub const DONE: [&str; 4] = ["queued", "dispatched", "running", "completed"];
/// What becomes of one that comes to nothing.
pub const FAILED: [&str; 4] = ["queued", "dispatched", "running", "failed"];

/// Runs the scenario of a stop until the scheduler has been told of it in time, which it returns. The
/// last words of who stops have less than a second, so that on a busy machine they may be lost.
///
/// # Panics
/// If they are lost each of three times.
pub fn until_told(scenario: impl Fn() -> bool) {
    assert!((0..3).any(|_| scenario()), "the last words are lost every time");
}

impl OpenKat {
    /// Queues a boefje that looks at no object; its task's id.
    pub fn queue_boefje(&self, boefje: &str) -> String {
        self.queue(&boefje_job("acme", boefje, ""))
    }

    /// Queues the boefje that does what no plugin should.
    pub fn queue_faulty(&self, how: &str) -> String {
        self.put_settings(how, "faulty", &serde_json::json!({ "HOW": how }));
        self.queue(&boefje_job(how, "faulty", ""))
    }

    /// Waits until a task has this history.
    pub fn wait_history(&self, task: &str, history: &[&str]) {
        self.wait(&format!("{task} is {history:?}"), |books| books.tasks[task].history == history);
    }

    /// Waits until a task has this status.
    pub fn wait_status(&self, task: &str, status: &str) {
        self.wait(&format!("{task} is {status}"), |books| books.tasks[task].status() == status);
    }

    /// What has become of a task so far.
    pub fn history(&self, task: &str) -> Vec<String> {
        self.books().tasks[task].history.clone()
    }

    /// Whether the scheduler knows this history of a task of workers that have ended. Where it does not,
    /// they must have said so.
    ///
    /// # Panics
    /// If it has another history and they did not.
    pub fn was_told(&self, workers: &Workers, task: &str, history: &[&str]) -> bool {
        self.was_told_one_of(workers, task, &[history])
    }

    /// The same with one of these histories.
    ///
    /// # Panics
    /// If it has another history and they did not.
    pub fn was_told_one_of(&self, workers: &Workers, task: &str, wanted: &[&[&str]]) -> bool {
        let lost = format!("task {task}: the scheduler does not know what has become of it");
        let knows = || wanted.iter().any(|history| self.history(task) == *history);
        wait_for(&format!("{task} is one of {wanted:?}, or they say that it is not known"), || {
            knows() || workers.log().count(&lost) > 0
        });
        knows()
    }

    /// How many tasks have this status.
    pub fn count(&self, status: &str) -> usize {
        self.books().tasks.values().filter(|task| task.status() == status).count()
    }

    /// The raw files of a run: media types in the order of the alphabet, and text.
    pub fn raws_of(&self, run: &str) -> Vec<(Vec<String>, String)> {
        let books = self.books();
        let own = books.raws.iter().filter(|raw| raw.run == run);
        let shown = own.map(|raw| {
            let mut mime_types = raw.mime_types.clone();
            mime_types.sort();
            (mime_types, raw.text().to_owned())
        });
        shown.collect()
    }

    /// The only raw file of a run that came to nothing.
    ///
    /// # Panics
    /// If it is not the only one, or none that says so.
    pub fn error_of(&self, run: &str) -> String {
        let mut raws = self.raws_of(run);
        assert_eq!(raws.len(), 1, "{raws:?}");
        let (mime_types, text) = raws.remove(0);
        assert_eq!(mime_types[1], "error/boefje", "{mime_types:?}");
        text
    }
}
