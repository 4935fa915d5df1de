//! Texts from the wire, each kept once.

use std::hash::Hasher as _;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

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

/// Byte strings from the wire, equal ones kept once, packed into blocks: a million short texts
/// cost little more than their bytes.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    blocks: Vec<Vec<u8>>,
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

    fn store(&mut self, text: &[u8]) -> Option<Place> {
        let fits = self.blocks.last().is_some_and(|b| b.capacity() - b.len() >= text.len());
        if !fits {
            self.blocks.push(Vec::with_capacity(BLOCK.max(text.len())));
        }
        let block = u32::try_from(self.blocks.len() - 1).ok()?;
        let bytes = self.blocks.last_mut()?;
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

    /// The text of a symbol, as it was on the wire.
    #[must_use]
    pub fn get(&self, sym: Sym) -> &[u8] {
        slice_of(&self.blocks, &self.places, sym.0)
    }
}

fn hash_of(text: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text);
    hasher.finish()
}

/// The text of an id; ids count from 1, 0 is the empty text.
fn slice_of<'a>(blocks: &'a [Vec<u8>], places: &[Place], id: u32) -> &'a [u8] {
    let place = (id as usize).checked_sub(1).and_then(|i| places.get(i));
    let text = place.and_then(|p| {
        let start = p.start as usize;
        blocks.get(p.block as usize)?.get(start..start + p.len as usize)
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
}
