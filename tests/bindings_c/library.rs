//! The library as a program's author has it: headers, both libraries, and a compiler.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use ostler_tests::binaries::{self, workspace};
use ostler_tests::process::command;
use tempfile::TempDir;

/// What a static library needs beside it.
const PRIVATE: [&str; 6] = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"];

/// How a program is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linkage {
    Shared,
    Static,
}

/// As what a program is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    C99,
    Cpp,
}

/// Where programs are compiled, and find the library when they run.
pub(crate) struct Library {
    built: PathBuf,
    directory: TempDir,
}

impl Library {
    pub(crate) fn new() -> Self {
        let built = binaries::broker_libraries().to_owned();
        let directory = tempfile::tempdir().unwrap();
        let name = directory.path().join("libostler_broker.so.1");
        symlink(built.join("libostler_broker.so"), name).unwrap();
        Self { built, directory }
    }

    /// The folder of headers.
    pub(crate) fn headers() -> PathBuf {
        workspace().join("src/bindings/c")
    }

    /// The shared one.
    pub(crate) fn shared(&self) -> PathBuf {
        self.built.join("libostler_broker.so")
    }

    /// A program out of a source.
    pub(crate) fn compiled(&self, source: &Path, language: Language, linkage: Linkage) -> PathBuf {
        let stem = source.file_stem().unwrap().to_str().unwrap();
        let program = self.directory.path().join(format!("{stem}-{language:?}-{linkage:?}"));
        let mut compiler = compiler(language);
        // What follows the source is no source.
        compiler.arg("-I").arg(Self::headers()).arg(source).args(["-x", "none"]);
        match linkage {
            Linkage::Shared => compiler.arg(self.shared()).arg("-lpthread"),
            Linkage::Static => {
                compiler.arg(self.built.join("libostler_broker.a"));
                compiler.args(PRIVATE)
            }
        };
        succeeds(compiler.arg("-o").arg(&program));
        program
    }

    /// One of the programs beside this file.
    pub(crate) fn program(&self, name: &str, language: Language, linkage: Linkage) -> PathBuf {
        let source = workspace().join("tests/bindings_c").join(name);
        self.compiled(&source, language, linkage)
    }

    /// Runs a program, by itself or by another one.
    pub(crate) fn run(&self, words: &[&str], program: &Path) -> Command {
        let mut run = match words {
            [] => command(program),
            [by, rest @ ..] => {
                let mut run = command(by);
                run.args(rest).arg(program);
                run
            }
        };
        run.env("LD_LIBRARY_PATH", self.directory.path());
        run
    }
}

/// A compiler to which every warning is an error.
pub(crate) fn compiler(language: Language) -> Command {
    let mut compiler = match language {
        Language::C99 => command("cc"),
        Language::Cpp => command("c++"),
    };
    match language {
        Language::C99 => compiler.args(["-std=c99", "-x", "c"]),
        Language::Cpp => compiler.args(["-std=c++11", "-x", "c++"]),
    };
    compiler.args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-D_POSIX_C_SOURCE=200809L"]);
    compiler
}

/// What a command prints, which must succeed in silence.
pub(crate) fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (printed, said) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{printed}{said}", output.status);
    printed
}

/// The texts of all headers.
pub(crate) fn declarations() -> String {
    let folder = Library::headers();
    let mut files = vec![folder.join("ostler_broker.h")];
    let parts = fs::read_dir(folder.join("ostler_broker")).unwrap();
    files.extend(parts.map(|part| part.unwrap().path()));
    files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}
