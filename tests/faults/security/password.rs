//! Whether the time of a refusal tells how much of a guess was right.

use std::time::Duration;

use ostler_runtime::now;
use ostler_tests::fault::{Fault, is_long};
use ostler_tests::wire::frame;
use ostler_tests::{Address, FakeBurp, Wire};
use serde_json::json;

const PASSWORD: &str = "abcdefghijklmnopqrst";

/// Guesses that share nothing, nearly all at the start, or nearly all at the end with the password,
/// and guesses of other lengths. All make one block of the digest, so that none costs more than
/// another by itself.
const GUESSES: [(&str, &str); 5] = [
    ("all wrong", "ABCDEFGHIJKLMNOPQRST"),
    ("first byte wrong", "Abcdefghijklmnopqrst"),
    ("last byte wrong", "abcdefghijklmnopqrsT"),
    ("three bytes short", "abcdefghijklmnopq"),
    ("three bytes long", "abcdefghijklmnopqrstuvw"),
];

/// Above this the times differ by more than chance.
const LIMIT: f64 = 4.5;

#[test]
fn a01_the_time_of_a_refusal_tells_nothing_of_the_password() {
    let fake = FakeBurp::new();
    let place = tempfile::tempdir().unwrap();
    let socket = place.path().join("socket");
    let bind = format!("unix:{}", socket.display());
    // A Unix socket has the least noise.
    let settings = fake.settings().set("bind", &bind).set("password", PASSWORD).set("pool", "1");
    let daemon = settings.start();
    let address = Address::Unix(socket);
    let frames = GUESSES.map(|(_, guess)| {
        frame(json!({ "func": "monitor_version", "password": guess }).to_string().as_bytes())
    });
    let mut fault = Fault::begin("A01");
    let rounds = if is_long() { 20_000 } else { 800 };
    let mut times = GUESSES.map(|_| Vec::with_capacity(rounds));
    for round in 0..rounds {
        // Each takes each place in the row equally often.
        for turn in 0..GUESSES.len() {
            let which = (round + turn) % GUESSES.len();
            times[which].push(refusal(&address, &frames[which]));
        }
    }
    let limit = ninth_tenth(&times);
    let samples = times.map(|times| Sample::of(times.into_iter().filter(|time| *time <= limit)));
    let strongest = (0..samples.len())
        .flat_map(|a| (a + 1..samples.len()).map(move |b| (a, b)))
        .map(|(a, b)| (samples[a].t(&samples[b]), a, b))
        .max_by(|(one, ..), (other, ..)| one.total_cmp(other))
        .unwrap();
    let (t, a, b) = strongest;
    fault.figure(
        format!(
            "{} tries of five kinds, the strongest difference |t| = {t:.2} (`{}` and `{}`, {:.2} \
             and {:.2} µs)",
            rounds * GUESSES.len(),
            GUESSES[a].0,
            GUESSES[b].0,
            samples[a].mean * 1e6,
            samples[b].mean * 1e6,
        ),
        t < LIMIT,
    );
    drop(daemon);
}

/// How long a refusal takes, on a connection of its own.
fn refusal(address: &Address, frame: &[u8]) -> Duration {
    let mut wire = Wire::connect(address);
    let start = now();
    wire.send(frame);
    let answer = wire.read_some().unwrap();
    let took = now().duration_since(start);
    assert_eq!(answer, b"KO");
    took
}

/// What is slower than nine of ten is the machine's business and says nothing.
fn ninth_tenth(times: &[Vec<Duration>]) -> Duration {
    let mut all = times.concat();
    all.sort_unstable();
    all[all.len() / 10 * 9]
}

/// Times in seconds.
struct Sample {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Sample {
    fn of(times: impl Iterator<Item = Duration>) -> Self {
        let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for time in times {
            let time = time.as_secs_f64();
            count += 1.0;
            let away = time - mean;
            mean += away / count;
            squares += away * (time - mean);
        }
        Self { count, mean, variance: squares / (count - 1.0) }
    }

    /// Welch's t, without its sign.
    fn t(&self, other: &Self) -> f64 {
        let spread = self.variance / self.count + other.variance / other.count;
        ((self.mean - other.mean) / spread.sqrt()).abs()
    }
}

#[test]
fn a_difference_is_seen_and_chance_is_not() {
    let times = |base: u64| (0..1000).map(move |n| Duration::from_nanos(base + n * 7919 % 1000));
    let (one, same, slower) =
        (Sample::of(times(5000)), Sample::of(times(5001)), Sample::of(times(5100)));
    assert!(one.t(&same) < LIMIT && one.t(&slower) > LIMIT, "{}", one.t(&slower));
}
