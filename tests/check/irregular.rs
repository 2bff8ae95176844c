//! What stands in the place of burp's configuration and can hold whoever reads it for ever.

use std::fs;
use std::path::{Path, PathBuf};

use ostler_tests::checked::{Checked, write};
use ostler_tests::process::command;
use ostler_tests::{FakeBurp, Settings};
use rustix::process::Signal;

fn pipe(directory: &Path) -> PathBuf {
    let pipe = directory.join("pipe");
    assert!(command("mkfifo").arg(&pipe).status().unwrap().success());
    pipe
}

#[test]
fn it_is_told_and_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let pipe = pipe(directory.path());
    fs::create_dir(path("parts")).unwrap();
    for (name, included) in [("includes-pipe", "pipe"), ("includes-parts", "part[s]")] {
        write(&path(name), &format!(". {included}\n"));
    }
    write(&path("long"), &"#".repeat((1 << 20) + 1));
    for (conf, words) in [
        (pipe.clone(), format!("{}: it is no regular file", pipe.display())),
        ("/dev/zero".into(), "/dev/zero: it is no regular file".to_owned()),
        (path("parts"), format!("{}: it is no regular file", path("parts").display())),
        (path("long"), format!("{}: too long", path("long").display())),
        (path("includes-pipe"), format!("{}: it is no regular file", pipe.display())),
        (path("includes-parts"), format!("{}: is a directory", path("parts").display())),
    ] {
        let burp = format!("[Burp]\nburpbin = /bin/true\nbconfcli = {}\n", conf.display());
        let text = format!("[Global]\npassword = one of our own\npool = 1\n{burp}");
        write(&path("x.cfg"), &text);
        let checked = Checked::run(directory.path(), &["-c", "x.cfg", "--strict"]);
        let warnings = checked.lines("warning: ");
        assert_eq!((checked.code, warnings.len()), (78, 1), "{}", checked.told);
        assert!(warnings[0].starts_with(&format!("warning: {words}")), "{}", checked.told);
    }
}

#[test]
fn a_daemon_says_so_and_can_be_stopped() {
    let (fake, directory) = (FakeBurp::new(), tempfile::tempdir().unwrap());
    let settings = Settings::new(fake.program(), pipe(directory.path()));
    let mut daemon = settings.set("transport", "relay").launch();
    let error = daemon.query("c:").error();
    assert!(error.contains("configuration cannot be read"), "{error}");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().code(), Some(0));
}
