//! Links over real sockets of this machine, as their protocols and the other side see them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::{
    Address, Admit, Closed, Link, LinkLimits, LinkListener, Links, Listener, Protocol, Turn,
};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What a protocol was told.
#[derive(Debug)]
pub(crate) enum Told {
    Opened(Link),
    Received(Vec<u8>),
    Closed(Closed),
}

/// How it answers bytes.
pub(crate) type Answer = Box<dyn FnMut(&[u8], &Link) -> (usize, Turn) + Send>;

/// Tells what it is told.
pub(crate) struct Reporter {
    told: Sender<Told>,
    answer: Answer,
    over: bool,
}

impl Protocol for Reporter {
    fn opened(&mut self, link: &Link) -> Turn {
        assert!(!self.over);
        self.told.send(Told::Opened(link.clone())).unwrap();
        Turn::Continue
    }

    fn received(&mut self, input: &[u8], link: &Link) -> (usize, Turn) {
        assert!(!self.over);
        let (count, turn) = (self.answer)(input, link);
        self.told.send(Told::Received(input[..count].to_vec())).unwrap();
        (count, turn)
    }

    fn tick(&mut self, _: &Link, _: Instant) -> Turn {
        assert!(!self.over);
        Turn::Continue
    }

    fn closed(&mut self, _: &Link, why: &Closed) {
        assert!(!std::mem::replace(&mut self.over, true));
        let why = match why {
            Closed::Aborted(why) => Closed::Aborted(why),
            Closed::Unwritten(bytes) => Closed::Unwritten(*bytes),
            Closed::Tls(why) => Closed::Tls(why.clone()),
            Closed::Broken(error) => Closed::Broken(error.kind().into()),
            Closed::Unreachable(error) => Closed::Unreachable(error.kind().into()),
            Closed::Asked => Closed::Asked,
            Closed::Ended => Closed::Ended,
            Closed::TimedOut => Closed::TimedOut,
            Closed::Stalled => Closed::Stalled,
            Closed::Oversized => Closed::Oversized,
            Closed::Panicked => Closed::Panicked,
            Closed::Stopped => Closed::Stopped,
        };
        // Whoever does not listen any more does not care.
        let _ = self.told.send(Told::Closed(why));
    }
}

/// A protocol, and what it is told.
pub(crate) fn reporter(answer: Answer) -> (Box<Reporter>, Ear) {
    let (told, ear) = unbounded();
    (Box::new(Reporter { told, answer, over: false }), Ear(ear))
}

/// Takes everything.
pub(crate) fn all() -> Answer {
    Box::new(|input, _| (input.len(), Turn::Continue))
}

/// What a protocol was told.
pub(crate) struct Ear(Receiver<Told>);

impl Ear {
    pub(crate) fn next(&self) -> Told {
        self.0.recv_timeout(PATIENCE).expect("nothing was told")
    }

    pub(crate) fn opened(&self) -> Link {
        match self.next() {
            Told::Opened(link) => link,
            other => panic!("{other:?}"),
        }
    }

    /// As many bytes as those.
    pub(crate) fn hears(&self, expected: &[u8]) {
        let mut heard = Vec::new();
        while heard.len() < expected.len() {
            match self.next() {
                Told::Received(bytes) => heard.extend(bytes),
                other => panic!("{other:?} after {} bytes", heard.len()),
            }
        }
        assert!(heard == expected, "other bytes than expected");
    }

    /// The end, whatever comes before it. Nothing comes after it.
    pub(crate) fn closed(&self) -> Closed {
        loop {
            if let Told::Closed(why) = self.next() {
                assert!(self.0.try_recv().is_err());
                return why;
            }
        }
    }
}

/// Links that accept, and the ears of those that came.
pub(crate) struct Rig {
    pub(crate) address: SocketAddr,
    came: Receiver<Ear>,
    pub(crate) listener: LinkListener,
    pub(crate) links: Links,
}

impl Rig {
    pub(crate) fn new(limits: LinkLimits, answer: fn() -> Answer) -> Self {
        let links = Links::start(2, limits).unwrap();
        let listeners = Listener::bind(&Address::parse("127.0.0.1", 0).unwrap()).unwrap();
        let address = listeners[0].inet().unwrap();
        let (ears, came) = unbounded();
        let admit: Admit = Arc::new(move |_| {
            let (protocol, ear) = reporter(answer());
            ears.send(ear).unwrap();
            Some(protocol)
        });
        let listener = links.listen(listeners, admit).unwrap();
        Self { address, came, listener, links }
    }

    /// The ear of the next that comes.
    pub(crate) fn came(&self) -> Ear {
        self.came.recv_timeout(PATIENCE).expect("nobody came")
    }

    /// A client that blocks, and its link.
    pub(crate) fn client(&self) -> (TcpStream, Link, Ear) {
        let client = TcpStream::connect(self.address).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.set_write_timeout(Some(PATIENCE)).unwrap();
        let ear = self.came();
        let link = ear.opened();
        (client, link, ear)
    }
}

pub(crate) fn frame(bytes: impl Into<Vec<u8>>) -> Arc<[u8]> {
    Arc::from(bytes.into())
}

#[test]
fn bytes_go_both_ways_and_the_end_is_told() {
    let rig = Rig::new(LinkLimits::default(), all);
    let (mut client, link, ear) = rig.client();
    client.write_all(b"hello").unwrap();
    ear.hears(b"hello");
    link.offer(&frame("world")).unwrap();
    let mut answer = [0; 5];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"world");
    drop(client);
    assert!(matches!(ear.closed(), Closed::Ended));
    assert_eq!(link.offer(&frame("late")), Err(crate::Refused::Closed));
    assert_eq!(rig.links.statistics().open, 0);
}
