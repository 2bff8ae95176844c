//! The rule by which the scripted children live.
//!
//! Each query has a number of its own in it, and its answer is made from that number: so an answer
//! that belongs to another request is always found out, whatever happens in between.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ostler_tests::Step;
use ostler_tests::controller::{Reply, usual};
use ostler_tests::step::Question;

use crate::kinds::Plan;
use crate::ledger::{Ledger, Whom};
use crate::random::scramble;
use crate::tally::Tally;

/// What comes before the number in a query.
const QUERY: &str = "c:client1:b:1:p:/soak/";

/// What goes wrong when a child starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartFault {
    /// It ends at once.
    Exit,
    /// It never says a word.
    Silent,
    /// What it says is not what burp says.
    Nonsense,
    /// It greets and ends.
    Flap,
}

impl StartFault {
    /// Every one.
    pub(crate) const ALL: [Self; 4] = [Self::Exit, Self::Silent, Self::Nonsense, Self::Flap];

    fn name(self) -> &'static str {
        match self {
            Self::Exit => "start: exits at once",
            Self::Silent => "start: never greets",
            Self::Nonsense => "start: nonsense",
            Self::Flap => "start: greets and exits",
        }
    }

    fn steps(self) -> Vec<Step> {
        match self {
            Self::Exit => vec![Step::Exit(1)],
            Self::Silent => vec![Step::Hang],
            Self::Nonsense => vec![Step::raw("GET / HTTP/1.1\n\n")],
            Self::Flap => vec![Step::greet(), Step::Exit(1)],
        }
    }
}

#[derive(Debug, Default)]
struct State {
    queries: HashMap<u64, Met>,
    starts: Vec<StartFault>,
    number: u64,
}

/// What a query meets, and the children that it has come to.
#[derive(Debug, Default)]
struct Met {
    plan: Option<Plan>,
    children: Vec<u32>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Script {
    state: Mutex<State>,
    ledger: Arc<Ledger>,
    tally: Arc<Tally>,
}

impl Script {
    pub(crate) fn new(ledger: Arc<Ledger>, tally: Arc<Tally>) -> Self {
        Self { state: Mutex::default(), ledger, tally }
    }

    /// A new query that meets `plan`: its number and its text. Its answer has `size` bytes at
    /// least.
    pub(crate) fn query(&self, plan: Option<Plan>, size: usize) -> (u64, String) {
        let mut state = self.lock();
        state.number += 1;
        let number = state.number;
        state.queries.insert(number, Met { plan, children: Vec::new() });
        (number, format!("{QUERY}{number}/{size}"))
    }

    /// The query is over: the children that it came to.
    pub(crate) fn over(&self, number: u64) -> Vec<u32> {
        self.lock().queries.remove(&number).map(|met| met.children).unwrap_or_default()
    }

    /// The next children that start do this.
    pub(crate) fn fail_starts(&self, faults: Vec<StartFault>) {
        self.lock().starts = faults;
    }

    /// Whether a start will still fail.
    pub(crate) fn fails_starts(&self) -> bool {
        !self.lock().starts.is_empty()
    }

    /// What a child does now.
    pub(crate) fn reply(&self, pid: u32, question: &Question) -> Reply {
        match question {
            Question::Start => match self.lock().starts.pop() {
                Some(fault) => {
                    self.ledger.begin(Whom::Child(pid));
                    self.tally.fault(fault.name());
                    Reply::Do(fault.steps())
                }
                None => usual(question),
            },
            Question::Query(text) => {
                let text = String::from_utf8_lossy(text);
                match text.strip_prefix(QUERY).and_then(|rest| rest.split_once('/')) {
                    Some((number, size)) => {
                        let number = number.parse().expect("a number of ours");
                        let body = body(number, size.parse().expect("a size of ours"));
                        Reply::Do(self.asked(pid, number, &text, body))
                    }
                    None => usual(question),
                }
            }
            _ => usual(question),
        }
    }

    fn asked(&self, pid: u32, number: u64, text: &str, body: Vec<u8>) -> Vec<Step> {
        let mut state = self.lock();
        let Some(met) = state.queries.get_mut(&number) else { return vec![Step::Body(body)] };
        met.children.push(pid);
        let again = met.children.len();
        let plan = met.plan.filter(|plan| again <= plan.times);
        drop(state);
        let Some(plan) = plan else { return vec![Step::Body(body)] };
        if plan.kind.harms() {
            self.ledger.begin(Whom::Child(pid));
        }
        self.tally.fault(plan.kind.name());
        plan.kind.steps(text, body)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to the query with this number.
pub(crate) fn body(number: u64, size: usize) -> Vec<u8> {
    let mut body =
        format!("{{\"clients\":[{{\"name\":\"soak {number}\",\"filler\":\"").into_bytes();
    let mut word = number;
    while body.len() < size {
        word = scramble(word.wrapping_add(1));
        body.extend(format!("{word:016x}").bytes());
    }
    body.extend(b"\"}]}");
    body
}
