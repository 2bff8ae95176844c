//! The database locked, gone, full, stopped and back; and the process killed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection};
use diesel::sqlite::SqliteConnection;
use katalogus::{Access, Database, Migrator, Store, StoreError, StoreSettings};
use ostler_runtime::Deadline;
use ostler_tests::binaries::store_writer;
use ostler_tests::postgres::PASSWORD;
use ostler_tests::process::{Process, command, unprivileged};
use ostler_tests::random::Random;
use ostler_tests::wait_for;

use crate::place::{Kept, Place, add, organisation, read, soon, write};

/// The file of a database.
fn file(place: &Place) -> PathBuf {
    let Database::Sqlite(path) = place.database() else { panic!("no file") };
    path
}

/// The words in which the database is said to be out of reach.
fn unavailable<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> String {
    match outcome {
        Err(StoreError::Unavailable(words)) => words,
        other => panic!("{other:?}"),
    }
}

/// Waits until it can be written to again, by itself.
fn wait_back(store: &Store, id: &'static str) {
    wait_for("the database is back", || {
        let new = organisation(id);
        write(store, move |session| Ok(session.ensure_organisation(&new)?)).is_ok()
    });
}

#[test]
fn a_lock_of_another_process_is_waited_for_and_named() {
    let place = Place::sqlite().with_tables();
    let mut settings = StoreSettings::new(place.database());
    settings.max_lock_wait = Duration::from_millis(300);
    let store = Store::open(&settings).unwrap();
    add(&store, "acme");
    let mut other = SqliteConnection::establish(&file(&place).display().to_string()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let add_one = |deadline| {
        let new = organisation("other");
        store.call(Access::Write, deadline, move |session| Ok(session.ensure_organisation(&new)?))
    };
    let words = unavailable(add_one(soon()));
    assert!(words.contains("another process has locked it"), "{words}");
    assert_eq!(add_one(Deadline::after(Duration::from_millis(50))), Err(StoreError::Late));
    // Whoever reads is not concerned.
    assert_eq!(read(&store, |session| Ok(session.organisations()?)).unwrap().len(), 1);
    other.batch_execute("ROLLBACK").unwrap();
    wait_back(&store, "other");
}

#[test]
fn a_file_that_is_gone_is_noticed_and_found_again() {
    let place = Place::sqlite().with_tables();
    let store = place.store();
    add(&store, "acme");
    let (path, away) = (file(&place), file(&place).with_extension("away"));
    fs::rename(&path, &away).unwrap();
    for access in [Access::Read, Access::Write] {
        let outcome = store.call(access, soon(), |session| Ok(session.organisations()?));
        let words = unavailable(outcome);
        assert!(words.contains("No such file"), "{words}");
    }
    assert!(!path.exists(), "a file was made in its place");
    fs::rename(&away, &path).unwrap();
    wait_back(&store, "back");
    let all = read(&store, |session| Ok(session.organisations()?)).unwrap();
    assert_eq!(all, [organisation("acme"), organisation("back")]);
}

#[test]
fn a_database_without_tables_is_named_and_used_once_it_has_them() {
    for place in Place::each() {
        let store = place.store();
        let words = unavailable(read(&store, |session| Ok(session.organisations()?)));
        let sqlite = matches!(place.kept, Kept::Directory(_));
        let expected = if sqlite { "No such file" } else { "`katalogus migrate`" };
        assert!(words.contains(expected), "{}: {words}", place.name);
        Migrator::new(&place.database()).apply().unwrap();
        wait_back(&store, "acme");
    }
}

#[test]
fn a_server_that_stops_is_named_at_once_and_used_again_when_it_is_back() {
    let mut place = Place::postgres().with_tables();
    let store = place.store();
    add(&store, "acme");
    let Kept::Server(server) = &mut place.kept else { unreachable!() };
    server.stop();
    for access in [Access::Read, Access::Write] {
        for _ in 0..10 {
            let outcome = store.call(access, soon(), |session| Ok(session.organisations()?));
            let words = unavailable(outcome);
            assert!(!words.contains(PASSWORD), "{words}");
        }
    }
    server.start();
    wait_back(&store, "back");
    // Also when nothing is asked for meanwhile: the connections are lost, and no task with them.
    server.stop();
    server.start();
    for number in 0..10 {
        let new = organisation(&number.to_string());
        wait_for("a connection", || {
            let new = new.clone();
            write(&store, move |session| Ok(session.ensure_organisation(&new)?)).is_ok()
        });
    }
    let all = read(&store, |session| Ok(session.organisations()?)).unwrap();
    assert_eq!(all.len(), 12);
    assert!(store.statistics().reconnects > 0);
}

#[test]
fn a_server_that_hangs_holds_up_no_task_that_waits_and_no_stop() {
    let place = Place::postgres().with_tables();
    let Kept::Server(server) = &place.kept else { unreachable!() };
    let mut settings = StoreSettings::new(place.database());
    settings.connections = 1;
    settings.max_stop = Duration::from_millis(100);
    let store = Store::open(&settings).unwrap();
    add(&store, "acme");
    server.freeze();
    // The first holds the only thread; its caller does not wait for it.
    for _ in 0..2 {
        let deadline = Deadline::after(Duration::from_millis(100));
        let outcome = store.call(Access::Read, deadline, |session| Ok(session.organisations()?));
        assert_eq!(outcome, Err(StoreError::Late));
    }
    wait_for("the second is taken out of the queue", || store.statistics().reads.late > 0);
    assert_eq!(store.statistics().queued, 0);
    server.thaw();
    wait_back(&store, "back");
    server.freeze();
    let deadline = Deadline::after(Duration::from_millis(100));
    let outcome = store.call(Access::Read, deadline, |session| Ok(session.organisations()?));
    assert_eq!(outcome, Err(StoreError::Late));
    drop(store);
    server.thaw();
}

#[test]
fn no_error_holds_the_password() {
    let place = Place::postgres();
    let uri = place.uri.replace(PASSWORD, "wrong-and-secret");
    for uri in [uri.clone(), uri.replace("/tmp", "/nowhere"), uri.replace("test0", "unknown")] {
        let database: Database = uri.parse().unwrap();
        let plan = Migrator::new(&database).plan().unwrap_err().to_string();
        let store = Store::open(&StoreSettings::new(database.clone())).unwrap();
        let words = unavailable(read(&store, |session| Ok(session.organisations()?)));
        for text in [plan, words, format!("{database} {database:?} {store:?}")] {
            assert!(!text.contains("wrong-and-secret"), "{text}");
        }
    }
}

#[test]
fn what_was_acknowledged_outlasts_a_kill() {
    const THREADS: usize = 4;
    let mut random = Random::new(u64::from(std::process::id()));
    for place in Place::each_with_tables() {
        // And of how many kills since then the acknowledgement may have been on its way.
        let mut acknowledged: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
        for _ in 0..8 {
            let mut writer = writer(command(store_writer()), &place.uri, THREADS);
            let mut lines = lines(&mut writer);
            for _ in 0..=random.below(200) {
                note(&mut acknowledged, &lines.next().unwrap());
            }
            writer.signal(rustix::process::Signal::KILL);
            // What it had said by then counts as well.
            lines.filter(|line| line.contains(' ')).for_each(|line| note(&mut acknowledged, &line));
            writer.ended();
            let store = place.store();
            for (number, (count, kills)) in &mut acknowledged {
                *kills += 1;
                let plugin = format!("plugin{number}");
                let stored = read(&store, move |session| {
                    let (pk, _) = session.organisation("acme")?.unwrap();
                    Ok(session.settings(pk, &plugin)?.unwrap())
                });
                let stored: u64 = stored.unwrap().trim().parse().unwrap();
                // A server may have gone on with the last one when its writer was killed already.
                let kept = (*count..=*count + *kills).contains(&stored);
                assert!(kept, "{}: {number}: {count} acknowledged, {stored} stored", place.name);
            }
        }
        assert_eq!(acknowledged.len(), THREADS, "{}", place.name);
    }
}

#[test]
fn a_full_disk_is_named_and_used_again_when_there_is_room() {
    let Some(mut disk) = Disk::new() else { return };
    let mut lines = lines(&mut disk.writer);
    let is_error = |line: &String| line.starts_with('!');
    assert!(!is_error(&lines.next().unwrap()), "there is room at first");
    let error = lines.by_ref().find(is_error).expect("the disk gets full");
    assert!(error.contains("full"), "{error}");
    disk.make_room();
    disk.go_on();
    // The other thread may have met the same.
    let written = lines.by_ref().find(|line| !is_error(line));
    assert!(written.is_some(), "it is written again");
}

#[test]
fn a_file_that_may_not_be_written_is_named() {
    let place = Place::sqlite().with_tables();
    let path = file(&place);
    let directory = path.parent().unwrap();
    fs::set_permissions(directory, fs::Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let mut writer = writer(unprivileged(store_writer()), &place.uri, 1);
    let error = lines(&mut writer).next().unwrap();
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(error.starts_with("! the database cannot be used: "), "{error}");
}

fn writer(mut start: Command, uri: &str, threads: usize) -> Process {
    start.arg(uri).arg(threads.to_string());
    Process::start(start.stdin(Stdio::piped()).stdout(Stdio::piped()))
}

fn lines(writer: &mut Process) -> impl Iterator<Item = String> + use<> {
    let stdout = writer.streams().stdout.take().unwrap();
    // A line that was cut off by the kill is none.
    let mut input = BufReader::new(stdout);
    std::iter::from_fn(move || {
        let mut line = String::new();
        input.read_line(&mut line).unwrap();
        line.strip_suffix('\n').map(str::to_owned)
    })
}

fn note(acknowledged: &mut BTreeMap<usize, (u64, u64)>, line: &str) {
    let (number, count) = line.split_once(' ').unwrap();
    acknowledged.insert(number.parse().unwrap(), (count.parse().unwrap(), 0));
}

/// A small disk with a database, and a writer that sees it.
struct Disk {
    writer: Process,
    directory: PathBuf,
    _keeps: tempfile::TempDir,
}

impl Disk {
    /// `None`, said on standard error, where no namespaces are granted.
    fn new() -> Option<Self> {
        let keeps = tempfile::tempdir().unwrap();
        let directory = keeps.path().to_owned();
        let mut unshare = command("unshare");
        if !rustix::process::getuid().is_root() {
            unshare.args(["--user", "--map-root-user"]);
        }
        // Of sixteen mebibytes one is left, which the file beside the database fills soon.
        let script = "mount -t tmpfs -o size=16m none \"$1\" && echo mounted \
                      && head -c 15M /dev/zero >\"$1/ballast\" && exec \"$2\" \"$3\" 2";
        unshare.args(["--mount", "sh", "-c", script, "sh"]).arg(&directory).arg(store_writer());
        unshare.arg(format!("sqlite:///{}", directory.join("kat.db").display()));
        let mut writer = Process::start(unshare.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let mut mounted = [0; 8];
        if writer.streams().stdout.as_mut().unwrap().read_exact(&mut mounted).is_err() {
            eprintln!("no namespaces are granted here, so nothing is tested");
            return None;
        }
        Some(Self { writer, directory, _keeps: keeps })
    }

    /// Makes room.
    fn make_room(&self) {
        let within = Path::new("/proc").join(self.writer.pid().to_string()).join("root");
        let ballast = self.directory.join("ballast");
        fs::remove_file(within.join(ballast.strip_prefix("/").unwrap())).unwrap();
    }

    fn go_on(&mut self) {
        self.writer.streams().stdin.as_mut().unwrap().write_all(b"\n\n").unwrap();
    }
}
