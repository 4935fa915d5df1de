//! Opens what is watched, in the order privileges ask for, and yields packets in order of time.

#[cfg(feature = "hep")]
use std::collections::VecDeque;
use std::time::Duration;
#[cfg(feature = "live")]
use std::time::Instant;

use crossbeam_channel::{Select, TryRecvError};

use super::budget::Budget;
use super::losses::Losses;
use super::tail::Tail;
use crate::app::Failure;
use crate::app::logs::Entry;
use crate::cli::LiveSettings;
use crate::net::{FileId, Timestamp};
#[cfg(feature = "hep")]
use crate::source::hep::{Bound, HepPacket, Listener, ListenerLimits};
#[cfg(feature = "live")]
use crate::source::live::{Batch, Live, LiveOptions, LiveStats, Loss, News, Opened};

/// What reading stays behind the wall clock when nothing comes: a packet that was stamped is queued by then.
const BEHIND: i64 = 20_000_000;
/// How long a packet of a HEP agent waits for the device's clock.
#[cfg(all(feature = "live", feature = "hep"))]
const PATIENCE: Duration = Duration::from_millis(400);
/// Packets of HEP agents that wait for it.
#[cfg(feature = "hep")]
const HELD: usize = 4096;

/// How often a followed log is checked when nothing comes.
const BETWEEN: Duration = Duration::from_millis(50);

/// An id that fits: more inputs than that are never open.
fn short(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(u16::MAX)
}

/// What is open and not read yet; the kernel collects.
pub(super) struct Opening {
    #[cfg(feature = "live")]
    device: Option<Opened>,
    /// The device is standard input.
    #[cfg(feature = "live")]
    is_stream: bool,
    #[cfg(feature = "hep")]
    listener: Option<Bound>,
    logs: Vec<Tail>,
}

/// What is watched.
pub(super) struct Sources {
    #[cfg(feature = "live")]
    device: Option<Live>,
    #[cfg(feature = "hep")]
    listener: Option<Listener>,
    #[cfg(feature = "hep")]
    held: VecDeque<HepPacket>,
    /// Logs that are followed.
    logs: Vec<Tail>,
    /// How many inputs there are, the files of rotated logs counted one by one.
    inputs: usize,
    /// The names of files that rotated logs continue in, until they are taken.
    begun: Vec<String>,
    /// The device's clock, and when it was received.
    #[cfg(feature = "live")]
    device_clock: (Timestamp, Instant),
    /// How a capture on standard input is doing, if that is the device.
    #[cfg(feature = "live")]
    stream: Option<Flow>,
}

/// How a capture on standard input is doing.
#[cfg(feature = "live")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flow {
    Open,
    Ended,
}

/// What came.
pub(super) enum Input {
    /// Frames of the device.
    #[cfg(feature = "live")]
    Frames(Timestamp, Batch),
    /// The device is as it should not be.
    #[cfg(feature = "live")]
    Lost(Loss),
    /// It is as it should be again.
    #[cfg(feature = "live")]
    Back,
    /// A packet of a HEP agent.
    #[cfg(feature = "hep")]
    Hep(HepPacket),
    /// What a log says.
    Log(Box<Entry>),
    /// Nothing, up to this moment.
    Idle(Timestamp),
}

impl Opening {
    /// Opens device and sockets, with the rights the program has; no thread is started.
    pub(super) fn open(
        settings: &LiveSettings,
        budget: &Budget,
        #[cfg(feature = "hep")] key: Option<&str>,
    ) -> Result<Self, Failure> {
        #[cfg(feature = "live")]
        let device = match &settings.interface {
            Some(device) => Some(Live::open(LiveOptions {
                filter: settings.filter.clone(),
                buffer_bytes: settings.buffer,
                ..device_options(device, budget)
            })?),
            None => None,
        };
        #[cfg(feature = "hep")]
        let listener = match settings.hep {
            Some(address) => Some(
                Listener::open(address, listener_limits(key, budget))
                    .map_err(|error| Failure::Listen(address, error))?,
            ),
            None => None,
        };
        #[cfg(feature = "live")]
        let others = usize::from(device.is_some());
        #[cfg(not(feature = "live"))]
        let others = 0;
        #[cfg(feature = "hep")]
        let others = others + usize::from(listener.is_some());
        let logs =
            settings.follow.iter().enumerate().map(|(place, path)| {
                Tail::open(path, &settings.logs, FileId(short(others + place)))
            });
        Ok(Self {
            #[cfg(feature = "live")]
            device,
            #[cfg(feature = "live")]
            is_stream: settings.is_stream(),
            #[cfg(feature = "hep")]
            listener,
            logs: logs.collect::<Result<_, _>>()?,
        })
    }

