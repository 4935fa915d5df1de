//! Searches the rows of the DN list: what the eye sees, and what else is known of a DN.

use std::borrow::Cow;
use std::cell::RefCell;

use crate::compare::search::Search;
use crate::compare::{Filter, Needle};
use crate::hashing::HashMap;
use crate::parallel;
use crate::registration::abreast::records;
use crate::tui::columns::{ColumnId, Look};

/// A search of the rows.
pub(in crate::tui) struct RowSearch<'s> {
    look: &'s Look<'s>,
    columns: &'s [ColumnId],
    search: Search<'s>,
    /// Whether a time or a number may hold the text: most searches are for neither.
    in_numbers: bool,
    /// Numbers and times tried, of each column, and whether they hold it: many rows share theirs.
    tried: RefCell<HashMap<(ColumnId, i64), bool>>,
}

impl<'s> RowSearch<'s> {
    pub(in crate::tui) fn new(
        look: &'s Look<'s>,
        columns: &'s [ColumnId],
        needle: &'s Needle,
    ) -> Self {
        let in_numbers = |c: char| c.is_ascii_digit() || ":-. dhmsnever".contains(c);
        let in_numbers = needle.text().chars().all(in_numbers);
        Self { look, columns, search: Search::new(needle), in_numbers, tried: RefCell::default() }
    }

    /// What is looked for.
    pub(in crate::tui) const fn needle(&self) -> &Needle {
        self.search.needle()
    }

    /// Whether a row holds it: in what is known of its DN, in a cell, or in the title of a finding.
    pub(in crate::tui) fn holds(&self, place: u32) -> bool {
        let data = self.look.data;
        let needle = self.search.needle();
        data.dn(place).is_some_and(|dn| self.search.holds(&dn, &data.snapshot))
            || data
                .findings_of(place)
                .any(|found| needle.is_shown(found.fragment) || needle.is_shown(found.rule))
            || self.cells_hold(place)
    }

    fn cells_hold(&self, place: u32) -> bool {
        let data = self.look.data;
        let Some((row, dn)) = data.row(place).zip(data.dn(place)) else { return false };
        // what was too much to keep may still be in the row
        let all = dn.record().is_some_and(|record| record.more_values == 0);
        self.columns.iter().any(|id| {
            let column = id.column();
            let holds = || {
                let cell: Cow<'_, str> = (column.cell)(self.look, row, place);
                self.search.needle().is_shown(&cell)
            };
            match column.number {
                Some(_) if !self.in_numbers => false,
                Some(number) => {
                    let key = (*id, number(self.look, row));
                    *self.tried.borrow_mut().entry(key).or_insert_with(holds)
                }
                None => !(all && (column.known)(row)) && holds(),
            }
        })
    }

    /// The rows that hold it.
    pub(in crate::tui) fn find(
        look: &Look<'_>,
        columns: &[ColumnId],
        needle: &Needle,
        rows: &[u32],
    ) -> Vec<u32> {
        select(rows, |part, found| {
            let search = RowSearch::new(look, columns, needle);
            for rows in part.chunks(AHEAD) {
                records(rows.iter().filter_map(|&row| look.data.dn(row)));
                found.extend(rows.iter().copied().filter(|&row| search.holds(row)));
            }
        })
    }

    /// The rows that a filter takes; its words are searched for in the rows.
    pub(in crate::tui) fn filter(
        look: &Look<'_>,
        columns: &[ColumnId],
        filter: &Filter,
        rows: &[u32],
    ) -> Vec<u32> {
        select(rows, |part, found| {
            let needles = filter.needles().into_iter();
            let searches: Vec<_> =
                needles.map(|needle| RowSearch::new(look, columns, needle)).collect();
            found.extend(part.iter().copied().filter(|&row| {
                let holds = |needle: &Needle| {
                    searches.iter().find(|s| s.needle() == needle).is_some_and(|s| s.holds(row))
                };
                let dn = look.data.dn(row);
                dn.is_some_and(|dn| filter.matches_with(&dn, &look.data.snapshot, &holds))
            }));
        })
    }
}

/// Rows whose records are prefetched at a time.
const AHEAD: usize = 32;
/// Rows that one thread looks at before it takes others.
const PART: usize = 4096;

/// Selects rows on several threads; they stay in order.
fn select(rows: &[u32], choose: impl Fn(&[u32], &mut Vec<u32>) + Sync) -> Vec<u32> {
    let mut all = Vec::new();
    let work = |part: &[u32]| {
        let mut found = Vec::new();
        choose(part, &mut found);
        found
    };
    let _: Result<(), std::convert::Infallible> = parallel::in_order(rows, PART, work, |found| {
        all.extend(found);
        Ok(())
    });
    all
}
