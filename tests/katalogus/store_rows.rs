//! What goes in comes out, on both databases alike.

use katalogus::{
    AddedPlugin, ConfigFilter, Organisation, PluginKind, Repository, Session, StoreError,
};

use crate::place::{Place, add, organisation, read, write};

fn local(session: &mut Session<'_>) -> Result<katalogus::Pk, StoreError> {
    Ok(session.repository(Repository::LOCAL)?.unwrap().0)
}

#[test]
fn organisations_keep_their_order_and_are_unique() {
    for place in Place::each_with_tables() {
        let (store, name) = (place.store(), place.name);
        for id in ["zeta", "alpha", "", "Über"] {
            add(&store, id);
        }
        let ids = |all: Vec<Organisation>| all.into_iter().map(|one| one.id).collect::<Vec<_>>();
        let all = read(&store, |session| Ok(session.organisations()?)).unwrap();
        assert_eq!(ids(all), ["zeta", "alpha", "", "Über"], "{name}");
        let again = write(&store, |session| Ok(session.add_organisation(&organisation("zeta"))?));
        let error = again.unwrap_err();
        assert_eq!(
            error,
            StoreError::Duplicate { constraint: "organisation_id", key: "(id)=(zeta)".into() },
            "{name}"
        );
        let changed = Organisation { deduplicate: false, ..organisation("alpha") };
        let wanted = changed.clone();
        assert!(write(&store, move |session| Ok(session.update_organisation(&changed)?)).unwrap());
        let found = read(&store, |session| Ok(session.organisation("alpha")?)).unwrap();
        assert_eq!(found.map(|(_, one)| one), Some(wanted), "{name}");
        let unknown = organisation("unknown");
        let updated = write(&store, move |session| Ok(session.update_organisation(&unknown)?));
        assert_eq!(updated, Ok(false), "{name}");
        let removed = |id| write(&store, move |session| Ok(session.remove_organisation(id)?));
        assert_eq!([removed("zeta"), removed("zeta")], [Ok(true), Ok(false)], "{name}");
        let all = read(&store, |session| Ok(session.organisations()?)).unwrap();
        assert_eq!(ids(all), ["alpha", "", "Über"], "{name}");
    }
}

#[test]
fn lengths_are_counted_in_characters_and_nul_is_refused() {
    for place in Place::each_with_tables() {
        let (store, name) = (place.store(), place.name);
        add(&store, &"ü".repeat(32));
        let long = Organisation { name: "x".into(), ..organisation(&"ü".repeat(33)) };
        let outcome = write(&store, move |session| Ok(session.add_organisation(&long)?));
        let column = "organisation.id";
        assert_eq!(outcome.unwrap_err(), StoreError::TooLong { column, limit: 32 }, "{name}");
        let nul = organisation("a\0b");
        let outcome = write(&store, move |session| Ok(session.add_organisation(&nul)?));
        assert_eq!(outcome.unwrap_err(), StoreError::Unstorable { column }, "{name}");
        let found = read(&store, |session| Ok(session.organisation("a\0b")?));
        assert_eq!(found, Ok(None), "{name}");

        let pk = add(&store, "acme");
        for (plugin, values, error) in [
            ("p".repeat(64), "v".repeat(512), None),
            ("q".repeat(65), "{}".into(), Some(("settings.plugin_id", 64))),
            ("r".into(), "v".repeat(513), Some(("settings.values", 512))),
        ] {
            let set =
                move |session: &mut Session<'_>| Ok(session.set_settings(pk, &plugin, &values)?);
            let wanted =
                error.map_or(Ok(()), |(column, limit)| Err(StoreError::TooLong { column, limit }));
            assert_eq!(write(&store, set), wanted, "{name}");
        }
    }
}

#[test]
fn repositories_hold_states_and_the_first_is_there_from_the_start() {
    for place in Place::each_with_tables() {
        let (store, name) = (place.store(), place.name);
        let pk = add(&store, "acme");
        let new = Repository {
            id: "far".into(),
            name: "Far".into(),
            base_url: "http://far.example/".into(),
        };
        let far = {
            let new = new.clone();
            write(&store, move |session| Ok(session.add_repository(&new)?)).unwrap()
        };
        let all = read(&store, |session| Ok(session.repositories()?)).unwrap();
        let seeded = Repository {
            id: "LOCAL".into(),
            name: "Local Plugin Repository".into(),
            base_url: "http://dev/null".into(),
        };
        assert_eq!(all, [seeded, new], "{name}");
        let states = write(&store, move |session| {
            let local = local(session)?;
            session.set_state(pk, local, "alpha", true)?;
            session.set_state(pk, far, "alpha", true)?;
            session.set_state(pk, local, "alpha", false)?;
            assert_eq!(session.state(pk, local, "alpha")?, Some(false));
            assert_eq!(session.state(pk, local, "beta")?, None);
            Ok(session.states(pk)?)
        });
        let state = |repository: &str, enabled| ("alpha".into(), repository.into(), enabled);
        assert_eq!(states, Ok(vec![state("LOCAL", false), state("far", true)]), "{name}");
        let left = write(&store, move |session| {
            assert!(session.remove_repository("far")?);
            assert!(!session.remove_repository("far")?);
            Ok(session.states(pk)?)
        });
        assert_eq!(left, Ok(vec![state("LOCAL", false)]), "{name}");
        let removed = write(&store, move |session| {
            let local = local(session)?;
            Ok([session.remove_state(pk, local, "alpha")?, session.remove_state(pk, local, "x")?])
        });
        assert_eq!(removed, Ok([true, false]), "{name}");
    }
}