    /// The names of the logs that are followed.
    pub(super) fn logs(&self) -> impl Iterator<Item = String> {
        self.logs.iter().map(|log| log.name().to_owned())
    }

    /// Where HEP agents are listened for.
    #[cfg(feature = "hep")]
    pub(super) fn address(&self) -> Option<crate::net::Endpoint> {
        let address = self.listener.as_ref()?.address();
        Some(crate::net::Endpoint::new(address.ip().to_canonical(), address.port()))
    }

    /// Starts the threads; the right to open the device again stays with its thread alone.
    pub(super) fn start(
        self,
        #[cfg(feature = "live")] dropped: &crate::privilege::Dropped,
    ) -> Result<Sources, Failure> {
        #[cfg(feature = "live")]
        let device = match self.device {
            Some(device) => Some(device.start(Box::new(crate::privilege::reopening))?),
            None => None,
        };
        #[cfg(feature = "live")]
        dropped.relinquish()?;
        #[cfg(feature = "hep")]
        let listener = match self.listener.map(Bound::start) {
            Some(Err(error)) => return Err(Failure::Start("hep-listener", error)),
            Some(Ok(listener)) => Some(listener),
            None => None,
        };
        let first = self.logs.first().and_then(|log| log.files().first());
        let inputs = first.map_or(0, |file| usize::from(file.0)) + self.logs.len();
        Ok(Sources {
            #[cfg(feature = "live")]
            device,
            #[cfg(feature = "hep")]
            listener,
            #[cfg(feature = "hep")]
            held: VecDeque::new(),
            logs: self.logs,
            inputs,
            begun: Vec::new(),
            #[cfg(feature = "live")]
            device_clock: (Timestamp::default(), Instant::now()),
            #[cfg(feature = "live")]
            stream: self.is_stream.then_some(Flow::Open),
        })
    }
}

impl Sources {
    /// What comes next, waiting for it no longer than `wait`.
    pub(super) fn next(&mut self, wait: Duration) -> Result<Input, Failure> {
        if let Some(input) = self.ready(false)? {
            return Ok(input);
        }
        self.wait(wait);
        // before the queues are read: what is stamped earlier is in them
        let now = Timestamp::now();
        if let Some(input) = self.ready(false)? {
            return Ok(input);
        }
        Ok(Input::Idle(self.idle_clock(now)))
    }

    /// Stops the threads and gives what they had, until there is no more.
    pub(super) fn last(&mut self) -> Option<Input> {
        #[cfg(feature = "live")]
        if let Some(device) = &self.device {
            device.stop_handle().stop();
            while let Some(delivery) = device.recv() {
                if let News::Frames(batch) = delivery.news {
                    return Some(Input::Frames(delivery.clock, batch));
                }
            }
        }
        #[cfg(feature = "hep")]
        if let Some(listener) = &mut self.listener {
            listener.stop();
        }
        self.logs.iter_mut().for_each(Tail::end);
        self.ready(true).ok().flatten()
    }

    /// Whether the device is a capture that another program writes into standard input.
    #[cfg(feature = "live")]
    pub(super) const fn is_stream(&self) -> bool {
        self.stream.is_some()
    }

    /// Whether nothing can come any more: standard input was all there is, and it ended.
    pub(super) fn is_exhausted(&self) -> bool {
        #[cfg(feature = "live")]
        let ended = self.stream == Some(Flow::Ended);
        #[cfg(not(feature = "live"))]
        let ended = false;
        #[cfg(feature = "hep")]
        let ended = ended && self.listener.is_none();
        ended && self.logs.is_empty()
    }

