//! What the services of [`OpenKat`](crate::OpenKat) have and remember.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::Value;
use url::form_urlencoded;

/// All that was asked, and all that is kept.
#[derive(Debug, Default)]
pub struct Books {
    /// Every call in the order in which they came.
    pub calls: Vec<Call>,
    /// The tasks by their ids.
    pub tasks: HashMap<String, BookedTask>,
    /// Metas of boefjes that were saved, in their order.
    pub boefje_metas: Vec<Value>,
    /// Metas of normalizers that were saved, in their order.
    pub normalizer_metas: Vec<Value>,
    /// Raw files that were saved or put here, in their order.
    pub raws: Vec<BookedRaw>,
    /// What was said of objects, in its order.
    pub said: Vec<Said>,
    /// How often somebody logged in.
    pub logins: usize,
    /// The queues with the items that wait, in the order of their names.
    pub queues: BTreeMap<String, VecDeque<Value>>,
    pub(crate) objects: HashMap<(String, String), Value>,
    pub(crate) settings: HashMap<(String, String), Value>,
    pub(crate) tokens: Vec<String>,
}

/// A task, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct BookedTask {
    /// As it is handed out.
    pub item: Value,
    /// Its statuses: `queued` at first, `dispatched` when it is handed out, and whatever it is set
    /// to.
    pub history: Vec<String>,
}

impl BookedTask {
    /// Its last status.
    pub fn status(&self) -> &str {
        self.history.last().expect("a status")
    }
}

/// A raw file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedRaw {
    /// Its id.
    pub id: String,
    /// The id of the run that made it.
    pub run: String,
    /// Its media types as they were given.
    pub mime_types: Vec<String>,
    /// Its content.
    pub content: Vec<u8>,
}

impl BookedRaw {
    /// Its content, which is text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.content).expect("a text")
    }
}

/// Something that was saved at Octopoes.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// For which organisation.
    pub organization: String,
    /// `observations`, `declarations`, `affirmations` or `scan_profiles/save_many`.
    pub what: String,
    /// The body.
    pub json: Value,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `scheduler`, `bytes`, `octopoes` or `katalogus`.
    pub service: &'static str,
    /// The method.
    pub method: String,
    /// The path with the query, as it came.
    pub target: String,
    /// The headers in their order, with names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The status of the answer; `None` before it is given.
    pub status: Option<u16>,
}

impl Call {
    /// The service, the method and the target in one line.
    pub fn line(&self) -> String {
        format!("{} {} {}", self.service, self.method, self.target)
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find_map(|(key, value)| (key == name).then_some(value.as_str()))
    }

    /// The body, which is text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a text")
    }

    /// The body, which is JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The parts of the path, decoded.
    pub fn path(&self) -> Vec<String> {
        let path = self.target.split('?').next().unwrap_or_default();
        // A plus in a path is none of a form.
        let decode = |part: &str| {
            let part = part.replace('+', "%2B");
            form_urlencoded::parse(part.as_bytes()).map(|(name, _)| name.into_owned()).collect()
        };
        path.split('/').skip(1).map(decode).collect()
    }

    /// The values of a name in the query, decoded.
    pub fn query(&self, name: &str) -> Vec<String> {
        let (_, query) = self.target.split_once('?').unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        pairs.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
    }
}
