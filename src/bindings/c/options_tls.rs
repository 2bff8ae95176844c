//! How TLS is spoken.

use std::ffi::c_int;
use std::sync::Arc;

use broker::Tls;
use ostler_net::tls::{Identity, LiveIdentity, PeerSettings};

use crate::bytes::Text;
use crate::fault::{Fault, answered};
use crate::given::given;
use crate::options::Options;

/// `ostler_broker_tls`.
#[repr(C)]
pub(crate) struct Files {
    certificate: Text,
    key: Text,
    passphrase: Text,
    cafile: Text,
    capath: Text,
}

impl Files {
    /// # Safety
    /// Each text as for [`crate::bytes::bytes`].
    unsafe fn settings(&self) -> Result<PeerSettings, Fault> {
        let file = |text: Text, what: &str| {
            // SAFETY: the caller vouches for the texts.
            let path = unsafe { text.path() }?;
            path.ok_or_else(|| Fault::invalid(format!("no file of {what} is named")))
        };
        // SAFETY: the same.
        let passphrase = unsafe { self.passphrase.bytes() }?;
        let passphrase = std::str::from_utf8(passphrase)
            .map_err(|_| Fault::invalid("the passphrase is not UTF-8"))?;
        Ok(PeerSettings {
            certificate: file(self.certificate, "the certificate")?,
            key: file(self.key, "the key")?,
            passphrase: (!passphrase.is_empty()).then(|| passphrase.to_owned()),
            // SAFETY: the same.
            cafile: unsafe { self.cafile.path() }?,
            // SAFETY: the same.
            capath: unsafe { self.capath.path() }?,
        })
    }
}

/// How TLS is spoken with peers.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_options_set_tls(
    options: Option<&mut Options>,
    files: Option<&Files>,
) -> c_int {
    answered(|| {
        let (options, files) = (given(options, "the options")?, given(files, "the files")?);
        // SAFETY: the caller vouches for the texts.
        options.rest.tls = Some(Tls::load(&unsafe { files.settings() }?)?);
        Ok(())
    })
}

/// How TLS is spoken with WebSocket clients, of which no certificate is asked.
#[unsafe(no_mangle)]
unsafe extern "C" fn ostler_broker_options_set_web_socket_tls(
    options: Option<&mut Options>,
    files: Option<&Files>,
) -> c_int {
    answered(|| {
        let (options, files) = (given(options, "the options")?, given(files, "the files")?);
        // SAFETY: the caller vouches for the texts.
        let identity = Identity::for_anybody(&unsafe { files.settings() }?)?;
        options.rest.web_socket_tls = Some(Arc::new(LiveIdentity::new(identity)));
        Ok(())
    })
}
