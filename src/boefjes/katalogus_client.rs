//! The settings of KATalogus over HTTP.

use katalogus::{Json, Object};

use crate::http_client::{Call, HttpClient};
use crate::http_form;
use crate::service_error::ServiceError;
use crate::services::Settings;

/// See the module.
pub(crate) struct KatalogusClient {
    http: HttpClient,
}

impl KatalogusClient {
    pub(crate) fn new(http: HttpClient) -> Self {
        Self { http }
    }
}

impl Settings for KatalogusClient {
    fn settings(&self, organization: &str, boefje: &str) -> Result<Object, ServiceError> {
        let (organization, boefje) = (http_form::part(organization), http_form::part(boefje));
        let call = Call::get(format!("/v1/organisations/{organization}/{boefje}/settings"));
        let answer = self.http.succeed(&call)?;
        // Whatever number it is, the boefje finds it as a text.
        match Json::parse_any_number(&answer.body) {
            Ok(Json::Object(settings)) => Ok(settings),
            Err(fault) => Err(self.http.strange(&call, format!("it is no JSON: {fault}"))),
            _ => Err(self.http.strange(&call, "it is no object")),
        }
    }
}
