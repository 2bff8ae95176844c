//! Tries to import the modules of plugins, as the original does whenever it looks at its folder: a
//! plugin whose module cannot be imported, or has no fitting `run`, is none.
//!
//! One Python interpreter imports all of them, because starting one takes longer than most modules.
//! A module that hangs, kills the interpreter or fills its memory costs itself only: another
//! interpreter goes on after it.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ostler_pool::{Bounds, End, Launch, interview};
use ostler_runtime::{Deadline, Wake};

use crate::{Json, Object};

/// The program that the interpreter runs.
const PROGRAM: &str = include_str!("imports.py");

/// How long all of them may take. What is left then is not imported.
pub(crate) const WHOLE_TIME: Duration = Duration::from_secs(60);
/// Interpreters for one look at all modules, at most.
pub(crate) const MAX_INTERPRETERS: usize = 8;
/// Bytes of data that an interpreter may have.
pub(crate) const MAX_MEMORY_BYTES: i64 = 1 << 30;
/// Bytes that a file may get by what an interpreter or its children write.
const MAX_FILE_BYTES: i64 = 16 << 20;
/// Bytes that an interpreter may answer.
const MAX_ANSWER_BYTES: usize = 4 << 20;

/// A module that is to be imported.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Module {
    /// Its name below the plugin folder: `gamma.sub.main`.
    pub(crate) name: String,
    /// How many parameters its `run` must have.
    pub(crate) parameters: usize,
}

/// Who imports, and from where.
#[derive(Debug)]
pub(crate) struct Interpreter<'s> {
    /// The program: a path, or a name looked up in `PATH`.
    pub(crate) program: &'s Path,
    /// The plugin folder.
    pub(crate) root: &'s Path,
    /// Folders in which modules are looked for.
    pub(crate) path: &'s [PathBuf],
    /// How long one module may take, and the interpreter to start.
    pub(crate) module_time: Duration,
    /// What ends it all.
    pub(crate) stop: &'s Wake,
}

/// What an interpreter thinks of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// What is wrong with it, in words, if anything is.
    pub(crate) wrong: Option<String>,
    /// For how long it counts.
    pub(crate) lasting: Lasting,
}

/// For how long a verdict counts, at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// While the files of the module's package stay as they are.
    Settled,
    /// Until the next look at anything that has changed.
    Passing,
    /// Until there is time to try it again: it has cost an interpreter, perhaps because the machine
    /// was busy.
    Lost,
}

/// What is known of modules.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    /// By the place of the module among those asked about; some may be missing.
    pub(crate) known: HashMap<usize, Verdict>,
    /// Why some are.
    pub(crate) gave_up: Option<String>,
}

