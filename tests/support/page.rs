//! A manual page as its source in mdoc(7) has it: headings, lists, and what stands behind a macro.
//!
//! Only what the pages of this project use is understood.

use std::collections::BTreeSet;
use std::fs;

use crate::binaries::workspace;

/// The macros that stand before words and are no words themselves.
const MACROS: [&str; 14] =
    ["Ar", "Cm", "Dl", "Dv", "Ev", "Fl", "Li", "No", "Ns", "Op", "Pa", "Pq", "Ql", "Sy"];

/// A page of `man/`.
pub struct Page {
    /// Its file's name.
    pub name: &'static str,
    lines: Vec<String>,
}

/// An item of a list: its head, and the lines below it with the lists within.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What stands behind `.It`, macros included.
    pub head: Vec<String>,
    /// The lines up to the next item.
    pub body: Vec<String>,
}

impl Page {
    /// Reads `man/NAME`.
    ///
    /// # Panics
    /// When it is not there.
    pub fn read(name: &'static str) -> Self {
        let path = workspace().join("man").join(name);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name, lines: text.lines().map(str::to_owned).collect() }
    }

    /// The headings of its sections, in order.
    pub fn sections(&self) -> Vec<String> {
        self.lines.iter().filter_map(|line| heading(line, ".Sh ")).collect()
    }

    /// The lines of the section with this heading, subsections included.
    pub fn section(&self, name: &str) -> &[String] {
        self.below(name, ".Sh ", &[".Sh "])
    }

    /// The lines below a section's heading and before its first subsection.
    pub fn head_of(&self, name: &str) -> &[String] {
        self.below(name, ".Sh ", &[".Sh ", ".Ss "])
    }

    /// The lines of the subsection with this heading.
    pub fn subsection(&self, name: &str) -> &[String] {
        self.below(name, ".Ss ", &[".Sh ", ".Ss "])
    }

    /// The words behind a macro, wherever it stands, up to the next macro.
    pub fn marked(&self, name: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for line in &self.lines {
            let words = line.strip_prefix('.').map(words).unwrap_or_default();
            for (at, _) in words.iter().enumerate().filter(|(_, word)| *word == name) {
                let behind = words.iter().skip(at + 1).take_while(|word| !is_macro(word));
                found.extend(behind.filter(|word| !is_punctuation(word)).cloned());
            }
        }
        found
    }

    /// All its words without macros.
    pub fn words(&self) -> impl Iterator<Item = String> {
        let words = self.lines.iter().flat_map(|line| words(line.trim_start_matches('.')));
        words.filter(|word| !is_macro(word))
    }

    fn below(&self, name: &str, level: &str, ends: &[&str]) -> &[String] {
        let start =
            self.lines.iter().position(|line| heading(line, level).as_deref() == Some(name));
        let start = start.unwrap_or_else(|| panic!("{}: no {name}", self.name)) + 1;
        let rest = self.lines.get(start..).unwrap_or_default();
        let is_end = |line: &String| ends.iter().any(|end| line.starts_with(end));
        rest.get(..rest.iter().position(is_end).unwrap_or(rest.len())).unwrap_or_default()
    }
}

/// The items of the lists in `lines`, but not those of lists within them.
pub fn items(lines: &[String]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut depth = 0;
    for line in lines {
        let before = depth;
        match line.split(' ').next() {
            Some(".Bl") => depth += 1,
            Some(".El") => depth -= 1,
            _ => {}
        }
        let head = line.strip_prefix(".It ").filter(|_| depth == 1);
        if let Some(head) = head {
            items.push(Item { head: words(head), body: Vec::new() });
        } else if let Some(item) = items.last_mut().filter(|_| before > 0 && depth > 0) {
            item.body.push(line.clone());
        }
    }
    items
}

impl Item {
    /// The words of its head that stand behind the macro `name`.
    pub fn marked(&self, name: &str) -> Vec<&str> {
        let mut current = "";
        let mut found = Vec::new();
        for word in &self.head {
            if is_macro(word) {
                current = word;
            } else if current == name && !is_punctuation(word) {
                found.push(word.as_str());
            }
        }
        found
    }

    /// Its head without macros.
    pub fn title(&self) -> String {
        plain(&self.head)
    }

    /// Its text without macros, on one line.
    pub fn text(&self) -> String {
        let lines = self.body.iter().map(|line| plain(&words(line.trim_start_matches('.'))));
        lines.collect::<Vec<_>>().join(" ")
    }

    /// What the item `name` of the list within it says.
    pub fn fact(&self, name: &str) -> Option<String> {
        items(&nested(&self.body)).iter().find(|item| item.title() == name).map(Item::text)
    }
}

/// The lists within an item; the item's own list was begun before it.
fn nested(body: &[String]) -> Vec<String> {
    let start = body.iter().position(|line| line.starts_with(".Bl")).unwrap_or(body.len());
    body.get(start..).unwrap_or_default().to_vec()
}

fn heading(line: &str, level: &str) -> Option<String> {
    line.strip_prefix(level).map(|rest| words(rest).join(" "))
}

/// The words of a line, what stands in quotes being one, with escapes resolved.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (part, number) in line.split('"').zip(0..) {
        if number % 2 == 1 {
            words.push(resolved(part));
        } else {
            words.extend(part.split_whitespace().map(resolved));
        }
    }
    words
}

fn resolved(word: &str) -> String {
    word.replace("\\(dq", "\"").replace("\\&", "").replace("\\e", "\\").replace("\\-", "-")
}

fn plain(words: &[String]) -> String {
    let words: Vec<&str> =
        words.iter().map(String::as_str).filter(|word| !is_macro(word)).collect();
    words.join(" ")
}

fn is_macro(word: &str) -> bool {
    MACROS.contains(&word)
}

/// Whether a word behind a macro is a delimiter that mdoc sets outside of it.
fn is_punctuation(word: &str) -> bool {
    matches!(word, "." | "," | ":" | ";" | "(" | ")" | "[" | "]" | "?" | "!" | "|")
}
