//! Where a service is.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ostler_http::percent::decode_bytes;
use url::Url;
use zeroize::Zeroizing;

/// The URL under which the paths of a service begin. It is shown without the name and password
/// that it may hold.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// Without a slash at its end.
    shown: String,
    /// What it says of who asks, as a header has it.
    authorization: Option<Zeroizing<String>>,
}

/// Why a text is no such URL. The words do not repeat it, since it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// It is none at all.
    #[error("it is no URL: {0}")]
    NoUrl(#[from] url::ParseError),
    /// It is of another scheme.
    #[error("its scheme is neither http nor https")]
    Scheme,
    /// It has a query or a fragment.
    #[error("it has a query or a fragment")]
    Rest,
}

impl BaseUrl {
    /// Reads it.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let mut url = Url::parse(text)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BaseUrlError::Scheme);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::Rest);
        }
        let authorization = (!url.username().is_empty() || url.password().is_some()).then(|| {
            let password = url.password().unwrap_or_default();
            let both = Zeroizing::new(
                [decode_bytes(url.username()), decode_bytes(password)].join(&b":"[..]),
            );
            Zeroizing::new(format!("Basic {}", STANDARD.encode(&*both)))
        });
        // They fail where there is no host, which these schemes have.
        let (_, _) = (url.set_username(""), url.set_password(None));
        Ok(Self { shown: url.as_str().trim_end_matches('/').to_owned(), authorization })
    }

    /// With a path behind it.
    pub(crate) fn with(&self, target: &str) -> String {
        format!("{}{target}", self.shown)
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.shown.starts_with("https:")
    }

    /// The value of the header `Authorization`, if it asks for one.
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.authorization.as_ref().map(|header| header.as_str())
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({:?})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let url = BaseUrl::parse("https://us%40er:pa%3Ass@host:8443/api/").unwrap();
        assert_eq!(url.to_string(), "https://host:8443/api");
        assert_eq!(format!("{url:?}"), "BaseUrl(\"https://host:8443/api\")");
        assert_eq!(url.with("/queues"), "https://host:8443/api/queues");
        assert_eq!(url.authorization(), Some("Basic dXNAZXI6cGE6c3M="));
        assert!(url.is_secure());
        let plain = BaseUrl::parse("http://[::1]:8004").unwrap();
        assert_eq!((plain.with("/a"), plain.authorization()), ("http://[::1]:8004/a".into(), None));
    }

    #[test]
    fn what_is_no_url_is_refused_without_its_words() {
        for (text, words) in [
            ("user:secret@host", "its scheme is neither http nor https"),
            ("http://", "it is no URL: empty host"),
            ("host", "it is no URL: relative URL without a base"),
            ("ftp://host", "its scheme is neither http nor https"),
            ("http://host/?a=b", "it has a query or a fragment"),
        ] {
            assert_eq!(BaseUrl::parse(text).unwrap_err().to_string(), words, "{text}");
        }
    }
}
