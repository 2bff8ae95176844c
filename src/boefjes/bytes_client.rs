//! Bytes over HTTP.
//!
//! Raw files are sent as they are, as Bytes takes them up to 1.17. Later ones refuse that with 422
//! and take JSON, which the earlier ones keep as if it were the file: so the old form is tried first,
//! and again when nobody was reached, since who comes back may be another. Whoever answers JSON in the
//! old form has kept the wrong thing: that file counts as not saved, and the next is sent as it is.

use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use katalogus::{Json, Object};
use uuid::Uuid;

use crate::bytes_session::BytesSession;
use crate::http_client::{Answer, Call, HttpClient};
use crate::http_form;
use crate::job::Output;
use crate::models::{BoefjeMeta, NormalizerMeta, RawDataMeta};
use crate::service_error::ServiceError;
use crate::services::Bytes;

/// How a raw file is called that has no name. The answer has its id under that.
const NAME: &str = "raw";

/// See the module.
pub(crate) struct BytesClient {
    session: BytesSession,
    wants_json: AtomicBool,
}

impl BytesClient {
    pub(crate) fn new(http: HttpClient, username: &str, password: &str) -> Self {
        let session = BytesSession::new(http, username, password);
        Self { session, wants_json: AtomicBool::new(false) }
    }

    fn save_meta(&self, path: &str, meta: &Json) -> Result<(), ServiceError> {
        self.session.succeed(&Call::post(path, meta.compact().into_bytes()))?;
        Ok(())
    }

    fn save_raw(&self, run: Uuid, raw: &Output) -> Result<Option<Uuid>, ServiceError> {
        if !self.wants_json.load(Ordering::Relaxed) {
            let call = raw_call(run, raw);
            let answer = self.session.send(&call)?;
            if answer.status != 422 {
                return self.id(&call, self.saved(&call, &answer)?.get("id"));
            }
        }
        let call = file_call(run, raw);
        let answer = self.session.send(&call).inspect_err(|failure| {
            if failure.reached.is_away() {
                self.wants_json.store(false, Ordering::Relaxed);
            }
        })?;
        let members = self.saved(&call, &answer)?;
        let id = members.get(name(raw)).filter(|_| members.len() == 1);
        self.wants_json.store(id.is_some(), Ordering::Relaxed);
        if id.is_none() {
            let problem = "it does not name the file, which was perhaps not kept as what it is";
            return Err(self.session.http().strange(&call, problem));
        }
        self.id(&call, id)
    }

    /// The answer to a raw file that was taken.
    fn saved(&self, call: &Call<'_>, answer: &Answer) -> Result<Object, ServiceError> {
        let http = self.session.http();
        if !answer.is_success() {
            return Err(http.refused(call, answer).into());
        }
        match http.json(call, answer)? {
            Json::Object(members) => Ok(members),
            _ => Err(http.strange(call, "it is no object")),
        }
    }

    /// The id in the answer to a raw file.
    fn id(&self, call: &Call<'_>, id: Option<&Json>) -> Result<Option<Uuid>, ServiceError> {
        let http = self.session.http();
        match id {
            Some(Json::Text(id)) => {
                Uuid::parse_str(id).map(Some).map_err(|_| http.strange(call, "its id is no UUID"))
            }
            Some(Json::Null) => Ok(None),
            _ => Err(http.strange(call, "it has no id")),
        }
    }

    /// What is there under a path, if it is.
    fn found(&self, call: &Call<'_>) -> Result<Option<Answer>, ServiceError> {
        let answer = self.session.send(call)?;
        match answer.status {
            404 => Ok(None),
            _ if answer.is_success() => Ok(Some(answer)),
            _ => Err(self.session.http().refused(call, &answer).into()),
        }
    }
}

impl Bytes for BytesClient {
    fn save_boefje_meta(&self, meta: &BoefjeMeta) -> Result<(), ServiceError> {
        self.save_meta("/bytes/boefje_meta", &meta.to_json())
    }

    fn save_raws(&self, run: Uuid, raws: &[Output]) -> Result<Vec<Option<Uuid>>, ServiceError> {
        raws.iter().map(|raw| self.save_raw(run, raw)).collect()
    }

    fn raw(&self, id: Uuid, limit: u64) -> Result<Option<Vec<u8>>, ServiceError> {
        let call = Call { limit, ..Call::get(format!("/bytes/raw/{id}")) };
        Ok(self.found(&call)?.map(|answer| answer.body))
    }

    fn raw_meta(&self, id: Uuid) -> Result<Option<RawDataMeta>, ServiceError> {
        let call = Call::get(format!("/bytes/raw/{id}/meta"));
        let Some(answer) = self.found(&call)? else { return Ok(None) };
        let http = self.session.http();
        let meta = RawDataMeta::from_json(&http.json(&call, &answer)?);
        meta.map(Some).map_err(|fault| http.strange(&call, fault.to_string()))
    }

    fn save_normalizer_meta(&self, meta: &NormalizerMeta) -> Result<(), ServiceError> {
        self.save_meta("/bytes/normalizer_meta", &meta.to_json())
    }
}

fn name(raw: &Output) -> &str {
    raw.name.as_deref().unwrap_or(NAME)
}

/// The raw file as it is.
fn raw_call(run: Uuid, raw: &Output) -> Call<'_> {
    let run = run.to_string();
    let mime_types = raw.mime_types.iter().map(|one| ("mime_types", one.as_str()));
    let query = http_form::pairs(mime_types.chain([("boefje_meta_id", run.as_str())]));
    Call::post(format!("/bytes/raw?{query}"), raw.content.as_slice())
        .header("content-type", "application/octet-stream")
}

/// The raw file in JSON, which is written here so that a long one is there once and not thrice.
fn file_call(run: Uuid, raw: &Output) -> Call<'_> {
    let name = Json::from(name(raw)).compact();
    let tags = raw.mime_types.iter().map(|one| one.as_str().into());
    let tags = Json::List(tags.collect()).compact();
    let mut body = format!(r#"{{"files":[{{"name":{name},"content":""#);
    STANDARD.encode_string(&raw.content, &mut body);
    body.push_str(r#"","tags":"#);
    body.push_str(&tags);
    body.push_str("}]}");
    Call::post(format!("/bytes/raw?boefje_meta_id={run}"), body.into_bytes()).json()
}
