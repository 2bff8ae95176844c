//! R09: everything at once, for as long as there is time.

use std::io::Write as _;
use std::net::{Shutdown, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ostler_runtime::environment::variable;
use ostler_runtime::now;
use ostler_tests::clients::{connect_to, port, reset};
use ostler_tests::controller::usual;
use ostler_tests::fault::{Fault, is_long};
use ostler_tests::process::{descriptors, kill, memory};
use ostler_tests::random::Random;
use ostler_tests::wire::query;
use ostler_tests::{Address, Answer, Daemon, FakeBurp, Question, Reply, Step, wait_for};
use rustix::process::Signal;

/// For how many seconds it goes on; a day has 86 400.
const SECONDS: &str = "OSTLER_SOAK_SECONDS";
const DAY: f64 = 86_400.0;

const POOL: u64 = 3;
const CLIENTS: usize = 8;
/// Each client asks so often, which makes 50 requests a second.
const EVERY: Duration = Duration::from_millis(160);
/// The pause between two faults from outside; the children have their own.
const PAUSE: Duration = Duration::from_millis(200);
/// The seconds that burp has.
const TIMEOUT: u64 = 2;

/// What all have met with.
#[derive(Default)]
struct Tally {
    over: AtomicBool,
    right: AtomicUsize,
    told: AtomicUsize,
    faults: AtomicUsize,
    /// The longest wait for an answer, in microseconds.
    longest: AtomicU64,
}

impl Tally {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }
}

#[test]
fn r09_it_bears_everything_at_once() {
    let asked = variable(SECONDS).and_then(|seconds| seconds.parse().ok());
    let seconds: u64 = asked.unwrap_or(if is_long() { 900 } else { 4 });
    let fake = FakeBurp::new();
    let settings = fake.settings().set("pool", "3").set("threads", "16").timeout(TIMEOUT);
    let mut daemon = settings.start();
    daemon.wait_ready(POOL);
    daemon.wait_children(3);
    let is_root = rustix::process::getuid().is_root();
    // The one that answers this is among them.
    let open = || if is_root { descriptors(daemon.pid()) } else { 0 };
    let at_start = open();
    misbehave(&fake);
    let mut fault = Fault::begin("R09");
    let tally = Tally::default();
    let (pid, address) = (daemon.pid(), daemon.address().clone());
    let samples = thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (tally, address) = (&tally, &address);
            scope.spawn(move || client(tally, address, number));
        }
        let (tally, daemon) = (&tally, &mut daemon);
        scope.spawn(move || outside(tally, daemon));
        let samples = watch(pid, Duration::from_secs(seconds));
        tally.over.store(true, Ordering::Release);
        samples
    });
    fake.behave();
    let status = daemon.wait_ready(POOL);
    assert_eq!(status["totals"]["panics"], 0, "{status}");
    daemon.wait_children(3);
    wait_for("no descriptor is left over", || !is_root || descriptors(pid) <= at_start);
    for number in 0..CLIENTS {
        assert_eq!(daemon.query(&text(number)).status(), "OK");
    }
    enter(&mut fault, &tally, seconds, slope(&samples));
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn enter(fault: &mut Fault, tally: &Tally, seconds: u64, slope: f64) {
    let count = |of: &AtomicUsize| of.load(Ordering::Acquire);
    let (right, told) = (count(&tally.right), count(&tally.told));
    fault.saw(format!(
        "{right} right answers in {seconds} s, {told} told why there is none, 0 wrong, while {} \
         faults came from outside and the children had theirs; no descriptor more",
        count(&tally.faults)
    ));
    let longest = tally.longest.load(Ordering::Acquire) as f64 / 1e6;
    fault.figure(format!("the longest wait {longest:.2} s"), longest <= TIMEOUT as f64 + 1.0);
    if seconds as f64 >= DAY {
        fault.figure(format!("RSS slope {slope:.2} MiB a day"), slope <= 1.0);
    } else {
        // A thread's first use of its arena alone would be a slope, over some seconds.
        fault.explain(format!(
            "a slope takes a day ({SECONDS} = 86400); tests/soak/RESULTS.md has that of an hour"
        ));
    }
}

/// The question of a client, which no other asks at the same time.
fn text(number: usize) -> String {
    match number {
        0..6 => format!("c:client{}:b:{}", number % 3 + 1, number / 3 + 1),
        _ => format!("c:client{}", number - 5),
    }
}

fn client(tally: &Tally, address: &Address, number: usize) {
    let text = text(number);
    let name = text.split(':').nth(1).expect("a client");
    let mut next = now();
    while !tally.is_over() {
        let start = now();
        let answer = query(address, &text);
        let took = now().duration_since(start).as_micros();
        tally.longest.fetch_max(u64::try_from(took).expect("no such time"), Ordering::AcqRel);
        match answer {
            // A warning of burp is told by its status alone.
            Answer::Er(_) | Answer::Ko => tally.told.fetch_add(1, Ordering::AcqRel),
            answer => {
                // Whatever else it is, it must be the answer to this question.
                let shown = answer.json();
                assert_eq!(shown["clients"][0]["name"], name, "{text}: {shown}");
                if let Some(backup) = text.split(":b:").nth(1) {
                    let number = shown["clients"][0]["backups"][0]["number"].to_string();
                    assert_eq!(number, backup, "{text}: {shown}");
                }
                tally.right.fetch_add(1, Ordering::AcqRel)
            }
        };
        next += EVERY;
        rest_until(next);
    }
}

