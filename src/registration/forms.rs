//! Keeps what many requests, or many responses, have in common: each such form once.

use std::hash::{BuildHasher as _, Hash};
use std::sync::Arc;

use crate::hashing::{HashMap, Keyed};
use hashbrown::HashTable;

use super::memory::ALLOCATION;
use super::syms::{Symbols, Visit};
use super::text::Sym;

/// What phones of one make, set up alike, say alike in a REGISTER.
///
/// Texts are as on the wire, without folds; [`Sym::NONE`] where a header or parameter is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RequestForm {
    /// User-Agent.
    pub user_agent: Sym,
    /// The Request-URI.
    pub request_uri: Sym,
    /// How many Contacts.
    pub contacts: u8,
    /// The parameters inside the first Contact's URI.
    pub contact_uri_params: Sym,
    /// The parameters of the first Contact header value, `expires` left out.
    pub contact_params: Sym,
    /// The transport of the top Via.
    pub via_transport: Sym,
    /// Whether the top Via asks for the source port (RFC 3581 §3).
    pub rport_asked: bool,
    /// Vias in the request: more than one behind a proxy.
    pub vias: u8,
    /// The Expires header.
    pub expires_header: Option<u32>,
    /// The first Contact's `expires`.
    pub expires_contact: Option<u32>,
    /// Supported.
    pub supported: Sym,
    /// Require.
    pub require: Sym,
    /// Allow.
    pub allow: Sym,
    /// Path (RFC 3327).
    pub path: Sym,
    /// Max-Forwards.
    pub max_forwards: Sym,
    /// The names of the headers in order, in their canonical spelling where known; those of
    /// credentials left out, for a challenge brings them.
    pub header_order: Sym,
    /// The credentials' realm.
    pub auth_realm: Sym,
    /// The credentials' algorithm.
    pub auth_algorithm: Sym,
    /// The credentials' qop.
    pub auth_qop: Sym,
    /// The credentials' digest URI.
    pub auth_uri: Sym,
}

/// What answers of one kind of one server say alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AnswerForm {
    /// Server.
    pub server: Sym,
    /// The realm of its challenge, if it is one.
    pub challenge_realm: Sym,
    /// The algorithms of its challenges.
    pub challenge_algorithms: Sym,
    /// The qop of its challenge.
    pub challenge_qop: Sym,
    /// Whether it calls the nonce stale.
    pub stale: bool,
    /// Its Expires header.
    pub expires_header: Option<u32>,
    /// Its Unsupported.
    pub unsupported: Sym,
    /// Its Warning: the text of 399 is worth showing (RFC 3261 §20.43).
    pub warning: Sym,
    /// Its Min-Expires.
    pub min_expires: Option<u32>,
    /// Its Service-Route (RFC 3608).
    pub service_route: Sym,
}

/// Forms of one kind, equal ones kept once for as long as a record refers to them.
#[derive(Clone, Debug)]
pub(super) struct Forms<T>(HashTable<Arc<T>>);

impl<T> Default for Forms<T> {
    fn default() -> Self {
        Self(HashTable::new())
    }
}

impl<T: Hash + Eq> Forms<T> {
    /// The one that equals `form`.
    pub(super) fn keep(&mut self, form: T) -> Arc<T> {
        let hash = hash_of(&form);
        if let Some(kept) = self.0.find(hash, |kept| **kept == form) {
            return Arc::clone(kept);
        }
        if self.0.len() == self.0.capacity() {
            self.forget();
            // else the next few would look through all of them again
            let grown = self.0.len() + self.0.len() / 2 + 1;
            self.0.reserve(grown - self.0.len(), |kept| hash_of(&**kept));
        }
        let kept = Arc::new(form);
        self.0.insert_unique(hash, Arc::clone(&kept), |kept| hash_of(&**kept));
        kept
    }

    /// Forgets those that no record refers to.
    pub(super) fn forget(&mut self) {
        self.0.retain(|kept| Arc::strong_count(kept) > 1);
    }

    /// The bytes they take.
    pub(super) fn bytes(&self) -> usize {
        let each = size_of::<T>() + 2 * size_of::<usize>() + ALLOCATION;
        self.0.len() * each + self.0.capacity() * (size_of::<Arc<T>>() + 1) * 8 / 7
    }
}

