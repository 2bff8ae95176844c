//! Links when the process has no descriptor left: a test program of its own, since the limit is
//! the process's.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Instant;

use ostler_net::{Address, Closed, Link, LinkLimits, Links, Listener, Protocol, Turn};
use ostler_tests::{PATIENCE, wait_for};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

struct Silent;

impl Protocol for Silent {
    fn opened(&mut self, _: &Link) -> Turn {
        Turn::Continue
    }

    fn received(&mut self, input: &[u8], _: &Link) -> (usize, Turn) {
        (input.len(), Turn::Continue)
    }

    fn tick(&mut self, _: &Link, _: Instant) -> Turn {
        Turn::Continue
    }

    fn closed(&mut self, _: &Link, _: &Closed) {}
}

#[test]
fn who_cannot_be_accepted_now_is_accepted_when_there_are_descriptors_again() {
    const CLIENTS: usize = 10;
    let links = Links::start(2, LinkLimits::default()).unwrap();
    let listeners = Listener::bind(&Address::parse("127.0.0.1", 0).unwrap()).unwrap();
    let address = listeners[0].inet().unwrap();
    let _clients: Vec<_> = (0..CLIENTS).map(|_| TcpStream::connect(address).unwrap()).collect();

    let before = getrlimit(Resource::Nofile);
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    // One for the listener's thread, and one or two for those who come.
    setrlimit(Resource::Nofile, Rlimit { current: Some(open + 3), ..before }).unwrap();
    let (came, comes) = channel();
    let admit = move |_| {
        came.send(()).unwrap();
        Some(Box::new(Silent) as Box<dyn Protocol>)
    };
    let _listener = links.listen(listeners, Arc::new(admit)).unwrap();
    wait_for("no descriptor for the next", || links.statistics().accept_errors > 0);
    assert!(links.statistics().open < CLIENTS);
    setrlimit(Resource::Nofile, before).unwrap();
    for _ in 0..CLIENTS {
        comes.recv_timeout(PATIENCE).unwrap();
    }
    wait_for("all are links", || links.statistics().open == CLIENTS);
}
