//! Texts from the wire, each kept once.

use std::hash::Hasher as _;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use super::arena::Chunk;

/// A text kept by [`Texts`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Sym(u32);

impl Sym {
    /// The empty text.
    pub const NONE: Self = Self(0);

    /// Whether it is the empty text.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// Bytes a block of texts holds; a longer text gets a block of its own.
const BLOCK: usize = 1 << 16;

/// What a slot of a hash table of `u32` takes: at most 7/8 of them are used, and each has a tag.
pub(super) const TABLE_SLOT: usize = (size_of::<u32>() + 1) * 8 / 7;

/// Byte strings from the wire, equal ones kept once, packed into blocks: a million short texts
/// cost little more than their bytes.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    blocks: Vec<Chunk<u8>>,
    /// What `blocks` take.
    block_bytes: usize,
    places: Vec<Place>,
    ids: HashTable<u32>,
}

/// Where a text stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    block: u32,
    start: u32,
    len: u32,
}

impl Texts {
    /// The symbol of a text, kept from now on.
    pub fn intern(&mut self, text: &[u8]) -> Sym {
        if text.is_empty() {
            return Sym::NONE;
        }
        let hash = hash_of(text);
        let found = self.ids.find(hash, |&id| slice_of(&self.blocks, &self.places, id) == text);
        if let Some(&id) = found {
            return Sym(id);
        }
        let Some(place) = self.store(text) else { return Sym::NONE };
        self.places.push(place);
        let Ok(id) = u32::try_from(self.places.len()) else { return Sym::NONE };
        let (blocks, places) = (&self.blocks, &self.places);
        self.ids.insert_unique(hash, id, |&id| hash_of(slice_of(blocks, places, id)));
        Sym(id)
    }

    /// As [`Self::intern`], for a text that is likely to be the one of `like`.
    pub(super) fn intern_like(&mut self, like: Sym, text: &[u8]) -> Sym {
        if self.get(like) == text { like } else { self.intern(text) }
    }

    fn store(&mut self, text: &[u8]) -> Option<Place> {
        let room = |b: &Vec<u8>| b.capacity() - b.len();
        if self.blocks.last().is_none_or(|last| room(last.list()) < text.len()) {
            let block = Vec::with_capacity(BLOCK.max(text.len()));
            self.block_bytes += block.capacity();
            self.blocks.push(Chunk::Own(block));
        }
        let block = u32::try_from(self.blocks.len() - 1).ok()?;
        let bytes = self.blocks.last_mut()?.own();
        let start = u32::try_from(bytes.len()).ok()?;
        bytes.extend_from_slice(text);
        Some(Place { block, start, len: u32::try_from(text.len()).ok()? })
    }

    /// The symbol of a text if it is kept.
    #[must_use]
    pub fn lookup(&self, text: &[u8]) -> Option<Sym> {
        if text.is_empty() {
            return Some(Sym::NONE);
        }
        let same = |&id: &u32| slice_of(&self.blocks, &self.places, id) == text;
        self.ids.find(hash_of(text), same).map(|&id| Sym(id))
    }

    /// The bytes all texts take.
    pub(super) fn bytes(&self) -> usize {
        let (places, ids) = (self.places.capacity(), self.ids.capacity());
        self.block_bytes + places * size_of::<Place>() + ids * TABLE_SLOT
    }

    /// The same texts for a second holder; what either adds the other does not have.
    pub(super) fn share(&mut self) -> Self {
        Self {
            blocks: self.blocks.iter_mut().map(Chunk::share).collect(),
            block_bytes: self.block_bytes,
            places: self.places.clone(),
            ids: self.ids.clone(),
        }
    }

