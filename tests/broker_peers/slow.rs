//! Nodes that read more slowly than others write, or not at all.

use broker::data::Data;
use broker::{EndpointId, EndpointOptions, Message, Overflow, PublishError, Sc};

use crate::node::{LARGE, Node, SMALL, listening, next, soon, topic};

const MIDDLE: EndpointId = EndpointId([0x77; 16]);
/// Messages that wait for one peer.
const BUFFER: usize = 64;
/// More than any buffer of the system takes, in messages of 64 KiB.
const MOST: u64 = 1000;

fn options() -> EndpointOptions {
    EndpointOptions { id: MIDDLE, peer_buffer: BUFFER, ..EndpointOptions::default() }
}

fn large(number: u64) -> Data {
    Data::Vector(vec![Data::Count(number), Data::String(vec![b'x'; 64 << 10])])
}

#[test]
fn a_publisher_is_told_no_and_nothing_that_was_taken_is_lost() {
    let (endpoint, port) = listening(options());
    let mut slow = Node::peer(port, SMALL, &["/"]);
    assert!(endpoint.await_peer(SMALL, soon()));
    let mut taken = 0;
    let refused = loop {
        match endpoint.try_publish(&topic("/x"), &large(taken)) {
            Ok(told) => assert_eq!(told, 1),
            Err(error) => break error,
        }
        taken += 1;
        assert!(taken < MOST, "nobody reads");
    };
    assert!(matches!(refused, PublishError::Behind { .. }), "{refused}");
    for number in 0..taken {
        assert_eq!(slow.message().decode(), Ok(large(number)));
    }
    // Now there is room again.
    assert_eq!(endpoint.publish(&topic("/x"), &large(taken)).unwrap(), 1);
    assert_eq!(slow.message().decode(), Ok(large(taken)));
}

#[test]
fn who_does_not_read_what_is_passed_on_is_cut_off_and_the_others_are_not() {
    let (endpoint, port) = listening(options());
    let statuses = endpoint.status_subscriber(true);
    let mut writer = Node::peer(port, SMALL, &["/back"]);
    let _slow = Node::peer(port, LARGE, &["/"]);
    assert!(endpoint.await_filter_entry(&topic("/x"), soon()));
    let message = Message::data(SMALL, EndpointId::NIL, b"/x", &large(0)).unwrap();
    for _ in 0..MOST {
        writer.publish(&message);
    }
    let cut = next(&statuses, |status| status.code == Sc::PeerRemoved);
    assert_eq!(cut.endpoint.id, Some(LARGE));
    endpoint.publish(&topic("/back"), &Data::None).unwrap();
    assert_eq!(writer.message().topic(), b"/back");
}

#[test]
fn a_peer_that_is_to_be_waited_for_holds_up_who_writes_and_loses_nothing() {
    let (_endpoint, port) =
        listening(EndpointOptions { peer_overflow: Overflow::Block, ..options() });
    let mut slow = Node::peer(port, LARGE, &["/"]);
    let writer = Node::peer(port, SMALL, &[]);
    let written = std::thread::scope(|scope| {
        let writing = scope.spawn(move || {
            let mut writer = writer;
            for number in 0..MOST {
                let message = Message::data(SMALL, EndpointId::NIL, b"/x", &large(number));
                writer.publish(&message.unwrap());
            }
            writer
        });
        for number in 0..MOST {
            assert_eq!(slow.message().decode(), Ok(large(number)));
        }
        writing.join().is_ok()
    });
    assert!(written);
}
