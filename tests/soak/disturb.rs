//! What is done to a daemon's children from outside, and to their server.

use std::time::Duration;

use ostler_tests::process::{Identity, kill};
use rustix::process::Signal;

use crate::client::pause;
use crate::script::StartFault;
use crate::side::{Burp, Side};

#[derive(Clone, Copy, Debug)]
enum Deed {
    Kill,
    Terminate,
    Stop,
    KillAll,
    FailStarts,
    Hup,
    ServerReload,
    ServerRestart,
}

const SCRIPTED: [(Deed, u64); 6] = [
    (Deed::Kill, 40),
    (Deed::Terminate, 30),
    (Deed::Stop, 10),
    (Deed::KillAll, 6),
    (Deed::FailStarts, 6),
    (Deed::Hup, 8),
];

const REAL: [(Deed, u64); 7] = [
    (Deed::Kill, 50),
    (Deed::Terminate, 20),
    (Deed::Stop, 10),
    (Deed::KillAll, 5),
    (Deed::Hup, 5),
    (Deed::ServerReload, 5),
    (Deed::ServerRestart, 5),
];

impl Deed {
    fn name(self) -> &'static str {
        match self {
            Self::Kill => "outside: SIGKILL to a child",
            Self::Terminate => "outside: SIGTERM to a child",
            Self::Stop => "outside: SIGSTOP to a child",
            Self::KillAll => "outside: SIGKILL to all children",
            Self::FailStarts => "outside: SIGKILL to all, and starts fail",
            Self::Hup => "outside: SIGHUP to the daemon",
            Self::ServerReload => "server: reload",
            Self::ServerRestart => "server: stop and start",
        }
    }
}

/// Does one thing.
pub(crate) fn disturb(side: &Side) {
    let chance = &side.chance;
    let deed = match side.burp {
        Burp::Scripted(..) => chance.weighted(&SCRIPTED),
        Burp::Real(..) => chance.weighted(&REAL),
    };
    let children = side.daemon.children();
    if children.is_empty() {
        // All have just been lost; next time.
        return;
    }
    side.tally.fault(deed.name());
    let one = chance.one(&children).pid;
    match (deed, &side.burp) {
        (Deed::Kill, _) => side.strike(one, Signal::KILL),
        (Deed::Terminate, _) => side.strike(one, Signal::TERM),
        (Deed::Stop, _) => side.strike(one, Signal::STOP),
        (Deed::KillAll, _) => {
            side.strike_all();
            kill_all(&children);
        }
        (Deed::Hup, _) => kill(side.daemon.pid(), Signal::HUP),
        (Deed::FailStarts, Burp::Scripted(_, script)) => {
            side.strike_all();
            let faults = (0..=chance.below(5)).map(|_| *chance.one(&StartFault::ALL));
            script.fail_starts(faults.collect());
            kill_all(&children);
        }
        (Deed::ServerReload, Burp::Real(server, _)) => {
            side.strike_all();
            server.reload();
        }
        (Deed::ServerRestart, Burp::Real(server, _)) => {
            side.strike_all();
            server.stop();
            pause(Duration::from_millis(chance.below(8000)));
            server.start();
        }
        (Deed::FailStarts | Deed::ServerReload | Deed::ServerRestart, _) => {}
    }
}

fn kill_all(children: &[Identity]) {
    for child in children {
        kill(child.pid, Signal::KILL);
    }
}
