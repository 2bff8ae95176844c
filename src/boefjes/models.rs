//! What jobs are about: the models that the scheduler, the raw store and plugins exchange as JSON.
//!
//! Keys that nobody knows are dropped. What is written has every key, in this order, nulls too.

use std::fmt;

use katalogus::{Json, Object};
use ostler_runtime::Moment;
use uuid::Uuid;

use crate::model_fields::Fields;

/// What is wrong with the JSON of a model: which key, and what about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ModelFault {
    /// The key, with the models around it before it, such as `raw_data.boefje_meta.id`.
    pub key: String,
    /// What is wrong, in words.
    pub problem: String,
}

/// A plugin, as jobs name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginName {
    /// Its id, which is not empty.
    pub id: String,
    /// Its version, where the job asks for one.
    pub version: Option<String>,
}

/// A run of a boefje.
#[derive(Clone, PartialEq)]
pub struct BoefjeMeta {
    /// The run's id, which is its task's.
    pub id: Uuid,
    /// When it was started.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// Which boefje.
    pub boefje: PluginName,
    /// The primary key of the object that it looks at.
    pub input_ooi: Option<String>,
    /// What it is given; `input` is the expanded object.
    pub arguments: Object,
    /// The organisation for which it runs.
    pub organization: String,
    /// Of which code it is a run.
    pub runnable_hash: Option<String>,
    /// The variables that it found, which may be secret.
    pub environment: Option<Vec<(String, String)>>,
}

/// A raw file, as far as it is known without its content.
#[derive(Clone, Debug, PartialEq)]
pub struct RawDataMeta {
    /// Its id.
    pub id: Uuid,
    /// The run that made it.
    pub boefje_meta: BoefjeMeta,
    /// Its media types.
    pub mime_types: Vec<String>,
}

/// A run of a normalizer.
#[derive(Clone, Debug, PartialEq)]
pub struct NormalizerMeta {
    /// The run's id, which is its task's.
    pub id: Uuid,
    /// When it was started.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// What it reads.
    pub raw_data: RawDataMeta,
    /// Which normalizer.
    pub normalizer: PluginName,
}

impl PluginName {
    fn read(fields: &Fields<'_>) -> Result<Self, ModelFault> {
        let id = fields.required("id", Fields::text)?;
        if id.is_empty() {
            return Err(fields.wrong("id", "it is empty"));
        }
        Ok(Self { id, version: fields.text("version")? })
    }

    fn to_json(&self) -> Json {
        object([("id", self.id.as_str().into()), ("version", self.version.clone().into())])
    }
}

impl BoefjeMeta {
    /// Reads it.
    pub fn from_json(json: &Json) -> Result<Self, ModelFault> {
        Self::read(&Fields::of(json, String::new())?)
    }

    pub(crate) fn read(fields: &Fields<'_>) -> Result<Self, ModelFault> {
        Ok(Self {
            id: fields.required("id", Fields::uuid)?,
            started_at: fields.moment("started_at")?,
            ended_at: fields.moment("ended_at")?,
            boefje: PluginName::read(&fields.required("boefje", Fields::model)?)?,
            input_ooi: fields.text("input_ooi")?,
            arguments: fields.object("arguments")?.unwrap_or_default(),
            organization: fields.required("organization", Fields::text)?,
            runnable_hash: fields.text("runnable_hash")?,
            environment: fields.texts_by_name("environment")?,
        })
    }

    /// The values of its settings, which no log shows.
    pub(crate) fn setting_values(&self) -> Vec<String> {
        self.environment.iter().flatten().map(|(_, value)| value.clone()).collect()
    }

    /// Writes it.
    pub fn to_json(&self) -> Json {
        let environment = self.environment.as_ref().map(|variables| {
            let variables =
                variables.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
            Json::from(variables.collect::<Object>())
        });
        object([
            ("id", self.id.to_string().into()),
            ("started_at", moment(self.started_at)),
            ("ended_at", moment(self.ended_at)),
            ("boefje", self.boefje.to_json()),
            ("input_ooi", self.input_ooi.clone().into()),
            ("arguments", self.arguments.clone().into()),
            ("organization", self.organization.as_str().into()),
            ("runnable_hash", self.runnable_hash.clone().into()),
            ("environment", environment.into()),
        ])
    }
}

/// Without the values of its environment.
impl fmt::Debug for BoefjeMeta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoefjeMeta")
            .field("id", &self.id)
            .field("boefje", &self.boefje)
            .field("input_ooi", &self.input_ooi)
            .field("organization", &self.organization)
            .finish_non_exhaustive()
    }
}

impl RawDataMeta {
    /// Reads it.
    pub fn from_json(json: &Json) -> Result<Self, ModelFault> {
        Self::read(&Fields::of(json, String::new())?)
    }

