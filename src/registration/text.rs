//! Texts from the wire, each kept once.

use super::arena::Chunk;
use super::index::{Index, ShortHash};

/// The place of a text kept by [`Texts`].
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

/// Bytes a block of texts holds; a longer text takes the places of several.
const BLOCK: usize = 1 << 16;
/// Texts begin at multiples of this many bytes.
const UNIT: usize = 4;
/// Bytes that hold the length of a text; those of a very long one say so, and [`LONG`] follow.
const SHORT: usize = size_of::<u16>();
const LONG: usize = size_of::<u32>();

/// Byte strings from the wire, equal ones kept once, packed into blocks: a million short texts
/// cost little more than their bytes, and a symbol leads straight to them.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// Each covers [`BLOCK`] bytes; empty ones follow one that holds a longer text.
    blocks: Vec<Chunk<u8>>,
    /// What `blocks` take.
    block_bytes: usize,
    ids: Index,
}

impl Texts {
    /// The symbol of a text, kept from now on.
    pub fn intern(&mut self, text: &[u8]) -> Sym {
        if text.is_empty() {
            return Sym::NONE;
        }
        let hash = ShortHash::of(text);
        let found = self.ids.find(hash, |id| slice_of(&self.blocks, id) == text);
        if let Some(id) = found {
            return Sym(id);
        }
        let Some(id) = self.store(text) else { return Sym::NONE };
        self.ids.insert(hash, id);
        Sym(id)
    }

    /// As [`Self::intern`], for a text that is likely to be the one of `like`.
    pub(super) fn intern_like(&mut self, like: Sym, text: &[u8]) -> Sym {
        if self.get(like) == text { like } else { self.intern(text) }
    }

    /// Writes a text behind the others; `None` when there is no number left for its place.
    fn store(&mut self, text: &[u8]) -> Option<u32> {
        let length = u32::try_from(text.len()).ok()?;
        let short = u16::try_from(length).ok().filter(|length| *length < u16::MAX);
        let size = text.len() + SHORT + if short.is_some() { 0 } else { LONG };
        // the empty ones behind a long text are not for others
        let last = self.blocks.last().map(Chunk::list).filter(|last| last.capacity() > 0);
        let used = last.map_or(BLOCK, |last| last.len().next_multiple_of(UNIT));
        if used + size > BLOCK {
            self.make_room(size);
        }
        let block = self.blocks.iter().rposition(|block| block.list().capacity() > 0)?;
        let bytes = self.blocks.get_mut(block)?.own();
        // no text is at the very start: the place is the symbol, and 0 is the empty text
        let start = bytes.len().next_multiple_of(UNIT).max(if block == 0 { UNIT } else { 0 });
        let place = u32::try_from(block * (BLOCK / UNIT) + start / UNIT).ok()?;
        bytes.resize(start, 0);
        bytes.extend_from_slice(&short.unwrap_or(u16::MAX).to_le_bytes());
        if short.is_none() {
            bytes.extend_from_slice(&length.to_le_bytes());
        }
        bytes.extend_from_slice(text);
        Some(place)
    }

    /// Adds a block for `size` bytes.
    fn make_room(&mut self, size: usize) {
        let size = (size + UNIT).max(BLOCK);
        let block = Vec::with_capacity(size);
        self.block_bytes += block.capacity();
        self.blocks.push(Chunk::Own(block));
        // a place is a block and a unit in it: a longer text takes the numbers of several blocks
        let more = (size - 1) / BLOCK;
        self.blocks.extend(std::iter::repeat_with(|| Chunk::Own(Vec::new())).take(more));
    }

    /// The symbol of a text if it is kept.
    #[must_use]
    pub fn lookup(&self, text: &[u8]) -> Option<Sym> {
        if text.is_empty() {
            return Some(Sym::NONE);
        }
        self.ids.find(ShortHash::of(text), |id| slice_of(&self.blocks, id) == text).map(Sym)
    }

    /// No texts come any more: what finds them by their bytes is dropped.
    pub(super) fn close(&mut self) {
        self.ids = Index::default();
    }

    /// The bytes all texts take.
    pub(super) fn bytes(&self) -> usize {
        self.block_bytes + self.ids.bytes()
    }

