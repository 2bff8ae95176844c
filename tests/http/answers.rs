//! What an answer looks like, by method, status and route.

use ostler_net::Limits;
use ostler_tests::http::BIG_BYTES;
use ostler_tests::{Heard, Site};

use crate::plain;

#[test]
fn an_answer_has_its_length_date_and_type_and_the_connection_stays() {
    let site = Site::new(Limits::default());
    let mut caller = site.connect();
    for _ in 0..3 {
        caller.send(plain("GET", "/"));
        let heard = caller.one();
        assert_eq!((heard.status, heard.text()), (200, "hello"));
        assert_eq!(heard.header("Content-Length"), Some("5"));
        assert_eq!(heard.header("Content-Type"), Some("text/plain; charset=utf-8"));
        assert_eq!(heard.header("Connection"), None);
        let date = heard.header("Date").unwrap();
        assert!(date.len() == 29 && date.ends_with(" GMT"), "{date}");
    }
    assert_eq!((site.statistics().accepted, site.statistics().requests), (1, 3));
}

#[test]
fn head_is_answered_by_get_without_the_body() {
    let site = Site::new(Limits::default());
    let mut caller = site.connect();
    caller.send(plain("GET", "/"));
    let whole = caller.one();
    caller.send(plain("HEAD", "/"));
    let head = caller.head();
    let without_date = |heard: &Heard| {
        let mut headers = heard.headers.clone();
        headers.retain(|(name, _)| name != "Date");
        (heard.status, headers)
    };
    assert_eq!(without_date(&head), without_date(&whole));
    caller.send(plain("HEAD", "/nowhere"));
    assert_eq!(caller.head().status, 404);
    caller.send(plain("GET", "/"));
    assert_eq!(caller.one().text(), "hello", "nothing came in between");
}

#[test]
fn no_content_and_not_modified_have_neither_body_nor_length() {
    let site = Site::new(Limits::default());
    let mut caller = site.connect();
    for (target, status) in [("/none", 204), ("/same", 304)] {
        caller.send(plain("GET", target));
        let heard = caller.one();
        assert_eq!((heard.status, heard.header("Content-Length")), (status, None));
    }
    caller.send(plain("GET", "/"));
    assert_eq!(caller.one().text(), "hello");
}

#[test]
fn routes_have_methods_and_parameters() {
    let site = Site::new(Limits::default());
    let mut caller = site.connect();
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        caller.send(plain(method, "/things/a%20%c3%a4?b"));
        assert_eq!(caller.one().text(), format!("{method} a ä"));
    }
    for target in ["/nowhere", "/things/", "/things/a/b", "/things/a%2Fb", "/Things/a"] {
        caller.send(plain("GET", target));
        let heard = caller.one();
        assert_eq!((heard.status, heard.text()), (404, r#"{"detail":"Not Found"}"#), "{target}");
        assert_eq!(heard.header("Content-Type"), Some("application/json"));
    }
    let allowed = "GET, HEAD, PUT, PATCH, DELETE, OPTIONS";
    caller.send(plain("POST", "/things/a"));
    let heard = caller.one();
    assert_eq!((heard.status, heard.header("Allow")), (405, Some(allowed)));
    assert_eq!(heard.text(), r#"{"detail":"Method Not Allowed"}"#);
    caller.send(plain("OPTIONS", "/things/a"));
    let heard = caller.one();
    assert_eq!((heard.status, heard.header("Allow")), (204, Some(allowed)));
    caller.send(plain("OPTIONS", "*"));
    let heard = caller.one();
    let all = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
    assert_eq!((heard.status, heard.header("Allow")), (204, Some(all)));
}

#[test]
fn a_handler_sees_the_method_query_headers_and_body_however_it_was_sent() {
    let site = Site::new(Limits::default());
    let mut caller = site.connect();
    let start = "PUT /echo?a=b&c HTTP/1.1\r\nHost: localhost\r\nx-ECHO:  d \r\n";
    for body in [
        "Content-Length: 11\r\n\r\nhello world",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Echo: e\r\n\r\n",
    ] {
        caller.send(format!("{start}{body}"));
        let heard = caller.one();
        assert_eq!((heard.status, heard.text()), (201, "hello world"));
        let told = ["X-Method", "X-Query", "X-Echo"].map(|name| heard.header(name).unwrap());
        assert_eq!(told, ["PUT", "a=b&c", "d"]);
    }
    // What would begin another line in the answer cannot even be asked for; a tab can.
    caller.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nX-Echo: a\tb\r\n\r\n");
    assert_eq!(caller.one().header("X-Echo"), Some("a b"));
}

#[test]
fn who_asks_before_it_sends_its_body_is_told_to_go_on() {
    let site = Site::new(Limits::default());
    let mut caller = site.connect();
    for (length, body) in [("Content-Length: 5", "hello"), ("Content-Length: 5", "again")] {
        caller.send(format!(
            "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n{length}\r\n\r\n"
        ));
        let heard = caller.one();
        assert_eq!((heard.status, heard.headers.len()), (100, 0));
        caller.send(body);
        assert_eq!(caller.one().text(), body);
    }
}

#[test]
fn a_large_body_comes_whole_and_holds_nobody_up() {
    let site = Site::new(Limits::default());
    let mut slow = site.send(plain("GET", "/big"));
    assert_eq!(slow.head().header("Content-Length"), Some(&*BIG_BYTES.to_string()));
    assert_eq!(site.send(plain("GET", "/")).one().text(), "hello");
    let mut body = vec![0; BIG_BYTES];
    std::io::Read::read_exact(slow.stream(), &mut body).unwrap();
    assert!(body.iter().all(|byte| *byte == b'7'));
    slow.send(plain("GET", "/"));
    assert_eq!(slow.one().text(), "hello");
}

#[test]
fn the_connection_ends_where_the_client_its_version_or_the_handler_wants_it() {
    let site = Site::new(Limits::default());
    for request in [
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: x, Close\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET /last HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        let heard = site.send(request).last();
        assert_eq!((heard.status, heard.header("Connection")), (200, Some("close")), "{request}");
    }
}
