//! Services that are away, slow or broken.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use boefjes::{
    BaseUrl, ClientSettings, Filters, Output, ServiceError, Services, Stopping, TaskKind,
    TaskStatus,
};
use ostler_http::{HeadLimits, Http, Method, Response, Router, Status, at_once};
use ostler_net::tls::LiveIdentity;
use ostler_net::{Address, Limits, Listener, Server};
use ostler_runtime::Thread;
use ostler_tests::echo::identity;
use ostler_tests::openkat::{Asked, OpenKatVersion, Trouble, boefje_job};
use ostler_tests::{Certificates, OpenKat, PATIENCE, wait_for};
use uuid::Uuid;

fn openkat() -> OpenKat {
    OpenKat::new(OpenKatVersion::V1_15)
}

fn remote(settings: &ClientSettings) -> Services {
    Services::remote(settings, &Arc::new(Stopping::new()))
}

/// What the settings of a boefje are, or why nobody knows.
fn ask(services: &Services) -> Result<usize, ServiceError> {
    services.settings.settings("acme", "b").map(|settings| settings.len())
}

const ASKED: &str = "katalogus GET /v1/organisations/acme/b/settings";

#[test]
fn the_waits_are_those_of_the_original() {
    let seconds = ClientSettings::BACK_OFF.map(|wait| wait.as_secs());
    assert_eq!(seconds, [0, 2, 4, 8, 16, 32]);
    assert_eq!(ClientSettings::TIMEOUT, Duration::from_secs(30));
}

#[test]
fn who_is_away_is_asked_again_until_it_is_back() {
    let openkat = openkat();
    openkat.refuse(Asked::Katalogus);
    let mut settings = openkat.client_settings();
    // As many as it takes: whether nobody is there is seen only by asking.
    settings.back_off = vec![Duration::from_millis(5); 10_000];
    let services = remote(&settings);
    let (sender, answer) = channel();
    let thread = Thread::spawn("asks", move || sender.send(ask(&services)).unwrap());
    assert!(answer.recv_timeout(Duration::from_millis(50)).is_err(), "nobody is there");
    openkat.accept(Asked::Katalogus);
    assert_eq!(answer.recv_timeout(PATIENCE).unwrap(), Ok(0));
    thread.unwrap().join();
    assert_eq!(openkat.lines(), [ASKED]);
}

#[test]
fn who_stays_away_is_an_error_that_says_where() {
    let openkat = openkat();
    openkat.refuse(Asked::Katalogus);
    let error = ask(&openkat.services()).unwrap_err().to_string();
    let place = openkat.url(Asked::Katalogus);
    let words = format!("KATalogus cannot be reached: {place}: Connection refused (os error 111)");
    assert_eq!(error, words);
}

#[test]
fn a_name_without_an_address_is_an_error_that_says_so() {
    let openkat = openkat();
    let mut settings = openkat.client_settings();
    settings.katalogus = BaseUrl::parse("http://nobody.invalid:1/api").unwrap();
    let error = ask(&remote(&settings)).unwrap_err().to_string();
    let words = "KATalogus cannot be reached: http://nobody.invalid:1/api: its name has no address";
    assert_eq!(error, words);
}

#[test]
fn connections_are_kept_and_made_anew_after_their_end() {
    let openkat = openkat();
    let services = openkat.services();
    for _ in 0..3 {
        ask(&services).unwrap();
        assert_eq!(openkat.connections(Asked::Katalogus), 1);
    }
    openkat.refuse(Asked::Katalogus);
    openkat.accept(Asked::Katalogus);
    ask(&services).unwrap();
    assert_eq!(openkat.lines(), [ASKED; 4]);
}

#[test]
fn what_changes_nothing_is_asked_again_when_its_connection_breaks() {
    for trouble in [Trouble::Dropped, Trouble::Lost, Trouble::Cut] {
        let openkat = openkat();
        openkat.inject(Asked::Katalogus, "", 2, trouble.clone());
        assert_eq!(ask(&openkat.services()), Ok(0), "{trouble:?}");
        assert_eq!(openkat.lines(), [ASKED; 3]);
        openkat.inject(Asked::Katalogus, "", 4, trouble);
        let error = ask(&openkat.services()).unwrap_err().to_string();
        assert!(error.starts_with("KATalogus cannot be reached: http://127.0.0.1:"), "{error}");
        assert_eq!(openkat.lines().len(), 7, "as often as there are waits");
    }
}

#[test]
fn what_changes_something_is_sent_once_when_its_connection_breaks() {
    for trouble in [Trouble::Dropped, Trouble::Lost, Trouble::Cut] {
        let openkat = openkat();
        openkat.queue(&boefje_job("acme", "b", "Network|internet"));
        openkat.inject(Asked::Scheduler, "/pop", 1, trouble.clone());
        openkat.inject(Asked::Bytes, "POST /bytes/raw", 1, trouble);
        let services = openkat.services();
        services.scheduler.pop(TaskKind::Boefje, 1, &Filters::default()).unwrap_err();
        services.bytes.save_raws(Uuid::nil(), &[Output::default()]).unwrap_err();
        assert_eq!(openkat.lines().len(), 3, "the queues, and each once");
    }
}

