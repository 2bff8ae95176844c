//! The walk over a value and its schema: which schema holds for which part of the value, in the
//! order in which the schema is written.
//!
//! The verdicts and the order are those of Python's `jsonschema` 4.21.1, because the message is
//! that of the first of equal flaws. What schemas do to each other is in `schema_parts`, what they
//! ask of one value in `schema_values`.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use jsonschema::Validator;

use crate::json::{Json, Object};
use crate::json_number::canonical;
use crate::schema_draft::Draft;
use crate::schema_flaw::Flaw;
use crate::settings_schema::{MAX_CHECK_DEPTH, MAX_CHECK_STEPS, matcher};
use crate::{schema_parts, schema_unevaluated, schema_values};

/// How many bytes of a text are as much work as a step.
const BYTES_A_STEP: usize = 64;

/// How many bytes of a text are as much work as the search for a pattern in a short one.
const PATTERN_BYTES: usize = 1024;

/// A walk ends before its end: it takes too many steps, or goes too deep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch;

/// What is found, if the walk comes to its end.
pub(crate) type Walked<T = ()> = Result<T, TooMuch>;

/// A walk over one value.
pub(crate) struct Walk<'s> {
    pub(crate) draft: Draft,
    root: &'s Json,
    steps: Cell<usize>,
    depth: Cell<usize>,
    patterns: RefCell<HashMap<&'s str, Option<Validator>>>,
    targets: RefCell<HashMap<&'s str, Option<&'s Json>>>,
}

/// A keyword of a schema, and the value that it is about.
#[derive(Clone, Copy)]
pub(crate) struct Site<'w, 's, 'i> {
    pub(crate) walk: &'w Walk<'s>,
    pub(crate) schema: &'s Object,
    pub(crate) value: &'s Json,
    pub(crate) instance: &'i Json,
}

impl<'s> Walk<'s> {
    pub(crate) fn new(draft: Draft, root: &'s Json) -> Self {
        Self {
            draft,
            root,
            steps: Cell::default(),
            depth: Cell::default(),
            patterns: RefCell::default(),
            targets: RefCell::default(),
        }
    }

    /// The flaws of a value under a schema, in their order.
    pub(crate) fn flaws<'i>(&self, schema: &'s Json, instance: &'i Json) -> Walked<Vec<Flaw<'i>>>
    where
        's: 'i,
    {
        self.guarded(|| self.unguarded(schema, instance))
    }

    /// One step, with those within it.
    pub(crate) fn guarded<T>(&self, step: impl FnOnce() -> Walked<T>) -> Walked<T> {
        self.steps.set(self.steps.get().saturating_add(1));
        if self.steps.get() > MAX_CHECK_STEPS || self.depth.get() >= MAX_CHECK_DEPTH {
            return Err(TooMuch);
        }
        self.depth.set(self.depth.get().saturating_add(1));
        let outcome = step();
        self.depth.set(self.depth.get().saturating_sub(1));
        outcome
    }

    fn unguarded<'i>(&self, schema: &'s Json, instance: &'i Json) -> Walked<Vec<Flaw<'i>>>
    where
        's: 'i,
    {
        let mut flaws = Vec::new();
        match schema {
            Json::Bool(false) => flaws.push(Flaw::new(false, move || {
                format!("False schema does not allow {}", instance.repr())
            })),
            Json::Object(members) => {
                let lone = members.get("$ref").filter(|_| self.draft.ignores_beside_references());
                let lone = lone.map(|reference| ("$ref", reference));
                for (keyword, value) in
                    lone.into_iter().chain(members.iter().filter(|_| lone.is_none()))
                {
                    let site = Site { walk: self, schema: members, value, instance };
                    keyword_flaws(keyword, site, &mut flaws)?;
                }
            }
            _ => {}
        }
        Ok(flaws)
    }

