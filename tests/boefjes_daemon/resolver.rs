//! A resolver on loopback, which answers from a list.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ostler_runtime::Thread;

/// One record: name, type, and the data as messages have it, in which names are whole.
pub(crate) type Record = (&'static str, u16, Vec<u8>);

/// How often it looks whether its test has ended.
const LOOK: Duration = Duration::from_millis(20);
/// A longer answer does not fit into a datagram.
const MAX_DATAGRAM: usize = 512;

/// A resolver of one's own, over UDP and TCP. It ends with its test.
pub(crate) struct Resolver {
    address: SocketAddr,
    ends: Arc<AtomicBool>,
    threads: Vec<Thread>,
}

impl Resolver {
    /// It knows these records; of a name without any it says that there is none.
    pub(crate) fn new(records: Vec<Record>) -> Self {
        let (datagrams, listener) = sockets();
        let address = datagrams.local_addr().unwrap();
        let (ends, records) = (Arc::new(AtomicBool::new(false)), Arc::new(records));
        let ended = Arc::clone(&ends);
        let known = Arc::clone(&records);
        let over_udp = move || {
            datagrams.set_read_timeout(Some(LOOK)).unwrap();
            let mut question = [0; MAX_DATAGRAM];
            while !ended.load(Ordering::Relaxed) {
                let Ok((length, from)) = datagrams.recv_from(&mut question) else { continue };
                let whole = answer(&question[..length], &known);
                let sent = if whole.len() > MAX_DATAGRAM { cut(&whole) } else { whole };
                // Whoever asked may have gone.
                let _ = datagrams.send_to(&sent, from);
            }
        };
        let ended = Arc::clone(&ends);
        let over_tcp = move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(mut stream) = stream else { continue };
                let mut length = [0; 2];
                if stream.read_exact(&mut length).is_err() {
                    continue;
                }
                let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
                stream.read_exact(&mut question).unwrap();
                let whole = answer(&question, &records);
                let length = u16::try_from(whole.len()).unwrap().to_be_bytes();
                stream.write_all(&[&length[..], &whole].concat()).unwrap();
            }
        };
        let threads = vec![
            Thread::spawn("resolver:udp", over_udp).unwrap(),
            Thread::spawn("resolver:tcp", over_tcp).unwrap(),
        ];
        Self { address, ends, threads }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        // The listener looks when somebody comes.
        let _ = std::net::TcpStream::connect(self.address);
        self.threads.drain(..).for_each(Thread::join);
    }
}

/// One port for both.
fn sockets() -> (UdpSocket, TcpListener) {
    loop {
        let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
        if let Ok(listener) = TcpListener::bind(datagrams.local_addr().unwrap()) {
            return (datagrams, listener);
        }
    }
}

/// A name as messages have it.
pub(crate) fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').filter(|label| !label.is_empty());
    let mut bytes: Vec<u8> = labels
        .flat_map(|label| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat())
        .collect();
    bytes.push(0);
    bytes
}

fn answer(question: &[u8], records: &[Record]) -> Vec<u8> {
    let end = question[12..].iter().position(|byte| *byte == 0).unwrap() + 13;
    let (asked, kind) = (&question[12..end], &question[end..end + 2]);
    let of_name = |record: &&Record| name(record.0).eq_ignore_ascii_case(asked);
    let kind = u16::from_be_bytes(kind.try_into().unwrap());
    let is_there = records.iter().any(|record| of_name(&record));
    let found: Vec<&Record> =
        records.iter().filter(of_name).filter(|record| record.1 == kind).collect();
    // A response, recursion available, and whether there is such a name.
    let flags: u16 = if is_there { 0x8180 } else { 0x8183 };
    let count = u16::try_from(found.len()).unwrap();
    let mut out = question[..2].to_vec();
    for number in [flags, 1, count, 0, 0] {
        out.extend(number.to_be_bytes());
    }
    out.extend(&question[12..end + 4]);
    for (_, kind, data) in found {
        // The name of the question, by where it stands.
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend(1_u16.to_be_bytes());
        out.extend(300_u32.to_be_bytes());
        out.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        out.extend(data);
    }
    out
}

/// What is sent of an answer that is too long: its question, and that there is more.
fn cut(whole: &[u8]) -> Vec<u8> {
    let end = whole[12..].iter().position(|byte| *byte == 0).unwrap() + 17;
    let mut cut = whole[..end].to_vec();
    cut[2] |= 0x02;
    cut[6..8].copy_from_slice(&[0, 0]);
    cut
}
