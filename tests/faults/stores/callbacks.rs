//! What a store calls: functions that panic, and functions that use the store.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, Topic};
use ostler_tests::Fault;
use ostler_tests::broker_peer::{listening, soon};
use ostler_tests::wait::PATIENCE;

use super::{RETRY, clone_of, has, master, text};

#[test]
fn sto_c01_functions_that_are_called_with_answers_panic() {
    let mut fault = Fault::begin("STO-C01");
    let (one, port) = listening(EndpointOptions::default());
    let master = master(&one);
    let other = Endpoint::new(EndpointOptions::default()).unwrap();
    let early = clone_of(&other);
    // Nothing can be answered yet.
    early.get_then("key", |_| panic!("early"));
    early.put_unique_then("unique", 1_u64, None, |_| panic!("early")).unwrap();
    other.peer("127.0.0.1", port, RETRY, soon()).unwrap();
    has(&early, "unique", 1);
    let mut number = 0;
    for store in [&master, &early] {
        for _ in 0..10 {
            number += 1;
            store.get_then("unique", |_| panic!("found"));
            store.put_unique_then(number, 1_u64, None, |_| panic!("put")).unwrap();
            store.put_unique_then(number, 2_u64, None, |_| panic!("put twice")).unwrap();
        }
        // What comes behind them is answered.
        assert!(!store.put_unique(number, 3_u64, None).unwrap());
        assert_eq!(store.get(&Data::Count(number)).unwrap(), Data::Count(1));
        let (sender, answer) = channel();
        store
            .put_unique_then(format!("after {number}").as_str(), 1_u64, None, move |found| {
                sender.send(found).unwrap();
            })
            .unwrap();
        assert_eq!(answer.recv_timeout(PATIENCE).unwrap().unwrap(), Data::Boolean(true));
    }
    assert!(early.await_idle(soon()) && master.await_idle(soon()));
    fault.saw("62 functions panicked; what came behind them was answered, on a master and a clone");
}

#[test]
fn sto_c02_a_tap_uses_the_store_within_its_call() {
    const MANY: u64 = 100;
    let mut fault = Fault::begin("STO-C02");
    let (one, port) = listening(EndpointOptions::default());
    let master = master(&one);
    let other = Endpoint::new(EndpointOptions::default()).unwrap();
    other.peer("127.0.0.1", port, RETRY, soon()).unwrap();
    let clone = clone_of(&other);
    let events = || Topic::new("<$>/local/data/store-events/st").unwrap();
    let answers = Arc::new(Mutex::new(0));
    let use_it = |store: &broker::Store, name: &'static str| {
        let (store, answers) = (store.clone(), Arc::clone(&answers));
        move |message: &broker::Message| {
            // Only of what others write, or it would hear itself for ever.
            let event = Data::decode(message.payload()).unwrap();
            let parts = event.as_vector().unwrap();
            if !matches!(parts[2], Data::Count(_)) || parts[0] != text("insert") {
                return;
            }
            let _ = store.get(&parts[2]);
            store.exists(&text("nothing")).unwrap();
            store.keys().unwrap();
            store.increment(name, 1_u64, None).unwrap();
            store.put(format!("{name} {}", parts[2]).as_str(), 1_u64, None).unwrap();
            store.erase(format!("{name} {}", parts[2]).as_str()).unwrap();
            let answers = Arc::clone(&answers);
            store.get_then("nothing", move |_| *answers.lock().unwrap() += 1);
        }
    };
    let taps = [
        one.tap([events()], use_it(&master, "of the master")),
        other.tap([events()], use_it(&clone, "of the clone")),
    ];
    for number in 0..MANY {
        let store = if number % 2 == 0 { &master } else { &clone };
        store.put(number, 1_u64, None).unwrap();
    }
    for store in [&master, &clone] {
        has(store, "of the master", MANY);
        has(store, "of the clone", MANY);
    }
    assert!(clone.await_idle(soon()) && master.await_idle(soon()));
    assert_eq!(*answers.lock().unwrap(), 2 * MANY);
    assert_eq!(master.keys().unwrap(), clone.keys().unwrap());
    drop(taps);
    fault.saw(format_args!("{} calls on a master and a clone that read, write and ask", 2 * MANY));
}
