//! TLS between peers over links: certificates of both sides, and every way in which two sides do
//! not come to speak it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use ostler_net::tls::{Client, Identity, LiveIdentity, PeerSettings, TlsFault};
use ostler_net::{
    Address, Closed, Link, LinkLimits, LinkListener, Links, Listener, Protocol, Turn,
};
use ostler_tests::process::command;
use ostler_tests::wait::PATIENCE;
use ostler_tests::{Certificates, Pair};

const LONG: usize = 3_000_000;
/// More than all buffers on the way hold.
const MUCH: usize = 32_000_000;
const WORD: usize = 5;

/// What a protocol was told at its end: how it ended, and what had come before.
type End = (String, Option<TlsFault>, Vec<u8>);

/// Says a word when it is opened, and closes when it has heard as much as it expects.
struct Talker {
    says: Arc<[u8]>,
    expects: usize,
    heard: Vec<u8>,
    end: Sender<End>,
}

impl Protocol for Talker {
    fn opened(&mut self, link: &Link) -> Turn {
        if !self.says.is_empty() {
            link.offer(&self.says).unwrap();
        }
        Turn::Continue
    }

    fn received(&mut self, input: &[u8], _: &Link) -> (usize, Turn) {
        self.heard.extend_from_slice(input);
        let done = self.heard.len() >= self.expects;
        (input.len(), if done { Turn::Close } else { Turn::Continue })
    }

    fn tick(&mut self, _: &Link, _: Instant) -> Turn {
        Turn::Continue
    }

    fn closed(&mut self, _: &Link, why: &Closed) {
        let fault = match why {
            Closed::Tls(fault) => Some(fault.clone()),
            _ => None,
        };
        let heard = std::mem::take(&mut self.heard);
        // Whoever does not listen any more does not care.
        let _ = self.end.send((why.to_string(), fault, heard));
    }
}

fn talker(says: usize, expects: usize) -> (Box<Talker>, Receiver<End>) {
    let (end, ends) = channel();
    let says = Arc::from(vec![7; says]);
    (Box::new(Talker { says, expects, heard: Vec::new(), end }), ends)
}

/// One side: its links, and the ends of those that were accepted.
struct Side {
    address: SocketAddr,
    ends: Receiver<Receiver<End>>,
    _listener: LinkListener,
    links: Links,
}

impl Side {
    /// Listens with an identity, or without TLS.
    fn listening(identity: Option<Identity>) -> Self {
        Self::expecting(identity, WORD)
    }

    /// The same, and reads so many bytes of each who comes.
    fn expecting(identity: Option<Identity>, bytes: usize) -> Self {
        // However busy this machine is, there is time for what is still to be written.
        let limits = LinkLimits { handshake: PATIENCE, close: PATIENCE, ..LinkLimits::default() };
        let links = Links::start(2, limits).unwrap();
        let mut listeners = Listener::bind(&Address::parse("127.0.0.1", 0).unwrap()).unwrap();
        let address = listeners[0].inet().unwrap();
        if let Some(identity) = identity {
            let live = Arc::new(LiveIdentity::new(identity));
            listeners = listeners.into_iter().map(|plain| plain.secured(live.clone())).collect();
        }
        let (came, ends) = channel();
        let admit = move |_| {
            let (protocol, end) = talker(bytes.max(LONG), bytes);
            came.send(end).unwrap();
            Some(protocol as Box<dyn Protocol>)
        };
        let listener = links.listen(listeners, Arc::new(admit)).unwrap();
        Self { address, ends, _listener: listener, links }
    }

    /// Has somebody call: how it ends for him, and here.
    fn called(&self, client: Option<&Client>) -> (End, End) {
        self.called_with(client, WORD)
    }

    /// The same, and he says so many bytes.
    fn called_with(&self, client: Option<&Client>, says: usize) -> (End, End) {
        let (protocol, ends) = talker(says, says.max(LONG));
        self.links.connect(self.address, PATIENCE, client, protocol).unwrap();
        let caller = ends.recv_timeout(PATIENCE).unwrap();
        (caller, self.end())
    }

