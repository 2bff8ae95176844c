//! Servers that are set up in other ways than usual.

use katalogus::Generation;

use crate::instance::{Instance, Setup};
use crate::place::{Kept, Place, add, read};

#[test]
fn what_a_server_may_forget_is_not_acknowledged() {
    let place = Place::postgres().with_tables();
    let Kept::Server(server) = &place.kept else { unreachable!() };
    // Each new organisation gets the setting for its name.
    let trigger = "
        CREATE FUNCTION tells() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN NEW.name := current_setting(''synchronous_commit''); RETURN NEW; END';
        CREATE TRIGGER tells BEFORE INSERT ON organisation FOR EACH ROW EXECUTE FUNCTION tells()";
    server.sql(&place.uri, trigger);
    // What waits for more than the disk stays as whoever runs the server wants it.
    for (asked, used) in [("off", "on"), ("remote_apply", "remote_apply")] {
        let sql = format!("ALTER ROLE postgres SET synchronous_commit = {asked}");
        server.sql(&place.uri, &sql);
        let store = place.store();
        add(&store, asked);
        let added = read(&store, move |session| Ok(session.organisation(asked)?)).unwrap();
        assert_eq!(added.unwrap().1.name, used);
    }
}

#[test]
fn a_character_that_a_server_does_not_have_is_the_client_s_mistake() {
    for (generation, status) in [(Generation::V1_15, 404), (Generation::V1_20, 400)] {
        let mut place = Place::postgres();
        let Kept::Server(server) = &place.kept else { unreachable!() };
        server.sql(&place.uri, "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'");
        place.uri = place.uri.replace("/test0?", "/latin?");
        let setup = Setup { place: place.with_tables(), ..Setup::new(generation) };
        let instance = Instance::start(setup);
        let refused = instance.ask("POST", "/v1/organisations/", r#"{"id":"snow","name":"Sn☃w"}"#);
        assert_eq!(refused.status, status);
        assert_eq!(refused.json()["message"], "A storage error occurred");
        assert_eq!(instance.store().statistics().repeats, 0);
        let kept = instance.ask("POST", "/v1/organisations/", r#"{"id":"snow","name":"Schnée"}"#);
        assert_eq!(kept.status, 201);
    }
}
