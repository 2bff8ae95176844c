//! The binaries under test, built now, in the profile of the running test.
//!
//! A test run does not rebuild the binaries of other packages, and a build of the whole workspace
//! gives shared dependencies more features than a build of the package alone. So each binary is
//! made by `cargo build` of its own package before its first use.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use ostler_runtime::environment::variable;

use crate::process::command;

/// `bui-monitor` as its own package makes it.
pub fn bui_monitor() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("bui-monitor", "--bin", "bui-monitor"))
}

/// `bui-monitor` with the features `events` and `shared-cache`.
pub fn bui_monitor_with_events() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("ostler-tests", "--bin", "bui-monitor-events"))
}

/// `bui-status` as its own package makes it.
pub fn bui_status() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("bui-monitor", "--bin", "bui-status"))
}

/// `katalogus` as its own package makes it, with PostgreSQL.
pub fn katalogus() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build_with(&["postgres"], "ostler-katalogus", "--bin", "katalogus"))
}

/// `boefjes` as its own package makes it.
pub fn boefjes() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("ostler-boefjes", "--bin", "boefjes"))
}

/// `broker-node` as its own package makes it.
pub fn broker_node() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("ostler-broker", "--bin", "broker-node"))
}

/// `broker-pipe` as its own package makes it.
pub fn broker_pipe() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("ostler-broker", "--bin", "broker-pipe"))
}

/// `broker-throughput` as its own package makes it.
pub fn broker_throughput() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("ostler-broker", "--bin", "broker-throughput"))
}

/// The folder of `libostler_broker.so` and `libostler_broker.a`.
pub fn broker_libraries() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        build("ostler-broker-c", "--lib", "");
        profile_directory()
    })
}

/// What of the Python module `broker` is a library.
pub fn broker_python() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        build("ostler-broker-python", "--lib", "");
        profile_directory().join("lib_broker.so")
    })
}

/// The scripted burp.
pub fn fake_burp() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("ostler-tests", "--bin", "fake-burp"))
}

/// The plugin hosts as a program.
pub fn plugin_hosts() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("ostler-tests", "--bin", "plugin-hosts"))
}

/// What watches a plugin folder.
pub fn plugin_folder() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("ostler-tests", "--bin", "plugin-folder"))
}

/// The writer that is killed.
pub fn store_writer() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("ostler-tests", "--bin", "store-writer"))
}

/// What writes to a backend until it is killed.
pub fn backend_writer() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let features: &[&str] = if cfg!(feature = "rocksdb") { &["rocksdb"] } else { &[] };
    BUILT.get_or_init(|| build_with(features, "ostler-tests", "--bin", "backend-writer"))
}

/// The example of a client in Rust.
pub fn example_client() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("ostler-tests", "--example", "client"))
}

/// Where this test's own binaries are: `TARGET/PROFILE`.
pub fn profile_directory() -> PathBuf {
    let test = std::env::current_exe().expect("the running test");
    let above = test.parent().expect("the directory of the test");
    // A test lies in `deps`, a binary beside it.
    let inner = if above.ends_with("deps") { above.parent() } else { Some(above) };
    inner.expect("the profile's directory").to_owned()
}

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lies in the workspace")
}

/// How the variables begin by which cargo describes the package of a running test.
const OF_THIS_PACKAGE: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];

fn build(package: &str, kind: &str, binary: &str) -> PathBuf {
    build_with(&[], package, kind, binary)
}

fn build_with(features: &[&str], package: &str, kind: &str, binary: &str) -> PathBuf {
    let directory = profile_directory();
    let profile = match directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let target = directory.parent().expect("the target directory");
    let mut cargo = command(variable("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    // What cargo tells this test of its own package is no business of another build: a dependency
    // whose build script looks at it would be compiled anew each time, and once more afterwards.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| OF_THIS_PACKAGE.iter().any(|of| name.starts_with(of))) {
            cargo.env_remove(name);
        }
    }
    let output = cargo
        .current_dir(workspace())
        .args(["build", "--quiet", "--locked", "--package", package, kind])
        // A package has one library, which is not named.
        .args(Some(binary).filter(|binary| !binary.is_empty()))
        .args(["--features", &features.join(","), "--profile", profile, "--target-dir"])
        .arg(target)
        .stdin(Stdio::null())
        .output()
        .expect("cargo starts");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{package} {binary} cannot be built:\n{words}");
    let folder = if kind == "--example" { directory.join("examples") } else { directory };
    folder.join(binary)
}
