//! TLS and the certificates of clients.

use std::io::Write as _;

use ostler_tests::catalogue::request;
use ostler_tests::{CatalogueSettings, Certificates, Heard, Pair, Secure, Version};

/// With this certificate shown.
fn secured(pair: &Pair) -> CatalogueSettings {
    CatalogueSettings::default()
        .set("Global", "ssl", "true")
        .set("Global", "sslcert", pair.certificate.to_str().unwrap())
        .set("Global", "sslkey", pair.key.to_str().unwrap())
}

#[test]
fn it_speaks_both_versions_and_redirects_to_itself() {
    let made = Certificates::new();
    let catalogue = secured(&made.own("own")).start();
    for version in [Version::Tls12, Version::Tls13] {
        let mut talk = Secure::new(version, None).connect(catalogue.port());
        talk.write_all(&request("GET", "/", "", None)).unwrap();
        let heard = Heard::read(&mut talk, true).unwrap();
        assert_eq!(heard.status, 307);
        let location = heard.header("location").or(heard.header("Location")).unwrap();
        assert!(!location.starts_with("http://"), "{location}");
    }
}

#[test]
fn only_clients_with_a_certificate_of_the_authority_are_served() {
    let made = Certificates::new();
    let authority = made.own("authority");
    let catalogue = secured(&made.own("own"))
        .set("Global", "sslca", authority.certificate.to_str().unwrap())
        .start();
    let asks = |own: Option<&Pair>| {
        let mut talk = Secure::new(Version::Tls13, own).connect(catalogue.port());
        talk.write_all(&request("GET", "/v1/organisations", "", None))?;
        Heard::read(&mut talk, true).map(|heard| heard.status)
    };
    let right = made.signed("right", &authority, 1);
    assert_eq!(asks(Some(&right)).unwrap(), 200);
    let stranger = made.signed("stranger", &made.own("other"), 1);
    assert!(asks(None).is_err() && asks(Some(&stranger)).is_err());
    assert_eq!(asks(Some(&right)).unwrap(), 200);
}
