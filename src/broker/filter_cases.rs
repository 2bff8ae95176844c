//! Filters: what they match, and their form on the wire.

use proptest::prelude::*;

use super::*;

fn filter(topics: &[&str]) -> Filter {
    topics.iter().collect()
}

fn encoded(filter: &Filter) -> Vec<u8> {
    let mut bytes = Vec::new();
    filter.encode(&mut bytes);
    bytes
}

#[test]
fn a_topic_swallows_those_that_begin_with_it() {
    let mut filter = filter(&["/a/b", "/a/c", "/b", "/a"]);
    assert_eq!(filter.iter().collect::<Vec<_>>(), [b"/a", b"/b"]);
    assert!(!filter.extend(b"/a/d") && !filter.extend(b"/b"));
    assert!(filter.extend(b"/c/x") && filter.extend(b"/c/y") && filter.extend(b"/c"));
    assert_eq!(filter.len(), 3);
    assert!(filter.extend(b""));
    assert_eq!((filter.len(), filter.is_empty()), (1, false));
    assert!(!filter.extend(b"/anything"));
}

#[test]
fn a_prefix_of_bytes_matches() {
    let some = filter(&["/cap", "zeek/event/"]);
    for topic in ["/cap", "/cap/x", "/capital", "zeek/event/x"] {
        assert!(some.matches(topic.as_bytes()), "{topic}");
    }
    for topic in ["", "/ca", "/caq", "zeek/event", "zeek/eventx", "z"] {
        assert!(!some.matches(topic.as_bytes()), "{topic}");
    }
    assert!(!Filter::new().matches(b"") && filter(&[""]).matches(b"x"));
}

#[test]
fn a_prefix_swallows_no_master() {
    let all = ["st/", "st/<$>/data/master", "st/<$>/data/clone", "other/<$>/data/master"];
    let collected = filter(&all);
    let mut extended = Filter::new();
    // It comes before what begins it, and behind.
    for topic in all.iter().rev().chain(&all) {
        extended.extend(topic.as_bytes());
    }
    assert_eq!(extended, collected);
    assert_eq!(collected.iter().collect::<Vec<_>>(), [&b"other/<$>/data/master"[..], b"st/"]);
    for (topic, is_named) in all.iter().zip([true, true, false, true]) {
        assert_eq!(collected.names(topic.as_bytes()), is_named, "{topic}");
    }
    assert!(!filter(&["st/"]).names(b"st/<$>/data/master"));
    assert_ne!(filter(&["st/"]), collected);
    assert_eq!(Filter::decode(&encoded(&collected.announced())), Ok(collected));
}

#[test]
fn internal_topics_are_not_announced() {
    let filter = filter(&["<$>/local/data/statuses", "/cap", "st/<$>/data/master"]);
    assert_eq!(filter.announced(), self::filter(&["/cap", "st/<$>/data/master"]));
}

#[test]
fn the_form_on_the_wire_is_that_of_the_recordings() {
    assert_eq!(encoded(&filter(&["/cap"])), b"\x01\x04/cap");
    assert_eq!(encoded(&filter(&["/late/L", "/cap"])), b"\x02\x04/cap\x07/late/L");
    assert_eq!(encoded(&Filter::new()), b"\0");
    assert_eq!(Filter::decode(b"\x03\x02/b\x02/a\x04/a/c"), Ok(filter(&["/a", "/b"])));
}

#[test]
fn what_is_no_filter_is_refused() {
    for bytes in [&b""[..], b"\x01", b"\x01\x05/cap", b"\x01\x04/cap!", b"\xff\xff\xff\xff\x0f"] {
        assert_eq!(Filter::decode(bytes), Err(FilterError::Malformed), "{bytes:?}");
    }
    // The count alone shall not have memory reserved.
    let mut many = Vec::new();
    write_count(Filter::MAX_TOPICS + 1, &mut many);
    many.resize(many.len() + Filter::MAX_TOPICS + 1, 0);
    assert_eq!(Filter::decode(&many), Err(FilterError::TooLarge));
    let mut long = b"\x01".to_vec();
    write_bytes(&vec![b'x'; Filter::MAX_ENCODED_BYTES], &mut long);
    assert_eq!(Filter::decode(&long), Err(FilterError::TooLarge));
}

proptest! {
    #[test]
    fn a_filter_is_what_plain_thinking_says(
        topics in prop::collection::vec("[ab/]{0,4}", 0..20), asked in "[ab/]{0,6}",
    ) {
        let collected: Filter = topics.iter().collect();
        let mut extended = Filter::new();
        for topic in &topics {
            let wanted = topics.iter().any(|known| extended.matches(topic.as_bytes()) && known == topic);
            prop_assert_eq!(extended.extend(topic.as_bytes()), !wanted);
        }
        prop_assert_eq!(&collected, &extended);
        let plainly = topics.iter().any(|topic| asked.starts_with(topic.as_str()));
        prop_assert_eq!(collected.matches(asked.as_bytes()), plainly);
        for topic in &topics {
            // Here are no masters.
            let begins = |other: &&String| topic.starts_with(other.as_str()) && *other != topic;
            let is_begun = topics.iter().any(|other| begins(&other));
            prop_assert_eq!(collected.names(topic.as_bytes()), !is_begun);
        }
        prop_assert_eq!(Filter::decode(&encoded(&collected)), Ok(collected));
    }
}
