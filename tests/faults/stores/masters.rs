//! More masters than one, and fewer.

use broker::data::Data;
use broker::{Ec, Endpoint, EndpointOptions};
use ostler_tests::broker_peer::{LARGE, SMALL, listening, soon};
use ostler_tests::{Fault, wait_for};

use super::{RETRY, clone_of, error, has, master, text};

fn named(id: broker::EndpointId) -> EndpointOptions {
    EndpointOptions { id, ..EndpointOptions::default() }
}

#[test]
fn sto_p02_two_masters_meet_and_one_leaves() {
    let mut fault = Fault::begin("STO-P02");
    let (small, port) = listening(named(SMALL));
    let (large, large_port) = listening(named(LARGE));
    let (stays, goes) = (master(&small), master(&large));
    stays.put("of", 1_u64, None).unwrap();
    goes.put("of", 2_u64, None).unwrap();
    let [third, fourth] = [port, large_port].map(|port| {
        let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
        endpoint.peer("127.0.0.1", port, RETRY, soon()).unwrap();
        endpoint
    });
    let (first, second) = (clone_of(&third), clone_of(&fourth));
    has(&first, "of", 1);
    has(&second, "of", 2);

    let errors = [small.status_subscriber(false), large.status_subscriber(false)];
    fault.injected();
    large.peer("127.0.0.1", port, None, soon()).unwrap();
    for errors in &errors {
        assert!(error(errors, Ec::MasterExists).contains("store st"));
    }
    wait_for("one is refused", || goes.put("of", 3_u64, None).is_err());
    fault.within("both nodes say so, and the same one is refused", fault.elapsed(), 2.0);
    assert_eq!(goes.get(&text("of")).unwrap_err().ec(), Ec::MasterExists);
    // Whose clone was of the one that is refused is of the other one now, if it can be heard.
    fourth.peer("127.0.0.1", port, RETRY, soon()).unwrap();
    second.increment("again", 4_u64, None).unwrap();
    has(&second, "of", 1);
    fault.within("its clone has changed over", fault.elapsed(), 10.0);
    has(&first, "again", 4);

    fault.injected();
    drop((stays, small));
    wait_for("there is no other one", || goes.get(&text("of")).is_ok());
    assert_eq!(goes.get(&text("of")).unwrap(), Data::Count(2));
    has(&second, "of", 2);
    fault.within("once that leaves, the other one is the master again", fault.elapsed(), 10.0);
    assert!(second.await_idle(soon()));
}
