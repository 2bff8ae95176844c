//! The report of the shared cache's benchmark, in Markdown and in JSON.

use serde_json::{Value, json};

use crate::bars::{Bar, Sense};
use crate::report::{line, median, own_bar, own_bars, short};
use crate::shared_cache::{Counts, Measure, Side};

const HEAD: &str = "\
## A shared cache

Two daemons in front of the same burp, asked the same 22 queries as fast as clients can; apart, or with a store of answers that the first one keeps and the second one has a clone of.
Requests are those of both; times in ms; queries are burp's, of all rounds; ratios are to the daemons apart.

| clients each | daemons | requests/s | ratio | p50 | p99 | queries, first | second | both | ratio | learned | failed |
| --: | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |
";

impl Measure {
    /// The median of the rounds.
    fn rate(&self) -> f64 {
        median(&self.rates)
    }

    fn failed(&self) -> u64 {
        self.outcome.errors + self.outcome.wrong
    }

    fn learned(&self) -> u64 {
        self.counts.iter().map(|counts| counts.learned).sum()
    }
}

/// Requests a second of a pair that shares, to those of the pair apart.
fn rates(shared: &Measure, apart: &Measure) -> Option<f64> {
    (apart.rate() > 0.0).then(|| shared.rate() / apart.rate())
}

/// Burp's queries for a pair that shares, to those for the pair apart.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn queries(shared: &Measure, apart: &Measure) -> Option<f64> {
    (apart.queries() > 0).then(|| shared.queries() as f64 / apart.queries() as f64)
}

/// The pair apart with as many clients.
fn beside<'a>(rows: &'a [Measure], shared: &Measure) -> Option<&'a Measure> {
    rows.iter()
        .filter(|_| shared.side == Side::Shared)
        .find(|other| other.side == Side::Apart && other.clients == shared.clients)
}

/// The tables.
pub(crate) fn markdown(rows: &[Measure], bars: &[Bar]) -> String {
    let mut text = String::from(HEAD);
    for measure in rows {
        let apart = beside(rows, measure);
        let ratio = |of: fn(&Measure, &Measure) -> Option<f64>| {
            apart.and_then(|apart| of(measure, apart)).map_or("–".to_owned(), short)
        };
        let [first, second] = measure.counts.map(|counts| counts.queries.to_string());
        line(
            &mut text,
            &[
                measure.clients.to_string(),
                measure.side.name().to_owned(),
                short(measure.rate()),
                ratio(rates),
                short(measure.outcome.percentile(0.5)),
                short(measure.outcome.percentile(0.99)),
                first,
                second,
                measure.queries().to_string(),
                ratio(queries),
                measure.learned().to_string(),
                measure.failed().to_string(),
            ],
        );
    }
    own_bars(&mut text, bars);
    text
}

/// The same figures, and those of single rounds and daemons.
pub(crate) fn json(rows: &[Measure], bars: &[Bar]) -> Value {
    let daemon = |counts: &Counts| {
        json!({
            "queries": counts.queries,
            "learned": counts.learned,
            "spared": counts.spared,
        })
    };
    let row = |measure: &Measure| {
        json!({
            "daemons": measure.side.name(),
            "clients_each": measure.clients,
            "requests_per_second": measure.rate(),
            "rounds": measure.rates,
            "p50_ms": measure.outcome.percentile(0.5),
            "p99_ms": measure.outcome.percentile(0.99),
            "requests": measure.outcome.right,
            "errors": measure.outcome.errors,
            "wrong": measure.outcome.wrong,
            "complaint": measure.outcome.complaint,
            "queries": measure.queries(),
            "each": measure.counts.iter().map(daemon).collect::<Vec<_>>(),
        })
    };
    json!({
        "shared_cache": rows.iter().map(row).collect::<Vec<_>>(),
        "bars": bars.iter().map(own_bar).collect::<Vec<_>>(),
    })
}

/// The bars; with several numbers of clients the worst of them counts.
pub(crate) fn judge(rows: &[Measure]) -> Vec<Bar> {
    let ratios = |of: fn(&Measure, &Measure) -> Option<f64>| {
        rows.iter().filter_map(move |shared| of(shared, beside(rows, shared)?))
    };
    let queries = ratios(queries).reduce(f64::max);
    let rates = ratios(rates).reduce(f64::min);
    vec![
        Bar::ours("burp's queries, to those of daemons apart", Sense::AtMost, 0.6, queries),
        Bar::ours("requests a second, to those of daemons apart", Sense::AtLeast, 0.9, rates),
    ]
}

/// The first thing that went wrong.
pub(crate) fn complaint(rows: &[Measure]) -> Option<String> {
    rows.iter().find_map(|measure| {
        let what = if measure.failed() > 0 {
            let words = measure.outcome.complaint.as_deref().unwrap_or("no cause known");
            format!("{} requests failed; the first: {words}", measure.failed())
        } else if measure.queries() == 0 {
            "burp was asked nothing".to_owned()
        } else if measure.side == Side::Shared && measure.learned() == 0 {
            "neither daemon has learned anything".to_owned()
        } else {
            return None;
        };
        Some(format!("shared cache, {}, {} clients: {what}", measure.side.name(), measure.clients))
    })
}

#[cfg(test)]
mod tests {
    use crate::load::Outcome;

    use super::*;

    fn measure(side: Side, clients: usize, rates: &[f64], queries: [u64; 2]) -> Measure {
        let learned = u64::from(side == Side::Shared);
        let counts = queries.map(|queries| Counts { queries, learned, spared: 0 });
        Measure { side, clients, rates: rates.to_vec(), outcome: Outcome::default(), counts }
    }

    #[test]
    fn who_shares_is_held_against_who_does_not_with_as_many_clients() {
        let apart = measure(Side::Apart, 4, &[100.0, 900.0, 200.0], [50, 50]);
        let shared = measure(Side::Shared, 4, &[190.0], [30, 20]);
        let other = measure(Side::Shared, 8, &[1.0], [1000, 1000]);
        assert!(judge(&[apart.clone(), other.clone()]).iter().all(|bar| bar.met().is_none()));
        let rows = [apart, shared, other, measure(Side::Apart, 8, &[10.0], [1000, 1000])];
        let (good, all) = (judge(&rows[..2]), judge(&rows));
        let measured = |bars: &[Bar]| bars.iter().map(|bar| bar.measured).collect::<Vec<_>>();
        assert_eq!(measured(&good), [Some(0.5), Some(0.95)]);
        assert!(good.iter().all(|bar| bar.met() == Some(true)));
        assert_eq!(measured(&all), [Some(1.0), Some(0.1)]);
        let text = markdown(&rows[..2], &good);
        assert!(text.contains("| 4 | shared | 190 | 0.950 | 0.000 | 0.000 | 30 | 20 | 50 | 0.500"));
    }

    #[test]
    fn a_failed_request_and_a_store_without_use_are_complaints() {
        let mut rows =
            [measure(Side::Apart, 4, &[1.0], [1, 1]), measure(Side::Shared, 4, &[1.0], [1, 0])];
        assert_eq!(complaint(&rows), None);
        rows[1].counts = rows[1].counts.map(|counts| Counts { learned: 0, ..counts });
        assert!(complaint(&rows).unwrap().ends_with("neither daemon has learned anything"));
        rows[0].outcome.errors = 2;
        let words = complaint(&rows).unwrap();
        assert_eq!(
            words,
            "shared cache, apart, 4 clients: 2 requests failed; the first: no cause known"
        );
    }
}
