//! Recorded connections: see `tests/golden/README.md` for the format.

use std::fs;
use std::path::Path;

use crate::binaries::workspace;

/// What the client did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// One write.
    Send(Vec<u8>),
    /// It wrote no more.
    HalfClose,
    /// It went away.
    Close,
}

/// How the connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The daemon closed it.
    Closed,
    /// The daemon closed it with bytes unread.
    Reset,
    /// Nothing more came.
    Silent,
    /// The client had gone.
    Left,
}

/// One recorded connection.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The file's name without its ending.
    pub name: String,
    /// What the client did, in order.
    pub acts: Vec<Act>,
    /// All that the daemon wrote.
    pub received: Vec<u8>,
    /// How it ended.
    pub end: End,
}

impl Recording {
    /// Every recording, by name.
    pub fn all() -> Vec<Self> {
        let directory = workspace().join("tests/golden/wire");
        let files = fs::read_dir(&directory).expect("the recordings");
        let mut all: Vec<Self> = files.map(|file| Self::read(&file.unwrap().path())).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// The connections of one recorded session, in order.
    pub fn session(name: &str) -> Vec<Self> {
        let path = workspace().join(format!("tests/golden/sessions/{name}.txt"));
        let text = fs::read_to_string(path).expect("the recording");
        let parts = text.split("\n\n").zip(1..);
        parts.map(|(part, number)| Self::parse(format!("{name} {number}"), part)).collect()
    }

    /// All that the client wrote.
    pub fn sent(&self) -> Vec<u8> {
        let writes = self.acts.iter().map(|act| match act {
            Act::Send(bytes) => bytes.as_slice(),
            Act::HalfClose | Act::Close => &[],
        });
        writes.collect::<Vec<_>>().concat()
    }

    fn read(path: &Path) -> Self {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        Self::parse(name, &fs::read_to_string(path).unwrap())
    }

    fn parse(name: String, text: &str) -> Self {
        let (mut acts, mut received, mut end) = (Vec::new(), Vec::new(), None);
        for line in text.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match (word, acts.last_mut()) {
                ("send", _) => acts.push(Act::Send(unescape(rest))),
                ("more", Some(Act::Send(bytes))) => bytes.extend(unescape(rest)),
                ("repeat", Some(Act::Send(bytes))) => {
                    let (times, what) = rest.split_once(' ').unwrap();
                    bytes.extend(what.repeat(times.parse().unwrap()).into_bytes());
                }
                ("half-close", _) => acts.push(Act::HalfClose),
                ("close", _) => acts.push(Act::Close),
                ("receive", _) => received = unescape(rest),
                ("end", _) => {
                    end = Some(match rest {
                        "closed" => End::Closed,
                        "reset" => End::Reset,
                        "silent" => End::Silent,
                        "left" => End::Left,
                        other => panic!("{name}: end {other}"),
                    });
                }
                _ => panic!("{name}: {line}"),
            }
        }
        let end = end.unwrap_or_else(|| panic!("{name} has no end"));
        Self { name, acts, received, end }
    }
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            bytes.push(u8::try_from(c).expect("ASCII"));
            continue;
        }
        bytes.push(match chars.next() {
            Some('n') => b'\n',
            Some('r') => b'\r',
            Some('t') => b'\t',
            Some('\\') => b'\\',
            Some('x') => {
                let digits: String = chars.by_ref().take(2).collect();
                u8::from_str_radix(&digits, 16).expect("two digits")
            }
            other => panic!("\\{other:?} in a recording"),
        });
    }
    bytes
}
