//! One daemon, what stands behind it, and what is known of both.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ostler_runtime::now;
use ostler_tests::process::kill;
use ostler_tests::{Address, Daemon, FakeBurp, Kind, PrivateBurp, Settings, wire};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::client::{Outcome, exchange};
use crate::kinds::{Due, MAX_ANSWER, Plan};
use crate::known::known_queries;
use crate::ledger::{Ledger, Whom};
use crate::options::Options;
use crate::random::Chance;
use crate::script::{Script, body};
use crate::tally::Tally;

/// The daemons' own deadlines in seconds, short so that a soak meets them often.
pub(crate) const HEADER_DEADLINE: u64 = 2;
/// For a whole request.
pub(crate) const REQUEST_DEADLINE: u64 = 4;
/// For a whole answer, to a client that reads slowly.
const WRITE_DEADLINE: u64 = 5;
/// For the silence of a kept connection.
pub(crate) const KEEP_IDLE: u64 = 2;
/// For a start.
const START_DEADLINE: u64 = 3;
/// An answer that no socket's buffer holds.
const BIG: usize = 900_000;

/// What an answer may take beyond the daemon's own timeout.
const TOLERANCE: Duration = Duration::from_secs(1);
/// How long after the end of a child its slot may be without another: the bound for a whole pool.
const REPLACED: Duration = Duration::from_millis(1500);
/// Both, where time does not count.
const UNHURRIED: Duration = Duration::from_secs(30);

/// A daemon under test.
pub(crate) struct Side {
    /// Its name in the report.
    pub(crate) name: &'static str,
    pub(crate) daemon: Daemon,
    pub(crate) address: SocketAddr,
    pub(crate) pool: usize,
    /// For a whole answer.
    pub(crate) timeout: Duration,
    /// What an answer may take beyond that.
    pub(crate) tolerance: Duration,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) chance: Chance,
    pub(crate) burp: Burp,
    /// Children that were struck; the pool is not whole as long as one of them is in it.
    struck: Mutex<Vec<u32>>,
}

/// What stands behind a daemon.
pub(crate) enum Burp {
    /// Children that do what the script says.
    Scripted(Mutex<FakeBurp>, Arc<Script>),
    /// A real server; and queries with what a bare child answers to each, the longest first.
    Real(PrivateBurp, Vec<(String, Vec<u8>)>),
}

/// A request, and what must come of it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) text: String,
    number: Option<u64>,
    pub(crate) due: Due,
    pub(crate) right: Vec<u8>,
}

impl Side {
    /// A daemon in front of scripted children.
    pub(crate) fn scripted(options: &Options) -> Self {
        let fake = FakeBurp::new();
        let (ledger, tally) = books(options);
        let script = Arc::new(Script::new(Arc::clone(&ledger), Arc::clone(&tally)));
        let rule = Arc::clone(&script);
        fake.rule(move |pid, question| rule.reply(pid, question));
        let settings = fake.settings().set("start_deadline", &START_DEADLINE.to_string());
        let burp = Burp::Scripted(Mutex::new(fake), script);
        let timeout = if options.smoke { 10 } else { 3 };
        Self::start("scripted children", settings, timeout, burp, options, ledger, tally)
    }

    /// A daemon in front of a real server.
    pub(crate) fn real(options: &Options) -> Self {
        let server = PrivateBurp::new(Kind::Small);
        let known = known_queries(&server);
        let settings = server.settings();
        let (ledger, tally) = books(options);
        let burp = Burp::Real(server, known);
        Self::start("real burp", settings, 10, burp, options, ledger, tally)
    }

    fn start(
        name: &'static str,
        settings: Settings,
        timeout: u64,
        burp: Burp,
        options: &Options,
        ledger: Arc<Ledger>,
        tally: Arc<Tally>,
    ) -> Self {
        let daemon = settings
            .timeout(timeout)
            .set("pool", &options.pool.to_string())
            .set("max_answer", &MAX_ANSWER.to_string())
            .set("max_requests", "500")
            .set("header_deadline", &HEADER_DEADLINE.to_string())
            .set("request_deadline", &REQUEST_DEADLINE.to_string())
            .set("write_deadline", &WRITE_DEADLINE.to_string())
            .set("keep_idle", &KEEP_IDLE.to_string())
            .start();
        let Address::Tcp(address) = *daemon.address() else { panic!("it listens on a port") };
        daemon.wait_ready(options.pool as u64);
        let chance = Chance::new(options.seed ^ (name.len() as u64) << 32);
        let (pool, timeout) = (options.pool, Duration::from_secs(timeout));
        let tolerance = if options.smoke { UNHURRIED } else { TOLERANCE };
        let struck = Mutex::default();
        Self {
            name,
            daemon,
            address,
            pool,
            timeout,
            tolerance,
            ledger,
            tally,
            chance,
            burp,
            struck,
        }
    }

