//! Whoever comes while another one has written but not yet committed waits, and then goes on from
//! what was written. With SQLite there is one who writes at a time.

use std::sync::mpsc::channel;
use std::thread;

use katalogus::{Abort, Generation, Organisation, Session, Store};
use ostler_tests::{Heard, wait_for};

use crate::instance::{Instance, Setup};
use crate::place::{Kept, Place, add, organisation, write};

fn instance(generation: Generation) -> Instance {
    Instance::start(Setup { place: Place::postgres().with_tables(), ..Setup::new(generation) })
}

/// What becomes of `then`, which begins after `first` was done and before it is committed.
pub(crate) fn overtaken<T: Send>(
    place: &Place,
    store: &Store,
    mut first: impl FnMut(&mut Session<'_>) -> Result<(), Abort> + Send + 'static,
    then: impl FnOnce() -> T + Send,
) -> T {
    let Kept::Server(server) = &place.kept else { panic!("no server") };
    thread::scope(|scope| {
        let (says, done) = channel();
        let (go_on, waits) = channel::<()>();
        let first = scope.spawn(|| {
            write(store, move |session| {
                first(session)?;
                says.send(()).unwrap();
                // Whoever hangs up says go.
                let _ = waits.recv();
                Ok(())
            })
        });
        done.recv().unwrap();
        let then = scope.spawn(then);
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        wait_for("the other waits", || {
            then.is_finished() || server.sql(&place.uri, waiting) == "1"
        });
        drop(go_on);
        first.join().unwrap().unwrap();
        then.join().unwrap()
    })
}

/// The answer to a request that does so.
fn answered(
    instance: &Instance,
    first: impl FnMut(&mut Session<'_>) -> Result<(), Abort> + Send + 'static,
    (method, path, body): (&str, &str, &str),
) -> Heard {
    overtaken(instance.place(), instance.store(), first, || instance.ask(method, path, body))
}

#[test]
fn the_last_who_changes_an_organisation_changes_all_of_it() {
    let instance = instance(Generation::V1_20);
    add(instance.store(), "acme");
    let first = |session: &mut Session<'_>| {
        let new = Organisation { name: "first".into(), ..organisation("acme") };
        session.update_organisation(&new)?;
        Ok(())
    };
    let last = r#"{"id":"acme","name":"ACME","deduplicate":false}"#;
    let answer = answered(&instance, first, ("PUT", "/v1/organisations/", last));
    assert_eq!(answer.status, 200);
    let kept = instance.ask("GET", "/v1/organisations/acme", "");
    assert_eq!(String::from_utf8_lossy(&kept.body), last);
}

#[test]
fn an_organisation_that_is_removed_comes_into_being_again() {
    let instance = instance(Generation::V1_15);
    let settings = "/v1/organisations/acme/any/settings";
    for (method, path, body, status) in [
        (
            "PATCH",
            "/v1/organisations/acme/repositories/LOCAL/plugins/gamma",
            "{\"enabled\":false}",
            200,
        ),
        ("PUT", settings, "{\"key\":1}", 200),
        ("POST", &format!("{settings}/key"), "{\"value\":1}", 201),
    ] {
        add(instance.store(), "acme");
        let first = |session: &mut Session<'_>| {
            session.remove_organisation("acme")?;
            Ok(())
        };
        let answer = answered(&instance, first, (method, path, body));
        assert_eq!(answer.status, status, "{path}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(instance.ask("DELETE", "/v1/organisations/acme", "").status, 200, "{path}");
    }
}
