//! Plugins of other catalogues, whatever those do.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use katalogus::{Generation, Listed, RemoteSettings, RemoteStatistics, Remotes, Repository};
use ostler_http::{HeadLimits, Http, Method, Response, Router, Status, at_once};
use ostler_net::tls::LiveIdentity;
use ostler_net::{Address, Limits, Listener, Server};
use ostler_runtime::{Deadline, Thread};
use ostler_tests::echo::identity;
use ostler_tests::{Certificates, Pair};
use ostler_tests::{PATIENCE, wait_for};

const PLUGINS: &str = r#"{
    "b": {"id": "b", "type": "boefje", "enabled": true, "repository_id": "LOCAL", "new": 1},
    "n": {"id": "n", "type": "normalizer", "name": "N"},
    "x": {"id": "x", "type": "bit", "consumes": "A", "produces": [], "parameters": []}
}"#;

/// A catalogue that answers each request with what it is given, which may come late.
struct Other {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    answers: Sender<Vec<u8>>,
    _thread: Thread,
}

impl Other {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let (answers, given) = channel();
        let counted = Arc::clone(&asked);
        let thread = Thread::spawn("other", move || serve(&listener, &counted, &given)).unwrap();
        Self { address, asked, answers, _thread: thread }
    }

    /// Gives it an answer to one request.
    fn give(&self, status: &str, body: &str) {
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
        self.answers.send((head + body).into_bytes()).unwrap();
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn repository(&self) -> Repository {
        let base_url = format!("http://{}/v1/", self.address);
        Repository { id: "remote".into(), name: "Remote".into(), base_url }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // The thread goes on until there is no answer to be given any more, and waits in accept.
        let (nothing, _) = channel();
        self.answers = nothing;
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(listener: &TcpListener, asked: &AtomicUsize, given: &Receiver<Vec<u8>>) {
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
            head.extend(byte);
        }
        if head.starts_with(b"GET /v1/plugins HTTP/1.1\r\n") {
            asked.fetch_add(1, Ordering::SeqCst);
        }
        let Ok(answer) = given.recv() else { return };
        // Whoever has asked may have gone.
        let _ = stream.write_all(&answer);
    }
}

fn remotes(keep: Duration) -> Remotes {
    let settings = RemoteSettings::new(Generation::V1_15);
    Remotes::new(RemoteSettings { timeout: PATIENCE, keep, ..settings })
}

/// The plugins of one repository, whatever time that takes.
fn ask(remotes: &Remotes, repository: &Repository) -> Arc<Vec<Arc<Listed>>> {
    remotes.plugins(std::slice::from_ref(repository), Deadline::NEVER).remove(0)
}

fn ids(plugins: &[Arc<Listed>]) -> Vec<&str> {
    plugins.iter().map(|listed| listed.plugin().id.as_str()).collect()
}

#[test]
fn plugins_of_a_remote_repository_carry_its_name() {
    let other = Other::new();
    other.give("200 OK", PLUGINS);
    let remotes = remotes(PATIENCE);
    let plugins = ask(&remotes, &other.repository());
    assert_eq!(ids(&plugins), ["b", "n"]);
    let mut json = Vec::new();
    plugins[0].write_json(false, &mut json);
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["repository_id"], "remote");
    assert_eq!(json["enabled"], false);
    assert!(plugins[0].plugin().enabled);
    // It is not asked again while the answer counts, and the local repository never is.
    assert_eq!(ids(&ask(&remotes, &other.repository())), ["b", "n"]);
    let local = Repository { id: Repository::LOCAL.into(), ..other.repository() };
    assert!(ask(&remotes, &local).is_empty());
    assert_eq!(other.asked(), 1);
}

#[test]
fn a_repository_without_plugins_has_none_and_is_left_alone_for_a_while() {
    for (status, body) in [
        ("500 Internal Server Error", ""),
        ("404 Not Found", PLUGINS),
        ("200 OK", "no JSON"),
        ("200 OK", "[]"),
        ("200", "{\"a\": 3}"),
    ] {
        let other = Other::new();
        other.give(status, body);
        let remotes = remotes(PATIENCE);
        for _ in 0..3 {
            assert!(ask(&remotes, &other.repository()).is_empty());
        }
        assert_eq!(other.asked(), 1, "{status} {body}");
    }
}