    fn end(&self) -> End {
        self.ends.recv_timeout(PATIENCE).unwrap().recv_timeout(PATIENCE).unwrap()
    }
}

fn settings(pair: &Pair, authority: &Pair) -> PeerSettings {
    PeerSettings {
        certificate: pair.certificate.clone(),
        key: pair.key.clone(),
        cafile: Some(authority.certificate.clone()),
        ..PeerSettings::default()
    }
}

fn side(settings: &PeerSettings) -> Side {
    Side::listening(Some(Identity::of_peer(settings).unwrap()))
}

/// Both have heard everything.
fn talked(side: &Side, client: &Client) {
    let (there, here) = side.called(Some(client));
    assert_eq!((there.1, there.2.len()), (None, LONG), "{}", there.0);
    assert_eq!((here.1, here.2.len()), (None, WORD), "{}", here.0);
}

#[test]
fn peers_with_certificates_of_one_authority_talk_whatever_their_names_are() {
    let made = Certificates::new();
    let authority = made.own("authority");
    let (one, other) = (made.signed("one", &authority, 9), made.signed("other", &authority, 9));
    let listening = side(&settings(&one, &authority));
    talked(&listening, &Client::load(&settings(&other, &authority)).unwrap());

    // The same with a folder of authorities, in which other things stand too.
    let folder = made.path("folder");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(&authority.certificate, folder.join("1a2b3c4d.0")).unwrap();
    std::fs::copy(made.own("another").certificate, folder.join("another.pem")).unwrap();
    std::fs::write(folder.join("README"), "no certificate").unwrap();
    let in_folder =
        PeerSettings { cafile: None, capath: Some(folder), ..settings(&other, &authority) };
    talked(&listening, &Client::load(&in_folder).unwrap());
    let mirrored = side(&in_folder);
    talked(&mirrored, &Client::load(&settings(&one, &authority)).unwrap());
}

#[test]
fn a_secured_link_carries_much_in_both_directions_at_once() {
    let made = Certificates::new();
    let authority = made.own("authority");
    let settings = settings(&made.signed("good", &authority, 9), &authority);
    let listening = Side::expecting(Some(Identity::of_peer(&settings).unwrap()), MUCH);
    let client = Client::load(&settings).unwrap();
    let (there, here) = listening.called_with(Some(&client), MUCH);
    assert_eq!((there.1, there.2.len()), (None, MUCH), "{}", there.0);
    assert_eq!((here.1, here.2.len()), (None, MUCH), "{}", here.0);
    let statistics = listening.links.statistics();
    assert_eq!((statistics.frames_out, statistics.dropped), (2, 0));
    assert_eq!((statistics.bytes_in, statistics.bytes_out), (2 * MUCH as u64, 2 * MUCH as u64));
}

#[test]
fn a_certificate_of_another_authority_or_an_expired_one_is_refused_by_either_side() {
    let made = Certificates::new();
    let authority = made.own("authority");
    let good = made.signed("good", &authority, 9);
    let stranger = made.own("stranger");
    let strange = made.signed("strange", &stranger, 9);
    let expired = made.signed("expired", &authority, -1);
    for bad in [&strange, &expired] {
        let listening = side(&settings(&good, &authority));
        let (there, here) =
            listening.called(Some(&Client::load(&settings(bad, &authority)).unwrap()));
        assert!(matches!(here.1, Some(TlsFault::Certificate(_))), "{}", here.0);
        assert!(matches!(there.1, Some(TlsFault::Refused(_))), "{}", there.0);

        let listening = side(&settings(bad, &authority));
        let (there, here) =
            listening.called(Some(&Client::load(&settings(&good, &authority)).unwrap()));
        assert!(matches!(there.1, Some(TlsFault::Certificate(_))), "{}", there.0);
        assert!(matches!(here.1, Some(TlsFault::Refused(_))), "{}", here.0);
        assert_eq!(here.2, b"");
    }
}

