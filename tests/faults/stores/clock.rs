//! A clock of the wall that is set while keys wait for their time.
//!
//! The clock of the machine must not be touched. A library of a few lines, which is loaded before
//! the C library, shows the one process another time of day than there is; its other clocks stay.

use std::fs;
use std::path::Path;
use std::time::Duration;

use broker::data::Data;
use broker::{Subscriber, Topic};
use ostler_tests::broker_peer::soon;
use ostler_tests::process::{Process, command};
use ostler_tests::{Fault, wait_for};
use rustix::process::Signal;

use super::{clone_of_node, node, text};

const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
    long done = syscall(SYS_clock_gettime, clock, time);
    const char *path = getenv("CLOCK_OFFSET");
    if (done == 0 && clock == CLOCK_REALTIME && path != NULL) {
        char text[32] = "";
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file >= 0) {
            if (read(file, text, sizeof text - 1) > 0) time->tv_sec += atol(text);
            close(file);
        }
    }
    return (int)done;
}
"#;

/// More than any year has.
const YEAR: i64 = 366 * 24 * 3600;

/// Makes the library; whether there is a compiler.
fn library(folder: &Path) -> bool {
    let source = folder.join("clock.c");
    fs::write(&source, SOURCE).unwrap();
    let mut compiler = command("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(folder.join("clock.so")).arg(&source);
    let is_there = command("cc").arg("--version").output().is_ok();
    is_there && Process::start(&mut compiler).ended().success()
}

/// Waits until a key has expired.
fn expired(events: &mut Subscriber, key: &str) {
    loop {
        let event = events.get_before(soon()).expect("an event in time");
        let parts = event.data.as_vector().unwrap();
        if parts[0] == text("expire") {
            assert_eq!(parts[2], text(key), "nothing else has expired");
            return;
        }
    }
}

#[test]
fn sto_r03_the_clock_jumps() {
    let mut fault = Fault::begin("STO-R03");
    let folder = tempfile::tempdir().unwrap();
    if !library(folder.path()) {
        return fault.explain("there is no compiler to make a clock with");
    }
    let offset = folder.path().join("offset");
    let jump = |seconds: i64| {
        // Another file in its place, so that nobody reads half of it.
        let next = folder.path().join("next");
        fs::write(&next, seconds.to_string()).unwrap();
        fs::rename(next, &offset).unwrap();
    };
    jump(0);
    let mut running = node(0, "[store:st]\nrole = master\n")
        .variable("LD_PRELOAD", folder.path().join("clock.so").to_str().unwrap())
        .variable("CLOCK_OFFSET", offset.to_str().unwrap())
        .start();
    let (endpoint, clone) = clone_of_node(&running);
    let events = Topic::new("<$>/local/data/store-events/st").unwrap();
    let mut events = endpoint.subscribe([events]);
    clone.put("long", 1_u64, Some(Duration::from_secs(3600))).unwrap();
    clone.put("ever", 1_u64, None).unwrap();
    for (what, seconds) in [("a year ahead", YEAR), ("a year back", -YEAR), ("back", 0)] {
        clone.put(what, 1_u64, Some(Duration::from_secs(1))).unwrap();
        clone.flush(soon()).unwrap();
        jump(seconds);
        fault.injected();
        // It sees it: its log has the time of day.
        running.signal(Signal::HUP);
        let year = |line: Option<&String>| line.map(|line| line[..4].to_owned());
        wait_for("the log is of the year that is shown", || {
            let lines = running.log().lines();
            (year(lines.first()) == year(lines.last())) == (seconds == 0)
        });
        expired(&mut events, what);
        fault.within(&format!("{what}: what lives for a second expires"), fault.elapsed(), 1.5);
        assert_eq!(clone.get(&text("long")).unwrap(), Data::Count(1), "it has an hour");
    }
    running.signal(Signal::TERM);
    running.ended();
}
