//! From one database into another, whichever kind they are of.

use katalogus::{AddedPlugin, Existing, PluginKind, Repository, TransferError, export, import};

use crate::place::{Kept, Place, add, organisation, read, write};

/// Something in each table.
fn fill(place: &Place) {
    let store = place.store();
    let removed = add(&store, "removed");
    let pk = add(&store, "acme");
    write(&store, move |session| {
        session.remove_organisation("removed")?;
        let changed =
            katalogus::Organisation { name: "Ä\u{1}\"\\".into(), ..organisation("acme") };
        session.update_organisation(&katalogus::Organisation { deduplicate: false, ..changed })?;
        let far = Repository { id: "far".into(), name: "Far".into(), base_url: "x".into() };
        let far = session.add_repository(&far)?;
        session.set_state(pk, far, "alpha", true)?;
        // More rows than are held in memory at once.
        for number in 0..1100 {
            session.set_settings(pk, &format!("plugin{number}"), "{\"KEY\": \"\\u00e9\"}")?;
        }
        session.remove_settings(pk, "plugin7")?;
        session.add_plugin(&AddedPlugin {
            kind: PluginKind::Boefje,
            id: "made".into(),
            document: "{\"é\": [1]}".into(),
        })?;
        Ok(())
    })
    .unwrap();
    assert!(removed < pk);
}

fn exported(place: &Place) -> String {
    let mut out = Vec::new();
    let rows = export(&place.database(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count() as u64, rows + 2, "{}", place.name);
    text
}

fn imported(place: &Place, text: &str, existing: Existing) -> Result<u64, TransferError> {
    import(&place.database(), &mut text.as_bytes(), existing)
}

#[test]
fn what_was_exported_is_the_same_after_each_way() {
    for from in Place::each_with_tables() {
        fill(&from);
        let text = exported(&from);
        for to in Place::each_with_tables() {
            let rows = imported(&to, &text, Existing::Refuse).unwrap();
            assert!(rows > 2200);
            assert_eq!(exported(&to), text, "{} to {}", from.name, to.name);
            // New rows come after those that were imported.
            let store = to.store();
            let next = add(&store, "next");
            let acme = read(&store, |session| Ok(session.organisation("acme")?)).unwrap();
            assert!(next > acme.unwrap().0, "{} to {}", from.name, to.name);
            write(&store, move |session| Ok(session.set_settings(next, "plugin", "{}")?)).unwrap();
        }
    }
}

#[test]
fn rows_that_are_there_are_replaced_only_when_that_was_asked_for() {
    let from = Place::sqlite().with_tables();
    fill(&from);
    let text = exported(&from);
    for to in Place::each_with_tables() {
        add(&to.store(), "mine");
        let refused = imported(&to, &text, Existing::Refuse);
        assert!(matches!(refused, Err(TransferError::NotEmpty("organisation"))), "{refused:?}");
        let all = read(&to.store(), |session| Ok(session.organisations()?)).unwrap();
        assert_eq!(all, [organisation("mine")], "{}", to.name);
        imported(&to, &text, Existing::Replace).unwrap();
        assert_eq!(exported(&to), text, "{}", to.name);
    }
}

#[test]
fn an_export_that_is_not_whole_changes_nothing() {
    let from = Place::sqlite().with_tables();
    add(&from.store(), "acme");
    let text = exported(&from);
    let lines: Vec<&str> = text.lines().collect();
    let (end, head) = (lines.len(), lines[0]);
    let without = |skipped: usize| {
        let kept = lines.iter().enumerate().filter(|(number, _)| *number != skipped);
        kept.map(|(_, line)| *line).collect::<Vec<_>>().join("\n") + "\n"
    };
    let cases = [
        ("no head", without(0), 1, "it is not {\"format\""),
        ("cut off", without(end - 1), end, "cut off"),
        ("a row less", without(1), end - 1, "there are 1 rows"),
        ("more behind it", format!("{text}{head}\n"), end + 1, "follows"),
        ("no JSON", format!("{head}\nxyz\n"), 2, "no JSON object"),
        ("no such table", format!("{head}\n{{\"x\":{{}}}}\n"), 2, "\"x\" is no table"),
        ("no column", format!("{head}\n{{\"organisation\":{{}}}}\n"), 2, "organisation.pk"),
        (
            "a reference to nothing",
            format!(
                "{head}\n{{\"organisation_repository\":{{\"organisation_pk\":9,\"repository_pk\":9}}}}\n"
            ),
            2,
            "organisation_repository",
        ),
    ];
    for to in Place::each_with_tables() {
        let before = exported(&to);
        for (case, text, number, expected) in &cases {
            match imported(&to, text, Existing::Replace) {
                Err(TransferError::Line { line, words }) => {
                    assert_eq!(line, *number as u64, "{case}: {words}");
                    assert!(words.contains(expected), "{case}: {words}");
                }
                outcome => panic!("{case}: {outcome:?}"),
            }
            assert_eq!(exported(&to), before, "{}: {case}", to.name);
        }
        // Nothing of a server's is left locked.
        if let Kept::Server(server) = &to.kept {
            let locks = "SELECT count(*) FROM pg_prepared_xacts";
            assert_eq!(server.sql(&to.uri, locks), "0");
        }
        add(&to.store(), "afterwards");
    }
}
