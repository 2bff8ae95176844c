//! A private key in a PEM file, encrypted or not.

use std::path::Path;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use crate::tls::{TlsError, damaged};

/// What marks a key as encrypted in PKCS#8.
const ENCRYPTED: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
/// And in the form before it.
const OLD_ENCRYPTED: &[u8] = b"Proc-Type: 4,ENCRYPTED";

/// The key in `pem`, which was read from `path`.
pub(crate) fn private_key(
    path: &Path,
    pem: &[u8],
    passphrase: Option<&str>,
) -> Result<PrivateKeyDer<'static>, TlsError> {
    // Said first: to the PEM reader one kind is a section that it does not know, the other damage.
    let holds = |mark: &[u8]| pem.windows(mark.len()).any(|window| window == mark);
    let old = holds(OLD_ENCRYPTED);
    if old || holds(ENCRYPTED) {
        return match passphrase {
            None => Err(TlsError::EncryptedKey(path.to_owned())),
            Some(passphrase) => decrypted(path, pem, passphrase, old),
        };
    }
    match PrivateKeyDer::pem_slice_iter(pem).next() {
        Some(Ok(key)) => Ok(key),
        None => Err(TlsError::NoKey(path.to_owned())),
        Some(Err(error)) => Err(damaged(path, &error)),
    }
}

#[cfg(not(feature = "encrypted-keys"))]
fn decrypted(path: &Path, _: &[u8], _: &str, _: bool) -> Result<PrivateKeyDer<'static>, TlsError> {
    Err(TlsError::EncryptedKey(path.to_owned()))
}

#[cfg(feature = "encrypted-keys")]
fn decrypted(
    path: &Path,
    pem: &[u8],
    passphrase: &str,
    old: bool,
) -> Result<PrivateKeyDer<'static>, TlsError> {
    use pkcs8::{EncryptedPrivateKeyInfo, SecretDocument};
    use rustls::pki_types::PrivatePkcs8KeyDer;

    let unusable = |what: &str| TlsError::Key { path: path.to_owned(), what: what.to_owned() };
    if old {
        return crate::tls_old_key::decrypted(pem, passphrase).map_err(unusable);
    }
    let text = section(pem).ok_or_else(|| unusable("its section does not end"))?;
    let (_, sealed) =
        SecretDocument::from_pem(text).map_err(|_| unusable("its section is damaged"))?;
    let info = EncryptedPrivateKeyInfo::try_from(sealed.as_bytes())
        .map_err(|_| unusable("it is encrypted in a way that is not known"))?;
    let key = info
        .decrypt(passphrase)
        .map_err(|_| unusable("the passphrase is wrong, or the cipher is not known"))?;
    Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into())
}

/// The section of the encrypted key, without what stands around it.
#[cfg(feature = "encrypted-keys")]
fn section(pem: &[u8]) -> Option<&str> {
    const END: &str = "-----END ENCRYPTED PRIVATE KEY-----";
    let start = pem.windows(ENCRYPTED.len()).position(|window| window == ENCRYPTED)?;
    let rest = pem.get(start..)?;
    let end = rest.windows(END.len()).position(|window| window == END.as_bytes())?;
    std::str::from_utf8(rest.get(..end.checked_add(END.len())?)?).ok()
}
