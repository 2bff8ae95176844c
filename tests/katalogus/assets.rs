//! Pictures and texts of plugins.

use std::fs;
use std::os::unix::fs::symlink;

use katalogus::{Catalogue, Cover, DiscoverySettings, Generation, Plugins, Python, Schema};

use crate::folder::{Folder, MODULE, recorded};
use crate::instance::Instance;

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

#[test]
fn a_description_has_no_media_type() {
    for generation in [Generation::V1_15, Generation::V1_20] {
        let instance = Instance::new(generation);
        let path = "/v1/organisations/acme/plugins/alpha/description.md";
        let heard = instance.ask("GET", path, "");
        assert!(heard.status == 200 && !heard.body.is_empty());
        let mut names = heard.headers.iter().map(|(name, _)| name);
        assert!(!names.any(|name| name.eq_ignore_ascii_case("content-type")));
    }
}

#[test]
fn a_schema_is_no_file_from_elsewhere() {
    let folder = Folder::new();
    folder.boefje("a", MODULE);
    folder.write("../secret", r#"{"title": "secret"}"#);
    symlink("../../secret", folder.path().join("a/schema.json")).unwrap();
    let catalogue = catalogue(&folder, Generation::V1_15);
    let Schema::Invalid(why) = catalogue.boefje("a").unwrap().schema() else { panic!("a schema") };
    assert!(why.ends_with("a/schema.json: it leads out of the plugin folder"), "{why}");
}

#[test]
fn links_show_nothing_that_lies_outside_of_the_plugins() {
    let folder = Folder::copy("plugins");
    let secret = folder.path().join("../secret");
    fs::write(&secret, "secret").unwrap();
    let (cover, text) = ("alpha/cover.jpg", "alpha/description.md");
    let link = |to: &std::path::Path, name: &str| {
        let name = folder.path().join(name);
        let _ = fs::remove_file(&name);
        symlink(to, name).unwrap();
    };
    let catalogue = catalogue(&folder, Generation::V1_15);
    let default = fs::read(recorded("plugins/default_cover.jpg")).unwrap();
    for outside in [&*secret, "../../secret".as_ref(), "/proc/self/environ".as_ref()] {
        link(outside, cover);
        link(outside, text);
        assert_eq!(bytes(catalogue.cover("alpha")), default, "{}", outside.display());
        assert_eq!(catalogue.description("alpha"), b"First fixture", "{}", outside.display());
    }
    // Those within are as good as files.
    folder.write("shared", "shared");
    for name in [cover, text] {
        link("../shared".as_ref(), name);
    }
    assert_eq!(bytes(catalogue.cover("alpha")), b"shared");
    assert_eq!(catalogue.description("alpha"), b"shared");
}

#[test]
fn a_package_that_is_linked_shows_its_own_files() {
    let (folder, elsewhere) = (Folder::new(), Folder::copy("plugins"));
    symlink(elsewhere.path().join("alpha"), folder.path().join("alpha")).unwrap();
    let catalogue = catalogue(&folder, Generation::V1_15);
    let own = fs::read(recorded("plugins/alpha/cover.jpg")).unwrap();
    assert_eq!(bytes(catalogue.cover("alpha")), own);
    fs::remove_file(elsewhere.path().join("alpha/description.md")).unwrap();
    fs::write(elsewhere.path().join("secret"), "secret").unwrap();
    symlink("../secret", elsewhere.path().join("alpha/description.md")).unwrap();
    assert_eq!(catalogue.description("alpha"), b"First fixture");
}
