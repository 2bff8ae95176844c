//! The authorities that peers' certificates must come from: one file, or all files of a folder.

use std::fs::read_dir;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;

use crate::tls::{PeerSettings, TlsError, certificates, read};

/// Files that are read of one folder.
const MAX_FILES: usize = 4096;

/// All that `settings` name, at least one.
pub(crate) fn authorities(settings: &PeerSettings) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &settings.cafile {
        add(&mut roots, path)?;
    }
    if let Some(folder) = &settings.capath {
        for path in files(folder)? {
            match add(&mut roots, &path) {
                // Such a folder may hold other things as well.
                Err(TlsError::NoCertificate(_) | TlsError::Empty(_)) => {}
                other => other?,
            }
        }
        if roots.is_empty() {
            return Err(TlsError::NoCertificate(folder.clone()));
        }
    }
    if roots.is_empty() { Err(TlsError::NoAuthority) } else { Ok(roots) }
}

fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), TlsError> {
    let failed = |what: String| TlsError::Authority { path: path.to_owned(), what };
    for certificate in certificates(path, &read(path)?)? {
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    Ok(())
}

/// The files of `folder` in the order of their names. A file may stand there a second time under
/// the name that OpenSSL looks for, as a link; once is enough.
fn files(folder: &Path) -> Result<Vec<PathBuf>, TlsError> {
    let failed = |source| TlsError::Read { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in read_dir(folder).map_err(failed)?.take(MAX_FILES) {
        // What a link points to may be gone, and is none of ours then.
        let path = entry.map_err(failed)?.path().canonicalize();
        found.extend(path.ok().filter(|path| path.is_file()));
    }
    found.sort();
    found.dedup();
    Ok(found)
}
