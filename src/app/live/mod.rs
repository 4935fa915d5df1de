//! Follows devices, HEP agents and logs for the front end that shows the result.
//!
//! ```text
//!  sources ── frames, HEP packets, time ──▶ Following { engine, recorder, kept } ──▶ watch   a line a change
//!                                                                                  ├▶ report  once, at the end
//!                                                                                  ├▶ record  files only
//!                                                                                  └▶ screen  snapshots
//! ```
//!
//! Capture and listener have threads of their own; everything else is done by the one that calls
//! [`Following::step`].

use std::io::{Write as _, stderr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use super::Failure;
#[cfg(feature = "live")]
use super::hosts::Lookup;
use super::private::hep_key;
use crate::capture::Capture;
use crate::cli::LiveSettings;
#[cfg(feature = "live")]
use crate::net::Frame;
#[cfg(feature = "live")]
use crate::net::escape_text;
use crate::net::{Timestamp, count};
use crate::packet::KeyLog;
use crate::registration::Snapshot;
use crate::source::{Compression, FileInfo, Format};
use crate::wording::when::Clock;

#[cfg(feature = "hep")]
mod agents;
mod budget;
mod clock;
mod engine;
mod inputs;
#[cfg(feature = "tui")]
pub(super) mod kept;
mod lag;
mod losses;
pub(super) mod record;
mod recorder;
pub(super) mod report;
#[cfg(feature = "tui")]
pub(super) mod screen;
mod signals;
mod sources;
mod tail;
pub(super) mod watch;

use budget::{Budget, Front};
use clock::{SteadyClock, since_boot};
use engine::Engine;
use inputs::Inputs;
use losses::Losses;
use recorder::Recorder;
use sources::{Input, Opening, Sources};

/// How long nothing may come before time passes.
const WAIT: Duration = Duration::from_millis(100);
/// Between two checks for losses, and two writes of what is recorded: a kill costs no more than the last second.
const LOOK: Duration = Duration::from_millis(500);

/// How long what is queued is still taken in once it is to end.
const LAST: Duration = Duration::from_millis(500);

/// What is open: nothing is read and no thread started until it begins.
struct Ready {
    budget: Budget,
    opening: Opening,
    inputs: Inputs,
    recorder: Option<Recorder>,
    keys: KeyLog,
    #[cfg(feature = "hep")]
    hep_key: Option<zeroize::Zeroizing<String>>,
    #[cfg(feature = "live")]
    out: Option<crate::hep::Sender>,
    #[cfg(feature = "live")]
    lookup: Lookup,
    #[cfg(feature = "live")]
    dropped: crate::privilege::Dropped,
}

/// What is followed, and the model of it.
pub(super) struct Following {
    /// The names of what is followed.
    inputs: Inputs,
    engine: Engine,
    clock: SteadyClock,
    /// Bytes everything may take.
    #[cfg(feature = "metrics")]
    memory: usize,
    sources: Sources,
    /// The first input that is no device.
    #[cfg(feature = "hep")]
    agents: crate::net::FileId,
    recorder: Option<Recorder>,
    losses: Losses,
    losses_due: Instant,
    /// Whether it was said that the model is behind.
    lags: bool,
    /// When it ends of itself.
    ends: Option<Instant>,
    /// Why nothing comes from the device for now.
    #[cfg(feature = "live")]
    trouble: Option<String>,
    /// What there is to say that is not about DNs.
    said: Vec<String>,
}

/// What a front end needs opened, beside what the settings name.
struct Needs {
    /// The front end: the memory is divided accordingly.
    front: Front,
    /// Where files may be written later on, if the user may.
    #[cfg_attr(not(feature = "live"), expect(dead_code, reason = "nothing is fenced off"))]
    save: Option<PathBuf>,
    /// Whether DNS is asked for names.
    #[cfg_attr(not(feature = "live"), expect(dead_code, reason = "nobody is asked for names"))]
    resolve: bool,
}

impl Ready {
    /// Opens everything with the rights the program has, then gives up those that are not needed.
    fn open(settings: &LiveSettings, needs: &Needs) -> Result<Self, Failure> {
        let budget = Budget::divide(settings.memory, needs.front);
        #[cfg(feature = "hep")]
        let key = settings.hep_key.as_ref().map(hep_key).transpose()?;
        let opening = Opening::open(
            settings,
            &budget,
            #[cfg(feature = "hep")]
            key.as_deref().map(String::as_str),
        )?;
        let inputs = inputs(settings, &opening);
        #[cfg(feature = "live")]
        let out = settings.hep_out.as_ref().map(collector).transpose()?;
        let keys = super::keys::read(&settings.keylogs)?;
        // only root can see which process owns which socket
        #[cfg(feature = "live")]
        let lookup = Lookup::of_this_host();
        // last of all: what is wrong elsewhere leaves no empty file
        let recorder = record(settings, inputs.of_packets())?;
        #[cfg(feature = "hep")]
        let recorder = recorder.map(|recorder| recorder.listening_at(opening.address()));
        #[cfg(feature = "live")]
        let (recorder, dropped) = match give_up_rights(settings, needs) {
            Ok(dropped) => (recorder, dropped),
            Err(failure) => {
                recorder.into_iter().for_each(Recorder::discard);
                return Err(failure);
            }
        };
        Ok(Self {
            budget,
            opening,
            inputs,
            recorder,
            keys,
            #[cfg(feature = "hep")]
            hep_key: key,
            #[cfg(feature = "live")]
            out,
            #[cfg(feature = "live")]
            lookup,
            #[cfg(feature = "live")]
            dropped,
        })
    }

    /// Starts the threads. Other threads of the program may start only now.
    #[cfg_attr(
        not(feature = "live"),
        expect(unused_variables, reason = "nobody is asked for names")
    )]
    fn begin(self, settings: &LiveSettings, needs: &Needs) -> Result<Following, Failure> {
        let mut engine = Engine::new(&self.budget, self.keys);
        for node in &settings.nodes {
            if let Some(address) = node.address() {
                engine.name_node(&node.node, address);
            }
        }
        #[cfg(feature = "live")]
        engine.send_to(self.out);
        #[cfg(feature = "live")]
        engine.ask(self.lookup.resolving(needs.resolve)?);
        #[cfg(feature = "hep")]
        if let Some(key) = &self.hep_key {
            engine.require_hep_key(key);
        }
        let sources = self.opening.start(
            #[cfg(feature = "live")]
            &self.dropped,
        )?;
        let now = Instant::now();
        Ok(Following {
            #[cfg(feature = "hep")]
            agents: crate::net::FileId(u16::from(sources.has_device())),
            inputs: self.inputs,
            engine,
            clock: SteadyClock::new(Timestamp::now(), since_boot()),
            #[cfg(feature = "metrics")]
            memory: self.budget.memory,
            sources,
            recorder: self.recorder,
            losses: Losses::new(),
            losses_due: now + LOOK,
            lags: false,
            ends: settings.duration.and_then(|most| now.checked_add(most)),
            #[cfg(feature = "live")]
            trouble: None,
            said: warnings(settings),
        })
    }
}

