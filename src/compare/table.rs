//! The attributes of many DNs, column by column: one code of four bytes per value.

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher as _;

use super::atom::{Atom, Value};
use super::attribute::{ATTRIBUTES, Read};
use super::facts::{Facts, Made};
use crate::registration::{DnView, Snapshot};

/// The code of what the capture does not tell.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// DNs whose facts are gathered before their attributes are read.
const AT_ONCE: usize = 64;

/// One attribute of all DNs.
#[derive(Debug, Default)]
pub(super) struct Column {
    /// One per DN: an index into `atoms`, in order of first appearance, or [`UNKNOWN`].
    pub codes: Vec<u32>,
    /// The distinct values.
    pub atoms: Vec<Atom>,
    /// How often each of them occurs on the failing and on the working side.
    pub counts: Vec<[u32; 2]>,
    /// The codes of the working side, in order of first appearance there.
    pub working: Vec<u32>,
    /// The first column that divides the DNs in the same way.
    pub class: usize,
}

/// Finds the codes of values while a column grows.
#[derive(Default)]
struct Index {
    codes: HashTable<u32>,
    /// The latest value and its code: neighbours are often alike.
    latest: Option<(Option<Atom>, u32)>,
}

impl Column {
    /// Adds the value of every DN.
    fn read(&mut self, index: &mut Index, facts: &[Facts<'_>], value: Read, made: &mut Made) {
        let mut alike = 0;
        for facts in facts {
            let atom = value(facts, made);
            match index.latest {
                Some((latest, _)) if latest == atom => alike += 1,
                latest => {
                    let code = latest.map_or(UNKNOWN, |(_, code)| code);
                    self.codes.extend(std::iter::repeat_n(code, alike));
                    let code = atom.map_or(UNKNOWN, |atom| self.code(index, atom));
                    index.latest = Some((atom, code));
                    alike = 1;
                }
            }
        }
        let code = index.latest.map_or(UNKNOWN, |(_, code)| code);
        self.codes.extend(std::iter::repeat_n(code, alike));
    }

    fn code(&mut self, index: &mut Index, atom: Atom) -> u32 {
        let hash = |atom: &Atom| FxBuildHasher.hash_one(atom);
        let atoms = &self.atoms;
        let own = hash(&atom);
        let found = index.codes.find(own, |code| atoms.get(*code as usize) == Some(&atom));
        if let Some(code) = found {
            return *code;
        }
        let next = self.atoms.len() as u32;
        index.codes.insert_unique(own, next, |code| atoms.get(*code as usize).map_or(0, hash));
        self.atoms.push(atom);
        next
    }

    /// Counts the values; the first `failing` rows are one side, the others the other.
    fn count(&mut self, failing: usize) {
        self.counts = vec![[0; 2]; self.atoms.len()];
        let (failing, working) = self.codes.split_at(failing.min(self.codes.len()));
        // rows that are alike often stand together
        for same in failing.chunk_by(PartialEq::eq) {
            if let Some(count) = same.first().and_then(|code| self.counts.get_mut(*code as usize)) {
                count[0] += same.len() as u32;
            }
        }
        for same in working.chunk_by(PartialEq::eq) {
            let Some(code) = same.first() else { continue };
            let Some(count) = self.counts.get_mut(*code as usize) else { continue };
            if count[1] == 0 {
                self.working.push(*code);
            }
            count[1] += same.len() as u32;
        }
    }
}

/// The attributes of the DNs of two sides.
#[derive(Debug)]
pub(super) struct Table {
    /// In the order of [`ATTRIBUTES`].
    pub columns: Vec<Column>,
    /// The texts that were made from those of the snapshot.
    made: Made,
    /// DNs on the failing side: the first rows.
    pub failing: usize,
    rows: usize,
}

impl Table {
    /// Reads all attributes of the DNs of both sides.
    pub(super) fn of(snapshot: &Snapshot, failing: &[DnView<'_>], working: &[DnView<'_>]) -> Self {
        let rows = failing.len() + working.len();
        let column = || Column { codes: Vec::with_capacity(rows), ..Column::default() };
        let mut columns: Vec<(Column, Index)> =
            ATTRIBUTES.iter().map(|_| (column(), Index::default())).collect();
        let mut made = Made::default();
        for dns in failing.chunks(AT_ONCE).chain(working.chunks(AT_ONCE)) {
            let facts = Facts::of_many(snapshot, dns);
            for (attribute, (column, index)) in ATTRIBUTES.iter().zip(&mut columns) {
                column.read(index, &facts, attribute.value, &mut made);
            }
        }
        let mut columns: Vec<Column> = columns.into_iter().map(|(column, _)| column).collect();
        for column in &mut columns {
            column.count(failing.len());
        }
        let classes = classes(columns.len(), |a, b| {
            let both = columns.get(a).zip(columns.get(b));
            both.is_some_and(|(a, b)| a.counts == b.counts && a.codes == b.codes)
        });
        for (column, class) in columns.iter_mut().zip(classes) {
            column.class = class;
        }
        Self { columns, made, failing: failing.len(), rows }
    }

    /// How many DNs it has.
    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// A value written out.
    pub(super) fn value(&self, snapshot: &Snapshot, atom: Atom) -> Value {
        atom.value(snapshot, self.made.texts())
    }
}

/// For each of so many things, the first one that is the same.
pub(super) fn classes(many: usize, same: impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut firsts: Vec<usize> = Vec::new();
    let class = |one| {
        let found = firsts.iter().copied().find(|first| same(*first, one));
        found.unwrap_or_else(|| {
            firsts.push(one);
            one
        })
    };
    (0..many).map(class).collect()
}
