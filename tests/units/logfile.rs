//! A log in a file, with the shipped drop-in, and turned over by the shipped rules.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use ostler_tests::binaries::workspace;
use ostler_tests::{Kind, PrivateBurp, wait_for};

use crate::installed;

const LOG: &str = "/var/log/bui-monitor/bui-monitor.log";

#[test]
fn it_is_turned_over_and_goes_on_in_a_new_file() {
    let burp = PrivateBurp::new(Kind::Small);
    let Some(mut service) = installed(&burp) else { return };
    service.drop_in("logfile.conf");
    // Something to be warned of, which is logged without any -v.
    service.set("password", "password123456");
    service.succeed(&["start", "bui-monitor.service"]);
    let read = |path: &str| fs::read_to_string(service.path(path)).unwrap_or_default();
    let warning = "[Global] password: is the default";
    assert_eq!(read(LOG).matches(warning).count(), 1);
    assert_eq!(service.path(LOG).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let rules = fs::read(workspace().join("packaging/logrotate/bui-monitor")).unwrap();
    service.keep("/etc/logrotate.d/bui-monitor", &rules);
    let mut logrotate = service.systemd().command("logrotate");
    logrotate.args(["--force", "--state", "/run/logrotate", "/etc/logrotate.d/bui-monitor"]);
    let output = logrotate.output().expect("logrotate (Debian: apt-get install logrotate)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The reload warns again, in the new file.
    wait_for("the new file", || read(LOG).matches(warning).count() == 1);
    assert_eq!(read(&format!("{LOG}.1")).matches(warning).count(), 1);
}
