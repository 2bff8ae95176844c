//! What a program takes out of a configuration, and what it is told of the rest.

use super::*;

fn config(text: &str) -> CafConfig {
    CafConfig::parse(Path::new("broker.conf"), text.as_bytes()).unwrap()
}

#[test]
fn keys_are_taken_by_type_and_the_rest_is_warned_of() {
    let mut config = config(
        "broker { disable-ssl = true, web-socket.port = \"9997/tcp\" }\n\
         topics = [\"/a\", \"/b\"]\npeers = [<tcp://h:1>, \"tcp://h:2\"]\nport = 9999\n\
         rendezvous-retry = 5s\nrate = 2.5\nname = 'node'\nnum-messages = 100\nodd.key = 1\n\
         caf { logger { file { path = \"x\" } } }\n",
    );
    assert_eq!(config.boolean("broker.disable-ssl"), Ok(Some(true)));
    assert_eq!(config.port("broker.web-socket.port"), Ok(Some(9997)));
    assert_eq!(config.texts("topics"), Ok(Some(vec!["/a".into(), "/b".into()])));
    assert_eq!(config.uris("peers"), Ok(Some(vec!["tcp://h:1".into(), "tcp://h:2".into()])));
    assert_eq!(config.port("port"), Ok(Some(9999)));
    assert_eq!(config.duration("rendezvous-retry"), Ok(Some(Duration::from_secs(5))));
    assert_eq!(config.real("rate"), Ok(Some(2.5)));
    assert_eq!(config.text("name"), Ok(Some("node".into())));
    assert_eq!(config.integer("num-messages", 1..=1000), Ok(Some(100)));
    assert_eq!(config.boolean("verbose"), Ok(None));
    config.ignore("caf");
    let unknown = config.unknown().into_iter().map(|problem| problem.to_string());
    let expected = "broker.conf:9: odd.key: there is no such key: it is ignored";
    assert_eq!(unknown.collect::<Vec<_>>(), [expected]);
}

#[test]
fn the_last_of_several_values_counts() {
    let mut config = config("a { b = 1 }\na.b = 2\n");
    assert_eq!(config.integer("a.b", 0..=9), Ok(Some(2)));
    config.set("here", "a.b", "3");
    config.set("here", "topics", "[\"/x\"]");
    config.set("here", "name", "plain words");
    assert_eq!(config.integer("a.b", 0..=9), Ok(Some(3)));
    assert_eq!(config.texts("topics"), Ok(Some(vec!["/x".into()])));
    assert_eq!(config.text("name"), Ok(Some("plain words".into())));
    assert!(config.unknown().is_empty());
}

#[test]
fn values_in_quotes_are_what_they_should_be() {
    let mut config = config("a = \"true\"\nb = '17'\nc = \"5s\"\nd = \"/one\"\n");
    assert_eq!(config.boolean("a"), Ok(Some(true)));
    assert_eq!(config.integer("b", 0..=20), Ok(Some(17)));
    assert_eq!(config.duration("c"), Ok(Some(Duration::from_secs(5))));
    assert_eq!(config.texts("d"), Ok(Some(vec!["/one".into()])));
}

#[test]
fn a_value_of_another_type_is_told_without_being_repeated() {
    let mut config = config("a = 1\nb = \"secret\"\nc = 70000\nd = [1]\ne = -1s\n");
    let shown = |problem: Problem| problem.to_string();
    assert_eq!(
        config.boolean("a").map_err(shown),
        Err("broker.conf:1: a: must be true or false, and is a whole number".into())
    );
    assert_eq!(
        config.integer("b", 0..=9).map_err(shown),
        Err("broker.conf:2: b: must be a whole number from 0 to 9, and is a text".into())
    );
    for wrong in [
        config.port("c").map_err(shown).unwrap_err(),
        config.texts("d").map_err(shown).unwrap_err(),
        config.duration("e").map_err(shown).unwrap_err(),
    ] {
        assert!(wrong.starts_with("broker.conf:") && wrong.contains("must be"), "{wrong}");
    }
    config.set("here", "f", "x");
    assert_eq!(
        config.boolean("f").map_err(shown),
        Err("here: f: must be true or false, and is a text".into())
    );
}

#[test]
fn a_file_that_cannot_be_used_is_told_with_its_line() {
    let parse = |bytes: &[u8]| {
        CafConfig::parse(Path::new("x"), bytes).map_err(|problem| problem.to_string()).unwrap_err()
    };
    assert_eq!(parse(b"a = 1\nb = \xff"), "x:2: this is not UTF-8");
    assert_eq!(parse(b"a = 1\nb 2"), "x:2: `=` or `{` must follow a key");
    assert_eq!(parse(&vec![b' '; (1 << 20) + 1]), "x: is longer than 1048576 bytes");
    let missing = CafConfig::read(Path::new("/nonexistent/broker.conf")).unwrap_err();
    assert!(missing.to_string().starts_with("/nonexistent/broker.conf: cannot be read: "));
    assert!(CafConfig::parse(Path::new("x"), b"\xef\xbb\xbfa = 1").is_ok());
}
