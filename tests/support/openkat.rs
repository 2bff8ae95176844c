//! Those whom OpenKAT's workers talk to, in this process: the scheduler, Bytes, Octopoes and the
//! settings of KATalogus, each on a port of its own. They keep books, and go wrong when told to.
//!
//! ```no_run
//! # use ostler_tests::openkat::{Asked, OpenKat, OpenKatVersion, Trouble, boefje_job};
//! let openkat = OpenKat::new(OpenKatVersion::V1_15);
//! openkat.put_object("acme", &serde_json::json!({"primary_key": "Hostname|internet|a.b"}));
//! let task = openkat.queue(&boefje_job("acme", "dns-records", "Hostname|internet|a.b"));
//! openkat.inject(Asked::Bytes, "POST /bytes/raw", 2, Trouble::Status(500));
//! // … somebody works …
//! openkat.wait("the task ends", |books| books.tasks[&task].status() == "failed");
//! ```

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use ostler_runtime::Deadline;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::openkat_site::{Entry, Reply, Site};
use crate::wait::PATIENCE;
use crate::{openkat_bytes, openkat_octopoes, openkat_scheduler};

pub use crate::openkat_books::{BookedRaw, BookedTask, Books, Call, Said};
pub use crate::openkat_site::Trouble;

/// Who may log in at Bytes.
pub const USERNAME: &str = "test";
/// With which password.
pub const PASSWORD: &str = "secret";

/// As which version of OpenKAT the services behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OpenKatVersion {
    /// A queue for each organisation; raw files are sent as they are.
    V1_15,
    /// A queue for each organisation; raw files are sent as JSON.
    V1_18,
    /// One queue for boefjes, one for normalizers; raw files are sent as JSON.
    V1_19,
}

/// One of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Who has the tasks.
    Scheduler,
    /// Who has the raw files.
    Bytes,
    /// Who has the objects.
    Octopoes,
    /// Who has the settings.
    Katalogus,
}

/// The running services. They end with their test.
pub struct OpenKat {
    version: OpenKatVersion,
    ledger: Arc<Ledger>,
    sites: [Site; 4],
}

/// The books, and that something was entered.
#[derive(Default)]
struct Ledger {
    books: Mutex<Books>,
    entered: Condvar,
}

type Answers = Arc<dyn Fn(&mut Books, &Call) -> Reply + Send + Sync>;

impl OpenKat {
    /// Starts all four. There is an empty queue for each kind, of the organisation `acme` where each
    /// has its own.
    pub fn new(version: OpenKatVersion) -> Self {
        let ledger = Arc::new(Ledger::default());
        let end = if version < OpenKatVersion::V1_19 { "-acme" } else { "" };
        for kind in ["boefje", "normalizer"] {
            ledger.books().queues.entry(format!("{kind}{end}")).or_default();
        }
        let of_version = |answer: fn(&mut Books, OpenKatVersion, &Call) -> Reply| -> Answers {
            Arc::new(move |books: &mut Books, call: &Call| answer(books, version, call))
        };
        let answers = [
            of_version(openkat_scheduler::answer),
            of_version(openkat_bytes::answer),
            of_version(openkat_octopoes::octopoes),
            of_version(openkat_octopoes::katalogus),
        ];
        Self::start(version, ledger, answers)
    }

    /// Starts all four, which answer whatever `answer` says: with a status and a body.
    pub fn answering(answer: impl Fn(&Call) -> (u16, Vec<u8>) + Send + Sync + 'static) -> Self {
        let answers: Answers = Arc::new(move |_: &mut Books, call: &Call| {
            let (status, body) = answer(call);
            Reply { status, body }
        });
        let answers = [(); 4].map(|()| Arc::clone(&answers));
        Self::start(OpenKatVersion::V1_15, Arc::default(), answers)
    }

    fn start(version: OpenKatVersion, ledger: Arc<Ledger>, answers: [Answers; 4]) -> Self {
        let names = ["scheduler", "bytes", "octopoes", "katalogus"].into_iter();
        let mut sites = names.zip(answers).map(|(name, answer)| {
            let (answering, entering) = (Arc::clone(&ledger), Arc::clone(&ledger));
            let answer = move |call: &Call| {
                let reply = answer(&mut answering.books(), call);
                answering.entered.notify_all();
                reply
            };
            let enter = move |entry: &Entry<'_>| entering.enter(entry);
            Site::new(name, Box::new(answer), Box::new(enter))
        });
        let sites = std::array::from_fn(|_| sites.next().expect("four names"));
        Self { version, ledger, sites }
    }

    /// Where a service listens.
    pub fn address(&self, asked: Asked) -> SocketAddr {
        self.site(asked).address()
    }

    /// Its base URL, without a slash at its end.
    pub fn url(&self, asked: Asked) -> String {
        format!("http://{}", self.address(asked))
    }

