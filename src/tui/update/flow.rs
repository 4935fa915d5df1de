//! The keys of the screen Flow.

use std::sync::Arc;

use ratatui::layout::Position;

use super::{Then, scroll};
use crate::compare::Needle;
use crate::tui::data;
use crate::tui::effect::Effect;
use crate::tui::keys::Action;
use crate::tui::state::cursor::Cursor;
use crate::tui::state::flow::Flow;
use crate::tui::state::lanes::{self, Lanes};
use crate::tui::state::message::Message;
use crate::tui::state::overlay::Purpose;
use crate::tui::state::pair::{Pair, Subjects};
use crate::tui::state::{Screen, State};
use crate::tui::view::{flow as view, regions, sip};

/// Messages asked for at once: reading a capture again for one costs as much as for many.
const CHUNK: usize = 200;

pub(super) fn act(state: &mut State, screen: &mut Flow, action: Action) -> Then {
    let height = usize::from(regions::flow(state, screen).rows.height);
    if screen.in_text && scroll_text(state, screen, action) {
        return Then::Done;
    }
    let before = screen.cursor.selected;
    if scroll(&mut screen.cursor, action, screen.rows.len(), height) {
        screen.land(screen.cursor.selected < before || action == Action::Last);
        if screen.cursor.selected != before {
            screen.text = (0, 0);
        }
        return Then::Done;
    }
    match action {
        Action::Open => return open(screen),
        Action::Raw => return alone(screen),
        Action::Mark => mark(state, screen),
        Action::NextPart => screen.in_text = !screen.in_text,
        Action::Wrap => {
            screen.wrap = !screen.wrap;
            screen.text.1 = 0;
        }
        Action::Left | Action::Right => scroll_sideways(screen, action),
        Action::Search => super::prompt::open(state, Purpose::Search),
        Action::NextOne => search_on(state, screen, true),
        Action::OneBefore => search_on(state, screen, false),
        Action::Clear => {
            screen.marks.clear();
            screen.search = Needle::default();
        }
        Action::Copy => copy(state, screen),
        Action::Back if screen.in_text => screen.in_text = false,
        _ => return Then::Nothing,
    }
    Then::Done
}

pub(super) fn settle(state: &mut State, screen: &mut Flow) {
    let data = Arc::clone(&state.data);
    let most = regions::most_lanes(state);
    let anew = screen.made.renew(&data, u16::try_from(most).unwrap_or(u16::MAX));
    if anew {
        let selected = screen.selected().map(data::Seen::id);
        let followed = !state.reading.finished && screen.cursor.selected + 1 == screen.rows.len();
        if let Some(dn) = data.find(&screen.name) {
            (screen.seen, screen.tries) = data::seen(dn);
        }
        screen.make_rows();
        let frames = screen.seen.iter().map(|seen| seen.record.frame());
        let longest = frames.max_by_key(|frame| frame.number()).map(|frame| data.frame_name(frame));
        screen.frame_width =
            longest.map_or(2, |name| u16::try_from(name.len()).unwrap_or(u16::MAX).max(2));
        match selected {
            _ if followed => screen.cursor.selected = screen.rows.len().saturating_sub(1),
            Some(id) => screen.select(id),
            None => {}
        }
    }
    if let Some(frame) = screen.wanted.take() {
        go_to(state, screen, frame);
    }
    screen.land(true);
    let learned = learn(state, screen);
    if anew || learned {
        screen.lanes = Lanes::of(&screen.seen, &screen.tries, &screen.ends, most);
    }
    let area = regions::flow(state, screen);
    let height = usize::from(area.rows.height);
    screen.cursor.fit(screen.rows.len(), height);
    ask(state, screen, height);
    let lines = view::text_lines(state, screen, usize::from(area.text.width)).len();
    screen.text.0 = screen.text.0.min(lines.saturating_sub(usize::from(area.text.height)));
}

/// Selects the message of a frame, or the one nearest to it.
fn go_to(state: &mut State, screen: &mut Flow, frame: crate::net::FrameRef) {
    match screen.row_of(frame) {
        Some((row, true)) => {
            screen.cursor.selected = row;
            // what comes after is worth more than what was before
            screen.cursor.top = row.saturating_sub(3);
        }
        Some((row, false)) => {
            screen.cursor.selected = row;
            let name = state.data.frame_name(frame);
            state.tell(format!(
                "{name} is not a REGISTER or response of this DN; this one is close to it"
            ));
        }
        None => {}
    }
}

/// Takes over senders and receivers from messages that came; true if that changes the lanes.
fn learn(state: &State, screen: &mut Flow) -> bool {
    let mut new = false;
    for place in around(screen, usize::MAX) {
        let Some(seen) = screen.message(place).copied() else { continue };
        if screen.ends.contains_key(&seen.id()) {
            continue;
        }
        if let Some(fetched) = state.messages.fetched(&seen.key(&screen.name)) {
            let own = [fetched.origin.src, fetched.origin.dst];
            // what was as supposed changes no lane
            new |= lanes::ends(&seen, &screen.tries, &screen.ends) != Some(own);
            screen.ends.insert(seen.id(), own);
        }
    }
    new
}

