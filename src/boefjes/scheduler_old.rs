//! The scheduler up to 1.18: a queue for each organisation and kind, asked in turn.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use katalogus::Json;

use crate::http_client::Call;
use crate::http_form;
use crate::scheduler_client::{SchedulerClient, is_nothing, pop_call, read};
use crate::service_error::ServiceError;
use crate::services::{Filters, Popped};
use crate::task::TaskKind;

/// The queue whose turn was last, so that the next one begins with another.
#[derive(Debug, Default)]
pub(crate) struct Turn(Mutex<Option<String>>);

/// A queue, as far as it is known before it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Queue {
    id: String,
    is_empty: bool,
}

impl Turn {
    /// The queues in the order in which they are asked: those behind the last one first, but those
    /// that seem to be empty after all others.
    fn order(&self, mut queues: Vec<Queue>) -> VecDeque<String> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        queues.sort_by(|a, b| {
            let seen = |queue: &Queue| last.as_ref().is_some_and(|last| queue.id <= *last);
            (a.is_empty, seen(a), &a.id).cmp(&(b.is_empty, seen(b), &b.id))
        });
        queues.into_iter().map(|queue| queue.id).collect()
    }

    fn was(&self, queue: &str) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(queue.to_owned());
    }
}

impl SchedulerClient {
    /// Takes up to `limit` tasks from the queues of a kind; `None` if the scheduler has no queues.
    pub(crate) fn pop_old(
        &self,
        kind: TaskKind,
        limit: usize,
        filters: &Filters,
    ) -> Result<Option<Popped>, ServiceError> {
        let call = Call { polls: true, ..Call::get("/queues") };
        let Some(answer) = self.queues(&call)? else { return Ok(None) };
        let Json::List(listed) = self.http.json(&call, &answer)? else {
            return Err(self.http.strange(&call, "it is no list"));
        };
        let queues = listed.iter().filter_map(queue);
        let queues = queues.filter(|queue| queue.id.starts_with(kind.name())).collect();
        let mut waiting = self.turn.order(queues);
        let mut popped = Popped::default();
        let mut failure = None;
        while popped.tasks.len() + popped.unreadable.len() < limit {
            let Some(queue) = waiting.pop_front() else { break };
            match self.pop_one(&queue, kind, filters) {
                Ok(None) => {}
                Ok(Some(item)) => {
                    read(item, &queue, &mut popped);
                    self.turn.was(&queue);
                    waiting.push_back(queue);
                }
                // The others may be better, and what was taken already is not to be lost.
                Err(error) => {
                    log::warn!("queue {queue}: {error}");
                    let is_over = matches!(
                        error,
                        ServiceError::Unreachable { .. } | ServiceError::Stopping { .. }
                    );
                    failure = Some(error);
                    if is_over {
                        break;
                    }
                }
            }
        }
        match failure {
            Some(error) if popped.tasks.is_empty() && popped.unreadable.is_empty() => Err(error),
            _ => Ok(Some(popped)),
        }
    }

    /// An item of a queue, if there is one.
    fn pop_one(
        &self,
        queue: &str,
        kind: TaskKind,
        filters: &Filters,
    ) -> Result<Option<Json>, ServiceError> {
        let call = pop_call(format!("/queues/{}/pop", http_form::part(queue)), kind, filters);
        let answer = self.send(&call)?;
        if is_nothing(filters, &answer) {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(self.http.refused(&call, &answer).into());
        }
        let item = self.http.json(&call, &answer)?;
        Ok((item != Json::Null).then_some(item))
    }
}

/// A queue from the list of them.
fn queue(json: &Json) -> Option<Queue> {
    let Json::Object(members) = json else { return None };
    let Some(Json::Text(id)) = members.get("id") else { return None };
    let is_empty = matches!(members.get("size"), Some(Json::Integer(size)) if &**size == "0");
    Some(Queue { id: id.clone(), is_empty })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_take_turns_and_empty_ones_come_last() {
        let turn = Turn::default();
        let queues = || {
            let queue = |(id, is_empty): (&str, bool)| Queue { id: id.to_owned(), is_empty };
            [("b", false), ("a", false), ("d", true), ("c", false)].map(queue).to_vec()
        };
        assert_eq!(turn.order(queues()), ["a", "b", "c", "d"]);
        turn.was("a");
        assert_eq!(turn.order(queues()), ["b", "c", "a", "d"]);
        turn.was("c");
        assert_eq!(turn.order(queues()), ["a", "b", "c", "d"]);
        turn.was("aa");
        assert_eq!(turn.order(queues()), ["b", "c", "a", "d"]);
    }
}
