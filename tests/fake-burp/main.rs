//! A scripted stand-in for `burp -c CONF -a m`.
//!
//! It speaks like the real one and asks its test what to do at the start and before each answer
//! (see `ostler_tests::step`): so a test sees every query, can hold a child in the middle of an
//! answer, and never waits for time to pass. Alone, without a test to ask, it simply behaves.

mod answers;
mod control;
mod dialect;
mod options;

use std::io::{self, BufRead, Stdout, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ostler_tests::process::command;
use ostler_tests::step::{Question, Step};

use crate::answers::{Usual, filler, usual};
use crate::control::Control;
use crate::dialect::Dialect;
use crate::options::Options;

fn main() -> ExitCode {
    let ended = match Options::read(std::env::args_os()) {
        Options::Version(version) => {
            println!("burp-{version}");
            return ExitCode::SUCCESS;
        }
        Options::Forked(socket) => hold(&socket),
        Options::Monitor(socket) => Child::new(socket).and_then(|mut child| child.run()),
    };
    match ended {
        Ok(status) => ExitCode::from(status),
        // Its reader has gone: burp dies of that, and does not end.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            die(signal_hook::consts::SIGPIPE)
        }
        Err(_) => ExitCode::FAILURE,
    }
}

/// A process left behind by a child: it holds the pipes until the test has gone.
fn hold(socket: &Path) -> io::Result<u8> {
    let mut control = Control::connect(socket)?;
    control.ask(&Question::Forked)?;
    control.idle(None)?;
    Ok(0)
}

fn die(signal: i32) -> ExitCode {
    // SIGKILL has no default handler to emulate, and returns only if it could not be sent.
    if signal == signal_hook::consts::SIGKILL {
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
    let _ = signal_hook::low_level::emulate_default_handler(signal);
    ExitCode::FAILURE
}

struct Child {
    socket: Option<PathBuf>,
    control: Control,
    dialect: Dialect<Stdout>,
}

/// Whether the child goes on.
enum Then {
    On,
    End(u8),
}

impl Child {
    fn new(socket: Option<PathBuf>) -> io::Result<Self> {
        let control = match &socket {
            Some(path) => Control::connect(path)?,
            None => Control::Alone,
        };
        Ok(Self { socket, control, dialect: Dialect::new(io::stdout()) })
    }

    fn run(&mut self) -> io::Result<u8> {
        if let Then::End(status) = self.ask(&Question::Start)? {
            return Ok(status);
        }
        let mut input = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            let question = match input.read_until(b'\n', &mut line)? {
                0 => Question::EndOfInput,
                _ => Question::Query(line.trim_ascii_end().to_vec()),
            };
            if let Then::End(status) = self.ask(&question)? {
                return Ok(status);
            }
        }
    }

    fn ask(&mut self, question: &Question) -> io::Result<Then> {
        for step in self.control.ask(question)? {
            if let Then::End(status) = self.act(&step, question)? {
                return Ok(Then::End(status));
            }
        }
        Ok(Then::On)
    }

    fn act(&mut self, step: &Step, question: &Question) -> io::Result<Then> {
        let query: &[u8] = if let Question::Query(query) = question { query } else { b"" };
        match step {
            Step::Greet(client, server) => self.dialect.greet(client, server)?,
            Step::Answer if *question == Question::EndOfInput => {
                self.dialect.logline("stdin 0: end of data.")?;
                self.dialect.logline("Exiting main loop.")?;
                return Ok(Then::End(1));
            }
            // A blank line gets no answer.
            Step::Answer if query.is_empty() => {}
            Step::Answer if query.starts_with(b"j:") => self.dialect.command(query)?,
            Step::Answer => match usual(&String::from_utf8_lossy(query)) {
                Usual::Answer(body) => self.dialect.answer(query, &body)?,
                Usual::Warning(text) => self.dialect.warn(query, &text)?,
            },
            Step::Body(body) => self.dialect.answer(query, body)?,
            Step::Filler(size) => self.dialect.answer(query, &filler(*size))?,
            Step::Flood(size) => {
                let piece = vec![b'x'; 64 << 10];
                for start in (0..*size).step_by(piece.len()) {
                    let rest = piece.len().min(size - start);
                    self.dialect.raw(piece.get(..rest).unwrap_or_default())?;
                }
            }
            Step::Marked(other, body) => self.dialect.answer(other.as_bytes(), body)?,
            Step::Warning(text) => self.dialect.warn(query, text)?,
            Step::Logline(text) => self.dialect.logline(text)?,
            Step::Raw(bytes) => self.dialect.raw(bytes)?,
            Step::Drip(bytes, every) => {
                for byte in bytes {
                    self.dialect.raw(&[*byte])?;
                    self.control.idle(Some(*every))?;
                }
            }
            Step::Stderr(size) => io::stderr().write_all(&vec![b'e'; *size])?,
            Step::Ask => return self.again(question),
            Step::Hang => self.control.idle(None)?,
            Step::Exit(status) => return Ok(Then::End(u8::try_from(*status).unwrap_or(1))),
            Step::Die(signal) => {
                die(*signal);
            }
            Step::IgnoreTerm => {
                let ignored = Arc::new(AtomicBool::new(false));
                signal_hook::flag::register(signal_hook::consts::SIGTERM, ignored)?;
            }
            Step::Fork => self.fork()?,
        }
        Ok(Then::On)
    }

    /// The steps that a held child is given still belong to the query that it was held at.
    fn again(&mut self, question: &Question) -> io::Result<Then> {
        for step in self.control.ask(&Question::Again)? {
            if let Then::End(status) = self.act(&step, question)? {
                return Ok(Then::End(status));
            }
        }
        Ok(Then::On)
    }

    fn fork(&self) -> io::Result<()> {
        let socket = self.socket.clone().unwrap_or_default();
        command(std::env::current_exe()?).arg0("burp").arg("--fork").arg(socket).spawn().map(drop)
    }
}
