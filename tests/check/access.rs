//! Whether the user of the service can use what it needs, and the commands that grant it.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, chown};
use std::process::Stdio;

use ostler_tests::binaries::bui_monitor;
use ostler_tests::checked::{Checked, clean, write};
use ostler_tests::process::{Process, UNPRIVILEGED, command, unprivileged};
use ostler_tests::wire::ask;
use ostler_tests::{Address, Certificates, Kind, PrivateBurp, Wire, wait_for};
use rustix::process::Signal;
use serde_json::json;

use crate::machine::{KEYS, Machine, SERVICE, SERVICE_NUMBER};

/// Below `/etc`: the configuration, and the files that it and burp's own name.
pub(crate) const OURS: &str = "burp/bui-monitor.cfg";
const BURPS: &str = "burp/burp.conf";

pub(crate) fn is_root() -> bool {
    if rustix::process::getuid().is_root() {
        return true;
    }
    eprintln!("not tried: only root can set up a machine of its own");
    false
}

/// What a check of `file` for `account` comes to.
pub(crate) fn checked(machine: &Machine, account: &str, more: &[&str]) -> Checked {
    let mut check = machine.command(bui_monitor());
    check.args(["--check", "-c"]).arg(format!("/etc/{OURS}")).args(["--account", account]);
    Checked::of(check.args(more))
}

/// The commands that were printed, and nothing else.
pub(crate) fn commands(checked: &Checked) -> Vec<String> {
    checked.told.lines().filter_map(|line| line.strip_prefix("    ")).map(str::to_owned).collect()
}

/// Runs the commands as root does, who has copied them into a shell.
pub(crate) fn run(machine: &Machine, commands: &[String]) {
    for words in commands {
        let status = machine.command("sh").args(["-ec", words]).status().unwrap();
        assert!(status.success(), "{words}");
    }
}

/// A burp client as Debian sets one up, of which only root can read anything, and a configuration.
fn untouched(machine: &Machine, burp: &PrivateBurp) {
    let made = |name: &str| fs::read(burp.conf().with_file_name("ssl").join(name)).unwrap();
    machine.write("burp/ssl_cert_ca.pem", made("ca.pem"));
    machine.write("burp/ssl_cert-client.pem", made("monitor.pem"));
    machine.write("burp/ssl_cert-client.key", made("monitor.key"));
    for public in ["burp/ssl_cert_ca.pem", "burp/ssl_cert-client.pem"] {
        machine.give(public, 0o644, 0, 0);
    }
    let own = |line: &&str| !line.starts_with("ssl_cert") && !line.starts_with("ssl_key");
    let conf = fs::read_to_string(burp.conf()).unwrap();
    let conf = conf.lines().filter(own).collect::<Vec<_>>().join("\n");
    let files = "\nssl_cert_ca = /etc/burp/ssl_cert_ca.pem\nssl_cert = /etc/burp/ssl_cert-client.pem\n\
                 ssl_key = /etc/burp/ssl_cert-client.key\n";
    machine.write(BURPS, format!("{conf}{files}"));
    machine.write(OURS, configuration(machine, "password = only for tests\n"));
}

fn configuration(machine: &Machine, more: &str) -> String {
    let place = machine.place().display();
    format!(
        "[Global]\nbind = unix:{place}/run/socket\nruntime_dir = {place}/run\npool = 1\n{more}\
         [Burp]\nburpbin = /usr/sbin/burp\nbconfcli = /etc/{BURPS}\n"
    )
}

/// Starts the daemon as the service manager would.
fn start(machine: &Machine) -> Process {
    let run = machine.place().join("run");
    let _ = fs::create_dir(&run);
    chown(&run, Some(SERVICE_NUMBER), Some(SERVICE_NUMBER)).unwrap();
    // The target directory may be closed to that user.
    let program = machine.place().join("bui-monitor");
    assert!(command("cp").arg(bui_monitor()).arg(&program).status().unwrap().success());
    let log = File::create(machine.place().join("log")).unwrap();
    let mut start = machine.service(&program);
    start.args(["-vvv", "-c"]).arg(format!("/etc/{OURS}")).stdin(Stdio::null()).stderr(log);
    Process::start(&mut start)
}

