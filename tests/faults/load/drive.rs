//! Clients that ask one question after another, each on a connection of its own, and what it took.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use ostler_runtime::now;
use ostler_tests::PATIENCE;
use ostler_tests::secure::Secure;
use ostler_tests::wire::{PASSWORD, frame};
use serde_json::json;

/// What came of a run.
pub(super) struct Driven {
    /// In order of length.
    latencies: Vec<Duration>,
    /// From the first question to the last answer.
    took: Duration,
}

impl Driven {
    /// Answers a second.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub(super) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64()
    }

    /// What so many of a hundred did not exceed, in milliseconds.
    pub(super) fn percentile(&self, hundredths: usize) -> f64 {
        let at = (self.latencies.len() - 1) * hundredths / 100;
        self.latencies[at].as_secs_f64() * 1000.0
    }
}

/// How clients speak.
#[derive(Clone)]
pub(super) enum Speech {
    Plain,
    Tls(Secure),
}

/// Eight different questions: equal ones would share an answer.
pub(super) fn distinct() -> Vec<Vec<u8>> {
    let backups = (1..=3).flat_map(|client| [1, 2].map(|backup| (client, backup)));
    let backups = backups.map(|(client, backup)| format!("c:client{client}:b:{backup}"));
    let texts = backups.chain(["c:client1".to_owned(), "c:client2".to_owned()]);
    texts.map(|text| question(&text, false)).collect()
}

/// A question as it is sent.
pub(super) fn question(text: &str, cache: bool) -> Vec<u8> {
    let fields = json!({ "query": text, "timeout": null, "cache": cache, "password": PASSWORD });
    frame(fields.to_string().as_bytes())
}

/// Client `n` asks the `n`th of `questions`, over and over for this time. Every answer is `OK`.
pub(super) fn drive(
    address: SocketAddr,
    speech: &Speech,
    questions: &[Vec<u8>],
    time: Duration,
) -> Driven {
    let barrier = Barrier::new(questions.len() + 1);
    thread::scope(|scope| {
        let asks = |question: &Vec<u8>| {
            let (question, speech, barrier) = (question.clone(), speech.clone(), &barrier);
            scope.spawn(move || {
                let (mut latencies, mut buffer) = (Vec::new(), vec![0; 16 * 1024]);
                barrier.wait();
                let mut last = now();
                let end = last + time;
                while last < end {
                    ask(address, &speech, &question, &mut buffer);
                    let answered = now();
                    latencies.push(answered.duration_since(last));
                    last = answered;
                }
                latencies
            })
        };
        let clients: Vec<_> = questions.iter().map(asks).collect();
        barrier.wait();
        let start = now();
        let mut latencies: Vec<Duration> =
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        let took = now().duration_since(start);
        latencies.sort_unstable();
        Driven { latencies, took }
    })
}

fn ask(address: SocketAddr, speech: &Speech, question: &[u8], buffer: &mut [u8]) {
    let outcome = match speech {
        Speech::Plain => {
            plain(address).and_then(|mut stream| exchange(&mut stream, question, buffer))
        }
        Speech::Tls(secure) => exchange(&mut secure.connect(address), question, buffer),
    };
    let answer = outcome.unwrap_or_else(|error| panic!("{address}: {error}"));
    assert!(answer.starts_with(b"OK"), "{}", answer.escape_ascii());
}

fn plain(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Reads as much as the answer's length says, as Burp-UI does.
fn exchange<'a>(
    stream: &mut (impl Read + Write),
    question: &[u8],
    buffer: &'a mut [u8],
) -> io::Result<&'a [u8]> {
    stream.write_all(question)?;
    let (mut got, mut wanted) = (0, 10);
    while got < wanted {
        let read = stream.read(&mut buffer[got..])?;
        if read == 0 {
            break;
        }
        got += read;
        if let Some(length) = buffer[..got].get(2..10) {
            let length = u64::from_be_bytes(length.try_into().expect("eight bytes"));
            wanted = 10 + usize::try_from(length).expect("a length");
        }
    }
    Ok(&buffer[..got])
}
