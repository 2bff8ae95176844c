//! What to start, and the step between the fork and the program.
//!
//! A child is started through a re-execution of the running binary, which sets up what only the
//! child can set up for itself (death signal, limits) with safe calls and then becomes the program.

use std::convert::Infallible;
use std::env::{self, ArgsOs};
use std::ffi::OsString;
use std::io::{self, Write};
use std::iter::Skip;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use ostler_runtime::signals;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, getppid, getrlimit, set_parent_process_death_signal, setrlimit,
    setsid,
};

/// The running program, whatever became of its file.
const OWN_PROGRAM: &str = "/proc/self/exe";
/// The descriptors that a child may open, as most systems grant them.
const CHILD_DESCRIPTORS: u64 = 1024;
/// The hidden first argument that asks for this step.
const EXEC_CHILD: &str = "--exec-child";

/// The same for a program that outlives this one.
const EXEC_DETACHED: &str = "--exec-detached";

/// The variables that every child inherits; everything else, secrets included, stays behind.
const INHERITED: [&str; 7] = ["PATH", "HOME", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR"];

/// Those that a program on a terminal has beside them.
pub const TERMINAL: &[&str] = &["TERM", "COLUMNS", "LINES"];

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The program: a path, or a name looked up in `PATH`.
    pub program: PathBuf,
    /// Its arguments, without the program's name.
    pub arguments: Vec<OsString>,
    /// The variables that it inherits beside those that every child does.
    pub variables: &'static [&'static str],
}

impl Launch {
    /// The command that becomes this program through the re-execution, in a process group of its
    /// own and with a small environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.command_of_this_group(EXEC_CHILD);
        command.process_group(0);
        command
    }

    /// The same in the process group of this process, which may be the terminal's own.
    #[expect(clippy::disallowed_methods, reason = "the one home of new processes")]
    fn command_of_this_group(&self, step: &str) -> Command {
        let mut command = Command::new(OWN_PROGRAM);
        command
            .arg(step)
            .arg(std::process::id().to_string())
            .arg(&self.program)
            .args(&self.arguments)
            .env_clear();
        for name in INHERITED.iter().chain(self.variables) {
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }
}

/// Runs a program that has the terminal of this one, and waits for its end: however long that takes,
/// since somebody sits before it. An interrupt from there is the program's business meanwhile.
pub fn in_foreground(launch: &Launch) -> io::Result<ExitStatus> {
    signals::leave_interrupts_to_children()?;
    launch.command_of_this_group(EXEC_CHILD).status()
}

/// Starts a program in a session of its own, which goes on when this process ends, and waits for
/// nothing. What it says nobody hears. For what is left to do at the end of this process.
pub fn detached(launch: &Launch) -> io::Result<()> {
    let mut command = launch.command_of_this_group(EXEC_DETACHED);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map(drop)
}

/// Becomes the child's program if the arguments of this process say so. To be called first thing in
/// `main`; returns `None` in every ordinary run, and an exit code if the program cannot be started
/// (the reason is on standard error, which the pool reads).
pub fn exec_child_if_asked() -> Option<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    let step = arguments.next()?;
    let become_program = match step.to_str() {
        Some(EXEC_CHILD) => become_child,
        Some(EXEC_DETACHED) => become_detached,
        _ => return None,
    };
    let error = match become_program(arguments) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    // In one write, since the pool shows what it reads. There is nobody else to tell.
    let _ = io::stderr().write_all(format!("{error}\n").as_bytes());
    Some(ExitCode::from(127))
}

/// What the C library reads before `main` to keep little memory. It would raise the threshold after
/// the first answer of many megabytes and keep the memory of all later ones; one that was set stays.
/// And each thread would get an arena of its own, which keeps some hundred KiB from its busiest
/// moment.
const FRUGAL: [(&str, &str); 2] = [("MALLOC_MMAP_THRESHOLD_", "131072"), ("MALLOC_ARENA_MAX", "2")];

/// Starts this program anew in its own process, with the environment by which the C library gives
/// memory back; where that is set already, nothing is done. If it cannot be done the program goes
/// on as it is.
#[expect(clippy::disallowed_methods, reason = "the one home of new processes")]
pub fn restart_frugal() {
    let missing = || FRUGAL.iter().filter(|(name, _)| env::var_os(name).is_none());
    if missing().next().is_none() {
        return;
    }
    let mut arguments = env::args_os();
    let Some(own_name) = arguments.next() else { return };
    // By its path, so that the process keeps its name; the path may be another file by now.
    let path = env::current_exe().unwrap_or_else(|_| OWN_PROGRAM.into());
    let _ = Command::new(path).arg0(own_name).args(arguments).envs(missing().copied()).exec();
}

fn become_child(mut arguments: Skip<ArgsOs>) -> io::Result<Infallible> {
    let parent = arguments
        .next()
        .and_then(|text| text.to_str()?.parse::<i32>().ok())
        .and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::other("the parent's process id is missing"))?;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // The parent may have died before the line above, in which case no signal will ever come.
    if getppid() != Some(parent) {
        return Err(io::Error::other("the parent is gone"));
    }
    // A sandbox may forbid limits; the child is as good without this one.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let mut descriptors = getrlimit(Resource::Nofile);
    descriptors.current = descriptors.current.map(|now| now.min(CHILD_DESCRIPTORS));
    let _ = setrlimit(Resource::Nofile, descriptors);
    become_next(arguments)
}

fn become_detached(mut arguments: Skip<ArgsOs>) -> io::Result<Infallible> {
    // Its parent is nobody to it.
    arguments.next();
    setsid()?;
    become_next(arguments)
}

#[expect(clippy::disallowed_methods, reason = "the one home of new processes")]
fn become_next(mut arguments: Skip<ArgsOs>) -> io::Result<Infallible> {
    let program = arguments.next().ok_or_else(|| io::Error::other("the program is missing"))?;
    let error = Command::new(&program).args(arguments).exec();
    Err(io::Error::new(error.kind(), format!("{}: {error}", program.to_string_lossy())))
}
