//! Carries out the screen's effects on a thread of its own: reads messages again, saves DNs.

use std::sync::Arc;
use std::thread::Builder;

use crossbeam_channel::{Receiver, Sender, unbounded};
use jiff::tz::TimeZone;

use crate::app::Failure;
use crate::app::evidence::Evidence;
use crate::app::export::{Export, export};
use crate::app::fetch::Wanted;
use crate::cli::ExtractFormat;
use crate::registration::ExtraName;
use crate::report::{Style, View};
use crate::select::{DnList, Selection};
use crate::tui::{Data, Desk, Effect, Fetched, MessageKey, News, SaveFormat, SaveRequest, Saved};

/// What there is to do, and what the screen shows then.
type Todo = (Effect, Arc<Data>);

/// Reads everything again with these headers and Contact parameters kept.
pub(in crate::app) type Again = Box<AgainOf>;
type AgainOf = dyn Fn(Vec<ExtraName>) -> Result<(), Failure> + Send;

/// The desk of a screen.
pub(in crate::app) struct Clerk {
    /// What there is to do, and what the screen shows then; a person asks slower than it is done.
    todo: Sender<Todo>,
}

impl Clerk {
    pub(in crate::app) fn start(
        evidence: Evidence,
        again: Option<Again>,
        zone: &TimeZone,
        news: Sender<News>,
    ) -> Result<Self, Failure> {
        let (todo, effects) = unbounded();
        let zone = zone.clone();
        Builder::new()
            .name("desk".to_owned())
            .spawn(move || work((&evidence, again.as_deref()), &zone, &effects, &news))
            .map_err(|error| Failure::Start("desk", error))?;
        Ok(Self { todo })
    }
}

impl Desk for Clerk {
    fn perform(&mut self, effect: Effect, data: &Arc<Data>) {
        // a desk that is gone has panicked, and the screen with it
        drop(self.todo.send((effect, Arc::clone(data))));
    }
}

fn work(
    (evidence, again): (&Evidence, Option<&AgainOf>),
    zone: &TimeZone,
    effects: &Receiver<Todo>,
    news: &Sender<News>,
) {
    let mut next = effects.recv().ok();
    while let Some((effect, data)) = next.take() {
        match effect {
            Effect::Read(mut keys) => {
                // what was asked for meanwhile is read in the same pass
                while let Ok(more) = effects.try_recv() {
                    match more {
                        (Effect::Read(more), _) => keys.extend(more),
                        other => {
                            next = Some(other);
                            break;
                        }
                    }
                }
                tell_messages(evidence, &keys, news);
            }
            Effect::Lines(place) => {
                let lines = evidence.lines(place, &data.capture);
                let lines =
                    lines.map_err(|failure| format!("the log cannot be read again: {failure}"));
                drop(news.send(News::Lines(place, lines)));
            }
            Effect::Save(request) => {
                drop(news.send(News::Saved(save(evidence, zone, &request, &data))));
            }
            Effect::Keep(names) => {
                let read = again.map_or_else(
                    || Err("a header that is named now is not in what was kept: name it with --columns or --show".to_owned()),
                    |again| again(names).map_err(|failure| failure.to_string()),
                );
                if let Err(why) = read {
                    drop(news.send(News::Finished));
                    drop(news.send(News::Saved(Saved::Failed(why))));
                }
            }
            // the loop of the screen does these
            Effect::Quit | Effect::Suspend | Effect::Redraw | Effect::Copy(_) => {}
        }
        if next.is_none() {
            next = effects.recv().ok();
        }
    }
}

fn tell_messages(evidence: &Evidence, keys: &[MessageKey], news: &Sender<News>) {
    let messages = match read(evidence, keys) {
        Ok(messages) => messages,
        Err(failure) => {
            let why = format!("messages cannot be read again: {failure}");
            drop(news.send(News::Saved(Saved::Failed(why))));
            keys.iter().map(|key| (key.clone(), None)).collect()
        }
    };
    for (key, message) in messages {
        if news.send(News::Message(key, message)).is_err() {
            return;
        }
    }
}

/// Reads messages again, each with what became of it.
pub(super) fn read(
    evidence: &Evidence,
    keys: &[MessageKey],
) -> Result<Vec<(MessageKey, Option<Fetched>)>, Failure> {
    let wanted =
        |key: &MessageKey| Wanted { dn: key.dn.clone(), frame: key.frame, request: key.request };
    let all: Vec<Wanted> = keys.iter().map(wanted).collect();
    let found = evidence.fetch(&all)?;
    let answer = |key: &MessageKey| {
        // two requests joined into one pass may ask for the same message
        let fetched = found.get(&wanted(key)).cloned();
        let fetched = fetched.map(|f| Fetched { bytes: f.bytes, origin: f.origin, cut: f.cut });
        (key.clone(), fetched)
    };
    Ok(keys.iter().map(answer).collect())
}

fn save(evidence: &Evidence, zone: &TimeZone, request: &SaveRequest, data: &Data) -> Saved {
    let format = match request.format {
        SaveFormat::Pcapng => ExtractFormat::Pcapng,
        SaveFormat::Text => ExtractFormat::Text,
        SaveFormat::Markdown => ExtractFormat::Markdown,
        SaveFormat::Json => ExtractFormat::Json,
        SaveFormat::Csv => ExtractFormat::Csv,
    };
    let (path, force) = (request.path.clone(), request.replace);
    let wanted = Export { format, path, force, mode: Export::PRIVATE };
    let all = request.dns.len() == data.snapshot.dns().len();
    let names = DnList::of_names(request.dns.iter().map(Vec::as_slice));
    let view = View {
        snapshot: &data.snapshot,
        capture: &data.capture,
        findings: &data.findings,
        contrast: &data.contrast,
        selection: &Selection { dns: (!all).then_some(names), sources: Vec::new() },
        columns: &[],
        zone,
        style: Style::default(),
    };
    match export(&wanted, &view, evidence) {
        Ok(summary) => Saved::Done(format!("saved {}", summary.sentences().join("; "))),
        Err(Failure::Exists(_)) => Saved::Exists,
        Err(failure @ Failure::Export { .. }) if failure.is_not_permitted() => {
            Saved::Failed(format!(
                "{failure} (saving takes the directory it was started in, and --user if root started it)"
            ))
        }
        Err(failure) => Saved::Failed(failure.to_string()),
    }
}