impl Default for Needs {
    fn default() -> Self {
        Self { front: Front::Lines, save: None, resolve: false }
    }
}

impl Following {
    /// Opens and begins; says so.
    fn start(settings: &LiveSettings, needs: &Needs, doing: &str) -> Result<Self, Failure> {
        let ready = Ready::open(settings, needs)?;
        let begun = format!("{doing} {}", ready.inputs.names().join(" and "));
        #[cfg(feature = "live")]
        let begun = format!("{begun}; {}", ready.dropped);
        let mut following = ready.begin(settings, needs)?;
        following.said.push(begun);
        Ok(following)
    }

    /// Takes in what comes, or waits for it a moment.
    pub(super) fn step(&mut self) -> Result<(), Failure> {
        let input = self.sources.next(WAIT)?;
        self.look_at_clock();
        self.take(input);
        if Instant::now() >= self.losses_due {
            self.losses_due = Instant::now() + LOOK;
            self.look_for_losses();
            self.look_for_lag();
            self.tick_recording();
        }
        Ok(())
    }

    /// Whether the time is over that was given.
    pub(super) fn is_over(&self) -> bool {
        self.ends.is_some_and(|end| Instant::now() >= end)
    }

    /// Stops capturing and takes in what is left, for a moment; what waits longer is recorded, counted, and left
    /// unread. What is recorded is on the disk then.
    pub(super) fn end(&mut self) {
        let (until, mut left) = (Instant::now() + LAST, 0);
        while let Some(input) = self.sources.last() {
            if Instant::now() < until {
                self.take(input);
            } else {
                left += self.leave(input);
            }
        }
        if left > 0 {
            self.said.push(format!("{} left unread at the end", count(left, "packet")));
        }
        self.look_for_losses();
        self.tick_recording();
        if let Some(recorder) = self.recorder.take() {
            self.said.push(recorder.finish());
        }
    }

