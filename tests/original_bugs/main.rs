//! The bugs that were found in the original and that ours shall not have: for each a test, or
//! more, with its number at the start of the name.
//!
//! The original is Burp-UI's own `bui-monitor` 1.1.1 with `burp` 3.1.4.
//!
//! | # | the original | ours |
//! | --- | --- | --- |
//! | 1 | whatever goes wrong while a child is lent, its slot is never returned; after as many faults as there are slots every query waits for ever | every fault ends in an answer, and the pool is whole again |
//! | 2 | a directory with a name that is not UTF-8 is answered with an error and costs a slot | burp's bytes are passed on |
//! | 3 | a query while burp's server is away costs a slot; after its return nothing is answered | the cause is told, and the pool fills when the server is back |
//! | 4 | a server that is away at the start is never found again; a `timeout` below the server's tick of five seconds leaves slots empty | starting has a deadline of its own and is tried again for ever, ever less often |
//! | 5 | no burp, a wrong one, no `[Burp]` or `pool = 0`: starts, logs nothing and never answers | no start with exit code 78, or an answer with the cause and a line in the log |
//! | 6 | a query that is a number, or has half a surrogate pair, costs a slot | refused; no child sees it |
//! | 7 | a child killed while busy costs its request and a slot | another child is asked |
//! | 8 | with descriptors above 1023 nothing can be waited for; without any left the log overflows and nobody is served | the number of a descriptor is of no matter; accepting rests, silent connections go, one line a minute |
//! | 9 | an empty query blocks its slot for the timeout and kills the child | refused |
//! | 10 | a client can change what all others of its child get, make the child hang, or kill it (`j:`) | refused, wherever in the line the setting stands |
//! | 11 | a query above 32 000 bytes hangs or kills the child | refused above 16 000 bytes |
//! | 12 | before the password is checked there is no limit in size or time, and a body is read in quadratic time | `max_request`, `header_deadline`, `request_deadline`; linear |
//! | 13 | `statistics` with dead children stops everything for seconds | it waits alone |
//! | 14 | a header of eight bytes that comes in two pieces is an error | served |
//! | 15 | bytes after the request lead to a reset that may destroy the answer | they are read and dropped; the answer arrives |
//! | 16 | the summary stays old for as long as a child is asked about once a second | what changed is reread |
//! | 17 | a child is read one byte a system call, and pretty JSON parsed anew for each line | large pieces, one line an answer, nothing parsed |
//! | 18 | the password is in the log; the default and the empty one pass silently; a slip in `ssl` means plain text | never logged; warned of; an error |
//! | 19 | the query of a client that has gone is run, and others wait for it | dropped while it waits; one that burp has already is answered by burp |
//! | 20 | after a reload of burp's server each child costs somebody four to six seconds, and is a zombie until then | reaped at once, replaced in the background |
//! | 21 | a timeout, a dead child, a warning and a wrong password are all a bare `KO` | each failure has its words; `KO` is left to a wrong password and to what burp only warns of, which Burp-UI shows as an empty list |
//! | 22 | tracebacks; a port that is taken is told after five seconds; ports are taken modulo 65536; another program's name | one line and an exit code of sysexits, before any child runs |
//! | 23 | versions are compared as text, so that 2.10 is older than 2.2; not more than 40 children work at a time | compared as numbers; as many as `pool` says |
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod connections;
mod queries;
mod server;
mod slots;
mod start;
mod summary;
mod work;

/// How many bugs there are.
const BUGS: u32 = 23;

/// The sources of the tests.
const SOURCES: [&str; 8] = [
    include_str!("answers.rs"),
    include_str!("connections.rs"),
    include_str!("queries.rs"),
    include_str!("server.rs"),
    include_str!("slots.rs"),
    include_str!("start.rs"),
    include_str!("summary.rs"),
    include_str!("work.rs"),
];

#[test]
fn every_bug_has_its_row_and_its_test() {
    let table: Vec<&str> =
        include_str!("main.rs").lines().filter_map(|line| line.strip_prefix("//! | ")).collect();
    for number in 1..=BUGS {
        let rows = table.iter().filter(|row| row.starts_with(&format!("{number} |"))).count();
        assert_eq!(rows, 1, "{number} is in the table once");
        let test = format!("#[test]\nfn bug_{number:02}_");
        assert!(SOURCES.iter().any(|source| source.contains(&test)), "{number} has no test");
    }
    // Two lines of head.
    assert_eq!(table.len(), usize::try_from(BUGS).unwrap() + 2);
}
