//! Which of this process's variables plugins find while they are imported: what interpreters and
//! libraries need, what is meant for plugins, where the services are, and what a plugin names itself.
//! What looks secret is not among them, and what is secret of OpenKAT's own is given to nobody, unless
//! the configuration names it.

use std::collections::BTreeMap;

use url::Url;

/// Those of the system, in capitals or not.
const SYSTEM: [&str; 19] = [
    "ALL_PROXY",
    "CURL_CA_BUNDLE",
    "FTP_PROXY",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LANGUAGE",
    "LOGNAME",
    "NO_PROXY",
    "PATH",
    "REQUESTS_CA_BUNDLE",
    "SHELL",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
];
/// Where the services are: without the name and password that an address may hold.
const SERVICES: [&str; 4] = ["BYTES_API", "KATALOGUS_API", "OCTOPOES_API", "SCHEDULER_API"];
/// How the names of the others begin.
const FAMILIES: [&str; 5] = ["BOEFJES_", "BOEFJE_", "LC_", "OPENKAT_", "PYTHON"];
/// Where proxies are, which is all that plugins are told of them.
const PROXIES: [&str; 4] = ["ALL_PROXY", "FTP_PROXY", "HTTPS_PROXY", "HTTP_PROXY"];
/// The families of OpenKAT's services, and what stands in the names of variables that are secret, and
/// of such parts of a value.
const OPENKAT: [&str; 8] =
    ["BOEFJES_", "BYTES_", "KATALOGUS_", "MULA_", "OCTOPOES_", "OPENKAT_", "ROCKY_", "SCHEDULER_"];
const SECRET: [&str; 10] = [
    "CREDENTIAL",
    "KEY",
    "PASSPHRASE",
    "PASSWORD",
    "PRIVATE",
    "SECRET",
    "TOKEN",
    "USERNAME",
    "_DSN",
    "_URI",
];
/// Secret by themselves.
const OWN_SECRETS: [&str; 4] = ["CREDENTIALS_DIRECTORY", "DB_URI", "QUEUE_URI", "SECRET_KEY"];

/// The variables that plugins find, with those that are named in `more`.
pub(crate) fn visible(variables: &[(String, String)], more: &[String]) -> BTreeMap<String, String> {
    let seen = variables.iter().filter_map(|(name, value)| {
        let capitals = name.to_ascii_uppercase();
        let known = |names: &[&str]| names.contains(&capitals.as_str());
        if more.contains(name) {
            return Some((name.clone(), value.clone()));
        }
        let is_meant = known(&SYSTEM)
            || known(&SERVICES)
            || FAMILIES.iter().any(|family| capitals.starts_with(family))
                && !names_secret(&capitals);
        let is_meant = is_meant && !is_secret(&capitals);
        is_meant.then(|| shown(&capitals, value)).flatten().map(|value| (name.clone(), value))
    });
    seen.collect()
}

/// The variables that a plugin finds if its manifest or its schema names them.
pub(crate) fn nameable(variables: &[(String, String)]) -> BTreeMap<String, String> {
    let found = variables.iter().filter_map(|(name, value)| {
        let capitals = name.to_ascii_uppercase();
        if is_secret(&capitals) {
            return None;
        }
        let is_its_own = !is_of_openkat(&capitals) && !PROXIES.contains(&capitals.as_str());
        let value = if is_its_own { Some(value.clone()) } else { shown(&capitals, value) };
        value.map(|value| (name.clone(), value))
    });
    found.collect()
}

/// Whether a variable is a secret that OpenKAT's programs are told.
fn is_secret(capitals: &str) -> bool {
    OWN_SECRETS.contains(&capitals) || is_of_openkat(capitals) && names_secret(capitals)
}

fn names_secret(capitals: &str) -> bool {
    SECRET.iter().any(|part| capitals.contains(part))
}

fn is_of_openkat(capitals: &str) -> bool {
    OPENKAT.iter().any(|family| capitals.starts_with(family))
}

