//! Messages that were read again: the model keeps none of their bytes.

use crate::hashing::HashMap;

use crate::tui::effect::{Fetched, Key};

/// Messages kept at once; beyond that all are forgotten and read again when shown.
const MOST: usize = 2000;
/// Bytes kept at once.
const MOST_BYTES: usize = 32 << 20;

/// What is known of a message's bytes.
#[derive(Clone, Debug)]
pub(in crate::tui) enum Text {
    /// Being read.
    Asked,
    /// Here it is.
    Here(Box<Fetched>),
    /// It cannot be read again.
    Gone,
}

/// Messages that were read again.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Messages {
    known: HashMap<Key, Text>,
    bytes: usize,
}

impl Messages {
    /// What is known of a message.
    pub(in crate::tui) fn get(&self, key: &Key) -> Option<&Text> {
        self.known.get(key)
    }

    /// The message, if it is here.
    pub(in crate::tui) fn fetched(&self, key: &Key) -> Option<&Fetched> {
        match self.known.get(key) {
            Some(Text::Here(fetched)) => Some(fetched),
            _ => None,
        }
    }

    /// Those not asked for yet, now asked for.
    pub(in crate::tui) fn ask(&mut self, keys: impl IntoIterator<Item = Key>) -> Vec<Key> {
        if self.known.len() > MOST || self.bytes > MOST_BYTES {
            self.known.clear();
            self.bytes = 0;
        }
        let mut new = Vec::new();
        for key in keys {
            if !self.known.contains_key(&key) {
                self.known.insert(key.clone(), Text::Asked);
                new.push(key);
            }
        }
        new
    }

    /// Takes in a message.
    pub(in crate::tui) fn put(&mut self, key: Key, fetched: Option<Fetched>) {
        self.bytes += fetched.as_ref().map_or(0, |fetched| fetched.bytes.len());
        let text = fetched.map_or(Text::Gone, |fetched| Text::Here(Box::new(fetched)));
        self.known.insert(key, text);
    }
}
