//! What the programs beside `broker-node` take of its keys: how they speak with peers.

use std::path::Path;

use ostler_runtime::{Exit, Problem};

use crate::node_keys::Keys;
use crate::node_settings::{COMMAND_LINE, MEANINGLESS, original};
use crate::{EndpointOptions, node_tls};

/// What programs do where nothing is said of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsaid {
    /// They refuse it.
    Refused,
    /// They speak none.
    Plain,
}

/// What a configuration file and keys of the command line say. What is wrong is told by `tell`.
pub(crate) fn endpoint_options(
    named: Option<&Path>,
    keys: &[(String, String)],
    unsaid: Unsaid,
    tell: impl Fn(&Problem),
) -> Result<EndpointOptions, Exit> {
    let refused = |problems: Vec<Problem>| {
        problems.iter().for_each(&tell);
        Exit::Config
    };
    let mut config = original(named).map_err(refused)?;
    for (key, value) in keys {
        config.set(COMMAND_LINE, key, value);
    }
    let is_said = config.says("broker.disable-ssl") || config.says("broker.ssl");
    if unsaid == Unsaid::Plain && !is_said {
        config.set(COMMAND_LINE, "broker.disable-ssl", "true");
    }
    let mut keys = Keys::new(&mut config);
    let mut options = EndpointOptions::default();
    let ssl = node_tls::settings(&mut keys);
    options.peer_buffer = keys.size("broker.peer-buffer-size", 1).unwrap_or(options.peer_buffer);
    options.peer_overflow =
        keys.overflow("broker.peer-overflow-policy").unwrap_or(options.peer_overflow);
    options.links.max_bytes =
        keys.size("broker.buffer-bytes", 1).unwrap_or(options.links.max_bytes);
    options.links.stall = keys.write_timeout().unwrap_or(options.links.stall);
    options.forwarding = !keys.boolean("broker.disable-forwarding").unwrap_or(false);
    let mut problems = keys.finish();
    for group in MEANINGLESS.into_iter().chain(["broker.store"]) {
        config.ignore(group);
    }
    // Other keys of a file are for other programs.
    problems.extend(config.unknown().into_iter().filter(|problem| problem.line().is_none()));
    if !problems.is_empty() {
        return Err(refused(problems));
    }
    options.tls = node_tls::load(ssl.as_ref())?;
    Ok(options)
}
