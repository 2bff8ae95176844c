//! What daemons write into the store, and how they read each other's words.

use std::time::Duration;

use broker::data::{Data, Timestamp};

use crate::query::Query;

/// The keys of one view of a burp server.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    view: String,
}

/// What a change in the store is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A daemon has an answer.
    Answer {
        query: Query,
        /// When the query went to burp, by that daemon's clock.
        born: Timestamp,
        /// How long it had to live when it was written.
        left: Duration,
        bytes: Vec<u8>,
    },
    /// Nobody says any more that burp is being asked.
    Released(Query),
}

impl Keys {
    pub(crate) fn new(view: String) -> Self {
        Self { view }
    }

    /// Under this the answer stands.
    pub(crate) fn answer(&self, query: &Query) -> Data {
        Data::from(format!("answer {} {query}", self.view))
    }

    /// Under this a daemon says that it is asking burp.
    pub(crate) fn claim(&self, query: &Query) -> Data {
        Data::from(format!("claim {} {query}", self.view))
    }

    fn query(&self, key: &Data, kind: &str) -> Option<Query> {
        let Data::String(key) = key else { return None };
        let key = std::str::from_utf8(key).ok()?.strip_prefix(kind)?.strip_prefix(' ')?;
        Query::parse(key.strip_prefix(&self.view)?.strip_prefix(' ')?).ok()
    }

    /// Reads a store's event, unless it is of the daemon `me`, or says nothing that is wanted.
    pub(crate) fn read(&self, event: Data, me: &str) -> Option<Change> {
        let Data::Vector(fields) = event else { return None };
        let mut fields = fields.into_iter();
        let Data::String(kind) = fields.next()? else { return None };
        let (_, key) = (fields.next()?, fields.next()?);
        match kind.as_slice() {
            b"insert" => self.written(&key, fields, me),
            b"update" => {
                // What it was before.
                fields.next()?;
                self.written(&key, fields, me)
            }
            b"erase" | b"expire" => self.query(&key, "claim").map(Change::Released),
            _ => None,
        }
    }

    fn written(
        &self,
        key: &Data,
        mut fields: impl Iterator<Item = Data>,
        me: &str,
    ) -> Option<Change> {
        let query = self.query(key, "answer")?;
        let (value, expiry, publisher) = (fields.next()?, fields.next()?, fields.next()?);
        let Data::Timespan(left) = expiry else { return None };
        let left = Duration::try_from(left).ok()?;
        if publisher == Data::from(me) {
            return None;
        }
        let Data::Vector(value) = value else { return None };
        let [Data::Timestamp(born), Data::String(bytes)] = <[Data; 2]>::try_from(value).ok()?
        else {
            return None;
        };
        Some(Change::Answer { query, born, left, bytes })
    }
}

/// An answer as it is written.
pub(crate) fn value(born: Timestamp, bytes: &[u8]) -> Data {
    Data::Vector(vec![Data::Timestamp(born), Data::String(bytes.to_vec())])
}

#[cfg(test)]
mod tests {
    use broker::data::Timespan;

    use super::*;

    #[test]
    fn what_one_daemon_writes_another_reads() {
        let keys = Keys::new("v".to_owned());
        let query = Query::parse("c:a b").unwrap();
        let (born, left) = (Timestamp::from_nanos(7), Timespan::from_nanos(5_000_000_000));
        let event = |key: Data, publisher: &str| {
            let mut fields = vec![Data::from("insert"), Data::from("st"), key];
            fields.extend([value(born, b"{}"), Data::Timespan(left), Data::from(publisher)]);
            Data::Vector(fields)
        };
        let change = keys.read(event(keys.answer(&query), "other"), "me");
        let left = Duration::from_secs(5);
        let bytes = b"{}".to_vec();
        assert_eq!(change, Some(Change::Answer { query: query.clone(), born, left, bytes }));
        // Its own, another view's, and what is no answer.
        assert_eq!(keys.read(event(keys.answer(&query), "me"), "me"), None);
        let others = Keys::new("w".to_owned());
        assert_eq!(keys.read(event(others.answer(&query), "other"), "me"), None);
        assert_eq!(keys.read(event(keys.claim(&query), "other"), "me"), None);
        assert_eq!(keys.read(event(Data::from("answer v c:\u{7}"), "other"), "me"), None);
        let erased = |key| Data::Vector(vec![Data::from("erase"), Data::from("st"), key]);
        let released = keys.read(erased(keys.claim(&query)), "me");
        assert_eq!(released, Some(Change::Released(query.clone())));
        assert_eq!(keys.read(erased(keys.answer(&query)), "me"), None);
    }
}
