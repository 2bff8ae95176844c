//! Handshakes by the hundred, beside those who ask in plain text.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use ostler_runtime::{Deadline, now};
use ostler_tests::Fault;
use ostler_tests::clients::p99;
use ostler_tests::fault::is_long;

/// Those that ask in plain text, as many as in the standard set-up.
const CLIENTS: usize = 8;
/// Handshakes that are to be made in a second.
const RATE: u32 = 220;
/// The threads that they come from.
const THREADS: u32 = 4;

/// Has each thread `shake` hands in its turn, and enters how many were made, and how long who asks
/// by `plain` waits meanwhile. What a thread needs besides, `client` makes for it.
pub(crate) fn two_hundred_a_second<C>(
    fault: &mut Fault,
    client: impl Fn() -> C + Sync,
    shake: impl Fn(&C) + Sync,
    plain: impl Fn(usize) + Sync,
) {
    let alone = p99(CLIENTS, 100, &plain);
    let until = Deadline::after(Duration::from_secs(if is_long() { 60 } else { 3 }));
    let (began, mut measured) = (now(), Vec::new());
    let in_turn = |number: u32| {
        let client = client();
        // Nothing is ever sent: a thread waits for its turn.
        let (_sender, turn) = channel::<()>();
        let step = Duration::from_secs(1) * THREADS / RATE;
        let mut next = began + step * number / THREADS;
        let mut count = 0_u32;
        while !until.passed() {
            let wait = next.saturating_duration_since(now());
            assert_eq!(turn.recv_timeout(wait), Err(RecvTimeoutError::Timeout));
            next += step;
            shake(&client);
            count += 1;
        }
        count
    };
    let (count, took) = thread::scope(|scope| {
        let in_turn = &in_turn;
        let running: Vec<_> =
            (0..THREADS).map(|number| scope.spawn(move || in_turn(number))).collect();
        while !until.passed() {
            measured.push(p99(CLIENTS, 100, &plain));
        }
        let count: u32 = running.into_iter().map(|client| client.join().unwrap()).sum();
        (count, now().duration_since(began))
    });
    let rate = f64::from(count) / took.as_secs_f64();
    fault.figure(format!("{rate:.0} handshakes/s for {:.0} s", took.as_secs_f64()), rate >= 200.0);
    measured.sort_unstable();
    let crowded = measured[measured.len() / 2];
    fault.figure(format!("plain p99 {crowded:.1?}, alone {alone:.1?}"), crowded <= alone * 2);
}
