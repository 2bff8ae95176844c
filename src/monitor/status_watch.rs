//! The live table of clients. The daemon tells when there is something new; one that does not know
//! how, such as the original, is asked again and again.

use std::time::Duration;

use ostler_runtime::screen::{Screen, Style, write};
use ostler_runtime::terminal::table;

use crate::client::{Cache, Client};
use crate::client_error::ClientError;
use crate::status_clients::{self, HEAD};
use crate::status_feed::{Feed, Seen};
use crate::status_time::{date, today};
use crate::status_zone::Zone;

/// Shows clients until a signal comes, looking every `interval`. A daemon that is away is asked
/// again; a wrong password ends it.
pub(crate) fn watch(
    client: &mut Client,
    cache: Cache,
    interval: Duration,
    style: Style,
    zone: &Zone,
) -> Result<(), ClientError> {
    let mut screen = Screen::open("bui-status", style)?;
    let mut feed = Feed::of_clients(interval);
    let mut clients = Vec::new();
    loop {
        // What may not come from the cache is not what others are shown too.
        let seen = match cache {
            Cache::Allowed => feed.next(client),
            Cache::Refused => client.query("c:", cache).map(Seen::of_summary),
        };
        let mut trouble;
        let mut is_news = false;
        let mut pause = cache == Cache::Refused;
        match seen {
            Ok(seen) => {
                pause |= !seen.is_live;
                trouble = seen.trouble;
                match seen.summary {
                    Some(summary) if style == Style::Json => {
                        write(&[&summary[..], b"\n"].concat())?;
                    }
                    Some(summary) => match status_clients::parse(&summary) {
                        Some(parsed) => (clients, is_news) = (parsed, true),
                        None => trouble = Some("burp's answer is no summary".to_owned()),
                    },
                    None => {}
                }
            }
            Err(ClientError::Stopped) => break,
            Err(error @ (ClientError::Password { .. } | ClientError::Configuration(_))) => {
                return Err(error);
            }
            Err(error) => {
                pause = true;
                trouble = Some(error.to_string());
            }
        }
        if screen.is_terminal() || is_news {
            let day = date(today(), zone.east(today()));
            let title = format!("{}  {day}", client.target().place());
            screen.draw(&title, &rows(&clients, zone), trouble.as_deref())?;
        } else if let Some(trouble) = trouble {
            screen.complain(&trouble);
        }
        if pause && client.patience().is_stopped_within(interval) {
            break;
        }
    }
    Ok(())
}

/// The table of clients, its head first.
pub(crate) fn rows(clients: &[status_clients::Client], zone: &Zone) -> Vec<String> {
    let today = today();
    let rows: Vec<Vec<String>> = clients.iter().map(|client| client.row(today, zone)).collect();
    table(&HEAD, &rows, None)
}
