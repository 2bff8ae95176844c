//! One look at the whole plugin folder: which plugins are in it, and why others are not.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use ostler_runtime::Wake;
use ostler_runtime::files::read_regular;

use crate::beneath::{open_regular, read_all};
use crate::imports::{Interpreter, Lasting, Module, Verdict};
use crate::manifest::{Definition, MAX_MANIFEST_BYTES, parse_json};
use crate::runnable_hash::runnable_hash;
use crate::tree::{Package, Walk};
use crate::{
    Catalogue, DiscoverySettings, Generation, Json, Kind, Listed, Plugin, Python, Schema,
    static_check,
};

/// The file with the schema of a boefje's settings.
const SCHEMA: &str = "schema.json";

/// Looks at the folder, and remembers what it need not find out again.
#[derive(Debug)]
pub(crate) struct Scanner {
    settings: DiscoverySettings,
    /// What is thought of modules, by their names and the hash of their packages.
    judged: HashMap<(String, String), Verdict>,
    /// Whether modules are left about which more may be found out.
    is_open: bool,
    /// What the last look had to complain about.
    told: HashSet<String>,
}

/// What a look found.
#[derive(Debug)]
pub(crate) struct Scan {
    /// The plugins.
    pub(crate) catalogue: Catalogue,
    /// What is the same as long as nothing in the folder has changed that counts.
    pub(crate) digest: [u8; 32],
    /// How many definitions were skipped.
    pub(crate) skipped: usize,
    /// Whether another look may find something else although nothing has changed.
    pub(crate) is_open: bool,
}

/// A definition that can be read.
struct Candidate {
    definition: Definition,
    package: String,
    hash: Option<String>,
    plugin: Plugin,
    has_module: bool,
}

/// Complaints of one look; those about definitions that are skipped are counted.
#[derive(Default)]
struct Complaints {
    all: Vec<String>,
    skipped: usize,
}

impl Complaints {
    fn skip(&mut self, why: &str) {
        self.skipped += 1;
        self.all.push(format!("{why}; it is skipped"));
    }
}

impl Scanner {
    /// Nothing has been looked at yet.
    pub(crate) fn new(settings: DiscoverySettings) -> Self {
        Self { settings, judged: HashMap::new(), is_open: false, told: HashSet::new() }
    }

    /// Forgets what it has found out.
    pub(crate) fn forget(&mut self) {
        self.judged.clear();
        self.told.clear();
    }

    /// What is the same as long as nothing in the folder has changed that counts.
    pub(crate) fn digest(&self) -> io::Result<[u8; 32]> {
        Ok(Walk::new(&mut |_| {}).read(&self.settings.root)?.0.digest())
    }

    /// Looks at the folder, and tells `entering` of each folder before it is listed. What is wrong
    /// with plugins is told to the log when it is new. `again`: what was lost is tried again.
    pub(crate) fn scan(
        &mut self,
        again: bool,
        entering: &mut dyn FnMut(&Path),
        stop: &Wake,
    ) -> io::Result<Scan> {
        let (tree, all) = Walk::new(entering).read(&self.settings.root)?;
        let mut complaints = Complaints { all, skipped: 0 };
        let mut candidates = Vec::new();
        for package in tree.packages() {
            self.read(&package, &mut candidates, &mut complaints);
        }
        let judged = self.judge(&candidates, again, stop, &mut complaints);
        let (mut boefjes, mut normalizers) = (Unique::default(), Unique::default());
        for (candidate, verdict) in candidates.into_iter().zip(judged) {
            if let Some(wrong) = verdict {
                complaints.skip(&format!("{}: {wrong}", candidate.module_file().display()));
                continue;
            }
            let unique = match candidate.definition {
                Definition::Boefje => &mut boefjes,
                Definition::Normalizer => &mut normalizers,
            };
            match self.listed(candidate.plugin) {
                Ok(listed) => unique.add(listed, &mut complaints),
                Err(why) => complaints.skip(&why),
            }
        }
        self.tell(complaints.all);
        Ok(Scan {
            catalogue: Catalogue::new(
                &self.settings.root,
                self.settings.generation,
                boefjes.0,
                normalizers.0,
            ),
            digest: tree.digest(),
            skipped: complaints.skipped,
            is_open: self.is_open,
        })
    }

