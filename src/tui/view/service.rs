//! A DN's service over the time of the capture: a bar for each registrar, attempts, the time axis.

use ratatui::layout::Rect;

use super::layout::width;
use super::paper::Paper;
use super::theme::{Ink, Palette};
use crate::net::{Endpoint, Timestamp};
use crate::registration::{DnView, Outcome, State as Service};
use crate::tui::state::State;

/// Registrars with a bar of their own, at most.
const BARS: usize = 3;
/// Slices in a line are of no use beyond this.
const MOST: u16 = 160;

/// Bars a DN has.
pub(super) fn bars(dn: DnView<'_>) -> usize {
    dn.state().registrations.len().clamp(1, BARS)
}

/// The stretch of time a bar shows, and how many slices it is cut into.
pub(super) struct Span {
    first: Timestamp,
    nanos: i64,
    pub(super) slices: u16,
}

impl Span {
    pub(super) fn new(first: Timestamp, last: Timestamp, slices: u16) -> Self {
        Self { first, nanos: last.nanos_since(first).max(1), slices }
    }

    /// The slice that holds a moment, or the first or the last of all.
    pub(super) fn slice(&self, at: Timestamp) -> u16 {
        let offset = at.nanos_since(self.first).clamp(0, self.nanos - 1);
        let place = i128::from(offset) * i128::from(self.slices) / i128::from(self.nanos);
        u16::try_from(place).unwrap_or(0)
    }
}

pub(super) fn draw(state: &State, dn: DnView<'_>, area: Rect, paper: &mut Paper<'_>) {
    let Some((first, last)) = state.data.snapshot.span() else { return };
    let registrars: Vec<Endpoint> =
        dn.state().registrations.iter().take(BARS).map(|r| r.registrar).collect();
    let labels: Vec<String> = match registrars.as_slice() {
        [] | [_] => vec!["service".to_owned()],
        several => several.iter().map(ToString::to_string).collect(),
    };
    let label = labels.iter().map(|label| width(label)).max().unwrap_or(0).max(8);
    let slices = area.width.saturating_sub(label + 3).min(MOST);
    if slices < 8 {
        return;
    }
    let span = Span::new(first, last, slices);
    let x = label + 2;
    let (service, history) = (dn.service(), dn.history());
    for (y, label) in (0..).zip(&labels) {
        paper.put(area, (1, y), label, Some(Ink::Faint));
        let own = registrars.get(usize::from(y)).filter(|_| registrars.len() > 1);
        let at = |own| history.iter().filter(move |(at, _)| *at == own);
        match own {
            Some(own) => {
                let changes = at(*own).map(|(_, change)| (change.time, change.verdict.state()));
                bar(area, (x, y), &span, changes, paper);
            }
            None => bar(area, (x, y), &span, service.iter().copied(), paper),
        }
    }
    let y = u16::try_from(labels.len()).unwrap_or(1);
    paper.put(area, (1, y), "attempts", Some(Ink::Faint));
    attempts(area, (x, y), &span, dn, paper);
    axis(state, Rect { x: area.x + x, width: slices, ..area }, y + 1, [first, last], paper);
}

/// How a slice looks: nothing known, in service, unknown, out; what is worst in it counts.
const fn look(service: Option<Service>, unicode: bool) -> (&'static str, Option<Ink>) {
    match (service, unicode) {
        (None, true) => ("·", Some(Ink::Faint)),
        (None, false) => (".", Some(Ink::Faint)),
        (Some(Service::InService), true) => ("━", Some(Ink::Good)),
        (Some(Service::InService), false) => ("=", Some(Ink::Good)),
        (Some(Service::Unknown), _) => ("?", Some(Ink::Doubtful)),
        (Some(Service::OutOfService), true) => ("╳", Some(Ink::Bad)),
        (Some(Service::OutOfService), false) => ("x", Some(Ink::Bad)),
    }
}

const fn weight(service: Option<Service>) -> u8 {
    match service {
        None => 0,
        Some(Service::InService) => 1,
        Some(Service::Unknown) => 2,
        Some(Service::OutOfService) => 3,
    }
}

