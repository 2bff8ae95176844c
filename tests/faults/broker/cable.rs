//! A cable between two sockets that can be cut: what is sent then is taken and goes nowhere, and
//! neither side learns that the other has closed.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ostler_runtime::Thread;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long it takes at most to see that it is not needed any more.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// See the module.
pub(crate) struct Cable {
    address: SocketAddr,
    state: Arc<State>,
    _thread: Thread,
}

#[derive(Default)]
struct State {
    is_cut: AtomicBool,
    is_over: AtomicBool,
}

/// Two sockets of which each gets what comes from the other; one that has closed is none.
type Ends = [Option<TcpStream>; 2];

impl Cable {
    /// One that leads to `target`.
    pub(crate) fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let seen = Arc::clone(&state);
        let thread = Thread::spawn("cable", move || carry(&listener, target, &seen)).unwrap();
        Self { address, state, _thread: thread }
    }

    /// Where it begins.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Cuts it, or mends it for connections that come then.
    pub(crate) fn cut(&self, is_cut: bool) {
        self.state.is_cut.store(is_cut, Ordering::SeqCst);
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
    }
}

fn carry(listener: &TcpListener, target: SocketAddr, state: &State) {
    let mut pairs: Vec<Ends> = Vec::new();
    while !state.is_over.load(Ordering::SeqCst) {
        let places: Vec<(usize, usize)> = (0..pairs.len())
            .flat_map(|pair| [(pair, 0), (pair, 1)])
            .filter(|&(pair, end)| pairs[pair][end].is_some())
            .collect();
        let mut fds = vec![PollFd::new(listener, PollFlags::IN)];
        for &(pair, end) in &places {
            fds.extend(pairs[pair][end].as_ref().map(|stream| PollFd::new(stream, PollFlags::IN)));
        }
        poll(&mut fds, Some(&LOOK)).unwrap();
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        let is_cut = state.is_cut.load(Ordering::SeqCst);
        for (&(pair, end), _) in places.iter().zip(&ready[1..]).filter(|(_, ready)| **ready) {
            pass_on(&mut pairs[pair], end, is_cut);
        }
        if ready[0] {
            let near = listener.accept().unwrap().0;
            pairs.push([Some(near), TcpStream::connect(target).ok()]);
        }
    }
}

/// What has come at one end leaves at the other.
fn pass_on(ends: &mut Ends, end: usize, is_cut: bool) {
    let mut bytes = [0; 4096];
    let Some(stream) = &mut ends[end] else { return };
    let count = stream.read(&mut bytes).unwrap_or(0);
    if count == 0 {
        ends[end] = None;
        if !is_cut {
            ends[1 - end] = None;
        }
    } else if !is_cut && let Some(other) = &mut ends[1 - end] {
        // Whoever has closed meanwhile is seen above.
        let _ = other.write_all(&bytes[..count]);
    }
}
