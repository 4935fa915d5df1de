//! Counts when REGISTERs came to each server: many at once are a restart, a fail-over, or refreshes
//! that keep time.

use crate::hashing::HashMap;
use crate::net::{Endpoint, Timestamp};

/// The shortest time counted together, in nanoseconds: what comes within it comes at once.
const AT_ONCE: i64 = 2_000_000_000;
/// The most such times of one capture.
const MOST: i64 = 65_536;
/// Fewer DNs are no wave.
pub(super) const MANY: u32 = 20;
/// A wave has this many times as many REGISTERs as usual.
const UNUSUAL: u64 = 20;

/// REGISTERs by server and time.
#[derive(Clone)]
pub(super) struct Waves {
    first: Timestamp,
    width: i64,
    servers: HashMap<Endpoint, Vec<u32>>,
}

/// A time when many REGISTERs came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wave {
    /// Its beginning, to the width of what is counted together.
    pub from: Timestamp,
    /// The moment it is over.
    pub to: Timestamp,
    /// How many such times there were.
    pub times: u32,
}

impl Default for Waves {
    fn default() -> Self {
        Self::new(Timestamp::default(), Timestamp::default())
    }
}

impl Waves {
    /// Nothing counted yet, of a capture between two moments.
    pub(super) fn new(first: Timestamp, last: Timestamp) -> Self {
        let width = AT_ONCE.max(last.nanos_since(first) / MOST + 1);
        Self { first, width, servers: HashMap::default() }
    }

    /// Counts a REGISTER.
    pub(super) fn add(&mut self, server: Endpoint, time: Timestamp) {
        let place = (time.nanos_since(self.first) / self.width).clamp(0, MOST);
        let place = usize::try_from(place).unwrap_or(0);
        let counts = self.servers.entry(server).or_default();
        if counts.len() <= place {
            counts.resize(place + 1, 0);
        }
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
    }

    /// Adds what was counted elsewhere over the same capture.
    pub(super) fn merge(&mut self, other: Self) {
        for (server, counts) in other.servers {
            let own = self.servers.entry(server).or_default();
            if own.len() < counts.len() {
                own.resize(counts.len(), 0);
            }
            for (own, more) in own.iter_mut().zip(counts) {
                *own += more;
            }
        }
    }

    /// The servers to which many REGISTERs came at once, with the highest of these waves; `dns` returns
    /// how many DNs a server has.
    pub(super) fn high(&self, dns: impl Fn(Endpoint) -> u32) -> Vec<(Endpoint, Wave)> {
        let mut all = Vec::new();
        // so long a time is not at once
        if self.width > 2 * AT_ONCE {
            return all;
        }
        for (server, counts) in &self.servers {
            let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
            let usual = total * 2 / counts.len().max(1) as u64;
            let half = u64::from(dns(*server)).div_ceil(2);
            let enough = u64::from(MANY).max(half.min((usual * UNUSUAL).max(u64::from(MANY))));
            let pairs = counts.iter().zip(counts.iter().skip(1).chain([&0]));
            let sums: Vec<u64> = pairs.map(|(a, b)| u64::from(a + b)).collect();
            let Some((place, &most)) = sums.iter().enumerate().rev().max_by_key(|(_, sum)| **sum)
            else {
                continue;
            };
            if most >= enough {
                let start = |place: usize| {
                    let nanos = i64::try_from(place).unwrap_or(0).saturating_mul(self.width);
                    Timestamp::from_nanos(self.first.nanos().saturating_add(nanos))
                };
                let times = peaks(&sums, (most * 3).div_ceil(4).max(u64::from(MANY)));
                all.push((*server, Wave { from: start(place), to: start(place + 2), times }));
            }
        }
        all.sort_by_key(|(server, _)| *server);
        all
    }
}

/// How often `enough` came; adjacent ones count once.
fn peaks(sums: &[u64], enough: u64) -> u32 {
    let (mut count, mut inside) = (0, false);
    for sum in sums {
        let high = *sum >= enough;
        count += u32::from(high && !inside);
        inside = high;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::testing::{endpoint, seconds};

    fn waves(times: impl IntoIterator<Item = f64>, dns: u32) -> Vec<(Endpoint, Wave)> {
        let (first, last) = (seconds("0"), seconds("600"));
        let mut waves = Waves::new(first, last);
        for time in times {
            let at = Timestamp::from_nanos(first.nanos() + (time * 1e9) as i64);
            waves.add(endpoint("r"), at);
        }
        waves.high(|_| dns)
    }

    #[test]
    fn what_comes_at_once_is_a_wave_and_what_is_spread_is_none() {
        let at_once = |start: f64| (0..40).map(move |n| start + f64::from(n) / 40.0);
        let spread = (0..40).map(|n| f64::from(n) * 15.0);
        assert_eq!(waves(spread.clone(), 40), []);
        assert_eq!(waves((0..19).map(f64::from).map(|n| n / 20.0), 19), [], "too few");
        let one = waves(at_once(61.5), 40);
        assert_eq!(one.len(), 1);
        assert!(one[0].1.from <= seconds("61.5") && one[0].1.to >= seconds("62.5"));
        assert_eq!(one[0].1.times, 1);
        let three = (0..3).flat_map(|n| at_once(f64::from(61 + 100 * n)));
        assert_eq!(waves(three, 40)[0].1.times, 3);
        let large = (0..2000).map(|n| f64::from(n) * 0.3).chain(at_once(301.0));
        assert_eq!(waves(large, 2000), [], "40 of 2000, of which 7 a second are usual");
        let quiet = spread.chain(at_once(301.0));
        assert_eq!(waves(quiet, 2000).len(), 1, "40 where one in 15 s is usual");
    }
}
