//! What a printed command must not do: give others a right, or take one from anybody.

use ostler_tests::binaries::bui_monitor;
use ostler_tests::checked::{Checked, clean};

use crate::access::{OURS, checked, commands, is_root, run};
use crate::machine::{Machine, SERVICE, SERVICE_NUMBER};

const FILE: &str = "/etc/burp/bui-monitor.cfg";

/// A machine whose configuration is to be granted, once `prepare` was run in `/etc/burp`.
fn prepared(prepare: &str) -> Machine {
    let machine = Machine::new();
    machine.write(OURS, clean());
    shell(&machine, prepare);
    machine
}

fn shell(machine: &Machine, words: &str) {
    run(machine, &[format!("cd /etc/burp; {words}")]);
}

/// The commands of a check, after which nothing is lacking.
fn granted(machine: &Machine) -> Vec<String> {
    let commands = commands(&checked(machine, SERVICE, &[]));
    run(machine, &commands);
    let after = checked(machine, SERVICE, &["--strict"]);
    assert_eq!((after.code, after.told.as_str()), (0, ""), "{commands:?}");
    commands
}

#[test]
fn the_mask_of_a_list_stays_as_it_is() {
    if !is_root() {
        return;
    }
    let narrow = prepared("setfacl -m u:nobody:r,m::- bui-monitor.cfg");
    let told = checked(&narrow, SERVICE, &[]);
    let words = format!(
        "error: {FILE}: bui-monitor cannot read it (the configuration); root must decide how, \
         since the mask of its access control list holds that back from others too\n"
    );
    assert_eq!((told.code, told.told.as_str()), (77, words.as_str()));
    let wide = prepared("setfacl -m u:nobody:r,g:daemon:rw,m::r bui-monitor.cfg");
    assert_eq!(granted(&wide), [format!("setfacl -n -m u:bui-monitor:r {FILE}")]);
    shell(&wide, "getfacl -c bui-monitor.cfg | grep -q '^mask::r--'");
    // Its owner needs no entry.
    let own = prepared("setfacl -m u:nobody:r,m::- bui-monitor.cfg");
    shell(&own, &format!("chown {SERVICE_NUMBER} bui-monitor.cfg; chmod u-r bui-monitor.cfg"));
    assert_eq!(granted(&own), [format!("chmod u+r {FILE}")]);
    shell(&own, "getfacl -c bui-monitor.cfg | grep -q '^mask::---'");
}

#[test]
fn what_the_account_can_do_already_it_can_do_after_that() {
    if !is_root() {
        return;
    }
    // A directory that everybody may look through but not enter, and a file to be written only.
    let machine = prepared("mkdir d; mv bui-monitor.cfg d; ln -s d/bui-monitor.cfg .");
    shell(&machine, "chmod 744 d; chgrp daemon d; chmod 642 d/bui-monitor.cfg");
    assert_eq!(
        granted(&machine),
        [
            "setfacl -m u:bui-monitor:rx /etc/burp/d",
            "chgrp bui-monitor /etc/burp/d/bui-monitor.cfg && chmod g=rw \
             /etc/burp/d/bui-monitor.cfg",
        ]
    );
}

#[test]
fn a_program_keeps_its_capabilities() {
    if !is_root() {
        return;
    }
    let machine = prepared("chmod 644 bui-monitor.cfg; cp /bin/true burp; chmod 700 burp");
    shell(&machine, "setcap cap_net_raw=ep burp; sed -i s:/bin/true:/etc/burp/burp: *.cfg");
    shell(&machine, "chgrp bui-monitor *.cfg; chmod 640 *.cfg");
    assert_eq!(granted(&machine), ["setfacl -m u:bui-monitor:rx /etc/burp/burp"]);
    shell(&machine, "getcap burp | grep -q cap_net_raw");
}

#[test]
fn a_name_that_cannot_be_copied_is_told_beside_the_file() {
    if !is_root() {
        return;
    }
    let machine =
        prepared("d=$(printf 'a\\tb'); mkdir \"$d\"; mv *.cfg \"$d\"; ln -s \"$d\"/*.cfg .");
    let told = checked(&machine, SERVICE, &[]).told;
    let words = "error: /etc/burp/a\\x09b/bui-monitor.cfg: bui-monitor cannot read it (the \
                 configuration); root must decide how, since its name cannot be copied from a \
                 terminal\n";
    assert_eq!(told, words);
}

#[test]
fn without_proc_no_command_is_printed() {
    if !is_root() {
        return;
    }
    let machine = prepared(":");
    let mut check = machine.command("sh");
    check.args(["-ec", "mount -t tmpfs none /proc; exec \"$@\"", "sh"]).arg(bui_monitor());
    check.args(["--check", "-c", FILE, "--account", SERVICE]);
    let told = Checked::of(&mut check);
    let words = "error: what bui-monitor may do cannot be tried: /proc is not there, and has to be \
                 mounted\n";
    assert_eq!((told.code, told.told.as_str()), (77, words));
}