    /// The device, as long as anything may come from it.
    #[cfg(feature = "live")]
    fn flowing(&self) -> Option<&Live> {
        self.device.as_ref().filter(|_| self.stream != Some(Flow::Ended))
    }

    #[cfg(feature = "live")]
    pub(super) fn give_back(&self, batch: Batch) {
        if let Some(device) = &self.device {
            device.give_back(batch);
        }
    }

    /// Whether a device is among them.
    #[cfg(feature = "hep")]
    pub(super) const fn has_device(&self) -> bool {
        #[cfg(feature = "live")]
        let has_device = self.device.is_some();
        #[cfg(not(feature = "live"))]
        let has_device = false;
        let _ = self;
        has_device
    }

    /// What the device received and lost.
    #[cfg(feature = "live")]
    pub(super) fn device_stats(&self) -> Option<LiveStats> {
        self.device.as_ref().map(Live::stats)
    }

    /// What came from HEP agents.
    #[cfg(all(feature = "hep", feature = "metrics"))]
    pub(super) fn listener_counts(&self) -> Option<crate::source::hep::ListenerCounts> {
        self.listener.as_ref().map(Listener::counts)
    }

    /// What was lost before it came here.
    pub(super) fn losses(&self, losses: &mut Losses) {
        #[cfg(feature = "live")]
        if let Some(device) = &self.device {
            losses.device(&device.stats());
        }
        #[cfg(feature = "hep")]
        if let Some(listener) = &self.listener {
            losses.listener(&listener.counts());
        }
    }

    /// What followed logs found out about themselves, in the order of their files.
    pub(super) fn logs(&self) -> &[Tail] {
        &self.logs
    }

    /// The names of files that rotated logs go on in, once.
    pub(super) fn take_begun(&mut self) -> Vec<String> {
        std::mem::take(&mut self.begun)
    }

    /// Takes the sentences to report about followed logs.
    pub(super) fn take_said(&mut self) -> Vec<String> {
        self.logs.iter_mut().flat_map(Tail::take_said).collect()
    }

    /// What a log says next.
    fn logged(&mut self) -> Result<Option<Input>, Failure> {
        for log in &mut self.logs {
            let next = FileId(short(self.inputs));
            let entry = log.next(next)?;
            let is_next = log.files().last() == Some(&next);
            if is_next {
                self.inputs += 1;
                self.begun.push(log.name().to_owned());
            }
            if let Some(entry) = entry {
                return Ok(Some(Input::Log(Box::new(entry))));
            }
        }
        Ok(None)
    }

    fn ready(&mut self, last: bool) -> Result<Option<Input>, Failure> {
        if let Some(input) = self.logged()? {
            return Ok(Some(input));
        }
        #[cfg(feature = "hep")]
        self.hold(last)?;
        #[cfg(feature = "hep")]
        if let Some(packet) = self.take_held(last) {
            return Ok(Some(Input::Hep(packet)));
        }
        #[cfg(feature = "live")]
        if !last {
            return self.delivery();
        }
        Ok(None)
    }

    #[cfg(feature = "live")]
    fn delivery(&mut self) -> Result<Option<Input>, Failure> {
        let Some(device) = self.flowing() else { return Ok(None) };
        let delivery = match device.deliveries().try_recv() {
            Ok(delivery) => delivery,
            Err(TryRecvError::Empty) => return Ok(None),
            Err(TryRecvError::Disconnected) => return Err(Failure::Thread("capture")),
        };
        self.device_clock = (delivery.clock, Instant::now());
        if matches!(delivery.news, News::Lost(Loss::Ended(_))) {
            self.stream = Some(Flow::Ended);
        }
        Ok(Some(match delivery.news {
            News::Frames(batch) => Input::Frames(delivery.clock, batch),
            News::Idle => Input::Idle(delivery.clock),
            News::Lost(loss) => Input::Lost(loss),
            News::Back => Input::Back,
        }))
    }