fn bar(
    area: Rect,
    (x, y): (u16, u16),
    span: &Span,
    changes: impl Iterator<Item = (Timestamp, Service)>,
    paper: &mut Paper<'_>,
) {
    let mut slices: Vec<Option<Service>> = vec![None; usize::from(span.slices)];
    for (time, service) in changes {
        let place = usize::from(span.slice(time));
        let service = Some(service);
        for (at, slice) in slices.iter_mut().enumerate().skip(place) {
            // in the slice of the change what was before counts too
            if at > place || weight(service) > weight(*slice) {
                *slice = service;
            }
        }
    }
    let unicode = paper.glyphs.unicode;
    for (at, service) in (0..).zip(slices) {
        let (mark, ink) = look(service, unicode);
        paper.put(area, (x + at, y), mark, ink);
    }
}

/// A mark where attempts were; the worst of a slice counts.
fn attempts(area: Rect, (x, y): (u16, u16), span: &Span, dn: DnView<'_>, paper: &mut Paper<'_>) {
    let mut slices: Vec<(u8, &str, Ink)> = vec![(0, " ", Ink::Faint); usize::from(span.slices)];
    for attempt in dn.attempts() {
        let service = match attempt.outcome {
            Outcome::Accepted => Some(Service::InService),
            Outcome::Removed | Outcome::NothingListed => None,
            Outcome::Open => Some(Service::Unknown),
            Outcome::Failed(verdict) => Some(verdict.state()),
        };
        let (mark, ink) = match service {
            Some(service) => Palette::mark(service, paper.glyphs),
            None => (paper.glyphs.bullet, Ink::Faint),
        };
        let heavy = weight(service) + 1;
        if let Some(slice) = slices.get_mut(usize::from(span.slice(attempt.started)))
            && slice.0 < heavy
        {
            *slice = (heavy, mark, ink);
        }
    }
    for (at, (_, mark, ink)) in (0..).zip(slices) {
        paper.put(area, (x + at, y), mark, Some(ink));
    }
}

/// When the bar begins and ends, and what its marks mean between.
fn axis(state: &State, area: Rect, y: u16, [first, last]: [Timestamp; 2], paper: &mut Paper<'_>) {
    let [from, to] = state.clock.stretch(first, last);
    // the day is above
    let day = state.clock.day(last);
    let from = from.strip_prefix(&day).map_or(&*from, str::trim_start).to_owned();
    let to = format!("{to} {}", state.clock.zone(last));
    paper.put(area, (0, y), &from, Some(Ink::Faint));
    paper.put_right(area, y, &to, Some(Ink::Faint));
    let unicode = paper.glyphs.unicode;
    let mut legend = super::paper::Line::new();
    for (service, words) in [
        (Some(Service::InService), " in service  "),
        (Some(Service::OutOfService), " out  "),
        (Some(Service::Unknown), " unknown  "),
        (None, " no data"),
    ] {
        let (mark, ink) = look(service, unicode);
        legend.push((mark.to_owned(), ink));
        legend.push((words.to_owned(), Some(Ink::Faint)));
    }
    let wide = u16::try_from(super::spans::width(&legend)).unwrap_or(u16::MAX);
    let room = area.width.saturating_sub(width(&from) + width(&to) + 4);
    if wide <= room {
        let start = width(&from) + 2 + (room - wide) / 2;
        paper.put_line(area, (start, y), &legend);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::glyphs::Glyphs;
    use ratatui::buffer::Buffer;

    #[test]
    fn the_worst_of_a_slice_is_seen_however_short() {
        let area = Rect::new(0, 0, 10, 1);
        for (unicode, want) in [(true, "··━━╳━━━??"), (false, "..==x===??")] {
            let mut buffer = Buffer::empty(area);
            let mut paper = Paper::new(&mut buffer, Palette::Dark, Glyphs::of(unicode));
            let at = |tenths: i64| Timestamp::from_nanos(tenths * 100_000_000);
            let changes = [
                (at(20), Service::InService),
                (at(42), Service::OutOfService),
                (at(43), Service::InService),
                (at(80), Service::Unknown),
            ];
            let span = Span { first: at(0), nanos: 10_000_000_000, slices: 10 };
            bar(area, (0, 0), &span, changes.into_iter(), &mut paper);
            let text: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
            assert_eq!(text, want);
        }
    }
}
