//! Tells whoever comes later what the others know already: how each client of burp is now.

use broker::data::Data;
use broker::events::Events;
use broker::{Newcomer, Told};

use crate::event_changes::Clients;
use crate::events::{CLIENT_STATE, state_topic};

/// Clients of burp that one newcomer is told of in one go.
const MOST: usize = 1024;

/// Those who do not know everything yet.
#[derive(Default)]
pub(crate) struct Greetings(Vec<Greeting>);

struct Greeting {
    newcomer: Newcomer,
    /// The last client that it was told of.
    last: Option<String>,
}

impl Greetings {
    /// Goes on as far as there is room for it; whether somebody is still to be told more. Once
    /// nothing is published any more, everybody has gone.
    pub(crate) fn go_on(&mut self, events: &Events, clients: &Clients) -> bool {
        if !clients.are_known() {
            return false;
        }
        for newcomer in events.newcomers() {
            self.0.retain(|greeting| greeting.newcomer != newcomer);
            self.0.push(Greeting { newcomer, last: None });
        }
        self.0.retain_mut(|greeting| greeting.go_on(events, clients));
        !self.0.is_empty()
    }
}

impl Greeting {
    /// Whether there is more to be told.
    fn go_on(&mut self, events: &Events, clients: &Clients) -> bool {
        let (before, mut told) = (self.last.clone(), 0_usize);
        for (client, state, phase) in clients.behind(before.as_deref()).take(MOST) {
            match tell(events, self.newcomer, client, state, phase) {
                Told::Heard | Told::Unwanted => self.last = Some(client.to_owned()),
                Told::Later => return true,
                Told::Gone => return false,
            }
            told = told.saturating_add(1);
        }
        told == MOST
    }
}

/// Tells of a client that it is what it was.
fn tell(events: &Events, to: Newcomer, client: &str, state: &str, phase: &str) -> Told {
    let arguments = [client, state, state, phase].map(Data::from);
    events.tell(to, &state_topic(client), CLIENT_STATE, arguments)
}
