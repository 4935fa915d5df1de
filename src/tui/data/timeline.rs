//! REGISTERs and failures over the time of the capture, in slices.

use crate::net::Timestamp;
use crate::registration::Snapshot;

/// Slices of the timeline.
const SLICES: usize = 240;

/// How many REGISTERs were sent and how many attempts failed in each slice of time.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Timeline {
    /// Attempts begun.
    attempts: Vec<u32>,
    /// Attempts that failed, at their last message.
    failures: Vec<u32>,
}

impl Timeline {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let (Some(first), Some(last)) = (snapshot.first, snapshot.last) else {
            return Self::default();
        };
        let span = last.nanos_since(first).max(1);
        let slice = |at: Timestamp| {
            let offset = at.nanos_since(first).clamp(0, span - 1);
            let slice = i128::from(offset) * SLICES as i128 / i128::from(span);
            usize::try_from(slice).unwrap_or_default()
        };
        let (mut attempts, mut failures) = (vec![0_u32; SLICES], vec![0_u32; SLICES]);
        for attempt in snapshot.dns().flat_map(|dn| dn.attempts()) {
            if let Some(count) = attempts.get_mut(slice(attempt.started)) {
                *count = count.saturating_add(1);
            }
            if attempt.outcome.failure().is_some()
                && let Some(count) = failures.get_mut(slice(attempt.last))
            {
                *count = count.saturating_add(1);
            }
        }
        Self { attempts, failures }
    }

    /// Whether there is no time to show.
    pub(in crate::tui) const fn is_empty(&self) -> bool {
        self.attempts.is_empty()
    }

    /// Attempts and failures, each summed up into `slices` slices.
    pub(in crate::tui) fn in_slices(&self, slices: usize) -> [Vec<u64>; 2] {
        [&self.attempts, &self.failures].map(|counts| {
            let mut sums = vec![0; slices];
            for (place, &count) in counts.iter().enumerate() {
                if let Some(sum) = sums.get_mut(place * slices / counts.len()) {
                    *sum += u64::from(count);
                }
            }
            sums
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_keep_every_attempt() {
        let mut attempts = vec![1; SLICES];
        attempts[0] = 7;
        let timeline = Timeline { attempts, failures: vec![2; SLICES] };
        for slices in [1, 7, 60, 240] {
            let [attempts, failures] = timeline.in_slices(slices);
            assert_eq!(attempts.len(), slices);
            assert_eq!(attempts.iter().sum::<u64>(), 246);
            assert_eq!(failures.iter().sum::<u64>(), 480);
        }
        assert_eq!(Timeline::default().in_slices(3), [vec![0; 3], vec![0; 3]]);
    }
}
