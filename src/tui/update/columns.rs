//! The column chooser.

use crossterm::event::{KeyCode, KeyEvent};

use crate::tui::columns::{COLUMNS, ColumnId};
use crate::tui::state::State;
use crate::tui::state::overlay::{Chooser, Overlay};

pub(super) fn open(state: &mut State) {
    let shown = state.dns.columns.iter().map(|&id| (id, true));
    let extras = state.data.snapshot.extra_names().len();
    let extras = (0..).take(extras).map(ColumnId::Extra);
    let hidden =
        COLUMNS.iter().map(|c| c.id).chain(extras).filter(|id| !state.dns.columns.contains(id));
    let columns = shown.chain(hidden.map(|id| (id, false))).collect();
    state.overlay = Some(Overlay::Columns(Chooser { columns, selected: 0 }));
}

pub(super) fn key(state: &mut State, mut chooser: Chooser, event: KeyEvent) {
    let last = chooser.columns.len().saturating_sub(1);
    let at = chooser.selected.min(last);
    match event.code {
        KeyCode::Up | KeyCode::Char('k') => chooser.selected = at.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => chooser.selected = (at + 1).min(last),
        KeyCode::Char(' ') => {
            if let Some((_, shown)) = chooser.columns.get_mut(at) {
                *shown = !*shown;
            }
        }
        KeyCode::Char('-' | 'u') | KeyCode::Left if at > 0 => {
            chooser.columns.swap(at, at - 1);
            chooser.selected = at - 1;
        }
        KeyCode::Char('+' | 'd') | KeyCode::Right if at < last => {
            chooser.columns.swap(at, at + 1);
            chooser.selected = at + 1;
        }
        KeyCode::Esc | KeyCode::Enter | KeyCode::F(10) | KeyCode::Char('q' | 't') => return,
        _ => {}
    }
    let shown = chooser.columns.iter().filter(|(_, shown)| *shown).map(|&(id, _)| id);
    let shown: Vec<_> = shown.collect();
    // a list without any column would be no list
    if !shown.is_empty() {
        state.dns.columns = shown;
    }
    state.overlay = Some(Overlay::Columns(chooser));
}
