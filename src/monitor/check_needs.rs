//! Which files a daemon and its children need, and what for.
//!
//! The children (`burp -a m`, burp 3.1.4) read their configuration with all that it includes, and
//! the three files of TLS that it names. They write nothing, neither a lock nor a process number.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ostler_runtime::{Account, Accounts};
use rustix::fs::Access;

use crate::burp_config::BurpConfig;
use crate::config::Config;
use crate::events::Settings;
use crate::shared_cache::Settings as SharedSettings;

/// A file, what must be done with it, and where it is named.
#[derive(Debug)]
pub(crate) struct Need {
    pub(crate) path: PathBuf,
    pub(crate) rights: Access,
    pub(crate) named: String,
}

/// All needs, as far as the files that name them can be read.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    pub(crate) files: Vec<Need>,
    /// What no right to a file would help against.
    pub(crate) refused: Vec<String>,
    /// What is wrong with a file, whoever reads it.
    pub(crate) broken: Vec<String>,
}

impl Needs {
    /// Those of a daemon with the configuration `file` that says `config`, run by `account`.
    pub(crate) fn of(
        file: &Path,
        config: Option<&Config>,
        account: &Account,
        accounts: &Accounts,
    ) -> Self {
        let mut needs = Self::default();
        needs.read(file, "the configuration");
        let Some(config) = config else { return needs };
        // One that is not there was told already, and not by what may be the password itself.
        let is_there = |file: &&PathBuf| {
            file.metadata().map_or_else(|error| error.kind() != ErrorKind::NotFound, |_| true)
        };
        if let Some(file) = config.password_file.as_ref().filter(is_there) {
            needs.read(file, "[Global] password_file");
        }
        if let Some(tls) = &config.tls {
            needs.read(&tls.certificate, "[Global] sslcert");
            needs.read(&tls.key, "[Global] sslkey");
            if let Some(authority) = &tls.client_ca {
                needs.read(authority, "[Global] sslca");
            }
        }
        for file in config.events.iter().flat_map(Settings::files) {
            needs.read(file, "[Events]");
        }
        for file in config.shared_cache.iter().flat_map(SharedSettings::files) {
            needs.read(file, "[Cache]");
        }
        // A plain name is looked up where programs are.
        if config.burp_binary.components().count() > 1 {
            needs.add(&config.burp_binary, Access::EXEC_OK, "[Burp] burpbin");
        }
        if config.client_config.components().next().is_some() {
            needs.burp(&config.client_config, account, accounts);
        }
        needs
    }

    /// What burp needs, by its client's configuration.
    fn burp(&mut self, file: &Path, account: &Account, accounts: &Accounts) {
        let (burp, read) = BurpConfig::read_as_far(file);
        let place = file.display();
        // Of these two whoever is to read it tells more.
        let told = [ErrorKind::NotFound, ErrorKind::PermissionDenied];
        if let Some(error) = read.err().filter(|error| !told.contains(&error.kind())) {
            self.broken.push(format!("{error} ([Burp] bconfcli, or included there)"));
        }
        self.read(file, "[Burp] bconfcli");
        for directory in &burp.listed {
            let rights = Access::READ_OK | Access::EXEC_OK;
            self.add(directory, rights, format!("looked through for {place}"));
        }
        for included in burp.files.iter().skip(1) {
            if included.is_dir() {
                let words = "is a directory, of which burp reads nothing";
                self.broken.push(format!("{}: {words} (included by {place})", included.display()));
            }
            self.read(included, format!("included by {place}"));
        }
        for (key, path) in [
            ("ssl_cert", &burp.certificate),
            ("ssl_key", &burp.key),
            ("ssl_cert_ca", &burp.authority),
        ] {
            if let Some(path) = path {
                self.read(path, format!("{key} in {place}"));
            }
        }
        if account.uid.is_root() {
            return;
        }
        let own_group = accounts.group(account.gid);
        for (key, wanted, own) in
            [("user", &burp.user, Some(account.name.as_str())), ("group", &burp.group, own_group)]
        {
            if let Some(wanted) = wanted.as_deref().filter(|wanted| Some(*wanted) != own) {
                let name = &account.name;
                self.refused.push(format!(
                    "{place}: burp ends, since {name} cannot change to the {key} in it, {wanted}"
                ));
            }
        }
    }

    fn read(&mut self, path: &Path, named: impl Into<String>) {
        self.add(path, Access::READ_OK, named);
    }

    fn add(&mut self, path: &Path, rights: Access, named: impl Into<String>) {
        self.files.push(Need { path: path.to_owned(), rights, named: named.into() });
    }
}
