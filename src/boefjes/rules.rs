//! The versions of OpenKAT, and the rules by which they run jobs differently.
//!
//! One rule is the same for all of them, although those before 1.18 have it for containers only: a task
//! is set to running before its job is run.

use katalogus::Generation;

use crate::task::TaskData;

/// A version of OpenKAT, with all its corrections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 1.15
    #[default]
    V1_15,
    /// 1.16
    V1_16,
    /// 1.17
    V1_17,
    /// 1.18
    V1_18,
    /// 1.19
    V1_19,
    /// 1.20
    V1_20,
}

/// A rule that holds since some version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Normalizers are given their input object; before, their whole job.
    NormalizerInput,
    /// Objects may have fields that the table of types, which is that of 1.15, does not know.
    NewerFields,
    /// What a normalizer says is told with the boefje that it comes from.
    SourceMethod,
    /// That a normalizer says nothing is told too, so that what was said before is forgotten.
    EmptyObservation,
    /// The schema of a boefje's settings tells which of them it finds, and must be kept; before, its
    /// manifest's `environment_keys` tell.
    SchemaEnvironment,
    /// Boefjes are given their job as a dict; before, as an object.
    PlainJob,
    /// Declarations and affirmations may have an end.
    EndValidTime,
    /// What a container complains of is kept only if it did not bring its results.
    SilentContainers,
}

impl Version {
    /// As options and files name them.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("1.15", Self::V1_15),
        ("1.16", Self::V1_16),
        ("1.17", Self::V1_17),
        ("1.18", Self::V1_18),
        ("1.19", Self::V1_19),
        ("1.20", Self::V1_20),
    ];

    /// Whether a rule holds.
    pub(crate) fn has(self, rule: Rule) -> bool {
        self >= rule.since()
    }

    /// The generation whose manifests plugins have.
    pub fn manifests(self) -> Generation {
        if self >= Self::V1_18 { Generation::V1_20 } else { Generation::V1_15 }
    }

    /// The queue of a task: up to 1.18 each organisation has its own.
    pub(crate) fn queue(self, task: &TaskData) -> String {
        let kind = task.kind();
        if self >= Self::V1_19 {
            kind.to_string()
        } else {
            format!("{kind}-{}", task.organization())
        }
    }

    /// The generation as which containers are answered.
    pub fn containers(self) -> Generation {
        if self >= Self::V1_20 { Generation::V1_20 } else { Generation::V1_15 }
    }
}

impl Rule {
    fn since(self) -> Version {
        match self {
            Self::NormalizerInput | Self::NewerFields => Version::V1_16,
            Self::SourceMethod => Version::V1_17,
            Self::EmptyObservation | Self::SchemaEnvironment => Version::V1_18,
            Self::PlainJob | Self::EndValidTime | Self::SilentContainers => Version::V1_20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line a version, a mark a rule.
    #[test]
    fn the_whole_table() {
        let rules = [
            Rule::NormalizerInput,
            Rule::NewerFields,
            Rule::SourceMethod,
            Rule::EmptyObservation,
            Rule::SchemaEnvironment,
            Rule::PlainJob,
            Rule::EndValidTime,
            Rule::SilentContainers,
        ];
        let shown = Version::NAMES.map(|(name, version)| {
            let mark = |rule: &Rule| if version.has(*rule) { 'x' } else { '-' };
            let marks: String = rules.iter().map(mark).collect();
            format!("{name} {marks} {:?} {:?}", version.manifests(), version.containers())
        });
        assert_eq!(
            shown,
            [
                "1.15 -------- V1_15 V1_15",
                "1.16 xx------ V1_15 V1_15",
                "1.17 xxx----- V1_15 V1_15",
                "1.18 xxxxx--- V1_20 V1_15",
                "1.19 xxxxx--- V1_20 V1_15",
                "1.20 xxxxxxxx V1_20 V1_20",
            ]
        );
    }
}
