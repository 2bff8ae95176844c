//! The token of Bytes: shared by all threads, and renewed by one at a time.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use boefjes::{ClientSettings, Services, Stopping};
use ostler_runtime::Thread;
use ostler_tests::openkat::{Asked, OpenKatVersion, Trouble};
use ostler_tests::{OpenKat, PATIENCE};
use uuid::Uuid;

const THREADS: usize = 8;

/// Threads that ask for a raw file at the same time, and what they are told.
struct Asking {
    threads: Vec<Thread>,
    answers: Receiver<Result<Option<Vec<u8>>, String>>,
}

impl Asking {
    fn new(services: &Services) -> Self {
        let (sender, answers) = channel();
        let ask = |number| {
            let (bytes, sender) = (Arc::clone(&services.bytes), sender.clone());
            let ask = move || {
                let answer = bytes.raw(Uuid::nil(), u64::MAX).map_err(|error| error.to_string());
                sender.send(answer).unwrap();
            };
            Thread::spawn(&format!("asks:{number}"), ask).unwrap()
        };
        Self { threads: (0..THREADS).map(ask).collect(), answers }
    }

    fn answers(self) -> Vec<Result<Option<Vec<u8>>, String>> {
        self.threads.into_iter().for_each(Thread::join);
        self.answers.try_iter().collect()
    }
}

/// Waits until so many raw files have been refused to who did not log in.
fn wait_refused(openkat: &OpenKat, count: usize) {
    openkat.wait("all are told that they must log in", |books| {
        let calls = books.calls.iter().filter(|call| call.target.starts_with("/bytes/raw"));
        calls.filter(|call| call.status == Some(401)).count() == count
    });
}

fn log_ins(openkat: &OpenKat) -> usize {
    openkat.lines().iter().filter(|line| line.contains("/token")).count()
}

fn remote(settings: &ClientSettings) -> Services {
    Services::remote(settings, &Arc::new(Stopping::new()))
}

#[test]
fn a_token_that_no_longer_counts_is_renewed_once_for_all() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let services = openkat.services();
    for round in 1..4 {
        openkat.expire_tokens();
        // Nobody gets another until all have been told that theirs does not count.
        openkat.inject(Asked::Bytes, "POST /token", 1, Trouble::Delay(PATIENCE));
        let asking = Asking::new(&services);
        wait_refused(&openkat, round * THREADS);
        openkat.heal(Asked::Bytes);
        assert_eq!(asking.answers(), vec![Ok(None); THREADS]);
        assert_eq!(log_ins(&openkat), round);
    }
}

#[test]
fn a_password_that_is_wrong_is_tried_once_for_all() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    let mut settings = openkat.client_settings();
    settings.bytes_password = "hidden&words".to_owned().into();
    let services = remote(&settings);
    openkat.inject(Asked::Bytes, "POST /token", 1, Trouble::Delay(PATIENCE));
    let asking = Asking::new(&services);
    wait_refused(&openkat, THREADS);
    openkat.heal(Asked::Bytes);
    let words = "Bytes answered 401 to POST /token: Incorrect username or password";
    assert_eq!(asking.answers(), vec![Err(words.to_owned()); THREADS]);
    assert_eq!(log_ins(&openkat), 1);
    // Whoever asks later tries anew.
    services.bytes.raw(Uuid::nil(), u64::MAX).unwrap_err();
    assert_eq!(log_ins(&openkat), 2);
    let books = openkat.books();
    let call = books.calls.iter().find(|call| call.target == "/token").unwrap();
    assert_eq!(call.text(), "username=test&password=hidden%26words");
}

#[test]
fn a_token_that_is_refused_at_once_is_not_renewed_for_ever() {
    let openkat = OpenKat::new(OpenKatVersion::V1_15);
    openkat.inject(Asked::Bytes, "/bytes/raw", usize::MAX, Trouble::Status(401));
    let error = openkat.services().bytes.raw(Uuid::nil(), u64::MAX).unwrap_err().to_string();
    let path = format!("/bytes/raw/{}", Uuid::nil());
    assert_eq!(error, format!("Bytes answered 401 to GET {path}: as the test wants"));
    let raw = format!("bytes GET {path}");
    assert_eq!(openkat.lines(), [raw.clone(), "bytes POST /token".to_owned(), raw]);
}

#[test]
fn what_is_no_token_is_an_error_that_does_not_repeat_it() {
    for (body, problem) in [
        ("tok", "it is no object"),
        (r#"{"token":"tok"}"#, "it has no access_token"),
        (r#"{"access_token":"tok\r\nX: y"}"#, "it has no access_token"),
    ] {
        let openkat = OpenKat::new(OpenKatVersion::V1_15);
        openkat.inject(Asked::Bytes, "/token", 1, Trouble::Body(body.into()));
        let error = openkat.services().bytes.raw(Uuid::nil(), u64::MAX).unwrap_err().to_string();
        assert_eq!(error, format!("Bytes answered something strange to POST /token: {problem}"));
    }
}
