//! The thread that takes frames out of the kernel's buffer and hands them on.
//!
//! ```text
//!  kernel ring ── poll(2), next_packet ──▶ batch ── bounded queue ──▶ consumer
//!  (32 MiB)                                  ▲ ◀── emptied batches ──
//! ```
//!
//! The device is read without waiting; the thread waits in poll(2) for it and for the stop, on every
//! system and with every libpcap. A full queue makes the thread wait, and the kernel's buffer takes what
//! comes meanwhile: what is dropped then is counted by the kernel.

use std::io::PipeReader;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TrySendError};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::batch::{Batch, Position};
use super::device::{self, Device, State};
use super::error::{LiveError, words};
use super::stats::{Counters, Seen};
use super::{Delivery, LiveOptions, Loss, News, READ_TIMEOUT, ReopenHook, SETTLED};
use crate::net::Timestamp;

/// How often the device is checked and the kernel's counters are read, at least.
const LOOK: Duration = Duration::from_millis(250);
/// How often a device that is gone is tried again.
const RETRY: Duration = Duration::from_millis(100);
/// How long a stop waits for the kernel to deliver its last block of frames.
const DRAIN: Duration = Duration::from_millis(250);
/// How long a stop waits for a consumer that takes nothing.
const LAST_SEND: Duration = Duration::from_millis(250);

/// All the capture thread has.
pub(super) struct Capturer {
    pub(super) options: LiveOptions,
    pub(super) device: Option<Device>,
    pub(super) reopen: ReopenHook,
    pub(super) deliveries: Sender<Delivery>,
    pub(super) emptied: Receiver<Batch>,
    pub(super) counters: Arc<Counters>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) woken: PipeReader,
    pub(super) batch: Batch,
    pub(super) position: Position,
    pub(super) seen: Seen,
    /// Why nothing comes, if so: said once.
    pub(super) loss: Option<Loss>,
}

/// Why reading came to an end for now.
enum Pause {
    /// Nothing is waiting.
    Empty,
    /// The batch is full.
    Full,
    /// The device failed, in libpcap's words.
    Failed(String),
}

/// The receiver of deliveries is gone.
struct Closed;

impl Capturer {
    /// Captures until it is stopped or its receiver is gone.
    pub(super) fn run(mut self) {
        if self.capture().is_err() {
            self.give_up();
        }
        self.look_at_counters();
    }

    /// Counts the frames that the kernel still holds and that are given up.
    fn give_up(&mut self) {
        let began = Instant::now();
        loop {
            let pause = self.read();
            self.counters.give_up(self.batch.len() as u64);
            self.batch.clear(self.options.batch_bytes);
            if !matches!(pause, Pause::Full) || began.elapsed() >= DRAIN {
                break;
            }
        }
    }

