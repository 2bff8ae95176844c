//! The conversation with one burp child, from its start to its end.

use std::os::fd::BorrowedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;

use ostler_pool::dialect::Interest;
use ostler_pool::{Idle, Session, Step};
use ostler_runtime::now;

use crate::exchange::{BurpAnswer, Exchange};
use crate::facts::Facts;
use crate::flight::Flight;
use crate::lines::{Line, printable, without_paths};
use crate::plan::{Plan, Plans};
use crate::query::Query;
use crate::summary::Freshness;
use crate::transport::Transport;
use crate::version::{RESPONSE_MARKERS, STATUS_FORMAT, Version};
use crate::watched::Watched;

/// The signal that a burp dies of when the server turns it away for being one too many.
const SIGPIPE: i32 = 13;
/// The exit code of a child whose program could not be started.
const NO_PROGRAM: i32 = 127;
/// Burp's words where it notices that it was turned away before it dies of it.
const CUT_OFF: &str = "SSL connect error: 5";
/// What clients are told of it.
const TURNED_AWAY: &str = "the burp server turned the client away: too many status children \
                           (max_status_children), most likely";

/// What a child was started from. When it changes, the child is out of date.
pub(crate) struct Origin {
    pub(crate) plans: Arc<Plans>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) files: Watched,
}

impl Origin {
    fn changed(&self) -> bool {
        !self.plans.is_current(&self.plan) || self.files.changed()
    }
}

/// See the module.
pub(crate) struct BurpSession {
    facts: Arc<Facts>,
    origin: Origin,
    transport: Transport,
    exchange: Exchange,
    freshness: Freshness,
    markers: bool,
    greeted: bool,
    /// The exchange in progress has reread clients already.
    refreshed: bool,
    /// The query that waits for a look at the summary.
    waiting: Option<Query>,
    /// Settings whose confirmations are still to come.
    unconfirmed: usize,
    pid: u32,
}

impl BurpSession {
    pub(crate) fn new(facts: Arc<Facts>, origin: Origin, transport: Transport) -> Self {
        Self {
            facts,
            origin,
            transport,
            exchange: Exchange::default(),
            freshness: Freshness::new(now()),
            markers: false,
            greeted: false,
            refreshed: false,
            waiting: None,
            unconfirmed: 0,
            pid: 0,
        }
    }

    /// The server has said which version it is: says how it shall answer, and warms the child with
    /// the first query, which the server answers at its next tick.
    fn introduce(&mut self, server: Version, output: &mut Vec<u8>) {
        output.extend(b"j:pretty-print-off\n");
        self.unconfirmed = 1;
        // While it is not known the old client is assumed; newer ones take no harm from it.
        if self.facts.client_version().is_none_or(|client| !client.is_at_least(STATUS_FORMAT)) {
            output.extend(format!("j:peer_version={STATUS_FORMAT}\n").as_bytes());
            self.unconfirmed += 1;
        }
        self.markers = server.is_at_least(RESPONSE_MARKERS);
        self.facts.set_server_version(server);
        if self.markers {
            output.extend(b"j:response-markers-on\n");
        }
        self.exchange.ask(&Query::summary(), output);
    }

    /// Reads until the settings are confirmed. With markers these are the lines before the one that
    /// opens the first answer; the confirmation of the markers themselves comes wrapped in markers.
    fn confirm(&mut self, input: &mut Vec<u8>, output: &mut Vec<u8>) -> Step<()> {
        loop {
            let mut server = None;
            let line = self.exchange.next_plain(input, |message| {
                log::debug!("burp says: {message}");
                if let Some(text) = message.strip_prefix("Server version:") {
                    // The first one, as it would be if the lines came one by one.
                    server = server.take().or_else(|| Version::parse(text));
                }
            });
            if let Some(server) = server {
                if !self.exchange.is_busy() {
                    self.introduce(server, output);
                }
            }
            match line {
                None => {
                    self.exchange.consume(input);
                    return Step::More;
                }
                Some(Line::Warning(text)) => {
                    log::debug!("burp confirms: {}", printable(text));
                    if !self.exchange.is_busy() {
                        return unexpected(text);
                    }
                    // With markers, the last confirmation is the one between markers.
                    self.unconfirmed = self.unconfirmed.saturating_sub(1);
                    if self.unconfirmed == 0 && !self.markers {
                        self.exchange.consume(input);
                        return Step::Done(());
                    }
                }
                Some(
                    Line::Log(_) | Line::Other(b"{\"response-start\":\"j:response-markers-on\"}"),
                ) => {}
                Some(Line::Other(b"{\"response-end\":\"j:response-markers-on\"}")) => {
                    self.unconfirmed = 0;
                    self.exchange.consume(input);
                    return Step::Done(());
                }
                Some(Line::Other(other)) => return unexpected(other),
            }
        }
    }

    fn next_answer(&mut self, input: &mut Vec<u8>) -> Step<(Query, BurpAnswer)> {
        self.exchange.answer(self.markers, input, |message| log::debug!("burp says: {message}"))
    }

    /// Asks for the clients that must be reread before the summary can be believed. Returns whether
    /// there are any.
    fn reread(&mut self, answer: &BurpAnswer, output: &mut Vec<u8>) -> bool {
        let BurpAnswer::Json(summary) = answer else { return false };
        let due = self.freshness.note_summary(summary.as_slice(), now());
        for client in due.iter().filter_map(|name| Query::client(name)) {
            self.exchange.ask(&client, output);
        }
        self.exchange.is_busy()
    }
}

impl Session for BurpSession {
    type Request = Arc<Flight>;
    type Answer = BurpAnswer;

