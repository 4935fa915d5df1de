//! The keys of the screen Sources.

use std::net::IpAddr;
use std::sync::Arc;

use ratatui::layout::Position;

use super::{Then, scroll};
use crate::compare::{Filter, Needle};
use crate::registration::{Dn, DnView, State as Service, Verdict};
use crate::tui::data::Data;
use crate::tui::effect::Effect;
use crate::tui::keys::Action;
use crate::tui::state::compare::Part;
use crate::tui::state::overlay::Purpose;
use crate::tui::state::sources::{About, Column};
use crate::tui::state::{State, Tab};
use crate::tui::view::layout;
use crate::wording::names;

pub(super) fn act(state: &mut State, action: Action) -> Then {
    let height = usize::from(layout::sources(state).body.height);
    let len = state.sources.lines.len();
    if scroll(&mut state.sources.cursor, action, len, height) {
        return Then::Done;
    }
    match action {
        Action::Open => {
            narrow(state);
        }
        Action::Compare => {
            if narrow(state) {
                state.notice = None;
                (state.tab, state.compare.part) = (Tab::Compare, Part::Listed);
            }
        }
        Action::SortNext => sort(state, 1),
        Action::SortBefore => sort(state, Column::ALL.len() - 1),
        Action::Reverse => state.sources.reversed = !state.sources.reversed,
        Action::Search => super::prompt::open(state, Purpose::Search),
        Action::Clear => {
            state.sources.search = Needle::default();
            super::dns::clear(state);
        }
        Action::Back if state.sources.search.is_empty() => state.tell("q quits"),
        Action::Back => state.sources.search = Needle::default(),
        Action::Copy => {
            if let Some(source) = state.sources.selected() {
                let text = source.address.to_string();
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
    state.sources.relist(&data);
    let height = usize::from(layout::sources(state).body.height);
    let len = state.sources.lines.len();
    state.sources.cursor.fit(len, height);
    look(state, &data);
}

pub(super) fn click(state: &mut State, at: Position) -> Then {
    let regions = layout::sources(state);
    if let Some(column) = regions.column_at(at) {
        state.sources.sort_by(column);
    } else if let Some(line) =
        state.sources.cursor.line_at(regions.body, at, state.sources.lines.len())
        && state.sources.cursor.point(line)
    {
        narrow(state);
    }
    Then::Done
}

/// Goes to the DN list, narrowed to those of the selected address.
fn narrow(state: &mut State) -> bool {
    let Some(source) = state.sources.selected().copied() else { return false };
    let Ok(filter) = Filter::parse(&format!("source={}", source.address)) else { return false };
    let data = Arc::clone(&state.data);
    if !data.snapshot.dns().any(|dn| filter.matches(&dn, &data.snapshot)) {
        state.complain(match source.dns {
            0 => "no DN is known at this address: 4 shows what was found about it",
            _ if source.role == crate::tui::state::sources::Role::Scanner => {
                "DNs that only a scanner tried are not listed"
            }
            _ => "its DNs were decided from other addresses since",
        });
        return false;
    }
    super::dns::show(state, filter);
    true
}

/// Sorts by the column `by` places on.
fn sort(state: &mut State, by: usize) {
    let all = Column::ALL;
    let place = all.iter().position(|&column| column == state.sources.column).unwrap_or_default();
    if let Some(&column) = all.get((place + by) % all.len()) {
        (state.sources.column, state.sources.reversed) = (column, false);
    }
}

/// Gathers what is shown about the selected address.
fn look(state: &mut State, data: &Arc<Data>) {
    let Some(address) = state.sources.selected().map(|source| source.address) else {
        state.sources.about = None;
        return;
    };
    let current = Arc::downgrade(data);
    let about = &state.sources.about;
    if about.as_ref().is_some_and(|about| about.address == address && about.data.ptr_eq(&current)) {
        return;
    }
    let findings = data.findings.iter().filter(|f| f.source == Some(address));
    let findings = findings.map(|finding| finding.sentence.clone()).collect();
    let kinds = kinds(data, address);
    state.sources.about = Some(About { address, data: current, kinds, findings });
}

/// A verdict, the status code behind it, and the state it means for the DN.
type Outcome = (Verdict, Option<u16>, Service);

/// How the DNs fare that an address registers or tried to: state, words, names.
fn kinds(data: &Data, address: IpAddr) -> Vec<(Service, String, String)> {
    let tried = |record: &Dn| record.sources.iter().any(|(source, _)| source.addr == address);
    let own = data.snapshot.dns().filter(|dn| dn.record().is_some_and(tried));
    // DNs come most urgent first, those that fare alike together
    let outcome =
        |dn: &DnView<'_>| (dn.state().verdict, dn.state().status_code, dn.state().state());
    let mut kinds: Vec<(Outcome, Vec<&[u8]>)> = Vec::new();
    let (mut refused, mut moved) = (Vec::new(), Vec::new());
    for dn in own {
        match dn.state_at(address) {
            Service::OutOfService if dn.state().verdict == Verdict::InService => {
                refused.push(dn.name());
                continue;
            }
            Service::Unknown if dn.state().verdict == Verdict::InService => {
                moved.push(dn.name());
                continue;
            }
            _ => {}
        }
        match kinds.last_mut().filter(|(other, _)| *other == outcome(&dn)) {
            Some((_, names)) => names.push(dn.name()),
            None => kinds.push((outcome(&dn), vec![dn.name()])),
        }
    }
    let elsewhere = [
        (Service::OutOfService, "refused here, and in service from elsewhere", refused),
        (Service::Unknown, "in service from elsewhere now", moved),
    ];
    let elsewhere = elsewhere.into_iter().filter(|(.., names)| !names.is_empty());
    let elsewhere = elsewhere.map(|(service, words, names)| {
        (service, format!("{} {words}", names.len()), names::list(&names))
    });
    let told = |((verdict, code, service), names): &(Outcome, Vec<&[u8]>)| {
        let words = verdict.label(*code);
        (*service, format!("{} {words}", names.len()), names::list(names))
    };
    elsewhere.chain(kinds.iter().map(told)).collect()
}
