//! Counts what a live source received and what was dropped, readable from any thread.

use std::sync::atomic::{AtomicU64, Ordering};

/// What became of the packets on a device, those aside that the filter shed in the kernel.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct LiveStats {
    /// Frames taken out of the kernel's buffer.
    pub received: u64,
    /// Packets the kernel dropped because its buffer was full: the program was too slow.
    pub kernel_dropped: u64,
    /// Packets the device itself dropped, where it reports them.
    pub interface_dropped: u64,
    /// Frames received and given up because they were not taken (when stopping).
    pub queue_dropped: u64,
    /// Milliseconds the capture thread waited for a full queue; the kernel's buffer filled meanwhile.
    pub queue_waited_ms: u64,
}

impl LiveStats {
    /// Packets that are missing, wherever they were dropped.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.kernel_dropped
            .saturating_add(self.interface_dropped)
            .saturating_add(self.queue_dropped)
    }
}

/// The counters behind [`LiveStats`]; the capture thread is the only one that writes.
#[derive(Default, Debug)]
pub(super) struct Counters {
    received: AtomicU64,
    kernel_dropped: AtomicU64,
    interface_dropped: AtomicU64,
    queue_dropped: AtomicU64,
    queue_waited_ms: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self) -> LiveStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LiveStats {
            received: read(&self.received),
            kernel_dropped: read(&self.kernel_dropped),
            interface_dropped: read(&self.interface_dropped),
            queue_dropped: read(&self.queue_dropped),
            queue_waited_ms: read(&self.queue_waited_ms),
        }
    }

    pub(super) fn receive(&self, frames: u64) {
        self.received.fetch_add(frames, Ordering::Relaxed);
    }

    pub(super) fn give_up(&self, frames: u64) {
        self.queue_dropped.fetch_add(frames, Ordering::Relaxed);
    }

    pub(super) fn wait(&self, millis: u64) {
        self.queue_waited_ms.fetch_add(millis, Ordering::Relaxed);
    }
}

/// libpcap's counters of one opening of the device, as of the last look: they have 32 bits and wrap.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Seen {
    dropped: u32,
    if_dropped: u32,
}

impl Seen {
    /// Adds what was dropped since the last look.
    pub(super) fn look(&mut self, dropped: u32, if_dropped: u32, counters: &Counters) {
        let add = |counter: &AtomicU64, now: u32, then: u32| {
            counter.fetch_add(u64::from(now.wrapping_sub(then)), Ordering::Relaxed);
        };
        add(&counters.kernel_dropped, dropped, self.dropped);
        add(&counters.interface_dropped, if_dropped, self.if_dropped);
        *self = Self { dropped, if_dropped };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_survive_a_wrap_and_another_opening() {
        let counters = Counters::default();
        let mut seen = Seen::default();
        seen.look(u32::MAX, 1, &counters);
        seen.look(4, 1, &counters);
        seen = Seen::default();
        seen.look(10, 2, &counters);
        let stats = counters.read();
        assert_eq!(stats.kernel_dropped, u64::from(u32::MAX) + 5 + 10);
        assert_eq!(stats.interface_dropped, 3);
        assert_eq!(stats.dropped(), stats.kernel_dropped + 3);
    }
}