#[test]
fn a_status_is_set_once_whatever_becomes_of_its_answer() {
    for (trouble, gets) in [(Trouble::Dropped, 1), (Trouble::Lost, 1), (Trouble::Cut, 1)] {
        let openkat = openkat();
        let id = openkat.queue(&boefje_job("acme", "b", "Network|internet"));
        openkat.inject(Asked::Scheduler, "PATCH", 1, trouble.clone());
        let scheduler = openkat.services().scheduler;
        scheduler.set_status(Uuid::parse_str(&id).unwrap(), TaskStatus::Failed).unwrap();
        assert_eq!(openkat.books().tasks[&id].history, ["queued", "failed"], "{trouble:?}");
        let asked = openkat.lines().iter().filter(|line| line.contains("GET /tasks/")).count();
        assert_eq!(asked, gets, "the task itself tells");
    }
}

#[test]
fn a_task_is_given_back_once_whatever_becomes_of_its_answer() {
    for trouble in [Trouble::Dropped, Trouble::Lost, Trouble::Cut] {
        let openkat = openkat();
        let id = openkat.queue(&boefje_job("acme", "b", "Network|internet"));
        let scheduler = openkat.services().scheduler;
        let popped = scheduler.pop(TaskKind::Boefje, 1, &Filters::default()).unwrap();
        openkat.inject(Asked::Scheduler, "/push", 1, trouble);
        scheduler.push(&popped.tasks[0]).unwrap();
        let books = openkat.books();
        assert_eq!(books.tasks[&id].history, ["queued", "dispatched", "queued"]);
        assert_eq!(books.queues["boefje-acme"].len(), 1);
    }
}

#[test]
fn a_status_is_never_tried_again() {
    for status in [400, 404, 408, 429, 500, 503] {
        let openkat = openkat();
        openkat.inject(Asked::Katalogus, "", usize::MAX, Trouble::Status(status));
        let error = ask(&openkat.services()).unwrap_err();
        let ServiceError::Refused { status: told, .. } = error else { panic!("{error}") };
        assert_eq!(told, status);
        assert_eq!(openkat.lines().len(), 1);
    }
}

#[test]
fn who_wants_to_be_asked_later_says_when() {
    let openkat = openkat();
    openkat.inject(Asked::Katalogus, "", 1, Trouble::Later(429, 60));
    let services = openkat.services();
    let ServiceError::Refused { retry_after, .. } = ask(&services).unwrap_err() else { panic!() };
    assert_eq!(retry_after, Some(Duration::from_secs(60)));
    openkat.inject(Asked::Katalogus, "", 1, Trouble::Status(429));
    let ServiceError::Refused { retry_after, .. } = ask(&services).unwrap_err() else { panic!() };
    assert_eq!(retry_after, None);
}

#[test]
fn a_redirection_is_followed_by_nobody() {
    let openkat = openkat();
    openkat.inject(Asked::Katalogus, "", usize::MAX, Trouble::Status(307));
    let error = ask(&openkat.services()).unwrap_err().to_string();
    assert!(error.starts_with("KATalogus answered 307 to GET /v1/"), "{error}");
}

#[test]
fn who_is_too_slow_is_asked_thrice_for_what_changes_nothing() {
    let openkat = openkat();
    let slow = Trouble::Delay(PATIENCE);
    openkat.inject(Asked::Katalogus, "", usize::MAX, slow.clone());
    openkat.inject(Asked::Scheduler, "/pop", usize::MAX, slow);
    let mut settings = openkat.client_settings();
    settings.timeout = Duration::from_millis(300);
    // More than are made use of.
    settings.back_off = vec![Duration::ZERO; 6];
    let services = remote(&settings);
    let error = ask(&services).unwrap_err().to_string();
    let place = openkat.url(Asked::Katalogus);
    assert_eq!(error, format!("KATalogus cannot be reached: {place}: no answer in time"));
    let count = |books: &ostler_tests::openkat::Books, part: &str| {
        books.calls.iter().filter(|call| call.line().contains(part)).count()
    };
    openkat.wait("the calls were seen", |books| count(books, ASKED) == 3);
    let mut tries = 0;
    // On a busy machine what comes before it may be too late already.
    wait_for("a task is asked for", || {
        tries += 1;
        services.scheduler.pop(TaskKind::Boefje, 1, &Filters::default()).unwrap_err();
        count(&openkat.books(), "/pop") > 0
    });
    assert!(count(&openkat.books(), "/pop") <= tries, "what changes something is sent once");
}

