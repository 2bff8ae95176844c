//! The members of an object, read one after the other; all that is wrong is noted, not only the
//! first.

use crate::scalars::Unfit;
use crate::validation::{Complaint, Problem};
use crate::{Json, Object};

/// An object that is being read.
pub struct Fields<'a> {
    whole: &'a Json,
    members: &'a Object,
    place: Vec<Json>,
    problems: Vec<Problem>,
    given: usize,
}

impl<'a> Fields<'a> {
    /// The members of `whole`, which lies at `place`.
    pub fn of(whole: &'a Json, place: Vec<Json>) -> Result<Self, Problem> {
        match whole {
            Json::Object(members) => {
                Ok(Self { whole, members, place, problems: Vec::new(), given: 0 })
            }
            _ => Err(Problem { complaint: Complaint::Model, place, input: whole.clone() }),
        }
    }

    /// A member that must be there. What is missing or wrong is noted, and is `None`.
    pub fn required<T>(
        &mut self,
        key: &str,
        read: impl Fn(&Json) -> Result<T, Unfit>,
    ) -> Option<T> {
        if self.members.get(key).is_none() {
            let (place, input) = (self.place_of(key), self.whole.clone());
            self.problems.push(Problem { complaint: Complaint::Missing, place, input });
        }
        self.optional(key, read)
    }

    /// A member that may be left out. What is wrong is noted, and is `None` too.
    pub fn optional<T>(
        &mut self,
        key: &str,
        read: impl Fn(&Json) -> Result<T, Unfit>,
    ) -> Option<T> {
        let value = self.members.get(key)?;
        self.given = self.given.saturating_add(1);
        match read(value) {
            Ok(value) => return Some(value),
            Err(unfit) => {
                let place = self.place_of(key);
                self.problems.extend(unfit.at(&place, value));
            }
        }
        None
    }

    /// A member that may be left out, and may be `null`, which is the inner `None`.
    pub fn nullable<T>(
        &mut self,
        key: &str,
        read: impl Fn(&Json) -> Result<T, Unfit>,
    ) -> Option<Option<T>> {
        self.optional(key, |value| match value {
            Json::Null => Ok(None),
            value => read(value).map(Some),
        })
    }

    /// How many members were there that have been asked for.
    pub fn given(&self) -> usize {
        self.given
    }

    /// What was read of it, unless something is wrong.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, Vec<Problem>> {
        match read {
            Some(read) if self.problems.is_empty() => Ok(read),
            _ => Err(self.problems),
        }
    }

    fn place_of(&self, key: &str) -> Vec<Json> {
        let mut place = self.place.clone();
        place.push(key.into());
        place
    }
}
