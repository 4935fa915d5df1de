//! The mouse: a click selects, a click on what is selected opens, the wheel scrolls, headers sort.

use crossterm::event::{MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::{act, dns, is_click};
use crate::tui::keys::Action;
use crate::tui::state::{State, Tab};
use crate::tui::view::layout;

/// Lines the wheel moves at once.
const NOTCH: usize = 3;

pub(super) fn mouse(state: &mut State, event: MouseEvent) {
    if state.overlay.is_some() {
        return;
    }
    match event.kind {
        MouseEventKind::ScrollUp => (0..NOTCH).for_each(|_| act(state, Action::Up)),
        MouseEventKind::ScrollDown => (0..NOTCH).for_each(|_| act(state, Action::Down)),
        _ if is_click(event) => click(state, Position::new(event.column, event.row)),
        _ => {}
    }
}

fn click(state: &mut State, at: Position) {
    let tab = layout::tabs(state).into_iter().position(|area| area.contains(at));
    if let Some(tab) = tab.and_then(|tab| u8::try_from(tab).ok()) {
        return act(state, Action::Tab(tab));
    }
    if state.stack.is_empty() && state.tab == Tab::Dns {
        let regions = layout::dns(state);
        if let Some(column) = regions.column_at(at) {
            return dns::sort_by(state, column);
        }
        if let Some(line) = state.dns.cursor.line_at(regions.body, at, state.dns.lines.len()) {
            state.dns.choose(true);
            if state.dns.cursor.point(line) {
                act(state, Action::Open);
            }
        }
        return;
    }
    super::click_in_screen(state, at);
}
