//! Imports into a database that others use meanwhile.

use std::sync::mpsc::channel;
use std::thread;

use katalogus::{Existing, Session, TransferError, export, import};

use crate::overtaking::overtaken;
use crate::place::{Place, add, organisation, read, write};

/// A database with one organisation, as lines.
fn exported() -> String {
    let from = Place::sqlite().with_tables();
    add(&from.store(), "acme");
    let mut out = Vec::new();
    export(&from.database(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn whoever_was_writing_is_waited_for() {
    for existing in [Existing::Replace, Existing::Refuse] {
        let place = Place::postgres().with_tables();
        let (store, text) = (place.store(), exported());
        let first = |session: &mut Session<'_>| {
            session.add_organisation(&organisation("mine"))?;
            Ok(())
        };
        let outcome = overtaken(&place, &store, first, || {
            import(&place.database(), &mut text.as_bytes(), existing)
        });
        let all = read(&store, |session| Ok(session.organisations()?)).unwrap();
        if existing == Existing::Replace {
            assert!(outcome.is_ok(), "{outcome:?}");
            assert_eq!(all, [organisation("acme")]);
        } else {
            let refused = matches!(outcome, Err(TransferError::NotEmpty("organisation")));
            assert!(refused, "{outcome:?}");
            assert_eq!(all, [organisation("mine")]);
        }
    }
}
