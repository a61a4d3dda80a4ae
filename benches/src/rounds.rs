//! Medians: of stretches of calls within a trial, and of rounds, in which all contestants have their turn one after the other, so
//! that whatever the machine does beside hits all of them. A ratio is formed within one round; the median of ratios counts.

use std::time::{Duration, Instant};

use crate::miss::{Miss, Outcome};

/// Nanoseconds of one of so many calls.
pub(crate) fn per_call(calls: usize, mut call: impl FnMut(usize)) -> f64 {
    let start = Instant::now();
    for number in 0..calls {
        call(number);
    }
    start.elapsed().as_secs_f64() * 1e9 / calls as f64
}

/// NaN of nothing.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The median of what one burst after the other gives for so long, but for those that are not a number because they do not count.
pub(crate) fn during(stretch: Duration, mut burst: impl FnMut() -> f64) -> f64 {
    let start = Instant::now();
    let mut figures = vec![burst()];
    while start.elapsed() < stretch {
        figures.push(burst());
    }
    median(figures.into_iter().filter(|figure| !figure.is_nan()))
}

/// What a contestant's trials gave: the figures of each round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    rounds: Vec<Option<Vec<f64>>>,
    miss: Option<Miss>,
}

impl Series {
    fn push(&mut self, outcome: Outcome) {
        match outcome {
            Ok(figures) => self.rounds.push(Some(figures)),
            Err(miss) => {
                self.rounds.push(None);
                self.miss = Some(miss);
            }
        }
    }

    /// Why figures are missing; of some rounds only where it [has any](Series::has_any).
    pub(crate) fn miss(&self) -> Option<&Miss> {
        self.miss.as_ref()
    }

    pub(crate) fn has_any(&self) -> bool {
        self.rounds.iter().any(Option::is_some)
    }

    pub(crate) fn median(&self, figure: usize) -> f64 {
        median(self.rounds.iter().flatten().map(|figures| figures[figure]))
    }

    /// The median of the ratios to a figure of another series, or of this one, in the same round.
    pub(crate) fn ratio(&self, figure: usize, to: &Series, to_figure: usize) -> f64 {
        let pairs = self.rounds.iter().zip(&to.rounds);
        let both = pairs.filter_map(|(mine, theirs)| mine.as_ref().zip(theirs.as_ref()));
        median(both.map(|(mine, theirs)| mine[figure] / theirs[to_figure]))
    }
}

/// One trial.
pub(crate) type Run<'a> = Box<dyn Fn() -> Outcome + 'a>;

/// Runs every trial once in each round. What is not offered is asked for only once.
pub(crate) fn rounds(
    count: usize,
    trials: &[(&str, Run<'_>)],
    mut progress: impl FnMut(usize, &str),
) -> Vec<Series> {
    let mut all = vec![Series::default(); trials.len()];
    for round in 0..count {
        for ((name, trial), series) in trials.iter().zip(&mut all) {
            if matches!(series.miss, Some(Miss::Limit(_))) {
                continue;
            }
            progress(round, name);
            series.push(trial());
        }
    }
    all
}
