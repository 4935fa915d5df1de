//! The events of a story: attempts, repetition folded, and what happened without one.

use super::super::case::{Case, decided_at, shown_by};
use super::super::words::{node, said, span};
use super::Event;
use super::tell::{Told, tell};
use crate::cluster::ClusterDn;
use crate::log::StatementKind;
use crate::net::{Endpoint, FileId, Timestamp};
use crate::registration::{AttemptView, Change, Outcome, Verdict};

/// A removal this close to a change is what brought it.
const SAME_MOMENT: i64 = 1_000_000;

/// The events of a DN, in order of time.
pub(super) fn of(case: &Case<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut run: Option<Run> = None;
    for (place, attempt) in case.attempts.iter().enumerate() {
        let told = tell(case, place, attempt);
        match &mut run {
            Some(run) if run.told.kind == told.kind => run.repeat(attempt),
            _ => {
                events.extend(run.take().into_iter().flat_map(Run::events));
                run = Some(Run::new(told, attempt));
            }
        }
    }
    events.extend(run.into_iter().flat_map(Run::events));
    for (registrar, change) in case.view.history() {
        events.extend(without_attempt(case, registrar, change));
    }
    events.extend(statements(case));
    if case.scene.cluster.nodes.len() > 1 {
        for event in &mut events {
            name_node(case, event);
        }
    }
    events.extend(splits(case));
    // in a log without a clock the lines are in order
    events.sort_by_key(|e| {
        let untimed = e.time.known().is_none();
        (e.time, e.frames.first().copied().filter(|_| untimed))
    });
    events
}

/// What logs state about the DN; repetitions are folded.
fn statements(case: &Case<'_>) -> Vec<Event> {
    let mut events: Vec<((FileId, StatementKind), Event)> = Vec::new();
    for heard in case.view.statements() {
        let kind = (heard.at.file(), heard.statement.kind);
        match events.last_mut() {
            Some((last, event)) if *last == kind => {
                event.count += 1;
                event.until = Some(heard.time);
                event.frames.truncate(1);
                event.frames.push(heard.at);
            }
            _ => {
                let mut text = heard.statement.text.as_str();
                if heard.statement.kind.is_of_cti() {
                    // what is below an event are its numbers
                    text = text.lines().next().unwrap_or(text);
                }
                let sentence = format!("the server said: \"{}\"", said(text));
                let frames = vec![heard.at];
                let event = Event { time: heard.time, until: None, count: 1, frames, sentence };
                events.push((kind, event));
            }
        }
    }
    events
        .into_iter()
        .map(|(_, event)| match event.count {
            1 => event,
            n => Event { sentence: format!("{}, {n} times", event.sentence), ..event },
        })
        .collect()
}

/// Where nodes lost each other with the DN on one side, and found each other again.
fn splits(case: &Case<'_>) -> Vec<Event> {
    let cluster = &case.scene.cluster;
    let Some(place) = cluster.place_of(case.raw_name()) else { return Vec::new() };
    let mut events = Vec::new();
    for split in cluster.splits.iter().filter(|split| split.dns().any(|dn| dn == place)) {
        let [a, b] = split.between.map(|id| node(case.scene.snapshot, id));
        let frames = split.sides.iter().map(|side| side.at).collect();
        let sentence = format!("{a} and {b} lose each other");
        let began = Event { time: split.since, until: None, count: 1, frames, sentence };
        events.push(began);
        if let Some(time) = split.until {
            let frames = split.sides.iter().filter_map(|side| side.back);
            let frames = frames.map(|(_, at)| at).collect();
            let sentence = format!("{a} and {b} have found each other again");
            events.push(Event { time, until: None, count: 1, frames, sentence });
        }
    }
    events
}

/// Puts the node before what its server did or said.
fn name_node(case: &Case<'_>, event: &mut Event) {
    let cluster = &case.scene.cluster;
    let own = cluster.find(case.raw_name()).map(ClusterDn::events).unwrap_or_default();
    let Some(last) = event.frames.last() else { return };
    let by_event = own.iter().find(|own| own.at == *last).map(|own| own.node);
    let named = by_event.and_then(|id| case.scene.snapshot.node_name(id));
    let named = named.or_else(|| case.scene.snapshot.node_of_file(last.file()));
    if let Some(name) = named {
        event.sentence = format!("{name}: {}", event.sentence);
    }
}

/// Attempts in a row that read alike.
struct Run {
    told: Told,
    first: Event,
    more: Option<Event>,
}

impl Run {
    fn new(told: Told, attempt: &AttemptView<'_>) -> Self {
        let first = event(attempt, told.sentence.clone());
        Self { told, first, more: None }
    }

    fn repeat(&mut self, attempt: &AttemptView<'_>) {
        let again = event(attempt, String::new());
        match &mut self.more {
            None => self.more = Some(again),
            Some(more) => {
                more.count += 1;
                more.until = Some(again.time);
                more.frames.truncate(1);
                more.frames.extend(again.frames.last());
            }
        }
    }

    fn events(self) -> impl Iterator<Item = Event> {
        let brief = self.told.brief;
        let more = self.more.map(|more| {
            let sentence = match (more.count, more.until) {
                (n, Some(until)) => {
                    format!("{brief} {n} more times within {}", span(until.nanos_since(more.time)))
                }
                _ => format!("{brief} once more"),
            };
            Event { sentence, ..more }
        });
        std::iter::once(self.first).chain(more)
    }
}

fn event(attempt: &AttemptView<'_>, sentence: String) -> Event {
    let frames = shown_by(attempt).into_iter().map(|e| e.frame).collect();
    Event { time: decided_at(attempt), until: None, count: 1, frames, sentence }
}

/// The event of a change no REGISTER of this DN brought.
fn without_attempt(case: &Case<'_>, registrar: Endpoint, change: Change) -> Option<Event> {
    let sentence = match change.verdict {
        Verdict::Expired => {
            let mut accepted = case.attempts.iter().rev();
            let last = accepted.find(|a| {
                let is_it = a.outcome == Outcome::Accepted && a.registrar == registrar;
                is_it && decided_at(a) <= change.time
            });
            format!("the time granted by {} ran out", last.map_or(registrar, |a| a.spoke))
        }
        Verdict::Terminated if !is_removed_at(case, change.time) => {
            format!("{registrar} shows that it no longer holds the binding")
        }
        _ => return None,
    };
    let frames = vec![change.frame];
    Some(Event { time: change.time, until: None, count: 1, frames, sentence })
}

fn is_removed_at(case: &Case<'_>, time: Timestamp) -> bool {
    case.attempts.iter().any(|a| {
        a.outcome == Outcome::Removed && decided_at(a).nanos_since(time).abs() < SAME_MOMENT
    })
}
