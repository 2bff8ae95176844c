//! What Burp-UI's own programs (1.1.1) make of a configuration: which keys are another program's,
//! what they put in place of a value that ours refuses, and what a value means to them.

use ostler_runtime::Document;
use ostler_runtime::ini::Value;
use ostler_runtime::numbers::integer;

/// Sections that only burp-ui and bui-agent read.
const SECTIONS: [&str; 9] = [
    "UI",
    "Production",
    "WebSocket",
    "Security",
    "Experimental",
    "Parallel",
    "ACL",
    "Burp1",
    "Burp2",
];

/// Keys that only they read, in the sections that the monitor reads too.
const KEYS: [(&str, &[&str]); 2] = [
    (
        "Global",
        &[
            "backend",
            "auth",
            "acl",
            "audit",
            "plugins",
            "prefix",
            "demo",
            "dsn",
            "piwik_url",
            "piwik_script",
            "piwik_id",
            "init_wait",
        ],
    ),
    ("Burp", &["bhost", "bport", "stripbin", "bconfsrv", "tmpdir", "deep_inspection"]),
];

/// The keys that the monitor reads.
const OWN: [(&str, &[&str]); 2] = [
    ("Global", &["port", "bind", "ssl", "sslcert", "sslkey", "password", "pool"]),
    ("Burp", &["burpbin", "bconfcli", "timeout"]),
];

/// Whether it is burp-ui or bui-agent that reads this key.
pub(crate) fn is_of_another_program(section: &str, key: &str) -> bool {
    SECTIONS.contains(&section)
        || section.starts_with("Agent:")
        || [":AUTH", ":ACL", ":AUDIT"].iter().any(|end| section.ends_with(end))
        || is_among(&KEYS, section, key)
}

fn is_among(known: &[(&str, &[&str])], section: &str, key: &str) -> bool {
    known.iter().any(|(of, keys)| *of == section && keys.contains(&key))
}

/// What the original did with a value that ours refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    /// In words, behind "the original".
    pub(crate) words: String,
    /// Whether it went on, and less safely than the file seems to say, or where nobody expects it.
    pub(crate) is_dangerous: bool,
}

/// See [`Made`]; `None` if it is not known.
pub(crate) fn made_of(document: &Document, section: &str, key: &str) -> Option<Made> {
    let harmless = |words: &str| Some(Made { words: words.to_owned(), is_dangerous: false });
    let dangerous = |words: String| Some(Made { words, is_dangerous: true });
    let number = match document.value(section, key)? {
        Err(_) => return harmless("ended with it"),
        Ok(Value::Many(_)) if key == "burpbin" => return harmless("ended with it"),
        Ok(Value::Many(_)) => None,
        Ok(Value::One(text)) => integer(&text),
    };
    match (section, key, number) {
        ("Global", "ssl", _) => dangerous("took it for false: plain text".to_owned()),
        ("Global", "port", None) => dangerous("listened on 11111 instead".to_owned()),
        ("Global", "port", Some(port)) if port >= 0 => {
            dangerous(format!("listened on {} instead", port.rem_euclid(1 << 16)))
        }
        ("Global", "pool", None) => harmless("took 5 for it"),
        ("Global", "port" | "pool", Some(number)) if number < 0 => harmless("ended with it"),
        ("Burp", "timeout", None) => harmless("took 15 for it"),
        ("Burp", "timeout", Some(0)) => harmless("had no answer to any query"),
        ("Burp", "timeout", Some(number)) if number < 0 => harmless("hung at every query"),
        ("Global", "pool", Some(0)) | ("Burp", "burpbin" | "bconfcli", _) => {
            harmless("hung at every query")
        }
        _ => None,
    }
}

/// What a right value meant to the original, if that is something else.
pub(crate) fn meant(section: &str, key: &str, value: &str) -> Option<&'static str> {
    match (section, key) {
        ("Global", "bind") if value.contains([',', '/']) => {
            Some("the original listened on one address with a port only")
        }
        ("Global", "pool") => {
            Some("a child's successor is started beside it, which the burp server counts too")
        }
        ("Burp", "timeout") if value.contains('.') => {
            Some("waiting for a child counts; the original took 15 for it")
        }
        ("Burp", "timeout") => {
            Some("waiting for a child counts; in the original it did not, and had no end")
        }
        _ if is_among(&OWN, section, key) => None,
        _ => Some("the original does not know it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn keys_of_other_programs_are_known() {
        for (section, key) in [
            ("Global", "backend"),
            ("Burp", "bhost"),
            ("UI", "anything"),
            ("LDAP:AUTH", "bindpw"),
            ("Agent:one", "host"),
        ] {
            assert!(is_of_another_program(section, key), "{section} {key}");
        }
        for (section, key) in [("Global", "port"), ("Burp", "backend"), ("More", "backend")] {
            assert!(!is_of_another_program(section, key), "{section} {key}");
        }
    }

    #[test]
    fn a_number_that_the_original_took_is_not_spoken_of() {
        let document = Document::parse(Path::new("x"), b"[Burp]\ntimeout = 86401\n").unwrap();
        assert_eq!(made_of(&document, "Burp", "timeout"), None);
    }

    #[test]
    fn what_the_original_made_of_wrong_values_was_measured() {
        for (section, line, words, is_dangerous) in [
            ("Global", "ssl = enabled", "took it for false: plain text", true),
            ("Global", "port = abc", "listened on 11111 instead", true),
            ("Global", "port = 11,12", "listened on 11111 instead", true),
            ("Global", "port = 99999", "listened on 34463 instead", true),
            ("Global", "port = -1", "ended with it", false),
            ("Global", "port = %(no)s", "ended with it", false),
            ("Global", "pool = 0", "hung at every query", false),
            ("Burp", "timeout = 1e3", "took 15 for it", false),
            ("Burp", "timeout = 0", "had no answer to any query", false),
            ("Burp", "burpbin = /a, /b", "ended with it", false),
            ("Burp", "bconfcli = /a, /b", "hung at every query", false),
        ] {
            let text = format!("[{section}]\n{line}\n");
            let document = Document::parse(Path::new("x"), text.as_bytes()).unwrap();
            let key = line.split_once(" =").unwrap().0;
            let made = Made { words: words.to_owned(), is_dangerous };
            assert_eq!(made_of(&document, section, key), Some(made), "{line}");
        }
    }
}
