//! What an answer looks like, by method, status and route.

use ostler_net::Limits;
use ostler_tests::Site;

/// A request without a body.
pub(crate) fn plain(method: &str, target: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

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