    /// A query that meets a fault so many times in a thousand.
    pub(crate) fn query(&self, share: u64) -> Asked {
        let plan = self.chance.per_mille(share).then(|| Plan::any(&self.chance));
        let size = match self.chance.below(50) {
            0 => self.chance.below(200_000),
            _ => self.chance.below(1000),
        };
        self.asked(plan, size, |known| self.chance.one(known).clone())
    }

    /// A query with a long answer, as far as there is one.
    pub(crate) fn long_query(&self) -> Asked {
        self.asked(None, BIG as u64, |known| known[0].clone())
    }

    fn asked(
        &self,
        plan: Option<Plan>,
        size: u64,
        choose: impl Fn(&[(String, Vec<u8>)]) -> (String, Vec<u8>),
    ) -> Asked {
        match &self.burp {
            Burp::Scripted(_, script) => {
                let size = usize::try_from(size).expect("a size");
                let (number, text) = script.query(plan, size);
                let due = plan.map_or(Due::Right, Plan::due);
                Asked { text, number: Some(number), due, right: body(number, size) }
            }
            Burp::Real(_, known) => {
                let (text, right) = choose(known);
                Asked { text, number: None, due: Due::Right, right }
            }
        }
    }

    /// The bytes of a request for it.
    pub(crate) fn request(&self, asked: &Asked) -> Vec<u8> {
        let cache = self.chance.per_mille(300);
        let request = json!({ "query": asked.text, "cache": cache, "password": wire::PASSWORD });
        wire::frame(request.to_string().as_bytes())
    }

    /// The request is over: the children that it came to, where that is known.
    pub(crate) fn over(&self, asked: &Asked) -> Vec<u32> {
        match (&self.burp, asked.number) {
            (Burp::Scripted(_, script), Some(number)) => script.over(number),
            _ => Vec::new(),
        }
    }

    /// The answer of the function `status`; `None` if it does not come.
    pub(crate) fn status(&self) -> Option<Value> {
        let request = json!({ "func": "status", "password": wire::PASSWORD }).to_string();
        let patience = self.timeout + self.tolerance;
        match exchange(self.address, &wire::frame(request.as_bytes()), patience) {
            Outcome::Answer(answer) if answer.status() == "OK" => Some(answer.json()),
            _ => None,
        }
    }

    /// How many children are ready now.
    pub(crate) fn ready(&self) -> u64 {
        self.status().and_then(|status| status["n_ready"].as_u64()).unwrap_or(0)
    }

    /// Sends a signal to a child that is disturbed by it.
    pub(crate) fn strike(&self, pid: u32, signal: Signal) {
        let whom = match self.burp {
            // Its end is told.
            Burp::Scripted(..) => Whom::Child(pid),
            Burp::Real(..) => Whom::One,
        };
        self.struck().push(pid);
        self.ledger.begin(whom);
        kill(pid, signal);
    }

    /// All children are about to be lost.
    pub(crate) fn strike_all(&self) {
        let children = self.daemon.children().into_iter().map(|child| child.pid);
        self.struck().extend(children);
        self.ledger.begin(Whom::All);
    }

    /// Looks whether the pool is whole again, and whether everything that was struck has gone.
    pub(crate) fn look(&self) -> bool {
        let asked = now();
        let mut fails = false;
        if let Burp::Scripted(fake, script) = &self.burp {
            fails = script.fails_starts();
            for event in lock(fake).take_events() {
                if let ostler_tests::Event::Ended(pid) = event {
                    self.ledger.gone(pid);
                }
            }
        }
        let Some(status) = self.status() else { return false };
        let pids: Vec<u64> = status["slots"]
            .as_array()
            .map(|slots| slots.iter().filter_map(|slot| slot["pid"].as_u64()).collect())
            .unwrap_or_default();
        let ready = status["n_ready"].as_u64() == Some(self.pool as u64);
        let mut struck = self.struck();
        let lives = struck.iter().any(|pid| pids.contains(&u64::from(*pid)));
        if !ready || lives || fails {
            return false;
        }
        struck.clear();
        drop(struck);
        self.ledger.whole(asked);
        true
    }

    /// Whether no child lives to which something was done.
    pub(crate) fn is_clean(&self) -> bool {
        let harmed = match &self.burp {
            Burp::Scripted(fake, _) => {
                lock(fake).alive().into_iter().any(|pid| self.ledger.harmed(pid))
            }
            Burp::Real(..) => false,
        };
        self.look() && !harmed && !self.ledger.is_open()
    }

    /// Scripted processes that live, with what they left behind.
    pub(crate) fn alive(&self) -> Option<usize> {
        match &self.burp {
            Burp::Scripted(fake, _) => Some(lock(fake).alive().len()),
            Burp::Real(..) => None,
        }
    }

    fn struck(&self) -> MutexGuard<'_, Vec<u32>> {
        lock(&self.struck)
    }
}

fn books(options: &Options) -> (Arc<Ledger>, Arc<Tally>) {
    let replaced = if options.smoke { UNHURRIED } else { REPLACED };
    (Arc::new(Ledger::new(replaced)), Arc::default())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
