//! A configuration line by line, for who comes from Burp-UI's own monitor: what is used and with
//! which value, what is not, what means something else here, and what is dangerous.
//!
//! It is written as comments, so that it may stand before the configuration in effect. No value is
//! in it but those in effect, and no password: what stands in the wrong place may be one.

use std::collections::{HashMap, HashSet};
use std::fmt;

use ostler_net::{Address, Network};
use ostler_runtime::files::is_readable_by_all;
use ostler_runtime::ini::Entry;
use ostler_runtime::shown::Lines;
use ostler_runtime::terminal::escape;
use ostler_runtime::{Document, Problem, Reader};

use crate::check_effective;
use crate::check_original;
use crate::config::Config;
use crate::password_file;

/// Shown, it has a comment for each key of the file, in the order of the lines.
pub(crate) struct Report(Vec<String>);

impl Report {
    /// Of a document that `reader` has been asked for all keys of, and what came of it.
    pub(crate) fn of(document: &Document, reader: &Reader<'_>, config: &Config) -> Self {
        let (problems, warnings) = (reader.problems(), reader.warnings());
        let view = View {
            document,
            reader,
            config,
            // Where something is wrong nothing takes effect.
            effective: problems.is_empty().then(|| check_effective::of(config)),
            referred: reader.referred(),
            problems: by_line(problems),
            warnings: by_line(&warnings),
        };
        let place = document.path().display().to_string();
        Self(document.entries().iter().map(|entry| view.line(&place, entry)).collect())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "# {line}"))
    }
}

/// The words of problems by the line that each is about.
fn by_line(problems: &[Problem]) -> HashMap<usize, Vec<&str>> {
    let mut lines: HashMap<usize, Vec<&str>> = HashMap::new();
    for problem in problems {
        if let Some(line) = problem.line() {
            lines.entry(line).or_default().push(problem.words());
        }
    }
    lines
}

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Used,
    Different,
    Dangerous,
    Ignored,
    Wrong,
}

impl Fate {
    fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Different => "different",
            Self::Dangerous => "dangerous",
            Self::Ignored => "ignored",
            Self::Wrong => "wrong",
        }
    }
}

/// What becomes of a key, its value in effect, and why.
struct Judged {
    fate: Fate,
    value: Option<String>,
    words: Vec<String>,
}

impl Judged {
    fn ignored(words: impl Into<String>) -> Self {
        Self { fate: Fate::Ignored, value: None, words: vec![words.into()] }
    }
}

/// Everything that is known of a document.
struct View<'a> {
    document: &'a Document,
    reader: &'a Reader<'a>,
    config: &'a Config,
    effective: Option<Lines>,
    referred: HashSet<String>,
    problems: HashMap<usize, Vec<&'a str>>,
    warnings: HashMap<usize, Vec<&'a str>>,
}

impl View<'_> {
    fn line(&self, place: &str, entry: &Entry) -> String {
        let Judged { fate, value, words } = self.judge(entry);
        let Entry { line, sections, key } = entry;
        let mut text = format!("{place}:{line}: {}: ", fate.name());
        for (section, depth) in sections.iter().zip(1..) {
            text.extend(["[".repeat(depth).as_str(), section, &"]".repeat(depth), " "]);
        }
        text.push_str(key);
        if let Some(value) = value {
            text.extend([" = ", &value]);
        }
        if !words.is_empty() {
            text.extend([": ", &words.join("; ")]);
        }
        escape(&text).into_owned()
    }

    fn judge(&self, entry: &Entry) -> Judged {
        let (section, key) = match &*entry.sections {
            [] => ("", entry.key.as_str()),
            [section] => (section.as_str(), entry.key.as_str()),
            _ => return Judged::ignored("nothing is read from a section within a section"),
        };
        // A line has no more than one key.
        let noted = |notes: &HashMap<usize, Vec<&str>>| {
            let words = notes.get(&entry.line).into_iter().flatten();
            words.map(|words| (*words).to_owned()).collect::<Vec<String>>()
        };
        let problems = noted(&self.problems);
        if !problems.is_empty() {
            return self.wrong(section, key, problems);
        }
        if self.reader.has_asked(section, key) {
            return self.known(section, key, noted(&self.warnings));
        }
        if self.referred.contains(key) {
            return Judged { fate: Fate::Used, value: None, words: vec![REFERRED.to_owned()] };
        }
        if check_original::is_of_another_program(section, key) {
            return Judged::ignored("it is a key of burp-ui or bui-agent");
        }
        if section.is_empty() {
            return Judged::ignored("it stands before the first section");
        }
        let words = noted(&self.warnings).into_iter().next();
        Judged::ignored(words.unwrap_or_else(|| match section {
            "DEFAULT" => "no value refers to it".to_owned(),
            _ => "this section is not known".to_owned(),
        }))
    }

    fn wrong(&self, section: &str, key: &str, mut words: Vec<String>) -> Judged {
        let made = check_original::made_of(self.document, section, key);
        let is_dangerous = made.as_ref().is_some_and(|made| made.is_dangerous);
        words.extend(made.map(|made| format!("the original {}", made.words)));
        let fate = if is_dangerous { Fate::Dangerous } else { Fate::Wrong };
        Judged { fate, value: None, words }
    }

    /// A key that there is, with the warnings that it has got.
    fn known(&self, section: &str, key: &str, mut words: Vec<String>) -> Judged {
        let mut fate = Fate::Used;
        let is_password = section == "Global" && ["password", password_file::KEY].contains(&key);
        if is_password && !words.is_empty() {
            fate = Fate::Dangerous;
        }
        let Some(effective) = &self.effective else {
            return Judged { fate, value: None, words };
        };
        let Some(value) = effective.value(section, key) else {
            return Judged::ignored(self.without_effect(key));
        };
        if let Some(meant) = check_original::meant(section, key, value) {
            fate = Fate::Different;
            words.insert(0, meant.to_owned());
        }
        if let Some(danger) = self.danger(section, key) {
            fate = Fate::Dangerous;
            words.push(danger.to_owned());
        }
        Judged { fate, value: Some(value.to_owned()), words }
    }

    /// Why a key that there is has no effect.
    fn without_effect(&self, key: &str) -> &'static str {
        match key {
            "sslcert" | "sslkey" | "sslca" if self.config.tls.is_none() => "ssl is false",
            "port" => "no address has a port",
            _ => "it is empty",
        }
    }

    /// What anybody may do or learn by the value in effect.
    fn danger(&self, section: &str, key: &str) -> Option<&'static str> {
        let Config { addresses, status_addresses, tls, limits, .. } = self.config;
        let holds_key = match (key, tls) {
            ("sslkey", Some(_)) => true,
            ("sslcert", Some(tls)) => tls.key == tls.certificate,
            _ => false,
        };
        match (section, key) {
            ("Global", "bind") if tls.is_none() && addresses.iter().any(Address::is_far) => {
                Some("without ssl the password crosses the network as plain text")
            }
            ("Status", "bind") if status_addresses.iter().any(Address::is_far) => {
                Some("whoever reaches it sees the names of clients, without a password")
            }
            ("Global", "trusted") if limits.trusted.iter().any(Network::is_everybody) => {
                Some("it is everybody, who may then name any address by a PROXY header")
            }
            ("Global", _) if holds_key && tls.iter().any(|tls| is_readable_by_all(&tls.key)) => {
                Some("the key can be read by every user of this machine")
            }
            _ => None,
        }
    }
}

/// Of a key that is there for others.
const REFERRED: &str = "where a value refers to it";
