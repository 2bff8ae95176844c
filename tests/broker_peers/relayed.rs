//! Messages on their way through an endpoint to other nodes.

use broker::{EndpointId, EndpointOptions};

use crate::node::{LARGE, Node, SMALL, data, data_with_ttl, listening, soon, topic};

const MIDDLE: EndpointId = EndpointId([0x77; 16]);

fn relay(forwarding: bool) -> (broker::Endpoint, u16) {
    listening(EndpointOptions { id: MIDDLE, forwarding, ..EndpointOptions::default() })
}

#[test]
fn each_hop_takes_one_of_the_ttl_and_the_last_one_delivers_only() {
    let (endpoint, port) = relay(true);
    let mut subscriber = endpoint.subscribe([topic("/cap")]);
    let mut one = Node::peer(port, SMALL, &[]);
    let mut other = Node::peer(port, LARGE, &["/cap"]);
    assert!(endpoint.await_filter_entry(&topic("/cap"), soon()));
    for ttl in [0, 1, 2, 16] {
        one.publish(&data_with_ttl(SMALL, "/cap/x", ttl));
        assert_eq!(subscriber.get_before(soon()).unwrap().data.to_string(), ttl.to_string());
    }
    for ttl in [1, 15] {
        let message = other.message();
        assert_eq!(
            (message.ttl(), message.sender(), message.topic()),
            (ttl, MIDDLE, &b"/cap/x"[..])
        );
    }
}

#[test]
fn nothing_goes_back_to_where_it_came_from_nor_to_who_did_not_ask() {
    let (endpoint, port) = relay(true);
    let mut one = Node::peer(port, SMALL, &["/"]);
    let mut other = Node::peer(port, LARGE, &["/b"]);
    assert!(endpoint.await_peer(SMALL, soon()) && endpoint.await_peer(LARGE, soon()));
    one.publish(&data(SMALL, "/a", 1));
    one.publish(&data(SMALL, "/b", 2));
    assert_eq!(other.message().topic(), b"/b");
    other.publish(&data(LARGE, "/a", 3));
    let message = one.message();
    assert_eq!((message.topic(), message.payload()), (&b"/a"[..], data(LARGE, "/a", 3).payload()));
}

#[test]
fn a_leaf_passes_nothing_on() {
    let (endpoint, port) = relay(false);
    let mut subscriber = endpoint.subscribe([topic("/")]);
    let mut one = Node::peer(port, SMALL, &[]);
    let mut other = Node::peer(port, LARGE, &["/"]);
    assert!(endpoint.await_peer(LARGE, soon()));
    one.publish(&data(SMALL, "/a", 1));
    assert!(subscriber.get_before(soon()).is_some());
    endpoint.publish(&topic("/b"), &broker::data::Data::None).unwrap();
    assert_eq!(other.message().topic(), b"/b");
}

#[test]
fn a_loop_ends_if_one_node_in_it_counts_though_the_others_do_not() {
    let (endpoint, port) = relay(true);
    let mut one = Node::peer(port, SMALL, &[]);
    let mut other = Node::peer(port, LARGE, &["/"]);
    assert!(endpoint.await_filter_entry(&topic("/"), soon()));
    // Nodes of the original pass messages on with the TTL that they came with.
    let mut message = data(SMALL, "/loop", 1);
    let mut rounds = 0;
    loop {
        one.publish(&message);
        one.publish(&data(SMALL, "/mark", 1));
        let come = other.message();
        if come.topic() == b"/mark" {
            break;
        }
        assert_eq!(other.message().topic(), b"/mark");
        message = data_with_ttl(SMALL, "/loop", come.ttl());
        rounds += 1;
    }
    assert_eq!(rounds, 15);
}
