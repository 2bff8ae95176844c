//! Where the daemons come from: the original from `PyPI`, ours from this repository.

use std::path::{Path, PathBuf};

use crate::burp::repository;
use crate::failure::{Context, Failure};
use crate::process::{command, step};

/// What must be there before the original can be built: newer setuptools refuse its `setup.py`.
const TOOLS: [&str; 2] = ["setuptools==65.5.0", "wheel"];
/// The original and the versions that it still runs with.
const PACKAGES: [&str; 5] =
    ["burp-ui==1.1.1", "Werkzeug==2.2.3", "gunicorn==20.1.0", "trio==0.22.0", "configobj==5.0.8"];

/// The original's binary in the virtual environment `directory`, which is made if need be.
pub(crate) fn original(directory: &Path) -> Result<PathBuf, Failure> {
    let binary = directory.join("bin/bui-monitor");
    if !binary.exists() {
        let mut venv = command("python3");
        step(venv.args(["-m", "venv"]).arg(directory), "python3 -m venv")
            .map_err(|error| Failure::Unavailable(error.to_string()))?;
        let pip = directory.join("bin/pip");
        step(command(&pip).args(["install", "--quiet"]).args(TOOLS), "pip install")?;
        let mut install = command(&pip);
        install.args(["install", "--quiet", "--no-build-isolation"]).args(PACKAGES);
        step(&mut install, "pip install burp-ui")?;
    }
    binary.canonicalize().context(|| binary.display().to_string())
}

/// A daemon of ours in the release profile, built as its package alone is built.
pub(crate) fn build(package: &str, binary: &str, features: &str) -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().context(|| "cannot find myself".to_owned())?;
    // The target directory is two above the binary, whichever profile that is of.
    let target = own.ancestors().nth(2).unwrap_or(Path::new("target"));
    let mut build = command("cargo");
    build.args(["build", "--quiet", "--release", "--package", package, "--features", features]);
    build.arg("--target-dir").arg(target).current_dir(repository());
    step(&mut build, "cargo build")?;
    Ok(target.join("release").join(binary))
}
