//! Messages from one process to another, by `broker-throughput`: entries of Zeek's conn.log.

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, Topic};
use ostler_runtime::{Deadline, now};
use ostler_tests::PATIENCE;
use ostler_tests::process::memory;

use crate::broker::{Bench, Program, Round, local};
use crate::failure::{Context, Failure};

/// What ends a server.
const TERMINATE: &str = "/benchmark/terminate";

/// Sends at least so many at full speed; all that was sent has to arrive. The time is that of the
/// sending process from its start to its end, so it has peering and farewell in it.
pub(crate) fn round(bench: &Bench, count: u64) -> Result<Round, Failure> {
    let mut server = bench.throughput(&["--server", "127.0.0.1:0"])?;
    let port: u16 = server.wait(|said| {
        let (_, rest) = said.split_once("listening on 127.0.0.1:")?;
        rest.split_once('\n')?.0.parse().ok()
    })?;
    let at = local(port).to_string();
    let wanted = count.to_string();
    let start = now();
    let mut client = bench.throughput(&["-t", "2", "-r", "0", "-s", "1000", "-m", &wanted, &at])?;
    let said = client.ended()?;
    let took = now().duration_since(start);
    let sent = in_all(&said).ok_or_else(|| client.failed("it does not say how many it sent"))?;
    let peak = memory(server.process.id(), "VmHWM");
    let arrived = stop(&mut server, port)?;
    Ok(Round { sent, arrived, took, peak })
}

/// Has the server end: how many it has counted.
fn stop(server: &mut Program, port: u16) -> Result<u64, Failure> {
    let endpoint = Endpoint::new(EndpointOptions::default())
        .context(|| "cannot make an endpoint".to_owned())?;
    let soon = || Deadline::after(PATIENCE);
    let failed = |error: &dyn std::fmt::Display| Failure::Program(format!("broker: {error}"));
    let topic = Topic::new(TERMINATE).map_err(|error| failed(&error))?;
    endpoint.peer("127.0.0.1", port, None, soon()).map_err(|error| failed(&error))?;
    if !endpoint.await_filter_entry(&topic, soon()) {
        return Err(server.failed("it cannot be told to end"));
    }
    endpoint.publish(&topic, &Data::None).map_err(|error| failed(&error))?;
    let said = server.ended()?;
    in_all(&said).ok_or_else(|| server.failed("it does not say how many came"))
}

/// The number at the end of the last line.
fn in_all(said: &str) -> Option<u64> {
    let line = said.lines().rfind(|line| line.ends_with(" in all"))?;
    line.strip_suffix(" in all")?.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_say_how_many_there_were() {
        assert_eq!(in_all("7 events/s sent, 8 in all, 1 in flight\n9 in all\n"), Some(9));
        assert_eq!(in_all("listening on x\n70 events/s, 12 in all\n"), Some(12));
        assert_eq!(in_all("listening on x\n"), None);
    }
}