/// Whether a query is answered by burp, through a daemon that runs as the service.
fn is_served(machine: &Machine) -> bool {
    let mut daemon = start(machine);
    let address = Address::Unix(machine.place().join("run/socket"));
    wait_for("it listens or ends", || Wire::try_connect(&address).is_ok() || !daemon.runs());
    if !daemon.runs() {
        assert_eq!(daemon.ended().code(), Some(78));
        return false;
    }
    let answer = ask(
        &address,
        &json!({ "query": "c:client1", "cache": false, "password": "only for tests" }),
    );
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().code(), Some(0));
    answer.status() == "OK"
}

#[test]
fn the_printed_commands_lead_from_debians_modes_to_an_answer() {
    if !is_root() {
        return;
    }
    let (machine, burp) = (Machine::new(), PrivateBurp::new(Kind::Small));
    untouched(&machine, &burp);
    assert!(!is_served(&machine), "as it is installed");
    let before = checked(&machine, SERVICE, &[]);
    assert_eq!((before.code, before.shown.is_empty()), (77, false), "{}", before.told);
    assert_eq!(
        before.told,
        "error: /etc/burp/bui-monitor.cfg: bui-monitor cannot read it (the configuration)\n\
         error: /etc/burp/burp.conf: bui-monitor cannot read it ([Burp] bconfcli)\n\
         error: /etc/burp/ssl_cert-client.key: bui-monitor cannot read it (ssl_key in \
         /etc/burp/burp.conf)\n\
         root grants bui-monitor what is lacking by:\n    \
         chgrp bui-monitor /etc/burp/bui-monitor.cfg && chmod g=r /etc/burp/bui-monitor.cfg\n    \
         chgrp bui-monitor /etc/burp/burp.conf && chmod g=r /etc/burp/burp.conf\n    \
         chgrp bui-monitor /etc/burp/ssl_cert-client.key && chmod g=r \
         /etc/burp/ssl_cert-client.key\n"
    );
    run(&machine, &commands(&before));
    let after = checked(&machine, SERVICE, &["--strict"]);
    assert_eq!((after.code, after.told.as_str()), (0, ""));
    assert!(is_served(&machine), "{}", fs::read_to_string(machine.place().join("log")).unwrap());
}

/// The same with what an administrator may have made of it.
fn elaborate(machine: &Machine, burp: &PrivateBurp) {
    untouched(machine, burp);
    // Debian's place for keys, and burp's configuration in parts that only root may list.
    machine.write(
        "ssl/private/burp key's",
        fs::read(machine.etc("burp/ssl_cert-client.key")).unwrap(),
    );
    machine.give("ssl/private/burp key's", 0o640, 0, KEYS);
    let conf = fs::read_to_string(machine.etc(BURPS)).unwrap();
    let key = "ssl_key = \"/etc/burp/key\" # a link\n. parts/*.conf\n";
    machine.write(BURPS, conf.replace("ssl_key = /etc/burp/ssl_cert-client.key\n", key));
    std::os::unix::fs::symlink("../ssl/private/burp key's", machine.etc("burp/key")).unwrap();
    machine.write("burp/parts/one.conf", "# nothing\n");
    machine.give("burp/parts", 0o700, 0, 0);
    // A file of the service's own, and one of its group, which was forgotten.
    machine.write("burp/secret", "only for tests\n");
    machine.give("burp/secret", 0o200, SERVICE_NUMBER, 0);
    let certificates = Certificates::new();
    let pair = certificates.own("server");
    machine.write("burp/tls.pem", fs::read(&pair.certificate).unwrap());
    machine.write("burp/tls.key", fs::read(&pair.key).unwrap());
    machine.give("burp/tls.key", 0o600, 0, SERVICE_NUMBER);
    // One that its group of administrators must go on reading.
    machine.give("burp/tls.pem", 0o640, 0, 4);
    machine.write(
        OURS,
        configuration(
            machine,
            "password_file = /etc/burp/secret\nssl = true\nsslcert = /etc/burp/tls.pem\n\
             sslkey = /etc/burp/tls.key\n",
        ),
    );
    machine.give(OURS, 0o644, 0, 0);
}

