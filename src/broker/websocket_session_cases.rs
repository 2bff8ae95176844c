//! Frames that clients send, well and badly, and what becomes of them.

use super::*;
use crate::websocket_unfinished::Unfinished;

/// Opcodes, with the bit that ends a message.
const CONTINUATION: u8 = 0x80;
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
/// Bytes of a frame's head, at most.
const MAX_HEAD: usize = 14;
/// Takes the bit away.
const MORE: u8 = 0x7f;

/// A message of `/x` and a string.
fn data_message(text: &str) -> String {
    format!(r#"{{"type":"data-message","topic":"/x","@data-type":"string","data":"{text}"}}"#)
}

/// A client's frame.
fn framed(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x12, 0xab, 0x34, 0xcd];
    let mut frame = vec![first];
    let length = payload.len() as u64;
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ ..126), _) => frame.push(0x80 | length),
        (_, Ok(length)) => {
            frame.push(0xfe);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(0xff);
            frame.extend(length.to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A session and what has come of it.
struct Client {
    session: WebSocketSession,
    now: Instant,
    /// What was not read yet.
    left: Vec<u8>,
    published: Vec<String>,
    heard: Vec<(u8, Vec<u8>)>,
}

impl Client {
    fn fresh(limits: WebSocketLimits) -> Self {
        let now = ostler_runtime::now();
        let session = WebSocketSession::new(limits, now);
        Self { session, now, left: Vec::new(), published: Vec::new(), heard: Vec::new() }
    }

    /// One that has subscribed to nothing.
    fn open() -> Self {
        Self::limited(WebSocketLimits::default())
    }

    fn limited(limits: WebSocketLimits) -> Self {
        let mut client = Self::fresh(limits);
        client.send(&framed(TEXT, b"[]"));
        let ack = br#"{"type":"ack","endpoint":"me","version":"1"}"#;
        assert_eq!(client.told(), [(TEXT, ack.to_vec())]);
        client
    }

    /// Sends bytes behind those that were not read yet.
    fn send(&mut self, bytes: &[u8]) -> &mut Self {
        self.left.extend(bytes);
        loop {
            let (count, event) = self.session.receive(&self.left, self.now);
            self.left.drain(..count);
            match event {
                None => break,
                Some(WebSocketEvent::Subscribed(_)) => self.session.acknowledge("me", "1"),
                Some(WebSocketEvent::Published(_, data)) => self.published.push(data.to_string()),
            }
        }
        let frame = frame_bytes(&self.left, usize::MAX).unwrap_or_default();
        let is_part = frame.is_none_or(|bytes| bytes > self.left.len() as u64);
        assert!(is_part, "{} bytes are left", self.left.len());
        let output = self.session.take_output();
        self.heard.extend(frames(output.as_deref().unwrap_or_default()));
        self
    }

    fn wait(&mut self, wait: Duration) -> &mut Self {
        self.now += wait;
        self.session.tick(self.now);
        self.send(&[])
    }

    /// What the session has said since it was asked last.
    fn told(&mut self) -> Vec<(u8, Vec<u8>)> {
        std::mem::take(&mut self.heard)
    }

    /// The contexts of the errors that it has said.
    fn errors(&mut self) -> Vec<String> {
        let told = self.told();
        let errors = told.iter().filter(|(first, _)| *first == TEXT).map(|(_, text)| json(text));
        errors.map(|error| error["context"].as_str().unwrap().to_owned()).collect()
    }

    /// The code of the close frame, which must be the last that was said.
    fn closed(&mut self) -> u16 {
        assert!(self.session.is_closed());
        let (first, payload) = self.heard.pop().expect("a close frame");
        assert_eq!(first, CLOSE);
        payload.first_chunk().map_or(0, |code| u16::from_be_bytes(*code))
    }
}

/// The frames of the server, none of which may be masked.
fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut all = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        assert!(second & 0x80 == 0, "a masked frame");
        let (length, rest) = match second {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            127 => panic!("so much is never said"),
            length => (usize::from(*length), rest),
        };
        all.push((*first, rest[..length].to_vec()));
        bytes = &rest[length..];
    }
    assert!(bytes.is_empty());
    all
}

fn json(text: &[u8]) -> serde_json::Value {
    serde_json::from_slice(text).unwrap()
}

#[test]
fn messages_of_any_length_come_whole_however_they_are_cut() {
    for length in [0, 1, 55, 56, 57, 1000, 1061, 1204, 2000, 2100, 65_466, 65_467, 70_000] {
        let text = "x".repeat(length);
        for first in [TEXT, BINARY] {
            let frame = framed(first, data_message(&text).as_bytes());
            for size in [1, 7, 13, 14, 15, 4096, frame.len()] {
                let mut client = Client::open();
                for piece in frame.chunks(size) {
                    client.send(piece);
                }
                assert_eq!(client.published, [text.as_str()], "{length} in pieces of {size}");
            }
        }
    }
}

