//! The files beside a manifest that are shown to people, read when they are asked for. To be called
//! where a disk may be waited for.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use ostler_runtime::files::{open_regular, read_regular};
use sha2::{Digest, Sha256};

use crate::{Catalogue, Generation, Kind, Listed};

/// Bytes of a cover, at most.
pub const MAX_COVER_BYTES: u64 = 8 << 20;
/// Bytes of a description, at most.
pub const MAX_DESCRIPTION_BYTES: u64 = 1 << 20;

/// The cover of all plugins that have none.
const DEFAULT_COVER: &str = "default_cover.jpg";

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// Its bytes, JPEG.
    pub bytes: Vec<u8>,
    /// What tells it from another one, with its quotation marks.
    pub etag: String,
    /// When it was changed last.
    pub modified: SystemTime,
}

impl Catalogue {
    /// The cover of the plugin called `id`, or the one for all that have none or are not known;
    /// `None` if that is not there either.
    pub fn cover(&self, id: &str) -> Option<Cover> {
        let own = self.plugin(id).and_then(|listed| self.cover_file(listed));
        let own = own.filter(|path| path.exists());
        let path = own.unwrap_or_else(|| self.root.join(DEFAULT_COVER));
        read_cover(&path).map_err(|error| log::warn!("{}: {error}", path.display())).ok()
    }

    /// The description of the plugin called `id`: the file of a boefje, else what the manifest says,
    /// else nothing.
    pub fn description(&self, id: &str) -> Vec<u8> {
        let Some(listed) = self.plugin(id) else { return Vec::new() };
        let plugin = listed.plugin();
        let file = match (&plugin.kind, &plugin.directory) {
            (Kind::Boefje(_), Some(directory)) => Some(directory.join("description.md")),
            _ => None,
        };
        if let Some(path) = file.filter(|path| path.exists()) {
            match read_regular(&path, MAX_DESCRIPTION_BYTES + 1) {
                Ok(text) if is_within(text.len(), MAX_DESCRIPTION_BYTES) => return text,
                Ok(_) => log::warn!("{}: {}", path.display(), too_long(MAX_DESCRIPTION_BYTES)),
                Err(error) => log::warn!("{}: {error}", path.display()),
            }
        }
        plugin.description.clone().unwrap_or_default().into_bytes()
    }

    /// Where the own cover of a plugin would be. Generation 1.15 knows none of normalizers.
    fn cover_file(&self, listed: &Listed) -> Option<PathBuf> {
        let name = match listed.plugin().kind {
            Kind::Boefje(_) => "cover.jpg",
            Kind::Normalizer if self.generation == Generation::V1_15 => return None,
            Kind::Normalizer => "normalizer_cover.jpg",
        };
        Some(listed.plugin().directory.as_ref()?.join(name))
    }
}

fn read_cover(path: &Path) -> io::Result<Cover> {
    let mut file = open_regular(path)?;
    let modified = file.metadata()?.modified().unwrap_or(UNIX_EPOCH);
    let mut bytes = Vec::new();
    file.by_ref().take(MAX_COVER_BYTES + 1).read_to_end(&mut bytes)?;
    if !is_within(bytes.len(), MAX_COVER_BYTES) {
        return Err(io::Error::other(too_long(MAX_COVER_BYTES)));
    }
    // By what it shows: the same picture stays the same when it is installed anew.
    let etag = format!("\"{:.32}\"", format!("{:x}", Sha256::digest(&bytes)));
    Ok(Cover { bytes, etag, modified })
}

fn is_within(bytes: usize, limit: u64) -> bool {
    u64::try_from(bytes).is_ok_and(|bytes| bytes <= limit)
}

fn too_long(limit: u64) -> String {
    format!("longer than {limit} bytes")
}
