//! Certificates and keys of every form that daemons are given, made by openssl for one test.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::command;

/// A directory that certificates are made in.
#[derive(Debug)]
pub struct Certificates(tempfile::TempDir);

/// A certificate and its key, both in PEM.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The file of the certificate.
    pub certificate: PathBuf,
    /// The file of the key.
    pub key: PathBuf,
}

impl Certificates {
    /// An empty one.
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs openssl in it with arguments that hold no white space, and answers the path of `name`,
    /// which they are to make.
    pub fn openssl(&self, name: &str, arguments: &str) -> PathBuf {
        let mut openssl = command("openssl");
        openssl.current_dir(self.0.path()).args(arguments.split_whitespace());
        let output = openssl.output().expect("openssl starts");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {arguments}:\n{words}");
        self.path(name)
    }

    /// A self-signed certificate with a key on the curve P-256.
    pub fn own(&self, name: &str) -> Pair {
        let key = self.key(name);
        let certificate = self.certify(name, &key);
        Pair { certificate, key }
    }

    /// A self-signed certificate for a key that is there.
    pub fn certify(&self, name: &str, key: &Path) -> PathBuf {
        let (file, key) = (format!("{name}.pem"), key.display());
        self.openssl(&file, &format!("req -x509 -new -key {key} -subj /CN={name} -out {file}"))
    }

    /// A certificate that `authority` signs, for `days` from now on (or ago).
    pub fn signed(&self, name: &str, authority: &Pair, days: i32) -> Pair {
        self.sign(name, authority, days, "basicConstraints = CA:FALSE\n")
    }

    /// A certificate of X.509's version 1 that `authority` signs.
    pub fn of_version_1(&self, name: &str, authority: &Pair) -> Pair {
        let key = self.key(name);
        let (request, file) = (self.request(name, &key), format!("{name}.pem"));
        // Newer ones have to be told.
        let help = command("openssl").args(["req", "-help"]).output().expect("openssl starts");
        let words = String::from_utf8_lossy(&help.stderr);
        let made = if words.contains("-x509v1") { "req -x509v1" } else { "x509 -req" };
        let certificate = self.openssl(
            &file,
            &format!(
                "{made} -in {} -CA {} -CAkey {} -set_serial 7 -days 1 -out {file}",
                request.display(),
                authority.certificate.display(),
                authority.key.display()
            ),
        );
        Pair { certificate, key }
    }

    /// The certificate of a server at 127.0.0.1 that `authority` signs.
    pub fn site(&self, name: &str, authority: &Pair) -> Pair {
        self.sign(name, authority, 1, "subjectAltName = IP:127.0.0.1\n")
    }

    /// A file with these bytes.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("a file");
        path
    }

    /// A file with the bytes of others, one after the other.
    pub fn joined(&self, name: &str, files: &[&Path]) -> PathBuf {
        let bytes: Vec<_> = files.iter().map(|file| fs::read(file).expect("a file")).collect();
        self.write(name, &bytes.concat())
    }

    fn sign(&self, name: &str, authority: &Pair, days: i32, extensions: &str) -> Pair {
        let key = self.key(name);
        let (request, file) = (self.request(name, &key), format!("{name}.pem"));
        let extensions = self.write(&format!("{name}.ext"), extensions.as_bytes());
        let certificate = self.openssl(
            &file,
            &format!(
                "x509 -req -in {} -CA {} -CAkey {} -set_serial 7 -days {days} -extfile {} -out {file}",
                request.display(),
                authority.certificate.display(),
                authority.key.display(),
                extensions.display(),
            ),
        );
        Pair { certificate, key }
    }

    fn request(&self, name: &str, key: &Path) -> PathBuf {
        let file = format!("{name}.csr");
        self.openssl(
            &file,
            &format!("req -new -key {} -subj /CN={name} -out {file}", key.display()),
        )
    }

    fn key(&self, name: &str) -> PathBuf {
        let file = format!("{name}.key");
        self.openssl(
            &file,
            &format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {file}"),
        )
    }
}

impl Default for Certificates {
    fn default() -> Self {
        Self::new()
    }
}
