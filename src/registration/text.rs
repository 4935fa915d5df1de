//! Texts from the wire, each kept once.

use std::sync::Arc;

use rustc_hash::FxHashMap;

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

/// Byte strings from the wire, equal ones kept once.
#[derive(Clone, Debug)]
pub struct Texts {
    list: Vec<Arc<[u8]>>,
    ids: FxHashMap<Arc<[u8]>, u32>,
}

impl Default for Texts {
    fn default() -> Self {
        let empty: Arc<[u8]> = Arc::from(&b""[..]);
        let mut ids = FxHashMap::default();
        ids.insert(Arc::clone(&empty), 0);
        Self { list: vec![empty], ids }
    }
}

impl Texts {
    /// The symbol of a text, kept from now on.
    pub fn intern(&mut self, text: &[u8]) -> Sym {
        if let Some(&id) = self.ids.get(text) {
            return Sym(id);
        }
        let Ok(id) = u32::try_from(self.list.len()) else { return Sym::NONE };
        let text: Arc<[u8]> = Arc::from(text);
        self.list.push(Arc::clone(&text));
        self.ids.insert(text, id);
        Sym(id)
    }

    /// The symbol of a text if it is kept.
    #[must_use]
    pub fn lookup(&self, text: &[u8]) -> Option<Sym> {
        self.ids.get(text).map(|&id| Sym(id))
    }

    /// The text of a symbol, as it was on the wire.
    #[must_use]
    pub fn get(&self, sym: Sym) -> &[u8] {
        self.list.get(sym.0 as usize).map_or(b"", |text| text)
    }
}
