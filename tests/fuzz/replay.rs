//! The fuzz targets on a stable compiler: each file of the corpus, and changes of them.
//!
//! What libFuzzer once found stays in the corpus, so a fault that was mended is found here if it
//! comes back. The changes make each run look a little further, without libFuzzer's guidance.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fmt;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ostler_tests::binaries::workspace;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;

/// A fuzz target: it takes any bytes and panics if a promise does not hold for them.
type Target = fn(&[u8]);

/// The most files and bytes of a corpus: it is read on every test run.
const MOST_FILES: usize = 200;
const MOST_BYTES: usize = 40 << 10;

/// Replays the corpus of the target, then changes of it.
fn replay(name: &str, target: Target) {
    let corpus = corpus(name);
    for (file, bytes) in &corpus {
        let outcome = catch_unwind(AssertUnwindSafe(|| target(bytes)));
        assert!(outcome.is_ok(), "tests/fuzz/corpus/{name}/{file} (see the panic above)");
    }
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) };
    let changed = (any::<Index>(), any::<Index>(), vec(change(), 1..8));
    let changed = changed.prop_map(|(one, other, changes)| {
        let mut bytes = one.get(&corpus).1.clone();
        for change in &changes {
            change.make(&mut bytes, &other.get(&corpus).1);
        }
        Input(bytes)
    });
    TestRunner::new(config)
        .run(&changed, |Input(bytes)| {
            target(&bytes);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// Bytes that are shown as a file can be made of them.
struct Input(Vec<u8>);

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "$'{}'", self.0.escape_ascii())
    }
}

/// The corpus in the tree: the name and the bytes of each file.
fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let directory = workspace().join("tests/fuzz/corpus").join(name);
    let mut corpus: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
        })
        .collect();
    corpus.sort();
    let bytes = corpus.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    assert!(!corpus.is_empty() && corpus.len() <= MOST_FILES, "{} files", corpus.len());
    assert!(bytes <= MOST_BYTES, "{bytes} bytes: drop some that are long");
    corpus
}

/// One change of some bytes.
#[derive(Clone, Debug)]
enum Change {
    /// This byte in place of the one there.
    Set(Index, u8),
    /// These bytes, before the one there.
    Insert(Index, Vec<u8>),
    /// Without so many bytes from there.
    Remove(Index, usize),
    /// So many bytes from there once more.
    Repeat(Index, usize),
    /// A part of another file, before the byte there.
    Splice(Index, Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let length = 1..64_usize;
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (any::<Index>(), vec(any::<u8>(), 1..9)).prop_map(|(at, new)| Change::Insert(at, new)),
        (any::<Index>(), length.clone()).prop_map(|(at, length)| Change::Remove(at, length)),
        (any::<Index>(), length.clone()).prop_map(|(at, length)| Change::Repeat(at, length)),
        (any::<Index>(), any::<Index>(), length)
            .prop_map(|(at, from, length)| Change::Splice(at, from, length)),
    ]
}

impl Change {
    fn make(&self, bytes: &mut Vec<u8>, other: &[u8]) {
        let part = |bytes: &[u8], from: &Index, length: usize| -> Vec<u8> {
            bytes.iter().skip(from.index(bytes.len() + 1)).take(length).copied().collect()
        };
        match self {
            Self::Set(at, byte) => {
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] = *byte;
                }
            }
            Self::Insert(at, new) => insert(bytes, *at, new),
            Self::Remove(at, length) => {
                let at = at.index(bytes.len() + 1);
                bytes.drain(at..(at + length).min(bytes.len()));
            }
            Self::Repeat(at, length) => insert(bytes, *at, &part(bytes, at, *length)),
            Self::Splice(at, from, length) => insert(bytes, *at, &part(other, from, *length)),
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: Index, new: &[u8]) {
    let at = at.index(bytes.len() + 1);
    bytes.splice(at..at, new.iter().copied());
}

#[test]
fn frames_are_the_same_however_they_are_cut() {
    replay("frame", ostler_net::fuzzing::frame);
}

#[test]
fn headers_of_proxies_are_read_or_refused_however_they_are_cut() {
    replay("proxy_header", ostler_net::fuzzing::proxy_header);
}

#[test]
fn requests_over_http_are_the_same_however_they_are_cut() {
    replay("http", ostler_http::fuzzing::http);
}

#[test]
fn requests_are_clean_however_they_are_written() {
    replay("request", bui_monitor::fuzzing::request);
}

#[test]
fn configurations_are_read_or_refused_and_mean_what_is_printed() {
    replay("ini", bui_monitor::fuzzing::ini);
}

#[test]
fn answers_are_those_between_their_markers_however_they_are_cut() {
    replay("child_stream", bui_monitor::fuzzing::child_stream);
}

#[test]
fn every_walk_of_a_child_keeps_its_promises_and_ends() {
    replay("state_walk", ostler_pool::fuzzing::state_walk);
}

#[test]
fn certificates_and_keys_are_taken_or_refused_in_few_words() {
    replay("certificate", ostler_net::fuzzing::certificate);
}

#[test]
fn json_is_read_and_written_alike_or_refused_at_a_character() {
    replay("json", katalogus::fuzzing::json);
}

#[test]
fn settings_are_checked_against_any_schema_or_it_is_refused() {
    replay("settings_schema", katalogus::fuzzing::settings_schema);
}

#[test]
fn hosts_and_jobs_are_understood_alike_in_pieces_or_refused() {
    replay("host", boefjes::fuzzing::host);
}

#[test]
fn tasks_and_objects_are_read_and_written_alike_or_refused() {
    replay("task", boefjes::fuzzing::task);
}

#[test]
fn websocket_clients_are_understood_alike_however_their_bytes_are_cut() {
    replay("websocket", broker::fuzzing::websocket);
}

#[test]
fn messages_of_websocket_clients_are_read_and_written_alike_or_refused() {
    replay("websocket_text", broker::fuzzing::websocket_text);
}

#[test]
fn messages_of_peers_are_made_of_their_fields_or_refused() {
    replay("broker_message", broker::fuzzing::broker_message);
}

#[test]
fn connections_of_peers_go_the_same_way_however_they_are_cut() {
    replay("broker_peer", broker::fuzzing::broker_peer);
}

#[test]
fn values_of_broker_are_read_and_written_alike_and_their_order_is_total() {
    replay("broker_value", broker_data::fuzzing::broker_value);
}

#[test]
fn whatever_a_master_and_a_clone_are_told_they_keep_no_more_than_they_may() {
    replay("store_command", broker_store::fuzzing::store_command);
}

#[test]
fn messages_of_broker_in_json_are_read_and_written_alike_or_refused() {
    replay("broker_json", broker_data::fuzzing::broker_json);
}

#[test]
fn configurations_of_the_broker_are_read_or_refused_in_one_of_their_lines() {
    replay("broker_config", broker::fuzzing::broker_config);
}
