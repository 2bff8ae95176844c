//! `bench --boefjes`: how fast are the workers? The services that they talk to are played by this
//! process, on the same machine. The original cannot be installed from a package registry, so what
//! was measured of it once stands beside (see `README.md`).

use std::collections::VecDeque;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use ostler_runtime::{Deadline, now};
use ostler_tests::OpenKat;
use ostler_tests::openkat::{Books, OpenKatVersion, boefje_job};
use ostler_tests::process::{children, kill, memory};
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

use crate::failure::{Context, Failure};
use crate::interrupt;
use crate::options::Options;
use crate::original;
use crate::process::{Process, command, cpu_with_children_of, pss_of};

/// The sizes of the pool.
pub(crate) const POOLS: [usize; 3] = [1, 2, 4];
/// Tasks that wait when a measurement begins: more than can be done meanwhile.
const WAITING: usize = 20_000;
/// Jobs that are done before the first measurement.
const WARM: usize = 20;
/// How long anything but a measurement may take, and the pause between two looks.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(100);
/// The object that every job looks at.
const INPUT: &str = "Hostname|internet|example.com";
const TRIVIAL: &str = "def run(boefje_meta):\n    return [({\"text/plain\"}, \"1\")]\n";
/// Tells who it is and whose child, and goes on for ever.
const ENDLESS: &str = "import os, time


def run(boefje_meta):
    with open(FILE + '.new', 'w') as file:
        file.write(f'{os.getpid()} {os.getppid()}')
    os.rename(FILE + '.new', FILE)
    time.sleep(3600)
";

/// What was measured with one size of the pool.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measure {
    pub(crate) pool: usize,
    /// Jobs a second, of each round.
    pub(crate) rates: Vec<f64>,
    /// The program's own processor time for a job, without that of its hosts.
    pub(crate) cpu: Duration,
    /// That of the hosts and their jobs.
    pub(crate) hosts_cpu: Duration,
    /// From the start of the program to its first request for a task.
    pub(crate) first_pop: Duration,
    /// From the start of the program to the end of its first job.
    pub(crate) first_job: Duration,
    /// Memory after all rounds: PSS and RSS in KiB, of the program, and of its biggest host.
    pub(crate) program_kib: [u64; 2],
    pub(crate) host_kib: [u64; 2],
    /// From the death of a plugin host to `failed` at the scheduler, each time.
    pub(crate) host_deaths: Vec<Duration>,
    /// The same of a job's own process.
    pub(crate) job_deaths: Vec<Duration>,
    /// Tasks that did not go the usual way.
    pub(crate) wrong: usize,
    pub(crate) jobs: usize,
}

/// Runs everything.
pub(crate) fn all(options: &Options) -> Result<Vec<Measure>, Failure> {
    let binary = match &options.ours {
        Some(path) => path.clone(),
        None => original::build("ostler-boefjes", "boefjes", "")?,
    };
    let directory = TempDir::with_prefix("bench-boefjes-")
        .context(|| "cannot make a temporary directory".to_owned())?;
    let plugins = plugins(directory.path())?;
    let pools = if options.smoke { &POOLS[1..2] } else { &POOLS[..] };
    pools.iter().map(|&pool| measure(options, &binary, directory.path(), &plugins, pool)).collect()
}

fn measure(
    options: &Options,
    binary: &Path,
    directory: &Path,
    plugins: &Path,
    pool: usize,
) -> Result<Measure, Failure> {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    openkat.put_object(
        "acme",
        &json!({
            "object_type": "Hostname", "scan_profile": null, "primary_key": INPUT,
            "network": "Network|internet", "name": "example.com", "dns_zone": null,
            "registered_domain": null,
        }),
    );
    let waiting = if options.smoke { 500 } else { WAITING };
    for _ in 0..waiting {
        openkat.queue(&boefje_job("acme", "trivial", INPUT));
    }
    let mut measure = Measure { pool, ..Measure::default() };
    let started = now();
    let mut workers = Workers::start(binary, directory, plugins, &openkat, pool, None)?;
    workers.wait(&openkat, "the first request for a task", |books| {
        books.calls.iter().any(|call| call.method == "POST")
    })?;
    measure.first_pop = now().duration_since(started);
    workers.wait(&openkat, "the first job", |books| !books.raws.is_empty())?;
    measure.first_job = now().duration_since(started);
    workers.wait(&openkat, "the first jobs", |books| books.raws.len() >= WARM)?;
    for _ in 0..options.rounds {
        let (before, begun) = (openkat.books().raws.len(), now());
        let (cpu, hosts_cpu) = (workers.process.cpu()?, workers.hosts_cpu()?);
        workers.run_for(options.round)?;
        let done = openkat.books().raws.len() - before;
        measure.rates.push(rate(done, now().duration_since(begun)));
        measure.cpu += workers.process.cpu()?.saturating_sub(cpu);
        measure.hosts_cpu += workers.hosts_cpu()?.saturating_sub(hosts_cpu);
        measure.jobs += done;
        interrupt::check()?;
    }
    openkat.books().queues.values_mut().for_each(VecDeque::clear);
    workers.wait(&openkat, "the last jobs", |books| {
        !books.tasks.values().any(|task| matches!(task.status(), "dispatched" | "running"))
    })?;
    measure.program_kib = memory_of(workers.process.id())?;
    for host in children(workers.process.id()) {
        measure.host_kib = measure.host_kib.max(memory_of(host.pid)?);
    }
    measure.wrong = wrong(&openkat.books());
    drop(workers);
    // The queue is empty from now on; nobody is to wait until it is looked at again.
    let often = Some("0.02");
    let mut workers = Workers::start(binary, directory, plugins, &openkat, pool, often)?;
    for _ in 0..if options.smoke { 1 } else { 10 } {
        measure.host_deaths.push(workers.death(&openkat, Victim::Host)?);
        measure.job_deaths.push(workers.death(&openkat, Victim::Job)?);
        interrupt::check()?;
    }
    Ok(measure)
}

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Host,
    Job,
}