#[test]
fn plain_and_secured_sides_tell_each_other_apart() {
    let made = Certificates::new();
    let authority = made.own("authority");
    let settings = settings(&made.signed("good", &authority, 9), &authority);
    let client = Client::load(&settings).unwrap();

    // Whoever listens without TLS talks first, and is not understood; or it is called by TLS.
    let (there, here) = Side::listening(None).called(Some(&client));
    assert!(matches!(there.1, Some(TlsFault::Plain(_))), "{}", there.0);
    assert_eq!(here.1, Some(TlsFault::Unexpected), "{}", here.0);

    let (there, here) = side(&settings).called(None);
    assert!(matches!(here.1, Some(TlsFault::Plain(_))), "{}", here.0);
    assert_eq!(there.1, Some(TlsFault::Unexpected), "{}", there.0);
}

#[test]
fn who_offers_ciphers_without_certificates_only_is_told_apart() {
    let made = Certificates::new();
    let authority = made.own("authority");
    let settings = settings(&made.signed("good", &authority, 9), &authority);
    let listening = side(&settings);
    let mut client = command("openssl")
        .args(["s_client", "-tls1_2", "-cipher", "AECDH-AES256-SHA@SECLEVEL=0", "-connect"])
        .arg(listening.address.to_string())
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let here = listening.end();
    assert!(matches!(here.1, Some(TlsFault::NothingInCommon(_))), "{}", here.0);
    client.wait().unwrap();

    // As a server without certificates answers: a fatal alert, `handshake_failure`.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let (protocol, ends) = talker(WORD, LONG);
    let client = Client::load(&settings).unwrap();
    listening.links.connect(address, PATIENCE, Some(&client), protocol).unwrap();
    let (mut stream, _) = server.accept().unwrap();
    let mut hello = [0; 5];
    stream.read_exact(&mut hello).unwrap();
    let length = u16::from_be_bytes([hello[3], hello[4]]);
    // Bytes left unread would destroy the alert.
    stream.read_exact(&mut vec![0; length.into()]).unwrap();
    stream.write_all(&[21, 3, 3, 0, 2, 2, 40]).unwrap();
    drop(stream);
    let end = ends.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(end.1, Some(TlsFault::NothingInCommon(_))), "{}", end.0);
}

#[test]
fn encrypted_keys_are_read_with_their_passphrase() {
    let made = Certificates::new();
    let authority = made.own("authority");
    let good = made.signed("good", &authority, 9);
    let plain = settings(&good, &authority);
    let listening = side(&plain);
    let with = |key: &Path, passphrase: Option<&str>| PeerSettings {
        key: key.to_owned(),
        passphrase: passphrase.map(str::to_owned),
        ..plain.clone()
    };
    let key = good.key.display();
    for (name, arguments) in [
        ("aes256", "pkcs8 -topk8 -v2 aes-256-cbc"),
        ("aes128", "pkcs8 -topk8 -v2 aes-128-cbc -v2prf hmacWithSHA1"),
        ("des3", "pkcs8 -topk8 -v2 des3 -v2prf hmacWithSHA1"),
        ("scrypt", "pkcs8 -topk8 -scrypt"),
        ("old-aes256", "ec -aes256"),
        ("old-aes128", "ec -aes128"),
        ("old-des3", "ec -des3"),
    ] {
        let file =
            made.openssl(name, &format!("{arguments} -in {key} -passout pass:12345 -out {name}"));
        let client = Client::load(&with(&file, Some("12345")))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        talked(&listening, &client);
        let error = Client::load(&with(&file, Some("54321"))).unwrap_err().to_string();
        assert!(error.contains(file.to_str().unwrap()) && !error.contains("54321"), "{error}");
        let error = Client::load(&with(&file, None)).unwrap_err().to_string();
        assert!(error.contains("is encrypted"), "{error}");
    }
    let error = Client::load(&PeerSettings { cafile: None, ..plain }).unwrap_err().to_string();
    assert!(error.contains("no authorities"), "{error}");
}