#[test]
fn settings_are_replaced_and_go_with_their_organisation() {
    for place in Place::each_with_tables() {
        let (store, name) = (place.store(), place.name);
        let (acme, other) = (add(&store, "acme"), add(&store, "other"));
        let all = write(&store, move |session| {
            session.set_settings(acme, "b", "{\"é\": 1}")?;
            session.set_settings(acme, "a", "{}")?;
            session.set_settings(other, "a", "other's")?;
            session.set_settings(acme, "b", "{}")?;
            session.set_settings(acme, "b", "{\"é\": 2}")?;
            assert_eq!(session.settings(acme, "c")?, None);
            assert!(session.remove_settings(acme, "a")?);
            assert!(!session.remove_settings(acme, "a")?);
            Ok(session.all_settings(acme)?)
        });
        assert_eq!(all, Ok(vec![("b".into(), "{\"é\": 2}".into())]), "{name}");
        write(&store, |session| Ok(session.remove_organisation("acme")?)).unwrap();
        let left = read(&store, move |session| {
            Ok((session.settings(acme, "b")?, session.settings(other, "a")?))
        });
        assert_eq!(left, Ok((None, Some("other's".into()))), "{name}");
    }
}

#[test]
fn configurations_are_numbered_once_and_never_again() {
    for place in Place::each_with_tables() {
        let (store, name) = (place.store(), place.name);
        let (acme, other) = (add(&store, "acme"), add(&store, "other"));
        write(&store, move |session| {
            let local = local(session)?;
            session.set_settings(acme, "alpha", "{}")?;
            session.set_state(other, local, "alpha", true)?;
            session.set_state(acme, local, "alpha", false)?;
            session.set_settings(acme, "beta", "{}")?;
            // The state keeps the number, and a number that was given up is not given again.
            session.remove_settings(acme, "alpha")?;
            session.remove_settings(acme, "beta")?;
            session.set_settings(acme, "beta", "new")?;
            Ok(())
        })
        .unwrap();
        let configs = |filter: ConfigFilter| {
            let all = read(&store, move |session| Ok(session.configs(&filter)?)).unwrap();
            let line = |one: katalogus::Config| {
                format!(
                    "{} {} {} {:?} {:?}",
                    one.number, one.organisation_id, one.boefje_id, one.settings, one.enabled
                )
            };
            all.into_iter().map(line).collect::<Vec<_>>()
        };
        let of = |organisation: Option<&str>, boefje: Option<&str>| ConfigFilter {
            organisation_id: organisation.map(Into::into),
            boefje_id: boefje.map(Into::into),
        };
        let lines = [
            "1 acme alpha None Some(false)",
            "2 other alpha None Some(true)",
            "4 acme beta Some(\"new\") None",
        ];
        assert_eq!(configs(of(None, None)), lines, "{name}");
        assert_eq!(configs(of(Some("acme"), None)), [lines[0], lines[2]], "{name}");
        assert_eq!(configs(of(None, Some("alpha"))), lines[..2], "{name}");
        assert!(configs(of(Some("acme"), Some("gamma"))).is_empty(), "{name}");
    }
}

#[test]
fn added_plugins_are_unique_among_their_kind_and_take_their_configurations_along() {
    for place in Place::each_with_tables() {
        let (store, name) = (place.store(), place.name);
        let pk = add(&store, "acme");
        let plugin = |kind, document: &str| AddedPlugin {
            kind,
            id: "made".into(),
            document: document.into(),
        };
        let boefje = plugin(PluginKind::Boefje, "{\"name\": \"Made\"}");
        let normalizer = plugin(PluginKind::Normalizer, "{}");
        let all = {
            let (boefje, normalizer) = (boefje.clone(), normalizer.clone());
            write(&store, move |session| {
                session.lock_added_plugins()?;
                session.add_plugin(&normalizer)?;
                session.add_plugin(&boefje)?;
                session.set_settings(pk, "made", "{}")?;
                Ok(session.added_plugins()?)
            })
        };
        assert_eq!(all, Ok(vec![normalizer, boefje.clone()]), "{name}");
        let again = {
            let boefje = boefje.clone();
            write(&store, move |session| Ok(session.add_plugin(&boefje)?))
        };
        let key = "(kind, id)=(boefje, made)".into();
        let wanted = StoreError::Duplicate { constraint: "ostler_plugin_id", key };
        assert_eq!(again, Err(wanted), "{name}");
        let found = read(&store, |session| Ok(session.added_plugin("made")?));
        assert_eq!(found, Ok(Some(boefje)), "{name}");
        let changed = write(&store, move |session| {
            let changed = plugin(PluginKind::Boefje, "[]");
            assert!(session.update_plugin(&changed)?);
            Ok(session.added_plugin("made")?.map(|plugin| plugin.document))
        });
        assert_eq!(changed, Ok(Some("[]".into())), "{name}");
        let left = write(&store, move |session| {
            assert!(session.remove_plugin(PluginKind::Boefje, "made")?);
            assert!(!session.remove_plugin(PluginKind::Boefje, "made")?);
            let kind = session.added_plugin("made")?.map(|plugin| plugin.kind);
            Ok((kind, session.settings(pk, "made")?))
        });
        assert_eq!(left, Ok((Some(PluginKind::Normalizer), None)), "{name}");
    }
}
