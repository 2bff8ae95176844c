//! The recorded dialogue of a master and a clone of the original, with a store of ours in the place
//! of each: see `tests/golden/README.md`. What is said because time has passed depends on when; all
//! else is the same byte for byte.

use std::fs;
use std::time::Duration;

use broker::{
    BackendKind, BackendOptions, CloneOptions, EndpointOptions, Kind, Message, Store, StoreError,
    Subscriber,
};
use ostler_tests::binaries::workspace;
use ostler_tests::broker_peer::{Node, listening, soon, topic};
use ostler_tests::wait::PATIENCE;

use crate::events;

/// The kinds of commands that are said because time has passed.
const KEEPALIVE: u8 = 9;
const ACK: u8 = 10;
/// Where a command has its kind.
const COMMAND_KIND: usize = 56;

/// The recorded commands, each with whether the clone said it.
fn dialogue() -> Vec<(bool, Message)> {
    let path = workspace().join("tests/golden/broker/store-operations.txt");
    let text = fs::read_to_string(path).unwrap();
    let frames = text.lines().filter_map(|line| {
        let (who, hex) = line.split_once(' ').unwrap();
        let message = (hex != "closes").then(|| Message::parse(&bytes(hex)).ok()).flatten();
        message.map(|message| (who == "connector", message))
    });
    frames.filter(|(_, message)| message.kind() == Kind::Command).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Whether a command is said because of what happened.
fn is_certain(message: &Message) -> bool {
    message.kind() == Kind::Command && ![KEEPALIVE, ACK].contains(&message.payload()[COMMAND_KIND])
}

/// The next command that a store of ours says because of what happened.
fn next(node: &mut Node) -> Message {
    loop {
        let message = node.message();
        if is_certain(&message) {
            return message;
        }
    }
}

/// The store's changes, as a node is told of them.
fn told(events: &mut Subscriber, count: usize) -> Vec<String> {
    let next = |_| events.get_before(soon()).unwrap().data.to_string();
    (0..count).map(next).collect()
}

/// What the original told of the same changes, up to that by which everything is erased.
fn expected() -> Vec<String> {
    let (clone, master) = (format!("{LARGE_TEXT}, 8"), format!("{SMALL_TEXT}, 8"));
    let changes = [
        format!("insert, st, a, 1, nil, {clone}"),
        format!("update, st, a, 1, 2, nil, {clone}"),
        format!("insert, st, exp, x, 400000000ns, {clone}"),
        format!("expire, st, exp, {master}"),
        format!("insert, st, u, T, nil, {clone}"),
        format!("update, st, a, 2, 7, nil, {clone}"),
        format!("update, st, a, 7, 6, nil, {clone}"),
        format!("insert, st, s, xyz, nil, {clone}"),
        format!("insert, st, set, {{i}}, nil, {clone}"),
        format!("insert, st, tab, {{k -> 9}}, nil, {clone}"),
        format!("update, st, set, {{i}}, {{}}, nil, {clone}"),
        format!("insert, st, vec, (3), nil, {clone}"),
        format!("update, st, vec, (3), (), nil, {clone}"),
        format!("erase, st, a, {clone}"),
    ];
    changes.iter().map(|change| format!("({change})")).collect()
}

fn erased() -> Vec<String> {
    let keys = ["pre", "s", "set", "tab", "u", "vec"];
    keys.iter().map(|key| format!("(erase, st, {key}, {LARGE_TEXT}, 8)")).collect()
}

const SMALL_TEXT: &str = "11111111-1111-4111-8111-111111111111";
const LARGE_TEXT: &str = "eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee";

fn named(text: &str) -> EndpointOptions {
    let mut options = EndpointOptions { id: text.parse().unwrap(), ..EndpointOptions::default() };
    options.stores.first_object = Some(8);
    options
}

fn check_events(mut events: Subscriber, before: &[String]) {
    let all = [before, &expected()].concat();
    assert_eq!(told(&mut events, all.len()), all);
    let mut gone = told(&mut events, erased().len());
    gone.sort();
    assert_eq!(gone, erased());
}

#[test]
fn a_master_says_to_a_clone_of_the_original_what_the_original_said() {
    let (endpoint, port) = listening(named(SMALL_TEXT));
    let options = BackendOptions::default();
    let heard = endpoint.subscribe([events()]);
    let master = endpoint.attach_master("st", BackendKind::Memory, &options).unwrap();
    master.put("pre", 7_u64, None).unwrap();
    let mut node = Node::connect(port);
    node.shake_hands(LARGE_TEXT.parse().unwrap(), &["/back", "st/<$>/data/clone"]);
    for (is_clone, message) in dialogue() {
        if is_clone {
            node.publish(&message);
        } else if is_certain(&message) {
            assert_eq!(next(&mut node), message);
        }
    }
    assert_eq!(master.keys().unwrap().len(), 0);
    check_events(heard, &[format!("(insert, st, pre, 7, nil, {SMALL_TEXT}, 8)")]);
}

type Operation = Box<dyn Fn(&Store) -> Result<(), StoreError>>;

/// What the clone's user did, in the order in which it was recorded.
fn operations() -> Vec<Operation> {
    let life = Some(Duration::from_millis(400));
    let unique = |value: bool| move |store: &Store| store.put_unique_then("u", value, None, |_| ());
    vec![
        Box::new(|store| store.put("a", 1_u64, None)),
        Box::new(|store| store.put("a", 2_u64, None)),
        Box::new(move |store| store.put("exp", "x", life)),
        Box::new(unique(true)),
        Box::new(unique(false)),
        Box::new(|store| store.increment("a", 5_u64, None)),
        Box::new(|store| store.decrement("a", 1_u64, None)),
        Box::new(|store| store.append("s", "xyz", None)),
        Box::new(|store| store.insert_into("set", "i", None)),
        Box::new(|store| store.insert_into_table("tab", "k", 9_u64, None)),
        Box::new(|store| store.remove_from("set", "i", None)),
        Box::new(|store| store.push("vec", 3_u64, None)),
        Box::new(|store| store.pop("vec", None)),
        Box::new(|store| store.increment("s", 1_u64, None)),
        Box::new(|store| store.decrement("nokey", 1_u64, None)),
        Box::new(|store| store.erase("a")),
        Box::new(Store::clear),
    ]
}

#[test]
fn a_clone_says_to_a_master_of_the_original_what_the_original_said() {
    let mut options = named(LARGE_TEXT);
    // A master that says nothing for some ticks would be called again, and what it does not
    // acknowledge be said again: here nothing is said because time has passed.
    options.stores.channel.tick = PATIENCE;
    let (endpoint, port) = listening(options);
    let heard = endpoint.subscribe([events()]);
    let mut node = Node::connect(port);
    node.shake_hands(SMALL_TEXT.parse().unwrap(), &["/cap", "st/<$>/data/master"]);
    assert!(endpoint.await_filter_entry(&topic("st/<$>/data/master"), soon()));
    let clone = endpoint.attach_clone("st", CloneOptions::default()).unwrap();
    let mut operations = operations().into_iter();
    // An action has a number; before the first one the clone finds its master by itself.
    let (mut is_attached, mut before) = (false, None);
    for (is_clone, message) in dialogue() {
        if !is_clone {
            node.publish(&message);
        } else if is_certain(&message) {
            if is_attached {
                operations.next().unwrap()(&clone).unwrap();
            }
            // It says once more what was not answered yet.
            let said = std::iter::repeat_with(|| next(&mut node));
            assert_eq!(
                said.into_iter().find(|one| Some(one) != before.as_ref()),
                Some(message.clone())
            );
            is_attached |= message.payload()[COMMAND_KIND] == 8;
            before = Some(message);
        }
    }
    assert!(operations.next().is_none(), "every operation was recorded");
    check_events(heard, &[format!("(insert, st, pre, 7, nil, {SMALL_TEXT}, 8)")]);
    assert_eq!(clone.keys().unwrap().len(), 0);
}
