//! Keeps time while live traffic is followed: the clock that counts, and how far the model is behind it.

use std::time::Duration;

use super::Following;
use super::clock::since_boot;
use super::sources::Input;
use crate::net::Timestamp;

/// Being so far behind the newest packet is worth a sentence; it is over at half of that.
const LAGS: Duration = Duration::from_secs(2);

impl Following {
    /// How far the model is behind the packets that are captured.
    pub(super) fn lag(&self) -> Duration {
        // a pipe makes its writer wait, and how long it did cannot be seen here
        #[cfg(feature = "live")]
        if self.sources.is_stream() {
            return Duration::ZERO;
        }
        match self.engine.clock() {
            // nothing was taken in yet
            clock if clock == Timestamp::default() => Duration::ZERO,
            clock => self.clock.now().since(clock),
        }
    }

    pub(super) fn look_at_clock(&mut self) {
        let Some(by) = self.clock.look(Timestamp::now(), since_boot()) else { return };
        self.engine.note_clock_set(self.clock.set());
        let whither = if by < 0 { "back" } else { "ahead" };
        self.said.push(format!(
            "the clock of this host was set {} s {whither}: times are counted on as if it had not been",
            by.unsigned_abs() / 1_000_000_000
        ));
    }

    pub(super) fn look_for_lag(&mut self) {
        let lag = self.lag();
        if !self.lags && lag >= LAGS {
            self.lags = true;
            let behind = lag.as_secs();
            self.said.push(format!("{behind} s behind: packets come faster than they are judged"));
        } else if self.lags && lag < LAGS / 2 {
            self.lags = false;
            self.said.push("no longer behind".to_owned());
        }
    }

    /// Lets time pass, up to a moment on the wall clock.
    pub(super) fn pass_time(&mut self, wall: Timestamp) {
        #[cfg(feature = "live")]
        if self.sources.is_stream() {
            return self.engine.pass_time(wall);
        }
        // the time of the last frame may be wrong, that of this moment is not
        let time = self.clock.time(wall, self.engine.clock());
        self.engine.pass_time(time.min(self.clock.now()));
    }

    /// Records what waited too long to be read; how many packets.
    pub(super) fn leave(&mut self, input: Input) -> u64 {
        match input {
            #[cfg(feature = "live")]
            Input::Frames(_, batch) => {
                if let Some(recorder) = &mut self.recorder {
                    batch.frames().for_each(|frame| recorder.frame(&frame));
                }
                batch.len() as u64
            }
            #[cfg(feature = "live")]
            Input::Lost(_) | Input::Back => 0,
            #[cfg(feature = "hep")]
            Input::Hep(packet) => {
                if let Some(recorder) = &mut self.recorder {
                    recorder.hep(&packet, self.engine.next_hep(self.agents));
                }
                1
            }
            Input::Log(_) => 1,
            Input::Idle(_) => 0,
        }
    }
}
