//! Messages from and to a WebSocket client. The client does as little as can be: it sends frames
//! that it has made before, and of those that come it reads the number at the end.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use ostler_runtime::now;
use ostler_tests::Caller;
use ostler_tests::process::memory;
use ostler_tests::websocket::{Client, stream};

use crate::broker::{Bench, Program, Round, local};
use crate::broker_load::{TOPIC, first, frames, is_text, number, ping};
use crate::failure::{Context, Failure};
use crate::interrupt;

/// Frames that are made before, and sent again and again.
const MADE: u64 = 200;
/// What is read at once.
const CHUNK_BYTES: usize = 256 * 1024;
const ME: fn() -> String = || "the WebSocket client".to_owned();

/// A client sends so many to a node that wants them itself. They have arrived when a ping behind
/// them is answered; the node's own figures say how many there were.
pub(crate) fn into_node(bench: &Bench, count: u64) -> Result<Round, Failure> {
    let topics = format!("--topics=[\"{TOPIC}\"]");
    let arguments = ["-p", "0", "--web-socket-port=0", "--metrics-port=0", &topics];
    let mut node = bench.node(&arguments)?;
    let mut client = client(&mut node, "[]")?;
    let stream = client.stream();
    let batch = frames(MADE);
    let before = counted(&mut node)?;
    let start = now();
    let rounds = count / MADE;
    for _ in 0..rounds {
        stream.write_all(&batch).context(ME)?;
        interrupt::check()?;
    }
    stream.write_all(&ping()).context(ME)?;
    let mut pong = [0; 2];
    stream.read_exact(&mut pong).context(ME)?;
    let took = now().duration_since(start);
    let arrived = counted(&mut node)?.saturating_sub(before);
    let peak = memory(node.process.id(), "VmHWM");
    Ok(Round { sent: rounds * MADE, arrived, took, peak })
}

/// A process publishes to a node at full speed, which waits for its client: so many messages, from
/// the first to the last, in order and without a gap.
pub(crate) fn out_of_node(bench: &Bench, count: u64) -> Result<Round, Failure> {
    let arguments = ["-p", "0", "--web-socket-port=0", "--web-socket-overflow-policy=block"];
    let mut node = bench.node(&arguments)?;
    let mut client = client(&mut node, &format!("[\"{TOPIC}\"]"))?;
    let peers = local(node.port("peers")?).to_string();
    let publisher = bench.throughput(&["-t", "2", "-r", "0", "-s", "1000", &peers])?;
    let (arrived, took) = receive(client.stream(), count).context(ME)?;
    let peak = memory(node.process.id(), "VmHWM");
    drop(publisher);
    // With the last one more may have come, in their order.
    Ok(Round { sent: count.max(arrived), arrived, took, peak })
}

/// A client of the node that was acknowledged.
fn client(node: &mut Program, topics: &str) -> Result<Client<TcpStream>, Failure> {
    let address = local(node.port("WebSocket clients")?);
    let mut client = Client::over(stream(address), "/v1/messages/json", &[]);
    client.send(topics);
    if client.json()["type"] == "ack" {
        Ok(client)
    } else {
        Err(node.failed("the WebSocket client was not acknowledged"))
    }
}

/// How many messages the node has counted.
fn counted(node: &mut Program) -> Result<u64, Failure> {
    const LINE: &str = "broker_processed_messages_total{type=\"data\"} ";
    let mut caller = Caller::new(local(node.port("figures")?));
    caller.send("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    let answer = caller.last();
    let text = answer.text();
    let line = text.lines().find_map(|line| line.strip_prefix(LINE));
    line.and_then(|count| count.parse().ok()).ok_or_else(|| node.failed("it counts nothing"))
}

/// Reads so many texts, whose numbers follow each other from zero: how many came so, and the time
/// from the first to the last.
fn receive(stream: &mut TcpStream, count: u64) -> io::Result<(u64, Duration)> {
    let mut buffer = vec![0; CHUNK_BYTES];
    let (mut filled, mut arrived) = (0, 0);
    let mut start = None;
    while arrived < count && !interrupt::asked() {
        let room = buffer.get_mut(filled..).unwrap_or_default();
        let read = stream.read(room)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        start.get_or_insert_with(now);
        filled += read;
        let mut at = 0;
        while let Some((kind, text, length)) = first(buffer.get(at..filled).unwrap_or_default()) {
            if is_text(kind) {
                if number(text) != Some(arrived) {
                    let words = String::from_utf8_lossy(text).into_owned();
                    return Err(io::Error::other(format!("{words} instead of number {arrived}")));
                }
                arrived += 1;
            }
            at += length;
        }
        buffer.copy_within(at..filled, 0);
        filled -= at;
    }
    Ok((arrived, start.map_or(Duration::ZERO, |start| now().duration_since(start))))
}
