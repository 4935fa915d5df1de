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

use super::{Failure, shown};
use crate::capture::Capture;
use crate::cli::{LiveSettings, LogSettings};
#[cfg(feature = "live")]
use crate::net::Frame;
#[cfg(feature = "live")]
use crate::net::escape_text;
use crate::net::{Timestamp, count};
use crate::registration::Snapshot;
#[cfg(feature = "live")]
use crate::source::live::Loss;
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
mod ready;
pub(super) mod record;
mod recorder;
pub(super) mod report;
#[cfg(feature = "tui")]
pub(super) mod screen;
mod signals;
mod sources;
mod tail;
pub(super) mod watch;

use budget::Front;
use clock::SteadyClock;
use engine::Engine;
use inputs::Inputs;
use losses::Losses;
use ready::Ready;
use recorder::Recorder;
use sources::{Input, Sources};
use tail::Tail;

/// How long nothing may come before time passes.
const WAIT: Duration = Duration::from_millis(100);
/// Between two checks for losses, and two writes of what is recorded: a kill costs no more than the last second.
const LOOK: Duration = Duration::from_millis(500);

/// How long what is queued is still taken in once it is to end.
const LAST: Duration = Duration::from_millis(500);

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
    /// What the user knows of logs, and how many files of logs have the names of their nodes.
    logs: (LogSettings, usize),
}

/// What a front end needs opened, beside what the settings name.
struct Needs {
    /// The front end: the memory is divided accordingly.
    front: Front,
    /// Where files may be written later on, if the user may.
    #[cfg_attr(not(feature = "live"), expect(dead_code, reason = "nothing is fenced off"))]
    save: Option<PathBuf>,
    /// The file that outlives the program, if there is one.
    #[cfg_attr(not(feature = "live"), expect(dead_code, reason = "nothing is fenced off"))]
    state: Option<PathBuf>,
    /// Whether DNS is asked for names.
    #[cfg_attr(not(feature = "live"), expect(dead_code, reason = "nobody is asked for names"))]
    resolve: bool,
}

impl Default for Needs {
    fn default() -> Self {
        Self { front: Front::Lines, save: None, state: None, resolve: false }
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
        self.take(input)?;
        if Instant::now() >= self.losses_due {
            self.losses_due = Instant::now() + LOOK;
            self.look_for_losses();
            self.look_for_lag();
            self.tick_recording();
        }
        Ok(())
    }

    /// Whether the time is over that was given, or nothing can come any more.
    pub(super) fn is_over(&self) -> bool {
        self.ends.is_some_and(|end| Instant::now() >= end) || self.sources.is_exhausted()
    }

    /// Stops capturing and takes in what is left, for a moment; what waits longer is recorded, counted, and left
    /// unread. What is recorded is on the disk then.
    pub(super) fn end(&mut self) {
        let (until, mut left) = (Instant::now() + LAST, 0);
        while let Some(input) = self.sources.last() {
            if Instant::now() < until {
                // what fails now was going to end anyway
                drop(self.take(input));
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
        let snapshot = shown(self.engine.snapshot(expected));
        let mut capture = self.inputs_read();
        capture.losses = self.losses.since(&Losses::new());
        #[cfg(feature = "live")]
        if let Some(lookup) = &mut self.engine.lookup {
            capture.hosts.clone_from(lookup.look(&snapshot));
        }
        (snapshot, capture)
    }

    /// What was read, by input.
    fn inputs_read(&self) -> Capture {
        let mut capture = self.engine.capture();
        let file = |name: &String| FileInfo {
            path: PathBuf::from(name),
            format: Format::Live,
            compression: Compression::None,
            links: Vec::new(),
            packets: 0,
            bytes: 0,
            size: None,
            span: None,
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
        capture
    }

    /// Names the nodes of logs that were recognized, or went on in another file, since the last call.
    fn name_logs(&mut self) {
        let recognized = self.sources.logs().iter().map(Tail::recognized).sum();
        if std::mem::replace(&mut self.logs.1, recognized) != recognized {
            let capture = self.inputs_read();
            self.engine.name_logs(&capture, &self.logs.0);
        }
    }

    fn take(&mut self, input: Input) -> Result<(), Failure> {
        match input {
            #[cfg(feature = "live")]
            Input::Frames(clock, batch) => {
                for frame in batch.frames() {
                    if let Some(recorder) = &mut self.recorder {
                        recorder.frame(&frame);
                    }
                    // the stamps of another host's clock were judged by each other
                    let time = if self.sources.is_stream() {
                        frame.time
                    } else {
                        self.clock.judge(frame.time, self.engine.clock())
                    };
                    self.engine.frame(&Frame { time, ..frame });
                }
                self.pass_time(clock);
                self.sources.give_back(batch);
            }
            #[cfg(feature = "live")]
            Input::Lost(Loss::Ended(Some(reason))) if self.engine.packets().read == 0 => {
                return Err(Failure::Stream(escape_text(&reason).into_owned()));
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
            Input::Log(entry) => {
                self.name_logs();
                self.engine.log(*entry);
            }
            Input::Idle(clock) => self.pass_time(clock),
        }
        self.inputs.add_logs(self.sources.take_begun());
        self.said.extend(self.sources.take_said());
        Ok(())
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
