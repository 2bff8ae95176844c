//! The child's side of the conversation with its test.
//!
//! The connection is also the child's lifeline: when the test has gone, so has every reason for
//! the child to live, however deeply it was told to hang.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use ostler_tests::step::{Question, Step};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Where the steps come from.
#[derive(Debug)]
pub(crate) enum Control {
    /// Nobody scripts this child: it behaves.
    Alone,
    /// A test does.
    Test(BufReader<UnixStream>),
}

impl Control {
    /// Connects to the test that listens at `path`, and says who it is.
    pub(crate) fn connect(path: &Path) -> io::Result<Self> {
        let mut stream = UnixStream::connect(path)?;
        writeln!(stream, "pid {}", std::process::id())?;
        Ok(Self::Test(BufReader::new(stream)))
    }

    /// What to do now. `Err` once the test has gone.
    pub(crate) fn ask(&mut self, question: &Question) -> io::Result<Vec<Step>> {
        let Self::Test(stream) = self else {
            return Ok(match question {
                Question::Start => vec![Step::greet()],
                _ => vec![Step::Answer],
            });
        };
        stream.get_mut().write_all(format!("{}\n", question.to_line()).as_bytes())?;
        let mut steps = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match line.trim_end_matches('\n') {
                "" => return Ok(steps),
                step => steps.push(
                    Step::from_line(step)
                        .ok_or_else(|| io::Error::other(format!("unknown step {step}")))?,
                ),
            }
        }
    }

    /// Does nothing for `wait`, or for ever without it. `Err` once the test has gone.
    pub(crate) fn idle(&self, wait: Option<Duration>) -> io::Result<()> {
        let timeout = wait.map(|wait| Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: wait.subsec_nanos().into(),
        });
        let ready = match self {
            Self::Alone => poll(&mut [], timeout.as_ref())?,
            // The test says nothing without being asked: what can be read is its end.
            Self::Test(stream) => {
                poll(&mut [PollFd::new(stream.get_ref(), PollFlags::IN)], timeout.as_ref())?
            }
        };
        if ready == 0 { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}
