//! Hosts that do not keep to what was agreed, and hosts that have done their part.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ostler_tests::openkat_tasks::{DONE, FAILED};
use ostler_tests::process::{children, kill, memory, wait_gone};
use ostler_tests::{Fault, OpenKat, ScriptedHost, Workers, WorkersSettings, wait_for};
use rustix::process::Signal;
use serde_json::json;

use super::{openkat, zombies};

/// What no host says: in Python, and what the log or the raw file says of it.
const GARBAGE: [(&str, &str); 4] = [
    (r#"os.write(1, b"Hello, world!\n")"#, "the host announces 1214606444 bytes"),
    (r#"say(b"\xff\xfe\x00{")"#, "the host's words: "),
    (r#"say(b"[1, [2, {}]]")"#, ""),
    (r#"tell(type="song", id="1")"#, ""),
];

/// More than any host may say, and who would keep it would have no memory left.
const FLOODS: [(&str, &str); 4] = [
    (r#"os.write(1, b"\xff\xff\xff\xff")"#, "the host announces 4294967295 bytes"),
    ("", "the host announces 2021161080 bytes"),
    (r#"os.write(1, b"\x00\x01\x00\x00")"#, "the host's words: "),
    (r#"say(b'{"blobs": [4294967295]}')"#, "the host announces a blob"),
];

/// Says the same for ever.
const ENDLESS: &str = "\nwhile True: os.write(1, b'x' * 65536)";
/// Is silent for ever.
const SILENT: &str = "\nwhile True: time.sleep(3600)";

/// One worker, of which this is the host.
fn with(openkat: &OpenKat, host: &ScriptedHost) -> WorkersSettings {
    WorkersSettings::new(openkat, "boefje").set("Global", "pool_size", "1").set(
        "Plugins",
        "python",
        &host.python().display().to_string(),
    )
}

/// With a host that does this before it greets, a task waits until there is another one.
fn at_start(openkat: &OpenKat, words: &str, why: &str) -> u64 {
    let host = ScriptedHost::new();
    host.at_start(words);
    let workers = with(openkat, &host).start();
    let task = openkat.queue_boefje("trivial");
    workers.log().wait(&format!("a child did not start: {why}"));
    let grown = memory(workers.pid(), "VmHWM");
    host.heal();
    openkat.wait_status(&task, "completed");
    let history = openkat.history(&task);
    assert!(!history.contains(&"failed".to_owned()), "{history:?}");
    wait_for("the others are gone", || workers.hosts().len() == 1);
    assert_eq!(zombies(workers.pid()), 0);
    grown
}

/// A host that does this with its job is destroyed, and the job is failed. The next one is done.
fn at_job(openkat: &OpenKat, words: &str, why: &str) -> u64 {
    let host = ScriptedHost::new();
    host.at_job(words);
    let workers = with(openkat, &host).start();
    workers.wait_hosts(1);
    let own = workers.hosts();
    host.heal();
    let task = openkat.queue_boefje("trivial");
    openkat.wait_history(&task, &FAILED);
    let error = openkat.error_of(&task);
    assert!(error.starts_with(&format!("the job's plugin host was lost: {why}")), "{error}");
    wait_gone(&own);
    let grown = memory(workers.pid(), "VmHWM");
    let next = openkat.queue_boefje("trivial");
    openkat.wait_history(&next, &DONE);
    assert_eq!(zombies(workers.pid()), 0);
    grown
}

/// Waits until there is such a file, and is a real host from then on.
fn until(file: &Path) -> String {
    format!(
        "while not os.path.exists('{}'): time.sleep(0.01)\n\
         os.execv('/usr/bin/python3', ['python3', *sys.argv[1:]])",
        file.display()
    )
}

#[test]
fn wrk_c09_a_host_never_greets() {
    const TASKS: usize = 4;
    let openkat = openkat();
    let host = ScriptedHost::new();
    let healthy = host.file("healthy");
    host.at_start(&until(&healthy));
    let mut fault = Fault::begin("WRK-C09");
    let mut workers = with(&openkat, &host).start();
    let tasks: Vec<String> = (0..TASKS).map(|_| openkat.queue_boefje("trivial")).collect();
    wait_for("a host is started", || !workers.hosts().is_empty());
    let silent = workers.hosts();
    workers.log().wait("a child did not start: the child was not ready in time");
    fault.within("a failed start", fault.elapsed(), 21.0);
    wait_gone(&silent);
    workers.log().wait("given back");
    wait_for("all are in the queue", || openkat.count("queued") == TASKS);
    workers.signal(Signal::USR1);
    let status = workers.log().wait("status: {");
    assert!(status.contains("\"failed_starts\":1"), "{status}");
    fs::write(healthy, "").unwrap();
    fault.injected();
    for task in &tasks {
        openkat.wait_status(task, "completed");
    }
    fault.within("counted; all are done, once one greets,", fault.elapsed(), 30.0);
    let given: usize = tasks.iter().map(|task| openkat.history(task).len() - DONE.len()).sum();
    assert_eq!(given, 3, "the worker's one task was queued, dispatched and running before");
    assert_eq!(openkat.books().raws.len(), TASKS);
}

#[test]
fn wrk_c10_a_host_says_garbage() {
    let openkat = openkat();
    let mut fault = Fault::begin("WRK-C10");
    for (words, why) in GARBAGE {
        at_start(&openkat, &format!("{words}{SILENT}"), why);
        let why = if why.is_empty() { "the host speaks of another job" } else { why };
        at_job(&openkat, &format!("{words}{SILENT}"), why);
    }
    let unknown = format!("tell(type='song', id=order['id']){SILENT}");
    at_job(&openkat, &unknown, "the host says song");
    fault.saw(format_args!("{} kinds, in place of a greeting or an end", GARBAGE.len() + 1));
    // After its job has ended.
    let host = ScriptedHost::new();
    host.at_job(&format!("end(3)\nos.write(1, b'and another thing'){SILENT}"));
    let workers = with(&openkat, &host).start();
    workers.wait_hosts(1);
    let own = workers.hosts();
    host.heal();
    let task = openkat.queue_boefje("trivial");
    openkat.wait_history(&task, &FAILED);
    assert!(openkat.error_of(&task).contains("ended with status 3"));
    wait_gone(&own);
    workers.wait_hosts(2);
    let next = openkat.queue_boefje("trivial");
    openkat.wait_history(&next, &DONE);
    fault.saw("and behind an end: each host destroyed, each next task done");
}

#[test]
fn wrk_c11_a_host_says_too_much() {
    let openkat = openkat();
    let task = openkat.queue_boefje("trivial");
    let workers = super::workers(&openkat);
    openkat.wait_history(&task, &DONE);
    let usual = memory(workers.pid(), "VmHWM");
    drop(workers);
    let mut fault = Fault::begin("WRK-C11");
    let mut most = 0;
    for (words, why) in FLOODS {
        most = most.max(at_start(&openkat, &format!("{words}{ENDLESS}"), why));
        most = most.max(at_job(&openkat, &format!("{words}{ENDLESS}"), why));
    }
    // What is announced well and told for ever ends with the job's deadline.
    let host = ScriptedHost::new();
    host.at_job("while True: tell(b'x' * (1 << 20), type='log', id=order['id'])");
    let settings = with(&openkat, &host).set("Global", "job_deadline", "1");
    let workers = settings.arguments(["boefje", "--log-level", "INFO"]).start();
    workers.wait_hosts(1);
    let own = workers.hosts();
    host.heal();
    let task = openkat.queue_boefje("trivial");
    openkat.wait_history(&task, &FAILED);
    assert!(openkat.error_of(&task).contains("the job did not end in time"));
    wait_gone(&own);
    most = most.max(memory(workers.pid(), "VmHWM"));
    let next = openkat.queue_boefje("trivial");
    openkat.wait_history(&next, &DONE);
    fault.saw("9 floods, each host destroyed, each next task done");
    let more = most.saturating_sub(usual) >> 10;
    fault.figure(format_args!("{more} KiB more memory at most"), more <= 8 << 10);
}

/// Bytes of the log in lines that have this in them.
fn logged(workers: &Workers, words: &str) -> usize {
    workers.log().lines().iter().filter(|line| line.contains(words)).map(String::len).sum()
}

#[test]
fn wrk_c15_a_host_floods_its_standard_error() {
    const FLOOD: &str = "for _ in range(1024): os.write(2, b'x' * 65536)\n";
    let openkat = openkat();
    let host = ScriptedHost::new();
    let flooded = host.file("flooded");
    host.at_start(FLOOD);
    host.when_idle(&format!("{FLOOD}open('{}', 'a').write('.')", flooded.display()));
    host.at_job(&format!("{FLOOD}end(3)"));
    let mut fault = Fault::begin("WRK-C15");
    let workers = with(&openkat, &host).start();
    let has_said = |times| {
        wait_for("it has said all", || {
            fs::read_to_string(&flooded).is_ok_and(|text| text.len() == times)
        });
    };
    has_said(1);
    let own = workers.hosts();
    for times in 2..=3 {
        let task = openkat.queue_boefje("trivial");
        openkat.wait_history(&task, &FAILED);
        assert!(openkat.error_of(&task).contains("ended with status 3"));
        has_said(times);
    }
    assert_eq!(workers.hosts(), own);
    let told = logged(&workers, "xxx");
    fault.saw("384 MiB before its greeting, at two jobs and idle: the host goes on");
    fault.figure(format_args!("{told} bytes of them in the log"), told <= 8 << 10);
    host.heal();
    kill(own[0].pid, Signal::KILL);
    let task = openkat.queue_faulty("fill-output");
    openkat.wait_history(&task, &DONE);
    workers.log().wait("bytes more than go to the log");
    let told = logged(&workers, &format!("job {task}: "));
    fault.figure(format_args!("a job's 20 MB: done, {told} in the log"), told <= 128 << 10);
}

#[test]
fn wrk_c16_a_host_does_not_read() {
    let openkat = openkat();
    // More than a pipe takes.
    openkat.put_settings("acme", "trivial", &json!({ "LONG": "x".repeat(1 << 20) }));
    let host = ScriptedHost::new();
    host.when_idle(SILENT);
    let mut fault = Fault::begin("WRK-C16");
    let workers = with(&openkat, &host).set("Global", "job_deadline", "1").start();
    workers.wait_hosts(1);
    let own = workers.hosts();
    host.heal();
    let task = openkat.queue_boefje("trivial");
    openkat.wait_status(&task, "running");
    fault.injected();
    openkat.wait_history(&task, &FAILED);
    fault.within("failed", fault.elapsed().saturating_sub(Duration::from_secs(1)), 1.5);
    assert!(openkat.error_of(&task).contains("the job did not end in time"));
    wait_gone(&own);
    let next = openkat.queue_boefje("trivial");
    openkat.wait_history(&next, &DONE);
    fault.saw("the host destroyed; the next task, as long, is done");
}

#[test]
fn wrk_c20_a_host_has_had_its_jobs() {
    const JOBS: usize = 3;
    const ROUNDS: usize = 4;
    let openkat = openkat();
    let host = ScriptedHost::new();
    let gate = host.file("gate");
    host.at_start(&until(&gate));
    fs::write(&gate, "").unwrap();
    let workers = with(&openkat, &host).set("Plugins", "max_jobs", &JOBS.to_string()).start();
    let mut fault = Fault::begin("WRK-C20");
    for round in 1..=ROUNDS {
        workers.wait_hosts(round);
        wait_for("the one before is gone", || workers.hosts().len() == 1);
        let own = workers.hosts();
        for job in 1..=JOBS {
            assert_eq!(workers.hosts(), own, "job {job}");
            let task = openkat.queue_boefje("trivial");
            openkat.wait_history(&task, &DONE);
        }
        wait_gone(&own);
    }
    workers.wait_hosts(ROUNDS + 1);
    fault.saw(format_args!("{ROUNDS} hosts replaced, each after {JOBS} jobs"));
    // Its successor is not ready before it has the next job.
    wait_for("the one before is gone", || workers.hosts().len() == 1);
    let own = workers.hosts();
    fs::remove_file(&gate).unwrap();
    for _ in 0..JOBS {
        let task = openkat.queue_boefje("trivial");
        openkat.wait_history(&task, &DONE);
    }
    let task = openkat.queue_faulty("wait-to-be-told");
    workers.wait_running(&task);
    let jobs = children(own[0].pid);
    fs::write(&gate, "").unwrap();
    workers.wait_hosts(ROUNDS + 2);
    assert!(workers.hosts().contains(&own[0]));
    kill(jobs[0].pid, Signal::USR1);
    openkat.wait_history(&task, &DONE);
    wait_gone(&own);
    let next = openkat.queue_boefje("trivial");
    openkat.wait_history(&next, &DONE);
    fault.saw("one with a job ends after that, its successor ready before");
}