#[test]
fn one_asks_and_the_others_wait_for_the_same_answer() {
    let other = Other::new();
    let remotes = Arc::new(remotes(PATIENCE));
    let (sender, receiver) = channel();
    let threads: Vec<Thread> = (0..4)
        .map(|_| {
            let (remotes, sender) = (Arc::clone(&remotes), sender.clone());
            let repository = other.repository();
            Thread::spawn("asker", move || {
                let plugins = ask(&remotes, &repository);
                sender.send(plugins.len()).unwrap();
            })
            .unwrap()
        })
        .collect();
    wait_for("the question", || other.asked() == 1);
    other.give("200 OK", PLUGINS);
    for _ in &threads {
        assert_eq!(receiver.recv_timeout(PATIENCE), Ok(2));
    }
    assert_eq!(other.asked(), 1);
    assert_eq!(remotes.statistics(), RemoteStatistics { asked: 1, failed: 0 });
}

#[test]
fn nobody_waits_beyond_a_deadline_and_the_answer_counts_when_it_comes() {
    let other = Other::new();
    let remotes = remotes(PATIENCE);
    let passed = Deadline::after(Duration::ZERO);
    let repository = [other.repository()];
    assert!(remotes.plugins(&repository, passed)[0].is_empty());
    assert_eq!(remotes.statistics(), RemoteStatistics::default(), "that is no failure");
    other.give("200 OK", PLUGINS);
    assert_eq!(ids(&ask(&remotes, &other.repository())), ["b", "n"]);
    assert_eq!(ids(&remotes.plugins(&repository, passed)[0]), ["b", "n"]);
    assert_eq!(remotes.statistics(), RemoteStatistics { asked: 1, failed: 0 });
}

#[test]
fn those_that_do_not_answer_keep_nobody_from_those_that_do() {
    let others: Vec<Other> = (0..9).map(|_| Other::new()).collect();
    let numbered = |(number, other): (usize, &Other)| {
        let id = format!("remote{number}");
        Repository { id, ..other.repository() }
    };
    let repositories: Vec<Repository> = others.iter().enumerate().map(numbered).collect();
    let remotes = remotes(PATIENCE);
    let look = || remotes.plugins(&repositories, Deadline::after(Duration::ZERO));
    assert!(look().iter().all(|plugins| plugins.is_empty()));
    // Together, else the last one would be asked too late.
    wait_for("nine questions", || others.iter().all(|other| other.asked() == 1));
    others[8].give("200 OK", PLUGINS);
    wait_for("the answer of the last", || ids(&look()[8]) == ["b", "n"]);
    assert!(look()[..8].iter().all(|plugins| plugins.is_empty()));
    assert_eq!(remotes.statistics(), RemoteStatistics { asked: 1, failed: 0 });
    // Whoever waits does so no longer than those live who are waited for.
    remotes.end();
    let left = remotes.plugins(&repositories, Deadline::NEVER);
    assert_eq!(ids(&left[8]), ["b", "n"]);
}

