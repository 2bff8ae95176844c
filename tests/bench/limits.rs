//! The limits that no daemon can pass: a bare loop that only accepts and answers, and bare children
//! without a daemon in front of them.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Barrier;

use ostler_runtime::now;
use rustix::process::{Signal, set_parent_process_death_signal};

use crate::child::{BareChild, Question};
use crate::interrupt;
use crate::load::{Bounds, Outcome, together, units};
use crate::rows::version;

/// Answers every connection with the version, on one thread, until the process is ended or its
/// parent goes away.
pub(crate) fn serve(port: u16) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let version = version();
    let mut request = vec![0; version.frame.len()];
    loop {
        let (mut stream, _) = listener.accept()?;
        // A client that breaks off costs nothing here but its own figure.
        if stream.read_exact(&mut request).is_ok() {
            let _ = stream.write_all(&version.answer);
        }
    }
}

/// Drives each child on a thread of its own; the threads begin at different questions.
pub(crate) fn drive(children: &mut [BareChild], questions: &[Question], bounds: Bounds) -> Outcome {
    together(children.iter_mut().enumerate(), |(number, child), barrier| {
        let questions = questions.iter().cycle().skip(number).take(questions.len());
        one(child, &questions.collect::<Vec<_>>(), bounds, barrier)
    })
}

fn one(
    child: &mut BareChild,
    questions: &[&Question],
    bounds: Bounds,
    barrier: &Barrier,
) -> Outcome {
    let mut outcome = Outcome::default();
    barrier.wait();
    let mut last = now();
    let end = last + bounds.time;
    for question in questions.iter().cycle().take(bounds.count) {
        if last >= end || interrupt::asked() {
            break;
        }
        if let Err(error) = child.ask(question) {
            outcome.errors += 1;
            outcome.complaint = Some(error.to_string());
            break;
        }
        let answered = now();
        outcome.right += 1;
        outcome.latencies.push(units(last, answered));
        last = answered;
    }
    outcome
}
