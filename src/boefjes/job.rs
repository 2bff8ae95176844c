//! A job, and what came of it.

use std::path::PathBuf;
use std::time::Duration;

use crate::job_loss::Loss;
use crate::normalizer_item::Item;

/// One run of one plugin.
#[derive(Clone)]
pub struct Job {
    /// The task's id, under which the log speaks of it.
    pub id: String,
    /// What is run.
    pub work: Work,
    /// The JSON of its `BoefjeMeta` or `NormalizerMeta`.
    pub meta: String,
    /// The variables that it finds while it runs: exactly these.
    pub environment: Vec<(String, String)>,
    /// The variables that it finds while it is imported, beside those of its host.
    pub imports: Vec<(String, String)>,
    /// What it may know and the log may not: the values of settings.
    pub secrets: Vec<String>,
    /// How it is given its job.
    pub style: Style,
    /// The interpreter, if it is not the hosts' own: that of a virtual environment with the
    /// packages that this plugin alone needs. Such a job takes as long as an interpreter to start.
    pub python: Option<PathBuf>,
}

/// What a job runs. A package is named from the folder of plugins on, with dots between.
#[derive(Clone)]
pub enum Work {
    /// `main.py` of a package.
    Boefje {
        /// Such as `kat_dns`.
        package: String,
    },
    /// `normalize.py` of a package.
    Normalizer {
        /// Such as `kat_dns`.
        package: String,
        /// The raw file.
        raw: Vec<u8>,
    },
    /// An executable file, in any language: the job's JSON on its input, the answer of a container
    /// (`{"status", "files"}`) on its output. It runs in its own folder.
    Program {
        /// The file.
        path: PathBuf,
    },
    /// The same for a normalizer: on its input a JSON object with `normalizer_meta`, and the raw file
    /// in base64 as `raw`; on its output a JSON list of what one in Python yields.
    NormalizerProgram {
        /// The file.
        path: PathBuf,
        /// The raw file.
        raw: Vec<u8>,
    },
    /// A module is imported and its `run` looked at, nothing else.
    Look {
        /// Such as `kat_dns.normalize`.
        module: String,
    },
}

/// In what form a plugin is given its job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// What its first parameter's annotation or name tells.
    #[default]
    Auto,
    /// The same, and as a dict where that tells nothing.
    AutoPlain,
    /// As an object: `BoefjeMeta` or `NormalizerMeta`.
    Object,
    /// As a dict: of the job, or of a normalizer's input object.
    Plain,
}

impl Style {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::AutoPlain => "auto_plain",
            Self::Object => "object",
            Self::Plain => "plain",
        }
    }
}

/// How a job ended.
#[derive(Debug)]
pub struct JobReport {
    /// With what.
    pub outcome: JobOutcome,
    /// What its process used; `None` where nobody could tell.
    pub usage: Option<Usage>,
    /// The end of what it printed.
    pub last_words: String,
}

/// What came of a job.
#[derive(Debug)]
pub enum JobOutcome {
    /// A boefje ended.
    Outputs {
        /// What it returned, in its order.
        outputs: Vec<Output>,
        /// A program's own word for its end.
        failed: bool,
    },
    /// A normalizer ended.
    Items {
        /// What it yielded, in its order.
        items: Vec<Item>,
        /// The `octopoes` package has checked the objects and completed them.
        checked: bool,
    },
    /// A module was looked at: the parameters of its `run`.
    Looked(Vec<String>),
    /// The plugin failed: a traceback, or what is wrong with what it returned.
    Failed(String),
    /// The job's process or its host is gone without a result.
    Lost(Loss),
}

/// One output of a boefje.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Its name; only programs have one to give.
    pub name: Option<String>,
    /// Its media types.
    pub mime_types: Vec<String>,
    /// The raw file.
    pub content: Vec<u8>,
}

/// What a job's process used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// Processor time of it and of the children that it waited for.
    pub cpu: Duration,
    /// The most memory that was resident, in bytes.
    pub memory: u64,
}