    /// Reads the definitions that a package holds.
    fn read(
        &self,
        package: &Package<'_>,
        candidates: &mut Vec<Candidate>,
        complaints: &mut Complaints,
    ) {
        let (folder, generation) = (package.folder, self.settings.generation);
        let in_python = folder.holds(Definition::IN_PYTHON);
        if in_python && !folder.holds(Definition::Boefje.file()) {
            let path = folder.path.join(Definition::IN_PYTHON);
            complaints.skip(&format!("{}: a boefje that is defined in Python", path.display()));
        }
        let held = Definition::ALL.map(|definition| definition.is_in(package, generation));
        if held == [None, None] {
            return;
        }
        let hash = runnable_hash(folder)
            .map_err(|error| complaints.all.push(format!("no runnable_hash: {error}")))
            .ok();
        for (definition, held) in Definition::ALL.into_iter().zip(held) {
            let Some(has_module) = held else { continue };
            match definition.read(&folder.path, hash.as_deref(), generation) {
                Ok(plugin) => candidates.push(Candidate {
                    definition,
                    package: package.name.clone(),
                    hash: hash.clone(),
                    plugin,
                    has_module,
                }),
                Err(why) => complaints.skip(&why),
            }
        }
    }

    /// What is wrong with the module of each candidate, if anything is.
    fn judge(
        &mut self,
        candidates: &[Candidate],
        again: bool,
        stop: &Wake,
        complaints: &mut Complaints,
    ) -> Vec<Option<String>> {
        let mut verdicts: Vec<_> =
            candidates.iter().map(|candidate| candidate.known(&self.judged)).collect();
        let is_lost = |verdict: &Verdict| verdict.lasting == Lasting::Lost;
        let places = |wanted: &dyn Fn(&Option<Verdict>) -> bool| {
            let wanted = verdicts.iter().enumerate().filter(|(_, verdict)| wanted(verdict));
            wanted.map(|(place, _)| place).collect::<Vec<_>>()
        };
        let mut open = places(&Option::is_none);
        if again {
            // Last, so that they cost nobody else.
            open.extend(places(&|verdict| verdict.as_ref().is_some_and(is_lost)));
        }
        let modules = open.iter().filter_map(|place| candidates.get(*place));
        let modules: Vec<Module> = modules.map(Candidate::module).collect();
        for (number, judged) in self.import(&modules, stop, complaints) {
            if let Some(verdict) = open.get(number).and_then(|place| verdicts.get_mut(*place)) {
                *verdict = Some(judged);
            }
        }
        let is_settled = |verdict: &Verdict| verdict.lasting == Lasting::Settled;
        self.is_open = self.settings.python != Python::None
            && !verdicts.iter().all(|verdict| verdict.as_ref().is_some_and(is_settled));
        let judged = candidates.iter().zip(&verdicts);
        let judged = judged.filter_map(|(candidate, verdict)| {
            let is_kept = |verdict: &Verdict| verdict.lasting != Lasting::Passing;
            Some((candidate.key()?, verdict.clone().filter(is_kept)?))
        });
        self.judged = judged.collect();
        let judged = candidates.iter().zip(verdicts);
        judged
            .map(|(candidate, verdict)| match verdict {
                Some(verdict) => verdict.wrong,
                None => candidate.static_complaint(),
            })
            .collect()
    }

    /// What an interpreter thinks of modules, by their places.
    fn import(
        &self,
        modules: &[Module],
        stop: &Wake,
        complaints: &mut Complaints,
    ) -> HashMap<usize, Verdict> {
        if modules.is_empty() {
            return HashMap::new();
        }
        // Whoever wants none knows that the modules are looked at and not imported.
        let Python::Program(program) = &self.settings.python else { return HashMap::new() };
        if rustix::process::geteuid().is_root() {
            complaints.all.push("the modules of plugins are imported as root".to_owned());
        }
        // An interpreter goes to another folder.
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let root = absolute(&self.settings.root);
        let path: Vec<PathBuf> = self.settings.python_path.iter().map(absolute).collect();
        let module_time = self.settings.module_time;
        let interpreter = Interpreter { program, root: &root, path: &path, module_time, stop };
        let verdicts = interpreter.import(modules);
        if let Some(why) = verdicts.gave_up {
            let left = modules.len().saturating_sub(verdicts.known.len());
            complaints.all.push(format!("{left} modules are looked at, not imported: {why}"));
        }
        verdicts.known
    }

