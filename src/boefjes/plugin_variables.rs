//! Which of this process's variables plugins find while they are imported: what interpreters and
//! libraries need, what is meant for plugins, and where the services are. A password is not among them,
//! whatever its variable is called.

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
const FAMILIES: [&str; 4] = ["BOEFJES_", "BOEFJE_", "LC_", "PYTHON"];
/// The family of this program's own, and what stands in the names of those that are secret.
const OWN: &str = "BOEFJES_";
const SECRET: [&str; 6] = ["PASSWORD", "PRIVATE", "SECRET", "TOKEN", "CREDENTIAL", "_URI"];

/// The variables that plugins find, with those that are named in `more`.
pub(crate) fn visible(variables: &[(String, String)], more: &[String]) -> BTreeMap<String, String> {
    let seen = variables.iter().filter_map(|(name, value)| {
        let capitals = name.to_ascii_uppercase();
        let known = |names: &[&str]| names.contains(&capitals.as_str());
        if more.contains(name) || known(&SYSTEM) {
            return Some((name.clone(), value.clone()));
        }
        let is_own = capitals.starts_with(OWN);
        if is_own && SECRET.iter().any(|part| capitals.contains(part)) {
            return None;
        }
        if is_own || known(&SERVICES) {
            return Some((name.clone(), without_user(value)));
        }
        let is_meant = FAMILIES.iter().any(|family| capitals.starts_with(family));
        is_meant.then(|| (name.clone(), value.clone()))
    });
    seen.collect()
}

/// An address without a name and a password; anything else as it is.
fn without_user(value: &str) -> String {
    match Url::parse(value) {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            // They fail where there is no host, and then there is no user.
            let (_, _) = (url.set_username(""), url.set_password(None));
            url.to_string()
        }
        _ => value.to_owned(),
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
                ("LC_ALL", "C"),
                ("OCTOPOES_API", "http://octopoes:8001/"),
                ("PATH", "/bin"),
                ("PYTHONHASHSEED", "0"),
                ("TIMEOUT", "60"),
                ("https_proxy", "http://proxy:3128"),
            ]
        );
    }
}
