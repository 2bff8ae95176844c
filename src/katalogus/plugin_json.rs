//! A plugin as JSON: the keys of each generation in their order, read and written.

use crate::{Generation, Json, Kind, Object, Plugin, RunOn};

/// The key whose value an organisation decides.
const ENABLED: &str = "enabled";

impl Plugin {
    /// Its JSON as `generation` answers it, with `enabled` as it is where nobody has decided.
    pub fn to_json(&self, generation: Generation) -> Object {
        let mut json = Object::new();
        let old = generation == Generation::V1_15;
        let mut put = |key: &str, value: Json| {
            json.insert(key, value);
        };
        put("id", self.id.as_str().into());
        if old {
            put("repository_id", self.repository_id.as_str().into());
        }
        put("name", self.name.as_deref().into());
        put("version", self.version.as_deref().into());
        if old {
            put("authors", self.authors.as_deref().map(texts).into());
        }
        put("created", self.created.as_deref().into());
        put("description", self.description.as_deref().into());
        if old {
            put("environment_keys", texts(&self.environment_keys));
            put("related", self.related.as_deref().map(texts).into());
        }
        put(ENABLED, self.enabled.into());
        if !old {
            put("static", (!self.added).into());
        }
        let Kind::Boefje(boefje) = &self.kind else {
            put("type", "normalizer".into());
            put("consumes", texts(&self.consumes));
            put("produces", texts(&self.produces));
            return json;
        };
        put("type", "boefje".into());
        put("scan_level", i64::from(boefje.scan_level).into());
        put("consumes", texts(&self.consumes));
        put("produces", texts(&self.produces));
        if old {
            put("options", boefje.options.as_deref().map(texts).into());
        } else {
            put("boefje_schema", boefje.schema.clone().into());
            put("cron", boefje.cron.as_deref().into());
            put("interval", boefje.interval.into());
            let run_on = boefje.run_on.as_deref();
            put(
                "run_on",
                run_on.map(|on| Json::List(on.iter().map(|on| on.name().into()).collect())).into(),
            );
        }
        put("runnable_hash", boefje.runnable_hash.as_deref().into());
        put("oci_image", boefje.oci_image.as_deref().into());
        if !old {
            put("oci_arguments", texts(&boefje.oci_arguments));
            put("deduplicate", boefje.deduplicate.into());
        }
        json
    }
}

/// The JSON of a plugin before and after the value of `enabled`.
pub(crate) fn around_enabled(plugin: &Plugin, generation: Generation) -> (Box<[u8]>, Box<[u8]>) {
    let (mut before, mut after) = (vec![b'{'], Vec::new());
    let mut part = &mut before;
    for (key, value) in plugin.to_json(generation).iter() {
        if part.last() != Some(&b'{') {
            part.push(b',');
        }
        part.extend_from_slice(Json::from(key).compact().as_bytes());
        part.push(b':');
        if key == ENABLED {
            part = &mut after;
        } else {
            part.extend_from_slice(value.compact().as_bytes());
        }
    }
    part.push(b'}');
    (before.into(), after.into())
}

impl RunOn {
    /// As JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
        }
    }
}

fn texts(texts: &[String]) -> Json {
    Json::List(texts.iter().map(|text| text.as_str().into()).collect())
}
