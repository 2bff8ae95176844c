//! Certificates that are replaced, that are wrong, and that clients must show.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use ostler_tests::program::UNCHANGED;
use ostler_tests::secure::der;
use ostler_tests::{Certificates, Fault, Pair, Secure, Version, wait_for};
use rustix::process::Signal;

use super::{POOL, Rig, ask, version};

const VERSIONS: [Version; 2] = [Version::Tls12, Version::Tls13];

/// The files that a daemon shows, and what puts another pair into them.
fn shown(made: &Certificates) -> (Pair, impl Fn(&Pair)) {
    let pair = Pair { certificate: made.path("shown.pem"), key: made.path("shown.key") };
    let to = pair.clone();
    let show = move |pair: &Pair| {
        fs::copy(&pair.certificate, &to.certificate).unwrap();
        fs::copy(&pair.key, &to.key).unwrap();
    };
    (pair, show)
}

/// The certificate that a client sees that comes now.
fn seen(rig: &Rig) -> Vec<u8> {
    let mut talk = Secure::new(Version::Tls13, None).connect(rig.port);
    assert_eq!(ask(&mut talk, &version()).unwrap().text(), "1.1.1");
    talk.seen()
}

#[test]
fn t04_a_replaced_certificate_is_shown_at_once_and_harms_nobody() {
    let made = Certificates::new();
    let pairs = [made.own("first"), made.own("second")];
    let ders = pairs.each_ref().map(der);
    let (pair, show) = shown(&made);
    show(&pairs[0]);
    let mut rig = Rig::new(&pair, |settings| settings);
    let mut fault = Fault::begin("T04");
    let (stop, answered, to) = (AtomicBool::new(false), AtomicUsize::new(0), rig.port);
    let mut begun = Secure::new(Version::Tls13, None).connect(to);
    begun.shake_hands().unwrap();
    thread::scope(|scope| {
        let (ders, stop, answered) = (&ders, &stop, &answered);
        for version_of_tls in VERSIONS {
            scope.spawn(move || {
                let client = Secure::new(version_of_tls, None);
                while !stop.load(Ordering::SeqCst) {
                    let mut talk = client.connect(to);
                    assert_eq!(ask(&mut talk, &version()).unwrap().text(), "1.1.1");
                    assert!(ders.contains(&talk.seen()));
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for round in 1..=10 {
            let before = answered.load(Ordering::SeqCst);
            show(&pairs[round % 2]);
            rig.daemon.reload();
            assert_eq!(seen(&rig), ders[round % 2], "who comes now sees the new one");
            wait_for("others are answered", || answered.load(Ordering::SeqCst) > before);
        }
        stop.store(true, Ordering::SeqCst);
    });
    assert_eq!(ask(&mut begun, &version()).unwrap().text(), "1.1.1", "who has begun goes on");
    assert_eq!(begun.seen(), ders[0]);
    assert_eq!(rig.counted("tls_failures"), 0);
    let answered = answered.load(Ordering::SeqCst);
    fault.saw(format!("replaced 10 times; {answered} clients meanwhile, none harmed"));
}

#[test]
fn t05_a_certificate_that_cannot_be_used_leaves_the_old_one_and_is_told() {
    type Spoil = fn(&Pair, &Pair);
    let cases: [(&str, Spoil, &str); 4] = [
        (
            "a key of another",
            |shown, other| {
                fs::copy(&other.key, &shown.key).unwrap();
            },
            "is not that of the certificate",
        ),
        (
            "an empty file",
            |shown, _| fs::write(&shown.certificate, "").unwrap(),
            "shown.pem is empty",
        ),
        ("no file", |shown, _| fs::remove_file(&shown.key).unwrap(), "shown.key: No such file"),
        (
            "a file that may not be read",
            |shown, _| {
                fs::set_permissions(&shown.key, fs::Permissions::from_mode(0o000)).unwrap();
                if rustix::process::getuid().is_root() {
                    // Root may read any file, but no directory.
                    fs::remove_file(&shown.key).unwrap();
                    fs::create_dir(&shown.key).unwrap();
                }
            },
            "cannot read",
        ),
    ];
    let mut fault = Fault::begin("T05");
    for (what, spoil, words) in cases {
        let made = Certificates::new();
        let (first, other) = (made.own("first"), made.own("other"));
        let (pair, show) = shown(&made);
        show(&first);
        let mut rig = Rig::new(&pair, |settings| settings);
        spoil(&pair, &other);
        rig.daemon.signal(Signal::HUP);
        rig.daemon.wait_logged(UNCHANGED, 1);
        rig.daemon.wait_log(words);
        assert_eq!(seen(&rig), der(&first), "{what}: the old one stays");
        let refused = rig.daemon.status()["reload_refused"].clone();
        let told = refused.as_str().is_some_and(|words| words.contains("certificate"));
        assert!(told, "{what}: {refused}");
        fault.saw(format!("{what}: the old one stays, in the log and in the status"));
    }

    // What is right again is told as well.
    let made = Certificates::new();
    let (first, other) = (made.own("first"), made.own("other"));
    let (pair, show) = shown(&made);
    show(&first);
    let mut rig = Rig::new(&pair, |settings| settings);
    fs::write(&pair.key, "").unwrap();
    rig.daemon.signal(Signal::HUP);
    rig.daemon.wait_logged(UNCHANGED, 1);
    show(&other);
    rig.daemon.reload();
    assert_eq!(seen(&rig), der(&other));
    assert!(rig.daemon.status()["reload_refused"].is_null());
    rig.daemon.wait_ready(POOL);
}

#[test]
fn t06_only_a_client_with_a_certificate_of_the_authority_is_served() {
    let made = Certificates::new();
    let (authority, stranger) = (made.own("authority"), made.own("stranger"));
    let rig = Rig::new(&made.own("server"), |settings| {
        settings.set("sslca", authority.certificate.to_str().unwrap())
    });
    let mut fault = Fault::begin("T06");
    let right = made.signed("right", &authority, 2);
    let wrong = made.signed("wrong", &stranger, 2);
    let expired = made.signed("expired", &authority, -1);
    for version_of_tls in VERSIONS {
        let answered = |own: Option<&Pair>| {
            // In TLS 1.3 the client is done before the daemon has looked.
            ask(&mut Secure::new(version_of_tls, own).connect(rig.port), &version())
        };
        assert_eq!(answered(Some(&right)).unwrap().text(), "1.1.1", "{version_of_tls:?}");
        for own in [None, Some(&wrong), Some(&expired), Some(&stranger)] {
            let error = answered(own).unwrap_err();
            assert!(error.to_string().contains("alert"), "{version_of_tls:?}: {error}");
        }
    }
    // A client hears the alert before it is counted.
    wait_for("eight failures", || rig.counted("tls_failures") == 8);
    fault.saw("none, wrong authority, expired, self-signed: an alert; right: served");
}
