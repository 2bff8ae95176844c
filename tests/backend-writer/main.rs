//! Writes batches of changes to a backend until it is killed, and says which are acknowledged.
//!
//! `backend-writer KIND PATH SEED FROM MAX_BYTES [OPTION=LABEL…]` says `opening`, and then the
//! number of each batch that was applied, from FROM on, or `!` and what went wrong. After an error
//! it waits for a line on standard input, and tries the same changes again.
#![expect(clippy::unwrap_used, reason = "part of a test, which fails by panicking")]

use std::io::stdin;
use std::path::PathBuf;

use broker_store::{BackendKind, open};
use ostler_tests::backends::{batch, kept, options, play};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().unwrap();
    let (kind, path): (BackendKind, PathBuf) = (next().parse().unwrap(), next().into());
    let (seed, from, max_bytes) =
        (next().parse().unwrap(), next().parse().unwrap(), next().parse().unwrap());
    let named: Vec<String> = arguments.collect();
    let mut options = options(&named.iter().map(String::as_str).collect::<Vec<_>>());
    options.insert("path".into(), path.to_str().unwrap().into());

    println!("opening");
    let backend = match open(kind, &options) {
        Ok(backend) => backend,
        Err(error) => return println!("! {}", error.with_cause()),
    };
    let mut model = kept(&*backend);
    for number in from.. {
        let mut changes = batch(seed, number, max_bytes);
        let mut has_failed = false;
        while let Err(error) = backend.apply(&mut changes) {
            println!("! {}", error.with_cause());
            assert_eq!(changes, batch(seed, number, max_bytes), "changes are lost");
            has_failed = true;
            if stdin().read_line(&mut String::new()).unwrap() == 0 {
                return;
            }
        }
        play(&mut model, &batch(seed, number, max_bytes));
        if has_failed {
            assert!(kept(&*backend) == model, "something is missing after a failure");
        }
        println!("{number}");
    }
}
