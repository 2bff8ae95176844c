//! One client of the WebSocket interface: bytes in, events and bytes out. Pure, without I/O or clock.
//!
//! ```text
//! Fresh ──array of topics──▶ Open ──close, flaw, silence──▶ Closed
//!   └──── anything else, or too late ──────────────────────▶
//! ```
//!
//! The frames are `tungstenite`'s business, which is given one at a time, so that whoever cannot take
//! an event's message leaves the rest where it is, and only whole, since it makes room for all that
//! a head announces. What can be refused at a frame's head is refused there.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use broker_data::Data;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Bytes, Error, Message};

use crate::websocket_data::{self, SubscriptionsFlaw};
use crate::websocket_frame::{FrameFlaw, frame_bytes};
use crate::websocket_notice::{self, ErrorCode};
use crate::websocket_unfinished::UnfinishedPart;
use crate::{Topic, WebSocketLimits};

/// How much `tungstenite` reads at a time, and keeps for each client.
const READ_BYTES: usize = 4 * 1024;
/// Whoever has sent a longer frame has its memory taken back behind it.
const LONG_FRAME_BYTES: usize = 64 * 1024;

/// What a client wants.
#[derive(Clone, Debug, PartialEq)]
pub enum WebSocketEvent {
    /// To be sent what begins with one of these; to be [acknowledged](WebSocketSession::acknowledge).
    /// Comes once, and first.
    Subscribed(Vec<Topic>),
    /// To publish.
    Published(Topic, Data),
}

/// See the module.
#[derive(Debug)]
pub struct WebSocketSession {
    socket: WebSocketContext,
    state: State,
    limits: WebSocketLimits,
    /// Whether a long frame has been read since the memory was taken back.
    long: bool,
    /// Whether there may be fragments of a message that is not whole.
    fragments: bool,
    /// What these are.
    unfinished: UnfinishedPart,
    /// Messages behind the subscriptions.
    inputs: u64,
    heard: Instant,
    /// When the client was asked, unless it was heard since.
    asked: Option<Instant>,
    output: Vec<u8>,
    /// Why the client was left; nothing if it has left itself.
    reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh { since: Instant },
    Open,
    Closed,
}

impl WebSocketSession {
    /// A client that has just been answered 101, and is the only one.
    pub fn new(limits: WebSocketLimits, now: Instant) -> Self {
        Self::sharing(UnfinishedPart::default(), limits, now)
    }

    /// One of several, of whose unfinished messages it has a part.
    pub(crate) fn sharing(
        unfinished: UnfinishedPart,
        limits: WebSocketLimits,
        now: Instant,
    ) -> Self {
        Self {
            socket: socket(first_message(&limits)),
            state: State::Fresh { since: now },
            limits,
            long: false,
            fragments: false,
            unfinished,
            inputs: 0,
            heard: now,
            asked: None,
            output: Vec::new(),
            reason: None,
        }
    }

    /// Reads until there is an event, or no more whole frame: how many bytes were read, and the event.
    pub fn receive(&mut self, input: &[u8], now: Instant) -> (usize, Option<WebSocketEvent>) {
        if !input.is_empty() {
            self.heard(now);
        }
        let mut read = 0_usize;
        while self.state != State::Closed {
            let rest = input.get(read..).unwrap_or_default();
            let frame = match frame_bytes(rest, self.longest()) {
                Ok(Some(bytes)) => usize::try_from(bytes).ok().and_then(|bytes| rest.get(..bytes)),
                Ok(None) => None,
                Err(flaw) => {
                    self.refuse_frame(flaw);
                    break;
                }
            };
            let Some(frame) = frame else { return (read, None) };
            read = read.saturating_add(frame.len());
            if !self.has_room(frame) {
                self.refuse_frame(FrameFlaw::TooMuchUnfinished);
            } else if let Some(event) = self.read(frame) {
                return (read, Some(event));
            }
        }
        (input.len(), None)
    }

    /// Tells the client that it gets what it has subscribed to from now on.
    pub fn acknowledge(&mut self, endpoint: &str, version: &str) {
        self.send(&websocket_notice::ack(endpoint, version));
    }

    /// Notices what has been too long.
    pub fn tick(&mut self, now: Instant) {
        let silent = now.saturating_duration_since(self.heard);
        let has_passed =
            |since: Instant, wait: Duration| now.saturating_duration_since(since) >= wait;
        match self.state {
            State::Closed => {}
            State::Fresh { since } if has_passed(since, self.limits.subscribe_deadline) => {
                self.fail(CloseCode::Policy, "no subscriptions have come in time");
            }
            _ if silent >= self.limits.dead_after && self.is_mute(now) => {
                self.fail(CloseCode::Policy, "no answer to pings");
            }
            _ if silent >= self.limits.ping_interval && self.asked.is_none() => {
                self.asked = Some(now);
                self.write(Message::Ping(Bytes::new()));
            }
            _ => {}
        }
    }

