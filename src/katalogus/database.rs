//! Which database: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST:PORT/NAME`.
//!
//! As SQLAlchemy has it, the three slashes belong to the scheme: `sqlite:///katalogus.db` is in the
//! working directory and `sqlite:////var/lib/katalogus/katalogus.db` is an absolute path. The
//! schemes `postgres:` and, as SQLAlchemy names drivers, `postgresql+psycopg2:` are the same as
//! `postgresql:`; the rest is read by libpq. Nothing here shows a password.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

/// A database.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A server, by a URI that libpq understands. It may hold a password.
    Postgres(String),
}

/// Why a URI names no database.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum DatabaseError {
    /// Another scheme, or none.
    #[error("it begins with neither sqlite:/// nor postgresql://")]
    Scheme,
    /// `sqlite:` without file, or with a host.
    #[error("sqlite:/// is followed by the path of a file; with four slashes it is absolute")]
    NoFile,
    /// `sqlite:` with parameters.
    #[error("sqlite:/// takes no parameters after a question mark")]
    Parameters,
    /// A user or password with characters that end it.
    #[error("a user or password with one of the characters /?#[]@: must be percent-encoded")]
    Unencoded,
    /// A `%` that encodes nothing.
    #[error("a % in it must be followed by two hexadecimal digits, and not by 00")]
    Percent,
    /// A host or port that libpq cannot read.
    #[error("a host must be a name, or an IPv6 address in brackets, and a port a number")]
    Host,
    /// Parameters that libpq cannot read.
    #[error("what stands after the question mark must be NAME=VALUE, with & between two of them")]
    Pairs,
    /// PostgreSQL, in a build without it.
    #[error("this program was built without PostgreSQL")]
    NoPostgres,
}

impl FromStr for Database {
    type Err = DatabaseError;

    fn from_str(uri: &str) -> Result<Self, DatabaseError> {
        let (scheme, rest) = uri.split_once(':').ok_or(DatabaseError::Scheme)?;
        let kind = scheme.split_once('+').map_or(scheme, |(kind, _driver)| kind);
        if kind.eq_ignore_ascii_case("sqlite") {
            let file = rest.strip_prefix("///").ok_or(DatabaseError::NoFile)?;
            return match file {
                "" | ":memory:" => Err(DatabaseError::NoFile),
                file if file.contains(['?', '\0']) => Err(DatabaseError::Parameters),
                file => Ok(Self::Sqlite(file.into())),
            };
        }
        if !["postgresql", "postgres"].iter().any(|name| kind.eq_ignore_ascii_case(name)) {
            return Err(DatabaseError::Scheme);
        }
        let rest = rest.strip_prefix("//").ok_or(DatabaseError::Scheme)?;
        // Otherwise libpq would take a part of the password for the host, and name it in an error.
        if rest.matches('@').count() > 1 || rest.contains(['#', '\0']) {
            return Err(DatabaseError::Unencoded);
        }
        if let Some((user, _)) = rest.split_once('@') {
            if user.contains(['/', '?', '[', ']']) || user.matches(':').count() > 1 {
                return Err(DatabaseError::Unencoded);
            }
        }
        readable(rest)?;
        if cfg!(feature = "postgres") {
            Ok(Self::Postgres(format!("postgresql://{rest}")))
        } else {
            Err(DatabaseError::NoPostgres)
        }
    }
}

/// Whether libpq can read what follows the scheme. What it cannot it would show in its errors, with
/// whatever of a password is in there.
fn readable(rest: &str) -> Result<(), DatabaseError> {
    for encoded in rest.split('%').skip(1) {
        let digits = encoded.as_bytes().get(..2).unwrap_or_default();
        if digits.len() < 2 || !digits.iter().all(u8::is_ascii_hexdigit) || digits == b"00" {
            return Err(DatabaseError::Percent);
        }
    }
    let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let place = place.split_once('@').map_or(place, |(_, place)| place);
    let hosts = place.split_once('/').map_or(place, |(hosts, _)| hosts);
    if !hosts.split(',').all(is_host) {
        return Err(DatabaseError::Host);
    }
    let is_pair = |pair: &str| {
        pair.split_once('=').is_some_and(|(name, value)| !name.is_empty() && !value.contains('='))
    };
    if !parameters.is_empty() && !parameters.split('&').all(is_pair) {
        return Err(DatabaseError::Pairs);
    }
    Ok(())
}

