//! The command lines of the tools, with the original's arguments.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use uuid::Uuid;

/// A tool, and what it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `run-boefje`: run a boefje now, without any queue.
    RunBoefje {
        /// Which job.
        job: BoefjeJob,
        /// `--pdb`: open the debugger where the boefje fails.
        debug: bool,
        /// `--queue`: leave it to the workers.
        queue: bool,
    },
    /// `run-normalizer`: run a normalizer on a raw file, now and without any queue.
    RunNormalizer {
        /// Its id.
        normalizer: String,
        /// The raw file.
        raw: Uuid,
        /// `--pdb`: open the debugger where the normalizer fails.
        debug: bool,
        /// `--queue`: leave it to the workers.
        queue: bool,
    },
    /// `show-raw`: print a raw file.
    ShowRaw {
        /// Which.
        raw: Uuid,
        /// `--json`: in order, indented and coloured.
        json: bool,
    },
    /// `install-requirements`: give plugins the Python packages that they ask for.
    InstallRequirements {
        /// The ids of the plugins; all that ask for packages if there is none.
        plugins: Vec<String>,
    },
}

/// What a boefje is run for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoefjeJob {
    /// What the command line says.
    Said {
        /// The organisation's code.
        organization: String,
        /// The boefje's id.
        boefje: String,
        /// The primary key of the object that it looks at.
        input_ooi: String,
    },
    /// `--job`: what stands in this file, which is the JSON of a run.
    File(PathBuf),
}

impl Tool {
    /// What a subcommand asks for; `None` if it is no tool.
    pub(crate) fn of(name: &str, matches: &mut ArgMatches) -> Option<Self> {
        let mut text = |name| matches.remove_one::<String>(name).unwrap_or_default();
        Some(match name {
            "run-boefje" => {
                let [organization, boefje, input_ooi] =
                    ["organization_code", "boefje_id", "input_ooi"].map(&mut text);
                let job = match matches.remove_one("job") {
                    Some(file) => BoefjeJob::File(file),
                    None => BoefjeJob::Said { organization, boefje, input_ooi },
                };
                let [debug, queue] = ["pdb", "queue"].map(|name| matches.get_flag(name));
                Self::RunBoefje { job, debug, queue }
            }
            "run-normalizer" => Self::RunNormalizer {
                normalizer: text("normalizer_id"),
                raw: matches.remove_one("raw_id").unwrap_or_default(),
                debug: matches.get_flag("pdb"),
                queue: matches.get_flag("queue"),
            },
            "show-raw" => Self::ShowRaw {
                raw: matches.remove_one("raw_id").unwrap_or_default(),
                json: matches.get_flag("json"),
            },
            "install-requirements" => Self::InstallRequirements {
                plugins: matches.remove_many("plugin").into_iter().flatten().collect(),
            },
            _ => return None,
        })
    }
}