#[test]
fn each_file_is_granted_in_the_least_way_and_to_nobody_else() {
    if !is_root() {
        return;
    }
    let (machine, burp) = (Machine::new(), PrivateBurp::new(Kind::Small));
    elaborate(&machine, &burp);
    let strangers = checked(&machine, "nobody", &[]).told;
    let before = checked(&machine, SERVICE, &[]);
    assert_eq!(before.code, 77);
    assert_eq!(
        commands(&before),
        [
            "chmod u+r /etc/burp/secret",
            "setfacl -m u:bui-monitor:r /etc/burp/tls.pem",
            "chmod g+r /etc/burp/tls.key",
            "chgrp bui-monitor /etc/burp/burp.conf && chmod g=r /etc/burp/burp.conf",
            "chgrp bui-monitor /etc/burp/parts && chmod g=rx /etc/burp/parts",
            "chgrp bui-monitor /etc/burp/parts/one.conf && chmod g=r /etc/burp/parts/one.conf",
            "usermod -aG ssl-cert bui-monitor",
        ],
        "{}",
        before.told
    );
    for words in [
        "/etc/burp/parts: bui-monitor cannot list it (looked through for /etc/burp/burp.conf)",
        "/etc/ssl/private: bui-monitor cannot enter it (on the way to /etc/burp/key, ssl_key in \
         /etc/burp/burp.conf)",
    ] {
        assert!(
            before.lines("error: ").iter().any(|line| line.ends_with(words)),
            "{}",
            before.told
        );
    }
    run(&machine, &commands(&before));
    let after = checked(&machine, SERVICE, &["--strict"]);
    assert_eq!((after.code, after.told.as_str()), (0, ""));
    assert!(is_served(&machine), "{}", fs::read_to_string(machine.place().join("log")).unwrap());
    // Nobody else can do more than before, and the administrators can do what they could.
    let denied = |told: &str| {
        let lines = told.lines().filter(|line| line.starts_with("error: ")).map(str::to_owned);
        lines.collect::<Vec<_>>()
    };
    assert_eq!(denied(&checked(&machine, "nobody", &[]).told), denied(&strangers));
    assert_eq!(fs::metadata(machine.etc("burp/tls.pem")).unwrap().gid(), 4);
}

#[test]
fn an_account_without_a_group_of_its_own_takes_lists() {
    if !is_root() {
        return;
    }
    let (machine, burp) = (Machine::new(), PrivateBurp::new(Kind::Small));
    untouched(&machine, &burp);
    // `nobody` shares its group.
    let before = checked(&machine, "nobody", &[]);
    assert_eq!(
        commands(&before),
        [OURS, BURPS, "burp/ssl_cert-client.key"]
            .map(|file| format!("setfacl -m u:nobody:r /etc/{file}")),
        "{}",
        before.told
    );
    run(&machine, &commands(&before));
    assert_eq!(checked(&machine, "nobody", &["--strict"]).told, "");
    // Where there are lists already, the bits of the mode mean something else.
    let more = checked(&machine, SERVICE, &[]);
    let lists =
        commands(&more).iter().filter(|line| line.starts_with("setfacl -n -m u:bui-")).count();
    assert_eq!((lists, commands(&more).len()), (3, 3), "{}", more.told);
    run(&machine, &commands(&more));
    for account in [SERVICE, "nobody"] {
        assert_eq!(checked(&machine, account, &["--strict"]).told, "", "{account}");
    }
}

#[test]
fn users_are_found_among_names_that_are_no_text() {
    if !is_root() {
        return;
    }
    let machine = Machine::new();
    machine.write(OURS, clean().replace("pool = 1", "pool = 1\nuser = bui-monitor"));
    for file in ["passwd", "group"] {
        let known = fs::read(machine.etc(file)).unwrap();
        let strange = b"caf\xe9:x:61003:61003:\xe9:/nonexistent:/bin/false\n";
        fs::write(machine.etc(file), [strange, known.as_slice()].concat()).unwrap();
    }
    let command = "chgrp bui-monitor /etc/burp/bui-monitor.cfg && \
                   chmod g=r /etc/burp/bui-monitor.cfg";
    let told = checked(&machine, SERVICE, &[]);
    assert_eq!((told.code, commands(&told)), (77, vec![command.to_owned()]), "{}", told.told);
    assert!(!told.told.contains("there is no user"), "{}", told.told);
    // What stands in a file's place is told.
    fs::remove_file(machine.etc("group")).unwrap();
    fs::create_dir(machine.etc("group")).unwrap();
    let told = checked(&machine, SERVICE, &[]).told;
    let words = "warning: users and groups are not known: /etc/group: ";
    assert!(told.starts_with(words), "{told}");
}

