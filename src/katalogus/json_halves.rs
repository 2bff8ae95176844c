//! Texts with halves of surrogate pairs, which Python's have and Rust's cannot.
//!
//! In a text that was read to be shown, [`MARK`] and a character of private use are a half, and two
//! marks are the character that the mark is.

/// The last of all characters, which means nothing.
const MARK: char = '\u{10ffff}';

/// The first half.
const HALVES: u32 = 0xd800;

/// The first of the characters that stand for halves behind a mark.
const STAND_INS: u32 = 0xe000;

/// Adds a text without halves.
pub(crate) fn push_str(text: &mut String, added: &str) {
    let mut pieces = added.split(MARK);
    text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        text.extend([MARK, MARK]);
        text.push_str(piece);
    }
}

/// Adds a half.
pub(crate) fn push_half(text: &mut String, half: u32) {
    let stand_in = char::from_u32(half.saturating_sub(HALVES).saturating_add(STAND_INS));
    text.extend([MARK, stand_in.unwrap_or(MARK)]);
}

/// The code points of a text that was read by [`Json::parse_shown`](crate::Json::parse_shown), as
/// Python has them.
pub fn code_points(text: &str) -> impl Iterator<Item = u32> {
    let mut characters = text.chars();
    std::iter::from_fn(move || {
        let character = characters.next()?;
        let behind = if character == MARK { characters.next() } else { None };
        Some(match behind {
            Some(stand_in) if stand_in != MARK => {
                u32::from(stand_in).saturating_sub(STAND_INS).saturating_add(HALVES)
            }
            _ => character.into(),
        })
    })
}
