//! The keys of the DN list.

use std::sync::Arc;

use super::{Then, scroll};
use crate::compare::Needle;
use crate::tui::columns::{ColumnId, Look};
use crate::tui::effect::Effect;
use crate::tui::keys::Action;
use crate::tui::state::cursor::Cursor;
use crate::tui::state::dn::Dn;
use crate::tui::state::dns::{Line, Sort};
use crate::tui::state::group::GroupBy;
use crate::tui::state::overlay::Purpose;
use crate::tui::state::pair::{Pair, Subjects};
use crate::tui::state::{Screen, State, Tab};
use crate::tui::view::layout;

pub(super) fn act(state: &mut State, action: Action) -> Then {
    let (len, height) = (state.dns.lines.len(), layout::dns(state).body_height());
    if scroll(&mut state.dns.cursor, action, len, height) {
        state.dns.choose(action != Action::First);
        return Then::Done;
    }
    let data = Arc::clone(&state.data);
    match action {
        Action::Open => return open(state),
        Action::Flow => {
            let Some(name) = selected(state) else { return Then::Nothing };
            return super::dn::flow(state, &name, None);
        }
        Action::Compare => return compare(state),
        Action::Mark => mark(state),
        Action::Right => state.dns.set_open(true, &data),
        Action::Left => state.dns.set_open(false, &data),
        Action::Search => super::prompt::open(state, Purpose::Search),
        Action::Filter => super::prompt::open(state, Purpose::Filter),
        Action::Clear => clear(state),
        Action::Back => return undo(state),
        Action::Group => {
            relist(state, |dns| dns.group = GroupBy::after(dns.group));
        }
        Action::SortNext => sort(state, 1),
        Action::SortBefore => sort(state, -1),
        Action::Reverse => {
            relist(state, |dns| dns.sort.descending = !dns.sort.descending);
        }
        Action::Columns => super::columns::open(state),
        Action::Copy => copy(state),
        _ => return Then::Nothing,
    }
    Then::Done
}

pub(super) fn settle(state: &mut State) {
    let height = layout::dns(state).body_height();
    let len = state.dns.lines.len();
    state.dns.cursor.fit(len, height);
}

/// Changes the list and rebuilds it.
pub(super) fn relist(state: &mut State, change: impl FnOnce(&mut crate::tui::state::dns::Dns)) {
    let data = Arc::clone(&state.data);
    state.dns.remember(&data);
    change(&mut state.dns);
    state.dns.relist(&Look { data: &data, clock: &state.clock, now: state.now });
}

/// The selected DN, as on the wire.
fn selected(state: &State) -> Option<Vec<u8>> {
    Some(state.data.dn(state.dns.row()?)?.name().to_vec())
}

fn with_name(state: &State, screen: impl FnOnce(Vec<u8>) -> Screen) -> Then {
    selected(state).map_or(Then::Nothing, |name| Then::Open(screen(name)))
}

fn open(state: &mut State) -> Then {
    if let Some(open) = state.dns.selected_group().map(|group| group.open) {
        let data = Arc::clone(&state.data);
        state.dns.set_open(!open, &data);
        return Then::Done;
    }
    state.dns.choose(true);
    with_name(state, |name| Screen::Dn(Dn { name, ..Dn::default() }))
}

/// Two DNs side by side: the marked ones, or the one that is marked and the selected one; else the cohorts.
fn compare(state: &mut State) -> Then {
    let mut names: Vec<Vec<u8>> = state.marks.iter().cloned().collect();
    if names.len() == 1 {
        names.extend(selected(state).filter(|name| !state.marks.contains(name)));
    }
    match names.try_into() {
        Ok(names) => Then::Open(Screen::Pair(Pair {
            of: Subjects::Dns(ordered(state, names)),
            cursor: Cursor::default(),
            same: false,
            raw: false,
            wrap: true,
        })),
        Err(names) => {
            if let [_] = names.as_slice() {
                state.tell("1 marked, and selected too: go to another one to compare the two");
                return Then::Done;
            }
            state.tab = Tab::Compare;
            Then::Done
        }
    }
}

/// The one that works at the left, the one that fails beside it.
fn ordered(state: &State, [a, b]: [Vec<u8>; 2]) -> [Vec<u8>; 2] {
    let urgency = |name: &[u8]| state.data.find(name).map(|dn| dn.state().verdict.urgency());
    if urgency(&a) < urgency(&b) { [b, a] } else { [a, b] }
}

/// Marks a DN, or all of a group, or takes the marks away; and goes on to the next line.
fn mark(state: &mut State) {
    let rows = match state.dns.line() {
        Some(Line::Dn(row)) => vec![row],
        Some(Line::Group(_)) => {
            state.dns.selected_group().map(|group| group.rows.clone()).unwrap_or_default()
        }
        None => return,
    };
    let data = Arc::clone(&state.data);
    let names: Vec<Vec<u8>> =
        rows.iter().filter_map(|&row| Some(data.dn(row)?.name().to_vec())).collect();
    if names.iter().all(|name| state.marks.contains(name)) {
        for name in &names {
            state.marks.remove(name);
        }
    } else {
        state.marks.extend(names);
    }
    state.dns.cursor.step(1, state.dns.lines.len());
    state.dns.choose(true);
}

/// Clears search and filter; where there is neither, the marks.
pub(super) fn clear(state: &mut State) {
    if state.dns.search.is_empty() && state.dns.filter.is_all() {
        state.marks.clear();
    }
    relist(state, |dns| {
        dns.search = Needle::default();
        dns.filter = crate::compare::Filter::default();
    });
}

/// Undoes the search, then the filter, then the grouping.
fn undo(state: &mut State) -> Then {
    if !state.dns.search.is_empty() {
        relist(state, |dns| dns.search = Needle::default());
    } else if !state.dns.filter.is_all() {
        relist(state, |dns| dns.filter = crate::compare::Filter::default());
    } else if state.dns.group.is_some() {
        relist(state, |dns| dns.group = None);
    } else {
        state.tell("q quits");
    }
    Then::Done
}

/// Goes to the list, narrowed to what a filter selects.
pub(super) fn show(state: &mut State, filter: crate::compare::Filter) {
    relist(state, |dns| {
        dns.search = Needle::default();
        dns.filter = filter;
    });
    state.stack.clear();
    state.tab = Tab::Dns;
    state.tell(format!("{} DNs; Esc shows all again", state.dns.shown));
}

/// Sorts by the column before or after the one that is sorted by.
fn sort(state: &mut State, by: isize) {
    let columns = layout::dns(state).column_ids();
    let place = columns.iter().position(|&id| id == state.dns.sort.column).unwrap_or_default();
    let len = isize::try_from(columns.len()).unwrap_or(1).max(1);
    let next = (isize::try_from(place).unwrap_or(0) + by).rem_euclid(len);
    if let Some(&column) = usize::try_from(next).ok().and_then(|next| columns.get(next)) {
        sort_by(state, column);
    }
}

/// Sorts by a column; by the same one again in the other direction.
pub(super) fn sort_by(state: &mut State, column: ColumnId) {
    relist(state, |dns| {
        let descending = dns.sort.column == column && !dns.sort.descending;
        dns.sort = Sort { column, descending };
    });
}

fn copy(state: &mut State) {
    let text = match state.dns.selected_group() {
        Some(group) => Some(group.key.clone()),
        None => selected(state).map(|name| crate::net::escape_bytes(&name).into_owned()),
    };
    if let Some(text) = text {
        state.tell(format!("copied: {text}"));
        state.effects.push(Effect::Copy(text));
    }
}
