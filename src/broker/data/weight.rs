//! How much memory a value takes, about.

use crate::data::Data;

/// A value by itself.
const VALUE: usize = size_of::<Data>();

impl Data {
    /// Bytes of memory that this value takes, about: for limits of what is kept.
    pub fn weight(&self) -> usize {
        let within: usize = match self {
            Self::String(bytes) => bytes.len(),
            Self::Enum(name) => name.as_bytes().len(),
            Self::Set(values) => values.iter().map(Self::weight).sum(),
            Self::Table(entries) => {
                entries.iter().map(|(key, value)| key.weight() + value.weight()).sum()
            }
            Self::Vector(values) => values.iter().map(Self::weight).sum(),
            _ => 0,
        };
        VALUE + within
    }

    /// How deep values lie in one another: 1 for one that contains none.
    pub fn depth(&self) -> usize {
        let within = match self {
            Self::Set(values) => values.iter().map(Self::depth).max(),
            Self::Table(entries) => {
                entries.iter().map(|(key, value)| key.depth().max(value.depth())).max()
            }
            Self::Vector(values) => values.iter().map(Self::depth).max(),
            _ => None,
        };
        1 + within.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_more_weighs_more() {
        assert_eq!(Data::Count(1).weight(), VALUE);
        assert_eq!(Data::from("text").weight(), VALUE + 4);
        let vector = Data::Vector(vec![Data::from("text"), Data::None]);
        assert_eq!(vector.weight(), 3 * VALUE + 4);
        assert_eq!(
            (Data::None.depth(), vector.depth(), Data::from(vec![vector]).depth()),
            (1, 2, 3)
        );
    }
}
