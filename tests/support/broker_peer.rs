//! What tests of peers stand on: an endpoint on a port, and a node that is nothing but a socket.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};

use broker::data::Data;
use broker::{
    Endpoint, EndpointId, EndpointOptions, Filter, Happening, Kind, Message, Status,
    StatusSubscriber, TTL, Topic,
};
use ostler_net::Address;
use ostler_runtime::Deadline;

use crate::clients::reset;
use crate::wait::PATIENCE;

/// No step takes longer.
pub fn soon() -> Deadline {
    Deadline::after(PATIENCE)
}

/// A topic.
pub fn topic(text: &str) -> Topic {
    Topic::new(text).unwrap()
}

/// An id as it is written.
pub fn id(text: &str) -> EndpointId {
    text.parse().unwrap()
}

/// Smaller than every id of an endpoint here.
pub const SMALL: EndpointId = EndpointId([0x11; 16]);
/// Larger than every one.
pub const LARGE: EndpointId = EndpointId([0xee; 16]);

/// An endpoint that listens, and where.
pub fn listening(options: EndpointOptions) -> (Endpoint, u16) {
    let endpoint = Endpoint::new(options).unwrap();
    let ports = endpoint.listen(&Address::parse("127.0.0.1", 0).unwrap()).unwrap();
    (endpoint, ports[0])
}

/// The next change of these.
pub fn next(statuses: &StatusSubscriber, wanted: impl Fn(&Status) -> bool) -> Status {
    let deadline = soon();
    loop {
        match statuses.get_before(deadline).expect("a change in time") {
            Happening::Status(status) if wanted(&status) => return status,
            _ => {}
        }
    }
}

/// Ends the question of a node whether its peer understands tags.
pub const TAGS: &[u8] = b"broker-node: tags?";

/// A node that says only what a test has it say.
pub struct Node {
    stream: TcpStream,
}

impl Node {
    /// One that has connected and said nothing.
    pub fn connect(port: u16) -> Self {
        Self::on(TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).unwrap())
    }

    /// One over a connection that stands already.
    pub fn on(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream }
    }

    /// A node of this id that connected and shook hands, and wants `topics`.
    pub fn peer(port: u16, id: EndpointId, topics: &[&str]) -> Self {
        let mut node = Self::connect(port);
        node.shake_hands(id, topics);
        node
    }

    /// Shakes hands as the side that connected, with a node of a smaller or a larger id.
    pub fn shake_hands(&mut self, id: EndpointId, topics: &[&str]) {
        if self.begin_handshake(id, topics) {
            self.send(&[12]);
        } else {
            assert_eq!(self.frame(), [12]);
        }
    }

    /// The same but for the last frame: whether it is this node that is to send it, as the one with
    /// the smaller id.
    pub fn begin_handshake(&mut self, id: EndpointId, topics: &[&str]) -> bool {
        let mut filter = Vec::new();
        topics.iter().collect::<Filter>().encode(&mut filter);
        self.send(&hello(id));
        assert_eq!(self.frame(), b"\x07ZEEK");
        if self.frame().first() == Some(&8) {
            assert_eq!(self.frame().first(), Some(&10));
            self.send(&[b"\x0b", filter.as_slice()].concat());
            return false;
        }
        self.send(&[b"\x08ZEEK", &id.0[..], &[1]].concat());
        self.send(&[b"\x0a", filter.as_slice()].concat());
        assert_eq!(self.frame().first(), Some(&11));
        true
    }

    /// Where the other side sees it.
    pub fn port(&self) -> u16 {
        self.stream.local_addr().unwrap().port()
    }

    /// Sends a frame, to which the length is added.
    pub fn send(&mut self, body: &[u8]) {
        self.raw(&[&u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat());
    }

    /// Sends bytes.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Sends a message.
    pub fn publish(&mut self, message: &Message) {
        self.raw(message.frame());
    }

    /// The next frame, without its length. The question whether it understands tags it answers
    /// before, as a node of the original: with what was asked.
    pub fn frame(&mut self) -> Vec<u8> {
        loop {
            let body = self.any_frame().expect("a frame in time");
            if !body.ends_with(TAGS) {
                return body;
            }
            self.echo(&Message::parse(&body).unwrap());
        }
    }

    /// The next frame, whatever it is, without its length; none if the other side closes.
    pub fn any_frame(&mut self) -> std::io::Result<Vec<u8>> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let mut body = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    /// Answers a ping.
    pub fn echo(&mut self, ping: &Message) {
        let (own, other) = (ping.receiver(), ping.sender());
        let payload = ping.payload();
        self.publish(&Message::new(own, other, Kind::Pong, TTL, b"<$>", payload).unwrap());
    }

    /// The same connection once more, for who reads while another one writes.
    #[must_use]
    pub fn twin(&self) -> Self {
        Self { stream: self.stream.try_clone().unwrap() }
    }

    /// The next message.
    pub fn message(&mut self) -> Message {
        Message::parse(&self.frame()).unwrap()
    }

    /// Says that nothing more will come.
    pub fn half_close(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Ends the connection by a reset.
    pub fn reset(self) {
        reset(self.stream);
    }

    /// The other side closes without another word than the question whether it understands tags.
    pub fn ends(mut self) {
        loop {
            match self.any_frame() {
                Ok(body) => assert!(body.ends_with(TAGS), "{body:?}"),
                Err(error) => {
                    let closed = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset];
                    return assert!(closed.contains(&error.kind()), "{error}");
                }
            }
        }
    }
}

/// The first frame of who connects.
pub fn hello(id: EndpointId) -> Vec<u8> {
    [b"\x06ZEEK", &id.0[..], &[1, 1]].concat()
}

/// Data from a node to all.
pub fn data(sender: EndpointId, about: &str, number: u64) -> Message {
    Message::data(sender, EndpointId::NIL, about.as_bytes(), &Data::Count(number)).unwrap()
}

/// The same with another TTL.
pub fn data_with_ttl(sender: EndpointId, about: &str, ttl: u16) -> Message {
    let (kind, payload) = (Kind::Data, data(sender, about, ttl.into()).payload().to_vec());
    assert!(ttl <= TTL);
    Message::new(sender, EndpointId::NIL, kind, ttl, about.as_bytes(), &payload).unwrap()
}
