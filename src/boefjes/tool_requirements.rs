//! `install-requirements`: gives plugins the Python packages that they ask for.

use std::collections::BTreeSet;
use std::path::Path;

use katalogus::Catalogue;

use crate::requirements::{Installed, Requirements};

/// Installs what the plugins of these ids ask for, or what all ask for. An error says for which that
/// came to nothing.
pub(crate) fn install_requirements(
    catalogue: &Catalogue,
    ids: &[String],
    requirements: &Requirements,
) -> Result<(), String> {
    let mut folders: BTreeSet<&Path> = BTreeSet::new();
    if ids.is_empty() {
        let all = catalogue.local().iter().map(|listed| listed.plugin());
        folders.extend(all.filter_map(|plugin| plugin.directory.as_deref()));
    }
    for id in ids {
        let listed = catalogue.plugin(id).ok_or_else(|| format!("there is no plugin {id:.100}"))?;
        folders.extend(listed.plugin().directory.as_deref());
    }
    let mut failures = Vec::new();
    for folder in folders {
        let shown = folder.display();
        match requirements.install(folder) {
            Ok(Installed::Now) => println!("{shown}: installed"),
            Ok(Installed::Before) => println!("{shown}: installed already"),
            Ok(Installed::None) if ids.is_empty() => {}
            Ok(Installed::None) => println!("{shown}: asks for no packages"),
            Err(why) => failures.push(why),
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}
