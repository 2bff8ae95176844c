//! Daemons that share their answers through a store of Broker's.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use broker::data::{Data, Timestamp};
use broker::{BackendKind, BackendOptions, Endpoint, EndpointOptions, Store, Tls};
use ostler_net::Address;
use ostler_net::tls::PeerSettings;
use ostler_runtime::Deadline;
use ostler_tests::broker_peer::listening;
use ostler_tests::broker_program::Setup;
use ostler_tests::controller::{Reply, usual};
use ostler_tests::{
    Answer, Caller, Certificates, Daemon, FakeBurp, Pair, Settings, Step, Wire, checked, wait_for,
};
use rustix::process::Signal;
use serde_json::json;

const QUERY: &str = "c:client1";
const THERE: &str = "the shared cache is there";
/// Longer than a daemon gives up a store that was late.
const AGAIN: Duration = Duration::from_secs(5);

/// A scripted burp whose server has this authority.
fn burp(authority: &str) -> FakeBurp {
    let fake = FakeBurp::new();
    let file = fake.directory().join("ca.pem");
    fs::write(&file, authority).unwrap();
    let conf = fs::read_to_string(fake.conf()).unwrap();
    let conf = conf.replace("server = 127.0.0.1", "server = backup.example");
    fs::write(fake.conf(), format!("{conf}ssl_cert_ca = {}\n", file.display())).unwrap();
    fake
}

/// What a daemon of this burp is told to share by the store at a port.
fn sharing(fake: &FakeBurp, port: u16) -> Settings {
    let settings = fake.settings().status("port", "0").timeout(120).cache("store", "burp");
    let settings = settings.cache("peers", &format!("127.0.0.1:{port}")).cache("retry", "1");
    // However busy this machine is, the store's word comes in time.
    settings.cache("wait", "60")
}

/// A daemon that shares.
fn start(settings: Settings) -> Daemon {
    let daemon = settings.start();
    daemon.wait_ready(2);
    daemon.wait_log(THERE);
    daemon
}

/// The master of the store, and its port.
fn hub() -> (Endpoint, Store, u16) {
    let (endpoint, port) = listening(EndpointOptions::default());
    let store = endpoint.attach_master("burp", BackendKind::Memory, &BackendOptions::default());
    (endpoint, store.unwrap(), port)
}