    pub(crate) fn read(fields: &Fields<'_>) -> Result<Self, ModelFault> {
        let mime_types = fields.required("mime_types", Fields::models)?;
        let mime_types = mime_types.iter().map(|one| one.required("value", Fields::text));
        Ok(Self {
            id: fields.required("id", Fields::uuid)?,
            boefje_meta: BoefjeMeta::read(&fields.required("boefje_meta", Fields::model)?)?,
            mime_types: mime_types.collect::<Result<_, _>>()?,
        })
    }

    /// Writes it.
    pub fn to_json(&self) -> Json {
        let mime_types = self.mime_types.iter().map(|one| object([("value", one.as_str().into())]));
        object([
            ("id", self.id.to_string().into()),
            ("boefje_meta", self.boefje_meta.to_json()),
            ("mime_types", Json::List(mime_types.collect())),
        ])
    }
}

impl NormalizerMeta {
    /// Reads it.
    pub fn from_json(json: &Json) -> Result<Self, ModelFault> {
        let fields = Fields::of(json, String::new())?;
        Ok(Self {
            id: fields.required("id", Fields::uuid)?,
            started_at: fields.moment("started_at")?,
            ended_at: fields.moment("ended_at")?,
            raw_data: RawDataMeta::read(&fields.required("raw_data", Fields::model)?)?,
            normalizer: PluginName::read(&fields.required("normalizer", Fields::model)?)?,
        })
    }

    /// Writes it.
    pub fn to_json(&self) -> Json {
        object([
            ("id", self.id.to_string().into()),
            ("started_at", moment(self.started_at)),
            ("ended_at", moment(self.ended_at)),
            ("raw_data", self.raw_data.to_json()),
            ("normalizer", self.normalizer.to_json()),
        ])
    }
}

fn moment(moment: Option<Moment>) -> Json {
    moment.map(|moment| moment.to_string()).into()
}

/// An object of these members.
pub(crate) fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    Json::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOEFJE: &str = r#"{"id":"b445dc20-c030-4bc3-b779-4ed9069a8ca2","organization":"_dev","boefje":{"id":"ssl-scan-job","version":null,"name":"x"},"input_ooi":"Hostname|internet|www.example.nl"}"#;

    #[test]
    fn a_short_job_is_written_with_all_its_keys() {
        let meta = BoefjeMeta::from_json(&Json::parse(BOEFJE).unwrap()).unwrap();
        let written = concat!(
            r#"{"id":"b445dc20-c030-4bc3-b779-4ed9069a8ca2","started_at":null,"ended_at":null,"#,
            r#""boefje":{"id":"ssl-scan-job","version":null},"#,
            r#""input_ooi":"Hostname|internet|www.example.nl","arguments":{},"#,
            r#""organization":"_dev","runnable_hash":null,"environment":null}"#
        );
        assert_eq!(meta.to_json().compact(), written);
        assert_eq!(BoefjeMeta::from_json(&Json::parse(written).unwrap()), Ok(meta));
    }

    #[test]
    fn a_normalizers_job_holds_the_raw_file_and_its_boefje() {
        let job = format!(
            r#"{{"id":"0a1f2650-7832-5b9e-976d-bbcb957a9003","normalizer":{{"id":"n"}},"raw_data":{{"id":"dbdb91ac-dfd5-4995-85b2-a7afa70d5891","boefje_meta":{BOEFJE},"mime_types":[{{"value":"a/b"}}]}},"started_at":"2026-11-22 08:59:30.500000+01:00"}}"#
        );
        let meta = NormalizerMeta::from_json(&Json::parse(&job).unwrap()).unwrap();
        assert_eq!(meta.raw_data.mime_types, ["a/b"]);
        let written = meta.to_json().compact();
        assert!(written.contains(r#""started_at":"2026-11-22T07:59:30.500000Z""#), "{written}");
        assert_eq!(NormalizerMeta::from_json(&Json::parse(&written).unwrap()), Ok(meta));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_key() {
        for (from, to, problem) in [
            (r#""organization":"_dev","#, "", "organization: it is missing"),
            ("b445dc20-", "b445dc20+", "id: it is no UUID"),
            ("ssl-scan-job", "", "boefje.id: it is empty"),
            (r#""_dev""#, "7", "organization: it is no text"),
            (
                "}",
                r#","started_at":"2026-11-22T08:59:30"}"#,
                "started_at: it is no time with a zone",
            ),
            ("}", r#","environment":{"A":1}}"#, "environment.A: it is no text"),
        ] {
            let (head, tail) = BOEFJE.rsplit_once(from).unwrap();
            let told = BoefjeMeta::from_json(&Json::parse(&format!("{head}{to}{tail}")).unwrap());
            assert_eq!(told.unwrap_err().to_string(), problem);
        }
    }
}
