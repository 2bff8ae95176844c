//! The syntax: what is read, what is refused and where, and that what is written is read again.

use proptest::prelude::*;

use super::*;

fn keys(text: &str) -> Vec<(String, usize, String)> {
    let entries = read_file(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    entries.into_iter().map(|entry| (entry.key, entry.line, entry.value.to_string())).collect()
}

fn told(key: &str, line: usize, value: &str) -> (String, usize, String) {
    (key.to_owned(), line, value.to_owned())
}

#[test]
fn groups_and_dots_mean_the_same() {
    let expected = [told("broker.ssl.cafile", 1, "\"ca\"")];
    for text in [
        "broker.ssl.cafile = \"ca\"",
        "broker { ssl { cafile = \"ca\" } }",
        "broker = { ssl = { cafile = \"ca\" } }",
        "broker.ssl { cafile: 'ca' }",
        "broker { ssl.cafile = \"ca\", }",
        "{ broker { \"ssl\" { cafile = \"ca\" } } }",
        "broker { ssl { cafile=\"ca\" } } # the end",
        "\"broker\" . ssl . cafile = \"ca\"",
    ] {
        assert_eq!(keys(text), expected, "{text}");
    }
}

#[test]
fn comments_commas_and_line_breaks_stand_anywhere_between() {
    let text = "# first\r\nverbose = true, # yes\r\n\r\ntopics = [ # these\n  \"/a\", # one\n  '/b'\n  ,\n]\nbroker {\n  # nothing else\n  disable-ssl = true\n  ttl = 16, port = 0x10\n}\nbroker { ssl {} }\na = 1, b = 2\n";
    assert_eq!(
        keys(text),
        [
            told("verbose", 2, "true"),
            told("topics", 4, "[\"/a\", \"/b\"]"),
            told("broker.disable-ssl", 11, "true"),
            told("broker.ttl", 12, "16"),
            told("broker.port", 12, "16"),
            told("a", 15, "1"),
            told("b", 15, "2"),
        ]
    );
    for nothing in ["", " \n\t", "# only a comment", "{}", "{ # c\n}\n# d"] {
        assert_eq!(keys(nothing), [], "{nothing:?}");
    }
}

#[test]
fn values_have_their_types() {
    use CafValue::{Boolean, Integer, List, Real, Text, Timespan, Uri};
    for (text, value) in [
        ("true", Boolean(true)),
        ("false", Boolean(false)),
        ("0", Integer(0)),
        ("-17", Integer(-17)),
        ("+17", Integer(17)),
        ("0x1F", Integer(31)),
        ("0b101", Integer(5)),
        ("017", Integer(15)),
        ("-9223372036854775808", Integer(i64::MIN)),
        ("1.5", Real(1.5)),
        (".5", Real(0.5)),
        ("-2e3", Real(-2000.0)),
        ("100ms", Timespan(100_000_000)),
        ("5s", Timespan(5_000_000_000)),
        ("-1us", Timespan(-1_000)),
        ("2min", Timespan(120_000_000_000)),
        ("1h", Timespan(3_600_000_000_000)),
        ("7ns", Timespan(7)),
        (r#""a\"b\\\n\t\r'""#, Text("a\"b\\\n\t\r'".into())),
        (r"'it\'s'", Text("it's".into())),
        ("\"\"", Text(String::new())),
        ("< tcp://host:9999 >", Uri("tcp://host:9999".into())),
        ("[]", List(vec![])),
        ("[1, [true,],]", List(vec![Integer(1), List(vec![Boolean(true)])])),
    ] {
        assert_eq!(read_value(text), Ok(value), "{text}");
    }
    let map = read_value("[{ a = 1, b.c = 2 }]").unwrap();
    assert_eq!(map.to_string(), r#"[{"a" = 1, "b.c" = 2}]"#);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, line, words) in [
        ("a = ", 1, "a value is"),
        ("a", 1, "must follow a key"),
        ("\na 1", 2, "must follow a key"),
        ("a = 1 b = 2", 1, "a comma or a new line"),
        ("a = \"open\nb = 1", 1, "must end in its line"),
        ("a = \"open", 1, "must end in its line"),
        ("a = \"\\q\"", 1, "no such escape"),
        ("a {\n b = 1\n", 3, "'}' is missing"),
        ("a = [1 2]", 1, "of a list"),
        ("a = [1,\n2\n", 3, "of a list"),
        ("a = <tcp://x\n>", 1, "must end a URI"),
        ("a = <nothing>", 1, "no URI"),
        ("= 1", 1, "no key"),
        ("{ a = 1 } b = 2", 1, "nothing may follow"),
        ("a = 1\n}", 2, "no key"),
        ("a = yes", 1, "a value is"),
        ("a = 1x", 1, "a value is"),
        ("a = 9223372036854775808", 1, "a value is"),
        ("a = 9999999999h", 1, "a value is"),
        ("a = 1e999", 1, "a value is"),
        ("a = --1", 1, "a value is"),
        ("a = 08", 1, "a value is"),
        ("a = 1..5", 1, "a value is"),
        ("a..b = 1", 1, "no key"),
    ] {
        let error = read_file(text).unwrap_err();
        assert!(error.line == line && error.words.contains(words), "{text:?}: {error:?}");
    }
}

#[test]
fn what_stands_too_deep_is_refused() {
    let lists = |deep: usize| format!("{}{}", "[".repeat(deep), "]".repeat(deep));
    assert!(read_value(&lists(64)).is_ok());
    assert!(read_value(&lists(65)).unwrap_err().words.contains("64 deep"));
    assert!(read_file(&"a{".repeat(100_000)).unwrap_err().words.contains("64 deep"));
    assert!(read_value(&"[".repeat(100_000)).is_err());
}

fn value() -> impl Strategy<Value = CafValue> {
    let uri = "[a-z]{1,4}://[a-z0-9.]{1,8}:[0-9]{1,4}";
    let simple = prop_oneof![
        any::<bool>().prop_map(CafValue::Boolean),
        any::<i64>().prop_map(CafValue::Integer),
        prop::num::f64::NORMAL.prop_map(CafValue::Real),
        any::<i64>().prop_map(CafValue::Timespan),
        any::<String>().prop_map(CafValue::Text),
        uri.prop_map(CafValue::Uri),
    ];
    simple.prop_recursive(4, 20, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(CafValue::List),
            prop::collection::btree_map("[a-z \"\\\\]{1,4}", inner, 1..4).prop_map(CafValue::Map),
        ]
    })
}

/// Whether a group within a map would become a prefix of its keys.
fn has_groups(value: &CafValue) -> bool {
    match value {
        CafValue::List(values) => values.iter().any(has_groups),
        CafValue::Map(entries) => {
            entries.values().any(|value| matches!(value, CafValue::Map(_)) || has_groups(value))
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn a_value_that_was_written_is_read_again(value in value()) {
        prop_assume!(!has_groups(&value));
        prop_assert_eq!(read_value(&value.to_string()), Ok(value));
    }

    #[test]
    fn any_text_is_read_or_refused_in_one_of_its_lines(text in "[a-c=:{}\\[\\]<>,.#\"'\\\\ \n0-9-]{0,60}") {
        if let Err(error) = read_file(&text) {
            let lines = text.split('\n').count();
            prop_assert!((1..=lines).contains(&error.line), "{:?} of {}", error, lines);
        }
    }
}
