//! Delays and their percentiles, in bounded memory.

/// Up to this many delays are kept one by one, and their percentiles are exact.
const EXACT: usize = 4096;
/// Buckets in which a delay doubles: a percentile among more than [`EXACT`] delays is at most 1/64 too large.
const STEPS: u32 = 64;
/// Doublings that have buckets of their own: all of 64 bits.
const DOUBLINGS: u32 = 64 - STEPS.ilog2();

/// Delays in nanoseconds: exact as long as they are few, then by fixed buckets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Delays {
    kept: Kept,
    count: u64,
    least: u64,
    most: u64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Kept {
    Exact(Vec<u64>),
    Buckets(Vec<u64>),
}

impl Default for Kept {
    fn default() -> Self {
        Self::Exact(Vec::new())
    }
}

impl Delays {
    /// Adds a delay; one that is negative, as clocks that are set back make it, counts as none.
    pub(super) fn add(&mut self, nanos: i64) {
        let nanos = u64::try_from(nanos).unwrap_or(0);
        self.least = if self.count == 0 { nanos } else { self.least.min(nanos) };
        self.most = self.most.max(nanos);
        self.count += 1;
        match &mut self.kept {
            Kept::Exact(all) if all.len() < EXACT => all.push(nanos),
            Kept::Exact(all) => {
                let mut buckets = vec![0; (STEPS * (DOUBLINGS + 1)) as usize];
                let all = std::mem::take(all);
                all.into_iter().chain([nanos]).for_each(|nanos| note(&mut buckets, nanos));
                self.kept = Kept::Buckets(buckets);
            }
            Kept::Buckets(buckets) => note(buckets, nanos),
        }
    }

    /// Puts the delays in order, so that percentiles can be read.
    pub(super) fn close(&mut self) {
        if let Kept::Exact(all) = &mut self.kept {
            all.sort_unstable();
            all.shrink_to_fit();
        }
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The shortest.
    #[must_use]
    pub fn least(&self) -> Option<i64> {
        (self.count > 0).then(|| signed(self.least))
    }

    /// The longest.
    #[must_use]
    pub fn most(&self) -> Option<i64> {
        (self.count > 0).then(|| signed(self.most))
    }

    /// The shortest delay that is not exceeded by `percent` of a hundred (nearest rank).
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<i64> {
        let rank = (u128::from(self.count) * u128::from(percent.min(100))).div_ceil(100).max(1);
        let rank = u64::try_from(rank).unwrap_or(u64::MAX);
        let delay = match &self.kept {
            Kept::Exact(all) => *all.get(usize::try_from(rank - 1).ok()?)?,
            Kept::Buckets(buckets) => {
                let mut below = 0;
                let reached = |own: &u64| {
                    below += own;
                    below >= rank
                };
                let place = buckets.iter().position(reached)?;
                // a bucket's upper bound, as far as there are delays
                upper(place as u32).clamp(self.least, self.most)
            }
        };
        Some(signed(delay))
    }
}

fn signed(nanos: u64) -> i64 {
    i64::try_from(nanos).unwrap_or(i64::MAX)
}

fn note(buckets: &mut [u64], nanos: u64) {
    if let Some(bucket) = buckets.get_mut(bucket(nanos) as usize) {
        *bucket += 1;
    }
}

/// The bucket of a delay: below [`STEPS`] one each, then [`STEPS`] for each doubling.
const fn bucket(nanos: u64) -> u32 {
    let doublings = (nanos | STEPS as u64).ilog2() - STEPS.ilog2();
    doublings * STEPS + (nanos >> doublings) as u32
}

/// The longest delay of a bucket.
const fn upper(bucket: u32) -> u64 {
    if bucket < 2 * STEPS {
        return bucket as u64;
    }
    let doublings = bucket / STEPS - 1;
    let first = ((bucket - doublings * STEPS) as u64) << doublings;
    first + ((1 << doublings) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(all: impl IntoIterator<Item = i64>) -> Delays {
        let mut delays = Delays::default();
        all.into_iter().for_each(|nanos| delays.add(nanos));
        delays.close();
        delays
    }

    #[test]
    fn percentiles_of_few_delays_are_exact() {
        let ten = of((1..=10).rev());
        let at = |percent| ten.percentile(percent);
        assert_eq!([at(0), at(50), at(90), at(95), at(100)], [1, 5, 9, 10, 10].map(Some));
        assert_eq!((ten.count(), ten.least(), ten.most()), (10, Some(1), Some(10)));
        assert_eq!(of([-5]).percentile(50), Some(0));
        assert_eq!((of([]).percentile(50), of([]).least()), (None, None));
    }

    #[test]
    fn every_delay_has_a_bucket_and_none_is_wider_than_a_64th() {
        for nanos in [0, 1, 63, 64, 127, 128, 129, 1000, 1 << 40, u64::MAX - 1, u64::MAX] {
            let place = bucket(nanos);
            assert!(place < STEPS * (DOUBLINGS + 1), "{nanos}");
            let end = upper(place);
            assert!(end >= nanos && end - nanos <= nanos / 64, "{nanos} {end}");
            assert!(place == 0 || upper(place - 1) < nanos, "{nanos}");
        }
    }

    proptest! {
        #[test]
        fn percentiles_of_many_are_near_the_exact_ones(
            mut all in prop::collection::vec(0..5_000_000_000_i64, EXACT + 1..EXACT + 500),
        ) {
            let many = of(all.iter().copied());
            all.sort_unstable();
            for percent in [1, 50, 95, 99, 100] {
                let exact = all[(all.len() * percent).div_ceil(100) - 1];
                let near = many.percentile(percent as u8).unwrap();
                prop_assert!(near >= exact && near - exact <= exact / 64 + 1, "{near} {exact}");
            }
            prop_assert_eq!(many.most(), all.last().copied());
        }
    }
}
