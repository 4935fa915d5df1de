//! The keys of the screen Cluster.

use std::sync::Arc;

use ratatui::layout::Position;

use super::{Then, scroll};
use crate::net::escape_bytes;
use crate::tui::effect::Effect;
use crate::tui::keys::Action;
use crate::tui::state::dn::{Dn, Part};
use crate::tui::state::{Screen, State};
use crate::tui::view::layout;

pub(super) fn act(state: &mut State, action: Action) -> Then {
    let height = usize::from(layout::cluster(state).body.height);
    let len = state.cluster.lines.len();
    if scroll(&mut state.cluster.cursor, action, len, height) {
        return Then::Done;
    }
    match action {
        Action::Open => return story(state),
        Action::Flow => {
            if let Some(name) = selected(state) {
                return super::dn::flow(state, &name, None);
            }
        }
        Action::Back => state.tell("q quits"),
        Action::Copy => {
            if let Some(name) = selected(state) {
                let text = escape_bytes(&name).into_owned();
                state.tell(format!("copied: {text}"));
                state.effects.push(Effect::Copy(text));
            }
        }
        _ => return Then::Nothing,
    }
    Then::Done
}

pub(super) fn settle(state: &mut State) {
    let data = Arc::clone(&state.data);
    state.cluster.relist(&data);
    let height = usize::from(layout::cluster(state).body.height);
    let len = state.cluster.lines.len();
    state.cluster.cursor.fit(len, height);
    state.cluster.name = selected(state);
}

pub(super) fn click(state: &mut State, at: Position) -> Then {
    let body = layout::cluster(state).body;
    let len = state.cluster.lines.len();
    match state.cluster.cursor.line_at(body, at, len) {
        Some(line) if state.cluster.cursor.point(line) => story(state),
        _ => Then::Done,
    }
}

/// The name of the selected DN.
fn selected(state: &State) -> Option<Vec<u8>> {
    let dn = state.data.cluster.dns.get(state.cluster.selected()?)?;
    Some(dn.name.clone())
}

/// The story of the selected DN, with the events of all nodes.
fn story(state: &State) -> Then {
    match selected(state) {
        Some(name) => Then::Open(Screen::Dn(Dn { name, part: Part::Story, ..Dn::default() })),
        None => Then::Done,
    }
}