    /// What there is to say that is not about DNs, once.
    pub(super) fn take_said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    /// Takes back what could not be said.
    #[cfg(feature = "tui")]
    fn say_again(&mut self, mut said: Vec<String>) {
        said.append(&mut self.said);
        self.said = said;
    }

    /// What was lost so far, by the part that lost it.
    #[cfg(feature = "tui")]
    fn lost_by_whom(&self) -> Vec<(&'static str, u64)> {
        self.losses.by_whom()
    }

    /// Why nothing comes from the device for now.
    #[cfg(feature = "tui")]
    fn trouble(&self) -> Option<&str> {
        #[cfg(feature = "live")]
        let trouble = self.trouble.as_deref();
        #[cfg(not(feature = "live"))]
        let trouble = None;
        let _ = self;
        trouble
    }

    /// What was lost so far, in words; empty if nothing was.
    pub(super) fn lost(&self) -> String {
        self.losses.total()
    }

    /// What was read.
    pub(super) fn totals(&self) -> String {
        let packets = count(self.engine.packets().read, "packet");
        let messages = count(self.engine.messages(), "SIP message");
        format!("{packets}, {messages}")
    }

    /// The model at this moment, and what was read.
    pub(super) fn snapshot(&mut self, expected: &[String]) -> (Snapshot, Capture) {
        let snapshot = self.engine.snapshot(expected);
        let mut capture = self.engine.capture();
        let file = |name: &String| FileInfo {
            path: PathBuf::from(name),
            format: Format::Live,
            compression: Compression::None,
            links: Vec::new(),
            packets: 0,
            bytes: 0,
            size: None,
        };
        capture.files = self.inputs.names().iter().map(file).collect();
        let [of_device, of_agents] = self.engine.packets_by_origin();
        match capture.files.as_mut_slice() {
            [one] => one.packets = of_device + of_agents,
            [device, ..] if of_agents == 0 => device.packets = of_device,
            [device, agents, ..] => (device.packets, agents.packets) = (of_device, of_agents),
            [] => {}
        }
        for log in self.sources.logs() {
            for (place, id) in log.files().iter().enumerate() {
                let Some(file) = capture.files.get_mut(usize::from(id.0)) else { continue };
                file.format = Format::Log;
                let is_latest = place + 1 == log.files().len();
                file.path = if is_latest {
                    log.path().to_owned()
                } else {
                    PathBuf::from(format!("{} (rotated)", log.path().display()))
                };
            }
            capture.logs.extend(log.infos());
        }
        capture.losses = self.losses.since(&Losses::new());
        #[cfg(feature = "live")]
        if let Some(lookup) = &mut self.engine.lookup {
            capture.hosts.clone_from(lookup.look(&snapshot));
        }
        (snapshot, capture)
    }

    fn take(&mut self, input: Input) {
        match input {
            #[cfg(feature = "live")]
            Input::Frames(clock, batch) => {
                for frame in batch.frames() {
                    if let Some(recorder) = &mut self.recorder {
                        recorder.frame(&frame);
                    }
                    let time = self.clock.judge(frame.time, self.engine.clock());
                    self.engine.frame(&Frame { time, ..frame });
                }
                self.pass_time(clock);
                self.sources.give_back(batch);
            }
            #[cfg(feature = "live")]
            Input::Lost(loss) => {
                let loss = format!("{} {loss}", self.device());
                self.trouble = Some(loss.clone());
                self.said.push(loss);
            }
            #[cfg(feature = "live")]
            Input::Back => {
                self.trouble = None;
                let back = format!("{} is back", self.device());
                self.said.push(back);
            }
            #[cfg(feature = "hep")]
            Input::Hep(mut packet) => {
                let at = self.engine.next_hep(self.agents);
                if let Some(recorder) = &mut self.recorder {
                    recorder.hep(&packet, at);
                }
                packet.time = self.clock.judge(packet.time, self.engine.clock());
                self.engine.hep(&packet, at);
            }
            Input::Log(entry) => self.engine.log(*entry),
            Input::Idle(clock) => self.pass_time(clock),
        }
        self.inputs.add_logs(self.sources.take_begun());
        self.said.extend(self.sources.take_said());
    }

    #[cfg(feature = "live")]
    fn device(&self) -> &str {
        self.inputs.names().first().map_or("the device", String::as_str)
    }

