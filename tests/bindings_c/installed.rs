//! What `packaging/install` makes of the library, and programs that are built with that.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::library::{Language, Library, Linkage, compiler, succeeds};
use broker::data::Data;
use broker::{EndpointOptions, Received};
use ostler_tests::binaries::{broker_libraries, workspace};
use ostler_tests::broker_peer::{listening, soon, topic};
use ostler_tests::process::{Process, command};

fn install(stage: &Path, arguments: &[&str]) -> String {
    install_of(broker_libraries(), stage, arguments)
}

fn install_of(built: &Path, stage: &Path, arguments: &[&str]) -> String {
    let mut install = command(workspace().join("packaging/install"));
    install.env("BUILT", built).env("PREFIX", "/usr");
    succeeds(install.args(arguments).args(["--package", "libostler-broker"]).arg(stage))
}

/// What pkg-config says about the library in this place, as arguments.
fn flags(stage: &Path, arguments: &[&str]) -> Vec<String> {
    let mut asked = command("pkg-config");
    asked.env("PKG_CONFIG_PATH", stage.join("usr/lib/pkgconfig"));
    asked.env("PKG_CONFIG_SYSROOT_DIR", stage);
    let words = succeeds(asked.args(arguments).arg("ostler-broker"));
    words.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn what_is_installed_is_listed_and_found_by_pkg_config() {
    let stage = tempfile::tempdir().unwrap();
    install(stage.path(), &[]);
    let listed = install(stage.path(), &["--list"]);
    let files: Vec<&str> = listed.lines().collect();
    for file in &files {
        assert!(fs::metadata(file).is_ok(), "{file} is not there");
    }
    let is_header = |file: &&&str| Path::new(file).extension().is_some_and(|kind| kind == "h");
    let headers = files.iter().filter(is_header);
    let sources = workspace().join("src/bindings/c/ostler_broker");
    assert_eq!(headers.count(), fs::read_dir(sources).unwrap().count() + 1);
    for notice in ["LICENSE-MIT", "LICENSE-APACHE", "copyright"] {
        let notice = stage.path().join("usr/share/doc/libostler-broker").join(notice);
        assert!(files.iter().any(|file| Path::new(file) == notice), "{notice:?} is not listed");
    }
    assert_eq!(flags(stage.path(), &["--modversion"]), [env!("CARGO_PKG_VERSION")]);
    let library = format!("-L{}/usr/lib", stage.path().display());
    assert_eq!(flags(stage.path(), &["--libs"]), [library.as_str(), "-lostler_broker"]);
    // Somewhere else than where it was built for, all of it is.
    let moved = ["--define-variable=prefix=/elsewhere", "--cflags", "--libs"];
    for flag in flags(stage.path(), &moved) {
        let at_prefix = format!("{}/elsewhere/", stage.path().display());
        assert!(flag.starts_with("-l") || flag.contains(&at_prefix), "{flag}");
    }
    let all = flags(stage.path(), &["--libs", "--static"]);
    assert!(all.contains(&"-lpthread".to_owned()), "{all:?}");
    for extra in [&[][..], &["--static"]] {
        // With the example as it is installed, and its own way to be compiled.
        let mut compiler = compiler(Language::C99);
        compiler.arg(stage.path().join("usr/share/doc/libostler-broker/examples/chat.c"));
        let flags = flags(stage.path(), &[&["--cflags", "--libs"], extra].concat());
        let program = stage.path().join("chat");
        succeeds(compiler.args(["-x", "none"]).args(flags).arg("-o").arg(&program));
        let mut chat = command(&program);
        chat.env("LD_LIBRARY_PATH", stage.path().join("usr/lib"));
        let output = chat.stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.stderr, b"usage: chat TOPIC LISTEN [PEER]\n");
        fs::remove_file(program).unwrap();
    }
    for file in files {
        fs::remove_file(file).unwrap();
    }
    let mut left = command("find");
    left.arg(stage.path()).args(["-type", "f"]);
    assert_eq!(succeeds(&mut left), "");
}

#[test]
fn programs_that_are_linked_statically_with_rocksdb_are_linked_with_the_library_of_cpp() {
    // In the place of a build that takes a quarter of an hour: what is looked for in it.
    let built = tempfile::tempdir().unwrap();
    fs::write(built.path().join("libostler_broker.so"), "").unwrap();
    for (symbols, is_wanted) in [("\0sqlite3_open\0", false), ("\0rocksdb_open\0", true)] {
        fs::write(built.path().join("libostler_broker.a"), symbols).unwrap();
        let stage = tempfile::tempdir().unwrap();
        install_of(built.path(), stage.path(), &[]);
        let all = flags(stage.path(), &["--libs", "--static"]);
        assert_eq!(all.contains(&"-lstdc++".to_owned()), is_wanted, "{all:?}");
        assert!(!flags(stage.path(), &["--libs"]).contains(&"-lstdc++".to_owned()));
    }
}

