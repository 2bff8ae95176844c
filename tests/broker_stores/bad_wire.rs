//! A wire between two nodes on which commands of stores are lost, come twice and come in another
//! order, and which is cut over and over.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::scope;
use std::time::Duration;

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, Store};
use ostler_runtime::Thread;
use ostler_tests::broker_peer::{listening, soon, topic};
use ostler_tests::random::Random;
use ostler_tests::wait::wait_for;

use crate::{clone_of, master, text};

/// Where a frame with its length says of what kind it is, and that of a command.
const KIND: usize = 36;
const COMMAND: u8 = 2;
/// In the kind of a frame with a tag.
const TAGGED: u8 = 0x80;
/// How often all wires are cut.
const CUTS: u64 = 5;
/// Changes of each store from one cut to the next.
const CHANGES: usize = 500;

/// Passes connections on to a port, and commands on it badly.
struct Wire {
    port: u16,
    shared: Arc<Shared>,
    acceptor: Option<Thread>,
}

struct Shared {
    is_bad: AtomicBool,
    is_over: AtomicBool,
    seed: AtomicU64,
    open: Mutex<Vec<TcpStream>>,
}

impl Wire {
    fn to(port: u16, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            is_bad: AtomicBool::new(true),
            is_over: AtomicBool::new(false),
            seed: AtomicU64::new(seed),
            open: Mutex::default(),
        });
        let sharing = Arc::clone(&shared);
        let acceptor = Thread::spawn("wire", move || {
            let mut threads = Vec::new();
            while let Ok((client, _)) = listener.accept() {
                if sharing.is_over.load(Ordering::Acquire) {
                    break;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let sharing = Arc::clone(&sharing);
                    let pass = move || sharing.pass(from, to);
                    threads.push(Thread::spawn("pass", pass).unwrap());
                }
                sharing.open.lock().unwrap().extend([client, server]);
            }
            drop(threads);
        });
        Self { port: at, shared, acceptor: Some(acceptor.unwrap()) }
    }

    /// Ends all connections over it.
    fn cut(&self) {
        for stream in self.shared.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Whether somebody has come since it was cut.
    fn is_used(&self) -> bool {
        !self.shared.open.lock().unwrap().is_empty()
    }

    fn mend(&self) {
        self.shared.is_bad.store(false, Ordering::Release);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        self.cut();
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.cut();
        drop(self.acceptor.take());
    }
}

impl Shared {
    /// Passes frames on until one side ends.
    fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut random = Random::new(self.seed.fetch_add(1, Ordering::Relaxed));
        let mut late: VecDeque<Vec<u8>> = VecDeque::new();
        while let Ok(frame) = read(&mut from) {
            let is_command = frame.get(KIND).is_some_and(|kind| kind & !TAGGED == COMMAND);
            let is_bad = is_command && self.is_bad.load(Ordering::Acquire);
            let mut goes = Vec::new();
            match if is_bad { random.below(12) } else { 11 } {
                0 => {}
                1 => goes.extend([frame.clone(), frame]),
                2 => late.push_back(frame),
                _ => goes.push(frame),
            }
            if !is_bad || random.below(4) == 0 {
                goes.extend(late.drain(..));
            }
            if goes.iter().any(|frame| to.write_all(frame).is_err()) {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}

/// A frame with its length.
fn read(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut frame = length.to_vec();
    frame.resize(4 + u32::from_be_bytes(length) as usize, 0);
    stream.read_exact(&mut frame[4..])?;
    Ok(frame)
}

/// Makes changes as they come, and counts them.
fn change(store: &Store, random: &mut Random, made: &AtomicUsize) {
    for _ in 0..CHANGES {
        let mut number = |most| random.number() % most;
        let key = Data::Count(number(40));
        let changed = match number(6) {
            0 => store.erase(key),
            1 => store.increment(key, number(5), None),
            2 => store.put_unique_then(key, number(100), None, |_| ()),
            _ => store.put(key, number(100), None),
        };
        // What a master says no to is part of it.
        drop(changed);
        made.fetch_add(1, Ordering::AcqRel);
    }
}

#[test]
fn ten_thousand_changes_on_three_clones_over_bad_wires() {
    let (endpoint, port) = listening(EndpointOptions::default());
    let master = master(&endpoint);
    let wires = [1, 2, 3].map(|number| Wire::to(port, number * 1000));
    let nodes = [0, 1, 2].map(|_| Endpoint::new(EndpointOptions::default()).unwrap());
    let retry = Some(Duration::from_millis(100));
    for (node, wire) in nodes.iter().zip(&wires) {
        node.peer("127.0.0.1", wire.port, retry, soon()).unwrap();
    }
    let clones = [0, 1, 2].map(|at: usize| clone_of(&nodes[at]));
    for cut in 0..CUTS {
        // Each cut is one of a wire that is used.
        for (wire, node) in wires.iter().zip(&nodes) {
            wait_for("the wire is used", || wire.is_used());
            assert!(node.await_filter_entry(&topic("st/<$>/data/master"), soon()));
        }
        let made = &AtomicUsize::new(0);
        scope(|scope| {
            for (number, store) in (1..).zip(clones.iter().chain([&master])) {
                scope.spawn(move || change(store, &mut Random::new(cut * 10 + number), made));
            }
            for (number, wire) in (1..).zip(&wires) {
                wait_for("changes are made", || made.load(Ordering::Acquire) >= number * CHANGES);
                wire.cut();
            }
        });
    }
    for wire in &wires {
        wire.mend();
    }
    for (clone, node) in clones.iter().zip(&nodes) {
        assert!(node.await_filter_entry(&topic("st/<$>/data/master"), soon()));
        assert!(clone.await_idle(soon()));
    }
    assert!(master.await_idle(soon()));
    let entries = |store: &Store| -> Vec<(Data, Data)> {
        let keys = store.keys().unwrap();
        keys.into_iter().map(|key| (key.clone(), store.get(&key).unwrap())).collect()
    };
    master.put("last", 1_u64, None).unwrap();
    assert!(master.await_idle(soon()));
    let expected = entries(&master);
    assert!(expected.len() > 10);
    for clone in &clones {
        assert_eq!(clone.get(&text("last")).unwrap(), Data::Count(1));
        assert_eq!(entries(clone), expected);
    }
}