    fn tick_recording(&mut self) {
        let Some(recorder) = &mut self.recorder else { return };
        #[cfg(feature = "live")]
        if let Some(stats) = self.sources.device_stats() {
            recorder.count(crate::net::FileId(0), stats.received, stats.dropped());
        }
        self.said.extend(recorder.tick(self.engine.clock()));
    }

    fn look_for_losses(&mut self) {
        let mut now = Losses::new();
        self.sources.losses(&mut now);
        now.agents(&self.engine);
        now.misstamped(self.clock.misstamped());
        #[cfg(feature = "live")]
        if let Some(out) = self.engine.out() {
            now.collector(&out.counts());
        }
        self.said.extend(now.since(&self.losses));
        self.losses = now;
    }
}

/// Warnings about the settings.
fn warnings(settings: &LiveSettings) -> Vec<String> {
    #[cfg(feature = "live")]
    let by_port = settings.filter.as_deref().is_some_and(super::filter::loses_fragments);
    #[cfg(not(feature = "live"))]
    let by_port = false;
    let _ = settings;
    by_port.then(|| format!("warning: {}", super::LOSES_FRAGMENTS)).into_iter().collect()
}

/// Says on standard error what is not about DNs.
fn status(zone: &TimeZone, sentence: &str) {
    let now = Timestamp::now();
    let time = Clock::new(zone, now).short(now);
    // without standard error there is nothing to do
    drop(writeln!(stderr(), "regscope: {time}  {sentence}"));
}

/// The names of what is followed, in the order of their ids.
fn inputs(settings: &LiveSettings, opening: &Opening) -> Inputs {
    #[cfg(feature = "live")]
    let device = settings.interface.as_deref().map(|device| escape_text(device).into_owned());
    #[cfg(not(feature = "live"))]
    let device = None;
    #[cfg(feature = "hep")]
    let agents = opening.address().map(|address| format!("HEP agents at {address}"));
    #[cfg(not(feature = "hep"))]
    let agents = None;
    let _ = (settings, opening);
    Inputs::new(device.into_iter().chain(agents).collect(), opening.logs())
}

/// A directory by its name; the working directory has none.
#[cfg(feature = "live")]
fn directory(path: &std::path::Path) -> PathBuf {
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() }
}

/// A socket towards a collector named by host and port.
#[cfg(feature = "live")]
fn collector(out: &crate::cli::HepOut) -> Result<crate::hep::Sender, Failure> {
    use std::net::ToSocketAddrs as _;
    let failed = |error| Failure::Collector(escape_text(&out.collector).into_owned(), error);
    let mut found = out.collector.to_socket_addrs().map_err(failed)?;
    let none = || failed(std::io::ErrorKind::AddrNotAvailable.into());
    let address = found.next().ok_or_else(none)?;
    let key = out.key.as_ref().map(hep_key).transpose()?.unwrap_or_default();
    crate::hep::Sender::new(address, out.capture_id, &out.node, &key).map_err(failed)
}

/// Begins to record, if that is wanted: into a ring as the user that goes on with it.
fn record(settings: &LiveSettings, inputs: &[String]) -> Result<Option<Recorder>, Failure> {
    let Some(record) = &settings.record else { return Ok(None) };
    let create = || Recorder::create(record, inputs, Timestamp::now());
    #[cfg(feature = "live")]
    if let [directory, ..] = &*Recorder::directories(record) {
        let user = settings.user.as_deref();
        return crate::privilege::write_as(user, directory, create)?.map(Some);
    }
    create().map(Some)
}

/// Gives up what is not needed any more.
#[cfg(feature = "live")]
fn give_up_rights(
    settings: &LiveSettings,
    needs: &Needs,
) -> Result<crate::privilege::Dropped, Failure> {
    use crate::privilege::{DropOptions, Network, drop_privileges};
    let options = DropOptions {
        user: settings.user.clone(),
        write: settings.record.as_ref().map(Recorder::directories).unwrap_or_default(),
        save: needs.save.iter().cloned().collect(),
        // what takes the name of a rotated log
        read: settings.follow.iter().filter_map(|log| log.parent()).map(directory).collect(),
        network: if needs.resolve { Network::Names } else { Network::Open },
        keep_reopen: settings.interface.is_some(),
        no_fence: settings.no_fence,
        executes: false,
    };
    Ok(drop_privileges(&options)?)
}
