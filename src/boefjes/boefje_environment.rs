//! The variables that a boefje finds while it runs: what its organisation has set, and defaults of
//! this machine. Nothing else reaches it.

use std::collections::BTreeMap;

use katalogus::{BoefjePart, Json, Kind, Listed, Object, Plugin, Schema};

use crate::rules::{Rule, Version};

/// The settings that a boefje may find.
pub(crate) struct Allowed<'a> {
    names: Vec<&'a str>,
    /// What they must be like.
    schema: Option<&'a Schema>,
}

impl<'a> Allowed<'a> {
    /// What a boefje's manifest allows, or since [`Version::V1_18`] its schema.
    pub(crate) fn by(listed: &'a Listed, version: Version) -> Self {
        let plugin = listed.plugin();
        if !version.has(Rule::SchemaEnvironment) {
            let names = plugin.environment_keys.iter().map(String::as_str).collect();
            return Self { names, schema: None };
        }
        let Kind::Boefje(boefje) = &plugin.kind else {
            return Self { names: Vec::new(), schema: None };
        };
        let names = properties(boefje).collect();
        Self { names, schema: boefje.schema.is_some().then_some(listed.schema()) }
    }

    /// Whether there are none, and nothing to check, so that nobody need be asked.
    pub(crate) fn are_none(&self) -> bool {
        self.names.is_empty() && self.schema.is_none()
    }

    /// The variables, of the organisation's `settings` and `defaults` for what it has not set. An
    /// error has no value in it.
    pub(crate) fn variables(
        &self,
        settings: &Object,
        defaults: &BTreeMap<String, String>,
    ) -> Result<Vec<(String, String)>, String> {
        let set = settings.iter().map(|(name, value)| (name, value.clone()));
        let defaults = defaults.iter().filter(|(name, _)| settings.get(name).is_none());
        let defaults = defaults.map(|(name, value)| (name.as_str(), value.as_str().into()));
        let all = set.chain(defaults).filter(|(name, _)| self.names.contains(name));
        let all: Object = all.map(|(name, value)| (name.to_owned(), value)).collect();
        let texts =
            all.iter().map(|(name, value)| (name.to_owned(), value.python_text())).collect();
        match self.schema {
            Some(Schema::Valid(schema)) if schema.check(&all.into()).is_err() => {
                Err("its settings are not as its schema wants them".to_owned())
            }
            Some(Schema::Invalid(_)) => Err("the schema of its settings is none".to_owned()),
            _ => Ok(texts),
        }
    }
}

/// The variables that a boefje's manifest or its schema names.
pub(crate) fn named_by(
    plugin: &Plugin,
    variables: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let Kind::Boefje(boefje) = &plugin.kind else { return Vec::new() };
    let mut names: Vec<&str> = plugin.environment_keys.iter().map(String::as_str).collect();
    names.extend(properties(boefje));
    let found = variables.iter().filter(|(name, _)| names.contains(&name.as_str()));
    found.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The settings that a schema tells of.
fn properties(boefje: &BoefjePart) -> impl Iterator<Item = &str> {
    let properties = match &boefje.schema {
        Some(Json::Object(schema)) => schema.get("properties"),
        _ => None,
    };
    let properties = match properties {
        Some(Json::Object(properties)) => Some(properties),
        _ => None,
    };
    properties.into_iter().flat_map(|properties| properties.iter().map(|(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use katalogus::{Generation, Plugin};

    const BOEFJE: &str = r#"{"type":"boefje","id":"b","name":"B","environment_keys":["A","B","C","D","E","F"],
        "boefje_schema":{"properties":{"A":{"type":"integer"},"F":{}},"required":["A"]}}"#;

    fn variables(version: Version, settings: &str) -> Result<String, String> {
        let plugin = Plugin::from_json(&Json::parse(BOEFJE).unwrap(), Generation::V1_20).unwrap();
        let listed = Listed::new(plugin, Generation::V1_20);
        let allowed = Allowed::by(&listed, version);
        assert!(!allowed.are_none());
        let settings = Json::parse_any_number(settings.as_bytes()).unwrap();
        let Json::Object(settings) = settings else { panic!() };
        let defaults = [("A", "9"), ("F", "default"), ("Z", "not allowed")];
        let defaults = defaults.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let variables = allowed.variables(&settings, &defaults)?;
        let shown = variables.iter().map(|(name, value)| format!("{name}={value}"));
        Ok(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn values_are_as_python_shows_them_and_defaults_come_last() {
        for (settings, found) in [
            ("{}", "A=9 F=default"),
            (r#"{"F":"own","Z":1,"A":null}"#, "F=own A=None"),
            (
                r#"{"B":true,"C":5,"D":["a",1.0],"E":{"k":null},"A":""}"#,
                "B=True C=5 D=['a', 1.0] E={'k': None} A= F=default",
            ),
            (r#"{"A":NaN,"B":[1e400,-Infinity],"F":0}"#, "A=nan B=[inf, -inf] F=0"),
        ] {
            assert_eq!(variables(Version::V1_17, settings).as_deref(), Ok(found));
        }
    }

    #[test]
    fn newer_ones_are_allowed_and_checked_by_the_schema() {
        let newer = |settings| variables(Version::V1_18, settings);
        assert_eq!(newer(r#"{"A":5,"B":1}"#).as_deref(), Ok("A=5 F=default"));
        // The default is a text, and the schema wants a number.
        for settings in ["{}", r#"{"A":"secret"}"#] {
            assert_eq!(
                newer(settings).unwrap_err(),
                "its settings are not as its schema wants them"
            );
        }
    }

    #[test]
    fn who_names_no_settings_needs_none() {
        let json = Json::parse(r#"{"type":"boefje","id":"b","name":"B"}"#).unwrap();
        for (_, version) in Version::NAMES {
            let generation = version.manifests();
            let listed = Listed::new(Plugin::from_json(&json, generation).unwrap(), generation);
            assert!(Allowed::by(&listed, version).are_none());
        }
    }
}
