//! The attributes of many DNs, column by column: one code of four bytes per value.

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHasher};
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;

use super::atom::{Atom, Value};
use super::attribute::ATTRIBUTES;
use super::facts::Facts;
use crate::registration::{DnView, Snapshot, Texts};

/// The code of what the capture does not tell.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// One attribute of all DNs.
#[derive(Debug, Default)]
pub(super) struct Column {
    /// One per DN: an index into `atoms`, in order of first appearance, or [`UNKNOWN`].
    pub codes: Vec<u32>,
    /// The distinct values.
    pub atoms: Vec<Atom>,
    /// The codes of the values, found by value.
    index: HashTable<u32>,
}

impl Column {
    fn push(&mut self, atom: Option<Atom>) {
        let code = atom.map_or(UNKNOWN, |atom| self.code(atom));
        self.codes.push(code);
    }

    fn code(&mut self, atom: Atom) -> u32 {
        let hash = |atom: &Atom| FxBuildHasher.hash_one(atom);
        let atoms = &self.atoms;
        // neighbours are often alike
        let last = self.codes.last().filter(|code| atoms.get(**code as usize) == Some(&atom));
        if let Some(code) = last {
            return *code;
        }
        let found = self.index.find(hash(&atom), |code| atoms.get(*code as usize) == Some(&atom));
        if let Some(code) = found {
            return *code;
        }
        let next = self.atoms.len() as u32;
        self.index
            .insert_unique(hash(&atom), next, |code| atoms.get(*code as usize).map_or(0, hash));
        self.atoms.push(atom);
        next
    }

    /// The rows in `keep` and those from `rest` on, with codes given anew.
    fn keeping(&self, keep: &[usize], rest: usize) -> Self {
        let mut new = vec![UNKNOWN; self.atoms.len()];
        let mut column = Self::default();
        let first = keep.iter().filter_map(|row| self.codes.get(*row));
        for code in first.chain(self.codes.get(rest..).unwrap_or_default()) {
            let code = new.get_mut(*code as usize).zip(self.atoms.get(*code as usize)).map_or(
                UNKNOWN,
                |(new, atom)| {
                    if *new == UNKNOWN {
                        *new = column.atoms.len() as u32;
                        column.atoms.push(*atom);
                    }
                    *new
                },
            );
            column.codes.push(code);
        }
        column
    }

    /// The same for columns that divide the DNs in the same way: codes are given in order of
    /// first appearance.
    pub(super) fn partition(&self) -> u64 {
        let mut hasher = FxHasher::default();
        self.codes.iter().for_each(|code| hasher.write_u32(*code));
        hasher.finish()
    }
}

/// The attributes of the DNs of two sides.
#[derive(Debug)]
pub(super) struct Table {
    /// In the order of [`ATTRIBUTES`].
    pub columns: Vec<Column>,
    /// The texts that were made from those of the snapshot.
    made: Arc<Texts>,
    /// DNs on the failing side: the first rows.
    pub failing: usize,
}

impl Table {
    /// Reads all attributes of the DNs of both sides.
    pub(super) fn of(snapshot: &Snapshot, failing: &[DnView<'_>], working: &[DnView<'_>]) -> Self {
        let mut columns: Vec<Column> = ATTRIBUTES.iter().map(|_| Column::default()).collect();
        let mut made = Texts::default();
        for dn in failing.iter().chain(working) {
            let facts = Facts::of(snapshot, *dn);
            for (attribute, column) in ATTRIBUTES.iter().zip(&mut columns) {
                column.push((attribute.value)(&facts, &mut made));
            }
        }
        for column in &mut columns {
            column.index = HashTable::new();
        }
        Self { columns, made: Arc::new(made), failing: failing.len() }
    }

    /// The same with only those of the failing DNs that `keep` names, by row, in order.
    pub(super) fn keeping(&self, keep: &[usize]) -> Self {
        let columns = self.columns.iter().map(|column| column.keeping(keep, self.failing));
        Self { columns: columns.collect(), made: Arc::clone(&self.made), failing: keep.len() }
    }

    /// How many DNs it has.
    pub(super) fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.codes.len())
    }

    /// A value written out.
    pub(super) fn value(&self, snapshot: &Snapshot, atom: Atom) -> Value {
        atom.value(snapshot, &self.made)
    }

    /// How often each value of a column occurs on the failing and on the working side.
    pub(super) fn counts(&self, column: &Column) -> Vec<[u32; 2]> {
        let mut counts = vec![[0; 2]; column.atoms.len()];
        for (row, code) in column.codes.iter().enumerate() {
            if let Some(count) = counts.get_mut(*code as usize) {
                let [failing, working] = count;
                *(if row < self.failing { failing } else { working }) += 1;
            }
        }
        counts
    }
}