    /// Whether a value is valid under a schema.
    pub(crate) fn is_valid(&self, schema: &'s Json, instance: &Json) -> Walked<bool> {
        // Shorter than the schema lives.
        fn flawless<'s: 'i, 'i>(walk: &Walk<'s>, schema: &'s Json, it: &'i Json) -> Walked<bool> {
            walk.flaws(schema, it).map(|flaws| flaws.is_empty())
        }
        flawless(self, schema, instance)
    }

    /// What a reference of this document refers to. One that leads nowhere was refused.
    pub(crate) fn target(&self, reference: &'s Json) -> Option<&'s Json> {
        let Json::Text(reference) = reference else { return None };
        let mut targets = self.targets.borrow_mut();
        let find = || self.draft.target(self.root, reference);
        *targets.entry(reference).or_insert_with(find)
    }

    /// The whole document.
    pub(crate) fn root(&self) -> &'s Json {
        self.root
    }

    /// A text that equal values have, and no others.
    pub(crate) fn canonical(&self, value: &Json) -> String {
        let text = canonical(value);
        self.charge(text.len());
        text
    }

    /// Lets work on a text count as steps, which the next step is refused for.
    fn charge(&self, bytes: usize) {
        self.steps.set(self.steps.get().saturating_add(bytes / BYTES_A_STEP));
    }

    /// Whether a pattern is found in a text.
    pub(crate) fn matches(&self, pattern: &'s str, text: &str) -> bool {
        self.charge(text.len().saturating_add(PATTERN_BYTES));
        let mut patterns = self.patterns.borrow_mut();
        let known = patterns.entry(pattern).or_insert_with(|| matcher(pattern));
        known.as_ref().is_some_and(|known| known.is_valid(&text.into()))
    }
}

impl<'i, 's: 'i> Site<'_, 's, 'i> {
    /// A flaw of this value.
    pub(crate) fn flaw(&self, words: impl Fn() -> String + 'i) -> Flaw<'i> {
        Flaw::new(self.has_type(), words)
    }

    /// Whether the value has the type that is asked for beside this keyword.
    fn has_type(&self) -> bool {
        match self.schema.get("type") {
            Some(Json::Text(name)) => self.walk.draft.is_type(self.instance, name),
            Some(Json::List(names)) => names.iter().any(|name| {
                matches!(name, Json::Text(name) if self.walk.draft.is_type(self.instance, name))
            }),
            _ => false,
        }
    }

    /// Adds the flaws that this value has under a schema.
    pub(crate) fn same(&self, schema: &'s Json, flaws: &mut Vec<Flaw<'i>>) -> Walked {
        flaws.append(&mut self.walk.flaws(schema, self.instance)?);
        Ok(())
    }

    /// Adds the flaws that a part of this value has under a schema.
    pub(crate) fn part(
        &self,
        schema: &'s Json,
        part: &'i Json,
        flaws: &mut Vec<Flaw<'i>>,
    ) -> Walked {
        let found = self.walk.flaws(schema, part)?;
        // What no schema allows at all is told of the whole.
        let below = |flaw: Flaw<'i>| {
            if *schema == Json::Bool(false) { flaw } else { flaw.below() }
        };
        flaws.extend(found.into_iter().map(below));
        Ok(())
    }
}

fn keyword_flaws<'i, 's: 'i>(
    keyword: &str,
    site: Site<'_, 's, 'i>,
    flaws: &mut Vec<Flaw<'i>>,
) -> Walked {
    if !site.walk.draft.has(keyword) {
        return Ok(());
    }
    match keyword {
        "$ref" | "$dynamicRef" => match site.walk.target(site.value) {
            Some(schema) => site.same(schema, flaws),
            None => Ok(()),
        },
        "$recursiveRef" => site.same(site.walk.root(), flaws),
        "unevaluatedItems" => schema_unevaluated::items(site, flaws),
        "unevaluatedProperties" => schema_unevaluated::properties(site, flaws),
        _ if schema_values::flaws(keyword, site, flaws) => Ok(()),
        _ => schema_parts::flaws(keyword, site, flaws),
    }
}
