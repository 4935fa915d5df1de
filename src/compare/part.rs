//! A table with all or some of its failing DNs, and all of its working ones: what a contrast is of.

use std::borrow::Cow;

use super::atom::Atom;
use super::table::{Column, Table, UNKNOWN, classes};

/// Some rows of a table.
pub(super) struct Part<'t> {
    pub table: &'t Table,
    /// In the order of the table's.
    pub columns: Vec<PartColumn<'t>>,
    /// DNs on the failing side.
    pub failing: usize,
    /// DNs on the working side.
    pub working: usize,
}

/// One attribute of some rows.
pub(super) struct PartColumn<'t> {
    whole: &'t Column,
    /// Those of the failing rows that are meant, in order; all of them if absent.
    keep: Option<&'t [usize]>,
    /// Failing rows of the table.
    failing: usize,
    /// What a code of the table is here; the same if absent.
    new: Option<Vec<u32>>,
    /// The distinct values, in order of first appearance in these rows: their places are the codes.
    pub atoms: Cow<'t, [Atom]>,
    /// How often each of them occurs on the failing and on the working side.
    pub counts: Cow<'t, [[u32; 2]]>,
    /// The first column that divides these rows in the same way.
    pub class: usize,
}

impl<'t> Part<'t> {
    /// All of a table.
    pub(super) fn whole(table: &'t Table) -> Self {
        let column = |whole: &'t Column| PartColumn {
            whole,
            keep: None,
            failing: table.failing,
            new: None,
            atoms: Cow::Borrowed(&whole.atoms),
            counts: Cow::Borrowed(&whole.counts),
            class: whole.class,
        };
        let columns = table.columns.iter().map(column).collect();
        Self { table, columns, failing: table.failing, working: table.rows() - table.failing }
    }

    /// Only those of the failing DNs that `keep` names, by row, in order.
    pub(super) fn keeping(table: &'t Table, keep: &'t [usize]) -> Self {
        let column = |whole| PartColumn::keeping(whole, keep, table.failing);
        let mut columns: Vec<_> = table.columns.iter().map(column).collect();
        let classes = classes(columns.len(), |a, b| {
            columns.get(a).zip(columns.get(b)).is_some_and(|(a, b)| a.divides_as(b))
        });
        for (column, class) in columns.iter_mut().zip(classes) {
            column.class = class;
        }
        Self { table, columns, failing: keep.len(), working: table.rows() - table.failing }
    }
}

impl<'t> PartColumn<'t> {
    fn keeping(whole: &'t Column, keep: &'t [usize], failing: usize) -> Self {
        let mut new = vec![UNKNOWN; whole.atoms.len()];
        let (mut atoms, mut counts) = (Vec::new(), Vec::<[u32; 2]>::new());
        let mut here = |code: u32, failing: u32| {
            let Some(new) = new.get_mut(code as usize) else { return };
            if *new == UNKNOWN {
                *new = atoms.len() as u32;
                atoms.extend(whole.atoms.get(code as usize));
                let of_working = whole.counts.get(code as usize).map_or(0, |count| count[1]);
                counts.push([0, of_working]);
            }
            if let Some(count) = counts.get_mut(*new as usize) {
                count[0] += failing;
            }
        };
        keep.iter().filter_map(|row| whole.codes.get(*row)).for_each(|code| here(*code, 1));
        whole.working.iter().for_each(|code| here(*code, 0));
        Self {
            whole,
            keep: Some(keep),
            failing,
            new: Some(new),
            atoms: Cow::Owned(atoms),
            counts: Cow::Owned(counts),
            class: 0,
        }
    }

    /// The value of every row by `tell`, which is asked once for each code; failing rows first.
    pub(super) fn rows<T: Copy + 't, F: Fn(u32) -> T>(
        &self,
        tell: F,
    ) -> impl Iterator<Item = T> + use<'t, T, F> {
        let here = |code: usize| match &self.new {
            Some(new) => new.get(code).copied().unwrap_or(UNKNOWN),
            None => code as u32,
        };
        let told: Vec<T> = (0..self.whole.atoms.len()).map(|code| tell(here(code))).collect();
        let unknown = tell(UNKNOWN);
        let (failing, working) =
            self.whole.codes.split_at(self.failing.min(self.whole.codes.len()));
        let keep = self.keep.unwrap_or_default();
        let kept = keep.iter().filter_map(|row| failing.get(*row));
        let all = if self.keep.is_none() { failing } else { &[] };
        let codes = kept.chain(all).chain(working);
        codes.map(move |code| told.get(*code as usize).copied().unwrap_or(unknown))
    }

    /// Whether both divide these rows in the same way: codes are given in order of first appearance.
    fn divides_as(&self, other: &Self) -> bool {
        self.whole.class == other.whole.class
            || self.counts == other.counts && self.rows(|code| code).eq(other.rows(|code| code))
    }
}
