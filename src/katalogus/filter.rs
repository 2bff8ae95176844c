//! Which plugins of a listing are shown.

use std::ops::Range;

use crate::asked::Asked;
use crate::failure::Failure;
use crate::{Generation, Kind, Listed, PluginKind};

/// What a listing is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter {
    /// Is a part of the id, name or description.
    words: Option<String>,
    kind: Option<Wanted>,
    enabled: Option<bool>,
    image: Option<String>,
    /// One of these is consumed.
    consumes: Vec<String>,
    /// One of these is produced.
    produces: Vec<String>,
    /// These, in this order, and all of them.
    pub(crate) ids: Vec<String>,
    pub(crate) page: Page,
}

/// The kind that is wanted. Bits are never listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Plugin(PluginKind),
    Bit,
}

/// A part of a list, as Python's slices have it: what is negative counts from the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    offset: i64,
    limit: Option<i64>,
}

/// How many plugins generation 1.15 shows where nothing is said.
const USUAL_LIMIT: i64 = 100;
/// The kinds, as errors name them.
const KINDS: &str = "'boefje', 'normalizer' or 'bit'";

impl Filter {
    /// Reads what a request asks for.
    pub(crate) fn of(mut asked: Asked<'_>, generation: Generation) -> Result<Self, Failure> {
        let mut filter = Self { words: asked.text("q"), ..Self::default() };
        filter.kind = asked.word("plugin_type", Wanted::named, KINDS);
        filter.enabled = asked.truth("state");
        if generation == Generation::V1_20 {
            filter.ids = asked.texts("ids");
            filter.image = asked.text("oci_image");
            filter.consumes = asked.texts("consumes");
            filter.produces = asked.texts("produces");
        }
        filter.page = Page::of(&mut asked);
        if generation == Generation::V1_15 {
            filter.page.limit = filter.page.limit.or(Some(USUAL_LIMIT));
        }
        asked.finish(filter)
    }

    /// Whether this plugin is shown, which is enabled or not.
    pub(crate) fn shows(&self, listed: &Listed, enabled: bool) -> bool {
        let plugin = listed.plugin();
        let has = |text: &Option<String>, words: &str| {
            text.as_ref().is_some_and(|text| text.contains(words))
        };
        let one_of = |wanted: &[String], there: &[String]| {
            wanted.is_empty() || there.iter().any(|text| wanted.contains(text))
        };
        let image = match &plugin.kind {
            Kind::Boefje(boefje) => boefje.oci_image.as_ref(),
            Kind::Normalizer => None,
        };
        self.words.as_deref().is_none_or(|words| {
            plugin.id.contains(words) || has(&plugin.name, words) || has(&plugin.description, words)
        }) && self.kind.is_none_or(|kind| kind == Wanted::Plugin(plugin.kind.of()))
            && self.enabled.is_none_or(|wanted| wanted == enabled)
            && (self.image.is_none() || self.image.as_ref() == image)
            && one_of(&self.consumes, &plugin.consumes)
            && one_of(&self.produces, &plugin.produces)
    }
}

impl Wanted {
    fn named(name: &str) -> Option<Self> {
        if name == "bit" {
            return Some(Self::Bit);
        }
        PluginKind::named(name).map(Self::Plugin)
    }
}

impl Kind {
    /// Which kind it is, without what only that kind has.
    pub(crate) fn of(&self) -> PluginKind {
        match self {
            Self::Boefje(_) => PluginKind::Boefje,
            Self::Normalizer => PluginKind::Normalizer,
        }
    }
}

impl Page {
    /// Reads what a request asks for.
    pub(crate) fn of(asked: &mut Asked<'_>) -> Self {
        Self { offset: asked.whole("offset").unwrap_or(0), limit: asked.whole("limit") }
    }

    /// The part of a list of so many.
    pub(crate) fn of_list<T>(self, list: &[T]) -> &[T] {
        list.get(self.range(list.len())).unwrap_or_default()
    }

    fn range(self, length: usize) -> Range<usize> {
        let place = |place: i64| {
            let places = usize::try_from(place.unsigned_abs()).unwrap_or(usize::MAX);
            if place < 0 { length.saturating_sub(places) } else { places.min(length) }
        };
        let end = self.limit.map_or(length, |limit| place(self.offset.saturating_add(limit)));
        let start = place(self.offset);
        start..end.max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_as_python_cuts_lists() {
        let list = [0, 1, 2, 3, 4];
        for (offset, limit, part) in [
            (0, None, &list[..]),
            (2, None, &list[2..]),
            (-2, None, &list[3..]),
            (9, None, &[]),
            (0, Some(2), &list[..2]),
            (1, Some(2), &list[1..3]),
            (4, Some(9), &list[4..]),
            (0, Some(0), &[]),
            (-2, Some(1), &list[3..4]),
            (-1, Some(1), &[]),
            (-9, Some(2), &[]),
            (-9, Some(6), &list[..2]),
            (0, Some(-1), &list[..4]),
            (2, Some(-5), &[]),
            (i64::MAX, Some(i64::MAX), &[]),
            (i64::MIN, Some(i64::MIN), &[]),
            (0, Some(i64::MAX), &list[..]),
        ] {
            assert_eq!(Page { offset, limit }.of_list(&list), part, "{offset} {limit:?}");
        }
    }
}