    fn spawned(&mut self, pid: u32) {
        self.pid = pid;
        self.transport.spawned(pid);
    }

    fn greet(&mut self, _output: &mut Vec<u8>) {}

    fn greeting(&mut self, input: &mut Vec<u8>, output: &mut Vec<u8>) -> Step<()> {
        if !self.greeted {
            match self.confirm(input, output) {
                Step::Done(()) => self.greeted = true,
                step => return step,
            }
        }
        match self.next_answer(input) {
            Step::Done((_, BurpAnswer::Json(summary))) => {
                self.freshness = Freshness::new(now());
                self.freshness.note_summary(summary.as_slice(), now());
                self.transport.connected();
                // What it said on its way here will not be why it ends.
                self.exchange.forget_log();
                Step::Done(())
            }
            Step::Done((_, BurpAnswer::Warning(text))) => unexpected(text.as_bytes()),
            Step::More => Step::More,
            Step::Broken(why) => Step::Broken(why),
        }
    }

    fn ask(&mut self, request: &Arc<Flight>, output: &mut Vec<u8>) {
        request.take_off();
        self.refreshed = false;
        self.waiting = None;
        let moment = now();
        self.freshness.note_query(moment);
        if !request.query().is_summary() && self.freshness.must_look(moment) {
            self.waiting = Some(request.query().clone());
            self.exchange.ask(&Query::summary(), output);
        } else {
            self.exchange.ask(request.query(), output);
        }
    }

    fn answer(&mut self, input: &mut Vec<u8>, output: &mut Vec<u8>) -> Step<BurpAnswer> {
        loop {
            let (query, answer) = match self.next_answer(input) {
                Step::Done(done) => done,
                Step::More => return Step::More,
                Step::Broken(why) => return Step::Broken(why),
            };
            if self.exchange.is_busy() {
                // A client that was reread on the way.
                continue;
            }
            if let Some(waiting) = self.waiting.take() {
                // The look before it.
                self.reread(&answer, output);
                self.exchange.ask(&waiting, output);
                continue;
            }
            if query.is_summary() && !self.refreshed && self.reread(&answer, output) {
                self.refreshed = true;
                self.exchange.ask(&Query::summary(), output);
                continue;
            }
            return Step::Done(answer);
        }
    }

    fn idle(&mut self, input: &mut Vec<u8>) -> Idle {
        let line = self.exchange.next_plain(input, |message| log::debug!("burp says: {message}"));
        let dirty = line.is_some();
        self.exchange.consume(input);
        // A log line may come in pieces; anything else that begins is already too much.
        let prefix = b"{ \"logline\"";
        let partial = input.get(..prefix.len().min(input.len())).unwrap_or_default();
        if dirty || !prefix.starts_with(partial) {
            return Idle::Dirty("the child spoke out of turn".to_owned());
        }
        Idle::Clean
    }

    fn outdated(&mut self) -> bool {
        self.origin.changed() || self.freshness.is_stale(now()) || self.transport.outdated()
    }

    fn last_words(&self, unread: &[u8], status: Option<ExitStatus>) -> Option<String> {
        let unread = unread.strip_suffix(b"\n").unwrap_or(unread);
        let last = unread.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let words = match Line::of(last) {
            Line::Log(message) => printable(message),
            _ => self.exchange.last_log().to_owned(),
        };
        let said_nothing = words.is_empty() || words.starts_with("Connecting to");
        let cut_off = words == CUT_OFF && !self.greeted;
        if !said_nothing && !cut_off {
            return Some(without_paths(&words));
        }
        if self.greeted {
            return None;
        }
        match status.map(|status| (status.code(), status.signal())) {
            _ if cut_off => Some(TURNED_AWAY.to_owned()),
            Some((_, Some(SIGPIPE))) => Some(TURNED_AWAY.to_owned()),
            Some((Some(NO_PROGRAM), _)) => {
                Some("the burp client (burpbin) cannot be started".to_owned())
            }
            Some((Some(code), _)) => {
                Some(format!("the burp client ended before it was ready, with status {code}"))
            }
            _ => None,
        }
    }

    fn before_wait(&mut self) {
        self.transport.before_wait();
    }

    fn descriptors(&self) -> Vec<(BorrowedFd<'_>, Interest)> {
        self.transport.descriptors()
    }

    fn descriptors_ready(&mut self) -> Result<(), String> {
        self.transport.descriptors_ready()
    }
}

fn unexpected<T>(line: &[u8]) -> Step<T> {
    let line: String = String::from_utf8_lossy(line).chars().take(100).collect();
    Step::Broken(format!("not what burp says at its start: {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::TransportChoice;
    use std::path::Path;

    #[test]
    fn a_server_that_names_two_versions_has_the_first_however_its_bytes_come() {
        let said = b"{ \"logline\": \"Server version: 3.1.4.\" }\n\
            { \"logline\": \"Server version: 2.1.8.\" }\n";
        for cut in [said.len() / 2, said.len()] {
            let (burp, config) = (Path::new("burp"), Path::new("burp.conf"));
            let plans = Arc::new(Plans::new(Plan::new(burp, config, TransportChoice::Plain)));
            let (plan, files) = (plans.current(), Watched::new([]));
            let origin = Origin { plans, plan, files };
            let mut session = BurpSession::new(Arc::default(), origin, Transport::Plain);
            let (mut input, mut output) = (Vec::new(), Vec::new());
            for piece in [&said[..cut], &said[cut..]] {
                input.extend(piece);
                assert!(matches!(session.greeting(&mut input, &mut output), Step::More));
            }
            let output = String::from_utf8(output).unwrap();
            assert!(output.contains("j:response-markers-on\n"), "{cut}: {output:?}");
        }
    }
}
