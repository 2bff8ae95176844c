//! Pictures and texts of plugins.

use std::fs;

use katalogus::{Catalogue, Cover, DiscoverySettings, Generation, Plugins, Python};

use crate::folder::{Folder, recorded};

fn catalogue(folder: &Folder, generation: Generation) -> std::sync::Arc<Catalogue> {
    let mut settings = DiscoverySettings::new(folder.path(), generation);
    settings.python = Python::None;
    Plugins::start(settings).unwrap().current()
}

fn bytes(cover: Option<Cover>) -> Vec<u8> {
    cover.expect("a cover").bytes
}

#[test]
fn covers_are_those_of_boefjes_or_that_for_all() {
    let own = fs::read(recorded("plugins/alpha/cover.jpg")).unwrap();
    let default = fs::read(recorded("plugins/default_cover.jpg")).unwrap();
    for generation in [Generation::V1_15, Generation::V1_20] {
        let folder = Folder::copy("plugins20");
        let catalogue = catalogue(&folder, generation);
        let cover = catalogue.cover("alpha").unwrap();
        assert_eq!(cover.bytes, own);
        assert!(cover.etag.starts_with('"') && cover.etag.ends_with('"') && cover.etag.len() > 2);
        let modified = fs::metadata(folder.path().join("alpha/cover.jpg")).unwrap().modified();
        assert_eq!(cover.modified, modified.unwrap());
        for id in ["beta", "unknown", "alpha_normalize"] {
            assert_eq!(bytes(catalogue.cover(id)), default, "{id}");
        }
        assert_ne!(catalogue.cover("beta").unwrap().etag, cover.etag);
        folder.write("alpha/normalizer_cover.jpg", "of a normalizer");
        let is_shown = bytes(catalogue.cover("alpha_normalize")) == b"of a normalizer";
        assert_eq!(is_shown, generation == Generation::V1_20);
        fs::remove_file(folder.path().join("default_cover.jpg")).unwrap();
        assert_eq!(catalogue.cover("unknown"), None);
    }
}

#[test]
fn a_description_is_a_boefjes_file_or_what_its_manifest_says() {
    let folder = Folder::copy("plugins");
    let catalogue = catalogue(&folder, Generation::V1_15);
    let file = fs::read(recorded("plugins/alpha/description.md")).unwrap();
    assert_eq!(catalogue.description("alpha"), file);
    assert_eq!(catalogue.description("beta"), b"needs a key");
    assert_eq!(catalogue.description("alpha_normalize"), b"");
    assert_eq!(catalogue.description("unknown"), b"");
    // What is too long is no description.
    folder.write("alpha/description.md", &"x".repeat((1 << 20) + 1));
    assert_eq!(catalogue.description("alpha"), b"First fixture");
}
