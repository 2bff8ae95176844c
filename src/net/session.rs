//! One TLS session over a socket, of a server or of a client. With those of `tls` it is the only
//! module that names rustls.
//!
//! A server's handshake is a part of receiving: whoever reads a request drives it, without blocking
//! and under the request's own deadlines. rustls's state for a connection is made when there is
//! something to receive, so that a silent client costs no more than a plain one. Who has something
//! to say before anything is received [establishes](Session::establish) the session first.
//!
//! # What is promised
//!
//! - An answer is enciphered piece by piece: never more than [`BUFFERED_BYTES`] of it are held
//!   beside the answer itself, however slowly the client reads.
//! - The farewell (`close_notify`) goes out in the same write as the last byte of the answer.
//! - A client that spends far more bytes on records than they carry ([`OVERHEAD_BYTES`]) is cut
//!   off: each record costs a decipherment, however short it is.

use std::collections::VecDeque;
use std::io::{self, BufRead, ErrorKind, IoSlice, Write};
use std::sync::Arc;

use rustix::io::Errno;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

use crate::proxy_header::is_proxys;
use crate::session_socket::{Incoming, Outgoing};
use crate::socket::{Moved, Socket, Want};
use crate::stream::{Behind, Broken};
use crate::tls::TlsFault;

/// Bytes of an answer that are enciphered at a time; four records of the largest size.
const BUFFERED_BYTES: usize = 64 * 1024;

/// How many bytes a client may send beyond twice what they carry, from the answer before to the
/// end of its request. A handshake with a long chain of certificates takes a quarter of it.
const OVERHEAD_BYTES: usize = 64 * 1024;

/// A socket and what has been agreed on over it.
#[derive(Debug)]
pub(crate) struct Session {
    socket: Arc<Socket>,
    /// Bytes that were read from the socket before the session began.
    early: VecDeque<u8>,
    state: State,
    /// Bytes that were deciphered and not received yet.
    held: usize,
    /// Bytes received from the socket beyond twice those that they carried.
    overhead: usize,
    /// Whether the client has been told that nothing more will come.
    farewell: bool,
    /// Whether something was begun to be sent, and not handed to the kernel whole.
    unsent: bool,
    /// Whether the handshake has failed over the header of a proxy.
    proxys: bool,
}

#[derive(Debug)]
enum State {
    /// Nobody has received yet. Holds what is presented to a client that begins now.
    Fresh(Arc<ServerConfig>),
    /// The same of a client, and whom it calls.
    Calling(Arc<ClientConfig>, ServerName<'static>),
    Begun(Box<Connection>),
}

/// What is sent before anything is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    All,
    Handshake,
}

impl Session {
    /// One of a server.
    pub(crate) fn new(socket: Socket, config: Arc<ServerConfig>) -> Self {
        Self::in_state(socket, State::Fresh(config))
    }

