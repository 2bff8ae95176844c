//! Watches a plugin folder as the catalogue does, and tells what it sees.
//!
//! `plugin-folder ROOT GENERATION PYTHON CHECK_MS MODULE_MS LOG`, where a `PYTHON` of `-` is none.
//! `look` on standard input is answered with one line of JSON, `rescan` with nothing.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use katalogus::{DiscoverySettings, Generation, Plugins, Python};
use ostler_runtime::logging::{self, LevelFilter};

fn main() -> ExitCode {
    if let Some(code) = ostler_pool::launch::exec_child_if_asked() {
        return code;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match watch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plugin-folder: {error}");
            ExitCode::FAILURE
        }
    }
}

fn watch(arguments: &[String]) -> io::Result<()> {
    let wrong = || io::Error::other("wrong arguments");
    let [root, generation, python, check, module, log] = arguments else { return Err(wrong()) };
    let generation = Generation::NAMES.iter().find(|(name, _)| name == generation);
    let millis = |text: &str| text.parse().map(Duration::from_millis).map_err(|_| wrong());
    let mut settings = DiscoverySettings::new(root, generation.ok_or_else(wrong)?.1);
    settings.python = if python == "-" { Python::None } else { Python::Program(python.into()) };
    settings.check_every = millis(check)?;
    settings.module_time = millis(module)?;
    logging::start(LevelFilter::Info, Some(&PathBuf::from(log))).map_err(io::Error::other)?;
    let plugins = Plugins::start(settings)?;
    for line in io::stdin().lock().lines() {
        match line?.as_str() {
            "look" => writeln!(io::stdout(), "{}", look(&plugins))?,
            "rescan" => plugins.rescan(),
            _ => return Err(wrong()),
        }
    }
    Ok(())
}

/// The statistics, and the plugins with `enabled` as their manifests have it.
fn look(plugins: &Plugins) -> String {
    let statistics = plugins.statistics();
    let mut listed = Vec::new();
    for plugin in plugins.current().local() {
        if !listed.is_empty() {
            listed.push(b',');
        }
        plugin.write_json(plugin.plugin().enabled, &mut listed);
    }
    format!(
        "{{\"scans\":{},\"failures\":{},\"failing\":{},\"skipped\":{},\"micros\":{},\"plugins\":[{}]}}",
        statistics.scans,
        statistics.failures,
        statistics.failing,
        statistics.skipped,
        statistics.took.as_micros(),
        String::from_utf8_lossy(&listed)
    )
}
