//! The keys of the screen Compare.

use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use crate::hashing::{Digest, HashSet};
use ratatui::layout::Position;

use super::{Then, scroll};
use crate::compare::{
    Attribute, Cohorts, Condition, Contrast, Counted, Filter, Needle, Value, contrast_of,
};
use crate::net::escape_bytes;
use crate::registration::DnView;
use crate::tui::data::Data;
use crate::tui::effect::Effect;
use crate::tui::keys::Action;
use crate::tui::state::State;
use crate::tui::state::compare::{Behind, Fold, Line, Own, Part};
use crate::tui::state::cursor::Cursor;
use crate::tui::state::overlay::Purpose;
use crate::tui::view::{compare as picture, layout};
use crate::wording::names;

/// A requested comparison of more DNs is not renewed automatically: it takes its time.
const BY_ITSELF: usize = 5000;
/// Visible lines from which on there is room for what coincides with what leads.
const ROOMY: usize = 16;
/// DNs of a side that are looked up by name behind a value.
const NAMED: usize = 300;
/// DNs a filter names one by one, at most.
const LISTED: usize = 200;

pub(super) fn act(state: &mut State, action: Action) -> Then {
    let height = usize::from(layout::compare(state).body.height);
    let len = state.compare.lines.len();
    if scroll(&mut state.compare.cursor, action, len, height) {
        return Then::Done;
    }
    match action {
        Action::Open => open(state),
        Action::Left => turn_part(state, false),
        Action::Right => turn_part(state, true),
        Action::Same => state.compare.same = !state.compare.same,
        Action::Search => super::prompt::open(state, Purpose::Search),
        Action::Filter => {
            super::prompt::open(state, Purpose::Filter);
            state.compare.part = Part::Listed;
        }
        Action::Clear => {
            state.compare.search = Needle::default();
            state.compare.part = Part::All;
            super::dns::clear(state);
        }
        Action::Back => undo(state),
        Action::Copy => copy(state),
        _ => return Then::Nothing,
    }
    Then::Done
}

pub(super) fn settle(state: &mut State) {
    let parts = parts(state);
    if !parts.iter().any(|choice| choice.part == state.compare.part) && state.overlay.is_none() {
        state.compare.part = Part::All;
    }
    let data = Arc::clone(&state.data);
    compare_own(state, &data);
    let height = usize::from(layout::compare(state).body.height);
    state.compare.roomy = height >= ROOMY;
    state.compare.relist(&data);
    let len = state.compare.lines.len();
    state.compare.cursor.fit(len, height);
    look_behind(state, &data);
}

pub(super) fn click(state: &mut State, at: Position) -> Then {
    let regions = layout::compare(state);
    if let Some(part) = picture::part_at(state, regions.parts, at) {
        choose(state, part);
    } else if let Some(line) =
        state.compare.cursor.line_at(regions.body, at, state.compare.lines.len())
        && state.compare.cursor.point(line)
    {
        open(state);
    }
    Then::Done
}

/// A comparison that can be chosen.
pub(in crate::tui) struct Choice {
    pub(in crate::tui) part: Part,
    /// Safe to show.
    pub(in crate::tui) label: String,
    /// DNs on its first side.
    pub(in crate::tui) dns: usize,
}

/// The comparisons that can be chosen.
pub(in crate::tui) fn parts(state: &State) -> Vec<Choice> {
    let contrast = &state.data.contrast;
    let choice = |part, label: &str, dns| Choice { part, label: label.to_owned(), dns };
    let mut parts = vec![choice(Part::All, "all failing", contrast.failing.dns)];
    for kind in &contrast.by_outcome {
        let label = kind.failing.name();
        parts.push(choice(Part::Kind(kind.failing.label.clone()), &label, kind.failing.dns));
    }
    if !state.marks.is_empty() {
        parts.push(choice(Part::Marked, "marked", state.marks.len()));
    }
    if !state.dns.filter.is_all() || !state.dns.search.is_empty() {
        parts.push(choice(Part::Listed, "listed", state.dns.shown));
    }
    parts
}

/// Goes on to the next comparison, or back to the one before.
fn turn_part(state: &mut State, forward: bool) {
    let parts = parts(state);
    let at = parts.iter().position(|choice| choice.part == state.compare.part).unwrap_or_default();
    let next = if forward { at + 1 } else { at + parts.len().max(1) - 1 } % parts.len().max(1);
    if let Some(choice) = parts.into_iter().nth(next) {
        choose(state, choice.part);
    }
}

fn choose(state: &mut State, part: Part) {
    let compare = &mut state.compare;
    (compare.part, compare.cursor) = (part, Cursor::default());
    // chosen again it is made of what there is now
    let current = Arc::downgrade(&state.data);
    if compare.own.as_ref().is_some_and(|own| !own.data.ptr_eq(&current)) {
        compare.own = None;
    }
}