#[test]
fn bursts_of_any_size_come_whole() {
    for length in [10, 200, 400, 600, 800, 1000, 1061, 1204, 1500, 2000, 2048, 2100, 4000, 10_000] {
        let burst = framed(TEXT, data_message(&"x".repeat(length)).as_bytes()).repeat(512);
        let mut client = Client::open();
        for piece in burst.chunks(64 * 1024) {
            client.send(piece);
        }
        assert_eq!((client.published.len(), client.told()), (512, vec![]), "{length}");
    }
}

#[test]
fn fragments_are_put_together_and_may_have_control_frames_between_them() {
    let message = data_message("é😀").into_bytes();
    for cut in 1..message.len() {
        let mut client = Client::open();
        client.send(&framed(TEXT & MORE, &message[..cut]));
        client.send(&framed(PING, b"there?"));
        client.send(&framed(PONG, b""));
        client.send(&framed(CONTINUATION & MORE, &[]));
        assert_eq!(client.told(), [(PONG, b"there?".to_vec())]);
        client.send(&framed(CONTINUATION, &message[cut..]));
        assert_eq!(client.published, ["é😀"], "{cut}");
    }
}

#[test]
fn each_ping_is_answered_with_what_it_brought() {
    let mut client = Client::open();
    let longest = [b'x'; 125];
    let pings = [&b""[..], b"a", &longest, b"\xff\x00"];
    client.send(&pings.map(|ping| framed(PING, ping)).concat());
    assert_eq!(client.told(), pings.map(|ping| (PONG, ping.to_vec())));
    client.send(&framed(PONG, b"unasked"));
    assert!(client.told().is_empty() && !client.session.is_closed());
}

#[test]
fn what_breaks_the_protocol_ends_the_connection_with_its_code() {
    let start = framed(TEXT & MORE, b"a");
    let unmasked = [&[TEXT, 2][..], b"[]"].concat();
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        ("an unmasked frame", unmasked, 1002),
        ("a continuation of nothing", framed(CONTINUATION, b"a"), 1002),
        ("a fragment that continues nothing", framed(CONTINUATION & MORE, b"a"), 1002),
        ("a text within fragments", [start.clone(), framed(TEXT, b"b")].concat(), 1002),
        ("binary within fragments", [start.clone(), framed(BINARY & MORE, b"b")].concat(), 1002),
        ("a fragmented ping", framed(PING & MORE, b"a"), 1002),
        ("a long ping", framed(PING, &[b'x'; 126]), 1002),
        ("a long close", framed(CLOSE, &[0x03; 126]), 1002),
        ("a close of one byte", framed(CLOSE, &[3]), 1002),
        ("a close with bytes that are no text", framed(CLOSE, b"\x03\xe8\xff"), 1007),
        ("bytes that are no text", framed(TEXT, b"\"\xff\xfe\""), 1007),
        ("bytes that are no text, as binary", framed(BINARY, b"\"\xff\xfe\""), 1007),
        ("half a character", framed(TEXT, b"\"\xe2\x82"), 1007),
        ("a surrogate", framed(TEXT, b"\"\xed\xa0\x80\""), 1007),
        (
            "no text in fragments",
            [framed(TEXT & MORE, b"\"\xe2"), framed(CONTINUATION, b"\x28\"")].concat(),
            1007,
        ),
    ];
    let bits =
        [0x10, 0x20, 0x40, 0x70].map(|bits| ("a reserved bit", framed(TEXT | bits, b""), 1002));
    let codes = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];
    let codes = codes.map(|code| ("a reserved opcode", framed(0x80 | code, b""), 1002));
    for (name, bytes, code) in cases.into_iter().chain(bits).chain(codes) {
        let mut client = Client::open();
        client.send(&bytes);
        assert_eq!((client.closed(), client.told()), (code, vec![]), "{name} {bytes:x?}");
        client.send(&framed(TEXT, data_message("late").as_bytes()));
        assert!(client.published.is_empty() && client.told().is_empty(), "{name}");
    }
}

