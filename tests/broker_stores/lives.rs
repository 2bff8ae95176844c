//! Masters and clones that come, go, and come back.

use std::time::Duration;

use broker::data::Data;
use broker::{
    BackendKind, BackendOptions, CloneOptions, Ec, Endpoint, EndpointOptions, Happening,
    StatusSubscriber, Store, StoreError,
};
use ostler_net::Address;
use ostler_tests::broker_peer::{LARGE, SMALL, listening, soon, topic};
use ostler_tests::wait::wait_for;

use crate::{clone_of, master, pair, text};

const RETRY: Option<Duration> = Some(Duration::from_secs(1));

/// An endpoint that listens on a port where another one has.
fn again(port: u16, options: EndpointOptions) -> Endpoint {
    let endpoint = Endpoint::new(options).unwrap();
    let at = Address::parse("127.0.0.1", port).unwrap();
    assert_eq!(endpoint.listen(&at).unwrap(), [port]);
    endpoint
}

/// Waits until a store has this.
fn has(store: &Store, key: &str, value: u64) {
    wait_for(key, || store.get(&text(key)).is_ok_and(|found| found == Data::Count(value)));
}

/// The next error with this code.
fn error(statuses: &StatusSubscriber, code: Ec) -> String {
    loop {
        match statuses.get_before(soon()).unwrap() {
            Happening::Error(error) if error.code == code => return error.to_string(),
            _ => {}
        }
    }
}

#[test]
fn a_clone_goes_on_with_the_next_master() {
    let (first, port) = listening(EndpointOptions::default());
    let other = Endpoint::new(EndpointOptions::default()).unwrap();
    other.peer("127.0.0.1", port, RETRY, soon()).unwrap();
    let one = master(&first);
    one.put("old", 1_u64, None).unwrap();
    let clone = clone_of(&other);
    has(&clone, "old", 1);
    drop((one, first));

    clone.put("meanwhile", 2_u64, None).unwrap();
    // What it has, it has.
    has(&clone, "old", 1);
    let second = again(port, EndpointOptions::default());
    let two = master(&second);
    two.put("new", 3_u64, None).unwrap();
    has(&clone, "new", 3);
    has(&two, "meanwhile", 2);
    has(&clone, "meanwhile", 2);
    wait_for("what the old master had is gone", || !clone.exists(&text("old")).unwrap());
    assert!(clone.await_idle(soon()) && two.await_idle(soon()));
}

#[test]
fn a_clone_notices_that_a_master_of_the_same_id_has_begun_from_the_beginning() {
    let named = || EndpointOptions { id: SMALL, ..EndpointOptions::default() };
    let (first, port) = listening(named());
    let other = Endpoint::new(EndpointOptions::default()).unwrap();
    other.peer("127.0.0.1", port, RETRY, soon()).unwrap();
    let one = master(&first);
    let clone = clone_of(&other);
    for number in 0..10_u64 {
        one.put("old", number, None).unwrap();
    }
    has(&clone, "old", 9);
    drop((one, first));
    let second = again(port, named());
    let two = master(&second);
    two.put("new", 1_u64, None).unwrap();
    has(&clone, "new", 1);
    two.put("new", 2_u64, None).unwrap();
    clone.put("mine", 3_u64, None).unwrap();
    has(&clone, "new", 2);
    has(&two, "mine", 3);
    wait_for("what the old master had is gone", || !clone.exists(&text("old")).unwrap());
}

#[test]
fn a_clone_may_be_there_before_its_master() {
    let (one, other) = pair();
    let clone = clone_of(&other);
    assert!(!clone.initialized());
    clone.put("early", 1_u64, None).unwrap();
    let (sender, answer) = std::sync::mpsc::channel();
    clone.get_then("early", move |found| sender.send(found).unwrap());
    let master = master(&one);
    has(&master, "early", 1);
    has(&clone, "early", 1);
    // It was asked before the master knew of it, or behind.
    let found = answer.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(matches!(found, Ok(Data::Count(1)) | Err(StoreError::NoSuchKey(_))), "{found:?}");
}