/// Makes the comparison that was asked for, unless it is there.
fn compare_own(state: &mut State, data: &Arc<Data>) {
    let part = state.compare.part.clone();
    if !matches!(part, Part::Marked | Part::Listed) || state.overlay.is_some() {
        return;
    }
    let selection = selection(state);
    let current = Arc::downgrade(data);
    let is_current = state.compare.own.as_ref().is_some_and(|own| {
        let fresh = own.data.ptr_eq(&current) || data.snapshot.dns().len() > BY_ITSELF;
        own.part == part && own.selection == selection && fresh
    });
    if is_current {
        return;
    }
    let chosen = chosen(state, data);
    let snapshot = &data.snapshot;
    let label = if part == Part::Marked { "marked" } else { "listed" };
    let (these, others) = snapshot.dns().partition(|dn| chosen.contains(dn.name()));
    let cohorts = Cohorts::new(snapshot, [label, "others"], these, others);
    let contrast = contrast_of(snapshot, &cohorts);
    state.compare.own = Some(Own { part, selection, data: current, contrast });
}

/// The DNs of the first side of a comparison that was asked for.
fn chosen<'a>(state: &State, data: &'a Data) -> HashSet<&'a [u8]> {
    let name = |row: u32| data.dn(row).map(|dn| dn.name());
    match state.compare.part {
        Part::Marked => {
            let places = state.marks.iter().filter_map(|name| data.place_of(name));
            places.filter_map(name).collect()
        }
        _ => state.dns.rows().into_iter().filter_map(name).collect(),
    }
}

/// A digest of marks, search and filter: another one is another selection.
fn selection(state: &State) -> u64 {
    let mut hasher = Digest::default();
    if state.compare.part == Part::Marked {
        state.marks.hash(&mut hasher);
    } else {
        (state.dns.filter.text(), &state.dns.search).hash(&mut hasher);
    }
    hasher.finish()
}

/// Looks up the DNs behind the selected value.
fn look_behind(state: &mut State, data: &Arc<Data>) {
    let Some(line @ Line::Value(name, counted)) = state.compare.line() else {
        state.compare.behind = None;
        return;
    };
    let current = Arc::downgrade(data);
    let part = &state.compare.part;
    let is_current = state.compare.behind.as_ref().is_some_and(|behind| {
        behind.part == *part && behind.line == *line && behind.data.ptr_eq(&current)
    });
    if is_current {
        return;
    }
    let names =
        Attribute::named(name).map(|attribute| names_behind(state, data, attribute, counted));
    state.compare.behind =
        names.map(|names| Behind { part: part.clone(), line: line.clone(), data: current, names });
}

/// The names of the DNs that have a value, on either side.
fn names_behind(
    state: &State,
    data: &Data,
    attribute: &Attribute,
    counted: &Counted,
) -> [String; 2] {
    let side = side_of(state, data);
    let is = Condition::Values { values: vec![counted.value.clone()], more: 0, unshared: false };
    let counts = [counted.failing, counted.working].map(|count| count as usize);
    let mut found: [Vec<&[u8]>; 2] = Default::default();
    for dn in data.snapshot.dns() {
        let Some(place) = side(dn) else { continue };
        let (Some(list), Some(&count)) = (found.get_mut(place), counts.get(place)) else {
            continue;
        };
        if list.len() < count.min(NAMED) && is.holds(attribute, &data.snapshot, dn) == Some(true) {
            list.push(dn.name());
        }
        let [failing, working] = &found;
        if failing.len() >= counts[0].min(NAMED) && working.len() >= counts[1].min(NAMED) {
            break;
        }
    }
    let [failing, working] = counts;
    let told = |list: &[&[u8]], count: usize| {
        let more = if count > list.len() { " and others" } else { "" };
        format!("{}{more}", names::list(list))
    };
    let [f, w] = &found;
    [told(f, failing), told(w, working)]
}

/// Which side of the comparison a DN is on: 0 is the failing one.
fn side_of<'a>(state: &'a State, data: &'a Data) -> Box<dyn Fn(DnView<'_>) -> Option<usize> + 'a> {
    use crate::registration::Cohort;
    let by_cohort = |dn: DnView<'_>| match dn.cohort() {
        Cohort::Failing => Some(0),
        Cohort::Working => Some(1),
        Cohort::Unclear => None,
    };
    match &state.compare.part {
        Part::All => Box::new(by_cohort),
        Part::Kind(_) => {
            let outcome = state.compare.contrast(data).and_then(|part| part.failing.outcome);
            Box::new(move |dn| {
                let own = (dn.state().verdict, dn.state().status_code);
                by_cohort(dn).filter(|&side| side == 1 || outcome == Some(own))
            })
        }
        Part::Marked | Part::Listed => {
            let chosen = chosen(state, data);
            Box::new(move |dn| Some(usize::from(!chosen.contains(dn.name()))))
        }
    }
}

