//! What a program learns of its peers, and of those that it does not have.

use std::net::TcpListener;
use std::time::Duration;

use broker::{Ec, Endpoint, EndpointId, EndpointOptions, Happening, Sc, StatusSubscriber};
use ostler_runtime::Deadline;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::node::{listening, next, soon};

/// The next error; no change comes before it.
fn error(statuses: &StatusSubscriber) -> Ec {
    match statuses.get_before(soon()).unwrap() {
        Happening::Error(error) => error.code,
        Happening::Status(status) => panic!("{status}"),
    }
}

/// Whether there is something to be read within this time; without one, however long it takes.
fn is_readable(statuses: &StatusSubscriber, wait: Option<Timespec>) -> bool {
    let fd = statuses.fd().unwrap();
    poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], wait.as_ref()).unwrap() == 1
}

#[test]
fn who_is_no_peer_cannot_be_parted_with() {
    let alone = Endpoint::new(EndpointOptions::default()).unwrap();
    let errors = alone.status_subscriber(false);
    assert!(!alone.unpeer("127.0.0.1", 9) && !alone.unpeer_nosync("127.0.0.1", 9));
    assert!(!alone.unpeer_id(EndpointId([1; 16])));
    assert_eq!([(); 3].map(|()| error(&errors)), [Ec::PeerInvalid; 3]);
}

#[test]
fn who_listens_nowhere_is_unavailable_and_no_peer_by_then() {
    let alone = Endpoint::new(EndpointOptions::default()).unwrap();
    let errors = alone.status_subscriber(false);
    let port = {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap();
        closed.local_addr().unwrap().port()
    };
    alone.peer_nosync("127.0.0.1", port, None);
    assert_eq!(error(&errors), Ec::PeerUnavailable);
    assert_eq!(alone.peer("127.0.0.1", port, None, soon()).unwrap_err().code, Ec::PeerUnavailable);
    let short = Deadline::after(Duration::from_millis(20));
    assert!(!alone.await_peer(EndpointId([1; 16]), short));
}

#[test]
fn changes_can_be_polled_for_and_are_left_out_if_only_errors_are_wanted() {
    let (listener, port) = listening(EndpointOptions::default());
    let (all, errors) = (listener.status_subscriber(true), listener.status_subscriber(false));
    assert!(!is_readable(&all, Some(Timespec::default())));
    let peer = Endpoint::new(EndpointOptions::default()).unwrap();
    peer.peer("127.0.0.1", port, None, soon()).unwrap();
    assert!(is_readable(&all, None));
    next(&all, |status| status.code == Sc::PeerAdded);
    drop(peer);
    next(&all, |status| status.code == Sc::EndpointUnreachable);
    assert_eq!((all.poll(), all.available()), (vec![], 0));
    assert!(!is_readable(&all, Some(Timespec::default())));
    assert!(!is_readable(&errors, Some(Timespec::default())));
    listener.unpeer("nowhere", 1);
    assert!(is_readable(&errors, None));
    assert_eq!((errors.available(), errors.poll().len()), (1, 1));
    drop(listener);
    assert!(is_readable(&errors, None), "the endpoint has ended");
    assert_eq!(errors.get(), None);
}
