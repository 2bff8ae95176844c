//! Clients that misbehave. None of them may be given an answer it should not have, and each must
//! be let go of in time.

use std::io;
use std::time::Duration;

use ostler_runtime::now;
use ostler_tests::{Answer, wire};
use serde_json::json;

use crate::client::{Client, Outcome, is_late, pause};
use crate::judge::judge;
use crate::side::{HEADER_DEADLINE, KEEP_IDLE, REQUEST_DEADLINE, Side};

/// How late wrong passwords are answered, in seconds, at most.
const GUESS_DELAY: u64 = 8;

/// A way to misbehave.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Misdeed {
    /// Nothing is sent.
    Silent,
    /// Four bytes of the header, and nothing more.
    HalfHeader,
    /// The same and then the end.
    CutHeader,
    /// Half of a request, and nothing more.
    HalfBody,
    /// The same and then the end.
    CutBody,
    /// A header that announces more than memory.
    Oversized,
    /// A header that announces nothing.
    Empty,
    /// Another protocol.
    Http,
    /// Bytes of chance, and then the end.
    Random,
    /// A frame of chance.
    RandomFrame,
    /// Brackets, thousands deep.
    Deep,
    /// Another password.
    Password,
    /// A reset at once.
    ResetAtOnce,
    /// A reset after a request.
    ResetAfterRequest,
    /// A reset in the middle of a long answer.
    ResetInAnswer,
    /// A long answer that is read slowly.
    SlowReader,
    /// A long answer that is not read.
    NoReader,
    /// Two requests at once.
    Pipelined,
    /// A connection that is kept and then silent.
    KeptSilent,
}

/// Each with its weight. Those that hold a connection for seconds are rarer.
const WEIGHTS: [(Misdeed, u64); 19] = [
    (Misdeed::Silent, 4),
    (Misdeed::HalfHeader, 4),
    (Misdeed::CutHeader, 10),
    (Misdeed::HalfBody, 4),
    (Misdeed::CutBody, 10),
    (Misdeed::Oversized, 10),
    (Misdeed::Empty, 10),
    (Misdeed::Http, 5),
    (Misdeed::Random, 10),
    (Misdeed::RandomFrame, 10),
    (Misdeed::Deep, 3),
    (Misdeed::Password, 10),
    (Misdeed::ResetAtOnce, 10),
    (Misdeed::ResetAfterRequest, 10),
    (Misdeed::ResetInAnswer, 8),
    (Misdeed::SlowReader, 3),
    (Misdeed::NoReader, 3),
    (Misdeed::Pipelined, 5),
    (Misdeed::KeptSilent, 4),
];

impl Misdeed {
    fn name(self) -> &'static str {
        match self {
            Self::Silent => "client: silent",
            Self::HalfHeader => "client: half a header, then silent",
            Self::CutHeader => "client: half a header, then its end",
            Self::HalfBody => "client: half a request, then silent",
            Self::CutBody => "client: half a request, then its end",
            Self::Oversized => "client: announces 2^64-1 bytes",
            Self::Empty => "client: announces nothing",
            Self::Http => "client: speaks HTTP",
            Self::Random => "client: random bytes",
            Self::RandomFrame => "client: a frame of random bytes",
            Self::Deep => "client: 60 000 brackets",
            Self::Password => "client: wrong password",
            Self::ResetAtOnce => "client: reset at once",
            Self::ResetAfterRequest => "client: reset after its request",
            Self::ResetInAnswer => "client: reset in mid answer",
            Self::SlowReader => "client: reads slowly",
            Self::NoReader => "client: does not read",
            Self::Pipelined => "client: two requests at once",
            Self::KeptSilent => "client: keeps its connection, silent",
        }
    }
}

/// Misbehaves once, in some way.
pub(crate) fn misbehave(side: &Side) {
    let misdeed = side.chance.weighted(&WEIGHTS);
    side.tally.fault(misdeed.name());
    if let Err(complaint) = commit(side, misdeed) {
        side.tally.wrong(format!("{}: {}: {complaint}", side.name, misdeed.name()));
    }
}

