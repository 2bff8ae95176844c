//! The host program: Python sources that are part of this binary and go to each host over its pipe.

use serde_json::{Map, Value};

use crate::host_frame;

/// What the interpreter is given on its command line: takes the modules from its input.
pub(crate) const START: &str = include_str!("host/start.py");

/// The modules by name; a name that ends in a dot is a package's.
const MODULES: [(&str, &str); 22] = [
    ("boefjes.", include_str!("host/boefjes/__init__.py")),
    ("boefjes.config", include_str!("host/boefjes/config.py")),
    ("boefjes.job_models", include_str!("host/boefjes/job_models.py")),
    ("boefjes.normalizer_models", include_str!("host/boefjes/normalizer_models.py")),
    ("boefjes.plugins.", include_str!("host/boefjes/plugins.py")),
    ("boefjes.runtime_interfaces", include_str!("host/boefjes/runtime_interfaces.py")),
    ("boefjes.worker.", include_str!("host/boefjes/worker.py")),
    ("boefjes.worker.job_models", include_str!("host/boefjes/worker_job_models.py")),
    ("ostler_host.", include_str!("host/package.py")),
    ("ostler_host.dumping", include_str!("host/dumping.py")),
    ("ostler_host.foreground", include_str!("host/foreground.py")),
    ("ostler_host.frames", include_str!("host/frames.py")),
    ("ostler_host.items", include_str!("host/items.py")),
    ("ostler_host.jobs", include_str!("host/jobs.py")),
    ("ostler_host.model", include_str!("host/model.py")),
    ("ostler_host.orphans", include_str!("host/orphans.py")),
    ("ostler_host.outputs", include_str!("host/outputs.py")),
    ("ostler_host.plain", include_str!("host/plain.py")),
    ("ostler_host.process", include_str!("host/process.py")),
    ("ostler_host.running", include_str!("host/running.py")),
    ("ostler_host.serve", include_str!("host/serve.py")),
    // For jobs of which the interpreter is another one.
    ("ostler_host.start", START),
];

/// Appends the frame that carries the modules.
pub(crate) fn append_modules(output: &mut Vec<u8>) {
    let modules: Map<String, Value> =
        MODULES.iter().map(|(name, source)| ((*name).to_owned(), (*source).into())).collect();
    host_frame::append(output, &Value::Object(modules), &[]);
}
