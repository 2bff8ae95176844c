//! `--check`: the configuration as it takes effect, or everything that is wrong with it, and
//! whether whoever is to run the daemon can use the files that it needs.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::Path;

use ostler_net::tls::Identity;
use ostler_runtime::terminal::escape;
use ostler_runtime::{Account, Accounts, Exit, Reader, privileges};

use crate::check_access::Verdict;
use crate::check_effective;
use crate::check_needs::Needs;
use crate::check_report::Report;
use crate::config::Config;
use crate::events::Settings;
use crate::load;
use crate::options::Check;
use crate::shared_cache::Settings as SharedSettings;

/// The user that the packages make for the daemon.
const PACKAGED: &str = "bui-monitor";

/// What went through the check.
#[derive(Debug, Default)]
struct Tally {
    is_wrong: bool,
    is_odd: bool,
    is_denied: bool,
}

/// Prints line by line what becomes of the file, as comments, and then what the daemon would run
/// with, the password hidden; and says on standard error what is wrong or odd. With
/// [`Check::Strict`], what is odd is wrong; with `asked`, so is what this user may not do.
pub(crate) fn run(path: &Path, check: Check, asked: Option<&str>) -> Exit {
    let mut tally = Tally::default();
    let document = match load::document(path) {
        Ok(document) => Some(document),
        Err(problems) => {
            tally.blame(&problems);
            None
        }
    };
    let accounts = tally.accounts();
    let mut shown = String::new();
    let config = document.map(|document| {
        let mut reader = Reader::new(&document);
        let config = Config::ask(&mut reader);
        tally.judge(path, &config, &reader, &accounts);
        shown = Report::of(&document, &reader, &config).to_string();
        config
    });
    if let Err(exit) = tally.look(path, config.as_ref(), &accounts, asked) {
        return exit;
    }
    if let Some(config) = config.filter(|_| !tally.is_wrong) {
        shown.push_str(&check_effective::of(&config).to_string());
    }
    match io::stdout().write_all(shown.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("error: cannot print: {error}");
            Exit::Os
        }
        _ => tally.exit(check),
    }
}

impl Tally {
    fn warn<T: Display>(&mut self, sentences: &[T]) {
        self.is_odd |= !sentences.is_empty();
        tell("warning", sentences);
    }

    fn blame<T: Display>(&mut self, sentences: &[T]) {
        self.is_wrong |= !sentences.is_empty();
        tell("error", sentences);
    }

    /// Who there is. Where there are no files of accounts nobody has a name.
    fn accounts(&mut self) -> Accounts {
        Accounts::read().unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                self.warn(&[format!("users and groups are not known: {error}")]);
            }
            Accounts::default()
        })
    }

    /// Tells what is wrong or odd with a configuration that was read, and with what it names.
    fn judge(&mut self, path: &Path, config: &Config, reader: &Reader<'_>, accounts: &Accounts) {
        let place = path.display();
        if !reader.problems().is_empty() {
            return self.blame(reader.problems());
        }
        self.warn(&reader.warnings());
        if let Err(error) = config.tls.as_ref().map(Identity::load).transpose() {
            self.blame(&[format!("{place}: [Global] sslcert, sslkey, sslca: {error}")]);
        }
        let events = config.events.as_ref().and_then(Settings::check);
        let cache = config.shared_cache.as_ref().and_then(SharedSettings::check);
        for trouble in events.into_iter().chain(cache) {
            self.blame(&[format!("{place}: {trouble}")]);
        }
        if let Some(user) = config.user.as_deref().filter(|user| accounts.user(user).is_none()) {
            self.blame(&[format!("{place}: [Global] user: there is no user {user}")]);
        }
    }

    /// Tells what the user who is to run the daemon may not do, and what root can do about it.
    fn look(
        &mut self,
        path: &Path,
        config: Option<&Config>,
        accounts: &Accounts,
        asked: Option<&str>,
    ) -> Result<(), Exit> {
        let account = match asked.map(|name| accounts.user(name).ok_or(name)) {
            Some(Ok(account)) => Some(account),
            Some(Err(name)) => {
                self.blame(&[format!("--account {name}: there is no such user")]);
                return Err(Exit::Usage);
            }
            None => presumed(config, accounts),
        };
        let Some(account) = account else { return Ok(()) };
        let name = &account.name;
        let needs = Needs::of(path, config, &account, accounts);
        let tried = Verdict::of(needs, &account, accounts);
        let Verdict { denied, missing, commands } = match tried {
            Ok(verdict) => verdict,
            Err(error) => {
                let words = format!("what {name} may do cannot be tried: {error}");
                if asked.is_none() {
                    self.warn(&[words]);
                    return Ok(());
                }
                self.blame(&[words]);
                return Err(Exit::NoPermission);
            }
        };
        self.warn(&missing);
        if asked.is_some() {
            self.is_denied |= !denied.is_empty();
            tell("error", &denied);
        } else {
            self.warn(&denied);
        }
        if !commands.is_empty() {
            eprintln!("root grants {} what is lacking by:", escape(name));
        }
        for command in commands {
            eprintln!("    {command}");
        }
        Ok(())
    }

    fn exit(&self, check: Check) -> Exit {
        if self.is_wrong || self.is_odd && check == Check::Strict {
            Exit::Config
        } else if self.is_denied {
            Exit::NoPermission
        } else {
            Exit::Success
        }
    }
}

/// Who runs the daemon when nobody says it: whoever starts it, and when that is root, whom it
/// becomes then, or else the user of the packages, if there is one.
fn presumed(config: Option<&Config>, accounts: &Accounts) -> Option<Account> {
    if !privileges::is_root() {
        return Some(accounts.own());
    }
    let user = config.and_then(|config| config.user.as_deref());
    accounts.user(user.unwrap_or(PACKAGED))
}

fn tell<T: Display>(level: &str, sentences: &[T]) {
    for sentence in sentences {
        eprintln!("{level}: {}", escape(&sentence.to_string()));
    }
}
