//! What is shown again and again: drawn in its place on a terminal, one after the other elsewhere.
//!
//! On a terminal it has a screen of its own, so that lines that were there before are not touched;
//! the last one stays behind. Lines are cut at the terminal's size, which is looked up each time.

use std::io::{self, IsTerminal, Write};

use rustix::termios::tcgetwinsize;

use crate::terminal::{cut, escape};

/// How the rounds are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Lines for people.
    Table,
    /// The answers as they came, a line each.
    Json,
}

/// Characters a line and lines a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size {
    columns: usize,
    rows: usize,
}

/// Where the rounds are written.
pub struct Screen {
    program: &'static str,
    style: Style,
    is_terminal: bool,
    /// The last table, to be left behind.
    last: Vec<u8>,
}

impl Screen {
    /// A screen that `program` draws on.
    pub fn open(program: &'static str, style: Style) -> io::Result<Self> {
        let is_terminal = style == Style::Table && io::stdout().is_terminal();
        let screen = Self { program, style, is_terminal, last: Vec::new() };
        if is_terminal {
            // A screen of its own, without a cursor.
            write(b"\x1b[?1049h\x1b[?25l")?;
        }
        Ok(screen)
    }

    /// Shows these lines under a title, and what is wrong if something is.
    pub fn draw(&mut self, title: &str, table: &[String], trouble: Option<&str>) -> io::Result<()> {
        let mut lines = vec![title.to_owned()];
        match trouble {
            Some(trouble) if self.is_terminal => lines.push(escape(trouble).into_owned()),
            Some(trouble) => self.complain(trouble),
            None => {}
        }
        if self.style == Style::Json {
            return Ok(());
        }
        lines.push(String::new());
        lines.extend_from_slice(table);
        let mut plain = lines.join("\n");
        plain.push('\n');
        if self.is_terminal {
            write(frame(&lines, size()).as_bytes())?;
            self.last = plain.into_bytes();
            Ok(())
        } else {
            plain.push('\n');
            write(plain.as_bytes())
        }
    }

    /// Says what is wrong where it does not disturb the table, or the JSON, for whoever reads it.
    pub fn complain(&self, trouble: &str) {
        eprintln!("{}: {}", self.program, escape(trouble));
    }

    /// Whether what is drawn takes the place of what was drawn before.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }
}

/// Writes bytes as they are.
pub fn write(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush())
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.is_terminal {
            // Nothing can be done about a terminal that is gone.
            let _ = write(&[b"\x1b[?25h\x1b[?1049l", &self.last[..]].concat());
        }
    }
}

fn size() -> Option<Size> {
    let size = tcgetwinsize(io::stdout()).ok()?;
    let size = Size { columns: size.ws_col.into(), rows: size.ws_row.into() };
    (size.columns > 0 && size.rows > 1).then_some(size)
}

/// What draws these lines over whatever the screen shows.
fn frame(lines: &[String], size: Option<Size>) -> String {
    let room = size.map_or(lines.len(), |size| size.rows);
    let mut shown: Vec<String> = lines.to_vec();
    if lines.len() > room {
        let kept = room.saturating_sub(1);
        shown.truncate(kept);
        shown.push(format!("… {} more", lines.len().saturating_sub(kept)));
    }
    if let Some(size) = size {
        shown = shown.iter().map(|line| cut(line, size.columns)).collect();
    }
    // Each line clears what is left of the old one. The last has no newline, which could scroll.
    format!("\x1b[H{}\x1b[K\x1b[J", shown.join("\x1b[K\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_covers_the_old_one_and_keeps_within_the_screen() {
        let lines: Vec<String> = ["title", "", "one", "two", "three"].map(str::to_owned).into();
        let shown = frame(&lines, None);
        assert!(shown.starts_with("\x1b[Htitle\x1b[K\r\n\x1b[K\r\none"), "{shown:?}");
        assert!(shown.ends_with("three\x1b[K\x1b[J"), "{shown:?}");
        let shown = frame(&lines, Some(Size { columns: 4, rows: 4 }));
        assert_eq!(shown, "\x1b[Htit…\x1b[K\r\n\x1b[K\r\none\x1b[K\r\n… 2…\x1b[K\x1b[J");
        assert_eq!(frame(&lines, Some(Size { columns: 80, rows: 5 })), frame(&lines, None));
    }
}