#[test]
fn a_clone_that_never_had_a_master_says_so_and_what_was_written_is_not_lost_in_silence() {
    let mut options = EndpointOptions::default();
    options.stores.max_get_delay = Duration::from_millis(100);
    let alone = Endpoint::new(options).unwrap();
    let errors = alone.status_subscriber(false);
    let mutation_buffer = Duration::from_millis(300);
    let clone = alone
        .attach_clone("st", CloneOptions { mutation_buffer, ..CloneOptions::default() })
        .unwrap();
    assert_eq!(clone.get(&text("a")).unwrap_err().ec(), Ec::StaleData);
    clone.put("a", 1_u64, None).unwrap();
    clone.put("b", 1_u64, None).unwrap();
    let said = error(&errors, Ec::NoSuchMaster);
    assert!(said.contains("store st") && said.contains("writes found no master"), "{said}");
    let refused = clone.put_unique("c", 1_u64, None).unwrap_err();
    assert_eq!(refused.ec(), Ec::NoSuchMaster);
    let none = CloneOptions { mutation_buffer: Duration::ZERO, ..CloneOptions::default() };
    let strict = alone.attach_clone("strict", none).unwrap();
    assert_eq!(strict.put("a", 1_u64, None).unwrap_err().ec(), Ec::NoSuchMaster);
}

#[test]
fn a_clone_says_when_what_it_has_is_stale_and_when_it_is_not_any_more() {
    let (first, port) = listening(EndpointOptions::default());
    let other = Endpoint::new(EndpointOptions::default()).unwrap();
    other.peer("127.0.0.1", port, RETRY, soon()).unwrap();
    let one = master(&first);
    one.put("a", 1_u64, None).unwrap();
    let errors = other.status_subscriber(false);
    let stale = Some(Duration::from_secs(1));
    let clone =
        other.attach_clone("st", CloneOptions { stale, ..CloneOptions::default() }).unwrap();
    has(&clone, "a", 1);
    drop((one, first));
    error(&errors, Ec::StaleData);
    // What was told may be of the time before, if this machine is busy: then it is not yet so.
    wait_for("it is stale", || {
        clone.get(&text("a")).is_err_and(|error| error.ec() == Ec::StaleData)
    });
    assert_eq!(clone.keys().unwrap_err().ec(), Ec::StaleData);
    let second = again(port, EndpointOptions::default());
    let two = master(&second);
    two.put("a", 2_u64, None).unwrap();
    has(&clone, "a", 2);
}

#[test]
fn a_clone_that_ends_holds_up_nobody() {
    let (one, other) = pair();
    let (master, clone) = (master(&one), clone_of(&other));
    assert!(clone.await_idle(soon()));
    assert_eq!((master.statistics().outputs, master.statistics().inputs), (1, 1));
    drop(clone);
    wait_for("the master knows that the clone has gone", || master.statistics().outputs == 0);
    assert_eq!(master.statistics().inputs, 0);
    master.put("a", 1_u64, None).unwrap();
    assert!(master.await_idle(soon()));
}

#[test]
fn there_is_one_master_of_a_name() {
    let (one, other) = pair();
    let options = BackendOptions::default();
    let first = master(&one);
    assert_eq!(master(&one).entity_id(), first.entity_id(), "it is the same store");
    assert!(other.await_filter_entry(&topic("st/<$>/data/master"), soon()));
    let refused = other.attach_master("st", BackendKind::Memory, &options).err().unwrap();
    assert_eq!(refused.ec(), Ec::MasterExists);
    assert_eq!(
        one.attach_clone("st", CloneOptions::default()).err().unwrap().ec(),
        Ec::NoSuchMaster
    );
    drop(first);
    wait_for("the name is free", || {
        other.attach_master("st", BackendKind::Memory, &options).is_ok()
    });
}

#[test]
fn who_only_listens_to_what_is_for_a_master_has_none() {
    let (one, other) = pair();
    let behind = topic("whatever comes behind");
    let _subscriber = one.subscribe([topic("st/<$>/data/master"), behind.clone()]);
    assert!(other.await_filter_entry(&behind, soon()));
    let store = master(&other);
    store.put("a", 1_u64, None).unwrap();
}

