//! Nodes that speak TLS: with certificates on both sides, as the original does.

use ostler_tests::certificates::Certificates;

use crate::program::Setup;

/// The configuration of a node with a certificate.
fn config(files: &[(&str, &std::path::Path)], more: &str) -> String {
    let lines = files
        .iter()
        .map(|(key, path)| format!("broker.ssl.{key} = {:?}\n", path.display().to_string()));
    format!("topics = [\"/t\"]\n{}{more}", lines.collect::<String>())
}

#[test]
fn nodes_with_certificates_are_peers_also_with_an_encrypted_key() {
    let files = Certificates::new();
    let authority = files.own("authority");
    let (one, other) = (files.signed("one", &authority, 10), files.signed("other", &authority, 10));
    let encrypted = files.openssl(
        "encrypted.pem",
        &format!(
            "pkcs8 -topk8 -v2 aes256 -passout pass:12345 -in {} -out encrypted.pem",
            one.key.display()
        ),
    );
    let cafile = ("cafile", authority.certificate.as_path());
    let first = config(
        &[("certificate", &one.certificate), ("key", &encrypted), cafile],
        "broker.ssl.passphrase = \"12345\"\n",
    );
    let second = config(&[("certificate", &other.certificate), ("key", &other.key), cafile], "");
    let answering = Setup::new(&first).arguments(&["-m", "pong", "-p", "0"]).start();
    let peers = format!("--peers=[<tcp://127.0.0.1:{}>]", answering.port("peers"));
    let mut asking = Setup::new(&second).arguments(&["-m", "ping", "-n", "3", &peers]).start();
    assert_eq!(asking.ended().lines().count(), 3);
    answering.stop();
}

#[test]
fn who_speaks_no_tls_and_whose_certificate_is_of_others_is_told_of() {
    let files = Certificates::new();
    let (authority, stranger) = (files.own("authority"), files.own("stranger"));
    let (one, other) = (files.signed("one", &authority, 10), files.signed("other", &stranger, 10));
    let of = |pair: &ostler_tests::certificates::Pair,
              authority: &ostler_tests::certificates::Pair| {
        config(
            &[
                ("certificate", &pair.certificate),
                ("key", &pair.key),
                ("cafile", &authority.certificate),
            ],
            "",
        )
    };
    let node = Setup::new(&of(&one, &authority)).arguments(&["-p", "0"]).start();
    let peers = format!("--peers=[<tcp://127.0.0.1:{}>]", node.port("peers"));
    let strange = Setup::new(&of(&other, &stranger)).arguments(&[&peers]).start();
    strange.log().wait("certificate");
    strange.stop();
    let plain = Setup::new("broker.disable-ssl = true").arguments(&[&peers]).start();
    plain.log().wait("disable-ssl");
    plain.stop();
    node.stop();
}
