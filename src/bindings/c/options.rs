//! What an endpoint is told when it is made.

use std::ffi::c_int;

use broker::{EndpointId, EndpointOptions, QueueLimits};

use crate::fault::{Fault, answered, freed, made};
use crate::given::{given, overflow, wait};
use crate::identifier::{Identifier, identified};

/// Most threads that serve one endpoint.
const MAX_THREADS: usize = 256;

/// `ostler_broker_options`.
#[derive(Default)]
pub(crate) struct Options {
    /// Each endpoint has another one unless it was told.
    id: Option<EndpointId>,
    pub(crate) rest: EndpointOptions,
}

impl Options {
    /// Those of one endpoint.
    pub(crate) fn endpoint(&self) -> EndpointOptions {
        EndpointOptions { id: self.id.unwrap_or_else(EndpointId::random), ..self.rest.clone() }
    }
}

/// The defaults.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_options_make() -> Option<Box<Options>> {
    made(|| Ok(Options::default()))
}

/// Frees them.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_options_free(options: Option<&mut Option<Box<Options>>>) {
    freed(options);
}

/// What the endpoint is called.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_options_set_id(
    options: Option<&mut Options>,
    id: Option<&Identifier>,
) -> c_int {
    answered(|| {
        let (options, id) = (given(options, "the options")?, identified(id)?);
        if id.is_nil() {
            return Err(Fault::invalid("the nil id is nobody's"));
        }
        options.id = Some(id);
        Ok(())
    })
}

/// Whether messages of peers go on to other peers.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_options_set_forwarding(
    options: Option<&mut Options>,
    forwards: c_int,
) -> c_int {
    answered(|| {
        given(options, "the options")?.rest.forwarding = forwards != 0;
        Ok(())
    })
}

/// How many threads serve connections.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_options_set_threads(
    options: Option<&mut Options>,
    threads: usize,
) -> c_int {
    answered(|| {
        let options = given(options, "the options")?;
        if !(1..=MAX_THREADS).contains(&threads) {
            return Err(Fault::invalid(format!("{threads} threads, of 1 to {MAX_THREADS}")));
        }
        options.rest.threads = threads;
        Ok(())
    })
}

/// What may wait for a peer, and what becomes of more.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_options_set_peer_buffer(
    options: Option<&mut Options>,
    messages: usize,
    policy: c_int,
) -> c_int {
    answered(|| {
        let options = given(options, "the options")?;
        options.rest.peer_overflow = overflow(policy)?;
        options.rest.peer_buffer = at_least_one(messages, "messages")?;
        Ok(())
    })
}

/// What may wait for a subscriber.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_options_set_subscriber_buffer(
    options: Option<&mut Options>,
    messages: usize,
    bytes: usize,
) -> c_int {
    answered(|| {
        let options = given(options, "the options")?;
        let (items, bytes) = (at_least_one(messages, "messages")?, at_least_one(bytes, "bytes")?);
        options.rest.subscriber_buffer = QueueLimits { items, bytes };
        Ok(())
    })
}

/// How long publishing waits for receivers.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_options_set_publish_wait(
    options: Option<&mut Options>,
    milliseconds: i64,
) -> c_int {
    answered(|| {
        given(options, "the options")?.rest.publish_wait = wait(milliseconds)?;
        Ok(())
    })
}

/// How long an attempt to connect takes, as far as the connection itself.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_options_set_connect_wait(
    options: Option<&mut Options>,
    milliseconds: i64,
) -> c_int {
    answered(|| {
        given(options, "the options")?.rest.connect_wait = wait(milliseconds)?;
        Ok(())
    })
}

/// How long freeing the endpoint waits for what is not sent.
#[unsafe(no_mangle)]
extern "C" fn ostler_broker_options_set_end_wait(
    options: Option<&mut Options>,
    milliseconds: i64,
) -> c_int {
    answered(|| {
        given(options, "the options")?.rest.end_wait = wait(milliseconds)?;
        Ok(())
    })
}

fn at_least_one(number: usize, what: &str) -> Result<usize, Fault> {
    if number == 0 { Err(Fault::invalid(format!("a buffer of no {what}"))) } else { Ok(number) }
}