/// The program while it runs.
struct Workers {
    process: Process,
    log: PathBuf,
    /// Where a job that never ends says who it is.
    at_work: PathBuf,
}

impl Workers {
    fn start(
        binary: &Path,
        directory: &Path,
        plugins: &Path,
        openkat: &OpenKat,
        pool: usize,
        poll_interval: Option<&str>,
    ) -> Result<Self, Failure> {
        let log = directory.join("log");
        let stderr = File::create(&log).context(|| log.display().to_string())?;
        let mut start = command(binary);
        start
            .args(["--log-level", "WARNING", "--plugins"])
            .arg(plugins)
            .arg("boefje")
            .envs(openkat.variables())
            .env("BOEFJES_POOL_SIZE", pool.to_string())
            .envs(poll_interval.map(|seconds| ("BOEFJES_POLL_INTERVAL", seconds)))
            // A port of its own choice, beside others that may run here.
            .env("BOEFJES_API_PORT", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr);
        let (process, at_work) = (Process::spawn(&mut start, "boefjes")?, at_work(directory));
        Ok(Self { process, log, at_work })
    }

    fn hosts_cpu(&self) -> Result<Duration, Failure> {
        children(self.process.id()).iter().map(|host| cpu_with_children_of(host.pid)).sum()
    }

    /// Waits for something in the books, while the program runs.
    fn wait(
        &mut self,
        openkat: &OpenKat,
        what: &str,
        holds: impl Fn(&Books) -> bool,
    ) -> Result<(), Failure> {
        let deadline = Deadline::after(PATIENCE);
        while !openkat.wait_within(LOOK, &holds) {
            interrupt::check()?;
            if deadline.passed() || self.process.ended(Duration::ZERO)?.is_some() {
                return Err(self.failed(&format!("waited in vain for {what}")));
            }
        }
        Ok(())
    }

    /// Lets it run for so long.
    fn run_for(&mut self, time: Duration) -> Result<(), Failure> {
        match self.process.ended(time)? {
            None => Ok(()),
            Some(status) => Err(self.failed(&format!("it ended: {status}"))),
        }
    }

    /// Kills who is at a job, and returns how long it took until the scheduler knew.
    fn death(&mut self, openkat: &OpenKat, victim: Victim) -> Result<Duration, Failure> {
        let id = openkat.queue(&boefje_job("acme", "endless", INPUT));
        let deadline = Deadline::after(PATIENCE);
        let (job, host) = loop {
            interrupt::check()?;
            if let Some(pids) = fs::read_to_string(&self.at_work).ok().as_deref().and_then(two) {
                break pids;
            }
            if deadline.passed() {
                return Err(self.failed("no job runs"));
            }
            self.run_for(Duration::from_millis(5))?;
        };
        fs::remove_file(&self.at_work).context(|| self.at_work.display().to_string())?;
        let killed = now();
        kill(if victim == Victim::Host { host } else { job }, Signal::KILL);
        self.wait(openkat, "the end of a job that was killed", |books| {
            books.tasks.get(&id).is_some_and(|task| task.status() == "failed")
        })?;
        Ok(now().duration_since(killed))
    }

    fn failed(&self, words: &str) -> Failure {
        let log = fs::read(&self.log).unwrap_or_default();
        Failure::Program(format!("boefjes: {words}\n{}", String::from_utf8_lossy(&log)))
    }
}

fn at_work(directory: &Path) -> PathBuf {
    directory.join("at-work")
}

/// Two process numbers.
fn two(text: &str) -> Option<(u32, u32)> {
    let (first, second) = text.split_once(' ')?;
    Some((first.parse().ok()?, second.parse().ok()?))
}

/// How many tasks were begun and did not go the usual way.
fn wrong(books: &Books) -> usize {
    let usual = ["queued", "dispatched", "running", "completed"];
    let begun = books.tasks.values().filter(|task| task.history.len() > 1);
    begun.filter(|task| task.history != usual).count()
}

/// PSS and RSS of a process, in KiB.
fn memory_of(pid: u32) -> Result<[u64; 2], Failure> {
    Ok([pss_of(pid)?, memory(pid, "VmRSS") / 1024])
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64().max(f64::EPSILON)
}

/// A folder with two plugins.
fn plugins(directory: &Path) -> Result<PathBuf, Failure> {
    let root = directory.join("plugins");
    let endless = format!("FILE = {:?}\n{ENDLESS}", at_work(directory).display().to_string());
    for (id, code) in [("trivial", TRIVIAL), ("endless", endless.as_str())] {
        let folder = root.join(id);
        fs::create_dir_all(&folder).context(|| folder.display().to_string())?;
        let manifest = json!({"id": id, "name": id, "consumes": ["Hostname"], "scan_level": 0});
        for (file, text) in
            [("__init__.py", ""), ("boefje.json", manifest.to_string().as_str()), ("main.py", code)]
        {
            let path = folder.join(file);
            fs::write(&path, text).context(|| path.display().to_string())?;
        }
    }
    Ok(root)
}