fn chat(library: &Library) -> Command {
    example(library, "chat.c")
}

fn example(library: &Library, name: &str) -> Command {
    let source = workspace().join("packaging/c").join(name);
    library.run(&[], &library.compiled(&source, Language::C99, Linkage::Shared))
}

/// An example that is started with its streams as pipes.
fn piped(command: &mut Command) -> Process {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Process::start(command)
}

/// What an example prints once it has been told this.
fn printed(example: &mut Process, input: &[u8]) -> String {
    // The end of what is written ends it, too.
    example.streams().stdin.take().unwrap().write_all(input).unwrap();
    let mut printed = String::new();
    example.streams().stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    assert_eq!(example.ended().code(), Some(0));
    printed
}

#[test]
fn the_example_of_a_store_counts_what_comes_to_any_of_those_who_share_it() {
    let library = Library::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tally.sqlite");
    let begin = || piped(example(&library, "tally.c").arg("master").arg(&file));
    let mut master = begin();
    let mut said = BufReader::new(master.streams().stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let port = line.trim().rsplit(':').next().unwrap();
    let mut clone = piped(example(&library, "tally.c").args(["clone", port]));
    assert_eq!(printed(&mut clone, b"a\nb\na\nc d"), "2 a\n1 b\n1 c d\n");
    assert_eq!(printed(&mut master, b"b\n"), "2 a\n2 b\n1 c d\n");
    assert_eq!(printed(&mut begin(), b""), "2 a\n2 b\n1 c d\n");
}

#[test]
fn the_example_says_what_others_write_and_the_other_way_round() {
    let library = Library::new();
    let mut chat = chat(&library);
    let (other, port) = listening(EndpointOptions::default());
    let mut heard = other.subscribe([topic("/chat")]);
    chat.args(["/chat", "0", &port.to_string()]);
    let mut chat = piped(&mut chat);
    let mut stdin = chat.streams().stdin.take().unwrap();
    let mut stdout = BufReader::new(chat.streams().stdout.take().unwrap());

    stdin.write_all(b"one\ntwo\n").unwrap();
    for line in ["one", "two"] {
        let expected = Received { topic: topic("/chat"), data: Data::from(line) };
        assert_eq!(heard.get_before(soon()), Some(expected));
    }
    assert!(other.await_filter_entry(&topic("/chat"), soon()));
    other.publish(&topic("/chat"), &Data::from("three")).unwrap();
    let mut printed = String::new();
    stdout.read_line(&mut printed).unwrap();
    assert_eq!(printed, "three\n");

    // The end of the input ends the last line as well.
    stdin.write_all(b"four\nfive").unwrap();
    drop(stdin);
    for line in ["four", "five"] {
        assert_eq!(heard.get_before(soon()).unwrap().data, Data::from(line));
    }
    assert_eq!(chat.ended().code(), Some(0));
    let mut said = String::new();
    chat.streams().stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.starts_with("listening on 127.0.0.1:") && said.lines().count() == 1, "{said}");
}

#[test]
fn the_example_says_what_went_wrong() {
    let library = Library::new();
    let mut chat = chat(&library);
    // Nobody listens at the first port.
    let output = chat.args(["/chat", "0", "1"]).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let last = said.lines().last().unwrap();
    assert!(
        last.starts_with("cannot peer: 127.0.0.1:1: ") && last.ends_with("(peer_unavailable)"),
        "{said}"
    );
}

/// Within a function, and where nobody listens.
#[test]
fn the_example_of_the_page_is_c() {
    let (library, folder) = (Library::new(), tempfile::tempdir().unwrap());
    let page = fs::read_to_string(workspace().join("man/libostler_broker.3")).unwrap();
    let example = page.split_once("-offset indent\n").unwrap().1.split_once(".Ed\n").unwrap().0;
    let example = example.replace("\\e", "\\").replace("9999", "1");
    let source = folder.path().join("page.c");
    let head = "#include <ostler_broker.h>\n#include <stdio.h>\nint main(void) {\n";
    fs::write(&source, format!("{head}{example}return 0;\n}}\n")).unwrap();
    let program = library.compiled(&source, Language::C99, Linkage::Shared);
    let output = library.run(&[], &program).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.starts_with("localhost:1: "), "{said}");
}