#[test]
fn a_master_is_seen_though_its_node_wants_all_that_begins_so() {
    let (one, port) = listening(EndpointOptions::default());
    let _subscriber = one.subscribe([topic("st/")]);
    let _master = master(&one);
    let other = Endpoint::new(EndpointOptions::default()).unwrap();
    other.peer("127.0.0.1", port, None, soon()).unwrap();
    let refused = other.attach_master("st", BackendKind::Memory, &BackendOptions::default());
    assert_eq!(refused.err().unwrap().ec(), Ec::MasterExists);
}

#[test]
fn of_two_masters_that_meet_later_one_is_refused_until_the_other_has_gone() {
    let named = |id| EndpointOptions { id, ..EndpointOptions::default() };
    let (small, port) = listening(named(SMALL));
    let large = Endpoint::new(named(LARGE)).unwrap();
    let (stays, goes) = (master(&small), master(&large));
    goes.put("a", 1_u64, None).unwrap();
    let errors = [small.status_subscriber(false), large.status_subscriber(false)];
    large.peer("127.0.0.1", port, None, soon()).unwrap();
    for errors in &errors {
        assert!(error(errors, Ec::MasterExists).contains("store st"));
    }
    wait_for("one is refused", || goes.put("a", 2_u64, None).is_err());
    assert_eq!(goes.get(&text("a")).unwrap_err().ec(), Ec::MasterExists);
    stays.put("a", 3_u64, None).unwrap();
    drop((stays, small));
    has(&goes, "a", 1);
}

#[test]
fn a_store_that_nobody_holds_or_whose_endpoint_has_ended_answers_nothing() {
    let (one, _) = pair();
    let store = master(&one);
    store.put("a", 1_u64, None).unwrap();
    assert!(one.shutdown(soon()));
    assert_eq!(store.get(&text("a")).unwrap_err().ec(), Ec::ShuttingDown);
    assert_eq!(store.put("a", 1_u64, None).unwrap_err().ec(), Ec::ShuttingDown);
    assert!(!store.await_idle(soon()));
}

#[test]
fn a_clone_may_be_far_from_its_master() {
    let (middle, port) = listening(EndpointOptions::default());
    // Whoever wants the very topic of a master says that it has one.
    middle.forward([topic("st/<$>/")]);
    let ends = [0, 1, 2].map(|_| Endpoint::new(EndpointOptions::default()).unwrap());
    for end in &ends {
        end.peer("127.0.0.1", port, None, soon()).unwrap();
    }
    let master = master(&ends[0]);
    let clones = [clone_of(&ends[1]), clone_of(&ends[2])];
    for (number, clone) in (1_u64..).zip(&clones) {
        clone.put(format!("key {number}"), number, None).unwrap();
        assert!(clone.put_unique(format!("once {number}"), number, None).unwrap());
    }
    for clone in &clones {
        has(clone, "key 1", 1);
        has(clone, "key 2", 2);
        assert!(clone.await_idle(soon()));
    }
    assert!(master.await_idle(soon()));
}

#[test]
fn a_proxy_asks_without_waiting() {
    let (one, other) = pair();
    let (_master, clone) = (master(&one), clone_of(&other));
    clone.put("a", 1_u64, None).unwrap();
    assert!(clone.await_idle(soon()));
    let proxy = clone.proxy();
    let asked = [
        proxy.get("a").unwrap(),
        proxy.exists("b").unwrap(),
        proxy.keys().unwrap(),
        proxy.put_unique("a", 2_u64, None).unwrap(),
        proxy.get("b").unwrap(),
        proxy.get_index_from_value("a", 0_u64).unwrap(),
    ];
    assert_eq!(asked, [1, 2, 3, 4, 5, 6]);
    let mut answers: Vec<_> = (0..6).map(|_| proxy.receive(soon()).unwrap()).collect();
    answers.sort_by_key(|response| response.id);
    let said: Vec<String> = answers
        .into_iter()
        .map(|response| response.answer.map_or_else(|no| no.to_string(), |yes| yes.to_string()))
        .collect();
    assert_eq!(said, ["1", "F", "{a}", "F", "no such key (store st, get, key b)", "1"]);
    assert_eq!(proxy.available(), 0);
}