fn rest_until(moment: Instant) {
    let left = moment.saturating_duration_since(now());
    if !left.is_zero() {
        thread::park_timeout(left);
    }
}

/// From now on one answer in fifty comes in a wrong way, and one start in ten fails.
fn misbehave(fake: &FakeBurp) {
    let mut random = Random::new(9);
    fake.rule(move |_, question| {
        let often = match question {
            Question::Start => 10,
            Question::Query(text) if text.starts_with(b"c:client") => 50,
            _ => return usual(question),
        };
        if !random.one_in(often) {
            return usual(question);
        }
        if *question == Question::Start {
            return Reply::Do(vec![Step::Exit(4)]);
        }
        Reply::Do(match random.below(12) {
            0 => vec![Step::Hang],
            1 => vec![Step::Exit(1)],
            2 => vec![Step::Die(11)],
            3 => vec![Step::raw("{\"half\": \"an ans"), Step::Die(9)],
            4 => vec![Step::Raw(random.bytes(5000))],
            5 => vec![Step::Marked("c:client9".to_owned(), b"{\"clients\":[]}".to_vec())],
            6 => vec![Step::Answer, Step::raw("{\"too\":\"much\"}\n")],
            7 => vec![Step::Stderr(100_000), Step::Answer],
            8 => vec![Step::Logline("all is well".to_owned()), Step::Answer],
            9 => vec![Step::Warning("Backup not found".to_owned()), Step::Exit(1)],
            10 => vec![Step::IgnoreTerm, Step::raw("\u{0}\n\n"), Step::Hang],
            _ => vec![Step::Drip(b"{\"response-start".to_vec(), Duration::from_millis(100))],
        })
    });
}

/// Faults that come from outside, one after the other.
fn outside(tally: &Tally, daemon: &mut Daemon) {
    let mut random = Random::new(90);
    let to = port(daemon.address());
    let mut next = now();
    while !tally.is_over() {
        match random.below(8) {
            0 => hit_a_child(&mut random, daemon, Signal::KILL),
            1 => hit_a_child(&mut random, daemon, Signal::STOP),
            2 => daemon.signal(Signal::HUP),
            3 => daemon.signal(Signal::USR1),
            _ => rude(&mut random, to),
        }
        tally.faults.fetch_add(1, Ordering::AcqRel);
        next += PAUSE;
        rest_until(next);
    }
}

fn hit_a_child(random: &mut Random, daemon: &Daemon, signal: Signal) {
    let children = daemon.children();
    if !children.is_empty() {
        let child = children[random.below(children.len())];
        kill(child.pid, signal);
    }
}

/// A client that does not behave. The daemon may close its connection at any time.
fn rude(random: &mut Random, to: SocketAddr) {
    let mut stream = connect_to(to);
    let count = random.below(200);
    let sent = match random.below(4) {
        0 => Vec::new(),
        1 => vec![0xff; 8],
        2 => random.bytes(count),
        _ => b"\0\0\0\0\0\0\0\x40{\"query\": \"c:client1\", ".to_vec(),
    };
    let _ = stream.write_all(&sent);
    match random.below(3) {
        0 => reset(stream),
        1 => drop(stream.shutdown(Shutdown::Write)),
        _ => drop(stream),
    }
}

/// The memory of the daemon in bytes, once a second, or more often where the time is short.
fn watch(pid: u32, time: Duration) -> Vec<(f64, f64)> {
    let every = Duration::from_secs(1).min(time / 20);
    let start = now();
    let mut samples = Vec::new();
    while now().duration_since(start) < time {
        #[expect(clippy::cast_precision_loss, reason = "bytes of memory")]
        samples.push((now().duration_since(start).as_secs_f64(), memory(pid, "VmRSS") as f64));
        rest_until(now() + every);
    }
    samples
}

/// The slope of the second half of the samples, in MiB a day.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn slope(samples: &[(f64, f64)]) -> f64 {
    let half = &samples[samples.len() / 2..];
    let mean = |of: fn(&(f64, f64)) -> f64| half.iter().map(of).sum::<f64>() / half.len() as f64;
    let (time, bytes) = (mean(|sample| sample.0), mean(|sample| sample.1));
    let (mut products, mut squares) = (0.0, 0.0);
    for sample in half {
        products += (sample.0 - time) * (sample.1 - bytes);
        squares += (sample.0 - time).powi(2);
    }
    products / squares * DAY / f64::from(1 << 20)
}

#[test]
fn the_slope_of_a_line_is_found() {
    let samples: Vec<(f64, f64)> = (0..100).map(|n| (f64::from(n), f64::from(n) * 1e3)).collect();
    assert!((slope(&samples) - 1e3 * DAY / f64::from(1 << 20)).abs() < 1e-6);
}