    /// The client could not be heard meanwhile, or was.
    pub fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.asked = None;
    }

    /// Whether the client has had its time to answer, also where it is this node that was away.
    fn is_mute(&self, now: Instant) -> bool {
        let patience = self.limits.dead_after.saturating_sub(self.limits.ping_interval);
        self.asked.is_some_and(|asked| now.saturating_duration_since(asked) >= patience)
    }

    /// Whether nothing more is read, and nothing sent behind the [output](Self::take_output).
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Why the client is left; `None` if it has left itself, or is there.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// What is to be sent.
    pub fn take_output(&mut self) -> Option<Arc<[u8]>> {
        (!self.output.is_empty()).then(|| std::mem::take(&mut self.output).into())
    }

    /// Whether what `frame` begins or continues may be held, if it is a fragment that others follow.
    fn has_room(&mut self, frame: &[u8]) -> bool {
        self.long |= frame.len() > LONG_FRAME_BYTES;
        let (is_final, is_control) =
            frame.first().map_or((true, false), |byte| (byte & 0x80 != 0, byte & 0x08 != 0));
        if is_control {
            // It may come between fragments.
            return true;
        }
        self.fragments = !is_final;
        if is_final {
            self.unfinished.clear();
        }
        is_final || self.unfinished.grow(frame.len(), self.limits.max_unfinished)
    }

    /// Has a whole frame read.
    fn read(&mut self, frame: &[u8]) -> Option<WebSocketEvent> {
        let mut pipe = Pipe { input: frame, output: &mut self.output };
        let event = match self.socket.read(&mut pipe) {
            Ok(Message::Text(text)) => self.message(text.as_str()),
            Ok(Message::Binary(bytes)) => match std::str::from_utf8(&bytes) {
                Ok(text) => self.message(text),
                Err(_) => self.not_utf8(),
            },
            Ok(Message::Close(_)) => {
                self.flush();
                self.state = State::Closed;
                None
            }
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {
                self.flush();
                None
            }
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => None,
            Err(Error::Utf8(_)) => self.not_utf8(),
            Err(Error::Capacity(_)) => {
                self.refuse_frame(FrameFlaw::TooLong(self.longest()));
                None
            }
            Err(error) => {
                log::debug!("a WebSocket client breaks the protocol: {error}");
                self.fail(CloseCode::Protocol, "protocol error");
                None
            }
        };
        if self.long && !self.fragments && self.state != State::Closed {
            self.long = false;
            self.socket = socket(self.longest());
        }
        event
    }

    /// A whole message.
    fn message(&mut self, text: &str) -> Option<WebSocketEvent> {
        if let State::Fresh { .. } = self.state {
            match websocket_data::subscriptions(text, &self.limits) {
                Ok(topics) => {
                    self.state = State::Open;
                    // Longer messages may come from now on.
                    self.long = true;
                    return Some(WebSocketEvent::Subscribed(topics));
                }
                Err(flaw) => {
                    self.refuse_subscriptions(flaw);
                    return None;
                }
            }
        }
        self.inputs = self.inputs.saturating_add(1);
        match websocket_data::read(text) {
            Ok((topic, data)) => Some(WebSocketEvent::Published(topic, data)),
            Err(flaw) => {
                let context = format!("input #{} {flaw}", self.inputs);
                self.error(&context, flaw.detail());
                None
            }
        }
    }

    fn not_utf8(&mut self) -> Option<WebSocketEvent> {
        self.fail(CloseCode::Invalid, "not UTF-8");
        None
    }

    fn refuse_subscriptions(&mut self, flaw: SubscriptionsFlaw) {
        self.error(&flaw.to_string(), None);
        self.fail(CloseCode::Policy, "invalid subscriptions");
    }

    /// How long a message may be.
    fn longest(&self) -> usize {
        match self.state {
            State::Fresh { .. } => first_message(&self.limits),
            State::Open | State::Closed => self.limits.max_message,
        }
    }

    fn refuse_frame(&mut self, flaw: FrameFlaw) {
        let code = match flaw {
            FrameFlaw::TooLong(most) if matches!(self.state, State::Fresh { .. }) => {
                return self.refuse_subscriptions(SubscriptionsFlaw::TooMuch(most));
            }
            FrameFlaw::TooLong(_) | FrameFlaw::TooMuchUnfinished => CloseCode::Size,
            _ => CloseCode::Protocol,
        };
        self.fail(code, &flaw.to_string());
    }

    fn error(&mut self, context: &str, detail: Option<&str>) {
        self.send(&websocket_notice::error(ErrorCode::DeserializationFailed, context, detail));
    }

    fn send(&mut self, text: &str) {
        self.write(Message::text(text));
    }

    fn fail(&mut self, code: CloseCode, reason: &str) {
        self.reason = Some(reason.to_owned());
        self.write(Message::Close(Some(CloseFrame { code, reason: reason.into() })));
        self.state = State::Closed;
    }

    fn write(&mut self, message: Message) {
        if self.state != State::Closed {
            let mut pipe = Pipe { input: &[], output: &mut self.output };
            // It fails only where nothing can be said any more.
            let _ = self.socket.write(&mut pipe, message);
            let _ = self.socket.flush(&mut pipe);
        }
    }

    /// Sends what `tungstenite` answers by itself: pongs, and a close to a close.
    fn flush(&mut self) {
        // It fails when the last of it has been sent.
        let _ = self.socket.flush(&mut Pipe { input: &[], output: &mut self.output });
    }
}

/// How long the first message may be.
fn first_message(limits: &WebSocketLimits) -> usize {
    limits.max_subscriptions.min(limits.max_message)
}

fn socket(max_message: usize) -> WebSocketContext {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(max_message))
        .max_frame_size(Some(max_message))
        .accept_unmasked_frames(false);
    WebSocketContext::new(Role::Server, Some(config))
}

/// Memory that is read and written like a socket that never blocks for writing.
struct Pipe<'a> {
    input: &'a [u8],
    output: &'a mut Vec<u8>,
}

impl Read for Pipe<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        // Nothing to read is not the end, which is nothing that is read here.
        if self.input.is_empty() {
            Err(ErrorKind::WouldBlock.into())
        } else {
            self.input.read(into)
        }
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.output.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[path = "websocket_session_cases.rs"]
mod cases;
