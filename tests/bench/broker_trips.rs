//! Round trips between two nodes, beside those of as many bytes between two processes that do
//! nothing but read and write: what the kernel takes for itself.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use ostler_runtime::{Deadline, now};
use rustix::process::{Signal, set_parent_process_death_signal};

use crate::broker::{Bench, local};
use crate::daemons::free_port;
use crate::failure::{Context, Failure};
use crate::interrupt;
use crate::process::{Process, command};

/// The bytes of a ping as it travels, and about those of a pong: their frames with the topic below.
const BYTES: usize = 64;
const TOPICS: &str = "--topics=[\"/ping\"]";
/// How long the echo may take to listen, and a round trip.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(5);

/// The times of both, in nanoseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trips {
    pub(crate) nodes: Vec<u64>,
    pub(crate) echo: Vec<u64>,
}

impl Trips {
    pub(crate) fn add(&mut self, more: Self) {
        self.nodes.extend(more.nodes);
        self.echo.extend(more.echo);
        self.nodes.sort_unstable();
        self.echo.sort_unstable();
    }
}

/// So many round trips of each.
pub(crate) fn round(bench: &Bench, count: usize) -> Result<Trips, Failure> {
    let echo = bare(count)?;
    let mut answering = bench.node(&["-m", "pong", TOPICS, "-p", "0"])?;
    let peers = format!("--peers=[<tcp://{}>]", local(answering.port("peers")?));
    let wanted = count.to_string();
    let mut asking = bench.node(&["-m", "ping", TOPICS, "-n", &wanted, &peers])?;
    // What it logs stands between.
    let said = asking.ended()?;
    let nodes: Vec<u64> = said.lines().filter_map(|line| line.parse().ok()).collect();
    if nodes.len() != count {
        return Err(asking.failed("not every ping was answered"));
    }
    Ok(Trips { nodes, echo })
}

/// The echo: a process of its own.
pub(crate) fn serve(port: u16) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let (mut stream, _) = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.accept()?;
    stream.set_nodelay(true)?;
    let mut bytes = [0; BYTES];
    while stream.read_exact(&mut bytes).is_ok() {
        stream.write_all(&bytes)?;
    }
    Ok(())
}

pub(crate) fn bare(count: usize) -> Result<Vec<u64>, Failure> {
    let port = free_port()?;
    let own = std::env::current_exe().context(|| "cannot find myself".to_owned())?;
    let mut start = command(own);
    start.args(["--serve-echo", &port.to_string()]).stdin(Stdio::null()).stdout(Stdio::null());
    let mut process = Process::spawn(&mut start, "the bare echo")?;
    let deadline = Deadline::after(PATIENCE);
    let stream = loop {
        match TcpStream::connect(local(port)) {
            Ok(stream) => break stream,
            Err(error) if deadline.passed() || process.ended(LOOK)?.is_some() => {
                return Err(error).context(|| "the bare echo does not listen".to_owned());
            }
            Err(_) => interrupt::check()?,
        }
    };
    trips(stream, count).context(|| "bare echo".to_owned())
}

fn trips(mut stream: TcpStream, count: usize) -> io::Result<Vec<u64>> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut bytes = [0; BYTES];
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let sent = now();
        stream.write_all(&bytes)?;
        stream.read_exact(&mut bytes)?;
        let took = now().duration_since(sent).as_nanos();
        times.push(u64::try_from(took).unwrap_or(u64::MAX));
    }
    Ok(times)
}