impl Interpreter<'_> {
    /// Tries to import `modules`.
    pub(crate) fn import(&self, modules: &[Module]) -> Verdicts {
        let mut verdicts = Verdicts::default();
        let deadline = Deadline::after(WHOLE_TIME);
        let mut first = 0;
        for _ in 0..MAX_INTERPRETERS {
            let Some(rest) = modules.get(first..).filter(|rest| !rest.is_empty()) else {
                return verdicts;
            };
            match self.go_on(rest, first, deadline, &mut verdicts.known) {
                Ok(next) => first = next,
                Err(why) => {
                    verdicts.gave_up = Some(why);
                    return verdicts;
                }
            }
        }
        if first < modules.len() {
            verdicts.gave_up = Some(format!("{MAX_INTERPRETERS} interpreters were lost"));
        }
        verdicts
    }

    /// Lets one interpreter import `rest`, whose first is number `first` of all: the number of the
    /// module to go on with.
    fn go_on(
        &self,
        rest: &[Module],
        first: usize,
        deadline: Deadline,
        known: &mut HashMap<usize, Verdict>,
    ) -> Result<usize, String> {
        let stop = Some(self.stop.as_fd());
        let bounds = Bounds { line: self.module_time, deadline, bytes: MAX_ANSWER_BYTES, stop };
        let told = self.question(rest)?;
        let (mut next, mut begun) = (0, None);
        let end = interview(&self.launch(), told, bounds, |line| {
            match answer(line) {
                Some((number, None)) => begun = Some(number),
                Some((number, Some(verdict))) if begun == Some(number) => {
                    begun = None;
                    next = number + 1;
                    known.insert(first + number, verdict);
                }
                // Nobody but the program writes there, unless a module guesses where.
                _ => {}
            }
            if next == rest.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let end = end.map_err(|error| format!("{}: {error}", self.program.display()))?;
        let how = match end {
            End::Enough => return Ok(first + next),
            End::Stopped => return Err("it was stopped".to_owned()),
            End::Over => return Err(format!("it took more than {WHOLE_TIME:?}")),
            End::Late => format!("it took more than {:?}", self.module_time),
            End::TooMuch => format!("it printed more than {MAX_ANSWER_BYTES} bytes"),
            End::Ended { status, complaint } => match complaint {
                Some(complaint) if begun.is_none() => format!("{status}: {complaint}"),
                _ => status,
            },
        };
        match begun {
            Some(number) => {
                let wrong = format!("the interpreter was lost while it was imported: {how}");
                let verdict = Verdict { wrong: Some(wrong), lasting: Lasting::Lost };
                known.insert(first + number, verdict);
                Ok(first + number + 1)
            }
            // It ended in between, which it does when a module has taken too much memory.
            None if next > 0 => Ok(first + next),
            None => Err(format!("{}: {how}", self.program.display())),
        }
    }

    fn launch(&self) -> Launch {
        // Isolated from the environment and the folder that this happens to run in; and without
        // writing compiled files, which would be changes of the plugin folder.
        let arguments = ["-I", "-B", "-X", "utf8", "-c", PROGRAM].map(Into::into).to_vec();
        Launch { program: self.program.to_owned(), arguments, variables: &[] }
    }

    fn question(&self, modules: &[Module]) -> Result<Vec<u8>, String> {
        let text = |path: &Path| {
            let text = path.to_str().ok_or_else(|| format!("{}: not UTF-8", path.display()))?;
            Ok::<_, String>(Json::from(text))
        };
        let path = self.path.iter().map(|path| text(path)).collect::<Result<Vec<_>, _>>()?;
        let modules = modules.iter().map(|module| {
            let parameters = i64::try_from(module.parameters).unwrap_or_default();
            Json::List(vec![module.name.as_str().into(), parameters.into()])
        });
        let mut question = Object::new();
        question.insert("root", text(self.root)?);
        question.insert("path", path);
        question.insert("data", MAX_MEMORY_BYTES);
        question.insert("cpu", i64::try_from(WHOLE_TIME.as_secs()).unwrap_or(i64::MAX));
        question.insert("fsize", MAX_FILE_BYTES);
        question.insert("modules", modules.collect::<Vec<_>>());
        Ok(Json::from(question).dumps().into_bytes())
    }
}

/// The number of a module, and what is thought of it if that is told.
fn answer(line: &[u8]) -> Option<(usize, Option<Verdict>)> {
    let Ok(Json::List(parts)) = Json::parse_bytes(line) else { return None };
    let (number, verdict) = match parts.as_slice() {
        [number] => (number, None),
        [number, Json::Null, Json::Bool(may_change)] => {
            (number, Some(Verdict { wrong: None, lasting: lasting(*may_change) }))
        }
        [number, Json::Text(wrong), Json::Bool(may_change)] => {
            (number, Some(Verdict { wrong: Some(wrong.clone()), lasting: lasting(*may_change) }))
        }
        _ => return None,
    };
    Some((index(number)?, verdict))
}

fn lasting(may_change: bool) -> Lasting {
    if may_change { Lasting::Passing } else { Lasting::Settled }
}

fn index(number: &Json) -> Option<usize> {
    match number {
        Json::Integer(digits) => digits.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_interpreter_says_is_read_and_anything_else_is_nothing() {
        assert_eq!(answer(b"[3]"), Some((3, None)));
        let fits = Verdict { wrong: None, lasting: Lasting::Settled };
        assert_eq!(answer(b"[3, null, false]"), Some((3, Some(fits))));
        let wrong = Verdict { wrong: Some("it has no run".to_owned()), lasting: Lasting::Passing };
        assert_eq!(answer(b"[0, \"it has no run\", true]"), Some((0, Some(wrong))));
        for line in
            ["", "3", "[]", "[-1]", "[3, 4, true]", "[3, null]", "[3, null, 1]", "[\"3\"]", "{}"]
        {
            assert_eq!(answer(line.as_bytes()), None, "{line}");
        }
    }
}
