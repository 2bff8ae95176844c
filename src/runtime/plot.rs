//! The last values of something, as a line of bars.

use std::collections::VecDeque;
use std::fmt::{self, Write};

/// How many values are shown.
const PLOTTED: usize = 60;
/// The levels of a bar.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plot(VecDeque<f64>);

impl Plot {
    /// Adds a value; one too many is forgotten.
    pub fn push(&mut self, value: f64) {
        if self.0.len() >= PLOTTED {
            self.0.pop_front();
        }
        self.0.push_back(value);
    }

    /// The last value, or nothing.
    pub fn last(&self) -> f64 {
        self.0.back().copied().unwrap_or_default()
    }
}

/// Each value as a bar, the highest the highest.
impl fmt::Display for Plot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.0.iter().copied().fold(0.0, f64::max);
        for value in &self.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of seven is from 0 to 7"
            )]
            let level = if most > 0.0 { (value / most * 7.0).round() as usize } else { 0 };
            f.write_char(LEVELS.get(level).copied().unwrap_or('█'))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_high_as_their_share() {
        let plot = |values: &[f64]| Plot(values.iter().copied().collect()).to_string();
        assert_eq!(plot(&[0.0, 3.5, 7.0]), "▁▅█");
        assert_eq!(plot(&[0.0, 0.0]), "▁▁");
        assert_eq!(plot(&[]), "");
        let mut long = Plot::default();
        for _ in 0..=PLOTTED {
            long.push(1.0);
        }
        assert_eq!((long.0.len(), long.last()), (PLOTTED, 1.0));
    }
}