    /// The same texts for a second holder; what either adds the other does not have.
    pub(super) fn share(&mut self) -> Self {
        Self {
            blocks: self.blocks.iter_mut().map(Chunk::share).collect(),
            block_bytes: self.block_bytes,
            ids: self.ids.clone(),
        }
    }

    /// Forgets the texts that are not in use; says what became of a symbol.
    ///
    /// The order of the symbols stays what it was.
    pub(super) fn compact(&mut self, used: &Used) -> Moved {
        let old = std::mem::take(self);
        let mut moved = Vec::new();
        // one block after the other: never two copies of the whole
        for (number, block) in old.blocks.into_iter().enumerate() {
            let first = number * (BLOCK / UNIT);
            let mut at = if number == 0 { UNIT } else { 0 };
            while let Some(text) = text_at(block.list(), at) {
                let place = first + at / UNIT;
                if used.has(place) {
                    moved.push((place as u32, self.intern(text)));
                }
                let header = if text.len() < usize::from(u16::MAX) { SHORT } else { SHORT + LONG };
                at = (at + header + text.len()).next_multiple_of(UNIT);
            }
        }
        Moved(moved)
    }

    /// A list of the texts in use: none yet.
    pub(super) fn unused(&self) -> Used {
        Used(vec![0; self.blocks.len() * (BLOCK / UNIT / 64)])
    }

    /// The text of a symbol, as it was on the wire.
    #[must_use]
    pub fn get(&self, sym: Sym) -> &[u8] {
        slice_of(&self.blocks, sym.0)
    }
}

/// Which texts are in use: a bit for every place.
pub(super) struct Used(Vec<u64>);

impl Used {
    /// Notes that a symbol is in use.
    pub(super) fn note(&mut self, sym: Sym) {
        if let Some(bits) = self.0.get_mut(sym.0 as usize / 64) {
            *bits |= 1 << (sym.0 % 64);
        }
    }

    fn has(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|bits| bits >> (place % 64) & 1 == 1)
    }
}

/// What became of the symbols when the unused ones were forgotten, in order.
pub(super) struct Moved(Vec<(u32, Sym)>);

impl Moved {
    /// The symbol that has the text now.
    pub(super) fn to(&self, sym: Sym) -> Sym {
        let found = self.0.binary_search_by_key(&sym.0, |(old, _)| *old);
        found.ok().and_then(|found| self.0.get(found)).map_or(Sym::NONE, |(_, new)| *new)
    }
}

/// The text at a place; 0 is the empty text.
#[inline]
fn slice_of(blocks: &[Chunk<u8>], place: u32) -> &[u8] {
    if place == 0 {
        return &[];
    }
    let (block, unit) = (place as usize / (BLOCK / UNIT), place as usize % (BLOCK / UNIT));
    blocks.get(block).and_then(|block| text_at(block.list(), unit * UNIT)).unwrap_or_default()
}

/// The text that starts, with its length, at `at`.
#[inline]
fn text_at(block: &[u8], at: usize) -> Option<&[u8]> {
    let (length, rest) = block.get(at..)?.split_first_chunk::<SHORT>()?;
    let length = u16::from_le_bytes(*length);
    if length < u16::MAX {
        return rest.get(..length.into());
    }
    let (length, rest) = rest.split_first_chunk::<LONG>()?;
    rest.get(..u32::from_le_bytes(*length) as usize)
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
        for length in [1, 2, 3, 65_534, 65_535, BLOCK - 2, BLOCK, BLOCK + 1, 3 * BLOCK + 7] {
            let text = vec![b'y'; length];
            let (sym, next) = (texts.intern(&text), texts.intern(format!("{length}").as_bytes()));
            assert_eq!(texts.get(sym), text);
            assert_eq!(texts.intern(&text), sym);
            assert_eq!(texts.get(next), format!("{length}").as_bytes());
            assert!(sym < next);
        }
        let sym = texts.intern(&long);
        assert_eq!(texts.get(sym), long);
        assert_eq!(texts.intern(b""), Sym::NONE);
        assert_eq!(texts.get(Sym::NONE), b"");
    }

    #[test]
    fn what_is_not_in_use_is_forgotten() {
        let mut texts = Texts::default();
        let text = |n: usize| match n % 1000 {
            990 => vec![b'0' + (n / 1000) as u8; BLOCK * 2],
            _ => format!("{n} {}", "x".repeat(n % 100 * 50)).into_bytes(),
        };
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
