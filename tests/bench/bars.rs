//! The bars: how much better than the original, and how near to the limits, ours has to be. All are
//! ratios of figures from the same run, since absolute figures belong to a machine.

use crate::load::Wire;
use crate::rounds::{CHILDREN, LOOP, Measure};
use crate::rows::Kind;
use crate::session::{Figures, Footprint};

/// The pool and the clients that the bars speak of.
const POOL: usize = 2;
const CLIENTS: usize = 8;

/// Which way a bar is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sense {
    /// The measured value must be at least the bar.
    AtLeast,
    /// The measured value must be at most the bar.
    AtMost,
}

/// One bar for one of our sides.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    /// Our side.
    pub(crate) side: String,
    /// What is compared with what.
    pub(crate) what: &'static str,
    /// Which way it is passed.
    pub(crate) sense: Sense,
    /// The bar.
    pub(crate) limit: f64,
    /// What was measured, if it was.
    pub(crate) measured: Option<f64>,
}

impl Bar {
    /// One where nothing else of ours is measured.
    pub(crate) fn ours(
        what: &'static str,
        sense: Sense,
        limit: f64,
        measured: Option<f64>,
    ) -> Self {
        Self { side: "ours".to_owned(), what, sense, limit, measured }
    }

    /// Whether the bar is met; `None` if it was not measured.
    pub(crate) fn met(&self) -> Option<bool> {
        self.measured.map(|measured| match self.sense {
            Sense::AtLeast => measured >= self.limit,
            Sense::AtMost => measured <= self.limit,
        })
    }

    /// The bar in words.
    pub(crate) fn words(&self) -> String {
        let sense = if self.sense == Sense::AtLeast { "≥" } else { "≤" };
        format!("{sense} {}", self.limit)
    }
}

/// All bars, for each of our sides.
pub(crate) fn judge(figures: &Figures) -> Vec<Bar> {
    figures.ours.iter().flat_map(|side| of_side(figures, side)).collect()
}

fn of_side(figures: &Figures, side: &str) -> Vec<Bar> {
    let mut bars = plain(figures, side);
    bars.extend(tls(figures, side));
    bars
}

fn tls(figures: &Figures, side: &str) -> Vec<Bar> {
    let pair = |kind| {
        let find = |side| find(figures, (kind, Wire::Tls), CLIENTS, side);
        Some((find(side)?, find("original")?))
    };
    let requests = |kind| {
        let (ours, original) = pair(kind)?;
        (original.rate() > 0.0).then(|| ours.rate() / original.rate())
    };
    let cpu = |kind| {
        let (ours, original) = pair(kind)?;
        let (ours, original) = (ours.cpu_ms()?, original.cpu_ms()?);
        (original > 0.0).then(|| ours / original)
    };
    let bar =
        |what, sense, limit, measured| Bar { side: side.to_owned(), what, sense, limit, measured };
    let loaded = memory(figures, Wire::Tls, side, |print| Some(print.loaded_kib));
    vec![
        bar("TLS, `monitor_version`, requests", Sense::AtLeast, 1.25, requests(Kind::Version)),
        bar("TLS, `monitor_version`, CPU a request", Sense::AtMost, 0.85, cpu(Kind::Version)),
        bar("TLS, cached `c:`, requests", Sense::AtLeast, 1.25, requests(Kind::Cached)),
        bar("TLS, cached `c:`, CPU a request", Sense::AtMost, 0.85, cpu(Kind::Cached)),
        bar("TLS, memory of the parent", Sense::AtMost, 0.167, loaded),
    ]
}

fn plain(figures: &Figures, side: &str) -> Vec<Bar> {
    let find = |kind, clients, side: &str| find(figures, (kind, Wire::Plain), clients, side);
    let memory = |side: &str, of| memory(figures, Wire::Plain, side, of);
    let requests = |kind, other: &str| {
        let other = find(kind, CLIENTS, other)?.rate();
        let ours = find(kind, CLIENTS, side)?.rate();
        (other > 0.0).then(|| ours / other)
    };
    let cpu = |kind| {
        let other = find(kind, CLIENTS, "original")?.cpu_ms()?;
        let ours = find(kind, CLIENTS, side)?.cpu_ms()?;
        (other > 0.0).then(|| ours / other)
    };
    let p50 = |kind| find(kind, 1, side).map(|measure| measure.outcome.percentile(0.5));
    let bar =
        |what, sense, limit, measured| Bar { side: side.to_owned(), what, sense, limit, measured };
    let least = |what, limit, measured| bar(what, Sense::AtLeast, limit, measured);
    let most = |what, limit, measured| bar(what, Sense::AtMost, limit, measured);
    let original = "original";
    vec![
        least("uncached `c:`, requests", 120.0, requests(Kind::Uncached, original)),
        least("`backup_stats`, requests", 80.0, requests(Kind::Stats, original)),
        most("uncached `c:`, one client's p50 in ms", 0.5, p50(Kind::Uncached)),
        most("`backup_stats`, one client's p50 in ms", 0.5, p50(Kind::Stats)),
        least("40 kB `c:`, requests", 20.0, requests(Kind::Wide, original)),
        least("4 MB browse, requests", 20.0, requests(Kind::Browse, original)),
        least("`monitor_version`, requests", 3.0, requests(Kind::Version, original)),
        most("`monitor_version`, CPU a request", 0.25, cpu(Kind::Version)),
        least("cached `c:`, requests", 3.0, requests(Kind::Cached, original)),
        most("cached `c:`, CPU a request", 0.25, cpu(Kind::Cached)),
        most("memory of the parent", 0.125, memory(side, |print| Some(print.loaded_kib))),
        most("memory of the parent after a browse", 0.125, memory(side, browsed)),
        least("`monitor_version` of the bare loop", 0.8, requests(Kind::Version, LOOP)),
        least("uncached `c:` of two bare children", 0.45, requests(Kind::Uncached, CHILDREN)),
        least("`backup_stats` of two bare children", 0.45, requests(Kind::Stats, CHILDREN)),
    ]
}

fn find<'a>(
    figures: &'a Figures,
    what: (Kind, Wire),
    clients: usize,
    side: &str,
) -> Option<&'a Measure> {
    figures.measures.iter().find(|measure| {
        (measure.row, measure.wire) == what
            && (measure.pool, measure.clients) == (POOL, clients)
            && measure.side == side
    })
}

fn browsed(print: &Footprint) -> Option<u64> {
    print.browsed_kib
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn memory(
    figures: &Figures,
    wire: Wire,
    side: &str,
    of: fn(&Footprint) -> Option<u64>,
) -> Option<f64> {
    let kib = |side: &str| {
        let mut prints = figures.footprints.iter();
        prints
            .find(|print| (print.wire, print.pool) == (wire, POOL) && print.side == side)
            .and_then(of)
    };
    Some(kib(side)? as f64 / kib("original")? as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_without_a_figure_is_neither_met_nor_missed() {
        let figures = Figures { ours: vec!["ours".to_owned()], ..Figures::default() };
        assert!(judge(&figures).iter().all(|bar| bar.met().is_none()));
    }

    #[test]
    fn a_bar_is_met_at_its_very_value() {
        let bar = |sense, measured| Bar {
            side: String::new(),
            what: "",
            sense,
            limit: 3.0,
            measured: Some(measured),
        };
        assert_eq!(bar(Sense::AtLeast, 3.0).met(), Some(true));
        assert_eq!(bar(Sense::AtLeast, 2.9).met(), Some(false));
        assert_eq!(bar(Sense::AtMost, 3.1).met(), Some(false));
    }
}
