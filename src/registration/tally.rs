//! Counts how attempts end, how long responses take and how early bindings are refreshed.

use crate::hashing::HashMap;

use super::attempt::Outcome;

/// Bounds of the time a response takes, in milliseconds: up to Timer F (RFC 3261 §17.1.2.2).
const RTT: &[u32] = &[1, 5, 10, 25, 50, 100, 250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000];
/// Bounds of the time left on a binding when it is refreshed, in milliseconds: up to an hour.
const MARGIN: &[u32] = &[
    0, 1000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
];
const NANOS: f64 = 1e9;

/// Numbers that only grow, whatever the model forgets.
#[derive(Clone, Debug)]
pub struct Tally {
    /// An outcome and a code of three digits: there are some thousands at most.
    ends: HashMap<(Outcome, u16), u64>,
    rtt: Distribution,
    margin: Distribution,
}

/// How often a time was within which bound.
#[derive(Clone, Debug)]
pub struct Distribution {
    /// Milliseconds.
    bounds: &'static [u32],
    /// Those within each bound and above the one before; the last are above all.
    within: Vec<u64>,
    /// Nanoseconds.
    sum: i128,
}

impl Default for Tally {
    fn default() -> Self {
        let (rtt, margin) = (Distribution::new(RTT), Distribution::new(MARGIN));
        Self { ends: HashMap::default(), rtt, margin }
    }
}

impl Tally {
    /// How attempts ended: outcome, status code (0 for none), and how many.
    ///
    /// A challenge, a redirect or a 423 is an end when nothing followed while retransmissions may come
    /// (32 s). One that is judged again, by a late response, counts once more.
    pub fn ends(&self) -> impl Iterator<Item = (Outcome, u16, u64)> {
        self.ends.iter().map(|(&(outcome, code), &number)| (outcome, code, number))
    }

    /// From a REGISTER, as last sent, to its final response; challenges are final responses too.
    #[must_use]
    pub const fn rtt(&self) -> &Distribution {
        &self.rtt
    }

    /// What was left of a binding's time when the REGISTER that refreshed it was sent; nothing was if
    /// it came too late.
    #[must_use]
    pub const fn margin(&self) -> &Distribution {
        &self.margin
    }

    pub(super) fn end(&mut self, outcome: Outcome, code: u16) {
        *self.ends.entry((outcome, code)).or_default() += 1;
    }

    pub(super) fn answered(&mut self, nanos: i64) {
        self.rtt.add(nanos);
    }

    pub(super) fn renewed(&mut self, millis: i64) {
        self.margin.add(millis.saturating_mul(1_000_000));
    }
}

impl Distribution {
    fn new(bounds: &'static [u32]) -> Self {
        Self { bounds, within: vec![0; bounds.len() + 1], sum: 0 }
    }

    fn add(&mut self, nanos: i64) {
        let nanos = nanos.max(0);
        let place = self.bounds.partition_point(|&ms| i64::from(ms) * 1_000_000 < nanos);
        if let Some(within) = self.within.get_mut(place) {
            *within += 1;
        }
        self.sum += i128::from(nanos);
    }

    /// Each bound in seconds, and how many were within it.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        let numbers = self.within.iter().scan(0, |sum, within| {
            *sum += within;
            Some(*sum)
        });
        self.bounds.iter().map(|&ms| f64::from(ms) / 1000.0).zip(numbers)
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.within.iter().sum()
    }

    /// All of them together, in seconds.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum as f64 / NANOS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_counts_for_its_bound_and_all_above() {
        let mut all = Distribution::new(&[0, 10, 100]);
        for nanos in [-5, 0, 1, 10_000_000, 10_000_001, 5_000_000_000] {
            all.add(nanos);
        }
        assert_eq!(all.buckets().collect::<Vec<_>>(), [(0.0, 2), (0.01, 4), (0.1, 5)]);
        assert_eq!(all.count(), 6);
        assert!((all.sum() - 5.020_000_002).abs() < 1e-9);
    }
}