    /// One of a client that calls `name`.
    pub(crate) fn calling(
        socket: Socket,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Self {
        Self::in_state(socket, State::Calling(config, name))
    }

    fn in_state(socket: Socket, state: State) -> Self {
        Self {
            socket: Arc::new(socket),
            early: VecDeque::new(),
            state,
            held: 0,
            overhead: 0,
            farewell: false,
            unsent: false,
            proxys: false,
        }
    }

    pub(crate) fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// Has the session begin with `bytes`, which were read from the socket by somebody else.
    pub(crate) fn begin_with(&mut self, bytes: &[u8]) {
        self.early.extend(bytes);
    }

    /// Goes through the handshake: what it waits for, or nothing once it is done.
    pub(crate) fn establish(&mut self) -> Result<Option<Want>, Broken> {
        loop {
            let tls = begun(&mut self.state)?;
            if let Some(want) = hand_over(tls, &self.socket)? {
                return Ok(Some(want));
            }
            if !tls.is_handshaking() {
                return Ok(None);
            }
            match self.take_records()? {
                Moved::Bytes(_) => {}
                Moved::End => {
                    let why = "the connection was closed during the handshake".to_owned();
                    return Err(Broken::Tls(TlsFault::Other(why)));
                }
                Moved::Later(want) => return Ok(Some(want)),
            }
        }
    }

    /// Reads into the spare capacity of `buffer`, after the handshake, and once there is room for what
    /// is to be sent before.
    pub(crate) fn receive(&mut self, buffer: &mut Vec<u8>) -> Result<Moved, Broken> {
        self.take_in(buffer, Before::All)
    }

    /// The same whether there is room or not; and whether anything still is to be sent.
    ///
    /// If both sides read only what they have room to answer, both may wait for ever.
    pub(crate) fn receive_anyway(&mut self, buffer: &mut Vec<u8>) -> Result<(Moved, bool), Broken> {
        let moved = self.take_in(buffer, Before::Handshake)?;
        Ok((moved, matches!(&self.state, State::Begun(tls) if tls.wants_write())))
    }

    fn take_in(&mut self, buffer: &mut Vec<u8>, before: Before) -> Result<Moved, Broken> {
        loop {
            let tls = begun(&mut self.state)?;
            if self.held > 0 {
                let moved = deliver(tls, buffer)?;
                self.held = self.held.saturating_sub(moved);
                return Ok(Moved::Bytes(moved));
            }
            if tls.wants_write() {
                if let Some(want) = hand_over(tls, &self.socket)?
                    && (before == Before::All || tls.is_handshaking())
                {
                    return Ok(Moved::Later(want));
                }
                if tls.is_handshaking() && self.early.is_empty() {
                    // The client has some reckoning to do first; asking the socket would be in
                    // vain.
                    return Ok(Moved::Later(Want::Read));
                }
            }
            match self.take_records()? {
                Moved::Bytes(_) => {}
                other => return Ok(other),
            }
        }
    }

    /// Reads from the socket and deciphers: how many bytes were read.
    fn take_records(&mut self) -> Result<Moved, Broken> {
        let tls = begun(&mut self.state)?;
        let mut incoming = Incoming::new(&mut self.early, &self.socket);
        let count = match tls.read_tls(&mut incoming) {
            // With or without a farewell: a frame says how long it is, so that one that was
            // cut short is never taken for a whole one.
            Ok(0) => return Ok(Moved::End),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if !tls.is_handshaking() {
                    // A client that has sent the end of its handshake may wait for this
                    // before it sends its request.
                    self.socket.acknowledge();
                }
                return Ok(Moved::Later(Want::Read));
            }
            Err(error) => return Err(failed(&error)),
        };
        match tls.process_new_packets() {
            Ok(state) => {
                let carried = state.plaintext_bytes_to_read();
                self.held = carried;
                let overhead = self.overhead.saturating_add(count);
                self.overhead = overhead.saturating_sub(carried.saturating_mul(2));
                if self.overhead > OVERHEAD_BYTES {
                    let why = "too many records with too little in them".to_owned();
                    return Err(Broken::Tls(TlsFault::Other(why)));
                }
                Ok(Moved::Bytes(count))
            }
            Err(error) => {
                // The alert that says why. If there is no room for it, there is none.
                let _ = hand_over(tls, &self.socket);
                self.proxys = tls.is_handshaking() && is_proxys(&incoming.first);
                Err(broken(&error))
            }
        }
    }

