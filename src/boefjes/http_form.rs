//! Names and values as forms and URLs write them.

use ostler_http::percent;

/// Pairs as `application/x-www-form-urlencoded` has them, and queries too. Python's `urlencode`
/// leaves a tilde alone and encodes an asterisk, other writers do the reverse.
pub(crate) fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        add(&mut out, name, "+");
        out.push('=');
        add(&mut out, value, "+");
    }
    out
}

/// One part of a path. A part that is one or two dots would lead elsewhere and is encoded.
pub(crate) fn part(text: &str) -> String {
    if matches!(text, "." | "..") {
        return text.replace('.', "%2E");
    }
    let mut out = String::new();
    add(&mut out, text, "%20");
    out
}

fn add(out: &mut String, text: &str, blank: &str) {
    for (place, word) in text.split(' ').enumerate() {
        if place > 0 {
            out.push_str(blank);
        }
        percent::encode(word, "_.-~", out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_is_encoded() {
        let query = [
            ("reference", "IPAddressV4|internet|127.0.0.1"),
            ("valid_time", "2026-11-22 08:59:30.404676+00:00"),
        ];
        assert_eq!(
            pairs(query),
            "reference=IPAddressV4%7Cinternet%7C127.0.0.1\
             &valid_time=2026-11-22+08%3A59%3A30.404676%2B00%3A00"
        );
        assert_eq!(pairs([("a&b", "=ä*~_-/%")]), "a%26b=%3D%C3%A4%2A~_-%2F%25");
        assert_eq!(pairs([]), "");
        for (text, encoded) in [("_dev", "_dev"), ("a b/c?", "a%20b%2Fc%3F"), ("..", "%2E%2E")] {
            assert_eq!(part(text), encoded);
        }
    }
}
