//! A page in a real browser is a client of the real program.
//!
//! `tests/websocket/run` finds the browser and runs it. It prints a page when that is whole, and it is
//! not before it has said itself that it has seen everything: so nothing is waited for by time.

use std::fs::{self, File};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use ostler_http::{Handler, HeadLimits, Http, Request, Responder, Response, Status};
use ostler_net::{Address, Limits, Listener, Server};
use ostler_runtime::environment::variable;
use ostler_tests::Process;
use ostler_tests::broker_program::Setup;
use ostler_tests::process::command;
use ostler_tests::websocket::{Client, data_message, stream};
use tempfile::TempDir;

const PAGE: &str = include_str!("page.html");

/// What the page is shown, of more than ASCII.
const EVENT: &str = "grüße";

/// Serves the page on a port of its own.
struct Site {
    port: u16,
    _server: Server,
}

/// Whether the page has seen everything, and who waits for that.
#[derive(Default)]
struct Pages(Mutex<(bool, Option<Responder>)>);

impl Handler for Pages {
    fn handle(&self, request: &Request<'_>, responder: Responder) {
        let nothing = || Response::text(Status::Ok, "");
        let mut seen = self.0.lock().unwrap();
        match request.path() {
            "/" => responder.send(Response::with_body(Status::Ok, "text/html", PAGE.as_bytes())),
            "/last" if !seen.0 => seen.1 = Some(responder),
            "/done" => {
                seen.0 = true;
                responder.send(nothing());
                if let Some(last) = seen.1.take() {
                    last.send(nothing());
                }
            }
            _ => responder.send(nothing()),
        }
    }
}

impl Site {
    fn new() -> Self {
        let listeners = Listener::bind(&Address::parse("127.0.0.1", 0).unwrap()).unwrap();
        let port = listeners[0].inet().unwrap().port();
        let service = Arc::new(Http::new(Pages::default(), HeadLimits::default()));
        let server = Server::start(listeners, 2, Limits::default(), service).unwrap();
        Self { port, _server: server }
    }
}

/// A browser that shows one page and ends.
struct Browser {
    process: Process,
    directory: TempDir,
}

impl Browser {
    /// Shows the page of `site`, which connects to `port`.
    fn open(program: &str, site: &Site, port: u16) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(directory.path().join(name)).unwrap();
        let mut browser = command(program);
        browser.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]);
        browser.args(["--no-first-run", "--disable-background-networking", "--disable-sync"]);
        browser.args(["--disable-component-update", "--disable-dev-shm-usage"]);
        browser.arg(format!("--user-data-dir={}", directory.path().join("profile").display()));
        browser.arg("--dump-dom").arg(format!("http://127.0.0.1:{}/?{port}", site.port));
        browser.stdin(Stdio::null()).stdout(file("page")).stderr(file("errors"));
        Self { process: Process::start(&mut browser), directory }
    }

    /// The page as it is at last.
    fn page(mut self) -> String {
        let status = self.process.ended();
        let read = |name: &str| fs::read_to_string(self.directory.path().join(name)).unwrap();
        assert!(status.success(), "{}", read("errors"));
        read("page")
    }
}

#[test]
fn a_page_in_a_browser_shows_events_and_publishes_and_one_from_elsewhere_does_not() {
    let program = variable("BROKER_BROWSER").unwrap();
    let (site, elsewhere) = (Site::new(), Site::new());
    let config = format!(
        "[broker]\ndisable-ssl = true\n[broker.web-socket]\naddress = 127.0.0.1\norigins = \
         http://127.0.0.1:{}\n",
        site.port
    );
    let node = Setup::service(&config).variable("BROKER_WEB_SOCKET_PORT", "0/tcp").start();
    let port = node.port("WebSocket clients");

    let mut client = Client::over(stream(([127, 0, 0, 1], port).into()), "/v1/messages/json", &[]);
    client.send(r#"["/from/page"]"#);
    assert_eq!(client.json()["type"], "ack");
    let browser = Browser::open(&program, &site, port);
    assert_eq!(client.text(), data_message("/from/page", "string", "\"here\""));
    client.publish("/to/page", "string", &format!("\"{EVENT}\""));
    let shown = data_message("/from/page", "string", &format!("\"{EVENT}\""));
    assert_eq!(client.text(), shown);
    let page = browser.page();
    assert!(page.contains("<p id=\"state\">connected</p>"), "{page}");
    assert!(page.contains(&format!("<p id=\"event\">{EVENT}</p>")), "{page}");

    let page = Browser::open(&program, &elsewhere, port).page();
    assert!(page.contains("<p id=\"state\">closed</p>"), "{page}");
    node.log().wait("a page of another origin");
    node.stop();
}
