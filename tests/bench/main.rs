//! `bench`: how fast is our `bui-monitor` beside the original? See `README.md` in this folder.

mod bars;
mod boefjes;
mod boefjes_table;
mod broker;
mod broker_load;
mod broker_native;
mod broker_table;
mod broker_trips;
mod broker_websocket;
mod burp;
mod burpui;
mod catalogue;
mod catalogue_limit;
mod catalogue_load;
mod catalogue_table;
mod child;
mod daemons;
mod failure;
mod http;
mod interrupt;
mod limits;
mod load;
mod manual;
mod manual_table;
mod options;
mod original;
mod process;
mod report;
mod rounds;
mod rows;
mod session;
mod shared_cache;
mod shared_cache_table;
mod stores;
mod stores_clones;
mod stores_table;
mod tls;

use std::process::ExitCode;

use failure::{Context, Failure};
use options::Options;

fn main() -> ExitCode {
    let options = match Options::parse() {
        Ok(options) => options,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 64 } else { 0 });
        }
    };
    let done = match (options.serve_bare, options.serve_echo) {
        (Some(port), _) => limits::serve(port).context(|| "bare loop".to_owned()).map(|()| 0),
        (_, Some(port)) => broker_trips::serve(port).context(|| "bare echo".to_owned()).map(|()| 0),
        _ => bench(&options),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            // Whatever broke off, it was the signal, which the children have got as well.
            let failure = interrupt::check().err().unwrap_or(failure);
            eprintln!("bench: {failure}");
            failure.code()
        }
    }
}

fn bench(options: &Options) -> Result<u8, Failure> {
    interrupt::watch().context(|| "cannot catch signals".to_owned())?;
    if options.manual {
        return manual(options);
    }
    if options.katalogus {
        return katalogus(options);
    }
    if options.boefjes {
        return workers(options);
    }
    if options.broker {
        return broker(options);
    }
    if options.stores {
        return stores(options);
    }
    if options.shared_cache {
        return shared_cache(options);
    }
    let figures = session::all(options)?;
    // A short run proves nothing about speed.
    let bars = if options.smoke { Vec::new() } else { bars::judge(&figures) };
    print!("{}", report::markdown(&figures, &bars));
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", report::json(&figures, &bars));
        std::fs::write(path, text).context(|| path.display().to_string())?;
    }
    if let Some(complaint) = report::complaint(&figures) {
        return Err(Failure::Program(complaint));
    }
    Ok(u8::from(options.strict && bars.iter().any(|bar| bar.met() == Some(false))))
}

fn katalogus(options: &Options) -> Result<u8, Failure> {
    let figures = catalogue::all(options)?;
    let bars = if options.smoke { Vec::new() } else { catalogue_table::judge(&figures) };
    print!("{}", catalogue_table::markdown(&figures, &bars));
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", catalogue_table::json(&figures, &bars));
        std::fs::write(path, text).context(|| path.display().to_string())?;
    }
    if let Some(complaint) = catalogue_table::complaint(&figures) {
        return Err(Failure::Program(complaint));
    }
    Ok(u8::from(options.strict && bars.iter().any(|bar| bar.met() == Some(false))))
}

fn workers(options: &Options) -> Result<u8, Failure> {
    let pools = boefjes::all(options)?;
    let bars = if options.smoke { Vec::new() } else { boefjes_table::judge(&pools) };
    print!("{}", boefjes_table::markdown(&pools, &bars));
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", boefjes_table::json(&pools, &bars));
        std::fs::write(path, text).context(|| path.display().to_string())?;
    }
    if let Some(complaint) = boefjes_table::complaint(&pools) {
        return Err(Failure::Program(complaint));
    }
    Ok(u8::from(options.strict && bars.iter().any(|bar| bar.met() == Some(false))))
}

fn broker(options: &Options) -> Result<u8, Failure> {
    let figures = broker::all(options)?;
    let bars = if options.smoke { Vec::new() } else { broker_table::judge(&figures) };
    print!("{}", broker_table::markdown(&figures, &bars));
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", broker_table::json(&figures, &bars));
        std::fs::write(path, text).context(|| path.display().to_string())?;
    }
    if let Some(complaint) = broker_table::complaint(&figures) {
        return Err(Failure::Program(complaint));
    }
    Ok(u8::from(options.strict && bars.iter().any(|bar| bar.met() == Some(false))))
}

fn stores(options: &Options) -> Result<u8, Failure> {
    let figures = stores::all(options)?;
    let bars = if options.smoke { Vec::new() } else { stores_table::judge(&figures) };
    print!("{}", stores_table::markdown(&figures, &bars));
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", stores_table::json(&figures, &bars));
        std::fs::write(path, text).context(|| path.display().to_string())?;
    }
    Ok(u8::from(options.strict && bars.iter().any(|bar| bar.met() == Some(false))))
}

fn shared_cache(options: &Options) -> Result<u8, Failure> {
    let measures = shared_cache::all(options)?;
    let bars = if options.smoke { Vec::new() } else { shared_cache_table::judge(&measures) };
    print!("{}", shared_cache_table::markdown(&measures, &bars));
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", shared_cache_table::json(&measures, &bars));
        std::fs::write(path, text).context(|| path.display().to_string())?;
    }
    if let Some(complaint) = shared_cache_table::complaint(&measures) {
        return Err(Failure::Program(complaint));
    }
    Ok(u8::from(options.strict && bars.iter().any(|bar| bar.met() == Some(false))))
}

fn manual(options: &Options) -> Result<u8, Failure> {
    let sides = manual::all(options)?;
    print!("{}", manual_table::markdown(&sides));
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", manual_table::json(&sides));
        std::fs::write(path, text).context(|| path.display().to_string())?;
    }
    manual_table::complaint(&sides).map_or(Ok(0), |complaint| Err(Failure::Program(complaint)))
}
