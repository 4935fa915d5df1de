//! Decides the time of what is captured live where this host's clock is set meanwhile, or a stamp is wrong.
//!
//! The wall clock is compared with one that counts from the start of the host, also while it sleeps. Where the two
//! differ by more than [`STEP`] since the last look, the wall clock was set: times are counted on as if it had
//! not been, so that nothing expires by it. A stamp that is far from both the wall clock and the model's is not
//! believed; the packet counts at the model's time.

use std::time::Duration;

use crate::net::Timestamp;

/// Clocks that are disciplined step by less, in nanoseconds.
const STEP: i64 = 10_000_000_000;
/// Packets wait for less.
const NEAR: i64 = 600_000_000_000;

/// The wall clock, without the steps it was set by.
pub(super) struct SteadyClock {
    wall: Timestamp,
    since_boot: Duration,
    /// By how many nanoseconds it was set in all, and before the latest step.
    shifts: [i64; 2],
    /// How often it was set, and by how much at most.
    set: (u64, i64),
    misstamped: u64,
}

impl SteadyClock {
    /// Begins with the wall clock, and the time since the host started.
    pub(super) const fn new(wall: Timestamp, since_boot: Duration) -> Self {
        Self { wall, since_boot, shifts: [0; 2], set: (0, 0), misstamped: 0 }
    }

    /// Compares both clocks; returns by how many nanoseconds the wall clock was set since the last call, if it was.
    pub(super) fn look(&mut self, wall: Timestamp, since_boot: Duration) -> Option<i64> {
        let passed = since_boot.saturating_sub(self.since_boot).as_nanos();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        let step = wall.nanos_since(self.wall).saturating_sub(passed);
        (self.wall, self.since_boot) = (wall, since_boot);
        if step.saturating_abs() < STEP {
            return None;
        }
        let [shift, _] = self.shifts;
        self.shifts = [shift.saturating_add(step), shift];
        let most = if step.unsigned_abs() > self.set.1.unsigned_abs() { step } else { self.set.1 };
        self.set = (self.set.0 + 1, most);
        Some(step)
    }

    /// How often the clock was set, and by how many nanoseconds at most.
    pub(super) const fn set(&self) -> (u64, i64) {
        self.set
    }

    /// Packets whose time stamps were rejected.
    pub(super) const fn misstamped(&self) -> u64 {
        self.misstamped
    }

    /// The wall clock as of the last look, without its steps.
    pub(super) const fn now(&self) -> Timestamp {
        shifted(self.wall, self.shifts[0])
    }

    /// A moment on the wall clock without its steps: the one nearer to `model` if it may be before or after one.
    pub(super) fn time(&self, stamp: Timestamp, model: Timestamp) -> Timestamp {
        let [now, before] = self.shifts.map(|shift| shifted(stamp, shift));
        let far = |time: Timestamp| time.nanos().abs_diff(model.nanos());
        if far(before) < far(now) { before } else { now }
    }

    /// The time that a packet with this stamp counts at, where the model's clock is at `model`.
    pub(super) fn judge(&mut self, stamp: Timestamp, model: Timestamp) -> Timestamp {
        let time = self.time(stamp, model);
        let is_near = |other: Timestamp| time.nanos_since(other).saturating_abs() <= NEAR;
        // the model's clock does not run before the first packet
        if is_near(self.now()) || is_near(model) {
            return time;
        }
        self.misstamped += 1;
        if model == Timestamp::default() { self.now() } else { model }
    }
}

const fn shifted(stamp: Timestamp, shift: i64) -> Timestamp {
    Timestamp::from_nanos(stamp.nanos().saturating_sub(shift))
}

/// The time since this host started, sleep included.
pub(super) fn since_boot() -> Duration {
    #[cfg(all(feature = "live", target_os = "linux"))]
    {
        use nix::time::{ClockId, clock_gettime};
        clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from).unwrap_or_default()
    }
    #[cfg(not(all(feature = "live", target_os = "linux")))]
    {
        use std::sync::LazyLock;
        use std::time::Instant;
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_parts(1_763_481_420 + seconds, 0)
    }

    const fn up(seconds: u64) -> Duration {
        Duration::from_secs(1000 + seconds)
    }

    #[test]
    fn a_clock_that_is_set_is_counted_on() {
        for by in [259_200, 30, -30, -7200] {
            let mut clock = SteadyClock::new(at(0), up(0));
            assert_eq!(clock.look(at(10), up(10)), None);
            assert_eq!(clock.look(at(20 + by), up(20)), Some(by * 1_000_000_000));
            assert_eq!((clock.now(), clock.set().0), (at(20), 1));
            // one that was stamped before the step, and one after it
            assert_eq!(clock.judge(at(19), at(19)), at(19), "{by}");
            assert_eq!(clock.judge(at(21 + by), at(20)), at(21), "{by}");
            assert_eq!(clock.misstamped(), 0);
        }
    }

    #[test]
    fn a_host_that_slept_lost_the_time() {
        let mut clock = SteadyClock::new(at(0), up(0));
        assert_eq!(clock.look(at(30_000), up(30_000)), None);
        assert_eq!(clock.judge(at(30_000), at(0)), at(30_000));
        assert_eq!(clock.misstamped(), 0);
    }

    #[test]
    fn a_wrong_stamp_moves_nothing() {
        let mut clock = SteadyClock::new(at(0), up(0));
        assert_eq!(clock.look(at(60), up(60)), None);
        for off in [2_208_988_800, -1_763_481_420, 7200, -7200] {
            assert_eq!(clock.judge(at(60 + off), at(59)), at(59), "{off}");
        }
        assert_eq!(clock.judge(at(60 + 7200), Timestamp::default()), at(60));
        assert_eq!(clock.misstamped(), 5);
        // packets that waited are not wrong
        assert_eq!(clock.judge(at(1), at(0)), at(1));
    }
}