    fn capture(&mut self) -> Result<(), Closed> {
        let mut looked = Instant::now();
        let mut told = Instant::now();
        while !self.stopping() {
            let taken = self.position;
            let pause = self.read();
            let idle = taken == self.position;
            match pause {
                Pause::Full => self.flush()?,
                Pause::Empty => {
                    self.flush()?;
                    self.wait(idle);
                }
                Pause::Failed(reason) => {
                    let loss = self.loss_of(reason);
                    self.lost(loss)?;
                }
            }
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                self.look_at_counters();
                self.look_at_device()?;
            }
            if !idle {
                told = Instant::now();
            } else if told.elapsed() >= self.options.tick {
                told = Instant::now();
                self.tick()?;
            }
        }
        self.drain()
    }

    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Takes what waits, up to a full batch.
    fn read(&mut self) -> Pause {
        let Some(device) = &mut self.device else { return Pause::Empty };
        let before = self.batch.len();
        let pause = loop {
            if self.batch.is_full(self.options.batch_bytes) {
                break Pause::Full;
            }
            match device.capture.next_packet() {
                Ok(packet) => {
                    let header = (device::time(packet.header), device.link, packet.header.len);
                    self.batch.push(&mut self.position, header, packet.data);
                }
                Err(pcap::Error::TimeoutExpired | pcap::Error::NoMorePackets) => {
                    break Pause::Empty;
                }
                Err(error) => break Pause::Failed(words(&error)),
            }
        };
        self.counters.receive((self.batch.len() - before) as u64);
        pause
    }

    /// Waits for packets, the stop, or until it is time to look around.
    fn wait(&self, idle: bool) {
        /// For a device that calls for attention and has nothing: one that is going away.
        const BREATH: Duration = Duration::from_millis(5);
        let woken = PollFd::new(self.woken.as_fd(), PollFlags::POLLIN);
        let Some(device) = &self.device else {
            // interrupted or not, the loop looks around
            let _ = poll(&mut [woken], millis(RETRY));
            return;
        };
        let mut fds = [PollFd::new(device.capture.as_fd(), PollFlags::POLLIN), woken];
        let called = poll(&mut fds, millis(READ_TIMEOUT));
        if idle && called != Ok(0) && !self.stopping() {
            thread::sleep(BREATH);
        }
    }

    /// Says how the device fares, if that changed, and opens it again when it is back.
    fn look_at_device(&mut self) -> Result<(), Closed> {
        let Some(device) = &self.device else { return self.try_again() };
        match device.state(&self.options.device) {
            State::Up if self.loss.is_some() => self.back(),
            State::Up => Ok(()),
            State::Down => self.say(Loss::Down),
            State::Gone => self.lost(Loss::Gone),
        }
    }

    /// What a failure comes from: libpcap's words for a device that is gone differ between versions.
    fn loss_of(&self, reason: String) -> Loss {
        match self.device.as_ref().map(|device| device.state(&self.options.device)) {
            Some(State::Down) => Loss::Down,
            Some(State::Gone) => Loss::Gone,
            Some(State::Up) | None => Loss::Failed(reason),
        }
    }

    /// Gives the device up, with all that its buffer still holds handed on.
    fn lost(&mut self, loss: Loss) -> Result<(), Closed> {
        self.drain()?;
        self.look_at_counters();
        self.device = None;
        self.say(loss)
    }

    fn try_again(&mut self) -> Result<(), Closed> {
        (self.reopen)(true);
        let opened = Device::open(&self.options);
        (self.reopen)(false);
        match opened {
            Ok(device) => {
                self.device = Some(device);
                self.seen = Seen::default();
                self.back()
            }
            Err(LiveError::NoDevice { .. }) => self.say(Loss::Gone),
            Err(LiveError::Device { reason, .. }) if reason.contains("not up") => {
                self.say(Loss::Down)
            }
            Err(LiveError::Device { reason, .. }) => self.say(Loss::Failed(reason)),
            Err(error) => self.say(Loss::Failed(error.to_string())),
        }
    }

    fn back(&mut self) -> Result<(), Closed> {
        self.loss = None;
        self.send(Timestamp::now(), News::Back)
    }

    fn say(&mut self, loss: Loss) -> Result<(), Closed> {
        if self.loss.as_ref() == Some(&loss) {
            return Ok(());
        }
        self.loss = Some(loss.clone());
        self.send(Timestamp::now(), News::Lost(loss))
    }

    /// Hands the batch on, and goes on with an emptied one.
    fn flush(&mut self) -> Result<(), Closed> {
        let Some(clock) = self.batch.last_time() else { return Ok(()) };
        let next = self.emptied.try_recv().unwrap_or_default();
        let full = self.batch.replace(next, self.options.batch_bytes);
        self.send(clock, News::Frames(full))
    }

    /// Waits for room in the queue, with the kernel's counters kept current; a stop cuts that short.
    fn send(&mut self, clock: Timestamp, news: News) -> Result<(), Closed> {
        let mut delivery = Delivery { clock, news };
        let began = Instant::now();
        let mut stopped: Option<Instant> = None;
        loop {
            let waiting = Instant::now();
            match self.deliveries.send_timeout(delivery, READ_TIMEOUT) {
                Ok(()) => {
                    let waited = began.elapsed().as_millis();
                    self.counters.wait(u64::try_from(waited).unwrap_or(u64::MAX));
                    return Ok(());
                }
                Err(SendTimeoutError::Timeout(back)) => delivery = back,
                Err(SendTimeoutError::Disconnected(back)) => return self.refused(&back),
            }
            self.look_at_counters();
            if self.stopping() && stopped.get_or_insert(waiting).elapsed() >= LAST_SEND {
                return self.refused(&delivery);
            }
        }
    }

    fn refused(&self, delivery: &Delivery) -> Result<(), Closed> {
        if let News::Frames(batch) = &delivery.news {
            self.counters.give_up(batch.len() as u64);
        }
        Err(Closed)
    }

    /// Sends the time when nothing comes; where deliveries wait, they carry it.
    fn tick(&self) -> Result<(), Closed> {
        let clock = Timestamp::from_nanos(
            Timestamp::now().nanos().saturating_sub(i64::try_from(SETTLED.as_nanos()).unwrap_or(0)),
        );
        match self.deliveries.try_send(Delivery { clock, news: News::Idle }) {
            Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
            Err(TrySendError::Disconnected(_)) => Err(Closed),
        }
    }

    /// Hands on what the kernel holds: its last block of frames comes when the read timeout is over,
    /// also after the device has failed.
    fn drain(&mut self) -> Result<(), Closed> {
        const PAUSE: Duration = Duration::from_millis(10);
        let began = Instant::now();
        while began.elapsed() < DRAIN && self.device.is_some() {
            let full = matches!(self.read(), Pause::Full);
            self.flush()?;
            if !full {
                thread::sleep(PAUSE);
            }
        }
        Ok(())
    }

    fn look_at_counters(&mut self) {
        if let Some(stat) = self.device.as_mut().and_then(|d| d.capture.stats().ok()) {
            self.seen.look(stat.dropped, stat.if_dropped, &self.counters);
        }
    }
}

fn millis(time: Duration) -> PollTimeout {
    PollTimeout::try_from(time).unwrap_or(PollTimeout::ZERO)
}
