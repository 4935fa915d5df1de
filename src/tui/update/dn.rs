//! The keys of the screen Dn.

use std::sync::Arc;

use ratatui::layout::{Position, Rect};

use super::{Then, scroll};
use crate::compare::Needle;
use crate::net::{FrameRef, escape_bytes};
use crate::tui::effect::{Effect, Key};
use crate::tui::keys::Action;
use crate::tui::prose::{self, Goes, Page};
use crate::tui::state::cursor::Cursor;
use crate::tui::state::dn::{Dn, Part};
use crate::tui::state::log::Log;
use crate::tui::state::message::Message;
use crate::tui::state::overlay::Purpose;
use crate::tui::state::pair::{Pair, Subjects};
use crate::tui::state::{Screen, State};
use crate::tui::view::dn as view;
use crate::wording::words;

pub(super) fn act(state: &mut State, screen: &mut Dn, action: Action) -> Then {
    let height = usize::from(list(state, screen).height);
    // a page is read: it moves with the cursor
    match action {
        Action::PageDown => screen.cursor.top += height.saturating_sub(1),
        Action::PageUp => {
            screen.cursor.top = screen.cursor.top.saturating_sub(height.saturating_sub(1));
        }
        _ => {}
    }
    if scroll(&mut screen.cursor, action, screen.lines.len(), height) {
        return Then::Done;
    }
    match action {
        Action::Open => return open(state, screen),
        Action::Right | Action::Left => unfold(screen, Some(action == Action::Right)),
        Action::Flow => {
            return flow(state, &screen.name, frame(screen));
        }
        Action::Raw => return raw(state, screen),
        Action::Compare => return compare(state, &screen.name),
        Action::Copy => copy(state, screen),
        Action::NextPart => {
            screen.part = screen.part.other();
            screen.cursor = Cursor::default();
            screen.made.forget();
        }
        Action::Search => super::prompt::open(state, Purpose::Search),
        Action::NextOne => search_on(state, screen, true),
        Action::OneBefore => search_on(state, screen, false),
        Action::Clear => screen.search = Needle::default(),
        _ => return Then::Nothing,
    }
    Then::Done
}

/// The lines of the screen.
fn list(state: &State, screen: &Dn) -> Rect {
    view::regions(state, screen)[1]
}

pub(super) fn settle(state: &State, screen: &mut Dn) {
    let area = list(state, screen);
    let data = Arc::clone(&state.data);
    if screen.made.renew(&data, area.width) {
        let mut page = Page::new(usize::from(area.width.saturating_sub(2)), state.glyphs());
        match (screen.part, data.place_of(&screen.name)) {
            (Part::Summary, Some(place)) => {
                prose::dn::write(&mut page, &state.look(), place, &screen.open);
            }
            (Part::Story, Some(_)) => {
                prose::story::write(&mut page, &state.look(), &screen.name);
            }
            (_, None) => page.title("This DN is no longer in the picture."),
        }
        screen.lines = page.lines;
    }
    screen.cursor.fit(screen.lines.len(), usize::from(area.height));
}

/// The frame the selected line leads to.
fn frame(screen: &Dn) -> Option<FrameRef> {
    match screen.lines.get(screen.cursor.selected)?.goes? {
        Goes::Frame(frame) => Some(frame),
        Goes::Unfold(_) => None,
    }
}

fn open(state: &mut State, screen: &mut Dn) -> Then {
    let line = screen.lines.get(screen.cursor.selected);
    match line.and_then(|told| told.goes) {
        Some(Goes::Unfold(_)) => {
            unfold(screen, None);
            Then::Done
        }
        Some(Goes::Frame(frame)) => to_frame(state, &screen.name, frame),
        None => flow(state, &screen.name, None),
    }
}

/// The ladder of a DN; a sentence instead where there is no message of it.
pub(super) fn flow(state: &mut State, name: &[u8], frame: Option<FrameRef>) -> Then {
    let Some(words) = state.data.find(name).as_ref().and_then(words::no_messages) else {
        return Then::Open(Screen::flow(name, frame));
    };
    state.tell(words);
    Then::Done
}

/// To a frame in the ladder of a DN; to the frame alone if it is not one of the DN's messages.
pub(super) fn to_frame(state: &State, name: &[u8], frame: FrameRef) -> Then {
    let dn = state.data.find(name);
    let own = dn.is_some_and(|dn| {
        dn.attempts().flat_map(|attempt| attempt.messages()).any(|m| m.frame() == frame)
    });
    if own {
        return Then::Open(Screen::flow(name, Some(frame)));
    }
    if state.data.is_line(frame) {
        return Then::Open(Screen::Log(Log::at(frame)));
    }
    let key = Key { dn: name.to_vec(), frame, request: true };
    Then::Open(Screen::Message(Message { guess: true, ..Message::new(key) }))
}