#[test]
fn what_can_be_refused_is_refused_before_its_payload_comes() {
    let limits = WebSocketLimits { max_message: 1000, ..WebSocketLimits::default() };
    for (head, code) in [
        (&[TEXT, 0xfe, 0x03, 0xe9][..], 1009),
        (&[TEXT, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0x9c], 1009),
        (&[BINARY, 0xff, 0, 0, 0, 0, 0xc0, 0, 0, 0], 1009),
        (&[TEXT, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 1009),
        (&[0xc1, 0xfe, 0x03, 0xe8], 1002),
        (&[0x83, 0xfe, 0x03, 0xe8], 1002),
        (&[PING, 0xfe, 0x03, 0xe8], 1002),
    ] {
        let mut client = Client::limited(limits.clone());
        client.send(&[head, &[0, 0, 0, 0]].concat());
        assert_eq!(client.closed(), code, "{head:x?}");
    }
    let mut client = Client::limited(limits);
    client.send(&framed(TEXT & MORE, &[b'x'; 600]));
    client.send(&framed(CONTINUATION, &[b'x'; 600]));
    assert_eq!(client.closed(), 1009);
}

#[test]
fn a_frame_is_left_where_it_is_until_it_is_whole() {
    let frame = framed(TEXT, data_message(&"x".repeat(100_000)).as_bytes());
    let mut client = Client::open();
    for length in [1, MAX_HEAD, 4096, frame.len() - 1] {
        assert_eq!(client.session.receive(&frame[..length], client.now), (0, None), "{length}");
    }
    let burst = [framed(PING, b"a"), frame.clone(), framed(PING, b"b")].concat();
    client.send(&burst[..burst.len() - 1]);
    assert_eq!((client.published.len(), client.told()), (1, vec![(PONG, b"a".to_vec())]));
    assert_eq!(client.left.len(), framed(PING, b"b").len() - 1);
}

#[test]
fn who_holds_too_much_of_unfinished_messages_with_all_others_is_left() {
    const LENGTH: usize = 100 << 10;
    let all = Unfinished::default();
    let max_unfinished = 2 * LENGTH;
    let limits = WebSocketLimits { max_unfinished, ..WebSocketLimits::default() };
    let mut clients = [(); 3].map(|()| {
        let mut client = Client::limited(limits.clone());
        client.session.unfinished = all.part();
        client
    });
    let [one, other, third] = &mut clients;
    let text = data_message(&"x".repeat(3 * LENGTH));
    let (start, end) = text.split_at(2 * LENGTH);
    let (start, end) =
        (framed(TEXT & MORE, start.as_bytes()), framed(CONTINUATION, end.as_bytes()));
    one.send(&start).send(&framed(PING, b""));
    other.send(&start);
    assert_eq!((other.closed(), other.told()), (1009, vec![]));
    let words = "the unfinished messages of all clients take too much";
    assert_eq!(other.session.reason(), Some(words));
    // A little may be held in any case.
    third.send(&framed(TEXT & MORE, br#"{"type":"#)).send(&framed(CONTINUATION, b"5}"));
    assert_eq!(third.errors().len(), 1);
    // A message that is whole is held no more.
    one.send(&end);
    assert_eq!(one.published.len(), 1);
    clients.swap(0, 1);
    let [gone, one, third] = clients;
    drop(gone);
    for mut client in [one, third] {
        client.send(&start).send(&end);
        assert!(!client.session.is_closed());
    }
}

#[test]
fn a_close_is_answered_with_a_close() {
    for code in [1000_u16, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        let mut client = Client::open();
        client.send(&framed(CLOSE, &[&code.to_be_bytes()[..], b"bye"].concat()));
        assert_eq!(client.closed(), code);
    }
    for code in [0_u16, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        let mut client = Client::open();
        client.send(&framed(CLOSE, &code.to_be_bytes()));
        assert_eq!(client.closed(), 1002, "{code}");
    }
    let mut client = Client::open();
    client.send(&framed(CLOSE, b""));
    assert_eq!(client.closed(), 0);
}

#[test]
fn subscriptions_come_first_and_once() {
    let mut client = Client::fresh(WebSocketLimits::default());
    let (_, event) =
        client.session.receive(&framed(BINARY, br#" ["/a", "", "/\u00e9"] "#), client.now);
    let topics = ["/a", "", "/é"].map(|topic| Topic::new(topic).unwrap());
    assert_eq!(event, Some(WebSocketEvent::Subscribed(topics.to_vec())));
    let message = framed(TEXT, data_message("a").as_bytes());
    let (_, event) = client.session.receive(&message, client.now);
    let topic = Topic::new("/x").unwrap();
    assert_eq!(event, Some(WebSocketEvent::Published(topic, Data::String(b"a".to_vec()))));

    let mut client = Client::open();
    client.send(&framed(TEXT, br#"["/other"]"#));
    assert_eq!(client.errors(), ["input #1 expected a JSON object"]);
    assert!(!client.session.is_closed());
}

#[test]
fn a_first_message_that_is_no_array_of_topics_is_the_last() {
    let limits = WebSocketLimits { max_topics: 2, ..WebSocketLimits::default() };
    let long = format!(r#"["{}"]"#, "x".repeat(65_536));
    let much = format!(r#"["{0}","{0}"]"#, "x".repeat(65_535));
    for (first, words) in [
        ("hello", "subscriptions not an array"),
        ("{}", "subscriptions not an array"),
        ("", "subscriptions not an array"),
        ("[", "subscriptions not an array"),
        (&data_message("a"), "subscriptions not an array"),
        (r#"["/a",5]"#, "subscriptions not an array of strings"),
        (r#"["/a","/b","/c"]"#, "more than 2 subscriptions"),
        (&long, "a subscription of more than 65535 bytes"),
        (&much, "subscriptions of more than 131072 bytes"),
    ] {
        let mut client = Client::fresh(limits.clone());
        client.send(&framed(TEXT, first.as_bytes()));
        assert_eq!((client.closed(), client.errors()), (1008, vec![words.to_owned()]), "{first}");
    }
}

#[test]
fn a_first_message_that_is_too_long_is_refused_before_it_has_come() {
    let words = vec!["subscriptions of more than 131072 bytes".to_owned()];
    let whole = framed(TEXT, &vec![b' '; 131_073]);
    let mut client = Client::fresh(WebSocketLimits::default());
    client.send(&whole[..MAX_HEAD]);
    assert_eq!((client.closed(), client.errors()), (1008, words.clone()));

    let mut client = Client::fresh(WebSocketLimits::default());
    client.send(&framed(TEXT & MORE, &vec![b' '; 100_000]));
    client.send(&framed(CONTINUATION & MORE, &vec![b' '; 100_000]));
    assert_eq!((client.closed(), client.errors()), (1008, words));

    // Those behind it may be longer, also if the first is as long as may be.
    let mut client = Client::fresh(WebSocketLimits::default());
    client.send(&framed(TEXT, format!("[]{}", " ".repeat(131_070)).as_bytes()));
    client.send(&framed(TEXT, data_message(&"x".repeat(200_000)).as_bytes()));
    assert_eq!(client.published.len(), 1);
}

#[test]
fn who_does_not_subscribe_in_time_or_is_silent_for_too_long_is_left() {
    let limits = WebSocketLimits::default();
    let mut client = Client::fresh(limits.clone());
    client.wait(limits.subscribe_deadline / 2);
    assert!(!client.session.is_closed());
    assert_eq!(client.wait(limits.subscribe_deadline / 2).closed(), 1008);

    let mut client = Client::open();
    for _ in 0..3 {
        client.wait(limits.ping_interval).wait(Duration::from_secs(1));
        assert_eq!(client.told(), [(PING, vec![])], "one ping is enough");
        client.send(&framed(PONG, b""));
    }
    // Also if it is this node that was away, there is time to answer.
    client.wait(limits.dead_after);
    assert_eq!((client.session.is_closed(), client.told()), (false, vec![(PING, vec![])]));
    client.wait(2 * limits.ping_interval);
    assert_eq!((client.closed(), client.told()), (1008, vec![]));
}

/// What the original made of messages; see `tests/golden/README.md`.
const READ: &str = include_str!("../../tests/golden/broker/json-read.txt");

#[test]
fn errors_are_counted_and_worded_as_by_the_original() {
    let mut client = Client::open();
    let mut compared = 0;
    let lines: Vec<&str> = READ.lines().filter(|line| !line.starts_with('#')).collect();
    for case in lines.chunks(2) {
        let [input, outcome] = case else { panic!("an input without an outcome") };
        if input.contains('\\') {
            // Bytes that stand in the recording as escapes.
            continue;
        }
        let input = input.strip_prefix("in ").unwrap();
        client.send(&framed(TEXT, input.as_bytes()));
        assert!(!client.session.is_closed(), "{input}");
        let errors = client.errors();
        // Positions are those of another reader.
        let reason = |text: &str| text.split("(1, ").next().unwrap().to_owned();
        if let (Some(recorded), [error]) = (outcome.strip_prefix("err "), errors.as_slice()) {
            let number = client.session.inputs;
            let words = format!("input #{number} {}", reason(recorded));
            // What the original does not say stands behind its words.
            let rest = reason(error).strip_prefix(&words).map(str::to_owned);
            assert!(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(": ")), "{error}");
            compared += 1;
        }
    }
    assert!(client.session.inputs > 100 && compared > 30, "{compared} were compared");
}

#[test]
fn what_the_node_tells_of_itself_no_client_can_tell() {
    let mut client = Client::open();
    let forged = data_message("a").replace("/x", "<$>/local/data/statuses");
    client.send(&framed(TEXT, forged.as_bytes()));
    assert_eq!(client.errors(), ["input #1 contained invalid data: the topic is the node's own"]);
    assert!(client.published.is_empty());
}
