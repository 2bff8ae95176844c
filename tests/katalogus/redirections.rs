//! Where clients are sent that put a slash too much or too little at the end of a path.

use std::io::Write;
use std::sync::Arc;

use katalogus::Generation;
use ostler_net::tls::LiveIdentity;
use ostler_tests::echo::identity;
use ostler_tests::{Certificates, Heard, Secure, Version};

use crate::instance::{HOST, Instance, Setup};

#[test]
fn the_address_is_whole_and_has_the_query() {
    let instance = Instance::new(Generation::V1_15);
    let mut client = instance.connect();
    for (path, location) in [
        ("/v1/organisations/acme/", "/v1/organisations/acme"),
        (
            "/v1/organisations/acme/plugins//?limit=1&q=%20",
            "/v1/organisations/acme/plugins?limit=1&q=%20",
        ),
        ("/v1/organisations/%C3%A4%20b/", "/v1/organisations/%C3%A4%20b"),
        ("/health/", "/health"),
        ("/v1", "/v1/"),
    ] {
        let heard = client.ask("GET", path, "");
        let address = format!("http://{HOST}{location}");
        assert_eq!((heard.status, heard.header("Location")), (307, Some(&*address)), "{path}");
        assert_eq!((heard.text(), heard.header("Content-Type")), ("", None));
    }
    let heard = client.ask("PUT", "/v1/organisations/acme/alpha/settings/", "{}");
    assert_eq!(heard.status, 307, "so is whoever writes");
    assert_eq!(client.ask("GET", "/v1/organisations", "").text(), "{}");
}

#[test]
fn over_tls_the_address_is_one_of_https() {
    let made = Certificates::new();
    let live = Arc::new(LiveIdentity::new(identity(&made.own("first"))));
    let setup = Setup { identity: Some(live), ..Setup::new(Generation::V1_15) };
    let instance = Instance::start(setup);
    let mut talk = Secure::new(Version::Tls13, None).connect(instance.address());
    talk.write_all(b"GET /health/ HTTP/1.1\r\nHost: kat\r\n\r\n").unwrap();
    let heard = Heard::read(&mut talk, true).unwrap();
    assert_eq!((heard.status, heard.header("Location")), (307, Some("https://kat/health")));
}
