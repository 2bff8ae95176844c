//! Other keys for all settings, or for none.

use katalogus::{Cipher, RekeyError, RowFault, Store, rekey};

use crate::place::{Place, add, read, write};

/// Two pairs of keys: bytes that count up from 1, and up from 0.
const KEYS: [(&str, &str); 2] = [
    (
        "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
        "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw=",
    ),
    (
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8=",
    ),
];

fn sealbox(number: usize) -> Cipher {
    let (private, public) = KEYS[number];
    Cipher::sealbox(private, public).unwrap()
}

/// The settings of plugin `number` of `acme`.
fn text(number: usize) -> String {
    format!("{{\"KEY\": \"{number}\"}}")
}

fn stored(store: &Store) -> Vec<(String, String)> {
    read(store, |session| {
        let (pk, _) = session.organisation("acme")?.unwrap();
        Ok(session.all_settings(pk)?)
    })
    .unwrap()
}

#[test]
fn all_settings_get_other_keys() {
    for place in Place::each_with_tables() {
        let store = place.store();
        let pk = add(&store, "acme");
        write(&store, move |session| {
            for number in 0..1200 {
                session.set_settings(pk, &format!("plugin{number}"), &text(number))?;
            }
            Ok(())
        })
        .unwrap();
        let steps = [
            (Cipher::identity(), sealbox(0)),
            (sealbox(0), sealbox(1)),
            (sealbox(1), Cipher::identity()),
        ];
        for (old, new) in steps {
            assert_eq!(rekey(&place.database(), &old, &new).unwrap(), 1200, "{}", place.name);
            for (number, (_, values)) in stored(&store).into_iter().enumerate() {
                assert_eq!(new.decode(&values).unwrap(), text(number), "{}", place.name);
            }
        }
    }
}

#[test]
fn settings_that_the_keys_do_not_read_or_that_get_too_long_leave_all_as_it_was() {
    for place in Place::each_with_tables() {
        let store = place.store();
        let pk = add(&store, "acme");
        let long = format!("\"{}\"", "x".repeat(500));
        write(&store, move |session| {
            session.set_settings(pk, "first", &text(1))?;
            Ok(session.set_settings(pk, "long", &long)?)
        })
        .unwrap();
        let before = stored(&store);
        let outcome = rekey(&place.database(), &Cipher::identity(), &sealbox(0));
        let Err(RekeyError::Row { organisation_id, plugin_id, fault }) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!((&organisation_id[..], &plugin_id[..]), ("acme", "long"), "{}", place.name);
        assert!(matches!(fault, RowFault::Length(_)), "{fault}");
        assert_eq!(stored(&store), before, "{}", place.name);
        let outcome = rekey(&place.database(), &sealbox(0), &Cipher::identity());
        let wrong = matches!(&outcome, Err(RekeyError::Row { fault: RowFault::Decode(_), .. }));
        assert!(wrong, "{outcome:?}");
        assert_eq!(stored(&store), before, "{}", place.name);
    }
}
