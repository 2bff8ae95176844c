//! The broker from C: programs that are compiled against the headers, linked with either library,
//! and run.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod declared;
mod installed;
mod library;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use ostler_tests::Certificates;
use ostler_tests::http::Heard;
use ostler_tests::process::Process;
use ostler_tests::websocket::{Client, data_message, request, stream};

use library::{Language, Library, Linkage, succeeds};

/// Where WebSocket clients connect.
const PATH: &str = "/v1/messages/json";

/// Each way to make a program.
const WAYS: [(Language, Linkage); 3] = [
    (Language::C99, Linkage::Shared),
    (Language::C99, Linkage::Static),
    (Language::Cpp, Linkage::Shared),
];

/// Has what a program does wrong with memory end it, and what it leaves behind.
const VALGRIND: [&str; 6] = [
    "valgrind",
    "--quiet",
    // It runs one thread at a time: one that looks again and again would keep the others from running.
    "--fair-sched=yes",
    "--error-exitcode=99",
    "--leak-check=full",
    // What statics hold is not left behind, nor is what Rust knows of the main thread, to which a
    // pointer leads that is not to its beginning.
    "--errors-for-leak-kinds=definite,indirect",
];

#[test]
fn values_are_made_looked_at_and_come_back_from_every_form() {
    let library = Library::new();
    for (language, linkage) in WAYS {
        let program = library.program("values.c", language, linkage);
        let printed = succeeds(&mut library.run(&[], &program));
        assert_eq!(printed, concat!(env!("CARGO_PKG_VERSION"), "\n"), "{language:?} {linkage:?}");
    }
}

#[test]
fn endpoints_in_c_peer_publish_and_are_read_by_poll() {
    let library = Library::new();
    for (language, linkage) in WAYS {
        let program = library.program("peers.c", language, linkage);
        succeeds(&mut library.run(&[], &program));
    }
}

#[test]
fn what_c_does_wrong_is_an_error_with_words() {
    let library = Library::new();
    for (language, linkage) in WAYS {
        let program = library.program("misuse.c", language, linkage);
        succeeds(&mut library.run(&[], &program));
    }
}

#[test]
fn stores_in_c_do_all_that_stores_do_at_masters_and_clones() {
    let library = Library::new();
    for (language, linkage) in WAYS {
        let program = library.program("stores.c", language, linkage);
        let folder = tempfile::tempdir().unwrap();
        succeeds(library.run(&[], &program).arg(folder.path()));
    }
}

#[test]
fn questions_to_stores_wait_as_long_as_c_has_told() {
    let library = Library::new();
    let program = library.program("waits.c", Language::C99, Linkage::Shared);
    succeeds(&mut library.run(&[], &program));
}

#[test]
fn nothing_is_left_behind_and_no_memory_is_misused() {
    for name in ["values.c", "misuse.c"] {
        leaves_nothing(name);
    }
}

#[test]
fn endpoints_leave_nothing_behind() {
    leaves_nothing("peers.c");
}

#[test]
fn stores_leave_nothing_behind() {
    leaves_nothing("stores.c");
}

fn leaves_nothing(name: &str) {
    let (library, folder) = (Library::new(), tempfile::tempdir().unwrap());
    let program = library.program(name, Language::C99, Linkage::Shared);
    succeeds(library.run(&VALGRIND, &program).arg(folder.path()));
}

#[test]
fn endpoints_in_c_speak_tls_and_ask_web_socket_clients_for_a_token() {
    let (library, certificates) = (Library::new(), Certificates::new());
    let authority = certificates.own("authority");
    let own = certificates.signed("node", &authority, 30);
    let program = library.program("secured.c", Language::C99, Linkage::Shared);
    let mut run = library.run(&[], &program);
    run.args([&own.certificate, &own.key, &authority.certificate]).stdout(Stdio::piped());
    let mut run = Process::start(&mut run);
    let mut port = String::new();
    BufReader::new(run.streams().stdout.take().unwrap()).read_line(&mut port).unwrap();
    let address = ([127, 0, 0, 1], port.trim().parse().unwrap()).into();
    let mut stranger = stream(address);
    let guess = request("GET", PATH, &[("Authorization", "Bearer guess")]);
    stranger.write_all(guess.as_bytes()).unwrap();
    assert_eq!(Heard::read(&mut stranger, true).unwrap().status, 401);
    let mut client = Client::over(stream(address), PATH, &[("Authorization", "Bearer knows")]);
    client.send("[]");
    client.text();
    client.send(&data_message("/web/1", "count", "7"));
    assert_eq!(run.ended().code(), Some(0));
}
