//! What a tool does on a terminal: how far it is, and the debugger.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use ostler_runtime::Thread;
use ostler_tests::process::{Process, command};
use ostler_tests::wait_for;

use crate::tools::Machine;

/// Runs what follows on a terminal of its own, whose other side it is.
const TERMINAL: &str = "import os, pty, sys\n\
                        sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// A program on a terminal.
struct Terminal {
    process: Process,
    shown: Arc<Mutex<String>>,
    reading: Option<Thread>,
}

impl Terminal {
    fn new(program: &Command) -> Self {
        let mut python = command("python3");
        python.args(["-c", TERMINAL]).arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => python.env(name, value),
                None => python.env_remove(name),
            };
        }
        python.env("TERM", "dumb").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::start(&mut python);
        let mut output = process.streams().stdout.take().unwrap();
        let shown = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&shown);
        let read = move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut piece) {
                kept.lock().unwrap().push_str(&String::from_utf8_lossy(&piece[..count]));
            }
        };
        let reading = Some(Thread::spawn("terminal", read).unwrap());
        Self { process, shown, reading }
    }

    fn wait(&self, words: &str) {
        wait_for(&format!("the terminal shows {words:?}"), || self.shows(words));
    }

    fn shows(&self, words: &str) -> bool {
        self.shown.lock().unwrap().contains(words)
    }

    fn type_in(&mut self, keys: &str) {
        self.process.streams().stdin.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    fn ended(&mut self) -> i32 {
        self.process.ended().code().unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Without its other side the terminal is gone, and the program with it.
        self.process.signal(rustix::process::Signal::KILL);
        self.process.ended();
        self.reading.take().unwrap().join();
    }
}

#[test]
fn the_debugger_opens_in_a_plugin_that_fails() {
    let machine = Machine::new();
    let arguments = ["run-boefje", "--pdb", "acme", "faulty", "Network|internet"];
    let mut terminal = Terminal::new(machine.command(arguments).env("BOEFJE_HOW", "chain"));
    terminal.wait("(Pdb)");
    assert!(terminal.shows("LookupError: nothing there"));
    // An interrupt is the debugger's, and ends nothing else.
    terminal.type_in("\u{3}");
    terminal.wait("KeyboardInterrupt");
    terminal.type_in("p fail_in_chain.__name__\n");
    terminal.wait("'fail_in_chain'");
    terminal.type_in("q\n");
    assert_eq!(terminal.ended(), 1);
    assert!(terminal.shows("Saved raw file"));
    // Nobody writes over what the debugger shows.
    assert!(!terminal.shows("\u{1b}[K"));
}

#[test]
fn a_plugin_that_does_not_fail_needs_no_debugger() {
    let machine = Machine::new();
    let ran = machine.run(&["run-boefje", "--pdb", "acme", "trivial", "Network|internet"]);
    assert_eq!((ran.code, ran.saved().len()), (0, 1), "{ran:?}");
    let raw = ran.saved().remove(0);
    // There is nobody to debug it.
    let failed = machine.run(&["run-normalizer", "--pdb", "items", &raw]);
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.output.contains("(Pdb)"), "{failed:?}");
}

#[test]
fn how_long_a_job_has_been_running_is_shown_on_a_terminal_only() {
    let machine = Machine::new();
    let slow = ["run-boefje", "acme", "slow", "Network|internet"];
    let terminal = Terminal::new(&machine.command(slow));
    terminal.wait(" slow 0 s");
    terminal.wait(" slow 1 s");
    let ran = machine.boefje("faulty", ("HOW", "nap"));
    assert_eq!((ran.code, ran.complaints.as_str()), (0, ""), "{ran:?}");
}