    /// Enciphers and sends `parts`, or as much of them as is held at a time.
    pub(crate) fn send(&mut self, parts: &[IoSlice<'_>], behind: Behind) -> Result<Moved, Broken> {
        // Nobody sends before a request was received.
        let State::Begun(tls) = &mut self.state else { return Err(Errno::NOTCONN.into()) };
        self.unsent = true;
        if let Some(want) = hand_over(tls, &self.socket)? {
            return Ok(Moved::Later(want));
        }
        self.overhead = 0;
        let count = tls.writer().write_vectored(parts).map_err(|error| failed(&error))?;
        let whole = parts.iter().map(|part| part.len()).fold(0, usize::saturating_add);
        if count >= whole {
            self.flush(behind)?;
        } else {
            hand_over(tls, &self.socket)?;
        }
        Ok(Moved::Bytes(count))
    }

    /// Sends what is enciphered, and the farewell if nothing follows.
    pub(crate) fn flush(&mut self, behind: Behind) -> Result<Option<Want>, Broken> {
        let State::Begun(tls) = &mut self.state else { return Ok(None) };
        if behind == Behind::Nothing && !self.farewell {
            tls.send_close_notify();
            self.farewell = true;
        }
        let want = hand_over(tls, &self.socket)?;
        self.unsent &= want.is_some();
        Ok(want)
    }

    /// Sends the farewell, if there is a session to end and room for it.
    pub(crate) fn say_farewell(&mut self) {
        if matches!(&self.state, State::Begun(tls) if !tls.is_handshaking()) {
            // The connection is closed next, whatever comes of this.
            let _ = self.flush(Behind::Nothing);
        }
    }

    /// Whether the client has begun the handshake.
    pub(crate) fn has_begun(&self) -> bool {
        matches!(&self.state, State::Begun(_))
    }

    /// Whether the handshake has failed over the header of a proxy.
    pub(crate) fn began_as_proxy(&self) -> bool {
        self.proxys
    }

    /// Whether there are deciphered bytes that were not received.
    pub(crate) fn holds_bytes(&self) -> bool {
        self.held > 0
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // What is cut short must not seem to have come to its end.
        if !self.unsent {
            self.say_farewell();
        }
    }
}

/// The connection's state, made where it was not yet.
fn begun(state: &mut State) -> Result<&mut Connection, Broken> {
    let made = match &*state {
        State::Begun(_) => None,
        State::Fresh(config) => Some(ServerConnection::new(config.clone()).map(Connection::from)),
        State::Calling(config, name) => {
            Some(ClientConnection::new(config.clone(), name.clone()).map(Connection::from))
        }
    };
    if let Some(made) = made {
        let mut tls = made.map_err(|error| broken(&error))?;
        tls.set_buffer_limit(Some(BUFFERED_BYTES));
        *state = State::Begun(Box::new(tls));
    }
    match state {
        State::Begun(tls) => Ok(tls),
        State::Fresh(_) | State::Calling(..) => Err(Errno::NOTCONN.into()),
    }
}

/// Moves deciphered bytes, which must be there, to the spare capacity of `buffer`.
fn deliver(tls: &mut Connection, buffer: &mut Vec<u8>) -> Result<usize, Broken> {
    let mut moved = 0_usize;
    let mut reader = tls.reader();
    loop {
        let room = buffer.capacity().saturating_sub(buffer.len());
        let chunk = match reader.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if moved == 0 => return Err(failed(&error)),
            Err(_) => return Ok(moved),
        };
        let count = chunk.len().min(room);
        buffer.extend_from_slice(chunk.get(..count).unwrap_or_default());
        reader.consume(count);
        moved = moved.saturating_add(count);
        if count == 0 {
            return Ok(moved);
        }
    }
}

/// Gives enciphered bytes to the kernel: what it has to wait for, or nothing.
fn hand_over(tls: &mut Connection, socket: &Socket) -> Result<Option<Want>, Broken> {
    while tls.wants_write() {
        match tls.write_tls(&mut Outgoing(socket)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Some(Want::Write)),
            Err(error) => return Err(failed(&error)),
        }
    }
    Ok(None)
}

fn broken(error: &rustls::Error) -> Broken {
    Broken::Tls(TlsFault::from(error))
}

fn failed(error: &io::Error) -> Broken {
    match Errno::from_io_error(error) {
        Some(errno) => Broken::Socket(errno),
        None => Broken::Tls(TlsFault::Other(error.to_string())),
    }
}
