//! Why two sides do not come to speak TLS with each other, told apart by what can be done about it.

use std::fmt;

use rustls::{AlertDescription, CertificateError, Error};

/// Why TLS was not established, or broke. Each holds what exactly was found; the other side's name
/// is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFault {
    /// The other side does not speak TLS.
    Plain(String),
    /// The other side speaks TLS, and this one does not.
    Unexpected,
    /// There is no version, cipher or key agreement that both sides are willing to use. Zeek's
    /// Broker without certificates uses ciphers that authenticate nobody, and no others.
    NothingInCommon(String),
    /// The certificate of the other side is not accepted, or it shows none.
    Certificate(String),
    /// The certificate of the other side, or one behind it, is of X.509's version 1 or 2, which says
    /// nothing of what it may be used for.
    OldCertificate(String),
    /// The certificate of the other side is an authority's, which signs and does not serve.
    AuthoritysCertificate(String),
    /// The other side does not accept the certificate of this one, or demands one.
    Refused(String),
    /// Anything else.
    Other(String),
}

impl TlsFault {
    /// What exactly was found.
    pub fn details(&self) -> &str {
        match self {
            Self::Unexpected => "a record of TLS",
            Self::Plain(details)
            | Self::NothingInCommon(details)
            | Self::Certificate(details)
            | Self::OldCertificate(details)
            | Self::AuthoritysCertificate(details)
            | Self::Refused(details)
            | Self::Other(details) => details,
        }
    }
}

impl From<&Error> for TlsFault {
    fn from(error: &Error) -> Self {
        let details = error.to_string();
        match error {
            Error::InvalidMessage(_) => Self::Plain(details),
            Error::PeerIncompatible(_) => Self::NothingInCommon(details),
            Error::InvalidCertificate(CertificateError::Other(other)) => {
                // Only by their words can these be told apart.
                match other.to_string().as_str() {
                    "UnsupportedCertVersion" => Self::OldCertificate(details),
                    "CaUsedAsEndEntity" => Self::AuthoritysCertificate(details),
                    _ => Self::Certificate(details),
                }
            }
            Error::InvalidCertificate(_)
            | Error::NoCertificatesPresented
            | Error::InvalidCertRevocationList(_) => Self::Certificate(details),
            Error::AlertReceived(alert) => match alert {
                AlertDescription::HandshakeFailure
                | AlertDescription::ProtocolVersion
                | AlertDescription::InsufficientSecurity => Self::NothingInCommon(details),
                AlertDescription::BadCertificate
                | AlertDescription::NoCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                | AlertDescription::AccessDenied
                | AlertDescription::CertificateRequired => Self::Refused(details),
                _ => Self::Other(details),
            },
            _ => Self::Other(details),
        }
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = self.details();
        match self {
            Self::Plain(_) => {
                write!(f, "the other side does not speak TLS, and this one does ({details})")
            }
            Self::Unexpected => f.write_str("the other side speaks TLS, and this one does not"),
            Self::NothingInCommon(_) => write!(
                f,
                "the other side speaks no TLS that authenticates it by a certificate, or none from \
                 version 1.2 on ({details})"
            ),
            Self::Certificate(_) | Self::OldCertificate(_) | Self::AuthoritysCertificate(_) => {
                write!(f, "the certificate of the other side is not accepted ({details})")
            }
            Self::Refused(_) => {
                write!(f, "the other side does not accept the certificate of this one ({details})")
            }
            Self::Other(_) => write!(f, "TLS failed ({details})"),
        }
    }
}
