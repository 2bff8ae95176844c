//! The files that TLS is made of: every form of certificate and key that is taken, what is said of
//! the others, and the certificates of clients.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ostler_net::Limits;
use ostler_net::tls::{Identity, LiveIdentity, Settings};
use ostler_tests::echo::last;
use ostler_tests::secure::der;
use ostler_tests::wire::frame;
use ostler_tests::{Certificates, Echo, Pair, Secure, Version};

fn load(certificate: &Path, key: &Path) -> Result<Identity, String> {
    let (certificate, key) = (certificate.to_owned(), key.to_owned());
    Identity::load(&Settings { certificate, key, client_ca: None })
        .map_err(|error| error.to_string())
}

/// Has both versions answered under `identity`, which shows `certificate`.
fn serves(identity: Identity, pair: &Pair) {
    let echo = Echo::new(Some(&Arc::new(LiveIdentity::new(identity))), Limits::default());
    for version in [Version::Tls12, Version::Tls13] {
        let mut talk = Secure::new(version, None).connect(echo.address());
        talk.write_all(&frame(b"hello")).unwrap();
        assert_eq!(last(&mut talk).unwrap(), b"hello", "{version:?}");
        assert_eq!(talk.seen(), der(pair));
    }
}

#[test]
fn every_form_of_key_is_taken() {
    let made = Certificates::new();
    let rsa = made.openssl("rsa.key", "genrsa -out rsa.key 2048");
    let forms = [
        ("pkcs8", rsa.clone()),
        ("pkcs1", made.openssl("pkcs1.key", "rsa -in rsa.key -traditional -out pkcs1.key")),
        // With the parameters in a section of their own before it.
        ("sec1", made.openssl("sec1.key", "ecparam -name prime256v1 -genkey -out sec1.key")),
        ("p384", made.openssl("p384.key", "ecparam -name secp384r1 -genkey -noout -out p384.key")),
        ("ed25519", made.openssl("ed.key", "genpkey -algorithm ed25519 -out ed.key")),
    ];
    for (name, key) in forms {
        let certificate = made.certify(name, &key);
        let identity = load(&certificate, &key).unwrap_or_else(|error| panic!("{name}: {error}"));
        serves(identity, &Pair { certificate, key });
    }
}

#[test]
fn a_chain_a_key_beside_its_certificate_and_text_around_both_are_taken() {
    let made = Certificates::new();
    let authority = made.own("authority");
    let pair = made.signed("server", &authority, 2);
    let chain = made.joined("chain.pem", &[&pair.certificate, &authority.certificate]);
    serves(load(&chain, &pair.key).unwrap(), &pair);
    let text = made.write("text", b"subject: a server\n\xff\n");
    let both = made.joined("both.pem", &[&text, &pair.key, &text, &pair.certificate]);
    serves(load(&both, &both).unwrap(), &pair);
    let both = made.joined("turned.pem", &[&pair.certificate, &pair.key]);
    serves(load(&both, &both).unwrap(), &pair);
}

#[test]
fn a_certificate_of_the_first_version_is_taken_with_its_own_key_only() {
    let made = Certificates::new();
    let key = made.openssl("old.key", "genrsa -out old.key 2048");
    made.openssl("old.csr", "req -new -key old.key -subj /CN=old -out old.csr");
    let certificate =
        made.openssl("old.pem", "x509 -req -in old.csr -signkey old.key -out old.pem");
    serves(load(&certificate, &key).unwrap(), &Pair { certificate: certificate.clone(), key });
    let other = made.openssl("other.key", "genrsa -out other.key 2048");
    assert!(load(&certificate, &other).unwrap_err().contains("is not that of"));
}

#[test]
fn what_cannot_be_used_is_said_with_its_file() {
    let made = Certificates::new();
    let Pair { certificate, key } = made.own("good");
    let other = made.own("other");
    let empty = made.write("empty", b"");
    let words = made.write("words", b"nothing of use\n");
    let long = made.write("long", &vec![b'\n'; (1 << 20) + 1]);
    let damaged =
        made.write("damaged", b"-----BEGIN PRIVATE KEY-----\n$$$\n-----END PRIVATE KEY-----\n");
    let open = made.write("open", b"-----BEGIN CERTIFICATE-----\nMIIB\n");
    let pkcs8 =
        made.openssl("pkcs8", "pkcs8 -topk8 -v2 aes256 -passout pass:x -in good.key -out pkcs8");
    let sec1 = made.openssl("sec1", "ec -aes256 -passout pass:x -in good.key -out sec1");
    let weak = made.openssl("weak", "genrsa -out weak 1024");
    let missing = made.path("missing");
    let check = |certificate: &PathBuf, key: &PathBuf, blamed: &PathBuf, words: &str| {
        let error = load(certificate, key).unwrap_err();
        let name = blamed.display().to_string();
        assert!(error.contains(&name) && error.contains(words), "{words:?}: {error}");
    };
    check(&missing, &key, &missing, "No such file");
    check(&certificate, &missing, &missing, "No such file");
    check(&empty, &key, &empty, "is empty");
    check(&certificate, &empty, &empty, "is empty");
    check(&words, &key, &words, "no certificate");
    check(&key, &key, &key, "no certificate");
    check(&certificate, &words, &words, "no private key");
    check(&certificate, &certificate, &certificate, "no private key");
    check(&long, &key, &long, "longer than");
    check(&certificate, &damaged, &damaged, "damaged");
    check(&open, &key, &open, "damaged");
    check(&certificate, &pkcs8, &pkcs8, "encrypted");
    check(&certificate, &sec1, &sec1, "encrypted");
    check(&certificate, &weak, &weak, "cannot be used");
    check(&certificate, &other.key, &other.key, "is not that of the certificate in");
    check(&certificate, &other.key, &certificate, "is not that of the certificate in");
    let wrong = Settings { certificate, key, client_ca: Some(words.clone()) };
    let error = Identity::load(&wrong).unwrap_err().to_string();
    assert!(error.contains(&words.display().to_string()), "{error}");
}

#[test]
fn a_key_that_lost_its_line_breaks_is_refused_without_being_shown() {
    let made = Certificates::new();
    let Pair { certificate, key } = made.own("good");
    let text = std::fs::read_to_string(key).unwrap();
    for (name, spoilt) in
        [("one-line", text.replace('\n', "")), ("spaces", text.replace('\n', " "))]
    {
        let spoilt = made.write(name, spoilt.as_bytes());
        let error = load(&certificate, &spoilt).unwrap_err();
        // Neither as it stands, nor as the numbers of its bytes.
        let words = error.strip_prefix(&spoilt.display().to_string());
        assert_eq!(words, Some(" is damaged: a section does not end"));
    }
}