    /// Takes packets of agents out of the queue as long as there is room.
    #[cfg(feature = "hep")]
    fn hold(&mut self, last: bool) -> Result<(), Failure> {
        let Some(listener) = &self.listener else { return Ok(()) };
        while self.held.len() < HELD {
            match listener.packets().try_recv() {
                Ok(packet) => self.held.push_back(packet),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) if last => break,
                Err(TryRecvError::Disconnected) => return Err(Failure::Thread("hep-listener")),
            }
        }
        Ok(())
    }

    /// The next packet of an agent, once all frames before it came.
    #[cfg(feature = "hep")]
    fn take_held(&mut self, last: bool) -> Option<HepPacket> {
        #[cfg(feature = "live")]
        if self.device.is_some() && !last && self.held.len() < HELD {
            let first = self.held.front()?;
            let waited = Timestamp::now().since(first.time);
            if first.time > self.device_clock.0 && waited < PATIENCE {
                return None;
            }
        }
        #[cfg(not(feature = "live"))]
        let _ = last;
        self.held.pop_front()
    }

    /// About how many bytes wait to be taken in.
    #[cfg(feature = "metrics")]
    pub(super) fn waiting_bytes(&self) -> usize {
        let mut bytes = 0;
        #[cfg(feature = "live")]
        if let Some(device) = &self.device {
            bytes += device.waiting_bytes();
        }
        #[cfg(feature = "hep")]
        if let Some(listener) = &self.listener {
            bytes += listener.waiting_bytes();
        }
        bytes
    }

    fn wait(&self, wait: Duration) {
        // nothing announces that a file grows
        let wait = if self.logs.is_empty() { wait } else { wait.min(BETWEEN) };
        let mut select = Select::new();
        #[cfg(feature = "live")]
        if let Some(device) = self.flowing() {
            select.recv(device.deliveries());
        }
        #[cfg(feature = "hep")]
        if let Some(listener) = &self.listener {
            select.recv(listener.packets());
        }
        // the source that is ready is asked again
        let _ = select.ready_timeout(wait);
    }

    /// The moment before which nothing is to come: the device's clock, or the wall clock where there
    /// is no device or its clock does not move.
    #[cfg_attr(not(feature = "live"), expect(clippy::unused_self, reason = "there is no device"))]
    fn idle_clock(&self, now: Timestamp) -> Timestamp {
        let behind = Timestamp::from_nanos(now.nanos() - BEHIND);
        #[cfg(feature = "live")]
        if let Some(flow) = self.stream {
            // the clock is that of the host that captures
            let (clock, told) = self.device_clock;
            let since = i64::try_from(told.elapsed().as_nanos()).unwrap_or(i64::MAX);
            let runs = flow == Flow::Open && clock != Timestamp::default();
            return if runs {
                Timestamp::from_nanos(clock.nanos().saturating_add((since - BEHIND).max(0)))
            } else {
                clock
            };
        }
        #[cfg(feature = "live")]
        if self.device.is_some() {
            const STILL: i64 = 1_000_000_000;
            let (clock, told) = self.device_clock;
            let is_still = told.elapsed().as_nanos() > STILL as u128;
            let late = Timestamp::from_nanos(now.nanos() - STILL);
            return if is_still { clock.max(late) } else { clock };
        }
        behind
    }
}

/// How a device is captured on with as many batches as there is room for.
#[cfg(feature = "live")]
fn device_options(device: &str, budget: &Budget) -> LiveOptions {
    let options = LiveOptions::new(device);
    let queue = (budget.batches / options.batch_bytes).clamp(2, options.queue);
    LiveOptions { queue, ..options }
}

/// What the listener may hold, and the key it asks for.
#[cfg(feature = "hep")]
fn listener_limits(key: Option<&str>, budget: &Budget) -> ListenerLimits {
    /// An unfinished packet of an agent, at most.
    const PACKET: usize = 64 << 10;
    /// What a packet that waits takes beside its bytes.
    const WAITING: usize = 256;
    let usual = ListenerLimits::default();
    let connections = (budget.hep_streams / PACKET).clamp(8, usual.connections);
    ListenerLimits {
        queue: (budget.hep_queue / 2 / WAITING).clamp(64, usual.queue),
        queue_bytes: (budget.hep_queue / 2).min(usual.queue_bytes),
        connections,
        per_source: usual.per_source.min(connections / 4),
        key: key.map(crate::source::hep::Key::from),
        ..usual
    }
}
