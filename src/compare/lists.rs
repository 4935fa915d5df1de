//! Values with their counts, cut to what a person reads.

use std::cmp::Reverse;

use super::atom::{Atom, Value};
use super::model::{Condition, Counted, ValueList};
use super::table::Column;

/// Values with how many failing and working DNs have them.
type Counts = Vec<(Atom, [u32; 2])>;

/// Values a condition names.
const NAMED: usize = 5;

/// The values that only failing DNs have, those that only working ones have, and the shared ones.
pub(super) fn by_side(
    column: &Column,
    counts: &[[u32; 2]],
    value: &impl Fn(Atom) -> Value,
) -> [ValueList; 3] {
    let mut sides: [Counts; 3] = Default::default();
    for (atom, count) in column.atoms.iter().zip(counts) {
        let side = match count {
            [_, 0] => &mut sides[0],
            [0, _] => &mut sides[1],
            _ => &mut sides[2],
        };
        side.push((*atom, *count));
    }
    sides.map(|all| list(all, value))
}

fn list(mut all: Counts, value: &impl Fn(Atom) -> Value) -> ValueList {
    all.sort_by_key(|(_, [failing, working])| Reverse(failing + working));
    let rest: Counts = all.split_off(all.len().min(ValueList::MOST));
    let counted = |(atom, [failing, working]): (Atom, [u32; 2])| Counted {
        value: value(atom),
        failing,
        working,
    };
    ValueList {
        values: all.into_iter().map(counted).collect(),
        more: rest.len(),
        more_dns: rest.iter().map(|(_, count)| count[0] + count[1]).sum(),
    }
}

/// The values that speak for failing, those most failing DNs have first.
pub(super) fn condition(
    column: &Column,
    counts: &[[u32; 2]],
    failing: &[bool],
    unshared: bool,
    value: &impl Fn(Atom) -> Value,
) -> Condition {
    let (mut named, mut single) = (Vec::new(), Vec::new());
    for ((atom, count), speaks) in column.atoms.iter().zip(counts).zip(failing) {
        match count[0] + count[1] {
            _ if !speaks => {}
            1 => single.push((*atom, *count)),
            _ => named.push((*atom, *count)),
        }
    }
    // a few values that only failing DNs have say more than that nobody shares them
    let tell = single.len() <= NAMED && single.iter().all(|(_, count)| count[1] == 0);
    if tell {
        named.append(&mut single);
    }
    named.sort_by_key(|(_, count): &(Atom, [u32; 2])| Reverse(count[0]));
    let more = named.len().saturating_sub(NAMED);
    let values = named.into_iter().take(NAMED).map(|(atom, _)| value(atom)).collect();
    Condition::Values { values, more, unshared: unshared && !single.is_empty() }
}
