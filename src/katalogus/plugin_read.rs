//! A plugin read from JSON: a manifest, a plugin that was added over HTTP, or one of a remote
//! repository.
//!
//! Values are taken as the original's models take them; keys that nobody knows are nothing.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

use crate::{BoefjePart, Generation, Json, Kind, Object, Plugin, Repository, RunOn, created};

/// What is wrong with the JSON of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginFault {
    /// It is no object.
    #[error("it is no object")]
    NoObject,
    /// The value of a key is missing or wrong.
    #[error("{key}: {problem}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong, in words.
        problem: &'static str,
    },
}

impl Plugin {
    /// The plugin that `json` describes, which has a `type` and, from generation 1.20 on, must have
    /// a name. It is taken for one of the local repository that is not on this machine's disk.
    pub fn from_json(json: &Json, generation: Generation) -> Result<Self, PluginFault> {
        let Json::Object(object) = json else { return Err(PluginFault::NoObject) };
        let fields = Fields(object);
        let kind = match fields.text("type")?.as_deref() {
            Some("boefje") => Kind::Boefje(boefje(&fields)?),
            Some("normalizer") => Kind::Normalizer,
            _ => return Err(wrong("type", "neither boefje nor normalizer")),
        };
        let name = fields.text("name")?;
        if name.is_none() && generation != Generation::V1_15 {
            return Err(wrong("name", MISSING));
        }
        let is_set = matches!(kind, Kind::Boefje(_));
        let types = |key| {
            let types = fields.texts(key)?.unwrap_or_default();
            Ok(if is_set { distinct(types) } else { types })
        };
        Ok(Self {
            id: fields.text("id")?.ok_or_else(|| wrong("id", MISSING))?,
            repository_id: Repository::LOCAL.to_owned(),
            name,
            version: fields.text("version")?,
            authors: fields.texts("authors")?,
            created: fields.moment("created")?,
            description: fields.text("description")?,
            environment_keys: fields.texts("environment_keys")?.unwrap_or_default(),
            related: fields.texts("related")?,
            enabled: fields.flag("enabled", !is_set)?,
            consumes: types("consumes")?,
            produces: types("produces")?,
            added: !fields.flag("static", true)?,
            kind,
            directory: None,
        })
    }
}

fn boefje(fields: &Fields<'_>) -> Result<BoefjePart, PluginFault> {
    let schema = match fields.value("boefje_schema") {
        Some(schema @ Json::Object(_)) => Some(schema.clone()),
        None => None,
        Some(_) => return Err(wrong("boefje_schema", "no object")),
    };
    let run_on = fields.texts("run_on")?;
    let run_on = run_on.map(|names| {
        let changes = names.iter().map(|name| RunOn::named(name)).collect::<Option<_>>();
        changes.ok_or_else(|| wrong("run_on", "neither create nor update"))
    });
    Ok(BoefjePart {
        scan_level: match fields.number("scan_level")? {
            None => 1,
            Some(level) => u8::try_from(level)
                .ok()
                .filter(|level| *level <= MAX_SCAN_LEVEL)
                .ok_or_else(|| wrong("scan_level", "not 0 to 4"))?,
        },
        options: fields.texts("options")?,
        runnable_hash: fields.text("runnable_hash")?,
        oci_image: fields.text("oci_image")?,
        oci_arguments: fields.texts("oci_arguments")?.unwrap_or_default(),
        schema,
        cron: fields.text("cron")?,
        interval: fields.number("interval")?,
        run_on: run_on.transpose()?,
        deduplicate: fields.flag("deduplicate", true)?,
    })
}

/// The most intrusive level.
const MAX_SCAN_LEVEL: u8 = 4;

const MISSING: &str = "missing";

/// The members of an object by their types; `null` is as good as nothing.
struct Fields<'j>(&'j Object);

impl<'j> Fields<'j> {
    fn value(&self, key: &str) -> Option<&'j Json> {
        self.0.get(key).filter(|value| **value != Json::Null)
    }

    fn text(&self, key: &'static str) -> Result<Option<String>, PluginFault> {
        match self.value(key) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong(key, "no text")),
        }
    }

    fn texts(&self, key: &'static str) -> Result<Option<Vec<String>>, PluginFault> {
        const PROBLEM: &str = "no list of texts";
        let Some(value) = self.value(key) else { return Ok(None) };
        let Json::List(values) = value else { return Err(wrong(key, PROBLEM)) };
        let texts = values.iter().map(|value| match value {
            Json::Text(text) => Ok(text.clone()),
            _ => Err(wrong(key, PROBLEM)),
        });
        texts.collect::<Result<_, _>>().map(Some)
    }

    fn flag(&self, key: &'static str, default: bool) -> Result<bool, PluginFault> {
        let text = match self.value(key) {
            None => return Ok(default),
            Some(Json::Bool(flag)) => return Ok(*flag),
            Some(Json::Text(text)) => text.to_ascii_lowercase(),
            Some(Json::Integer(digits)) => digits.to_string(),
            Some(_) => String::new(),
        };
        match text.as_str() {
            "1" | "true" | "t" | "yes" | "y" | "on" => Ok(true),
            "0" | "false" | "f" | "no" | "n" | "off" => Ok(false),
            _ => Err(wrong(key, "neither true nor false")),
        }
    }

    fn number(&self, key: &'static str) -> Result<Option<i64>, PluginFault> {
        let number = match self.value(key) {
            None => return Ok(None),
            Some(Json::Integer(digits)) => digits.parse().ok(),
            Some(Json::Text(text)) => text.trim().parse().ok(),
            Some(Json::Bool(flag)) => Some(i64::from(*flag)),
            // Written so, a whole number with a fraction of zero loses nothing.
            Some(Json::Float(number)) => format!("{number}").parse().ok(),
            Some(_) => None,
        };
        number.map(Some).ok_or_else(|| wrong(key, "no whole number"))
    }

    fn moment(&self, key: &'static str) -> Result<Option<String>, PluginFault> {
        let text = self.text(key)?;
        let moment =
            text.map(|text| created::normalised(&text).ok_or_else(|| wrong(key, "no date")));
        moment.transpose()
    }
}

