//! The keys of a configuration that a test makes, by section.

/// Section, key and value of each, in the order in which they were set last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(Vec<(String, String, String)>);

impl Keys {
    /// Sets a key, whatever it was.
    pub(crate) fn set(&mut self, section: &str, key: &str, value: &str) {
        self.remove(section, key);
        self.0.push((section.to_owned(), key.to_owned(), value.to_owned()));
    }

    /// Leaves a key out.
    pub(crate) fn remove(&mut self, section: &str, key: &str) {
        self.0.retain(|(of, known, _)| (of.as_str(), known.as_str()) != (section, key));
    }

    /// The value of a key, if it is set.
    pub(crate) fn value(&self, section: &str, key: &str) -> Option<&str> {
        let mut all = self.0.iter();
        let found = all.find(|(of, known, _)| (of.as_str(), known.as_str()) == (section, key));
        found.map(|(_, _, value)| value.as_str())
    }

    /// The lines of a section, without its head.
    pub(crate) fn lines(&self, section: &str) -> String {
        let own = self.0.iter().filter(|(of, ..)| of == section);
        let lines = own.map(|(_, key, value)| format!("{key} = {value}\n"));
        lines.collect()
    }

    /// The whole file, which begins with `[Global]`.
    pub(crate) fn text(&self) -> String {
        let mut sections: Vec<&str> = self.0.iter().map(|(section, ..)| section.as_str()).collect();
        sections.sort_unstable_by_key(|name| (*name != "Global", *name));
        sections.dedup();
        let text = |name: &&str| format!("[{name}]\n{}", self.lines(name));
        sections.iter().map(text).collect()
    }
}
