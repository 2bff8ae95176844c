//! What an operator is told when TLS is not established with a peer: which setting to look at.

use std::time::Duration;

use ostler_net::Closed;
use ostler_net::tls::TlsFault;
use ostler_runtime::Seldom;

use crate::NetworkInfo;

/// The shortest time between two log lines about peers that come, which anybody can provoke.
static SELDOM: Seldom = Seldom::new(Duration::from_secs(60));

/// Says in the log what is wrong with the TLS of a peer that has come.
pub(crate) fn warn_of(peer: &NetworkInfo, why: &Closed) {
    let Some(advice) = advice(why) else { return };
    if let Some(more) = SELDOM.allow() {
        log::warn!("peer {peer}: {why}; {advice} ({more} more before)");
    }
}

/// Which setting to look at, where that is what `why` is about.
pub(crate) fn advice(why: &Closed) -> Option<&'static str> {
    let Closed::Tls(fault) = why else { return None };
    match fault {
        TlsFault::Plain(_) => Some("set broker.disable-ssl here, or broker.ssl there"),
        TlsFault::Unexpected => Some("set broker.disable-ssl there, or broker.ssl here"),
        TlsFault::NothingInCommon(_) => Some(
            "where broker.ssl names no certificates, Zeek's Broker speaks only TLS that \
             authenticates nobody; set broker.disable-ssl on both sides, or broker.ssl there",
        ),
        TlsFault::Certificate(_) => {
            Some("broker.ssl.cafile or broker.ssl.capath here must hold its authority")
        }
        TlsFault::OldCertificate(_) => Some(
            "it must be of X.509 version 3, as openssl makes it with extensions, such as \
             basicConstraints = CA:FALSE",
        ),
        TlsFault::AuthoritysCertificate(_) => Some(
            "it is an authority's own (CA:TRUE): let the authority sign another one for the node, \
             with basicConstraints = CA:FALSE",
        ),
        TlsFault::Refused(_) => Some(
            "broker.ssl.cafile or broker.ssl.capath there must hold the authority of this one, \
             which must be of X.509 version 3 and not the authority's own",
        ),
        _ => None,
    }
}