/// A host with or without a port, or nothing.
fn is_host(text: &str) -> bool {
    let port = match text.strip_prefix('[') {
        Some(address) => match address.split_once(']') {
            Some((address, port)) if !address.is_empty() => port,
            _ => return false,
        },
        None => text.find(':').map_or("", |colon| text.split_at(colon).1),
    };
    let is_port = |port: &str| port.is_empty() || port.parse::<u16>().is_ok_and(|port| port > 0);
    port.is_empty() || port.strip_prefix(':').is_some_and(is_port)
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:///{}", path.display()),
            // Parameters may hold a password too.
            Self::Postgres(uri) => {
                let uri = uri.split_once('?').map_or(uri.as_str(), |(uri, _)| uri);
                let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
                match rest.split_once('@') {
                    None => write!(f, "postgresql://{rest}"),
                    Some((user, host)) => match user.split_once(':') {
                        None => write!(f, "postgresql://{user}@{host}"),
                        Some((user, _)) => write!(f, "postgresql://{user}:***@{host}"),
                    },
                }
            }
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_sqlalchemy_names_them() {
        let file = |uri: &str| uri.parse::<Database>();
        assert_eq!(file("sqlite:///rel.db"), Ok(Database::Sqlite("rel.db".into())));
        assert_eq!(file("sqlite:////var/abs.db"), Ok(Database::Sqlite("/var/abs.db".into())));
        assert_eq!(file("SQLite:///a/b c%.db"), Ok(Database::Sqlite("a/b c%.db".into())));
        for uri in ["sqlite://", "sqlite:///", "sqlite://host/file", "sqlite:///:memory:"] {
            assert_eq!(file(uri), Err(DatabaseError::NoFile), "{uri}");
        }
        assert_eq!(file("sqlite:///a?mode=ro"), Err(DatabaseError::Parameters));
        for uri in ["", "a.db", "mysql://host/db", "postgresql:host", "/var/a.db"] {
            assert_eq!(file(uri), Err(DatabaseError::Scheme), "{uri}");
        }
        assert_eq!(file("sqlite:////var/abs.db").unwrap().to_string(), "sqlite:////var/abs.db");
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn servers_are_named_as_libpq_names_them_and_passwords_are_never_shown() {
        for (uri, shown) in [
            ("postgresql://u:secret@h:5432/db", "postgresql://u:***@h:5432/db"),
            ("postgres://u:se%40cret@h/db?password=secret", "postgresql://u:***@h/db"),
            ("postgresql+psycopg2://u@h/db", "postgresql://u@h/db"),
            ("postgresql:///db?host=/run/postgresql", "postgresql:///db"),
        ] {
            let database: Database = uri.parse().unwrap();
            assert_eq!(database.to_string(), shown);
            assert_eq!(format!("{database:?}"), shown);
        }
        for uri in ["postgresql://u:a@b@h/db", "postgresql://u:a/b@h/db", "postgresql://u:a:b@h/db"]
        {
            assert_eq!(uri.parse::<Database>(), Err(DatabaseError::Unencoded), "{uri}");
        }
    }

    #[test]
    fn what_libpq_cannot_read_is_refused_without_a_word_of_it() {
        for (rest, error) in [
            ("u:secret%zz@h/db", DatabaseError::Percent),
            ("u:secret%4@h/db", DatabaseError::Percent),
            ("u:secret%", DatabaseError::Percent),
            ("u:secret%é@h/db", DatabaseError::Percent),
            ("u:secret%00@h/db", DatabaseError::Percent),
            ("u:secret@[::1/db", DatabaseError::Host),
            ("u:secret@[]/db", DatabaseError::Host),
            ("u:secret@[::1]x/db", DatabaseError::Host),
            ("u:secret@::1/db", DatabaseError::Host),
            ("u:secret", DatabaseError::Host),
            ("u:secret@h:0/db", DatabaseError::Host),
            ("h/db?secret", DatabaseError::Pairs),
            ("h/db?password=a=secret", DatabaseError::Pairs),
            ("h/db?password=a&secret", DatabaseError::Pairs),
        ] {
            assert_eq!(format!("postgresql://{rest}").parse::<Database>(), Err(error), "{rest}");
            assert!(!error.to_string().contains("secret"));
        }
        for rest in ["", "/db", "h:/db", "[::1]:5432/db", "a:1,b:2/db?sslmode=require", "u%3A@h/?"]
        {
            assert_eq!(readable(rest), Ok(()), "{rest}");
        }
    }

    #[cfg(not(feature = "postgres"))]
    #[test]
    fn a_build_without_postgresql_says_so() {
        let uri = "postgresql://u:secret@h/db";
        assert_eq!(uri.parse::<Database>(), Err(DatabaseError::NoPostgres));
    }
}