/// A value without the name and password of an address; nothing if more of it is secret.
fn shown(capitals: &str, value: &str) -> Option<String> {
    if PROXIES.contains(&capitals) {
        return Some(proxy(value));
    }
    let parts = value.split(['?', '&', ';', '#', ' ']).filter_map(|part| part.split_once('='));
    if parts.into_iter().any(|(name, _)| names_secret(&name.to_ascii_uppercase())) {
        return None;
    }
    match Url::parse(value) {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            // They fail where there is no host, and then there is no user.
            let (_, _) = (url.set_username(""), url.set_password(None));
            Some(url.to_string())
        }
        // Where its user ends nobody can tell.
        Err(_) if value.contains("://") && value.contains('@') => None,
        _ => Some(value.to_owned()),
    }
}

/// The address of a proxy, which often has no scheme, and never a path.
fn proxy(value: &str) -> String {
    let Some((user, host)) = value.rsplit_once('@') else { return value.to_owned() };
    match user.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://{host}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_for_plugins_is_seen_and_nothing_else() {
        let variables = [
            ("PATH", "/bin"),
            ("https_proxy", "http://proxy:3128"),
            ("LC_ALL", "C"),
            ("PYTHONHASHSEED", "0"),
            ("BOEFJE_ports", "5"),
            ("OPENKAT_CACHE_PATH", "/var/cache"),
            ("openkat_db_password", "p"),
            ("BOEFJES_REMOTE_NS", "1.1.1.1"),
            ("BOEFJES_KATALOGUS_PRIVATE_KEY", "k"),
            ("boefjes_db_uri", "u"),
            ("BYTES_PASSWORD", "p"),
            ("BYTES_USERNAME", "u"),
            ("OCTOPOES_API", "http://me:p@octopoes:8001/"),
            ("BOEFJES_API", "http://me:p@boefjes:8000"),
            ("AWSSECRET", "s"),
            ("TIMEOUT", "60"),
            ("TOKEN", "t"),
            ("FTP_PROXY", "http://pu:p/w@proxy:3128"),
            ("all_proxy", "pu:pw@proxy:1080"),
            ("boefjes_encryption_key", "k"),
            ("openkat_signing_key", "k"),
            ("openkat_passphrase", "p"),
            ("boefje_api_token", "t"),
            ("boefjes_redis", "redis://h?password=p"),
            ("openkat_database", "host=h password=p"),
            ("openkat_mirror", "http://u:p/w@h/"),
            ("openkat_place", "https://u:p@h/at?a=1"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let seen = visible(&variables, &["TIMEOUT".to_owned()]);
        let seen: Vec<(&str, &str)> =
            seen.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("BOEFJES_API", "http://boefjes:8000/"),
                ("BOEFJES_REMOTE_NS", "1.1.1.1"),
                ("BOEFJE_ports", "5"),
                ("FTP_PROXY", "http://proxy:3128"),
                ("LC_ALL", "C"),
                ("OCTOPOES_API", "http://octopoes:8001/"),
                ("OPENKAT_CACHE_PATH", "/var/cache"),
                ("PATH", "/bin"),
                ("PYTHONHASHSEED", "0"),
                ("TIMEOUT", "60"),
                ("all_proxy", "proxy:1080"),
                ("https_proxy", "http://proxy:3128"),
                ("openkat_place", "https://h/at?a=1"),
            ]
        );
    }

    #[test]
    fn a_plugin_may_name_whatever_is_no_secret_of_openkats_own() {
        let given = ["rpki_cache_timeout", "maxmind_licence_key", "aws_secret", "boefje_token"];
        let kept = [
            "BYTES_PASSWORD",
            "bytes_username",
            "QUEUE_URI",
            "katalogus_db_uri",
            "Boefjes_Katalogus_Private_Key_B64",
            "CREDENTIALS_DIRECTORY",
            "boefjes_encryption_key",
            "openkat_passphrase",
            "rocky_db_dsn",
        ];
        let all = given.iter().chain(&kept);
        let variables: Vec<_> = all.map(|name| ((*name).to_owned(), "x".to_owned())).collect();
        let mut found: Vec<String> = nameable(&variables).into_keys().collect();
        found.sort_by_key(|name| given.iter().position(|known| known == name));
        assert_eq!(found, given);
        let proxied = ("HTTP_PROXY".to_owned(), "http://me:secret@proxy".to_owned());
        assert_eq!(nameable(&[proxied])["HTTP_PROXY"], "http://proxy");
        let address = ("BYTES_API".to_owned(), "http://me:secret@bytes/".to_owned());
        assert_eq!(nameable(&[address])["BYTES_API"], "http://bytes/");
    }
}
