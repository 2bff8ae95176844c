//! Burp-UI itself, as its manual runs it: under gunicorn with two workers, from the virtual
//! environment of the original, with its default administrator logged in.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use ostler_runtime::Deadline;
use tempfile::TempDir;

use crate::daemons::{Daemon, free_port};
use crate::failure::{Context, Failure};
use crate::http::{get, post};
use crate::interrupt;
use crate::load::Wire;
use crate::process::{Process, command};
use crate::rows::PASSWORD;

/// The workers of gunicorn, as many as the manual has.
pub(crate) const WORKERS: usize = 2;
/// How long Burp-UI may take from its start to its login page.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause between two tries for that page.
const RETRY: Duration = Duration::from_millis(50);

/// How Burp-UI gets at burp.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Backend<'a> {
    /// Through a monitor; so many queries at a time for each request.
    Parallel(&'a Daemon, usize),
    /// By one `burp -a m` of its own in each worker.
    Burp2,
}

/// A running Burp-UI.
#[derive(Debug)]
pub(crate) struct BurpUi {
    process: Process,
    address: SocketAddrV4,
    headers: String,
    // Dropped after the process, which writes there.
    directory: TempDir,
}

impl BurpUi {
    /// Starts Burp-UI from `gunicorn`'s environment, waits for it, and logs in. `burp` is the
    /// binary, `conf` the configuration for `burp -a m`.
    pub(crate) fn start(
        gunicorn: &Path,
        backend: Backend<'_>,
        burp: &Path,
        conf: &Path,
    ) -> Result<Self, Failure> {
        let directory = TempDir::with_prefix("bench-burpui-")
            .context(|| "cannot make a temporary directory".to_owned())?;
        let file = directory.path().join("burpui.cfg");
        fs::write(&file, configuration(backend, burp, conf, directory.path()))
            .context(|| file.display().to_string())?;
        let log = directory.path().join("gunicorn.log");
        let log = File::create(&log).context(|| log.display().to_string())?;
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, free_port()?);
        let mut start = command(gunicorn);
        start.args(["--workers", &WORKERS.to_string(), "--bind", &address.to_string()]);
        start.args(["--timeout", "300", "--access-logformat", "%(p)s %(U)s", "--access-logfile"]);
        start.arg(directory.path().join("access.log"));
        let (file, own) = (file.display(), directory.path().join("burpui.log"));
        start.arg(format!("burpui:create_app(conf='{file}', logfile='{}')", own.display()));
        start.current_dir(directory.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let process = Process::spawn(&mut start, "gunicorn")?;
        let mut ui = Self { process, address, headers: String::new(), directory };
        ui.headers = ui.first_page()?;
        Ok(ui)
    }

    /// Waits for `pause`, or fails if Burp-UI ends meanwhile.
    pub(crate) fn rest(&mut self, pause: Duration) -> Result<(), Failure> {
        match self.process.ended(pause)? {
            None => interrupt::check(),
            Some(status) => Err(self.failed(&format!("ended: {status}"))),
        }
    }

    /// The statistics of all backups of `client`, past Burp-UI's own cache. `Err` says what was
    /// not right.
    pub(crate) fn stats(&self, client: &str) -> Result<Vec<u8>, String> {
        match get(self.address, &format!("/api/client/stats/{client}"), &self.headers) {
            Ok(reply) if reply.status == 200 => Ok(reply.body),
            Ok(reply) => {
                Err(format!("HTTP {}: {}", reply.status, String::from_utf8_lossy(&reply.body)))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// Which worker has answered for which path so far.
    pub(crate) fn answered(&self) -> BTreeSet<(u32, String)> {
        let log = fs::read(self.directory.path().join("access.log")).unwrap_or_default();
        String::from_utf8_lossy(&log).lines().filter_map(entry).collect()
    }

    /// What went wrong, with the end of the logs.
    pub(crate) fn failed(&self, what: &str) -> Failure {
        let mut text = format!("Burp-UI {what}");
        for name in ["gunicorn.log", "burpui.log"] {
            let log = fs::read(self.directory.path().join(name)).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            let lines: Vec<&str> = log.lines().collect();
            for line in lines.iter().skip(lines.len().saturating_sub(20)) {
                text.push('\n');
                text.push_str(line);
            }
        }
        Failure::Program(text)
    }

    /// Waits for the login page and fills it in. The headers make all requests those of one
    /// session, and keep them out of Burp-UI's cache.
    fn first_page(&mut self) -> Result<String, Failure> {
        let deadline = Deadline::after(PATIENCE);
        let page = loop {
            match get(self.address, "/login", "") {
                Ok(reply) if reply.status == 200 => break reply,
                Ok(reply) => return Err(self.failed(&format!("answers {}", reply.status))),
                Err(error) if deadline.passed() => return Err(self.failed(&error.to_string())),
                Err(_) => self.rest(RETRY)?,
            }
        };
        let body = String::from_utf8_lossy(&page.body);
        let token = token(&body).ok_or_else(|| self.failed("shows no login form"))?;
        let cookie = page.cookie("session").unwrap_or_default();
        let form = format!("csrf_token={token}&username=admin&password=admin&language=en");
        let reply = post(self.address, "/login", &format!("Cookie: session={cookie}\r\n"), &form)
            .context(|| "login to Burp-UI".to_owned())?;
        match (reply.status, reply.cookie("session")) {
            (302, Some(cookie)) => Ok(format!("Cookie: session={cookie}\r\nX-No-Cache: 1\r\n")),
            (status, _) => Err(self.failed(&format!("refuses the login with {status}"))),
        }
    }
}

/// Burp-UI's file. Nothing in it depends on the side but how burp is reached.
fn configuration(backend: Backend<'_>, burp: &Path, conf: &Path, directory: &Path) -> String {
    let (name, parallel) = match backend {
        Backend::Burp2 => ("burp2", String::new()),
        Backend::Parallel(daemon, concurrency) => {
            let address = daemon.target.address;
            let text = format!(
                "[Parallel]\nhost = {}\nport = {}\nssl = {}\npassword = {PASSWORD}\n\
                 timeout = 15\nconcurrency = {concurrency}\n",
                address.ip(),
                address.port(),
                daemon.target.wire == Wire::Tls,
            );
            ("parallel", text)
        }
    };
    format!(
        "[Global]\nbackend = {name}\nauth = basic\nacl = basic\n[WebSocket]\nenabled = false\n\
         [Security]\nappsecret = benchmark\nscookie = false\n[Burp]\nburpbin = {}\n\
         bconfcli = {}\nbconfsrv = {}\ntmpdir = {}\ntimeout = 15\n{parallel}",
        burp.display(),
        conf.display(),
        conf.with_file_name("server.conf").display(),
        directory.join("restore").display(),
    )
}

/// The token that the login form carries.
fn token(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("name=\"csrf_token\"")?;
    let (_, rest) = rest.split_once("value=\"")?;
    rest.split_once('"').map(|(token, _)| token)
}

/// A line of the access log: `<PID> PATH`.
fn entry(line: &str) -> Option<(u32, String)> {
    let (worker, path) = line.strip_prefix('<')?.split_once("> ")?;
    Some((worker.parse().ok()?, path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_in_the_form() {
        let page = r#"<input id="csrf_token" name="csrf_token" type="hidden" value="a.b-c">"#;
        assert_eq!(token(page), Some("a.b-c"));
        assert_eq!(token("<input>"), None);
    }

    #[test]
    fn the_access_log_names_the_worker() {
        assert_eq!(entry("<12> /api/x"), Some((12, "/api/x".to_owned())));
        assert_eq!(entry("12 /api/x"), None);
    }
}