#[test]
fn what_no_command_grants_is_told() {
    if !is_root() {
        return;
    }
    let (machine, burp) = (Machine::new(), PrivateBurp::new(Kind::Small));
    untouched(&machine, &burp);
    let conf = fs::read_to_string(machine.etc(BURPS)).unwrap();
    let more = "user = root\ngroup = root\n. parts/no*\n. none.conf\n";
    machine.write(BURPS, format!("{conf}{more}"));
    fs::remove_file(machine.etc("burp/ssl_cert-client.key")).unwrap();
    let text = configuration(&machine, "password = only for tests\n");
    machine.write(OURS, text.replace("/usr/sbin/burp", "/usr/sbin/no-burp"));
    let told = checked(&machine, SERVICE, &[]);
    for line in [
        "warning: /usr/sbin/no-burp: does not exist ([Burp] burpbin)",
        "warning: /etc/burp/parts/no*: does not exist (included by /etc/burp/burp.conf)",
        "warning: /etc/burp/none.conf: does not exist (included by /etc/burp/burp.conf)",
        "warning: /etc/burp/ssl_cert-client.key: does not exist (ssl_key in /etc/burp/burp.conf)",
        "error: /etc/burp/burp.conf: burp ends, since bui-monitor cannot change to the user in it, \
         root",
        "error: /etc/burp/burp.conf: burp ends, since bui-monitor cannot change to the group in \
         it, root",
    ] {
        assert!(told.told.lines().any(|told| told == line), "{line}\n{}", told.told);
    }
    // Nothing that is asked for is wrong, if only it were there.
    let root = checked(&machine, "root", &[]);
    assert_eq!((root.code, root.lines("error: ").len()), (0, 0), "{}", root.told);
    assert_eq!(checked(&machine, "root", &["--strict"]).code, 78);
}

#[test]
fn the_account_is_the_one_that_is_named_or_becomes_or_is_of_the_packages_or_runs() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("x.cfg");
    write(&file, &clean());
    let unknown = Checked::of(
        command(bui_monitor()).args(["--check", "--account", "no-such-user", "-c"]).arg(&file),
    );
    let words = "error: --account no-such-user: there is no such user\n";
    assert_eq!((unknown.code, unknown.told.as_str()), (64, words));
    if !is_root() {
        let other = Checked::of(
            command(bui_monitor()).args(["--check", "--account", "root", "-c"]).arg(&file),
        );
        assert!(other.code == 77 && other.told.contains("only by root"), "{}", other.told);
        return;
    }
    let machine = Machine::new();
    machine.write(OURS, clean());
    let check = || {
        let mut check = machine.command(bui_monitor());
        check.args(["--check", "--strict", "-c"]).arg(format!("/etc/{OURS}"));
        check
    };
    let words =
        |name: &str| format!("warning: /etc/{OURS}: {name} cannot read it (the configuration)");
    let told = |checked: Checked| (checked.code, checked.told.lines().next().map(str::to_owned));
    assert_eq!(told(Checked::of(&mut check())), (78, Some(words(SERVICE))));
    machine.write(OURS, clean().replace("pool = 1", "pool = 1\nuser = nobody"));
    assert_eq!(told(Checked::of(&mut check())), (78, Some(words("nobody"))));
    assert_eq!(told(Checked::of(check().args(["--account", "root"]))), (0, None));
    // Whoever is not root runs it as himself, and is told what he needs.
    let program = machine.place().join("bui-monitor");
    assert!(command("cp").arg(bui_monitor()).arg(&program).status().unwrap().success());
    let mut own = unprivileged(&program);
    let output = own.args(["--check", "-c"]).arg(machine.etc(OURS)).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{errors}");
    assert!(errors.contains("cannot be read: Permission denied"), "{errors}");
    let name = command("id").args(["-nu", &UNPRIVILEGED.to_string()]).output().unwrap().stdout;
    let name = String::from_utf8(name).unwrap();
    let command = format!("    setfacl -m u:{}:r {}\n", name.trim(), machine.etc(OURS).display());
    assert!(errors.ends_with(&command), "{errors}");
}
