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
        if cfg!(feature = "postgres") {
            Ok(Self::Postgres(format!("postgresql://{rest}")))
        } else {
            Err(DatabaseError::NoPostgres)
        }
    }
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

    #[cfg(not(feature = "postgres"))]
    #[test]
    fn a_build_without_postgresql_says_so() {
        let uri = "postgresql://u:secret@h/db";
        assert_eq!(uri.parse::<Database>(), Err(DatabaseError::NoPostgres));
    }
}
