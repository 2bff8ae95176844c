//! Servers that are set up in other ways than usual.

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
