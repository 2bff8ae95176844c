//! Where a node's settings come from, and what is said of wrong ones.

use std::path::PathBuf;

use super::*;

/// A file in the syntax of the original's configuration, or in that of Ostler's daemons.
struct File(tempfile::TempDir, &'static str);

impl File {
    fn new(name: &'static str, text: &str) -> Self {
        let file = Self(tempfile::tempdir().unwrap(), name);
        std::fs::write(file.path(), text).unwrap();
        file
    }

    fn path(&self) -> PathBuf {
        self.0.path().join(self.1)
    }

    /// The command line that names it and says these arguments.
    fn options(&self, arguments: &[&str]) -> NodeOptions {
        let named = if self.1 == "broker.cfg" { "--config" } else { "--config-file" };
        let path = self.path().to_str().unwrap().to_owned();
        let own = ["broker-node".to_owned(), named.to_owned(), path];
        let arguments = arguments.iter().map(|argument| (*argument).to_owned());
        NodeOptions::parse(own.into_iter().chain(arguments)).unwrap()
    }

    /// All that is wrong, without the folder of the file.
    fn problems(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Vec<String> {
        let folder = format!("{}/", self.0.path().display());
        let problems = read(&self.options(arguments), environment).unwrap_err();
        problems.iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
    }
}

fn read(
    options: &NodeOptions,
    environment: &[(&str, &str)],
) -> Result<(NodeSettings, Vec<Problem>), Vec<Problem>> {
    let value = |name: &str| environment.iter().find(|(is, _)| *is == name);
    NodeSettings::of(options, |name| value(name).map(|(_, value)| (*value).to_owned()))
}

const ORIGINAL: &str = "broker { disable-ssl = true\n web-socket { port = 1 } }\nport = 1\n";
const STAYS: &str = "stop = false\nbroker.disable-ssl = true\n";
const OURS: &str =
    "[node]\nport = 1\n[broker]\ndisable-ssl = true\n[broker.web-socket]\nport = 1\n";

#[test]
fn the_environment_goes_before_a_file_and_the_command_line_before_both() {
    for file in [File::new("broker.conf", ORIGINAL), File::new("broker.cfg", OURS)] {
        let ports = |arguments: &[&str], environment: &[(&str, &str)]| {
            let (settings, odd) = read(&file.options(arguments), environment).unwrap();
            assert!(odd.is_empty(), "{odd:?}");
            (settings.listen.unwrap().1, settings.web_socket.unwrap().1)
        };
        let environment = [("BROKER_PORT", "2/tcp"), ("BROKER_WEB_SOCKET_PORT", "2")];
        assert_eq!(ports(&[], &[]), (1, 1));
        assert_eq!(ports(&[], &environment), (2, 2));
        assert_eq!(ports(&[], &[("BROKER_PORT", "")]), (1, 1));
        assert_eq!(ports(&["-p", "3"], &environment), (3, 2));
        assert_eq!(ports(&["--broker.web-socket.port=3"], &environment), (2, 3));
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let file = File::new("broker.conf", "broker.disable-ssl = true\nport = 70000\nmode = \"x\"\n");
    let port = "must be a port from 0 to 65535, alone or before /tcp, and is a whole number";
    let mode = "must be one of relay, ping, pong";
    assert_eq!(
        file.problems(&[], &[]),
        [format!("broker.conf:3: mode: {mode}"), format!("broker.conf:2: port: {port}")]
    );
    assert_eq!(
        file.problems(&["-m", "y"], &[("BROKER_PORT", "70000")]),
        [format!("command line: mode: {mode}"), format!("BROKER_PORT: port: {port}")]
    );
    let nil = "00000000-0000-0000-0000-000000000000";
    let file = File::new("broker.conf", "broker.disable-ssl = true\n");
    let problems = file.problems(&["--endpoint-id", nil], &[("BROKER_FILE_VERBOSITY", "much")]);
    let words = ["command line: endpoint-id: must not be nil", "BROKER_FILE_VERBOSITY: caf.logger"];
    assert!(problems.iter().zip(words).all(|(problem, words)| problem.starts_with(words)));
    assert_eq!(problems.len(), 2, "{problems:?}");
    let file = File::new("broker.cfg", "[broker]\ndisable-ssl = true\n[node]\npeers = a, b:1\n");
    let peers = "must be a list such as [<tcp://host:9999>]";
    assert_eq!(file.problems(&[], &[]), [format!("broker.cfg:4: peers: {peers}")]);
}

#[test]
fn keys_of_the_original_that_mean_nothing_are_not_odd_and_others_are() {
    let text = "broker { disable-ssl = true\n ttl = 3\n metrics { export { x = 1 } } }\ncaf.x = 1\ntopic = \"a\"\n";
    let file = File::new("broker.conf", text);
    let (_, odd) = read(&file.options(&[]), &[]).unwrap();
    let words: Vec<String> = odd.iter().map(ToString::to_string).collect();
    let place = format!("{}:5", file.path().display());
    assert_eq!(words, [format!("{place}: topic: there is no such key: it is ignored")]);
}

#[test]
fn texts_may_look_like_numbers() {
    let file = File::new(
        "broker.cfg",
        "[node]\nname = 7\ntopics = 1, 2\n[broker.ssl]\ncertificate = a\nkey = b\ncafile = c\n\
         passphrase = 12345\n",
    );
    let (settings, _) = read(&file.options(&[]), &[]).unwrap();
    assert_eq!((settings.name.as_str(), settings.topics.len()), ("7", 2));
    assert_eq!(settings.ssl.unwrap().passphrase.as_deref(), Some("12345"));
    let (settings, _) = read(&file.options(&["--broker.ssl.passphrase=true"]), &[]).unwrap();
    assert_eq!(settings.ssl.unwrap().passphrase.as_deref(), Some("true"));
}

#[test]
fn a_service_is_stopped_from_elsewhere_only_if_it_is_to_be() {
    let stop = |name, text| read(&File::new(name, text).options(&[]), &[]).unwrap().0.stop;
    assert!(stop("broker.conf", ORIGINAL) && !stop("broker.conf", STAYS));
    assert!(!stop("broker.cfg", OURS));
    let stopped = "[node]\nstop = true\n[broker]\ndisable-ssl = true\n";
    assert!(stop("broker.cfg", stopped));
}

#[test]
fn tls_without_certificates_is_refused_where_nothing_is_said_of_it() {
    let file = File::new("broker.conf", "broker.ssl.cafile = \"/ca.pem\"\n");
    let needed = "is needed as soon as anything else of broker.ssl is set";
    assert_eq!(
        file.problems(&[], &[]),
        ["certificate", "key"].map(|key| format!("broker.conf: broker.ssl.{key}: {needed}"))
    );
    assert!(File::new("broker.conf", "").problems(&[], &[])[0].contains("broker.disable-ssl: "));
}

#[test]
fn certificates_that_are_named_in_vain_are_odd() {
    let text = "[broker]\ndisable-ssl = true\n[broker.ssl]\ncafile = /ca.pem\n";
    let file = File::new("broker.cfg", text);
    let (settings, odd) = read(&file.options(&[]), &[]).unwrap();
    assert!(settings.ssl.is_none());
    let words = "broker.disable-ssl: is true, so that no TLS is spoken in spite of broker.ssl";
    let place = format!("{}:2", file.path().display());
    let odd: Vec<String> = odd.iter().map(ToString::to_string).collect();
    assert_eq!(odd, [format!("{place}: {words}")]);
}

#[test]
fn who_may_read_nothing_and_how_much_may_wait_are_set() {
    let text = "broker { disable-ssl = true\n write-timeout = 10min\n buffer-bytes = 99 }\n";
    let file = File::new("broker.conf", text);
    let (settings, odd) = read(&file.options(&[]), &[]).unwrap();
    assert!(odd.is_empty(), "{odd:?}");
    assert_eq!((settings.write_timeout, settings.buffer_bytes), (Duration::from_secs(600), 99));
    let words = "must be at least 1s";
    assert_eq!(
        file.problems(&["--broker.write-timeout=999ms"], &[]),
        [format!("command line: broker.write-timeout: {words}")]
    );
}