/// Unfolds what is behind a line; of a value goes to its DNs.
fn open(state: &mut State) {
    let Some(line) = state.compare.line().cloned() else { return };
    let data = Arc::clone(&state.data);
    let fold = match &line {
        Line::Attribute(name, _) => Fold::Values(name),
        Line::Coincide(name) => Fold::Members(name),
        Line::Section(section) => Fold::Section(*section),
        Line::Value(name, counted) => return list(state, &data, name, &counted.value),
        Line::More(name, ..) => {
            return state.tell(format!("the list of DNs sorts and groups by more: filter {name}~"));
        }
        Line::Combination(place) => {
            let contrast = state.compare.contrast(&data);
            let found = contrast.and_then(|contrast| contrast.combinations.get(*place));
            let halves =
                found.map(|found| found.parts.each_ref().map(|(a, c)| filter_of(a.name, c)));
            let Some([Some(a), Some(b)]) = halves else {
                return state.complain("no filter says that");
            };
            return match Filter::parse(&format!("{a} {b}")) {
                Ok(filter) => super::dns::show(state, filter),
                Err(_) => state.complain("no filter says that"),
            };
        }
        Line::Common(_) => return,
    };
    state.compare.turn(fold);
}

/// Goes to the DNs that have a value.
fn list(state: &mut State, data: &Data, name: &str, value: &Value) {
    let Some(attribute) = Attribute::named(name) else { return };
    let is = Condition::Values { values: vec![value.clone()], more: 0, unshared: false };
    let holds = |dn: &DnView<'_>| is.holds(attribute, &data.snapshot, *dn) == Some(true);
    // a value may hold what the language of filters cannot say: then the DNs are named
    let exact = filter_of(name, &is).and_then(|text| Filter::parse(&text).ok()).filter(|filter| {
        data.snapshot.dns().all(|dn| filter.matches(&dn, &data.snapshot) == holds(&dn))
    });
    let filter = exact.or_else(|| {
        let dns: Vec<_> = data.snapshot.dns().filter(holds).take(LISTED + 1).collect();
        let names: Vec<_> = dns.iter().map(|dn| escape_bytes(dn.name())).collect();
        let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric());
        let told = names.len() <= LISTED && names.iter().all(|name| plain(name));
        told.then(|| Filter::parse(&format!("dn={}", names.join(","))).ok()).flatten()
    });
    match filter {
        Some(filter) => super::dns::show(state, filter),
        None => state.complain("no filter says that"),
    }
}

/// A condition in the language of filters, where it can be said.
fn filter_of(name: &str, condition: &Condition) -> Option<String> {
    let Condition::Values { values, more: 0, unshared: false } = condition else { return None };
    let one = |value: &Value| match value {
        Value::Absent => Some("absent".to_owned()),
        Value::Text(text) => {
            let text = std::str::from_utf8(text).ok().filter(|text| !text.is_empty())?;
            let plain = |b: u8| b.is_ascii_alphanumeric() || b".:/_-[]".contains(&b);
            Some(if text.bytes().all(plain) { text.to_owned() } else { format!("\"{text}\"") })
        }
    };
    let values = values.iter().map(one).collect::<Option<Vec<_>>>()?;
    Some(format!("{name}={}", values.join(",")))
}

/// Undoes the search, then the choice of a comparison.
fn undo(state: &mut State) {
    if !state.compare.search.is_empty() {
        state.compare.search = Needle::default();
    } else if state.compare.part != Part::All {
        choose(state, Part::All);
    } else {
        state.tell("q quits");
    }
}

/// Copies what leads, and the selected line.
fn copy(state: &mut State) {
    let data = Arc::clone(&state.data);
    let Some(contrast) = state.compare.contrast(&data) else { return };
    let text = summary(contrast);
    state.tell("copied: what separates them");
    state.effects.push(Effect::Copy(text));
}

/// What separates two sides as text for a ticket.
fn summary(contrast: &Contrast) -> String {
    use crate::wording::contrast::{both, condition, labels, strength, support, verdict};
    let names = labels(contrast);
    let names = names.each_ref().map(String::as_str);
    let mut lines = vec![format!(
        "{} {} against {} {}",
        contrast.failing.dns, names[0], contrast.working.dns, names[1]
    )];
    for found in &contrast.combinations {
        let word = crate::compare::Strength::of(found.separation).name();
        let strength = strength(found.separation, word, false);
        lines.push(format!("{}: {}; {strength}", both(found), support(&found.support, names)));
    }
    for group in &contrast.groups {
        let Some(lead) = group.lead() else { continue };
        let words = lead.condition.as_ref().map_or_else(String::new, condition);
        let numbers = support(&lead.support, names);
        let label = lead.attribute.label;
        lines.push(format!("{label} {words}: {numbers}; {}", verdict(lead)));
        let others: Vec<_> = group.members.iter().skip(1).map(|m| m.attribute.label).collect();
        if !others.is_empty() {
            lines.push(format!("  coincides with: {}", others.join(", ")));
        }
    }
    lines.join("\n") + "\n"
}
