//! The attributes of many DNs, column by column: one code per value.
//!
//! DNs are read in pieces on every core; the pieces are put together in order, so that the table does
//! not depend on how many there are.

use std::convert::Infallible;
use std::hash::BuildHasher as _;

use crate::hashing::Keyed;
use hashbrown::HashTable;

use super::atom::Atom;
use super::attribute::{ATTRIBUTES, Read};
use super::codes::{Codes, UNKNOWN};
use super::facts::Facts;
use crate::parallel;
use crate::registration::{DnView, Snapshot};

/// DNs whose facts are gathered before their attributes are read.
const AT_ONCE: usize = 64;
/// DNs of a piece.
const PIECE: usize = 2048;

/// One attribute of all DNs.
#[derive(Debug, Default)]
pub(super) struct Column<'s> {
    /// One per DN: an index into `atoms`, in order of first appearance, or [`UNKNOWN`].
    pub codes: Codes,
    /// The distinct values.
    pub atoms: Vec<Atom<'s>>,
    /// How often each of them occurs on the failing and on the working side.
    pub counts: Vec<[u32; 2]>,
    /// The codes of the working side, in order of first appearance there.
    pub working: Vec<u32>,
    /// The first column that divides the DNs alike.
    pub class: usize,
}

/// The distinct values of a column, in order of first appearance.
#[derive(Default)]
struct Values<'s> {
    atoms: Vec<Atom<'s>>,
    codes: HashTable<u32>,
}

impl<'s> Values<'s> {
    fn code(&mut self, atom: Atom<'s>) -> u32 {
        let hash = |atom: &Atom<'s>| Keyed.hash_one(atom);
        let (atoms, own) = (&self.atoms, hash(&atom));
        let found = self.codes.find(own, |code| atoms.get(*code as usize) == Some(&atom));
        if let Some(code) = found {
            return *code;
        }
        let next = self.atoms.len() as u32;
        self.codes.insert_unique(own, next, |code| atoms.get(*code as usize).map_or(0, hash));
        self.atoms.push(atom);
        next
    }
}

/// One attribute of some DNs of one side.
#[derive(Default)]
struct PieceColumn<'s> {
    values: Values<'s>,
    /// Codes, and how many DNs in a row have them: neighbors are often alike.
    runs: Vec<(u32, u32)>,
    /// The value of the latest run.
    latest: Option<Atom<'s>>,
}

impl<'s> PieceColumn<'s> {
    /// Adds the value of every DN.
    fn read(&mut self, facts: &[Facts<'s>], value: Read) {
        for facts in facts {
            let atom = value(facts);
            match self.runs.last_mut() {
                Some((_, times)) if self.latest == atom => *times += 1,
                _ => {
                    let code = atom.clone().map_or(UNKNOWN, |atom| self.values.code(atom));
                    self.runs.push((code, 1));
                    self.latest = atom;
                }
            }
        }
    }
}

/// The side that DNs are on.
#[derive(Clone, Copy)]
enum Side {
    Failing,
    Working,
}

/// The attributes of some DNs of one side.
struct Piece<'s> {
    side: Side,
    columns: Vec<PieceColumn<'s>>,
}

impl<'s> Piece<'s> {
    fn of(snapshot: &'s Snapshot, side: Side, dns: &[DnView<'s>]) -> Self {
        let mut columns: Vec<PieceColumn<'s>> =
            ATTRIBUTES.iter().map(|_| PieceColumn::default()).collect();
        for dns in dns.chunks(AT_ONCE) {
            let facts = Facts::of_many(snapshot, dns);
            for (attribute, column) in ATTRIBUTES.iter().zip(&mut columns) {
                column.read(&facts, attribute.value);
            }
        }
        Self { side, columns }
    }
}

impl<'s> Column<'s> {
    /// Adds the DNs of a piece; its values are named by `values`, and `rows` are expected in all.
    fn add(
        &mut self,
        values: &mut Values<'s>,
        piece: &Piece<'s>,
        column: &PieceColumn<'s>,
        rows: usize,
    ) {
        let new: Vec<u32> =
            column.values.atoms.iter().map(|atom| values.code(atom.clone())).collect();
        self.counts.resize(values.atoms.len(), [0; 2]);
        for (code, times) in &column.runs {
            let Some(code) = new.get(*code as usize) else { continue };
            let Some([failing, working]) = self.counts.get_mut(*code as usize) else { continue };
            match piece.side {
                Side::Failing => *failing += times,
                Side::Working => {
                    if *working == 0 {
                        self.working.push(*code);
                    }
                    *working += times;
                }
            }
        }
        self.codes.extend(&column.runs, &new, rows);
    }
}

/// The attributes of the DNs of two sides.
#[derive(Debug)]
pub(super) struct Table<'s> {
    /// In the order of [`ATTRIBUTES`].
    pub columns: Vec<Column<'s>>,
    /// DNs on the failing side: the first rows.
    pub failing: usize,
    rows: usize,
}

impl<'s> Table<'s> {
    /// Reads all attributes of the DNs of both sides.
    pub(super) fn of(
        snapshot: &'s Snapshot,
        failing: &[DnView<'s>],
        working: &[DnView<'s>],
    ) -> Self {
        let rows = failing.len() + working.len();
        let mut columns: Vec<(Column<'s>, Values<'s>)> =
            ATTRIBUTES.iter().map(|_| Default::default()).collect();
        let failing_pieces = failing.chunks(PIECE).map(|dns| (Side::Failing, dns));
        let pieces: Vec<_> =
            failing_pieces.chain(working.chunks(PIECE).map(|dns| (Side::Working, dns))).collect();
        let read = |pieces: &[(Side, &[DnView<'s>])]| -> Vec<Piece<'s>> {
            pieces.iter().map(|(side, dns)| Piece::of(snapshot, *side, dns)).collect()
        };
        let Ok(()) = parallel::in_order::<_, _, Infallible>(&pieces, 1, read, |pieces| {
            for piece in &pieces {
                for ((column, values), part) in columns.iter_mut().zip(&piece.columns) {
                    column.add(values, piece, part, rows);
                }
            }
            Ok(())
        });
        let with_atoms =
            |(column, values): (Column<'s>, Values<'s>)| Column { atoms: values.atoms, ..column };
        let mut columns: Vec<Column<'s>> = columns.into_iter().map(with_atoms).collect();
        let classes = classes(columns.len(), |a, b| {
            let both = columns.get(a).zip(columns.get(b));
            both.is_some_and(|(a, b)| a.counts == b.counts && a.codes == b.codes)
        });
        for (column, class) in columns.iter_mut().zip(classes) {
            column.class = class;
        }
        Self { columns, failing: failing.len(), rows }
    }

    /// How many DNs it has.
    pub(super) const fn rows(&self) -> usize {
        self.rows
    }
}

/// For each of `many` things, the first one that is the same.
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
