//! `regscope watch`: follows a device or HEP agents and tells every change of a DN's state.
//!
//! ```text
//!  sources ── frames, HEP packets, time ──▶ engine ── changes, snapshot ──▶ watcher ──▶ output
//! ```
//!
//! Capture and listener have threads of their own; everything else is done here, by one.

use std::io::{Write as _, stderr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{Failure, Outcome};
use crate::cli::WatchSettings;
use crate::compare::contrast;
use crate::diagnosis::diagnose;
use crate::net::escape_text;
use crate::report::{self, View};
use crate::select::Selection;
use crate::source::{Compression, FileInfo, Format};
use crate::wording::layout::count;
use crate::wording::when::Clock;

mod engine;
mod losses;
mod ndjson;
mod output;
mod recorder;
mod signals;
mod sources;
mod text;
mod watcher;

use engine::Engine;
use losses::Losses;
use output::Output;
use recorder::Recorder;
use signals::Signals;
use sources::{Input, Opening, Sources, wall_clock};
use watcher::Watcher;

/// How long nothing may come before time passes.
const WAIT: Duration = Duration::from_millis(100);
/// Between two looks at what was lost, and two writes of what is recorded: a kill costs no more than the last second.
const LOOK: Duration = Duration::from_millis(500);

/// What runs.
struct Run<'s> {
    settings: &'s WatchSettings,
    inputs: Vec<String>,
    sources: Sources,
    engine: Engine,
    watcher: Watcher<super::BufWriter<super::Stdout>>,
    recorder: Option<Recorder>,
    losses: Losses,
    losses_due: Instant,
}

/// Opens everything, gives up rights, then watches until it is told to end.
pub(super) fn run(settings: &WatchSettings) -> Result<Outcome, Failure> {
    let signals = Signals::register()?;
    let opening = Opening::open(settings)?;
    let inputs = inputs(settings, &opening);
    let now = wall_clock();
    let recorder = settings.record.as_ref();
    #[cfg_attr(not(feature = "hep"), expect(unused_mut, reason = "only agents need an address"))]
    let mut recorder = recorder.map(|r| Recorder::create(r, &inputs, now)).transpose()?;
    #[cfg(feature = "hep")]
    if let Some(recorder) = &mut recorder {
        recorder.listens_at(opening.address());
    }
    #[cfg(feature = "live")]
    let out = settings.hep_out.as_deref().map(collector).transpose()?;
    let keys = super::keys::read(&settings.keylogs)?;
    let rights = give_up_rights(settings)?;
    let mut engine = Engine::new(settings.memory, keys);
    #[cfg(feature = "live")]
    engine.send_to(out);
    #[cfg(feature = "hep")]
    if let Some(key) = &settings.hep_key {
        engine.require_hep_key(key);
    }
    let output =
        Output::new(super::output(), settings.format, settings.zone.clone(), inputs.clone());
    let watcher = Watcher::new(output, settings.expected.clone(), now);
    let sources = opening.start()?;
    status(settings, &format!("watching {}{rights}", inputs.join(" and ")));
    let losses_due = Instant::now() + LOOK;
    let losses = Losses::new();
    let mut run = Run { settings, inputs, sources, engine, watcher, recorder, losses, losses_due };
    run.watch(&signals)?;
    run.end()?;
    Ok(Outcome::Done)
}

impl Run<'_> {
    fn watch(&mut self, signals: &Signals) -> Result<(), Failure> {
        let began = Instant::now();
        let is_over = || self.settings.duration.is_some_and(|most| began.elapsed() >= most);
        while !signals.is_end() && !is_over() {
            let input = self.sources.next(WAIT)?;
            take(self.settings, &mut self.engine, &mut self.recorder, &self.sources, input);
            self.watcher.turn(&mut self.engine, false)?;
            if Instant::now() >= self.losses_due {
                self.losses_due = Instant::now() + LOOK;
                tell_losses(self.settings, &self.engine, &self.sources, &mut self.losses);
                self.tick_recording();
            }
            if signals.take_report() {
                report(self.settings, &self.inputs, &mut self.engine)?;
            }
        }
        Ok(())
    }

    fn tick_recording(&mut self) {
        let Some(recorder) = &mut self.recorder else { return };
        #[cfg(feature = "live")]
        if let Some((received, dropped)) = self.sources.device_counts() {
            recorder.count(crate::net::FileId(0), received, dropped);
        }
        for sentence in recorder.tick(self.engine.clock()) {
            status(self.settings, &sentence);
        }
    }

    /// Takes what is left, tells the last changes and what there was in all.
    fn end(mut self) -> Result<(), Failure> {
        while let Some(input) = self.sources.last() {
            take(self.settings, &mut self.engine, &mut self.recorder, &self.sources, input);
        }
        self.watcher.turn(&mut self.engine, true)?;
        tell_losses(self.settings, &self.engine, &self.sources, &mut self.losses);
        self.tick_recording();
        if let Some(recorder) = self.recorder.take() {
            status(self.settings, &recorder.finish());
        }
        let lost = self.losses.total();
        let lost = if lost.is_empty() { "nothing was lost".to_owned() } else { lost };
        let packets = count(self.engine.packets().read, "packet");
        let messages = count(self.engine.messages(), "SIP message");
        let dns = with_view(self.settings, &self.inputs, &mut self.engine, report::headline);
        status(self.settings, &format!("{packets}, {messages}; {dns}; {lost}"));
        Ok(())
    }
}

