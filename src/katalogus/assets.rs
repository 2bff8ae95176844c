//! The files beside a manifest that are shown to people, read when they are asked for. To be called
//! where a disk may be waited for.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use crate::beneath::{open_regular, read_all};
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
        let own = self.plugin(id).and_then(|listed| self.cover_place(listed));
        let own = own.and_then(|(directory, name)| self.shown(directory, name, read_cover));
        own.or_else(|| self.shown(&self.root, DEFAULT_COVER, read_cover))
    }

    /// The description of the plugin called `id`: the file of a boefje, else what the manifest says,
    /// else nothing.
    pub fn description(&self, id: &str) -> Vec<u8> {
        let Some(listed) = self.plugin(id) else { return Vec::new() };
        let plugin = listed.plugin();
        let file = match (&plugin.kind, &plugin.directory) {
            (Kind::Boefje(_), Some(directory)) => {
                let read = |mut file| read_all(&mut file, MAX_DESCRIPTION_BYTES);
                self.shown(directory, "description.md", read)
            }
            _ => None,
        };
        file.unwrap_or_else(|| plugin.description.clone().unwrap_or_default().into_bytes())
    }

    /// Where the own cover of a plugin would be. Generation 1.15 knows none of normalizers.
    fn cover_place<'p>(&self, listed: &'p Listed) -> Option<(&'p Path, &'static str)> {
        let name = match listed.plugin().kind {
            Kind::Boefje(_) => "cover.jpg",
            Kind::Normalizer if self.generation == Generation::V1_15 => return None,
            Kind::Normalizer => "normalizer_cover.jpg",
        };
        Some((listed.plugin().directory.as_deref()?, name))
    }

    /// A file beside a manifest, unless it is not there or not to be shown, which the log is told.
    fn shown<T>(
        &self,
        directory: &Path,
        name: &str,
        read: impl Fn(File) -> io::Result<T>,
    ) -> Option<T> {
        match open_regular(&self.root, directory, name).and_then(read) {
            Ok(shown) => Some(shown),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                log::warn!("{}: {error}", directory.join(name).display());
                None
            }
        }
    }
}

fn read_cover(mut file: File) -> io::Result<Cover> {
    let modified = file.metadata()?.modified().unwrap_or(UNIX_EPOCH);
    let bytes = read_all(&mut file, MAX_COVER_BYTES)?;
    // By what it shows: the same picture stays the same when it is installed anew.
    let etag = format!("\"{:.32}\"", format!("{:x}", Sha256::digest(&bytes)));
    Ok(Cover { bytes, etag, modified })
}
