//! Names that nobody resolves, and who waits for them: nobody.

use std::io;
use std::net::TcpListener;
use std::sync::OnceLock;
use std::sync::mpsc::channel;

use ostler_net::LinkLimits;
use ostler_runtime::Thread;

use super::*;
use crate::EndpointOptions;

const PATIENCE: Duration = Duration::from_secs(20);

/// What holds the resolver up.
static DEAD: OnceLock<Mutex<()>> = OnceLock::new();

fn answers_only_for_some(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if name != "alive" {
        drop(DEAD.get_or_init(Mutex::default).lock());
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
}

#[test]
fn a_name_that_is_not_resolved_delays_nobody_and_the_end_does_not_wait_for_it() {
    let core = Arc::new(Core::new(EndpointOptions::default()));
    let links = Arc::new(Links::start(1, LinkLimits::default()).unwrap());
    let hold = DEAD.get_or_init(Mutex::default).lock().unwrap();
    let (trying, by) = (Arc::clone(&core), Arc::clone(&links));
    let (ended, end) = channel();
    let thread = Thread::spawn("connector", move || {
        trying.wishes.run(&trying, &by, answers_only_for_some);
        ended.send(()).unwrap();
    })
    .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    core.wishes.add(NetworkInfo::new("dead", 1), None);
    while core.wishes.resolving.load(Ordering::Acquire) == 0 {
        std::thread::yield_now();
    }
    core.wishes.add(NetworkInfo::new("alive", listener.local_addr().unwrap().port()), None);
    listener.accept().unwrap();
    core.wishes.end();
    end.recv_timeout(PATIENCE).unwrap();
    drop(hold);
    thread.join();
}

#[test]
fn all_who_wish_for_the_same_peer_learn_what_comes_of_it() {
    let wishes = Wishes::default();
    let (first, one) = crossbeam_channel::bounded(1);
    let (second, other) = crossbeam_channel::bounded(1);
    let network = NetworkInfo::new("somewhere", 1);
    wishes.add(network.clone(), Some(first));
    wishes.add(network, Some(second));
    let id = EndpointId([1; 16]);
    wishes.came_true(1, id);
    assert_eq!((one.try_recv(), other.try_recv()), (Ok(Ok(id)), Ok(Ok(id))));
}
