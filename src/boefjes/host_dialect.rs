//! Starts hosts: the interpreter, and the session that speaks with it.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use ostler_pool::{Cause, Dialect, Launch};
use serde_json::{Value, json};

use crate::host_board::Board;
use crate::host_frame;
use crate::host_modules::{START, append_modules};
use crate::host_options::HostOptions;
use crate::host_session::HostSession;
use crate::job::{Job, JobReport};

/// The version of what daemon and host say to each other.
pub(crate) const PROTOCOL: i64 = 1;

/// See the module.
pub(crate) struct Hosted {
    pub(crate) options: Arc<HostOptions>,
    pub(crate) board: Arc<Board>,
    /// What every host hears first: its modules, and its options.
    greeting: Arc<[u8]>,
}

impl Hosted {
    pub(crate) fn new(options: HostOptions) -> Self {
        let mut greeting = Vec::new();
        append_modules(&mut greeting);
        host_frame::append(&mut greeting, &hello(&options), &[]);
        Self { options: Arc::new(options), board: Arc::default(), greeting: greeting.into() }
    }
}

impl Dialect for Hosted {
    type Request = Job;
    type Answer = JobReport;
    type Session = HostSession;

    fn prepare(&self) -> Result<(Launch, HostSession), Cause> {
        // Isolated: neither variables nor the working directory decide what is imported. UTF-8,
        // whatever the locale. No files of bytecode among the plugins.
        let arguments = ["-I", "-B", "-X", "utf8", "-c", START].map(OsString::from).into();
        let launch = Launch { program: self.options.python.clone(), arguments, variables: &[] };
        let greeting = Arc::clone(&self.greeting);
        let session =
            HostSession::new(Arc::clone(&self.options), Arc::clone(&self.board), greeting);
        Ok((launch, session))
    }
}

/// The options, as a host hears them.
pub(crate) fn hello(options: &HostOptions) -> Value {
    let shown = |path: &Path| path.to_string_lossy().into_owned();
    json!({
        "type": "hello",
        "proto": PROTOCOL,
        "root": shown(&options.root),
        "cwd": shown(&options.cwd),
        "path": options.path.iter().map(|path| shown(path)).collect::<Vec<_>>(),
        "preload": options.preload,
        "config": options.settings,
        "environment": options.environment,
    })
}
