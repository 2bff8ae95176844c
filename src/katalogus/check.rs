//! `--check`: the configuration as it takes effect, or everything that is wrong with it.

use ostler_runtime::Exit;
use ostler_runtime::checked::{Checked, Strictness};

use crate::config::{self, Configuration};
use crate::options::Options;
use crate::{check_effective, check_named};

/// Prints what the daemon would run with, secrets hidden, and says on standard error what is wrong
/// or odd. If it is to be strict, what is odd is wrong.
pub(crate) fn run(options: &Options, strictness: Strictness) -> Exit {
    let document = match config::document(options) {
        Ok(document) => document,
        Err(problems) => return Checked::unreadable(problems).tell(strictness),
    };
    Configuration::with_environment(options, |given| {
        let (config, mut sources) = Configuration::ask(&document, given);
        check_named::judge(&mut sources, &config, options);
        Checked {
            problems: sources.problems(),
            warnings: sources.warnings(),
            effective: check_effective::of(&config),
        }
    })
    .tell(strictness)
}
