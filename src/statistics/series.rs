//! Numbers over the time of a capture, in slices of equal length.

use crate::net::Timestamp;

/// Slices of a series.
const SLICES: usize = 240;
/// Inputs that end and begin this far apart leave a gap; files that rotate leave shorter ones.
const GAP: i64 = 30_000_000_000;

/// What is counted in each slice of time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Series {
    /// The first and the last moment; nothing was seen if there is none.
    span: Option<(Timestamp, Timestamp)>,
    attempts: Vec<u32>,
    failures: Vec<u32>,
    retransmissions: Vec<u32>,
    /// DNs that come into service less those that go out of it.
    turns: Vec<i64>,
    /// Whether an input covers some of it.
    watched: Vec<bool>,
}

/// A series cut into fewer slices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slices {
    /// Attempts that begin in each.
    pub attempts: Vec<u64>,
    /// Attempts that fail in each.
    pub failures: Vec<u64>,
    /// Retransmissions of requests and of responses in each.
    pub retransmissions: Vec<u64>,
    /// DNs in service at the end of each; unknown where no input covers any of it.
    pub in_service: Vec<Option<u64>>,
}

impl Series {
    /// An empty series over a span of time, of which some was not covered by any input.
    pub(super) fn new(
        span: Option<(Timestamp, Timestamp)>,
        gaps: &[(Timestamp, Timestamp)],
    ) -> Self {
        if span.is_none() {
            return Self::default();
        }
        let mut series = Self {
            span,
            attempts: vec![0; SLICES],
            failures: vec![0; SLICES],
            retransmissions: vec![0; SLICES],
            turns: vec![0; SLICES],
            watched: vec![true; SLICES],
        };
        for &(from, to) in gaps {
            // those that begin and end a gap are covered in part
            let within = series.slice(from) + 1..series.slice(to);
            if let Some(slices) = series.watched.get_mut(within) {
                slices.fill(false);
            }
        }
        series
    }

    /// The first and the last moment.
    #[must_use]
    pub const fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.span
    }

    fn slice(&self, at: Timestamp) -> usize {
        let Some((first, last)) = self.span else { return 0 };
        let span = last.nanos_since(first).max(1);
        let offset = at.nanos_since(first).clamp(0, span - 1);
        let slice = i128::from(offset) * SLICES as i128 / i128::from(span);
        usize::try_from(slice).unwrap_or_default()
    }

    pub(super) fn attempt(&mut self, at: Timestamp) {
        let slice = self.slice(at);
        count(&mut self.attempts, slice);
    }

    pub(super) fn failure(&mut self, at: Timestamp) {
        let slice = self.slice(at);
        count(&mut self.failures, slice);
    }

    pub(super) fn retransmission(&mut self, at: Timestamp) {
        let slice = self.slice(at);
        count(&mut self.retransmissions, slice);
    }

    /// A DN comes into service, or goes out of it.
    pub(super) fn turn(&mut self, at: Timestamp, in_service: bool) {
        let slice = self.slice(at);
        if let Some(turns) = self.turns.get_mut(slice) {
            *turns += if in_service { 1 } else { -1 };
        }
    }

    /// Cut into this many slices, 240 at most.
    #[must_use]
    pub fn in_slices(&self, slices: usize) -> Slices {
        let slices = slices.clamp(1, SLICES);
        let into = |place: usize| place * slices / SLICES;
        let sums = |counts: &[u32]| {
            let mut sums = vec![0; slices];
            for (place, &count) in counts.iter().enumerate() {
                if let Some(sum) = sums.get_mut(into(place)) {
                    *sum += u64::from(count);
                }
            }
            sums
        };
        let (mut in_service, mut now) = (vec![None; slices], 0_i64);
        for (place, (turns, watched)) in self.turns.iter().zip(&self.watched).enumerate() {
            now += turns;
            if let Some(own) = in_service.get_mut(into(place)).filter(|_| *watched) {
                *own = Some(u64::try_from(now).unwrap_or(0));
            }
        }
        Slices {
            attempts: sums(&self.attempts),
            failures: sums(&self.failures),
            retransmissions: sums(&self.retransmissions),
            in_service,
        }
    }
}

fn count(counts: &mut [u32], slice: usize) {
    if let Some(count) = counts.get_mut(slice) {
        *count = count.saturating_add(1);
    }
}

/// The stretches of time between the first and the last moment that no input covers.
pub(super) fn gaps(
    inputs: impl IntoIterator<Item = (Timestamp, Timestamp)>,
) -> Vec<(Timestamp, Timestamp)> {
    let mut inputs: Vec<_> = inputs.into_iter().collect();
    inputs.sort_unstable();
    let mut gaps = Vec::new();
    let mut until: Option<Timestamp> = None;
    for (first, last) in inputs {
        if let Some(until) = until.filter(|&until| first.nanos_since(until) >= GAP) {
            gaps.push((until, first));
        }
        until = until.max(Some(last));
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_parts(seconds, 0)
    }

    #[test]
    fn fewer_slices_keep_every_number() {
        let mut series = Series::new(Some((at(0), at(480))), &[]);
        for second in 0..480 {
            series.attempt(at(second));
            series.failure(at(second));
            series.retransmission(at(second / 2));
        }
        series.turn(at(100), true);
        series.turn(at(200), true);
        series.turn(at(400), false);
        for slices in [1, 7, 60, 240, 1000] {
            let cut = series.in_slices(slices);
            assert_eq!(cut.attempts.len(), slices.min(SLICES));
            for counts in [&cut.attempts, &cut.failures, &cut.retransmissions] {
                assert_eq!(counts.iter().sum::<u64>(), 480, "{slices}");
            }
            assert_eq!(cut.in_service.last(), Some(&Some(1)));
        }
        let quarters = series.in_slices(4).in_service;
        assert_eq!(quarters, [1, 2, 2, 1].map(Some));
        assert_eq!(Series::default().in_slices(2).in_service, [None, None]);
    }

    #[test]
    fn what_no_input_covers_is_unknown() {
        let hours = [(at(0), at(3600)), (at(7200), at(14_400)), (at(1000), at(3000))];
        let gaps = gaps(hours);
        assert_eq!(gaps, [(at(3600), at(7200))]);
        let mut series = Series::new(Some((at(0), at(14_400))), &gaps);
        series.turn(at(10), true);
        assert_eq!(series.in_slices(4).in_service, [Some(1), Some(1), Some(1), Some(1)]);
        let eighths = series.in_slices(8).in_service;
        assert_eq!(eighths.iter().filter(|known| known.is_none()).count(), 1, "{eighths:?}");
    }

    #[test]
    fn files_that_rotate_leave_no_gap() {
        assert_eq!(gaps([(at(0), at(60)), (at(85), at(120))]), []);
        assert_eq!(gaps([]), []);
    }
}
