//! Imports into a database that others use meanwhile.

use std::io::{self, BufReader, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
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

/// An input that says when it is asked for more, and waits for it.
struct Slow {
    asks: Sender<()>,
    parts: Receiver<Vec<u8>>,
}

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.asks.send(()).unwrap();
        // Whoever hangs up has no more.
        let part = self.parts.recv().unwrap_or_default();
        buffer[..part.len()].copy_from_slice(&part);
        Ok(part.len())
    }
}

#[test]
fn an_input_that_is_slow_holds_nobody_up() {
    let text = exported();
    for place in Place::each_with_tables() {
        let store = place.store();
        let ((asks, asked), (feed, parts)) = (channel(), channel());
        thread::scope(|scope| {
            let database = place.database();
            let import = scope.spawn(move || {
                let mut input = BufReader::new(Slow { asks, parts });
                import(&database, &mut input, Existing::Replace)
            });
            for line in text.split_inclusive('\n') {
                asked.recv().unwrap();
                // What came so far was read.
                let new = organisation("mine");
                write(&store, move |session| Ok(session.ensure_organisation(&new)?)).unwrap();
                feed.send(line.into()).unwrap();
            }
            asked.recv().unwrap();
            drop(feed);
            assert_eq!(import.join().unwrap().unwrap(), 2, "{}", place.name);
        });
        let all = read(&store, |session| Ok(session.organisations()?)).unwrap();
        assert_eq!(all, [organisation("acme")], "{}", place.name);
    }
}
