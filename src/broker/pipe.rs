//! The program `broker-pipe`, from its command line to its exit code.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded, never};
use ostler_runtime::logging::{self, LevelFilter, with_cause};
use ostler_runtime::{Event, Exit, Problem, Signals, Thread};

use crate::node_program::{ListenError, address};
use crate::node_tasks::{print_rates, stop_process};
use crate::pipe_options::{PipeMode, PipeOptions};
use crate::pipe_publish::{publish, standard_input};
use crate::pipe_subscribe::subscribe;
use crate::printing::Printing;
use crate::tool_settings::{self, Unsaid};
use crate::{Endpoint, EndpointOptions, Happening, PublishError};

/// How long after a failure a peer is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Why the pipe ends early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PipeError {
    #[error("line {0} is longer than {most} bytes", most = crate::pipe_publish::MAX_LINE_BYTES)]
    LongLine(u64),
    #[error("nobody has wanted the topic for {0:?}")]
    Unwanted(Duration),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error("standard input cannot be read: {0}")]
    Input(io::Error),
    #[error("standard output cannot be written: {0}")]
    Output(io::Error),
    #[error("cannot wait: {0}")]
    Wait(io::Error),
}

/// An endpoint and the thread that tells of its peers. They end in this order, since the thread
/// goes on until the endpoint has ended.
struct Node {
    endpoint: Endpoint,
    _statuses: Printing,
}

/// Does what the command line asks for.
pub fn run(options: &PipeOptions) -> Exit {
    match logging::start(LevelFilter::Error, None) {
        Ok(()) => pipe(options).unwrap_or_else(|exit| exit),
        Err(error) => {
            eprintln!("*** {error}");
            Exit::Os
        }
    }
}

fn pipe(options: &PipeOptions) -> Result<Exit, Exit> {
    let endpoint_options = endpoint_options(options)?;
    // Before any thread is there.
    let mut signals = Signals::install().map_err(|error| os("catch signals", &error))?;
    let endpoint = Endpoint::new(endpoint_options).map_err(|error| os("start", &error))?;
    let node = Node { _statuses: tell_statuses(&endpoint)?, endpoint };
    let is_leaving = Arc::new(AtomicBool::new(false));
    let outcome = work(&node.endpoint, options, Arc::clone(&is_leaving))?;
    if let Some((host, port)) = &options.listen {
        let ports = address(host, *port).and_then(|at| Ok(node.endpoint.listen(&at)?));
        let ports = ports.map_err(|error: ListenError| {
            say(format!("*** {}", with_cause(&error)));
            error.exit()
        })?;
        say(format!("*** listening on port {}", ports.first().unwrap_or(port)));
    }
    for (host, port) in &options.peers {
        node.endpoint.peer_nosync(host, *port, Some(RETRY));
    }
    wait_stop(&mut signals);
    is_leaving.store(true, Ordering::Release);
    let outcome = outcome.try_recv();
    // All that was published is behind the farewell, unless it is cut short by a second signal.
    let farewell = move || {
        drop(node);
        stop_process();
    };
    spawn("farewell", farewell)?.detach();
    wait_stop(&mut signals);
    // Nothing has come of it when it was told to stop.
    let Ok(Err(error)) = outcome else { return Ok(Exit::Success) };
    if matches!(&error, PipeError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe) {
        // Whoever has read it has enough.
        return Ok(Exit::Success);
    }
    say(format!("*** {error}"));
    Ok(match error {
        PipeError::LongLine(_) => Exit::Data,
        PipeError::Unwanted(_) | PipeError::Publish(_) => Exit::Unavailable,
        PipeError::Input(_) | PipeError::Output(_) | PipeError::Wait(_) => Exit::Os,
    })
}

/// What the command line and the file say of how peers are spoken with.
fn endpoint_options(options: &PipeOptions) -> Result<EndpointOptions, Exit> {
    let named = options.config_file.as_deref();
    let tell = |problem: &Problem| eprintln!("*** {problem}");
    let mut endpoint =
        tool_settings::endpoint_options(named, &options.keys, Unsaid::Refused, tell)?;
    // Readers that are behind are there, and are waited for even if nobody else is.
    endpoint.publish_wait = endpoint.publish_wait.max(options.wait);
    // Whoever reads slowly gets it all.
    endpoint.peering.bye = endpoint.peering.bye.max(options.wait);
    Ok(endpoint)
}

/// Starts the work on threads that end by themselves or with the process; what has come of it.
/// When it is done, that is as good as a signal.
fn work(
    endpoint: &Endpoint,
    options: &PipeOptions,
    is_leaving: Arc<AtomicBool>,
) -> Result<Receiver<Result<(), PipeError>>, Exit> {
    let count = Arc::new(AtomicU64::new(0));
    if options.rate {
        let count = Arc::clone(&count);
        spawn("rate", move || print_rates(&count, &never()))?.detach();
    }
    let (ended, outcome) = bounded(1);
    let publisher = endpoint.publisher();
    let mut subscriber = match options.mode {
        PipeMode::Subscribe => Some(endpoint.subscribe([options.topic.clone()])),
        PipeMode::Publish => None,
    };
    let options = options.clone();
    spawn("pipe", move || {
        let result = match &mut subscriber {
            Some(subscriber) => subscribe(subscriber, &options, io::stdout(), &count),
            None => publish(&publisher, &options, &mut standard_input(), &count),
        };
        // There is room for it, and whoever waits for it is there.
        let _ = ended.try_send(result);
        if !is_leaving.load(Ordering::Acquire) {
            stop_process();
        }
    })?
    .detach();
    Ok(outcome)
}

/// Says on standard error what becomes of peers.
fn tell_statuses(endpoint: &Endpoint) -> Result<Printing, Exit> {
    let statuses = endpoint.status_subscriber(true);
    let tell = move || {
        while let Some(happening) = statuses.get() {
            match happening {
                Happening::Status(status) => eprintln!("*** {status}"),
                Happening::Error(error) => eprintln!("*** {error}"),
            }
        }
    };
    Printing::start("statuses", tell).map_err(|error| os("start a thread", &error))
}

/// Says a line on standard error, and does not wait for ever for somebody to read it.
fn say(line: String) {
    if let Err(error) = Printing::start("words", move || eprintln!("{line}")) {
        log::error!("cannot start a thread: {error}");
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<Thread, Exit> {
    Thread::spawn(name, body).map_err(|error| os("start a thread", &error))
}

fn wait_stop(signals: &mut Signals) {
    while signals.wait() != Event::Stop {}
}

fn os(what: &str, error: &io::Error) -> Exit {
    eprintln!("*** cannot {what}: {error}");
    Exit::Os
}