impl<T: Hash + Eq + Clone + Symbols> Forms<T> {
    /// Visits the symbols of all of them.
    pub(super) fn visit(&self, visit: &mut Visit<'_>) {
        self.0.iter().for_each(|kept| T::clone(kept).each_symbol(visit));
    }

    /// Changes the symbols of all of them; says what became of each.
    pub(super) fn change(&mut self, visit: &mut Visit<'_>) -> Changed<T> {
        let mut changed = HashMap::default();
        for old in std::mem::take(&mut self.0) {
            let mut form = T::clone(&old);
            form.each_symbol(visit);
            let new = self.keep(form);
            changed.insert(Arc::as_ptr(&old).addr(), (old, new));
        }
        Changed(changed)
    }
}

/// A bounded cache keyed by bytes; cleared when full.
#[derive(Clone, Debug)]
pub(super) struct Lately<K, V>(HashMap<K, V>);

impl<K, V> Default for Lately<K, V> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<K: Hash + Eq, V> Lately<K, V> {
    const MOST: usize = 1024;

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.0.len() >= Self::MOST {
            self.0.clear();
        }
        self.0.insert(key, value);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// What became of each form, by its former place.
pub(super) struct Changed<T>(HashMap<usize, (Arc<T>, Arc<T>)>);

impl<T> Changed<T> {
    /// Puts the new form in the old one's place.
    pub(super) fn renew(&self, form: &mut Arc<T>) {
        if let Some((_, new)) = self.0.get(&Arc::as_ptr(form).addr()) {
            *form = Arc::clone(new);
        }
    }
}

fn hash_of<T: Hash>(form: &T) -> u64 {
    Keyed.hash_one(form)
}

#[cfg(test)]
mod tests {
    use super::super::text::Texts;
    use super::*;

    #[test]
    fn equal_forms_are_kept_once_and_forgotten_with_their_records() {
        let mut texts = Texts::default();
        let mut forms = Forms::default();
        let mut held = Vec::new();
        for n in 0..100_u32 {
            let server = texts.intern(format!("server {}", n % 10).as_bytes());
            held.push(forms.keep(AnswerForm { server, ..AnswerForm::default() }));
        }
        assert_eq!(forms.0.len(), 10);
        assert!(Arc::ptr_eq(&held[3], &held[93]));
        held.truncate(4);
        forms.forget();
        assert_eq!(forms.0.len(), 4);
    }

    #[test]
    fn forms_that_come_and_go_leave_room() {
        let mut texts = Texts::default();
        let mut forms = Forms::default();
        let mut form =
            |n: u32| AnswerForm { server: texts.intern(&n.to_le_bytes()), ..AnswerForm::default() };
        let held: Vec<_> = (1..=1000).map(|n| forms.keep(form(n))).collect();
        let mut fuller = 0;
        for n in 1001..5000 {
            let before = forms.0.len();
            forms.keep(form(n));
            fuller += u32::from(forms.0.len() > before);
        }
        // most often one more is added, without a search through the others
        assert!(fuller > 3900, "{fuller}");
        assert!(forms.0.len() < 4 * held.len(), "{}", forms.0.len());
    }

    #[test]
    fn what_was_found_lately_is_bounded() {
        let mut lately = Lately::default();
        for n in 0..5000 {
            lately.insert(n, n);
            assert_eq!(lately.get(&n), Some(&n));
            assert!(lately.len() <= Lately::<i32, i32>::MOST);
        }
    }

    #[test]
    fn records_follow_forms_whose_texts_moved() {
        let mut texts = Texts::default();
        let mut forms = Forms::default();
        let [gone, stays] = ["somewhat long", "server"].map(|text| texts.intern(text.as_bytes()));
        let mut held = forms.keep(AnswerForm { server: stays, ..AnswerForm::default() });
        let mut used = texts.unused();
        forms.visit(&mut |sym| used.note(*sym));
        let moved = texts.compact(&used);
        forms.change(&mut |sym| *sym = moved.to(*sym)).renew(&mut held);
        assert_eq!(held.server, gone, "it took the first place");
        assert_eq!(texts.get(held.server), b"server");
        assert_eq!(forms.0.len(), 1);
    }
}
