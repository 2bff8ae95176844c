//! Why a text is no UUID, in the words of Pydantic 2.6, which the original shows to its clients.

use katalogus::validation::Complaint;
use uuid::Uuid;

/// The characters of each group.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// Reads a UUID in any of its forms.
pub(crate) fn read(text: &str) -> Result<Uuid, Complaint> {
    Uuid::parse_str(text).map_err(|_| Complaint::UuidParsing(explain(text)))
}

fn explain(text: &str) -> String {
    let braced = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let inner = braced.or_else(|| text.strip_prefix("urn:uuid:"));
    let (digits, before) = match inner {
        Some(digits) if braced.is_some() => (digits, 1),
        Some(digits) => (digits, "urn:uuid:".len()),
        None => (text, 0),
    };
    let is_foreign = |c: char| !c.is_ascii_hexdigit() && c != '-';
    if let Some((index, character)) = digits.char_indices().find(|(_, c)| is_foreign(*c)) {
        let place = before.saturating_add(index).saturating_add(1);
        return format!(
            "invalid character: expected an optional prefix of `urn:uuid:` followed by \
             [0-9a-fA-F-], found `{character}` at {place}"
        );
    }
    let length = text.len();
    if inner.is_none() && !digits.contains('-') {
        return format!("invalid length: expected length 32 for simple format, found {length}");
    }
    let count = digits.split('-').count();
    if count != GROUPS.len() {
        return format!("invalid group count: expected 5, found {count}");
    }
    let mut groups = digits.split('-').zip(GROUPS).enumerate().take(GROUPS.len() - 1);
    let wrong = groups.find(|(_, (group, expected))| group.len() != *expected);
    let (group, expected, found) = match wrong {
        Some((group, (text, expected))) => (group, expected, text.len()),
        // All that follows the last hyphen of a plain one counts, and so does what is around it.
        None => (4, 12, length.saturating_sub(24)),
    };
    format!("invalid group length in group {group}: expected {expected}, found {found}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let uuid = "0a1f2650-7832-5b9e-976d-bbcb957a9003";
        for text in [
            uuid.to_owned(),
            uuid.replace('-', ""),
            format!("{{{uuid}}}"),
            format!("urn:uuid:{uuid}"),
        ] {
            assert_eq!(read(&text).unwrap().to_string(), uuid);
        }
    }

    #[test]
    fn what_is_wrong_is_told_as_the_original_does() {
        let foreign = "character: expected an optional prefix of `urn:uuid:` followed by \
                       [0-9a-fA-F-], found";
        let simple = "length: expected length 32 for simple format, found";
        for (text, words) in [
            ("zzz", format!("{foreign} `z` at 1")),
            ("urn:uuid:zzz", format!("{foreign} `z` at 10")),
            ("{zzz}", format!("{foreign} `z` at 2")),
            ("{0a1f2650", format!("{foreign} `{{` at 1")),
            ("aé", format!("{foreign} `é` at 2")),
            ("", format!("{simple} 0")),
            ("0a1f265078325b9e976dbbcb957a90030", format!("{simple} 33")),
            ("-", "group count: expected 5, found 2".to_owned()),
            ("{}", "group count: expected 5, found 1".to_owned()),
            ("----", "group length in group 0: expected 8, found 0".to_owned()),
            (
                "0a1f2650-783-25b9e-976d-bbcb957a9003",
                "group length in group 1: expected 4, found 3".to_owned(),
            ),
            (
                "0a1f2650-7832-5b9e-976d-bbcb957a90030",
                "group length in group 4: expected 12, found 13".to_owned(),
            ),
            (
                "urn:uuid:0a1f2650-7832-5b9e-976d-bbcb957a900",
                "group length in group 4: expected 12, found 20".to_owned(),
            ),
        ] {
            assert_eq!(
                read(text),
                Err(Complaint::UuidParsing(format!("invalid {words}"))),
                "{text}"
            );
        }
    }
}