    /// The plugin as it is listed, with the schema of its settings.
    fn listed(&self, mut plugin: Plugin) -> Result<Listed, String> {
        let generation = self.settings.generation;
        let mut broken = None;
        if let (Kind::Boefje(boefje), Some(directory)) = (&mut plugin.kind, &plugin.directory) {
            if directory.join(SCHEMA).exists() {
                let read = self.schema(directory);
                boefje.schema = read.map_err(|why| broken = Some(why)).ok();
            } else if generation == Generation::V1_15 {
                // It knows no schema in a manifest.
                boefje.schema = None;
            }
        }
        let id = plugin.id.clone();
        let listed = Listed::new(plugin, generation);
        let listed = match broken {
            Some(why) => listed.with_schema(Schema::Invalid(why)),
            None => listed,
        };
        match listed.schema() {
            Schema::Invalid(why) if generation >= Generation::V1_20 => {
                Err(format!("boefje {id}: the schema of its settings: {why}"))
            }
            _ => Ok(listed),
        }
    }

    /// What a schema's file says.
    fn schema(&self, directory: &Path) -> Result<Json, String> {
        let path = directory.join(SCHEMA);
        let read = open_regular(&self.settings.root, directory, SCHEMA)
            .and_then(|mut file| read_all(&mut file, MAX_MANIFEST_BYTES));
        parse_json(&path, &read.map_err(|error| format!("{}: {error}", path.display()))?)
    }

    /// Tells the log what it has not been told after the last look.
    fn tell(&mut self, complaints: Vec<String>) {
        for complaint in complaints.iter().filter(|complaint| !self.told.contains(*complaint)) {
            log::warn!("plugins: {complaint}");
        }
        self.told = complaints.into_iter().collect();
    }
}

impl Candidate {
    /// What need not be found out again.
    fn known(&self, judged: &HashMap<(String, String), Verdict>) -> Option<Verdict> {
        if !self.has_module {
            return Some(Verdict { wrong: None, lasting: Lasting::Settled });
        }
        judged.get(&self.key()?).cloned()
    }

    fn key(&self) -> Option<(String, String)> {
        Some((self.module().name, self.hash.clone()?))
    }

    fn module(&self) -> Module {
        Module {
            name: format!("{}.{}", self.package, self.definition.module()),
            parameters: self.definition.parameters(),
        }
    }

    fn module_file(&self) -> PathBuf {
        let directory = self.plugin.directory.as_deref().unwrap_or(Path::new(""));
        directory.join(format!("{}.py", self.definition.module()))
    }

    /// What is wrong with the module's text.
    fn static_complaint(&self) -> Option<String> {
        match read_regular(&self.module_file(), MAX_MANIFEST_BYTES) {
            Ok(bytes) => {
                let source = String::from_utf8_lossy(&bytes);
                static_check::complaint(&source, self.definition.parameters())
            }
            Err(error) => Some(error.to_string()),
        }
    }
}

/// Plugins of one kind: of two with one id the later one counts, in the place of the first.
#[derive(Default)]
struct Unique(Vec<Listed>);

impl Unique {
    fn add(&mut self, listed: Listed, complaints: &mut Complaints) {
        let id = &listed.plugin().id;
        let Some(first) = self.0.iter_mut().find(|first| first.plugin().id == *id) else {
            self.0.push(listed);
            return;
        };
        let place = |listed: &Listed| {
            listed.plugin().directory.as_ref().map(|path| path.display().to_string())
        };
        let (first_place, place) = (place(first), place(&listed));
        complaints.skip(&format!(
            "{}: it has the id {id} of {}",
            first_place.unwrap_or_default(),
            place.unwrap_or_default()
        ));
        *first = listed;
    }
}