    /// Forgets the texts that are not in use; says what became of a symbol.
    ///
    /// The order of the symbols stays what it was.
    pub(super) fn compact(&mut self, used: &Used) -> Moved {
        let old = std::mem::take(self);
        let mut to = vec![Sym::NONE; old.places.len()];
        let mut blocks = old.blocks.into_iter();
        let mut current = (0, blocks.next());
        for (index, place) in old.places.iter().enumerate() {
            // one block after the other: never two copies of the whole
            while current.0 < place.block {
                current = (current.0 + 1, blocks.next());
            }
            let start = place.start as usize;
            let text =
                current.1.as_ref().and_then(|b| b.list().get(start..start + place.len as usize));
            if let (true, Some(text), Some(to)) = (used.has(index), text, to.get_mut(index)) {
                *to = self.intern(text);
            }
        }
        Moved(to)
    }

    /// A list of the texts in use: none yet.
    pub(super) fn unused(&self) -> Used {
        Used(vec![false; self.places.len()])
    }

    /// The text of a symbol, as it was on the wire.
    #[must_use]
    pub fn get(&self, sym: Sym) -> &[u8] {
        slice_of(&self.blocks, &self.places, sym.0)
    }
}

/// Which texts are in use.
pub(super) struct Used(Vec<bool>);

impl Used {
    /// Notes that a symbol is in use.
    pub(super) fn note(&mut self, sym: Sym) {
        let place = (sym.0 as usize).checked_sub(1).and_then(|index| self.0.get_mut(index));
        if let Some(used) = place {
            *used = true;
        }
    }

    fn has(&self, index: usize) -> bool {
        self.0.get(index).copied().unwrap_or_default()
    }
}

/// What became of the symbols when the unused ones were forgotten.
pub(super) struct Moved(Vec<Sym>);

impl Moved {
    /// The symbol that has the text now.
    pub(super) fn to(&self, sym: Sym) -> Sym {
        let place = (sym.0 as usize).checked_sub(1).and_then(|index| self.0.get(index));
        place.copied().unwrap_or_default()
    }
}

pub(super) fn hash_of(text: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text);
    hasher.finish()
}

/// The text of an id; ids count from 1, 0 is the empty text.
fn slice_of<'a>(blocks: &'a [Chunk<u8>], places: &[Place], id: u32) -> &'a [u8] {
    let place = (id as usize).checked_sub(1).and_then(|i| places.get(i));
    let text = place.and_then(|p| {
        let start = p.start as usize;
        blocks.get(p.block as usize)?.list().get(start..start + p.len as usize)
    });
    text.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one_and_come_back_as_they_were() {
        let mut texts = Texts::default();
        let long = vec![b'x'; BLOCK + 1];
        let kept: Vec<_> =
            (0..5000).map(|n| texts.intern(format!("text {n}").as_bytes())).collect();
        assert_eq!(texts.get(kept[77]), b"text 77");
        assert_eq!(texts.intern(b"text 77"), kept[77]);
        assert_eq!(texts.lookup(b"text 4999"), Some(kept[4999]));
        assert_eq!(texts.lookup(b"never"), None);
        let sym = texts.intern(&long);
        assert_eq!(texts.get(sym), long);
        assert_eq!(texts.intern(b""), Sym::NONE);
        assert_eq!(texts.get(Sym::NONE), b"");
    }

    #[test]
    fn what_is_not_in_use_is_forgotten() {
        let mut texts = Texts::default();
        let text = |n: usize| format!("{n} {}", "x".repeat(n % 100 * 50)).into_bytes();
        let syms: Vec<_> = (0..5000).map(|n| texts.intern(&text(n))).collect();
        let before = texts.bytes();
        let shared = texts.share();
        let mut used = texts.unused();
        for sym in syms.iter().step_by(10) {
            used.note(*sym);
        }
        let moved = texts.compact(&used);
        for (n, &sym) in syms.iter().enumerate() {
            let want = if n % 10 == 0 { text(n) } else { Vec::new() };
            assert_eq!(texts.get(moved.to(sym)), want);
            assert_eq!(texts.lookup(&text(n)).is_some(), n % 10 == 0);
            assert_eq!(shared.get(sym), text(n), "the other holder keeps its own");
        }
        assert!(texts.bytes() < before / 5, "{} of {before}", texts.bytes());
        assert_eq!(texts.get(texts.lookup(b"0 ").unwrap()), b"0 ");
    }
}
