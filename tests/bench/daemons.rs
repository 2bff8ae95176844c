//! The daemons under test: each gets the same configuration file and a port of its own, and is
//! timed from its start to its first answers.

use std::fmt::Write;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use ostler_runtime::{Deadline, now};
use tempfile::TempDir;

use crate::failure::{Context, Failure};
use crate::interrupt;
use crate::load::{Request, Target, Wire, once};
use crate::process::{Process, command};
use crate::rounds::LOOP;
use crate::rows::{PASSWORD, version};
use crate::tls::Certificate;

/// How long a daemon may take from its start to its first answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause between two tries for the first answer, which is also how exactly it is timed.
const RETRY: Duration = Duration::from_millis(2);

/// A program that can be put under load.
#[derive(Clone, Debug)]
pub(crate) enum Software {
    /// Burp-UI's own, its binary.
    Original(PathBuf),
    /// Ours: the binary, the transport, further `[Global]` keys.
    Ours(PathBuf, String, Vec<(String, String)>),
    /// One thread that accepts, reads, writes the version and closes: the limit for any daemon.
    BareLoop,
}

impl Software {
    /// The name of the side in the report.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Original(_) => "original".to_owned(),
            Self::Ours(_, transport, _) if transport == "auto" => "ours".to_owned(),
            Self::Ours(_, transport, _) => format!("ours-{transport}"),
            Self::BareLoop => LOOP.to_owned(),
        }
    }
}

/// What a daemon stands in front of, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    /// The burp binary.
    pub(crate) burp: &'a Path,
    /// Its configuration.
    pub(crate) conf: &'a Path,
    /// The number of children.
    pub(crate) pool: usize,
    /// How the clients write.
    pub(crate) two_writes: bool,
    /// What it shows over TLS; plain without.
    pub(crate) certificate: Option<&'a Certificate>,
    /// Further sections for ours.
    pub(crate) sections: &'a str,
}

/// A running daemon that has answered.
#[derive(Debug)]
pub(crate) struct Daemon {
    /// The name of the side in the report.
    pub(crate) name: String,
    /// The process; its children are not counted in any figure.
    pub(crate) process: Process,
    /// Where it listens.
    pub(crate) target: Target,
    /// From the start to the first answer of `monitor_version`.
    pub(crate) first_version: Duration,
    /// From the start to the first summary; `None` for the bare loop, which has none.
    pub(crate) first_summary: Option<Duration>,
    // Dropped after the process, which writes its log there.
    directory: TempDir,
}

impl Daemon {
    /// Starts `software`, and waits until it answers `summary` rightly.
    pub(crate) fn start(
        software: &Software,
        setting: Setting<'_>,
        summary: &Request,
    ) -> Result<Self, Failure> {
        let name = software.name();
        let directory = TempDir::with_prefix("bench-daemon-")
            .context(|| "cannot make a temporary directory".to_owned())?;
        let port = free_port()?;
        let file = directory.path().join("monitor.cfg");
        fs::write(&file, configuration(software, setting, port))
            .context(|| file.display().to_string())?;
        let log = directory.path().join("log");
        let log = File::create(&log).context(|| log.display().to_string())?;

        let mut start = match software {
            Software::Original(binary) | Software::Ours(binary, ..) => {
                let mut start = command(binary);
                start.arg("-c").arg(&file);
                start
            }
            Software::BareLoop => {
                let own = std::env::current_exe().context(|| "cannot find myself".to_owned())?;
                let mut start = command(own);
                start.arg("--serve-bare").arg(port.to_string());
                start
            }
        };
        start.current_dir(directory.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let began = now();
        let process = Process::spawn(&mut start, &name)?;
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        let wire = if setting.certificate.is_some() { Wire::Tls } else { Wire::Plain };
        let target = Target { address, wire, two_writes: setting.two_writes };
        let mut daemon = Self {
            name,
            process,
            target,
            first_version: Duration::ZERO,
            first_summary: None,
            directory,
        };
        daemon.first_version = daemon.first_answer(&version(), began)?;
        if !matches!(software, Software::BareLoop) {
            daemon.first_summary = Some(daemon.first_answer(summary, began)?);
        }
        Ok(daemon)
    }

    fn first_answer(&mut self, request: &Request, began: Instant) -> Result<Duration, Failure> {
        let deadline = Deadline::after(PATIENCE);
        loop {
            interrupt::check()?;
            let complaint = match once(self.target, request) {
                Ok(()) => return Ok(began.elapsed()),
                Err(complaint) => complaint,
            };
            let ended = self.process.ended(RETRY)?;
            if ended.is_some() || deadline.passed() {
                let log = fs::read(self.directory.path().join("log")).unwrap_or_default();
                let log = String::from_utf8_lossy(&log);
                let name = &self.name;
                let end = ended.map(|status| status.to_string()).unwrap_or_default();
                return Err(Failure::Program(format!(
                    "{name} gives no right first answer {end}: {complaint}\n{log}"
                )));
            }
        }
    }
}

/// Both daemons read the same file; the original does not look at keys that it does not know.
fn configuration(software: &Software, setting: Setting<'_>, port: u16) -> String {
    let mut text = format!(
        "[Global]\nport = {port}\nbind = 127.0.0.1\npool = {}\npassword = {PASSWORD}\n",
        setting.pool
    );
    // Writing to a string cannot fail.
    if let Some(certificate) = setting.certificate {
        let (path, key) = (certificate.path(), certificate.key());
        let _ = writeln!(text, "ssl = true\nsslcert = {}", path.display());
        let _ = writeln!(text, "sslkey = {}", key.display());
    }
    if let Software::Ours(_, transport, settings) = software {
        let _ = writeln!(text, "transport = {transport}");
        for (key, value) in settings {
            let _ = writeln!(text, "{key} = {value}");
        }
    }
    let _ = writeln!(
        text,
        "[Burp]\nburpbin = {}\nbconfcli = {}\ntimeout = 15",
        setting.burp.display(),
        setting.conf.display()
    );
    if matches!(software, Software::Ours(..)) {
        text.push_str(setting.sections);
    }
    text
}

/// A port that was free a moment ago; the original cannot tell which one it has got.
pub(crate) fn free_port() -> Result<u16, Failure> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .context(|| "no free port".to_owned())
}