#[test]
fn who_is_too_slow_once_is_asked_again() {
    let is_answered = || {
        let openkat = openkat();
        openkat.inject(Asked::Katalogus, "", 2, Trouble::Delay(PATIENCE));
        let mut settings = openkat.client_settings();
        settings.timeout = Duration::from_secs(2);
        // On a busy machine the third answer may be too late as well.
        ask(&remote(&settings)) == Ok(0) && openkat.lines() == [ASKED; 3]
    };
    assert!((0..3).any(|_| is_answered()), "the third try is never answered");
}

#[test]
fn an_answer_that_is_too_long_is_an_error() {
    let openkat = openkat();
    let body = format!("\"{}\"", "a".repeat(40 << 20));
    openkat.inject(Asked::Katalogus, "", 1, Trouble::Body(body.into_bytes()));
    let services = openkat.services();
    let error = ask(&services).unwrap_err().to_string();
    let path = "GET /v1/organisations/acme/b/settings";
    let problem = "it is longer than 33554432 bytes";
    let words = format!("KATalogus answered something strange to {path}: {problem}");
    assert_eq!(error, words);
    assert_eq!(ask(&services), Ok(0), "the next answer is read");
}

#[test]
fn a_scheduler_that_comes_back_as_another_is_known_again() {
    let old = openkat();
    let new = OpenKat::new(OpenKatVersion::V1_19);
    let id = new.queue(&boefje_job("acme", "b", "Network|internet"));
    let services = old.services();
    let pop = || services.scheduler.pop(TaskKind::Boefje, 1, &Filters::default());
    assert!(pop().unwrap().tasks.is_empty());
    old.inject(Asked::Scheduler, "", usize::MAX, Trouble::Status(404));
    let error = pop().unwrap_err().to_string();
    assert!(
        error.starts_with("the scheduler answered 404 to POST /schedulers/boefje/pop"),
        "{error}"
    );
    assert_eq!(old.lines().last().unwrap(), "scheduler POST /schedulers/boefje/pop?limit=1");
    old.heal(Asked::Scheduler);
    let task = old.queue(&boefje_job("acme", "b", "Network|internet"));
    assert_eq!(pop().unwrap().tasks[0].id.to_string(), task);
    let popped = new.services().scheduler.pop(TaskKind::Boefje, 1, &Filters::default());
    assert_eq!(popped.unwrap().tasks[0].id.to_string(), id);
}

#[test]
fn a_name_and_password_in_a_url_are_sent_and_never_shown() {
    let openkat = openkat();
    let mut settings = openkat.client_settings();
    let address = openkat.address(Asked::Katalogus);
    let url = BaseUrl::parse(&format!("http://me:hid%20den@{address}/")).unwrap();
    assert!(!format!("{url} {url:?}").contains("hid"), "{url:?}");
    settings.katalogus = url;
    let services = remote(&settings);
    ask(&services).unwrap();
    // me:hid den
    let sent = openkat.books().calls[0].header("authorization").map(ToOwned::to_owned);
    assert_eq!(sent.as_deref(), Some("Basic bWU6aGlkIGRlbg=="));
    openkat.refuse(Asked::Katalogus);
    let error = ask(&services).unwrap_err();
    let words = format!("{error} {error:?}");
    assert!(words.contains(&address.to_string()), "{words}");
    assert!(!words.contains("hid") && !words.contains("bWU6"), "{words}");
}

#[test]
fn a_service_over_tls_must_have_a_certificate_of_a_known_authority() {
    let certificates = Certificates::new();
    let authority = certificates.own("authority");
    let pair = certificates.site("site", &authority);
    let listener = Listener::bind(&Address::parse("127.0.0.1", 0).unwrap()).unwrap().remove(0);
    let address = listener.inet().unwrap();
    let listener = listener.secured(Arc::new(LiveIdentity::new(identity(&pair))));
    let answer = at_once(|_| Response::json(Status::Ok, "{}".as_bytes()));
    let path = "/v1/organisations/acme/b/settings";
    let router = Router::new().route(Method::Get, path, answer).unwrap();
    let service = Arc::new(Http::new(router, HeadLimits::default()));
    let _server = Server::start(vec![listener], 1, Limits::default(), service).unwrap();
    let openkat = openkat();
    let asked = |authorities| {
        let mut settings = openkat.client_settings();
        settings.katalogus = BaseUrl::parse(&format!("https://{address}")).unwrap();
        settings.authorities = authorities;
        ask(&remote(&settings)).map_err(|error| error.to_string())
    };
    assert_eq!(asked(Some(authority.certificate)), Ok(0));
    let unknown = asked(Some(certificates.own("stranger").certificate)).unwrap_err();
    let words = format!("KATalogus cannot be reached: https://{address}: invalid peer certificate");
    assert!(unknown.starts_with(&words), "{unknown}");
    let missing = asked(Some(certificates.path("missing"))).unwrap_err();
    assert!(missing.ends_with("/missing: No such file or directory (os error 2)"), "{missing}");
}