/// Each text once, where it came first.
fn distinct(texts: Vec<String>) -> Vec<String> {
    let mut once: Vec<String> = Vec::with_capacity(texts.len());
    for text in texts {
        if !once.contains(&text) {
            once.push(text);
        }
    }
    once
}

fn wrong(key: &'static str, problem: &'static str) -> PluginFault {
    PluginFault::Value { key, problem }
}

impl RunOn {
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Create, Self::Update].into_iter().find(|on| on.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, generation: Generation) -> Result<Plugin, String> {
        Plugin::from_json(&Json::parse(text).unwrap(), generation)
            .map_err(|fault| fault.to_string())
    }

    #[test]
    fn what_is_missing_has_the_originals_defaults() {
        let boefje = read(r#"{"type":"boefje","id":"b"}"#, Generation::V1_15).unwrap();
        assert!(!boefje.enabled && !boefje.added && boefje.name.is_none());
        let Kind::Boefje(part) = boefje.kind else { panic!("a boefje") };
        assert_eq!(part, BoefjePart { scan_level: 1, deduplicate: true, ..BoefjePart::default() });
        let normalizer = read(r#"{"type":"normalizer","id":"n"}"#, Generation::V1_15).unwrap();
        assert!(normalizer.enabled && normalizer.kind == Kind::Normalizer);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let texts = [
            r#"{"type":"boefje","id":"b","name":"B","version":"1","created":"2024-01-02T03:04:05Z",
                "description":"d","enabled":true,"static":false,"scan_level":4,
                "consumes":["x","y","x"],"produces":["z"],"boefje_schema":{"type":"object"},
                "cron":"* * * * *","interval":5,"run_on":["create","update"],"runnable_hash":"00",
                "oci_image":"i","oci_arguments":["a"],"deduplicate":false}"#,
            r#"{"type":"normalizer","id":"n","name":"N","consumes":["x","x"],"produces":[]}"#,
        ];
        for text in texts {
            let plugin = read(text, Generation::V1_20).unwrap();
            let json = Json::from(plugin.to_json(Generation::V1_20));
            assert_eq!(Plugin::from_json(&json, Generation::V1_20), Ok(plugin));
        }
        let old = r#"{"type":"boefje","id":"b","authors":["a"],"environment_keys":["K"],
            "related":["r"],"options":["o"]}"#;
        let plugin = read(old, Generation::V1_15).unwrap();
        let json = Json::from(plugin.to_json(Generation::V1_15));
        assert_eq!(Plugin::from_json(&json, Generation::V1_15), Ok(plugin));
    }

    #[test]
    fn values_are_taken_as_loosely_as_the_original_takes_them() {
        let text = r#"{"type":"boefje","id":"b","enabled":"Yes","scan_level":"3","interval":2.0,
            "deduplicate":0}"#;
        let plugin = read(text, Generation::V1_15).unwrap();
        assert!(plugin.enabled);
        let Kind::Boefje(part) = plugin.kind else { panic!("a boefje") };
        assert_eq!((part.scan_level, part.interval, part.deduplicate), (3, Some(2), false));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, words) in [
            ("[]", "it is no object"),
            (r#"{"id":"b"}"#, "type: neither boefje nor normalizer"),
            (r#"{"type":"bit","id":"b"}"#, "type: neither boefje nor normalizer"),
            (r#"{"type":"boefje"}"#, "id: missing"),
            (r#"{"type":"boefje","id":null}"#, "id: missing"),
            (r#"{"type":"boefje","id":5}"#, "id: no text"),
            (r#"{"type":"boefje","id":"b","consumes":"x"}"#, "consumes: no list of texts"),
            (r#"{"type":"boefje","id":"b","consumes":[1]}"#, "consumes: no list of texts"),
            (r#"{"type":"boefje","id":"b","scan_level":5}"#, "scan_level: not 0 to 4"),
            (r#"{"type":"boefje","id":"b","scan_level":1.5}"#, "scan_level: no whole number"),
            (r#"{"type":"boefje","id":"b","enabled":2}"#, "enabled: neither true nor false"),
            (r#"{"type":"boefje","id":"b","created":"now"}"#, "created: no date"),
            (r#"{"type":"boefje","id":"b","run_on":["x"]}"#, "run_on: neither create nor update"),
            (r#"{"type":"boefje","id":"b","boefje_schema":1}"#, "boefje_schema: no object"),
        ] {
            assert_eq!(read(text, Generation::V1_15), Err(words.to_owned()), "{text}");
        }
        let nameless = read(r#"{"type":"boefje","id":"b"}"#, Generation::V1_20);
        assert_eq!(nameless, Err("name: missing".to_owned()));
    }
}
