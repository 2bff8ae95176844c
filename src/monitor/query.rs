//! A query for burp: one clean line, checked before any child sees it.

use std::fmt;

/// The longest query in bytes. burp's own client hangs for ever a little above 32 000.
pub(crate) const MAX_QUERY: usize = 16_000;

/// What burp drops at the end of a line.
const BURPS_SPACE: [char; 6] = [' ', '\t', '\n', '\x0b', '\x0c', '\r'];

/// A query as it goes to the child, without its newline.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Query(String);

/// Why a query is refused. The words are for the user of Burp-UI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QueryError {
    /// burp never answers a blank line.
    #[error("The query is empty")]
    Blank,
    /// A control character could end the line, or mean something to burp.
    #[error("The query has a control character in it")]
    Control,
    /// A setting of the connection, which is shared by all.
    #[error("The query is a setting (j:), which would change the answers of others")]
    Setting,
    /// Too long for burp.
    #[error("The query is longer than {MAX_QUERY} bytes")]
    TooLong,
}

impl Query {
    /// The summary of all clients.
    pub(crate) fn summary() -> Self {
        Self("c:".to_owned())
    }

    /// All backups of one client, reread from the server's disk.
    pub(crate) fn client(name: &str) -> Option<Self> {
        Self::parse(&format!("c:{name}")).ok()
    }

    /// Cuts at the first newline, as the original does, drops white space at the end, as burp does,
    /// and refuses what a child must not see.
    pub(crate) fn parse(text: &str) -> Result<Self, QueryError> {
        // No other space is dropped: a directory's name may end with one.
        let line = text.split('\n').next().unwrap_or_default().trim_end_matches(BURPS_SPACE);
        if line.is_empty() {
            return Err(QueryError::Blank);
        }
        if line.len() > MAX_QUERY {
            return Err(QueryError::TooLong);
        }
        if line.chars().any(char::is_control) {
            return Err(QueryError::Control);
        }
        if has_setting(line) {
            return Err(QueryError::Setting);
        }
        Ok(Self(line.to_owned()))
    }

    /// Whether it asks for the summary of all clients.
    pub(crate) fn is_summary(&self) -> bool {
        self.0 == "c:"
    }

    /// The line, without its newline.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The marker line that opens (`start`) or closes (`end`) the answer to it.
    pub(crate) fn marker(&self, which: Marker) -> Vec<u8> {
        let mut line = format!("{{\"response-{}\":\"", which.name()).into_bytes();
        for byte in self.0.bytes() {
            // The only characters of a clean line that JSON escapes.
            if matches!(byte, b'"' | b'\\') {
                line.push(b'\\');
            }
            line.push(byte);
        }
        line.extend(b"\"}");
        line
    }
}

/// Whether burp would find a setting (`j:`) in the line. It reads what stands between runs of colons,
/// with all its spaces: `c`, `b` and `l` take the next field for their value, `p` takes the rest,
/// and any other is passed over. To be on the safe side, spaces around the `j` make no difference.
fn has_setting(line: &str) -> bool {
    let mut fields = line.split(':').filter(|field| !field.is_empty());
    while let Some(field) = fields.next() {
        match field {
            _ if field.trim() == "j" => return true,
            "p" => return false,
            "c" | "b" | "l" => {
                let _ = fields.next();
            }
            _ => {}
        }
    }
    false
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which of the two lines around an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    Start,
    End,
}

impl Marker {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::End => "end",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_its_first_line() {
        assert_eq!(Query::parse("c:client1\nc:client2\n").unwrap().as_str(), "c:client1");
        assert_eq!(Query::parse("c: \r\n").unwrap().as_str(), "c:");
        assert_eq!(Query::parse("c:a:b:1:p:/sp ace").unwrap().as_str(), "c:a:b:1:p:/sp ace");
        for name in ["c:a:b:1:p:/x\u{a0}", "c:a:b:1:p:/x\u{3000}"] {
            assert_eq!(Query::parse(&format!("{name} \n")).unwrap().as_str(), name);
        }
    }

    #[test]
    fn what_harms_a_child_is_refused() {
        for blank in ["", " ", "\n", "\nc:", "\t \r\n"] {
            assert_eq!(Query::parse(blank), Err(QueryError::Blank), "{blank:?}");
        }
        for control in ["c:\0", "c:\x01a", "c:a\x7fb", "c:a\rb", "c:\u{85}b"] {
            assert_eq!(Query::parse(control), Err(QueryError::Control), "{control:?}");
        }
        for setting in [
            "j:",
            "j:pretty-print-on",
            " j:peer_version=",
            ":j:peer_version=",
            " c:j:peer_version=",
            "c :j:peer_version=",
            "\u{a0}c:j:peer_version=",
            " p:j:peer_version=",
            "c::c:j:peer_version=",
            "j:response-markers-off\n",
            "c:client1:j:pretty-print-on",
            "x:j:pretty-print-on",
            "c:client1:b:1:j:response-markers-off",
            "c:client1:l:backup:j:peer_version=2.1.8",
        ] {
            assert_eq!(Query::parse(setting), Err(QueryError::Setting), "{setting:?}");
        }
        for value in ["c:j", "c:j:b:1", "c::j", "c:a:b:1:p:/j:x", "c:a:b:1:p:j:x", "zzj:a"] {
            assert!(Query::parse(value).is_ok(), "{value:?}");
        }
        assert!(Query::parse(&"x".repeat(MAX_QUERY)).is_ok());
        assert_eq!(Query::parse(&"x".repeat(MAX_QUERY + 1)), Err(QueryError::TooLong));
    }

    #[test]
    fn markers_are_escaped_as_burp_escapes_them() {
        let query = Query::parse(r#"c:a"b\c:p:/ü"#).unwrap();
        let start = String::from_utf8(query.marker(Marker::Start)).unwrap();
        assert_eq!(start, r#"{"response-start":"c:a\"b\\c:p:/ü"}"#);
    }
}
