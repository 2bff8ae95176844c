//! Messages to systemd about the state of the service: readiness, reload, end, signs of life.
//!
//! They go to the datagram socket that `NOTIFY_SOCKET` names, as `sd_notify(3)` describes. Without
//! that variable there is nobody to tell, and nothing is sent.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use crate::environment::variable;

/// The way to the service manager, if there is one.
#[derive(Debug)]
pub struct Notifier {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

/// What the service manager is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State<'a> {
    /// The service serves.
    Ready,
    /// It reads its configuration again; [`State::Ready`] follows.
    Reloading,
    /// It is about to end.
    Stopping,
    /// It is alive.
    Watchdog,
    /// A line for whoever asks how it is.
    Status(&'a str),
}

impl Notifier {
    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`. A name that is no socket address
    /// is an error.
    pub fn from_environment() -> io::Result<Self> {
        let socket = variable("NOTIFY_SOCKET").map(|name| connect(&name)).transpose()?;
        let for_us =
            variable("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
        let watchdog = variable("WATCHDOG_USEC")
            .filter(|_| for_us && socket.is_some())
            .and_then(|text| text.parse().ok())
            .map(Duration::from_micros);
        Ok(Self { socket, watchdog })
    }

    /// Whether there is a service manager to tell.
    pub fn is_listening(&self) -> bool {
        self.socket.is_some()
    }

    /// How often [`State::Watchdog`] is due: twice in the time after which the service manager
    /// takes the service for dead. `None` if it does not watch.
    pub fn watchdog_interval(&self) -> Option<Duration> {
        self.watchdog.map(|limit| limit / 2)
    }

    /// Tells the service manager. That it may not listen is no reason to stop serving.
    pub fn tell(&self, state: State<'_>) {
        let Some((socket, address)) = &self.socket else { return };
        let message = match state {
            State::Ready => "READY=1".to_owned(),
            State::Reloading => format!("RELOADING=1\nMONOTONIC_USEC={}", monotonic_micros()),
            State::Stopping => "STOPPING=1".to_owned(),
            State::Watchdog => "WATCHDOG=1".to_owned(),
            State::Status(text) => format!("STATUS={}", text.replace('\n', " ")),
        };
        if let Err(error) = socket.send_to_addr(message.as_bytes(), address) {
            log::debug!("cannot notify the service manager: {error}");
        }
    }
}

fn connect(name: &str) -> io::Result<(UnixDatagram, SocketAddr)> {
    let address = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    // A service manager that does not read must not hold the service up.
    socket.set_nonblocking(true)?;
    Ok((socket, address))
}

/// The kernel's monotonic clock, which systemd compares with its own.
fn monotonic_micros() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or_default();
    seconds.saturating_mul(1_000_000).saturating_add(nanoseconds / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_of_sd_notify() {
        let path = std::env::temp_dir().join(format!("ostler-notify-{}", std::process::id()));
        let name = path.to_string_lossy().into_owned();
        let manager = UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier { socket: Some(connect(&name).unwrap()), watchdog: None };
        let mut told = Vec::new();
        for state in [State::Ready, State::Stopping, State::Watchdog, State::Status("a\nb")] {
            notifier.tell(state);
            let mut bytes = [0; 64];
            let n = manager.recv(&mut bytes).unwrap();
            told.push(String::from_utf8_lossy(&bytes[..n]).into_owned());
        }
        assert_eq!(told, ["READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=a b"]);
        notifier.tell(State::Reloading);
        let mut bytes = [0; 64];
        let n = manager.recv(&mut bytes).unwrap();
        assert!(bytes[..n].starts_with(b"RELOADING=1\nMONOTONIC_USEC="));
        std::fs::remove_file(&name).unwrap();
        // Nobody listens any more: nothing happens.
        notifier.tell(State::Ready);
    }
}
