//! Values with their counts, cut to what a person reads.

use std::cmp::Reverse;

use smallvec::SmallVec;

use super::atom::Atom;
use super::model::{Condition, Counted, ValueList};
use super::part::PartColumn;

/// Values a condition names.
const NAMED: usize = 5;

/// The values that only failing DNs have, those that only working ones have, and the shared ones.
pub(super) fn by_side(column: &PartColumn<'_>) -> [ValueList; 3] {
    let mut sides: [Foremost; 3] = Default::default();
    for (place, count) in (0..).zip(column.counts.iter()) {
        let side = match count {
            [_, 0] => &mut sides[0],
            [0, _] => &mut sides[1],
            _ => &mut sides[2],
        };
        side.add(count[0] + count[1], place);
    }
    sides.map(|side| side.list(column))
}

/// The most frequent of some values, in order; of those that are as frequent the one that was met
/// first comes first.
#[derive(Default)]
struct Foremost {
    /// How many DNs have a value, and its code.
    kept: SmallVec<[(u32, u32); ValueList::MOST]>,
    values: usize,
    dns: u32,
}

impl Foremost {
    /// Adds a value; codes rise.
    fn add(&mut self, dns: u32, code: u32) {
        self.values += 1;
        self.dns += dns;
        if self.kept.len() == ValueList::MOST {
            if self.kept.last().is_some_and(|(least, _)| *least >= dns) {
                return;
            }
            self.kept.pop();
        }
        let place = self.kept.partition_point(|(before, _)| *before >= dns);
        self.kept.insert(place, (dns, code));
    }

    fn list(&self, column: &PartColumn<'_>) -> ValueList {
        let counted = |(_, code): &(u32, u32)| {
            let [failing, working] = *column.counts.get(*code as usize)?;
            let value = column.atom(*code)?.value();
            Some(Counted { value, failing, working })
        };
        ValueList {
            values: self.kept.iter().filter_map(counted).collect(),
            more: self.values - self.kept.len(),
            more_dns: self.dns - self.kept.iter().map(|(dns, _)| dns).sum::<u32>(),
        }
    }
}

/// Keeps the first `most` in order, without putting the others in order.
fn foremost<T: Ord>(all: &mut Vec<T>, most: usize) {
    if all.len() > most {
        all.select_nth_unstable(most);
        all.truncate(most);
    }
    all.sort_unstable();
}

/// The values that speak for failing, those most failing DNs have first.
pub(super) fn condition(column: &PartColumn<'_>, failing: &[bool], unshared: bool) -> Condition {
    let (mut named, mut single, mut unshared_by_working) = (Vec::new(), 0, true);
    let all = || (0_u32..).zip(column.counts.iter()).zip(failing).filter(|(_, speaks)| **speaks);
    for ((code, count), _) in all() {
        match count[0] + count[1] {
            1 => {
                single += 1;
                unshared_by_working &= count[1] == 0;
            }
            _ => named.push((Reverse(count[0]), false, code)),
        }
    }
    // a few values that only failing DNs have are more informative than that they are not shared
    let tell = single <= NAMED && unshared_by_working;
    if tell {
        let single = all().filter(|((_, count), _)| count[0] + count[1] == 1);
        named.extend(single.map(|((code, count), _)| (Reverse(count[0]), true, code)));
    }
    let more = named.len().saturating_sub(NAMED);
    foremost(&mut named, NAMED);
    let atom = |code: &u32| column.atom(*code);
    let values = named.iter().filter_map(|(_, _, code)| atom(code)).map(Atom::value).collect();
    Condition::Values { values, more, unshared: unshared && single > 0 && !tell }
}
