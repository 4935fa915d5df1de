//! Reports what the user named and the input lacks: the closest names, and inputs that could not be read.

use std::borrow::Cow;

use super::{Failure, Outcome, warn};
use crate::compare::Filter;
use crate::net::escape_lossy;
use crate::registration::{DnView, Snapshot, natural};
use crate::select::{DnList, Selection};
use crate::source::{Warning, WarningKind};
use crate::wording::filter::none_matches;

/// Names offered in place of one that is absent.
const OFFERED: usize = 3;

/// Names that are all listed when none is close.
const FEW: usize = 10;

/// The failure for a DN that the input does not hold: what to call it instead.
pub(super) fn no_such_dn(snapshot: &Snapshot, asked: &[u8], place: &str) -> Failure {
    let close = closest(snapshot, asked);
    let dn = escape_lossy(asked);
    Failure::Usage(if close.is_empty() {
        format!("{dn} is not a DN of {place}{}", all_of(snapshot))
    } else {
        format!("{dn} is not a DN of {place}; close: {}", close.join(", "))
    })
}

/// Fails when `--dn` matches none of the DNs.
pub(super) fn some_match(snapshot: &Snapshot, dns: Option<&DnList>) -> Result<(), Failure> {
    let Some(list) = dns else { return Ok(()) };
    if snapshot.dns().any(|dn| list.contains(dn.name())) {
        return Ok(());
    }
    Err(match list.only_name() {
        Some(name) => no_such_dn(snapshot, name, THIS_CAPTURE),
        None => Failure::Usage(format!("no DN of this capture matches --dn{}", all_of(snapshot))),
    })
}

/// The DNs of a selection that a filter takes; fails, and says how many DNs each condition takes, if
/// there is none.
pub(super) fn narrowed<'s>(
    snapshot: &Snapshot,
    selection: &'s Selection,
    filter: Option<&Filter>,
) -> Result<Cow<'s, Selection>, Failure> {
    let Some(filter) = filter else { return Ok(Cow::Borrowed(selection)) };
    let taken = |dn: &DnView<'_>| selection.takes_name(dn.name()) && filter.matches(dn, snapshot);
    let names: Vec<_> = snapshot.dns().filter(taken).map(|dn| dn.name()).collect();
    if names.is_empty() {
        return Err(none_taken(snapshot, "--where", filter));
    }
    let sources = selection.sources.clone();
    Ok(Cow::Owned(Selection { dns: Some(DnList::of_names(names)), sources }))
}

/// The failure for a filter that takes no DN: how many DNs each of its conditions takes.
pub(super) fn none_taken(snapshot: &Snapshot, option: &str, filter: &Filter) -> Failure {
    let counts = none_matches(&filter.counts(snapshot));
    Failure::Usage(format!("no DN of this capture matches {option} ({counts})"))
}

/// What most commands read.
pub(super) const THIS_CAPTURE: &str = "this capture";

/// The DNs that are there, counted, and named while they are few.
fn all_of(snapshot: &Snapshot) -> String {
    match snapshot.dns().len() {
        0 => ", which has none".to_owned(),
        1 => format!("; the only one is {}", names(snapshot)),
        2..=FEW => format!("; there are {}", names(snapshot)),
        many => format!("; there are {many} DNs"),
    }
}

/// The names of all DNs in their natural order.
fn names(snapshot: &Snapshot) -> String {
    let mut names: Vec<_> = snapshot.dns().map(|dn| dn.name()).collect();
    names.sort_by(|a, b| natural(a, b));
    let shown: Vec<_> = names.into_iter().map(escape_lossy).collect();
    shown.join(", ")
}

/// The DNs whose names are most like `asked`: one contains the other, or few characters differ.
fn closest(snapshot: &Snapshot, asked: &[u8]) -> Vec<String> {
    let asked = String::from_utf8_lossy(asked);
    let most = asked.chars().count().div_ceil(4).min(2);
    let mut close: Vec<(usize, &[u8])> = snapshot
        .dns()
        .filter_map(|dn| {
            let name = String::from_utf8_lossy(dn.name());
            let distance = strsim::osa_distance(&name, &asked);
            let contained = asked.len() >= 3 && name.contains(&*asked);
            let contains = name.len() >= 3 && asked.contains(&*name);
            (distance <= most || contained || contains).then_some((distance, dn.name()))
        })
        .collect();
    close.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| natural(a.1, b.1)));
    close.truncate(OFFERED);
    close.iter().map(|(_, name)| escape_lossy(name).into_owned()).collect()
}

/// How a run ends that read `warnings`' inputs: incomplete, and said so, if one of them could not be read.
pub(super) fn ending(warnings: &[Warning], otherwise: Outcome) -> Outcome {
    let mut outcome = otherwise;
    for warning in warnings.iter().filter(|w| matches!(w.kind, WarningKind::Unreadable(_))) {
        warn(&warning.to_string());
        outcome = Outcome::Incomplete;
    }
    outcome
}

/// Reports all `warnings` where the output has no place for them, and how the run ends.
pub(super) fn ending_with_all(warnings: &[Warning], otherwise: Outcome) -> Outcome {
    let others = warnings.iter().filter(|w| !matches!(w.kind, WarningKind::Unreadable(_)));
    for warning in others {
        warn(&warning.to_string());
    }
    ending(warnings, otherwise)
}
