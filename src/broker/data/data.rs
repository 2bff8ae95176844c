//! One value of Broker's data model.

/// A value. The variants stand in the order of their tags, which is also the order of values of
/// different types.
#[derive(Clone, Debug, Default)]
pub enum Data {
    /// No value, `nil`.
    #[default]
    None,
}
