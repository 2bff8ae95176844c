//! The program `broker-throughput`.

use std::fmt::Display;

use ostler_runtime::Exit;
use ostler_runtime::logging::{self, LevelFilter};

use crate::throughput_options::{Options, Role};
use crate::{Endpoint, EndpointOptions, throughput_client, throughput_server};

/// Does what the command line asks for.
pub fn run(options: &Options) -> Exit {
    let level = if options.verbose { LevelFilter::Info } else { LevelFilter::Warn };
    if let Err(error) = logging::start(level, None) {
        eprintln!("broker-throughput: {error}");
        return Exit::Os;
    }
    let endpoint = match Endpoint::new(EndpointOptions::default()) {
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

/// Says why it has ended.
fn told(error: impl Display) -> Exit {
    eprintln!("broker-throughput: {error}");
    Exit::Unavailable
}
