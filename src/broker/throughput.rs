//! The program `broker-throughput`.

use std::fmt::Display;

use ostler_runtime::Exit;
use ostler_runtime::logging::{self, LevelFilter};

use crate::throughput_options::{Options, Role};
use crate::{Endpoint, EndpointOptions, throughput_client, throughput_server, tool_settings};

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

/// What the command line says of how peers are spoken with; without a word without TLS.
fn endpoint_options(options: &Options) -> Result<EndpointOptions, Exit> {
    let mut keys = options.keys.clone();
    let is_said =
        |(key, _): &(String, String)| key == "broker.disable-ssl" || key.starts_with("broker.ssl.");
    if options.config_file.is_none() && !keys.iter().any(is_said) {
        keys.push(("broker.disable-ssl".to_owned(), "true".to_owned()));
    }
    tool_settings::endpoint_options(options.config_file.as_deref(), &keys, |problem| {
        eprintln!("broker-throughput: {problem}");
    })
}

/// Says why it has ended.
fn told(error: impl Display) -> Exit {
    eprintln!("broker-throughput: {error}");
    Exit::Unavailable
}