/// What `/metrics` has under this name.
fn figure(daemon: &Daemon, name: &str) -> u64 {
    let line = daemon.wait_log("status on ");
    let mut caller = Caller::new(line.rsplit_once(' ').unwrap().1.parse().unwrap());
    caller.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let heard = caller.one();
    let text = heard.text();
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

/// So many answers have come to this.
fn count(daemon: &Daemon, what: &str) -> u64 {
    figure(daemon, &format!("bui_monitor_shared_cache_total{{result=\"{what}\"}}"))
}

/// Asks, and is answered later.
fn begin(daemon: &Daemon) -> Wire {
    let mut wire = daemon.connect();
    let request = json!({ "query": QUERY, "password": ostler_tests::wire::PASSWORD });
    wire.frame(request.to_string().as_bytes());
    wire
}

/// Asks, and takes an answer of the last seconds.
fn ask(daemon: &Daemon) -> Answer {
    daemon.ask(&json!({ "query": QUERY }))
}

/// The same until the answer is shared: once, unless this machine is so busy that the store is out
/// of reach for a moment, since nobody tells again what was not shared then. How often it asked.
fn share(daemon: &Daemon, query: &str, what: &str, mut is_shared: impl FnMut() -> bool) -> usize {
    let (mut times, mut again) = (0, Deadline::after(Duration::ZERO));
    wait_for(what, || {
        if again.passed() {
            assert_eq!(daemon.ask(&json!({ "query": query, "cache": times == 0 })).status(), "OK");
            (times, again) = (times + 1, Deadline::after(AGAIN));
        }
        is_shared()
    });
    times
}

/// The same until the store has the answer: under this key.
fn told(daemon: &Daemon, store: &Store, query: &str) -> String {
    let mut found = None;
    share(daemon, query, "it is told", || {
        let mut keys = store.keys().unwrap().into_iter().map(|key| key.to_string());
        found = keys.find(|key| key.starts_with("answer ") && key.ends_with(query));
        found.is_some()
    });
    found.unwrap()
}

#[test]
fn who_asks_while_another_does_is_answered_with_it_and_burp_is_asked_once() {
    let mut fake = burp("one");
    let (_endpoint, _store, port) = hub();
    let [first, second] = [0; 2].map(|_| start(sharing(&fake, port)));
    fake.hold_at(QUERY);
    let mut asked = begin(&first);
    let child = fake.wait_query(QUERY);
    let mut others = [begin(&second), begin(&second)];
    // It has been told that the first one asks once it waits for it.
    wait_for("both wait", || {
        figure(&second, "bui_monitor_cache_queries_total{result=\"shared\"}") == 1
    });
    fake.release(child, &[Step::Answer]);
    let answer = asked.answer();
    assert_eq!(answer.status(), "OK");
    for other in &mut others {
        assert_eq!(other.answer(), answer);
    }
    // The other one has it now.
    assert_eq!(ask(&second), answer);
    assert_eq!(fake.asked(QUERY).len(), 0, "beside the one that was waited for");
    wait_for("both are counted", || (count(&first, "told"), count(&second, "spared")) == (1, 1));
    // Who wants a new answer gets one.
    fake.behave();
    assert_eq!(second.query(QUERY).status(), "OK");
    assert_eq!(fake.asked(QUERY).len(), 1);
}

#[test]
fn a_daemon_may_keep_the_store_for_the_others() {
    let mut fake = burp("one");
    let master = fake.settings().status("port", "0").cache("store", "burp").cache("wait", "60");
    let master = start(master.cache("store_role", "master").cache("port", "0"));
    let line = master.wait_log("shared cache: waiting for peers on ");
    let port = line.rsplit(' ').next().unwrap().parse().unwrap();
    let clones = [0; 2].map(|_| start(sharing(&fake, port)));
    for (number, asks) in [&clones[0], &master].into_iter().enumerate() {
        let all = || clones.iter().chain([&master]);
        let before: Vec<u64> = all().map(|daemon| count(daemon, "learned")).collect();
        fake.forget();
        assert_eq!(asks.query("c:").status(), "OK");
        // It has it itself now.
        let times = share(asks, "c:", "the others know it", || {
            let now = all().map(|daemon| count(daemon, "learned"));
            now.zip(&before).filter(|(now, before)| now > before).count() == 2
        });
        assert_eq!(fake.asked("c:").len(), times, "{number}");
    }
}

#[test]
fn of_two_daemons_that_keep_one_store_the_refused_one_says_that_it_shares_nothing() {
    let fake = burp("one");
    let shared = fake.settings().status("port", "0").cache("store", "burp").cache("port", "0");
    let first = start(shared.cache("store_role", "master"));
    let line = first.wait_log("shared cache: waiting for peers on ");
    let second = sharing(&fake, line.rsplit(' ').next().unwrap().parse().unwrap());
    let second = second.cache("store_role", "master").start();
    let both = [&first, &second];
    for daemon in both {
        daemon.wait_log("has a master of this name too");
    }
    let refused = both.into_iter().find(|daemon| daemon.logged("this one is refused") > 0);
    let refused = refused.unwrap();
    wait_for("it says so", || figure(refused, "bui_monitor_shared_cache_reachable") == 0);
    refused.wait_ready(2);
    assert_eq!(ask(refused).status(), "OK");
    assert_eq!(count(refused, "told"), 0);
}

#[test]
fn without_the_store_burp_is_asked_and_with_it_again_it_is_spared() {
    let mut fake = burp("one");
    let (endpoint, store, port) = hub();
    let daemon = start(sharing(&fake, port));
    wait_for("it says so", || figure(&daemon, "bui_monitor_shared_cache_reachable") == 1);
    drop((store, endpoint));
    // It may not know yet.
    assert_eq!(ask(&daemon).status(), "OK");
    daemon.wait_log("the shared cache cannot be reached: all queries go to burp");
    assert_eq!(figure(&daemon, "bui_monitor_shared_cache_reachable"), 0);
    fake.forget();
    assert_eq!(daemon.ask(&json!({ "query": "c:client2" })).status(), "OK");
    assert_eq!(fake.asked("c:client2").len(), 1);

    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    let none = BackendOptions::default();
    let _store = endpoint.attach_master("burp", BackendKind::Memory, &none).unwrap();
    endpoint.listen(&Address::parse("127.0.0.1", port).unwrap()).unwrap();
    daemon.wait_logged(THERE, 2);
    let other = start(sharing(&fake, port));
    let before = count(&daemon, "learned");
    share(&other, QUERY, "the answer is known", || count(&daemon, "learned") > before);
}

#[test]
fn a_daemon_that_dies_while_it_asks_burp_keeps_nobody_waiting() {
    let mut fake = burp("one");
    let (_endpoint, _store, port) = hub();
    let [mut first, second] = [0; 2].map(|_| start(sharing(&fake, port).cache("wait", "1")));
    fake.hold_at(QUERY);
    let _lost = begin(&first);
    fake.wait_query(QUERY);
    fake.behave();
    first.signal(Signal::KILL);
    first.ended();
    assert_eq!(ask(&second).status(), "OK");
    assert_eq!(fake.asked(QUERY).len(), 1, "by the one that lives");
}

#[test]
fn a_claim_that_is_another_daemons_by_now_is_left_alone() {
    let mut fake = burp("one");
    let (_endpoint, store, port) = hub();
    let daemon = start(sharing(&fake, port).cache("wait", "0.5"));
    let key = told(&daemon, &store, "c:client2");
    let key = key.replace("client2", "client1").replace("answer", "claim");
    // Burp takes longer than the claim stands.
    fake.hold_at(QUERY);
    let mut asked = begin(&daemon);
    let child = fake.wait_query(QUERY);
    let life = Some(Duration::from_secs(600));
    wait_for("another one says that it asks", || {
        store.put_unique(key.as_str(), "another", life).unwrap()
    });
    fake.release(child, &[Step::Answer]);
    assert_eq!(asked.answer().status(), "OK");
    fake.behave();
    // What is written behind it has come, and so has what is not.
    share(&daemon, "c:client3", "the next one is told", || {
        store.keys().unwrap().iter().any(|key| key.to_string().ends_with("c:client3"))
    });
    let value = store.get(&Data::from(key.as_str())).unwrap();
    assert_eq!(value, Data::from("another"));
}

#[test]
fn answers_of_another_server_or_to_another_client_are_not_shared() {
    let (mut one, mut other) = (burp("one"), burp("other"));
    let (_endpoint, _store, port) = hub();
    let daemons = [&one, &one, &other].map(|fake| start(sharing(fake, port)));
    let [first, second, stranger] = &daemons;
    let times = share(first, QUERY, "the same client knows it", || count(second, "learned") > 0);
    assert_eq!(ask(stranger).status(), "OK");
    assert_eq!((one.asked(QUERY).len(), other.asked(QUERY).len()), (times, 1));
    // What the stranger has asked has come by now, and is nobody else's.
    let before = count(second, "learned");
    assert_eq!(first.query("c:").status(), "OK");
    share(first, "c:", "the next one is known", || count(second, "learned") > before);
    assert_eq!(count(stranger, "learned"), 0);
}

#[test]
fn a_daemon_whose_client_has_changed_shares_nothing_until_it_is_started_again() {
    let mut fake = burp("one");
    let (_endpoint, store, port) = hub();
    let daemon = start(sharing(&fake, port));
    let conf = fs::read_to_string(fake.conf()).unwrap();
    // Nobody has to tell it: its children follow the file by themselves.
    fs::write(fake.conf(), conf.replace("cname = monitor", "cname = other")).unwrap();
    daemon.wait_log("[Cache]: nothing is shared until the next start");
    assert_eq!(figure(&daemon, "bui_monitor_shared_cache_reachable"), 0);
    fake.forget();
    assert_eq!(ask(&daemon).status(), "OK");
    assert_eq!((fake.asked(QUERY).len(), store.keys().unwrap().len()), (1, 0));
    // Nor does it learn what others are told, who ask as the client that it was.
    fs::write(fake.conf(), conf).unwrap();
    let other = start(sharing(&fake, port));
    share(&other, QUERY, "it is shared", || count(&other, "told") > 0);
    store.put("seen by all", 1_u64, None).unwrap();
    assert!(store.await_idle(ostler_tests::broker_peer::soon()));
    assert_eq!(count(&daemon, "learned"), 0);
}

#[test]
fn a_configuration_that_says_nothing_for_a_moment_ends_sharing_for_as_long() {
    let fake = burp("one");
    let (_endpoint, store, port) = hub();
    let mut daemon = start(sharing(&fake, port));
    let conf = fs::read_to_string(fake.conf()).unwrap();
    fs::write(fake.conf(), conf.replace("ssl_cert_ca", "# ssl_cert_ca")).unwrap();
    daemon.reload();
    daemon.wait_log("[Cache]: nothing is shared while it is not known whose answers these are");
    assert_eq!(figure(&daemon, "bui_monitor_shared_cache_reachable"), 0);
    assert_eq!(ask(&daemon).status(), "OK");
    assert_eq!(store.keys().unwrap().len(), 0);
    fs::write(fake.conf(), conf).unwrap();
    daemon.wait_logged(THERE, 2);
    share(&daemon, "c:client2", "it is shared", || count(&daemon, "told") > 0);
}

#[test]
fn a_port_that_is_taken_ends_the_start_with_words() {
    let fake = burp("one");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let settings = fake.settings().status("port", "0").cache("store", "burp");
    let mut daemon = settings.cache("store_role", "master").cache("port", &port).launch();
    daemon.wait_log("[Cache] bind: ");
    assert_eq!(daemon.ended().code(), Some(69));
}

#[test]
fn what_does_not_say_whose_answers_it_has_shares_nothing() {
    let fake = FakeBurp::new();
    let (_endpoint, store, port) = hub();
    let daemon = sharing(&fake, port).cache("server", "here").start();
    daemon.wait_ready(2);
    daemon.wait_log("burp.conf does not say its ssl_cert_ca");
    assert_eq!(ask(&daemon).status(), "OK");
    assert_eq!(store.keys().unwrap().len(), 0);
}

#[test]
fn a_server_on_the_machine_itself_is_shared_only_under_a_name() {
    let fake = burp("one");
    let conf = fs::read_to_string(fake.conf()).unwrap();
    fs::write(fake.conf(), conf.replace("server = backup.example", "server = 127.0.0.1")).unwrap();
    let (_endpoint, store, port) = hub();
    let daemon = sharing(&fake, port).start();
    daemon.wait_ready(2);
    daemon.wait_log("the server is on this machine, as another one may be on another: set server");
    assert_eq!(ask(&daemon).status(), "OK");
    assert_eq!(store.keys().unwrap().len(), 0);
    let named = |name| start(sharing(&fake, port).cache("server", name));
    let [first, second, other] = ["here", "here", "there"].map(named);
    share(&first, QUERY, "it is known under the same name", || count(&second, "learned") > 0);
    share(&other, QUERY, "the other one has told it too", || count(&other, "told") > 0);
    assert_eq!(count(&other, "learned"), 0);
}

#[test]
fn what_comes_from_a_store_can_be_any_answer_but_no_longer_than_its_time() {
    let fake = burp("one");
    let (_endpoint, store, port) = hub();
    let [first, second] = [0; 2].map(|_| start(sharing(&fake, port)));
    // One that is held up on its way is as old as it says.
    fake.rule(|_, question| match question {
        question if question.is_query(QUERY) => Reply::Do(vec![Step::Filler(100)]),
        question => usual(question),
    });
    let times = share(&first, QUERY, "it is known", || count(&second, "learned") > 0);
    let keys = store.keys().unwrap();
    let key = keys.iter().find(|key| key.to_string().starts_with("answer ")).unwrap();
    let late = Timestamp::from_nanos(store.now().nanos() - 6_000_000_000);
    let value = vec![Data::from(late), Data::from("{}")];
    let life = Duration::from_secs(5);
    store.put(key.clone(), Data::Vector(value), Some(life)).unwrap();
    wait_for("it is not taken", || count(&second, "outdated") == 1);
    let learned = count(&second, "learned");
    assert!(learned <= times as u64, "{learned}");
}

#[test]
fn an_answer_that_is_too_long_is_not_shared() {
    let fake = burp("one");
    let (_endpoint, store, port) = hub();
    let daemon = start(sharing(&fake, port));
    fake.rule(|_, question| match question {
        question if question.is_query(QUERY) => Reply::Do(vec![Step::Filler(9 << 20)]),
        question => usual(question),
    });
    share(&daemon, QUERY, "it is kept back", || count(&daemon, "kept_back") > 0);
    // What another one writes that is as long is not taken, and what comes behind it is.
    let key = told(&daemon, &store, "c:client2");
    let born = Data::from(store.now());
    let answer = |bytes| Data::Vector(vec![born.clone(), Data::from("x".repeat(bytes))]);
    let life = Some(Duration::from_secs(5));
    for (query, bytes) in [("client3", 17 << 20), ("client4", 1000)] {
        store.put(key.replace("client2", query), answer(bytes), life).unwrap();
    }
    wait_for("the short one is known", || count(&daemon, "learned") == 1);
}

/// An endpoint with a master of the store that speaks TLS with this certificate, at a port.
fn secured_hub(pair: &Pair, authority: &Pair, port: u16) -> (Endpoint, Store, u16) {
    let files = PeerSettings {
        certificate: pair.certificate.clone(),
        key: pair.key.clone(),
        cafile: Some(authority.certificate.clone()),
        ..PeerSettings::default()
    };
    let tls = Some(Tls::load(&files).unwrap());
    let endpoint = Endpoint::new(EndpointOptions { tls, ..EndpointOptions::default() }).unwrap();
    let none = BackendOptions::default();
    let store = endpoint.attach_master("burp", BackendKind::Memory, &none).unwrap();
    let ports = endpoint.listen(&Address::parse("127.0.0.1", port).unwrap()).unwrap();
    (endpoint, store, ports[0])
}

/// The same with this certificate of its own.
fn secured(settings: Settings, pair: &Pair, authority: &Path) -> Settings {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let settings = settings.cache("ssl", "true").cache("sslcert", &text(&pair.certificate));
    settings.cache("sslkey", &text(&pair.key)).cache("sslca", &text(authority))
}

#[test]
fn with_certificates_only_those_of_the_authority_share() {
    let fake = burp("one");
    let files = Certificates::new();
    let (authority, stranger) = (files.own("authority"), files.own("stranger"));
    let signed = |name: &str, by: &Pair| files.signed(name, by, 10);
    let (_endpoint, store, port) = secured_hub(&signed("hub", &authority), &authority, 0);
    let of = |name: &str, by: &Pair| {
        secured(sharing(&fake, port), &signed(name, by), &authority.certificate)
    };
    let [first, second] = ["first", "second"].map(|name| start(of(name, &authority)));
    let others = [of("other", &stranger), sharing(&fake, port)].map(Settings::start);
    others[0].wait_log("must hold the authority of this one");
    others[1].wait_log("set broker.disable-ssl there");
    share(&first, QUERY, "it is known", || count(&second, "learned") > 0);
    let before = store.keys().unwrap();
    for other in &others {
        other.wait_ready(2);
        assert_eq!(other.query("c:client2").status(), "OK");
        assert_eq!(other.logged(THERE), 0);
        assert_eq!(figure(other, "bui_monitor_shared_cache_reachable"), 0);
        assert_eq!((count(other, "told"), count(other, "learned")), (0, 0));
    }
    let after = store.keys().unwrap();
    assert!(after.is_subset(&before), "{after:?}");
}

#[test]
fn a_node_keeps_the_store_for_daemons_with_certificates() {
    let mut fake = burp("one");
    let files = Certificates::new();
    let authority = files.own("authority");
    let signed = |name: &str| files.signed(name, &authority, 10);
    let pair = signed("node");
    let node = Setup::service(&format!(
        "[node]\naddress = 127.0.0.1\nport = 0\n[store:burp/answers]\nrole = master\n\
         [broker.ssl]\ncertificate = {:?}\nkey = {:?}\ncafile = {:?}\n",
        pair.certificate, pair.key, authority.certificate
    ));
    let node = node.start();
    let daemons = ["first", "second"].map(|name| {
        let settings = sharing(&fake, node.port("peers")).cache("store", "burp/answers");
        start(secured(settings, &signed(name), &authority.certificate))
    });
    fake.forget();
    let times = share(&daemons[0], QUERY, "it is known", || count(&daemons[1], "learned") > 0);
    assert_eq!(ask(&daemons[1]), ask(&daemons[0]));
    assert_eq!(fake.asked(QUERY).len(), times);
    node.stop();
    daemons[1].wait_log("the shared cache cannot be reached");
    assert_eq!(daemons[1].query("c:client2").status(), "OK");
}

#[test]
fn a_reload_reads_the_certificates_of_the_store_again() {
    let fake = burp("one");
    let files = Certificates::new();
    let (old, new) = (files.own("old"), files.own("new"));
    let (endpoint, store, port) = secured_hub(&files.signed("hub", &old, 10), &old, 0);
    let own = files.signed("own", &old, 10);
    let authority = files.joined("authority.pem", &[&old.certificate]);
    let mut daemon = start(secured(sharing(&fake, port), &own, &authority));
    drop((store, endpoint));
    daemon.wait_log("the shared cache cannot be reached");
    // All are of another authority from now on.
    let next = files.signed("next", &new, 10);
    fs::copy(&next.certificate, &own.certificate).unwrap();
    fs::copy(&next.key, &own.key).unwrap();
    fs::copy(&new.certificate, &authority).unwrap();
    daemon.reload();
    let _hub = secured_hub(&files.signed("later", &new, 10), &new, port);
    daemon.wait_logged(THERE, 2);
    // What is wrong leaves them as they are.
    fs::write(&authority, "").unwrap();
    daemon.reload();
    daemon.wait_log("the certificates stay as they were");
    wait_for("it shares", || figure(&daemon, "bui_monitor_shared_cache_reachable") == 1);
}

#[test]
fn a_daemon_without_the_feature_refuses_to_share() {
    let text = format!("{}[Cache]\nstore = burp\n", checked::clean());
    let checked = checked::check(&text, &[]);
    assert_eq!(checked.code, 78);
    let words = "[Cache] store: this bui-monitor shares no answers: it was built without the \
                 feature `shared-cache`, which the package bui-monitor-broker has";
    assert_eq!(checked.told, format!("error: x.cfg:8: {words}\n"));
}
