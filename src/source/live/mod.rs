//! Yields frames from a device of this host, captured by libpcap on a thread of its own, or from a capture that
//! another program writes into standard input.
//!
//! ```text
//! Live::open ──▶ Opened ── privileges are dropped here ──▶ start ──▶ Live ── recv ──▶ Delivery
//! ```
//!
//! The device is opened first, by the calling thread and with its rights; no thread exists yet and
//! nothing was parsed, so rights can be dropped in between. From [`Live::open`] on the kernel collects.
//!
//! Nothing is lost silently: [`LiveStats`] counts separately what the kernel, the device and this program
//! dropped, and a device that goes away is reported as [`News::Lost`] and tried again until [`News::Back`].

use std::fmt;
use std::fs::File;
use std::io::{PipeWriter, Write as _, pipe};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::net::{LinkType, STANDARD_INPUT, Timestamp, escape_text};

mod batch;
mod capture;
mod device;
mod error;
mod filter;
mod list;
mod stats;
mod stream;

pub use batch::Batch;
pub use error::{LiveError, setcap_command, words};
pub use filter::{DEFAULT_FILTER, loses_fragments};
pub use list::{Interface, Kind, Link, Permitted, interfaces};
pub use stats::LiveStats;
pub use stream::standard_input_is_fed;

use capture::Capturer;
use device::Device;
use stats::Counters;
use stream::Streamer;

/// How long the kernel may keep a block of frames that is not full.
const READ_TIMEOUT: Duration = Duration::from_millis(100);
/// How long after its capture a frame has certainly been handed on, when nothing else waits.
const SETTLED: Duration = Duration::from_millis(250);

/// How a device is captured on.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// The device, or `any`.
    pub device: String,
    /// A libpcap filter (pcap-filter(7)) instead of [`DEFAULT_FILTER`].
    pub filter: Option<String>,
    /// The kernel's buffer, in bytes.
    pub buffer_bytes: u32,
    /// How much of a packet is kept, in bytes.
    pub snaplen: u32,
    /// Whether packets for other hosts are taken too.
    pub promiscuous: bool,
    /// How many bytes make a batch, records included.
    pub batch_bytes: usize,
    /// How many batches may wait.
    pub queue: usize,
    /// How often the time is sent when nothing comes.
    pub tick: Duration,
}

impl LiveOptions {
    /// A device with what serves most hosts: 32 MiB in the kernel, whole packets, all hosts' packets.
    #[must_use]
    pub fn new(device: &str) -> Self {
        Self {
            device: device.to_owned(),
            filter: None,
            buffer_bytes: 32 << 20,
            snaplen: 256 << 10,
            promiscuous: true,
            batch_bytes: 256 << 10,
            queue: 32,
            tick: Duration::from_millis(250),
        }
    }

    /// The filter in use.
    #[must_use]
    pub fn filter_text(&self) -> &str {
        self.filter.as_deref().unwrap_or(DEFAULT_FILTER)
    }
}

/// What the capture thread delivers, in order.
#[derive(Debug)]
pub struct Delivery {
    /// A moment on the wall clock before which nothing is still to come, late packets of the network
    /// driver aside: the time of the last frame, or of an idle moment less what the kernel may hold back.
    pub clock: Timestamp,
    /// What happened.
    pub news: News,
}

/// What happened.
#[derive(Debug)]
pub enum News {
    /// Frames came.
    Frames(Batch),
    /// Nothing came.
    Idle,
    /// No packets can come for now.
    Lost(Loss),
    /// The device is as it should be again.
    Back,
}

/// Why no packets come. A sentence about a device begins with its name: `eth0 is down`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Loss {
    /// The interface is down.
    Down,
    /// The interface was removed, or is another one under its name.
    Gone,
    /// Reading or opening it again failed, in libpcap's words.
    Failed(String),
    /// Standard input ended; why, if that was not its end. Nothing follows.
    Ended(Option<String>),
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down => f.write_str("is down"),
            Self::Gone => f.write_str("is gone"),
            Self::Failed(reason) => write!(f, "cannot be captured on: {}", escape_text(reason)),
            Self::Ended(None) => f.write_str("ended"),
            Self::Ended(Some(reason)) => write!(f, "ended: {}", escape_text(reason)),
        }
    }
}

/// Called with true before a device that was gone is opened again, and with false afterwards, by the
/// capture thread: the place to take up a right kept for that.
pub type ReopenHook = Box<dyn FnMut(bool) + Send>;

/// A device, or standard input, that is open and not read yet.
pub struct Opened {
    options: LiveOptions,
    origin: Origin,
}

/// Where frames come from.
enum Origin {
    Device(Device),
    /// A capture that another program writes.
    Stream(File),
}

impl Opened {
    /// How the first bytes of its frames are to be read; `None` where the stream has not said so yet.
    #[must_use]
    pub fn link(&self) -> Option<LinkType> {
        match &self.origin {
            Origin::Device(device) => Some(device.link),
            Origin::Stream(_) => None,
        }
    }

