//! The program `broker-throughput`.

use std::fmt::Display;

use ostler_runtime::logging::{self, LevelFilter};
use ostler_runtime::{Exit, Problem};

use crate::throughput_options::{Options, Role};
use crate::tool_settings::{self, Unsaid};
use crate::{Endpoint, EndpointOptions, throughput_client, throughput_server};

/// Does what the command line asks for.
pub fn run(options: &Options) -> Exit {
    let level = if options.verbose { LevelFilter::Info } else { LevelFilter::Warn };
    if let Err(error) = logging::start(level, None) {
        eprintln!("broker-throughput: {error}");
        return Exit::Os;
    }
    let endpoint_options = match endpoint_options(options) {
        Ok(endpoint_options) => endpoint_options,
        Err(exit) => return exit,
    };
    let endpoint = match Endpoint::new(endpoint_options) {
        Ok(endpoint) => endpoint,
        Err(error) => {
            eprintln!("broker-throughput: cannot start: {error}");
            return Exit::Os;
        }
    };
    let result = match options.role {
        Role::Server => throughput_server::run(&endpoint, &options.address).map_err(told),
        Role::Client(load) => {
            throughput_client::run(&endpoint, &options.address, load).map_err(told)
        }
    };
    result.map_or_else(|exit| exit, |()| Exit::Success)
}

/// What the command line and the file say of how peers are spoken with; without a word without TLS.
fn endpoint_options(options: &Options) -> Result<EndpointOptions, Exit> {
    let named = options.config_file.as_deref();
    let tell = |problem: &Problem| eprintln!("broker-throughput: {problem}");
    tool_settings::endpoint_options(named, &options.keys, Unsaid::Plain, tell)
}

/// Says why it has ended.
fn told(error: impl Display) -> Exit {
    eprintln!("broker-throughput: {error}");
    Exit::Unavailable
}
