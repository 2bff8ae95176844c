//! Octopoes over HTTP.

use katalogus::Json;
use ostler_runtime::Moment;

use crate::http_client::{Call, HttpClient};
use crate::http_form;
use crate::service_error::ServiceError;
use crate::services::{Octopoes, Origin};

/// See the module.
pub(crate) struct OctopoesClient {
    http: HttpClient,
}

impl OctopoesClient {
    pub(crate) fn new(http: HttpClient) -> Self {
        Self { http }
    }
}

impl Octopoes for OctopoesClient {
    fn object(
        &self,
        organization: &str,
        reference: &str,
        valid_time: Moment,
    ) -> Result<Option<Json>, ServiceError> {
        let query = [("reference", reference), ("valid_time", &valid_time.python())];
        let target =
            format!("/{}/object?{}", http_form::part(organization), http_form::pairs(query));
        let call = Call::get(target);
        let answer = self.http.send(&call)?;
        match answer.status {
            // Another 404 has no such member: that of a wrong path, or an unknown organisation.
            404 => match self.http.json(&call, &answer) {
                Ok(Json::Object(members)) if members.get("value").is_some() => Ok(None),
                _ => Err(self.http.refused(&call, &answer).into()),
            },
            _ if answer.is_success() => self.http.json(&call, &answer).map(Some),
            _ => Err(self.http.refused(&call, &answer).into()),
        }
    }

    fn save(&self, organization: &str, origin: Origin, said: &Json) -> Result<(), ServiceError> {
        let target = format!("/{}/{}s", http_form::part(organization), origin.name());
        self.http.succeed(&Call::post(target, said.compact().into_bytes()).json())?;
        Ok(())
    }

    fn save_scan_profiles(
        &self,
        organization: &str,
        valid_time: Moment,
        profiles: &Json,
    ) -> Result<(), ServiceError> {
        let query = http_form::pairs([("valid_time", valid_time.python().as_str())]);
        let organization = http_form::part(organization);
        let target = format!("/{organization}/scan_profiles/save_many?{query}");
        self.http.succeed(&Call::post(target, profiles.dumps().into_bytes()).json())?;
        Ok(())
    }
}
