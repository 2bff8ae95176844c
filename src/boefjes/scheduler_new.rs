//! The scheduler from 1.19 on: one queue for each kind.

use katalogus::Json;

use crate::scheduler_client::{SchedulerClient, is_nothing, pop_call, read};
use crate::service_error::ServiceError;
use crate::services::{Filters, Popped};
use crate::task::TaskKind;

impl SchedulerClient {
    /// Takes up to `limit` tasks; without one, a task and those that are equal to it.
    pub(crate) fn pop_new(
        &self,
        kind: TaskKind,
        limit: Option<usize>,
        filters: &Filters,
    ) -> Result<Popped, ServiceError> {
        let query = limit.map(|limit| format!("?limit={limit}")).unwrap_or_default();
        let target = format!("/schedulers/{kind}/pop{query}");
        let call = pop_call(target, kind, filters);
        let answer = self.send(&call)?;
        if is_nothing(filters, &answer) {
            return Ok(Popped::default());
        }
        if !answer.is_success() {
            return Err(self.http.refused(&call, &answer).into());
        }
        let results = match self.http.json(&call, &answer)? {
            Json::Null => Some(Json::List(Vec::new())),
            Json::Object(mut members) => members.remove("results"),
            _ => None,
        };
        let Some(Json::List(results)) = results else {
            return Err(self.http.strange(&call, "it has no results"));
        };
        let mut popped = Popped::default();
        for item in results {
            read(item, kind.name(), &mut popped);
        }
        Ok(popped)
    }
}
