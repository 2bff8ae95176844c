//! Memory, a log, a disk and a configuration that cannot be had.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use broker::EndpointId;
use broker::data::Data;
use broker::{Kind, Message, TTL};
use ostler_tests::broker_peer::{Node as Peer, topic};
use ostler_tests::broker_program::{Node, Setup};
use ostler_tests::process::{Process, command, memory};
use ostler_tests::{Fault, wait_for};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, prlimit};

use super::{PLAIN, Through, node};

/// The longest frame that a peer may send.
const LONGEST: usize = 64 << 20;

/// Grants a running node no more address space than it has, and so much.
fn limit_memory(node: &Node, more: u64) {
    let pid = Pid::from_raw(i32::try_from(node.pid()).unwrap());
    let Rlimit { maximum, .. } = getrlimit(Resource::As);
    let current = Some(memory(node.pid(), "VmSize") + more);
    prlimit(pid, Resource::As, Rlimit { current, maximum }).unwrap();
}

#[test]
fn brk_r03_memory_is_limited_and_messages_are_large() {
    let mut node = node();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-R03");
    limit_memory(&node, 256 << 20);
    let port = node.port("peers");
    let mut refused = 0;
    for number in 0..4 {
        let id = EndpointId([0x30 + number; 16]);
        let mut peer = Peer::peer(port, id, &[]);
        // One byte more than may be with a tag, of which as much is sent as is taken.
        peer.raw(&u32::try_from(LONGEST + 17).unwrap().to_be_bytes());
        peer.ends();
        refused += 1;
    }
    fault.saw(format_args!("{refused} messages beyond 64 MiB refused by their length"));
    through.goes();
    let value = vec![b'x'; LONGEST / 4];
    for number in 0..8_u8 {
        let id = EndpointId([0x40 + number; 16]);
        let mut peer = Peer::peer(port, id, &[]);
        let payload = [&[5, 0x80, 0x80, 0x80, 8][..], &value].concat();
        peer.publish(&Message::new(id, EndpointId::NIL, Kind::Data, TTL, b"/y", &payload).unwrap());
        through.goes();
    }
    let long = Data::String(value);
    for _ in 0..8 {
        through.from.publish(&topic("/x"), &long).unwrap();
        assert_eq!(through.comes(), long);
    }
    let peak = memory(node.pid(), "VmHWM") >> 20;
    fault.saw(format_args!(
        "16 of 16 MiB taken with 256 MiB of address space left, {peak} MiB at most"
    ));
    drop(through);
    node.signal(Signal::TERM);
    node.ended();
}