/// Folds or unfolds the equal attempts of the selected line.
fn unfold(screen: &mut Dn, open: Option<bool>) {
    let line = screen.lines.get(screen.cursor.selected);
    let Some(Goes::Unfold(first)) = line.and_then(|told| told.goes) else { return };
    let open = open.unwrap_or_else(|| !screen.open.contains(&first));
    if open {
        screen.open.insert(first);
    } else {
        screen.open.remove(&first);
    }
    screen.made.forget();
}

/// The message of the selected line, or the last one of the DN.
fn raw(state: &State, screen: &Dn) -> Then {
    let Some(dn) = state.data.find(&screen.name) else { return Then::Nothing };
    let (seen, _) = crate::tui::data::seen(dn);
    let wanted = frame(screen);
    let own = seen.iter().find(|seen| Some(seen.record.frame()) == wanted);
    match own.or_else(|| seen.last()) {
        Some(seen) => Then::Open(Screen::Message(Message::new(seen.key(&screen.name)))),
        None => Then::Nothing,
    }
}

/// This DN beside the other marked one, else beside the one most like it on the other side.
pub(super) fn compare(state: &mut State, name: &[u8]) -> Then {
    let marked: Vec<Vec<u8>> = state.marks.iter().filter(|&m| m != name).cloned().collect();
    let other = if let [one] = marked.as_slice() {
        one.clone()
    } else {
        let place = state.data.place_of(name);
        let Some(like) = place.and_then(|place| state.data.most_like(place)) else {
            state.tell("there is no DN on the other side to compare it with");
            return Then::Done;
        };
        let data = Arc::clone(&state.data);
        let Some(other) = data.dn(like.place).map(|dn| dn.name().to_vec()) else {
            return Then::Nothing;
        };
        let shared = if like.shared.is_empty() { "nothing alike" } else { &like.shared };
        state.tell(format!("closest match on the other side: {} ({shared})", escape_bytes(&other)));
        other
    };
    let urgency = |name: &[u8]| state.data.find(name).map(|dn| dn.state().verdict.urgency());
    let pair = if urgency(name) < urgency(&other) {
        [other, name.to_vec()]
    } else {
        [name.to_vec(), other]
    };
    Then::Open(Screen::Pair(Pair {
        of: Subjects::Dns(pair),
        cursor: Cursor::default(),
        same: false,
        raw: false,
        wrap: true,
    }))
}

/// Copies the finding of the selected line, or everything shown about the DN.
fn copy(state: &mut State, screen: &Dn) {
    let line = screen.lines.get(screen.cursor.selected);
    let finding = line.and_then(|told| told.finding).and_then(|n| state.data.findings.get(n));
    if let Some(finding) = finding {
        let text = prose::finding::plain(&state.data, &state.clock, finding);
        state.effects.push(Effect::Copy(text));
        return state.tell("finding copied");
    }
    let Some(dn) = state.data.find(&screen.name) else { return };
    let name = escape_bytes(&screen.name).into_owned();
    let head = prose::dn::headline(&state.look(), dn);
    let route = prose::dn::route(dn, state.glyphs().arrow);
    let lines: String = screen.lines.iter().map(|told| told.text() + "\n").collect();
    state.effects.push(Effect::Copy(format!("{name} {head}\n{route}\n\n{lines}")));
    state.tell(format!("{name}: {} copied", screen.part.title().to_lowercase()));
}

/// Takes in what is searched for and selects the next line that holds it.
pub(super) fn search(screen: &mut Dn, text: Needle) {
    screen.search = text;
    let (at, len) = (screen.cursor.selected, screen.lines.len());
    let holds =
        |row: &usize| screen.lines.get(*row).is_some_and(|told| told.holds(screen.search.text()));
    if let Some(row) = (at..len).chain(0..at).find(holds) {
        screen.cursor.selected = row;
    }
}

fn search_on(state: &mut State, screen: &mut Dn, on: bool) {
    if screen.search.is_empty() {
        return state.tell("no search yet: / starts one");
    }
    let (at, len) = (screen.cursor.selected, screen.lines.len());
    let holds =
        |row: &usize| screen.lines.get(*row).is_some_and(|told| told.holds(screen.search.text()));
    let next = if on {
        (at + 1..len).chain(0..at).find(holds)
    } else {
        (0..at).rev().chain((at + 1..len).rev()).find(holds)
    };
    match next {
        Some(row) => screen.cursor.selected = row,
        None => state.tell("no other line has that"),
    }
}

pub(super) fn click(state: &mut State, screen: &mut Dn, at: Position) -> Then {
    let area = list(state, screen);
    if !area.contains(at) {
        return Then::Nothing;
    }
    let row = screen.cursor.top + usize::from(at.y - area.y);
    if row >= screen.lines.len() {
        return Then::Done;
    }
    if row == screen.cursor.selected {
        return open(state, screen);
    }
    screen.cursor.selected = row;
    Then::Done
}
