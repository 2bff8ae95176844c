//! The members of a JSON object, read as what a model needs, with errors that name the key.

use katalogus::{Json, Object};
use ostler_runtime::Moment;
use uuid::Uuid;

use crate::models::ModelFault;

/// An object, and where it stands.
pub(crate) struct Fields<'a> {
    object: &'a Object,
    /// The keys that lead to it, each with a dot behind it.
    path: String,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(json: &'a Json, path: String) -> Result<Self, ModelFault> {
        let Json::Object(object) = json else {
            let key = if path.is_empty() { "the whole" } else { path.trim_end_matches('.') };
            return Err(ModelFault { key: key.to_owned(), problem: "it is no object".to_owned() });
        };
        Ok(Self { object, path })
    }

    pub(crate) fn wrong(&self, key: &str, problem: &str) -> ModelFault {
        ModelFault { key: format!("{}{key}", self.path), problem: problem.to_owned() }
    }

    /// What must be there.
    pub(crate) fn required<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Self, &str) -> Result<Option<T>, ModelFault>,
    ) -> Result<T, ModelFault> {
        read(self, key)?.ok_or_else(|| self.wrong(key, "it is missing"))
    }

    pub(crate) fn text(&self, key: &str) -> Result<Option<String>, ModelFault> {
        match self.value(key) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong(key, "it is no text")),
        }
    }

    pub(crate) fn uuid(&self, key: &str) -> Result<Option<Uuid>, ModelFault> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        Uuid::parse_str(&text).map(Some).map_err(|_| self.wrong(key, "it is no UUID"))
    }

    pub(crate) fn moment(&self, key: &str) -> Result<Option<Moment>, ModelFault> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let moment = Moment::parse(&text);
        moment.map(Some).ok_or_else(|| self.wrong(key, "it is no time with a zone"))
    }

    pub(crate) fn object(&self, key: &str) -> Result<Option<Object>, ModelFault> {
        match self.value(key) {
            None => Ok(None),
            Some(Json::Object(object)) => Ok(Some(object.clone())),
            Some(_) => Err(self.wrong(key, "it is no object")),
        }
    }

    pub(crate) fn model(&self, key: &str) -> Result<Option<Fields<'a>>, ModelFault> {
        let path = format!("{}{key}.", self.path);
        self.value(key).map(|value| Fields::of(value, path)).transpose()
    }

    pub(crate) fn models(&self, key: &str) -> Result<Option<Vec<Fields<'a>>>, ModelFault> {
        let path = format!("{}{key}.", self.path);
        match self.value(key) {
            None => Ok(None),
            Some(Json::List(list)) => list
                .iter()
                .map(|one| Fields::of(one, path.clone()))
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(self.wrong(key, "it is no list")),
        }
    }

    pub(crate) fn texts_by_name(
        &self,
        key: &str,
    ) -> Result<Option<Vec<(String, String)>>, ModelFault> {
        let Some(members) = self.model(key)? else { return Ok(None) };
        let text = |name: &str| members.required(name, Fields::text);
        let texts = members.object.iter().map(|(name, _)| Ok((name.to_owned(), text(name)?)));
        texts.collect::<Result<_, _>>().map(Some)
    }

    /// The value of a key; null is none.
    pub(crate) fn value(&self, key: &str) -> Option<&'a Json> {
        self.object.get(key).filter(|value| !matches!(value, Json::Null))
    }
}