/// The definitions of their command lines.
pub(crate) fn commands() -> [Command; 4] {
    let word = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).value_name(value).help(help).required(true)
    };
    let name = move |name, value, help| {
        word(name, value, help).value_parser(NonEmptyStringValueParser::new())
    };
    let id = |text: &str| {
        let words = "it is no id, such as b445dc20-c030-4bc3-b779-4ed9069a8ca2";
        Uuid::parse_str(text).map_err(|_| words)
    };
    let raw = move || word("raw_id", "RAW_ID", "The id of the raw file").value_parser(id);
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    let pdb = || flag("pdb", "Open the debugger in the plugin if it fails");
    let queue =
        || flag("queue", "Leave it to the workers, and print the task's id").conflicts_with("pdb");
    let unless_job = |arg: Arg| arg.required(false).required_unless_present("job");
    [
        Command::new("run-boefje")
            .about("Run a boefje now and save what it finds")
            .arg(pdb())
            .arg(queue())
            .arg(
                Arg::new("job")
                    .long("job")
                    .value_name("FILE")
                    .value_parser(value_parser!(PathBuf))
                    .conflicts_with_all(["organization_code", "boefje_id", "input_ooi"])
                    .help("A file with the job, or with its task as the scheduler hands it out"),
            )
            .arg(unless_job(name(
                "organization_code",
                "ORGANIZATION_CODE",
                "The organisation for which it runs",
            )))
            .arg(unless_job(name("boefje_id", "BOEFJE_ID", "Which boefje")))
            .arg(unless_job(word(
                "input_ooi",
                "INPUT_OOI",
                "The object that it looks at, such as 'Hostname|internet|example.com'",
            ))),
        Command::new("run-normalizer")
            .about("Run a normalizer on a raw file now and save what it says")
            .arg(pdb())
            .arg(queue())
            .arg(name("normalizer_id", "NORMALIZER_ID", "Which normalizer"))
            .arg(raw()),
        Command::new("show-raw")
            .about("Print a raw file")
            .arg(flag("json", "In order, indented and coloured"))
            .arg(raw()),
        Command::new("install-requirements")
            .about("Install the Python packages that plugins ask for in their requirements.txt")
            .arg(
                Arg::new("plugin")
                    .value_name("PLUGIN")
                    .action(ArgAction::Append)
                    .help("The id of a plugin; all of them if none is named"),
            ),
    ]
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    fn parse(arguments: &[&str]) -> Result<Tool, ErrorKind> {
        let command = Command::new("boefjes").subcommands(commands());
        let arguments = ["boefjes"].iter().chain(arguments);
        let mut matches = command.try_get_matches_from(arguments).map_err(|error| error.kind())?;
        let (name, mut matches) = matches.remove_subcommand().unwrap();
        Ok(Tool::of(&name, &mut matches).unwrap())
    }

    const RAW: &str = "b445dc20-c030-4bc3-b779-4ed9069a8ca2";

    #[test]
    fn the_tools_have_the_arguments_of_the_original() {
        let job = BoefjeJob::Said {
            organization: "acme".to_owned(),
            boefje: "dns".to_owned(),
            input_ooi: "Hostname|internet|a.b".to_owned(),
        };
        let arguments = ["run-boefje", "--pdb", "acme", "dns", "Hostname|internet|a.b"];
        assert_eq!(parse(&arguments), Ok(Tool::RunBoefje { job, debug: true, queue: false }));
        let job = BoefjeJob::File("job.json".into());
        let arguments = ["run-boefje", "--job", "job.json"];
        assert_eq!(parse(&arguments), Ok(Tool::RunBoefje { job, debug: false, queue: false }));
        let raw = Uuid::parse_str(RAW).unwrap();
        let run =
            Tool::RunNormalizer { normalizer: "n".to_owned(), raw, debug: false, queue: false };
        assert_eq!(parse(&["run-normalizer", "n", RAW]), Ok(run));
        assert_eq!(parse(&["show-raw", "--json", RAW]), Ok(Tool::ShowRaw { raw, json: true }));
        let all = Tool::InstallRequirements { plugins: Vec::new() };
        assert_eq!(parse(&["install-requirements"]), Ok(all));
    }

    #[test]
    fn what_is_missing_or_no_id_is_refused() {
        for (arguments, kind) in [
            (&["run-boefje", "acme", "dns"][..], ErrorKind::MissingRequiredArgument),
            (&["run-boefje", "--pdb", "--queue", "a", "b", "c"], ErrorKind::ArgumentConflict),
            (&["run-boefje", "--job", "f", "acme"], ErrorKind::ArgumentConflict),
            (&["run-boefje", "", "dns", "c"], ErrorKind::InvalidValue),
            (&["run-normalizer", "n", "7"], ErrorKind::ValueValidation),
            (&["show-raw"], ErrorKind::MissingRequiredArgument),
        ] {
            assert_eq!(parse(arguments), Err(kind), "{arguments:?}");
        }
    }
}
