//! The members of an object, read one after the other; all that is wrong is noted, not only the
//! first.

use crate::scalars::Unfit;
use crate::validation::{Complaint, Problem};
use crate::{Json, Object};

/// An object that is being read.
pub(crate) struct Fields<'a> {
    whole: &'a Json,
    members: &'a Object,
    place: Vec<Json>,
    problems: Vec<Problem>,
    given: usize,
}

impl<'a> Fields<'a> {
    /// The members of `whole`, which lies at `place`.
    pub(crate) fn of(whole: &'a Json, place: Vec<Json>) -> Result<Self, Problem> {
        match whole {
            Json::Object(members) => {
                Ok(Self { whole, members, place, problems: Vec::new(), given: 0 })
            }
            _ => Err(Problem { complaint: Complaint::Model, place, input: whole.clone() }),
        }
    }

    /// A member that must be there. What is missing or wrong is noted, and is `None`.
    pub(crate) fn required<T>(
        &mut self,
        key: &str,
        read: impl Fn(&Json) -> Result<T, Unfit>,
    ) -> Option<T> {
        if self.members.get(key).is_none() {
            self.note(&[key.into()], Complaint::Missing, self.whole.clone());
        }
        self.optional(key, read)
    }

    /// A member that may be left out. What is wrong is noted, and is `None` too.
    pub(crate) fn optional<T>(
        &mut self,
        key: &str,
        read: impl Fn(&Json) -> Result<T, Unfit>,
    ) -> Option<T> {
        let value = self.members.get(key)?;
        self.given = self.given.saturating_add(1);
        match read(value) {
            Ok(value) => return Some(value),
            Err(Unfit::Itself(complaint)) => self.note(&[key.into()], complaint, value.clone()),
            Err(Unfit::Items(items)) => {
                for (item, complaint, input) in items {
                    self.note(&[key.into(), item.into()], complaint, input);
                }
            }
        }
        None
    }

    /// A member that may be left out, and may be `null`, which is the inner `None`.
    #[expect(clippy::option_option, reason = "left out and null are not the same")]
    pub(crate) fn nullable<T>(
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
    pub(crate) fn given(&self) -> usize {
        self.given
    }

    /// What was read of it, unless something is wrong.
    pub(crate) fn finish<T>(self, read: Option<T>) -> Result<T, Vec<Problem>> {
        match read {
            Some(read) if self.problems.is_empty() => Ok(read),
            _ => Err(self.problems),
        }
    }

    fn note(&mut self, behind: &[Json], complaint: Complaint, input: Json) {
        let place = [&self.place, behind].concat();
        self.problems.push(Problem { complaint, place, input });
    }
}