fn commit(side: &Side, misdeed: Misdeed) -> Result<(), String> {
    let chance = &side.chance;
    let request = json!({ "func": "monitor_version", "password": wire::PASSWORD }).to_string();
    let frame = wire::frame(request.as_bytes());
    let half = frame.get(..frame.len() / 2).unwrap_or_default();
    let some = |limit| usize::try_from(1 + chance.below(limit)).expect("a size");
    match misdeed {
        Misdeed::Silent => refused(side, b"", false, HEADER_DEADLINE),
        Misdeed::HalfHeader => refused(side, &[0; 4], false, HEADER_DEADLINE),
        Misdeed::CutHeader => refused(side, &[0; 4], true, 0),
        Misdeed::HalfBody => refused(side, half, false, REQUEST_DEADLINE),
        Misdeed::CutBody => refused(side, half, true, 0),
        Misdeed::Oversized => refused(side, &[0xff; 8], false, 0),
        Misdeed::Empty => refused(side, &[0; 8], false, 0),
        Misdeed::Http => refused(side, b"GET / HTTP/1.1\r\nHost: burp\r\n\r\n", false, 0),
        // Chance may announce a length that never comes.
        Misdeed::Random => refused(side, &chance.bytes(some(2000)), true, REQUEST_DEADLINE),
        Misdeed::RandomFrame => refused(side, &wire::frame(&chance.bytes(some(2000))), false, 0),
        Misdeed::Deep => refused(side, &wire::frame(&vec![b'['; 60_000]), false, 0),
        Misdeed::Password => {
            let request = json!({ "query": "c:", "password": "not this one" }).to_string();
            refused(side, &wire::frame(request.as_bytes()), false, GUESS_DELAY)
        }
        Misdeed::ResetAtOnce => {
            if let Ok(client) = Client::connect(side.address, side.timeout) {
                client.reset();
            }
            Ok(())
        }
        Misdeed::ResetAfterRequest => abandon(side, 0),
        Misdeed::ResetInAnswer => abandon(side, 100),
        Misdeed::SlowReader => {
            let asked = side.long_query();
            let (from, patience) = (now(), side.timeout + side.tolerance);
            let outcome = match Client::narrow(side.address, patience, 64 << 10) {
                Ok(mut client) => match client.send(&side.request(&asked)) {
                    Ok(()) => client.answer(32 << 10, Duration::from_millis(20)),
                    Err(error) => Outcome::Broken(error),
                },
                Err(error) => Outcome::Broken(error),
            };
            judge(side, &asked, from, outcome);
            Ok(())
        }
        Misdeed::NoReader => {
            let asked = side.long_query();
            if let Ok(mut client) = Client::narrow(side.address, side.timeout, 4096) {
                let _ = client.send(&side.request(&asked));
                pause(Duration::from_secs(3));
                client.reset();
            }
            side.over(&asked);
            Ok(())
        }
        Misdeed::Pipelined => match tried(side, &[frame.clone(), frame].concat(), false, 0)? {
            Answer::Ok(body) if body == b"1.1.1" => Ok(()),
            other => Err(format!("{other:?}")),
        },
        Misdeed::KeptSilent => {
            let request = json!({
                "func": "monitor_version", "password": wire::PASSWORD, "keep": true,
            });
            let frame = wire::frame(request.to_string().as_bytes());
            match tried(side, &frame, false, KEEP_IDLE)? {
                Answer::Ok(body) if body == b"1.1.1" => Ok(()),
                other => Err(format!("{other:?}")),
            }
        }
    }
}

/// Sends what is no good request: it must be refused in words or without, in so many seconds and
/// the usual tolerance.
fn refused(side: &Side, bytes: &[u8], end: bool, seconds: u64) -> Result<(), String> {
    match tried(side, bytes, end, seconds)? {
        Answer::Closed | Answer::Er(_) | Answer::Ko => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

fn tried(side: &Side, bytes: &[u8], end: bool, seconds: u64) -> Result<Answer, String> {
    // The daemon reads on for a second when it has answered, so that nothing is destroyed.
    let patience = Duration::from_secs(seconds) + 2 * side.tolerance;
    let sent = Client::connect(side.address, patience).and_then(|mut client| {
        client.send(bytes)?;
        if end {
            client.half_close()?;
        }
        Ok(client.answer(4096, Duration::ZERO))
    });
    match sent {
        Ok(Outcome::Answer(answer)) => Ok(answer),
        Ok(Outcome::Late) => {
            side.tally.hang(format!("{}: {} bytes, then nothing", side.name, bytes.len()));
            Ok(Answer::Closed)
        }
        // A refusal may come as a reset.
        Ok(Outcome::Broken(error)) | Err(error) if is_reset(&error) => Ok(Answer::Closed),
        Ok(Outcome::Broken(error)) | Err(error) if is_late(&error) => {
            side.tally.hang(format!("{}: no connection", side.name));
            Ok(Answer::Closed)
        }
        Ok(Outcome::Broken(error)) | Err(error) => Err(error.to_string()),
    }
}

/// Asks, reads so many bytes of the answer, and breaks off.
fn abandon(side: &Side, bytes: usize) -> Result<(), String> {
    let asked = side.long_query();
    let sent = Client::connect(side.address, side.timeout).and_then(|mut client| {
        client.send(&side.request(&asked))?;
        if bytes > 0 {
            // Whatever comes: an error may be the answer.
            let _ = client.read(&mut vec![0; bytes]);
        }
        client.reset();
        Ok(())
    });
    side.over(&asked);
    sent.map_err(|error| error.to_string())
}

fn is_reset(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}
