//! Whatever is done with an outbox, frames leave whole and in their order, and those that may not
//! be pushed out leave.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::LinkLimits;
use crate::link_outbox::{Flight, Outbox, Worth};

#[derive(Clone, Debug)]
enum Deed {
    Push(Worth, usize),
    DropOldest,
    /// Writes that many bytes of what is taken, at most.
    Write(usize),
    Shrink,
}

fn deed() -> impl Strategy<Value = Deed> {
    let worth =
        prop_oneof![3 => Just(Worth::Offered), 1 => Just(Worth::Kept), 1 => Just(Worth::Forced)];
    let length = prop_oneof![9 => 8_usize..600, 1 => 8_usize..50_000];
    let count = prop_oneof![0_usize..2000, 0_usize..400_000];
    prop_oneof![
        6 => (worth, length).prop_map(|(worth, length)| Deed::Push(worth, length)),
        2 => Just(Deed::DropOldest),
        2 => count.prop_map(Deed::Write),
        1 => Just(Deed::Shrink),
    ]
}

/// Its number, its length, and as many bytes as it takes.
fn frame(number: u32, length: usize) -> Arc<[u8]> {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.extend(u32::try_from(length).unwrap().to_be_bytes());
    bytes.resize(length, number.to_be_bytes()[3]);
    Arc::from(bytes)
}

/// Takes and writes `count` bytes at most: how many frames were finished.
fn write(outbox: &mut Outbox, count: usize, written: &mut Vec<u8>) -> usize {
    let mut flight = Flight::default();
    outbox.take(&mut flight);
    let all: Vec<u8> = flight.parts().iter().flat_map(|part| part.iter().copied()).collect();
    let count = count.min(all.len());
    written.extend(&all[..count]);
    outbox.put_back(&mut flight, count)
}

/// The numbers of the frames.
fn numbers(mut bytes: &[u8]) -> Vec<u32> {
    let mut numbers = Vec::new();
    while !bytes.is_empty() {
        let number = u32::from_be_bytes(bytes[..4].try_into().unwrap());
        let length = u32::from_be_bytes(bytes[4..8].try_into().unwrap()) as usize;
        assert!(bytes[..length] == *frame(number, length), "frame {number} is damaged");
        numbers.push(number);
        bytes = &bytes[length..];
    }
    numbers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn frames_leave_whole_and_in_order(deeds in vec(deed(), 1..200)) {
        let mut outbox = Outbox::default();
        let (mut pushed, mut kept, mut dropped, mut finished) = (0, Vec::new(), 0, 0);
        let (mut bytes, mut written) = (0, Vec::new());
        // What was not dropped, with its length.
        let mut sent = Vec::new();
        for deed in deeds {
            match deed {
                Deed::Push(worth, length) => {
                    outbox.push(&frame(pushed, length), worth);
                    if worth != Worth::Offered {
                        kept.push(pushed);
                    }
                    sent.push((worth, length));
                    pushed += 1;
                    bytes += length;
                }
                Deed::DropOldest => {
                    let before = outbox.len().1;
                    let mut start = 0;
                    let oldest = sent.iter().position(|(worth, length)| {
                        start += length;
                        *worth == Worth::Offered && start - length >= written.len()
                    });
                    prop_assert_eq!(outbox.drop_oldest(), oldest.is_some());
                    if let Some(oldest) = oldest {
                        dropped += 1;
                        let (_, length) = sent.remove(oldest);
                        prop_assert_eq!(before - outbox.len().1, length);
                        bytes -= length;
                    }
                }
                Deed::Write(count) => finished += write(&mut outbox, count, &mut written),
                Deed::Shrink => outbox.shrink(),
            }
            prop_assert_eq!(outbox.len().1, bytes - written.len());
            prop_assert_eq!(outbox.len().0, pushed as usize - dropped - finished);
            let mut end = 0;
            let whole = sent.iter().take_while(|(_, length)| {
                end += length;
                end <= written.len()
            });
            prop_assert_eq!(finished, whole.count(), "what was written does not wait");
        }
        while !outbox.is_empty() {
            finished += write(&mut outbox, usize::MAX, &mut written);
        }
        prop_assert_eq!(outbox.len(), (0, 0));
        let limits = LinkLimits { max_forced: 1, ..LinkLimits::default() };
        outbox.push(&frame(pushed, 8), Worth::Kept);
        prop_assert!(outbox.has_spare_room(1000, &limits), "nothing that was forced waits");
        let numbers = numbers(&written);
        prop_assert_eq!(numbers.len(), finished);
        prop_assert_eq!(finished + dropped, pushed as usize);
        prop_assert!(numbers.windows(2).all(|two| two[0] < two[1]));
        prop_assert!(kept.iter().all(|number| numbers.contains(number)));
    }
}