/// Rows around those that are visible, whole chunks of them.
fn around(screen: &Flow, height: usize) -> std::ops::Range<usize> {
    let top = screen.cursor.top.min(screen.cursor.selected);
    let bottom = (screen.cursor.top.max(screen.cursor.selected)).saturating_add(height.min(CHUNK));
    let start = top / CHUNK * CHUNK;
    start..(bottom / CHUNK + 1).saturating_mul(CHUNK).min(screen.rows.len())
}

/// Asks for the messages around the visible ones.
fn ask(state: &mut State, screen: &Flow, height: usize) {
    let selected = screen.selected().into_iter();
    let rows = around(screen, height).filter_map(|row| screen.message(row));
    let keys: Vec<_> = selected.chain(rows).map(|seen| seen.key(&screen.name)).collect();
    let new = state.messages.ask(keys);
    if !new.is_empty() {
        state.effects.push(Effect::Read(new));
    }
}

/// Scrolls the text of the message; false for other actions.
fn scroll_text(state: &State, screen: &mut Flow, action: Action) -> bool {
    let area = regions::flow(state, screen).text;
    let lines = view::text_lines(state, screen, usize::from(area.width)).len();
    let height = usize::from(area.height);
    // a cursor on the last visible line scrolls by every step
    let mut cursor = Cursor { selected: screen.text.0, top: 0 };
    let most = lines.saturating_sub(height);
    let moved = scroll(&mut cursor, action, most + 1, height);
    if moved {
        screen.text.0 = cursor.selected;
    }
    moved
}

fn scroll_sideways(screen: &mut Flow, action: Action) {
    const STEP: usize = 8;
    if !screen.wrap {
        let left = screen.text.1;
        screen.text.1 =
            if action == Action::Left { left.saturating_sub(STEP) } else { left + STEP };
    }
}

fn open(screen: &Flow) -> Then {
    match <[_; 2]>::try_from(screen.marks.clone()) {
        Ok(keys) => Then::Open(Screen::Pair(Pair {
            of: Subjects::Messages(keys),
            cursor: Cursor::default(),
            same: false,
            raw: false,
            wrap: true,
        })),
        Err(_) => alone(screen),
    }
}

fn alone(screen: &Flow) -> Then {
    screen.key().map_or(Then::Nothing, |key| Then::Open(Screen::Message(Message::new(key))))
}

/// Marks the selected message or takes its mark away; of three marks the oldest goes.
fn mark(state: &mut State, screen: &mut Flow) {
    let Some(key) = screen.key() else { return };
    if let Some(place) = screen.marks.iter().position(|marked| *marked == key) {
        screen.marks.remove(place);
    } else {
        screen.marks.push(key);
        if screen.marks.len() > 2 {
            screen.marks.remove(0);
        }
    }
    match screen.marks.len() {
        2 => state.tell("Enter puts the two marked messages side by side"),
        1 => state.tell("mark another message to put the two side by side"),
        _ => {}
    }
}

/// Takes in what is searched for and selects the next message that holds it.
pub(super) fn search(state: &State, screen: &mut Flow, text: Needle) {
    screen.search = text;
    let found = |row: &usize| view::holds(state, screen, *row);
    let at = screen.cursor.selected;
    let next = (at..screen.rows.len()).find(found).or_else(|| (0..at).find(found));
    if let Some(row) = next {
        screen.cursor.selected = row;
        screen.text = (0, 0);
    }
}

/// Selects the next message, or the one before, that holds what is searched for.
fn search_on(state: &mut State, screen: &mut Flow, on: bool) {
    if screen.search.is_empty() {
        return state.tell("no search yet: / starts one");
    }
    let (at, len) = (screen.cursor.selected, screen.rows.len());
    let found = |row: &usize| view::holds(state, screen, *row);
    let next = if on {
        (at + 1..len).chain(0..at).find(found)
    } else {
        (0..at).rev().chain((at + 1..len).rev()).find(found)
    };
    match next {
        Some(row) => {
            screen.cursor.selected = row;
            screen.text = (0, 0);
        }
        None => state.tell("no other message has that"),
    }
}

fn copy(state: &mut State, screen: &Flow) {
    let Some(key) = screen.key() else { return };
    let Some(fetched) = state.messages.fetched(&key) else {
        return state.complain("the message is not read yet");
    };
    let text = sip::text(&fetched.bytes, false);
    state.effects.push(Effect::Copy(text));
    state.tell("message copied, secrets masked");
}

pub(super) fn click(state: &State, screen: &mut Flow, at: Position) -> Then {
    let area = regions::flow(state, screen);
    if area.text.contains(at) {
        screen.in_text = true;
    }
    if !area.rows.contains(at) {
        return Then::Nothing;
    }
    screen.in_text = false;
    let row = screen.cursor.top + usize::from(at.y - area.rows.y);
    if screen.message(row).is_none() {
        return Then::Done;
    }
    if row == screen.cursor.selected {
        return open(screen);
    }
    screen.cursor.selected = row;
    screen.text = (0, 0);
    Then::Done
}
