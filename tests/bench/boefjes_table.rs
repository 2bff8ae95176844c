//! The report of the workers' benchmark, in Markdown and in JSON.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bars::{Bar, Sense};
use crate::boefjes::Measure;
use crate::report::{line, median, own_bar, own_bars, short};

/// The size of the pool that the bars speak of, the default.
const POOL: usize = 2;

const HEAD: &str = "\
## The workers

A boefje that returns one raw file at once; the services are played by the benchmark, on the same machine.
Times in ms, the longest of all tries for deaths; CPU is for one job, that of hosts with their jobs' processes; memory in KiB, PSS and RSS.
The original, version 1.15.1 with two workers on another machine of two cores: 4–6 jobs/s as it comes, 18–61 with its heartbeat lowered to 10 ms, 232 MB in five processes, up to 7 s from the death of a worker to `failed`.

| pool | jobs/s | CPU | CPU of hosts | first pop | first job | program | host | host's death | job's death | wrong |
| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |
";

impl Measure {
    /// Jobs a second: the median of the rounds.
    fn rate(&self) -> f64 {
        median(&self.rates)
    }

    /// Processor time for a job, of what was used for all.
    fn for_each(&self, time: Duration) -> f64 {
        let jobs = u32::try_from(self.jobs.max(1)).unwrap_or(u32::MAX);
        milliseconds(time / jobs)
    }
}

/// The tables: rows and bars.
pub(crate) fn markdown(pools: &[Measure], bars: &[Bar]) -> String {
    let mut text = String::from(HEAD);
    for measure in pools {
        let kib = |[pss, rss]: [u64; 2]| format!("{pss}, {rss}");
        line(
            &mut text,
            &[
                measure.pool.to_string(),
                short(measure.rate()),
                short(measure.for_each(measure.cpu)),
                short(measure.for_each(measure.hosts_cpu)),
                short(milliseconds(measure.first_pop)),
                short(milliseconds(measure.first_job)),
                kib(measure.program_kib),
                kib(measure.host_kib),
                short(longest(&measure.host_deaths)),
                short(longest(&measure.job_deaths)),
                measure.wrong.to_string(),
            ],
        );
    }
    own_bars(&mut text, bars);
    text
}

/// The same figures.
pub(crate) fn json(pools: &[Measure], bars: &[Bar]) -> Value {
    let all = |times: &[Duration]| times.iter().copied().map(milliseconds).collect::<Vec<_>>();
    let row = |measure: &Measure| {
        json!({
            "pool": measure.pool,
            "rates": measure.rates,
            "cpu_ms": measure.for_each(measure.cpu),
            "hosts_cpu_ms": measure.for_each(measure.hosts_cpu),
            "first_pop_ms": milliseconds(measure.first_pop),
            "first_job_ms": milliseconds(measure.first_job),
            "program_pss_kib": measure.program_kib[0],
            "program_rss_kib": measure.program_kib[1],
            "host_pss_kib": measure.host_kib[0],
            "host_rss_kib": measure.host_kib[1],
            "host_deaths_ms": all(&measure.host_deaths),
            "job_deaths_ms": all(&measure.job_deaths),
            "wrong": measure.wrong,
        })
    };
    json!({
        "boefjes": pools.iter().map(row).collect::<Vec<_>>(),
        "bars": bars.iter().map(own_bar).collect::<Vec<_>>(),
    })
}

/// The bars: with the default pool on a machine of two cores.
pub(crate) fn judge(pools: &[Measure]) -> Vec<Bar> {
    let found = pools.iter().find(|measure| measure.pool == POOL);
    let bar = |what, sense, limit, of: &dyn Fn(&Measure) -> f64| {
        Bar::ours(what, sense, limit, found.map(of))
    };
    let deaths =
        |measure: &Measure| longest(&measure.host_deaths).max(longest(&measure.job_deaths));
    vec![
        bar("jobs a second", Sense::AtLeast, 150.0, &Measure::rate),
        bar("start to first pop, ms", Sense::AtMost, 100.0, &|it| milliseconds(it.first_pop)),
        bar("death to failed, ms", Sense::AtMost, 100.0, &deaths),
        bar("memory of the program, MB", Sense::AtMost, 10.0, &|it| megabytes(it.program_kib[0])),
        bar("memory of a host, MB", Sense::AtMost, 45.0, &|it| megabytes(it.host_kib[1])),
    ]
}

/// The first thing that went wrong.
pub(crate) fn complaint(pools: &[Measure]) -> Option<String> {
    let wrong = pools.iter().find(|measure| measure.wrong > 0 || measure.jobs == 0)?;
    let Measure { pool, wrong, jobs, .. } = wrong;
    Some(format!("boefjes, pool of {pool}: {wrong} tasks went wrong, {jobs} jobs were counted"))
}

fn longest(times: &[Duration]) -> f64 {
    times.iter().max().copied().map_or(f64::NAN, milliseconds)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn megabytes(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) * 1.024e-3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_judged_of_the_default_pool() {
        assert!(judge(&[]).iter().all(|bar| bar.met().is_none()));
        let ms = Duration::from_millis;
        let good = Measure {
            pool: POOL,
            rates: vec![10.0, 900.0, 200.0],
            first_pop: ms(20),
            program_kib: [9_000, 20_000],
            host_kib: [20_000, 40_000],
            host_deaths: vec![ms(20), ms(4)],
            job_deaths: vec![ms(1)],
            ..Measure::default()
        };
        assert!(judge(std::slice::from_ref(&good)).iter().all(|bar| bar.met() == Some(true)));
        let slow = Measure { job_deaths: vec![ms(101)], ..good };
        let missed: Vec<_> =
            judge(&[slow]).into_iter().filter(|bar| bar.met() != Some(true)).collect();
        assert_eq!(missed.len(), 1);
        assert_eq!(missed[0].what, "death to failed, ms");
    }
}
