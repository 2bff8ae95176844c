//! Clients that do not keep up.

use std::net::TcpStream;

use broker::data::Data;
use broker::{EndpointOptions, Overflow, Topic, WebSocketAccess, WebSocketLimits};
use ostler_net::LinkLimits;
use ostler_tests::wait::{PATIENCE, wait_for};
use ostler_tests::websocket::{Client, Node};

/// Bytes of a message.
const LENGTH: usize = 10_000;
/// So many messages are more than fits into all buffers on the way.
const MANY: u64 = 3000;

/// Messages that may wait for a client.
const QUEUED: usize = 64;
/// Bytes that may be on their way into the system's buffers when a client is cut off: two chunks of
/// a link, as what is taken ends with the chunk that makes it enough.
const WRITTEN_AT_ONCE: usize = 2 * 256 * 1024;

fn node(overflow: Overflow) -> Node {
    // However busy this machine is, there is time to read what is left.
    let links = LinkLimits { close: PATIENCE, stall: PATIENCE, ..LinkLimits::default() };
    let options = EndpointOptions { links, ..EndpointOptions::default() };
    let limits = WebSocketLimits { max_queued: QUEUED, overflow, ..WebSocketLimits::default() };
    Node::with(options, WebSocketAccess::default(), limits)
}

/// Publishes so many messages that begin with their numbers.
fn flood(node: &Node) {
    let topic = Topic::new("/x").unwrap();
    for number in 0..MANY {
        let text = format!("{number:0>LENGTH$}");
        // Nobody who subscribes over WebSocket keeps a program waiting.
        node.endpoint().publish(&topic, &Data::from(text.as_str())).unwrap();
    }
}

/// The numbers that come, until an error comes, and that.
fn until_told(client: &mut Client<TcpStream>) -> (Vec<u64>, String) {
    let mut numbers = Vec::new();
    loop {
        let message = client.json();
        if message["type"] == "error" {
            assert_eq!(message["code"], "backpressure_overflow");
            return (numbers, message["context"].as_str().unwrap().to_owned());
        }
        numbers.push(message["data"].as_str().unwrap().parse().unwrap());
    }
}

#[test]
fn who_is_cut_off_is_told_so_ahead_of_what_was_queued() {
    let node = node(Overflow::Disconnect);
    let mut client = node.client(&["/x"]);
    flood(&node);
    let (numbers, words) = until_told(&mut client);
    let count = u64::try_from(numbers.len()).unwrap();
    assert!(numbers.iter().copied().eq(0..count) && (1..MANY).contains(&count), "{count}");
    // Who is too slow for its messages would not get to the words behind them either.
    let dropped = node.endpoint().links().dropped;
    let least = QUEUED - WRITTEN_AT_ONCE / LENGTH - 2;
    assert!((least as u64..QUEUED as u64).contains(&dropped), "{dropped}");
    assert_eq!(words, "the client does not keep up with its subscriptions");
    let close = client.closed();
    assert_eq!((u16::from(close.code), close.reason.as_str()), (1013, &*words));
}

#[test]
fn who_misses_messages_is_told_how_many_once_there_is_room() {
    for overflow in [Overflow::DropNewest, Overflow::DropOldest] {
        let node = node(overflow);
        let mut client = node.client(&["/x"]);
        flood(&node);
        let mut dropped = 0;
        let mut numbers = Vec::new();
        while numbers.len() as u64 + dropped < MANY {
            let (more, words) = until_told(&mut client);
            numbers.extend(more);
            dropped += words.split(' ').next().unwrap().parse::<u64>().unwrap();
        }
        assert_eq!(numbers.len() as u64 + dropped, MANY);
        assert!(dropped > 0 && numbers.is_sorted(), "{overflow}");
        let has_last = numbers.last() == Some(&(MANY - 1));
        assert_eq!(has_last, overflow == Overflow::DropOldest, "{overflow}");
    }
}

#[test]
fn with_block_nothing_is_lost_and_the_writer_waits() {
    let node = node(Overflow::Block);
    let mut client = node.client(&["/x"]);
    std::thread::scope(|scope| {
        scope.spawn(|| flood(&node));
        for number in 0..MANY {
            let message = client.json();
            assert_eq!(message["data"].as_str().unwrap().parse(), Ok(number));
        }
    });
}

#[test]
fn with_block_a_long_message_behind_others_is_not_lost_either() {
    let node = node(Overflow::Block);
    let mut client = node.client(&["/x"]);
    // As much as the system does not take over, and less than may wait.
    let lengths = [[1 << 20; 8].as_slice(), &[20 << 20, 1]].concat();
    let publish = |length: usize| {
        let text = Data::from("x".repeat(length).as_str());
        assert_eq!(node.endpoint().publish(&Topic::new("/x").unwrap(), &text), Ok(1));
    };
    std::thread::scope(|scope| {
        scope.spawn(|| lengths.iter().copied().for_each(publish));
        wait_for("the first messages on their way", || node.endpoint().links().bytes_out > 1 << 20);
        for length in &lengths {
            assert_eq!(client.json()["data"].as_str().unwrap().len(), *length);
        }
    });
}

#[test]
fn with_block_a_client_that_writes_waits_too() {
    let node = node(Overflow::Block);
    let mut reader = node.client(&["/x"]);
    let mut writer = node.client(&[]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..MANY {
                writer.publish("/x", "string", &format!("\"{number:0>LENGTH$}\""));
            }
        });
        for number in 0..MANY {
            let message = reader.json();
            assert_eq!(message["data"].as_str().unwrap().parse(), Ok(number));
        }
    });
    // Whoever was held may go on.
    writer.publish("/x", "count", "1");
    assert_eq!(reader.json()["data"], 1);
}