#[test]
fn what_is_known_counts_until_the_next_answer() {
    let other = Other::new();
    other.give("200 OK", PLUGINS);
    let remotes = remotes(Duration::ZERO);
    assert_eq!(ids(&ask(&remotes, &other.repository())), ["b", "n"]);
    drop(remotes);
    let settings = RemoteSettings { timeout: PATIENCE, ..RemoteSettings::new(Generation::V1_15) };
    let remotes = Remotes::new(RemoteSettings { keep: Duration::from_secs(2), ..settings });
    other.give("200 OK", PLUGINS);
    assert_eq!(ids(&ask(&remotes, &other.repository())), ["b", "n"]);
    // Nobody answers the second question, and nobody waits for that.
    wait_for("the second question", || {
        assert_eq!(ids(&ask(&remotes, &other.repository())), ["b", "n"]);
        other.asked() == 3
    });
    assert_eq!(ids(&ask(&remotes, &other.repository())), ["b", "n"]);
    other.give("200 OK", r#"{"c": {"id": "c", "type": "boefje"}}"#);
    wait_for("the second answer", || ids(&ask(&remotes, &other.repository())) == ["c"]);
}

#[test]
fn answers_that_are_too_long_together_are_not_kept() {
    let (one, other) = (Other::new(), Other::new());
    let settings = RemoteSettings::new(Generation::V1_15);
    let max_bytes = PLUGINS.len() * 2 - 1;
    let remotes =
        Remotes::new(RemoteSettings { timeout: PATIENCE, keep: PATIENCE, max_bytes, ..settings });
    one.give("200 OK", PLUGINS);
    other.give("200 OK", PLUGINS);
    assert_eq!(ids(&ask(&remotes, &one.repository())), ["b", "n"]);
    assert!(ask(&remotes, &other.repository()).is_empty());
    assert_eq!(ids(&ask(&remotes, &one.repository())), ["b", "n"]);
    assert_eq!(remotes.statistics(), RemoteStatistics { asked: 2, failed: 1 });
}

#[test]
fn nobody_is_asked_but_those_who_are_named() {
    let (other, named) = (Other::new(), Other::new());
    let head = format!("302 Found\r\nLocation: http://{}/v1/plugins", other.address);
    named.give(&head, "");
    other.give("200 OK", PLUGINS);
    let remotes = remotes(PATIENCE);
    assert!(ask(&remotes, &named.repository()).is_empty());
    assert_eq!(remotes.statistics(), RemoteStatistics { asked: 1, failed: 1 });
    assert_eq!((named.asked(), other.asked()), (1, 0));
    // It is there all the same.
    assert_eq!(ids(&ask(&remotes, &other.repository())), ["b", "n"]);
}

#[test]
fn nobody_at_all_is_asked_if_that_is_said() {
    let other = Other::new();
    let settings = RemoteSettings::new(Generation::V1_15);
    let remotes = Remotes::new(RemoteSettings { is_on: false, ..settings });
    assert!(ask(&remotes, &other.repository()).is_empty());
    assert_eq!((remotes.statistics(), other.asked()), (RemoteStatistics::default(), 0));
}

#[test]
fn a_repository_that_is_not_there_has_no_plugins() {
    let gone = Other::new().repository();
    let remotes = remotes(PATIENCE);
    assert!(ask(&remotes, &gone).is_empty());
    assert_eq!(remotes.statistics().failed, 1);
}

/// A catalogue over TLS at a port of its own.
fn secured(pair: &Pair) -> (Server, Repository) {
    let address = Address::parse("127.0.0.1", 0).unwrap();
    let listener = Listener::bind(&address).unwrap().remove(0);
    let address = listener.inet().unwrap();
    let listener = listener.secured(Arc::new(LiveIdentity::new(identity(pair))));
    let answer = at_once(|_| Response::text(Status::Ok, PLUGINS));
    let router = Router::new().route(Method::Get, "/plugins", answer).unwrap();
    let service = Arc::new(Http::new(router, HeadLimits::default()));
    let server = Server::start(vec![listener], 1, Limits::default(), service).unwrap();
    let base_url = format!("https://{address}/");
    (server, Repository { id: "remote".into(), name: "Remote".into(), base_url })
}

#[test]
fn a_repository_over_tls_must_have_a_certificate_of_a_known_authority() {
    let certificates = Certificates::new();
    let authority = certificates.own("authority");
    let (_server, repository) = secured(&certificates.site("site", &authority));
    let stranger = certificates.own("stranger").certificate;
    for (authorities, count) in [
        (Some(authority.certificate), 2),
        (Some(stranger), 0),
        (Some(certificates.path("missing")), 0),
        // The system's know nothing of this one.
        (None, 0),
    ] {
        let settings = RemoteSettings::new(Generation::V1_15);
        let settings = RemoteSettings { timeout: PATIENCE, authorities, ..settings };
        let plugins = ask(&Remotes::new(settings), &repository);
        assert_eq!(plugins.len(), count);
    }
}