    /// The variables that tell a program where the services are, and how it logs in.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("SCHEDULER_API", self.url(Asked::Scheduler)),
            ("BYTES_API", self.url(Asked::Bytes)),
            ("OCTOPOES_API", self.url(Asked::Octopoes)),
            ("KATALOGUS_API", self.url(Asked::Katalogus)),
            ("BYTES_USERNAME", USERNAME.to_owned()),
            ("BYTES_PASSWORD", PASSWORD.to_owned()),
        ]
    }

    /// Puts a task into its queue, which is made if need be; its id. The data is that of a job,
    /// such as [`boefje_job`] or [`normalizer_job`].
    pub fn queue(&self, data: &Value) -> String {
        self.change(|books| openkat_scheduler::queue(books, self.version, data))
    }

    /// Makes an empty queue.
    pub fn put_queue(&self, queue: &str) {
        self.change(|books| books.queues.entry(queue.to_owned()).or_default().clear());
    }

    /// Puts anything into a queue: such as what is no task.
    pub fn queue_item(&self, queue: &str, item: Value) {
        self.change(|books| books.queues.entry(queue.to_owned()).or_default().push_back(item));
    }

    /// Makes an object known under its primary key.
    pub fn put_object(&self, organization: &str, object: &Value) {
        let key = object["primary_key"].as_str().expect("a primary key").to_owned();
        let key = (organization.to_owned(), key);
        self.change(|books| books.objects.insert(key, object.clone()));
    }

    /// Sets all settings of a boefje. Those that were not set are `{}`.
    pub fn put_settings(&self, organization: &str, boefje: &str, settings: &Value) {
        let key = (organization.to_owned(), boefje.to_owned());
        self.change(|books| books.settings.insert(key, settings.clone()));
    }

    /// Keeps a raw file of a run, which is kept too; its id.
    pub fn put_raw(&self, boefje_meta: &Value, mime_types: &[&str], content: &[u8]) -> String {
        let run = boefje_meta["id"].as_str().expect("an id").to_owned();
        let mime_types = mime_types.iter().map(|&one| one.to_owned()).collect();
        self.change(|books| {
            books.boefje_metas.push(boefje_meta.clone());
            openkat_bytes::keep(books, run, mime_types, content.to_vec())
        })
    }

    /// Sets a task's status, as somebody else might.
    pub fn set_status(&self, task: &str, status: &str) {
        self.change(|books| {
            books.tasks.get_mut(task).expect("a task").history.push(status.to_owned());
        });
    }

    /// No token of Bytes counts any more.
    pub fn expire_tokens(&self) {
        self.change(|books| books.tokens.clear());
    }

    /// Something goes wrong with the next so many calls (`usize::MAX`: with all) whose method and
    /// target contain `on`, such as `PATCH /tasks`; an empty one is in all. What was told first
    /// comes first.
    pub fn inject(&self, asked: Asked, on: &str, times: usize, trouble: Trouble) {
        self.site(asked).inject(on, times, trouble);
    }

    /// Nothing goes wrong any more, and delayed calls go on. Who refuses connections still does.
    pub fn heal(&self, asked: Asked) {
        self.site(asked).heal();
    }

    /// Refuses connections from now on, and closes those that there are.
    pub fn refuse(&self, asked: Asked) {
        self.site(asked).refuse();
    }

    /// Accepts connections again.
    pub fn accept(&self, asked: Asked) {
        self.site(asked).accept();
    }

    /// How many connections of a service are open.
    pub fn connections(&self, asked: Asked) -> usize {
        self.site(asked).connections()
    }

    /// The books as they are now. Nobody is answered while they are held.
    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.ledger.books()
    }

    /// The lines of all calls up to now.
    pub fn lines(&self) -> Vec<String> {
        self.books().calls.iter().map(Call::line).collect()
    }

    /// Waits until the books are as wished.
    ///
    /// # Panics
    /// With `what` in words and the last calls, when that does not come true in time.
    pub fn wait(&self, what: &str, holds: impl Fn(&Books) -> bool) {
        if !self.wait_within(PATIENCE, holds) {
            let lines = self.lines();
            let last: Vec<_> = lines.iter().rev().take(20).collect();
            panic!("waited in vain: {what}; the last calls, backwards: {last:#?}");
        }
    }

    /// Waits so long at most until the books are as wished; whether they are.
    pub fn wait_within(&self, wait: Duration, holds: impl Fn(&Books) -> bool) -> bool {
        let deadline = Deadline::after(wait);
        let mut books = self.books();
        loop {
            if holds(&books) {
                return true;
            }
            let left = deadline.remaining().unwrap_or(Duration::MAX);
            if left.is_zero() {
                return false;
            }
            books = self.ledger.entered.wait_timeout(books, left).expect("books").0;
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Books) -> T) -> T {
        let result = change(&mut self.books());
        self.ledger.entered.notify_all();
        result
    }

    fn site(&self, asked: Asked) -> &Site {
        &self.sites[asked as usize]
    }
}

impl Ledger {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("books")
    }

    /// The number under which a call is entered.
    fn enter(&self, entry: &Entry<'_>) -> usize {
        let mut books = self.books();
        let number = match entry {
            Entry::Call(call) => {
                books.calls.push((*call).clone());
                books.calls.len() - 1
            }
            Entry::Status(number, status) => {
                books.calls[*number].status = Some(*status);
                *number
            }
        };
        self.entered.notify_all();
        number
    }
}

/// The data of a boefje's task, with an id of its own.
pub fn boefje_job(organization: &str, boefje: &str, input: &str) -> Value {
    json!({
        "id": Uuid::new_v4().to_string(),
        "boefje": {"id": boefje, "name": boefje, "version": null},
        "input_ooi": input,
        "organization": organization,
        "dispatches": [],
    })
}

/// The data of a normalizer's task, with an id of its own.
pub fn normalizer_job(normalizer: &str, raw: &str, boefje_meta: &Value) -> Value {
    json!({
        "id": Uuid::new_v4().to_string(),
        "raw_data": {
            "id": raw,
            "boefje_meta": boefje_meta,
            "mime_types": [{"value": format!("boefje/{}", boefje_meta["boefje"]["id"].as_str().unwrap_or_default())}],
        },
        "normalizer": {"id": normalizer, "version": null},
    })
}
