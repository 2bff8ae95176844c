//! The object types of OpenKAT, from a table that is part of this binary.

use std::collections::BTreeMap;
use std::sync::OnceLock;

const TABLE: &str = include_str!("ooi_types.txt");

/// One type of objects.
#[derive(Debug, Default)]
pub(crate) struct OoiType {
    /// Its own fields in their order; those that every type has are not among them.
    pub(crate) fields: Vec<Field>,
    /// What its primary key is made of.
    pub(crate) key: Vec<KeyPart>,
}

/// One field of a type.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: FieldKind,
    pub(crate) is_required: bool,
    pub(crate) is_nullable: bool,
}

/// What a field's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Text,
    Integer,
    Number,
    /// A whole number from the one to the other.
    Within(i64, i64),
    Truth,
    Mapping,
    /// An object whose values are texts.
    TextMapping,
    /// A list of texts.
    Texts,
    /// A span of time, as ISO 8601 has it.
    Duration,
    IpV4,
    IpV6,
    /// A hostname in lower case.
    Hostname,
    Url,
    /// One of these texts, with `,` between them.
    OneOf(&'static str),
    /// Always this text.
    Literal(&'static str),
    /// The primary key of an object of one of these types, with `|` between them and `*` for
    /// whatever stands in its place.
    Reference(&'static str),
}

/// One part of a primary key.
#[derive(Debug)]
pub(crate) struct KeyPart {
    pub(crate) field: &'static str,
    pub(crate) form: KeyForm,
}

/// How a field is part of a primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyForm {
    /// As it is; of a reference what follows the type.
    Natural,
    /// The whole reference.
    Whole,
    /// The SHA-1 of the text in hexadecimal.
    Hashed,
}

/// The type of this name.
pub(crate) fn named(name: &str) -> Option<&'static OoiType> {
    types().get(name)
}

/// The names of all types.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    types().keys().copied()
}

impl FieldKind {
    /// Whether an object of this type may be referred to.
    pub(crate) fn takes(self, object_type: &str) -> bool {
        let Self::Reference(types) = self else { return false };
        types.split('|').any(|one| match one.strip_prefix('*') {
            Some(end) => object_type.ends_with(end),
            None => one == object_type,
        })
    }
}

fn types() -> &'static BTreeMap<&'static str, OoiType> {
    static TYPES: OnceLock<BTreeMap<&'static str, OoiType>> = OnceLock::new();
    TYPES.get_or_init(|| read(TABLE))
}

fn read(table: &'static str) -> BTreeMap<&'static str, OoiType> {
    let mut types: BTreeMap<&'static str, OoiType> = BTreeMap::new();
    let mut current = "";
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        if let Some(line) = line.strip_prefix("    ") {
            types.entry(current).or_default().fields.push(field(line));
        } else {
            let mut words = line.split(' ');
            current = words.next().unwrap_or_default();
            let key = words.map(key_part).collect();
            types.insert(current, OoiType { fields: Vec::new(), key });
        }
    }
    types
}

fn field(line: &'static str) -> Field {
    let is_mark = |c: char| "!?:~=>".contains(c);
    let (name, rest) = line.split_at(line.find(is_mark).unwrap_or(line.len()));
    let (is_required, rest) = strip(rest, "!");
    let (is_nullable, rest) = strip(rest, "?");
    let kind = match rest.split_at_checked(1) {
        Some(("=", value)) => FieldKind::Literal(value),
        Some((">", types)) => FieldKind::Reference(types),
        Some(("~", texts)) => FieldKind::OneOf(texts),
        Some((_, "integer")) => FieldKind::Integer,
        Some((_, "number")) => FieldKind::Number,
        Some((_, "truth")) => FieldKind::Truth,
        Some((_, "mapping")) => FieldKind::Mapping,
        Some((_, "text_mapping")) => FieldKind::TextMapping,
        Some((_, "texts")) => FieldKind::Texts,
        Some((_, "duration")) => FieldKind::Duration,
        Some((_, "ipv4")) => FieldKind::IpV4,
        Some((_, "ipv6")) => FieldKind::IpV6,
        Some((_, "hostname")) => FieldKind::Hostname,
        Some((_, "url")) => FieldKind::Url,
        Some((_, range)) => within(range).unwrap_or(FieldKind::Text),
        None => FieldKind::Text,
    };
    Field { name, kind, is_required, is_nullable }
}

fn within(range: &str) -> Option<FieldKind> {
    let (least, most) = range.split_once("..")?;
    Some(FieldKind::Within(least.parse().ok()?, most.parse().ok()?))
}

fn key_part(word: &'static str) -> KeyPart {
    match (word.strip_prefix('@'), word.strip_prefix('#')) {
        (Some(field), _) => KeyPart { field, form: KeyForm::Whole },
        (_, Some(field)) => KeyPart { field, form: KeyForm::Hashed },
        _ => KeyPart { field: word, form: KeyForm::Natural },
    }
}

fn strip(text: &'static str, mark: &str) -> (bool, &'static str) {
    text.strip_prefix(mark).map_or((false, text), |rest| (true, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        let types = read(TABLE);
        assert_eq!(types.len(), 64);
        for (name, of) in &types {
            assert!(!of.key.is_empty(), "{name} has no key");
            for part in &of.key {
                let field = of.fields.iter().find(|field| field.name == part.field);
                let field = field.unwrap_or_else(|| panic!("{name} has no {}", part.field));
                if part.form == KeyForm::Whole {
                    assert!(matches!(field.kind, FieldKind::Reference(_)), "{name}");
                }
            }
            for field in &of.fields {
                if let FieldKind::Reference(targets) = field.kind {
                    for target in targets.split('|').filter(|target| !target.starts_with('*')) {
                        assert!(types.contains_key(target), "{name}.{}: {target}", field.name);
                    }
                }
            }
        }
        // What is not understood would be any text.
        let kinds = types.values().flat_map(|of| &of.fields).map(|field| field.kind);
        let texts = kinds.filter(|kind| *kind == FieldKind::Text).count();
        let unsaid =
            TABLE.lines().filter(|line| line.starts_with(' ') && line.ends_with(['!', '?']));
        let unsaid = unsaid.count();
        assert_eq!(texts, unsaid);
        assert!(FieldKind::Reference("*FindingType").takes("CVEFindingType"));
        assert!(FieldKind::Reference("*").takes("Network"));
        assert!(!FieldKind::Reference("A|B").takes("C"));
    }
}
