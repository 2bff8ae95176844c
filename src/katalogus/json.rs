//! JSON as Python has it: objects keep their order, whole numbers have any size, and of two values
//! of one key the last counts.
//!
//! The original's bytes depend on all three. `serde_json` has them as features, but features are
//! the whole build's, and would change what the other daemons of a workspace build write.

/// A JSON value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Json {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without fraction and exponent: its decimal digits, without a plus or leading zeros.
    Integer(Box<str>),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(Object),
}

/// The members of an object, in the order in which their keys first came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(Vec<(String, Json)>);

impl Object {
    /// Without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// Sets the value of a key, which keeps its place if it has one; the value that was there.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Json>) -> Option<Json> {
        let (key, value) = (key.into(), value.into());
        if let Some((_, old)) = self.0.iter_mut().find(|(known, _)| *known == key) {
            return Some(std::mem::replace(old, value));
        }
        self.0.push((key, value));
        None
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<Json> {
        let place = self.0.iter().position(|(known, _)| known == key)?;
        Some(self.0.remove(place).1)
    }

    /// The members in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Of two members of one key the first has the place, and the last the value.
impl FromIterator<(String, Json)> for Object {
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(members: I) -> Self {
        let mut members: Vec<Option<(String, Json)>> = members.into_iter().map(Some).collect();
        // Equal keys are brought beside each other, so that many members are no work for ever.
        let mut places: Vec<usize> = (0..members.len()).collect();
        places.sort_by(|a, b| key(&members, *a).cmp(&key(&members, *b)));
        let mut first = None;
        for place in places {
            if first.is_none_or(|first| key(&members, first) != key(&members, place)) {
                first = Some(place);
                continue;
            }
            let last = members.get_mut(place).and_then(Option::take);
            if let Some(member) = first.and_then(|first| members.get_mut(first)) {
                *member = last;
            }
        }
        Self(members.into_iter().flatten().collect())
    }
}

fn key(members: &[Option<(String, Json)>], place: usize) -> Option<&str> {
    members.get(place)?.as_ref().map(|(key, _)| key.as_str())
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Integer(value.to_string().into())
    }
}

impl From<i32> for Json {
    fn from(value: i32) -> Self {
        i64::from(value).into()
    }
}

impl From<&str> for Json {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Json {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<Json>> for Json {
    fn from(value: Vec<Json>) -> Self {
        Self::List(value)
    }
}

impl From<Object> for Json {
    fn from(value: Object) -> Self {
        Self::Object(value)
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