/// Takes in what came.
#[cfg_attr(not(feature = "live"), expect(unused_variables, reason = "only batches are given back"))]
fn take(
    settings: &WatchSettings,
    engine: &mut Engine,
    recorder: &mut Option<Recorder>,
    sources: &Sources,
    input: Input,
) {
    match input {
        #[cfg(feature = "live")]
        Input::Frames(clock, batch) => {
            for frame in batch.frames() {
                if let Some(recorder) = recorder {
                    recorder.frame(&frame);
                }
                engine.frame(&frame);
            }
            engine.pass_time(clock);
            sources.give_back(batch);
        }
        #[cfg(feature = "live")]
        Input::Lost(loss) => status(settings, &format!("{} {loss}", device(settings))),
        #[cfg(feature = "live")]
        Input::Back => status(settings, &format!("{} is back", device(settings))),
        #[cfg(feature = "hep")]
        Input::Hep(packet) => {
            let file = crate::net::FileId(u16::from(settings.interface.is_some()));
            if let Some(recorder) = recorder {
                recorder.hep(&packet, file);
            }
            engine.hep(&packet, file);
        }
        Input::Idle(clock) => engine.pass_time(clock),
    }
}

#[cfg(feature = "live")]
fn device(settings: &WatchSettings) -> std::borrow::Cow<'_, str> {
    escape_text(settings.interface.as_deref().unwrap_or_default())
}

/// Says on standard error what is not about DNs.
fn status(settings: &WatchSettings, sentence: &str) {
    let now = wall_clock();
    let time = Clock::new(&settings.zone, now).short(now);
    // without standard error there is nobody to tell
    drop(writeln!(stderr(), "regscope: {time}  {sentence}"));
}

fn tell_losses(settings: &WatchSettings, engine: &Engine, sources: &Sources, before: &mut Losses) {
    let mut now = Losses::new();
    sources.losses(&mut now);
    now.agents(engine);
    #[cfg(feature = "live")]
    if let Some(out) = engine.out() {
        let counts = out.counts();
        now.add(counts.full, "message", "not sent to the collector: the socket was full");
        now.add(counts.refused, "message", "not sent to the collector: the network refused");
        now.add(counts.too_long, "message", "not sent to the collector: too long");
    }
    for sentence in now.since(before) {
        status(settings, &sentence);
    }
    *before = now;
}

/// The report of the moment, on standard error.
fn report(settings: &WatchSettings, inputs: &[String], engine: &mut Engine) -> Result<(), Failure> {
    let mut text = Vec::new();
    with_view(settings, inputs, engine, |view| report::text::write(view, &mut text))?;
    // without standard error there is nobody to tell
    drop(stderr().write_all(&text));
    Ok(())
}

fn with_view<T>(
    settings: &WatchSettings,
    inputs: &[String],
    engine: &mut Engine,
    then: impl FnOnce(&View<'_>) -> T,
) -> T {
    let snapshot = engine.snapshot(&settings.expected);
    let mut capture = engine.capture();
    capture.files = vec![FileInfo {
        path: PathBuf::from(inputs.join(" and ")),
        format: Format::Pcapng,
        compression: Compression::None,
        links: Vec::new(),
        packets: capture.packets.read,
        bytes: 0,
        size: None,
    }];
    let (contrast, findings) = (contrast(&snapshot), diagnose(&snapshot));
    then(&View {
        snapshot: &snapshot,
        capture: &capture,
        findings: &findings,
        contrast: &contrast,
        selection: &Selection::default(),
        zone: &settings.zone,
        style: settings.style,
    })
}

/// The names of what is watched, in the order of their ids.
fn inputs(settings: &WatchSettings, opening: &Opening) -> Vec<String> {
    let device = settings.interface.as_deref().map(|device| escape_text(device).into_owned());
    #[cfg(feature = "hep")]
    let agents = opening.address().map(|address| format!("HEP agents at {address}"));
    #[cfg(not(feature = "hep"))]
    let agents = None;
    let _ = opening;
    device.into_iter().chain(agents).collect()
}

/// A socket towards a collector named by host and port.
#[cfg(feature = "live")]
fn collector(name: &str) -> Result<crate::hep::Sender, Failure> {
    use std::net::ToSocketAddrs as _;
    /// The number this program's packets show, of no meaning to collectors.
    const CAPTURE_ID: u32 = 2001;
    let failed = |error| Failure::Collector(escape_text(name).into_owned(), error);
    let mut found = name.to_socket_addrs().map_err(failed)?;
    let none = || failed(std::io::ErrorKind::AddrNotAvailable.into());
    let address = found.next().ok_or_else(none)?;
    crate::hep::Sender::new(address, CAPTURE_ID, "regscope", "").map_err(failed)
}

/// Gives up what is not needed any more; says what is left.
#[cfg(feature = "live")]
fn give_up_rights(settings: &WatchSettings) -> Result<String, Failure> {
    let options = crate::privilege::DropOptions {
        user: settings.user.clone(),
        write: settings.record.as_ref().map(Recorder::directories).unwrap_or_default(),
        read: Vec::new(),
        keep_reopen: settings.interface.is_some(),
        no_fence: settings.no_fence,
    };
    let dropped = crate::privilege::drop_privileges(&options)?;
    Ok(format!("; {dropped}"))
}

/// Without capturing there are no rights to give up.
#[cfg(not(feature = "live"))]
#[expect(clippy::unnecessary_wraps, reason = "as with capturing")]
fn give_up_rights(_: &WatchSettings) -> Result<String, Failure> {
    Ok(String::new())
}
