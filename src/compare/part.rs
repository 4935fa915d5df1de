//! The part of a table that one contrast is about: some failing DNs, and all working ones.

use std::borrow::Cow;

use super::atom::Atom;
use super::bits::Bits;
use super::codes::UNKNOWN;
use super::table::{Column, Table, classes};

/// Some rows of a table.
pub(super) struct Part<'t> {
    /// In the order of the table's.
    pub columns: Vec<PartColumn<'t>>,
    /// DNs on the failing side.
    pub failing: usize,
    /// DNs on the working side.
    pub working: usize,
}

/// One attribute of some rows.
pub(super) struct PartColumn<'t> {
    whole: &'t Column<'t>,
    some: Option<Kept<'t>>,
    /// Failing rows of the table.
    failing: usize,
    /// How often each value occurs on the failing and on the working side; the values are in order
    /// of first appearance in these rows, and their places are the codes.
    pub counts: Cow<'t, [[u32; 2]]>,
    /// The first column that divides these rows alike.
    pub class: usize,
}

/// Which rows are meant, where not all of them are.
struct Kept<'t> {
    /// Those of the failing rows, in order.
    keep: &'t [usize],
    /// What a code of the table is here.
    new: Vec<u32>,
    /// What a code is in the table.
    old: Vec<u32>,
}

impl<'t> Part<'t> {
    /// All of a table.
    pub(super) fn whole(table: &'t Table<'t>) -> Self {
        let column = |whole: &'t Column<'t>| PartColumn {
            whole,
            some: None,
            failing: table.failing,
            counts: Cow::Borrowed(&whole.counts),
            class: whole.class,
        };
        let columns = table.columns.iter().map(column).collect();
        Self { columns, failing: table.failing, working: table.rows() - table.failing }
    }

    /// Only those of the failing DNs that `keep` names, by row, in order.
    pub(super) fn keeping(table: &'t Table<'t>, keep: &'t [usize]) -> Self {
        let column = |whole| PartColumn::keeping(whole, keep, table.failing);
        let mut columns: Vec<_> = table.columns.iter().map(column).collect();
        let classes = classes(columns.len(), |a, b| {
            columns.get(a).zip(columns.get(b)).is_some_and(|(a, b)| a.divides_as(b))
        });
        for (column, class) in columns.iter_mut().zip(classes) {
            column.class = class;
        }
        Self { columns, failing: keep.len(), working: table.rows() - table.failing }
    }
}

impl<'t> PartColumn<'t> {
    fn keeping(whole: &'t Column<'t>, keep: &'t [usize], failing: usize) -> Self {
        let mut new = vec![UNKNOWN; whole.atoms.len()];
        let (mut old, mut counts) = (Vec::new(), Vec::<[u32; 2]>::new());
        let mut here = |code: u32, failing: u32| {
            let Some(new) = new.get_mut(code as usize) else { return };
            if *new == UNKNOWN {
                *new = old.len() as u32;
                old.push(code);
                let of_working = whole.counts.get(code as usize).map_or(0, |count| count[1]);
                counts.push([0, of_working]);
            }
            if let Some(count) = counts.get_mut(*new as usize) {
                count[0] += failing;
            }
        };
        keep.iter().filter_map(|row| whole.codes.get(*row)).for_each(|code| here(code, 1));
        whole.working.iter().for_each(|code| here(*code, 0));
        let some = Some(Kept { keep, new, old });
        Self { whole, some, failing, counts: Cow::Owned(counts), class: 0 }
    }

    /// The value with a code.
    pub(super) fn atom(&self, code: u32) -> Option<Atom<'t>> {
        let whole = match &self.some {
            Some(some) => *some.old.get(code as usize)?,
            None => code,
        };
        self.whole.atoms.get(whole as usize).cloned()
    }

    /// The values with their counts, in the order of their codes.
    pub(super) fn values(&self) -> impl Iterator<Item = (Atom<'t>, [u32; 2])> + '_ {
        (0..).zip(self.counts.iter()).filter_map(|(code, count)| Some((self.atom(code)?, *count)))
    }

    /// Takes the value of every row by `tell`, which is asked once for each code; failing rows first.
    fn each<T: Copy>(&self, tell: impl Fn(u32) -> T, mut take: impl FnMut(T)) {
        let here = |code: usize| match &self.some {
            Some(some) => some.new.get(code).copied().unwrap_or(UNKNOWN),
            None => code as u32,
        };
        let told: Vec<T> = (0..self.whole.atoms.len()).map(|code| tell(here(code))).collect();
        let (codes, unknown) = (&self.whole.codes, tell(UNKNOWN));
        let start = match &self.some {
            Some(some) => {
                for code in some.keep.iter().filter_map(|row| codes.get(*row)) {
                    take(told.get(code as usize).copied().unwrap_or(unknown));
                }
                self.failing
            }
            None => 0,
        };
        codes.tell(start..usize::MAX, &told, unknown, take);
    }

    /// For which rows `tell` holds, by their codes; failing rows first.
    pub(super) fn rows(&self, tell: impl Fn(u32) -> bool) -> Bits {
        let mut bits = Bits::with_capacity(self.len());
        self.each(tell, |holds| bits.push(holds));
        bits
    }

    /// How many rows there are.
    fn len(&self) -> usize {
        let failing = self.some.as_ref().map_or(self.failing, |some| some.keep.len());
        failing + self.whole.codes.len().saturating_sub(self.failing)
    }

    /// Whether both divide these rows alike: codes are given in order of first appearance.
    fn divides_as(&self, other: &Self) -> bool {
        if self.whole.class == other.whole.class || self.counts != other.counts {
            return self.whole.class == other.whole.class;
        }
        let mut codes = Vec::with_capacity(self.len());
        self.each(|code| code, |code| codes.push(code));
        let (mut codes, mut same) = (codes.into_iter(), true);
        other.each(|code| code, |code| same &= codes.next() == Some(code));
        same
    }
}