    /// Starts the capture thread.
    pub fn start(self, reopen: ReopenHook) -> Result<Live, LiveError> {
        let failed = |error: std::io::Error| LiveError::Start(error.to_string());
        let (deliveries, to_take) = bounded(self.options.queue.max(1));
        let (empty, emptied) = bounded(self.options.queue.max(1));
        let (woken, wake) = pipe().map_err(failed)?;
        let counters = Arc::new(Counters::default());
        let stop = Arc::new(AtomicBool::new(false));
        let batch_bytes = self.options.batch_bytes;
        let thread = Builder::new().name("capture".to_owned());
        let spawned = match self.origin {
            Origin::Device(device) => {
                let capturer = Capturer {
                    options: self.options,
                    device: Some(device),
                    reopen,
                    deliveries,
                    emptied,
                    counters: Arc::clone(&counters),
                    stop: Arc::clone(&stop),
                    woken,
                    batch: Batch::default(),
                    position: batch::Position::default(),
                    seen: stats::Seen::default(),
                    loss: None,
                };
                thread.spawn(move || capturer.run())
            }
            Origin::Stream(input) => {
                let counters = Arc::clone(&counters);
                let streamer =
                    Streamer { input, woken, deliveries, emptied, counters, batch_bytes };
                thread.spawn(move || streamer.run())
            }
        };
        let thread = Some(spawned.map_err(failed)?);
        let stop = StopHandle { stop, wake: Arc::new(wake) };
        Ok(Live { batch_bytes, deliveries: to_take, empty, counters, stop, thread })
    }
}

/// A device that is being captured on; dropping it stops that.
pub struct Live {
    batch_bytes: usize,
    deliveries: Receiver<Delivery>,
    empty: Sender<Batch>,
    counters: Arc<Counters>,
    stop: StopHandle,
    thread: Option<JoinHandle<()>>,
}

impl Live {
    /// Opens a device, with the rights of the caller; standard input where it is called `-`.
    pub fn open(options: LiveOptions) -> Result<Opened, LiveError> {
        let origin = if options.device == STANDARD_INPUT {
            let stdin = std::io::stdin().as_fd().try_clone_to_owned();
            Origin::Stream(stdin.map_err(|error| LiveError::Start(error.to_string()))?.into())
        } else {
            Origin::Device(Device::open(&options)?)
        };
        Ok(Opened { options, origin })
    }

    /// The next delivery; `None` after a stop, when everything was taken.
    #[must_use]
    pub fn recv(&self) -> Option<Delivery> {
        self.deliveries.recv().ok()
    }

    /// The deliveries, to wait for together with something else.
    #[must_use]
    pub fn deliveries(&self) -> &Receiver<Delivery> {
        &self.deliveries
    }

    /// How many bytes wait to be taken, at most.
    #[must_use]
    pub fn waiting_bytes(&self) -> usize {
        self.deliveries.len() * self.batch_bytes
    }

    /// Gives a batch back, to be used again.
    pub fn give_back(&self, batch: Batch) {
        // with enough of them going round its memory may go
        drop(self.empty.try_send(batch));
    }

    /// What was received and dropped so far; drops are looked up four times a second.
    #[must_use]
    pub fn stats(&self) -> LiveStats {
        self.counters.read()
    }

    /// What stops it, for another thread.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// A handle to the counts of received and dropped packets, for another thread.
    #[must_use]
    pub fn stats_handle(&self) -> StatsHandle {
        StatsHandle(Arc::clone(&self.counters))
    }

    /// Stops, gives up what was not taken, and returns the final counts.
    pub fn finish(mut self) -> Result<LiveStats, LiveError> {
        self.stop.stop();
        let mut left = 0;
        while let Some(delivery) = self.recv() {
            if let News::Frames(batch) = delivery.news {
                left += batch.len() as u64;
            }
        }
        let ended = self.thread.take().map_or(Ok(()), JoinHandle::join);
        self.counters.give_up(left);
        ended.map(|()| self.counters.read()).map_err(|_| LiveError::Thread)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            // with no receiver a full queue would block the thread
            while self.recv().is_some() {}
            drop(thread.join());
        }
    }
}

/// Reads the counters of a live source from any thread.
#[derive(Clone, Debug)]
pub struct StatsHandle(Arc<Counters>);

impl StatsHandle {
    /// What was received and dropped so far.
    #[must_use]
    pub fn read(&self) -> LiveStats {
        self.0.read()
    }
}

/// Stops a live source from any thread, within half a second; what the kernel holds is still delivered.
#[derive(Clone, Debug)]
pub struct StopHandle {
    stop: Arc<AtomicBool>,
    wake: Arc<PipeWriter>,
}

impl StopHandle {
    /// Asks the capture thread to end; nothing happens the second time.
    pub fn stop(&self) {
        if !self.stop.swap(true, Ordering::Relaxed) {
            // a thread that is gone needs no waking
            drop((&*self.wake).write(&[0]));
        }
    }
}
