//! How burp's status monitor speaks: loglines, answers in one line or many, markers.
//!
//! The shapes are those of burp 3.1.4: a logline has a blank after its brace, an answer none, and
//! an answer's newline is often a write of its own.

use std::io::{self, Write};

use serde_json::{Value, json};

/// What a child has been told by `j:` lines, and its output.
#[derive(Debug)]
pub(crate) struct Dialect<W> {
    out: W,
    pretty: bool,
    markers: bool,
    understands_markers: bool,
}

impl<W: Write> Dialect<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, pretty: true, markers: false, understands_markers: true }
    }

    /// The lines of a successful start. Markers are known since 2.2.10.
    pub(crate) fn greet(&mut self, client: &str, server: &str) -> io::Result<()> {
        let number = |version: &str| -> Vec<u32> {
            version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
        };
        let since = vec![2, 2, 10];
        self.understands_markers = number(client) >= since && number(server) >= since;
        self.logline("Connecting to 127.0.0.1:4972.")?;
        self.logline("auth ok.")?;
        self.logline(&format!("Server version: {server}."))?;
        self.logline("nocsr ok.")?;
        self.logline("SSL is using cipher: TLS_AES_256_GCM_SHA384         TLSv1.3.")?;
        self.logline("extra_comms_begin ok:counters_json:msg:.")?;
        self.logline("in monitor.")
    }

    /// One line of the log; quotes in it become apostrophes, as burp does.
    pub(crate) fn logline(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{{ \"logline\": \"{}\" }}", text.replace('"', "'"))?;
        self.out.flush()
    }

    /// Bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    /// `body` as the answer to `query`: pretty if that is on and it is JSON, marked if that is on.
    pub(crate) fn answer(&mut self, query: &[u8], body: &[u8]) -> io::Result<()> {
        self.marker("response-start", query)?;
        match serde_json::from_slice::<Value>(body) {
            Ok(value) if self.pretty && value.get("warning").is_none() => {
                // Burp indents by four; no string of JSON holds a newline, so each is a line's end.
                for line in format!("{value:#}").lines() {
                    let depth = line.len() - line.trim_start().len();
                    writeln!(self.out, "{}{line}", " ".repeat(depth))?;
                }
                self.out.flush()?;
            }
            _ => {
                self.raw(body)?;
                self.raw(b"\n")?;
            }
        }
        self.marker("response-end", query)
    }

    /// A warning as the answer to `query`.
    pub(crate) fn warn(&mut self, query: &[u8], text: &str) -> io::Result<()> {
        self.answer(query, json!({ "warning": text }).to_string().as_bytes())
    }

    /// What burp says to a line that begins with `j:`.
    pub(crate) fn command(&mut self, query: &[u8]) -> io::Result<()> {
        let told = match query {
            b"j:pretty-print-off" => {
                self.pretty = false;
                "Pretty print off"
            }
            b"j:pretty-print-on" => {
                self.pretty = true;
                "Pretty print on"
            }
            b"j:response-markers-on" if self.understands_markers => {
                self.markers = true;
                "Response markers on"
            }
            b"j:response-markers-off" if self.understands_markers => {
                self.markers = false;
                "Response markers off"
            }
            _ if query.starts_with(b"j:peer_version=") => "Peer version updated",
            _ => "Unknown command",
        };
        self.warn(query, told)
    }

    fn marker(&mut self, name: &str, query: &[u8]) -> io::Result<()> {
        if !self.markers {
            return Ok(());
        }
        let mut line = format!("{{\"{name}\":\"").into_bytes();
        for &byte in query {
            match byte {
                b'"' | b'\\' => line.extend([b'\\', byte]),
                b'\t' => line.extend(b"\\t"),
                0..=31 => line.extend(format!("\\u{byte:04x}").bytes()),
                _ => line.push(byte),
            }
        }
        line.extend(b"\"}\n");
        self.raw(&line)
    }
}