/// A node whose standard error is closed.
fn mute(node: &Path) -> Command {
    let mut shell = command("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" 2>&-"]).arg(node);
    shell
}

/// A node whose standard error is the pipe `pipe`.
fn piped(node: &Path) -> Command {
    let mut shell = command("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" 2>pipe"]).arg(node);
    shell
}

/// A port that nobody has, for a node that cannot tell which one it was given.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Has the node log so many lines at its lowest level: each is one who connects and says nonsense.
fn chatter(port: u16, lines: usize) {
    for _ in 0..lines {
        let mut stream = ostler_tests::websocket::stream(super::local(port));
        stream.write_all(&[0; 8]).unwrap();
        let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
    }
}

#[test]
fn brk_r04_nobody_takes_the_log() {
    const MANY: usize = 1500;
    let mut fault = Fault::begin("BRK-R04");
    let start = |setup: Setup| {
        let port = free_port();
        let setup = setup.variable("BROKER_CONSOLE_VERBOSITY", "trace");
        let node = setup.arguments(&["-p", &port.to_string()]).start();
        wait_for("it listens", || TcpStream::connect(super::local(port)).is_ok());
        let through = Through::at(port);
        (node, through, port)
    };
    let (mut node, mut through, port) = start(Setup::new(PLAIN).through(mute));
    chatter(port, MANY);
    through.goes();
    drop(through);
    node.signal(Signal::TERM);
    node.ended();
    fault.saw("standard error closed: messages go on, exit 0");

    let setup = Setup::new(PLAIN);
    let pipe = setup.directory().join("pipe");
    assert!(Process::start(command("mkfifo").arg(&pipe)).ended().success());
    // Opened for both, so that opening does not wait for the other side.
    let mut pipe = OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    let (mut node, mut through, port) = start(setup.through(piped));
    chatter(port, MANY);
    through.goes();
    let told = lost(&mut pipe);
    assert!(told > 0);
    fault.saw(format_args!("a full pipe unread: messages go on; {told} lost lines told at last"));
    // Now nobody can read it ever.
    drop(pipe);
    chatter(port, 10);
    through.goes();
    drop(through);
    node.signal(Signal::TERM);
    node.ended();
    fault.saw("its reader gone: messages go on, exit 0");
}

/// Reads the log until it says how many lines were lost.
fn lost(pipe: &mut File) -> u64 {
    let told = BufReader::new(pipe)
        .lines()
        .find_map(|line| line.unwrap().strip_prefix('(')?.split_once(" log lines")?.0.parse().ok());
    told.expect("a pipe that both sides hold open")
}

/// A node that sees a disk of one mebibyte at `disk`.
fn on_small_disk(node: &Path) -> Command {
    let mut private = command("unshare");
    private.args(["--mount", "sh", "-c"]);
    private.arg("mount -t tmpfs -o size=1m none disk && exec \"$0\" \"$@\"").arg(node);
    private
}

#[test]
fn brk_r05_the_disk_is_full_where_the_log_lives() {
    let mut fault = Fault::begin("BRK-R05");
    if !rustix::process::getuid().is_root() {
        return fault.explain("only root can have a small disk of its own");
    }
    let port = free_port();
    let log = "--caf.logger.file.path=disk/log";
    let setup = Setup::new(PLAIN).through(on_small_disk);
    fs::create_dir(setup.directory().join("disk")).unwrap();
    let mut node = setup
        .arguments(&["-p", &port.to_string(), log, "--caf.logger.file.verbosity=trace"])
        .start();
    wait_for("it listens", || TcpStream::connect(super::local(port)).is_ok());
    let mut through = Through::at(port);
    // The disk is the node's own, and is seen through it.
    let disk = node.directory().strip_prefix("/").unwrap().join("disk");
    let disk = Path::new(&format!("/proc/{}/root", node.pid())).join(disk);
    let mut fill = File::create(disk.join("fill")).unwrap();
    wait_for("the disk is full", || fill.write(&[0; 4096]).is_err());
    chatter(port, 300);
    node.log().wait("the log file cannot be written to: No space left on device");
    through.goes();
    fault.saw("messages go on, and the failing log file is told on standard error");
    drop(fill);
    fs::remove_file(disk.join("fill")).unwrap();
    wait_for("it says how many lines were lost", || {
        chatter(port, 1);
        let log = fs::read_to_string(disk.join("log")).unwrap();
        log.lines().any(|line| line.starts_with('(') && line.contains(" log lines"))
    });
    through.goes();
    fault.saw("with room again the log goes on and says how many lines were lost");
    drop(through);
    node.signal(Signal::TERM);
    node.ended();
}

/// One that may read no more than anybody, even if this test runs as root.
fn without_privilege(node: &Path) -> Command {
    if !rustix::process::getuid().is_root() {
        return command(node);
    }
    let rights = "-dac_override,-dac_read_search";
    let mut command = command("setpriv");
    command.arg(format!("--bounding-set={rights}")).arg(format!("--inh-caps={rights}")).arg(node);
    command
}

#[test]
fn brk_r06_the_configuration_cannot_be_read_any_more() {
    use std::os::unix::fs::PermissionsExt;
    let mut node = Setup::new(PLAIN)
        .through(without_privilege)
        .arguments(&["-p", "0", "--web-socket-port=0", "--metrics-port=0"])
        .start();
    let mut through = Through::new(&node);
    let mut fault = Fault::begin("BRK-R06");
    let mode = |node: &Node, mode| {
        fs::set_permissions(node.config(), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&node, 0o000);
    node.signal(Signal::HUP);
    node.log().wait("everything stays as it was");
    let lines = node.log().lines();
    let errors: Vec<_> = lines.iter().filter(|line| line.contains(" ERROR ")).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("broker.conf") && errors[0].contains("Permission denied"));
    through.goes();
    fault.saw("one error line that names the file, messages go on");
    mode(&node, 0o644);
    node.signal(Signal::HUP);
    node.log().wait("the configuration was read again");
    through.goes();
    fault.saw("read again when it can be");
    drop(through);
    node.signal(Signal::TERM);
    node.ended();
}
