//! What is wrong with a filter: where, which word, and what would be right.

use std::fmt;

use super::field;
use crate::net::{escape_text, shortened};

/// Characters of a word that are repeated in an error.
const SHOWN: usize = 24;

/// What is wrong with a filter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FilterError {
    /// The word that is wrong.
    pub word: String,
    /// Where it starts in the filter, in bytes.
    pub at: usize,
    /// What is wrong with it.
    pub problem: String,
    /// What to write instead.
    pub advice: Advice,
}

/// What to write instead of a word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Advice {
    /// A known word that is spelled much like it.
    DidYouMean(String),
    /// A condition that would be right.
    Example(&'static str),
    /// The fields used most.
    Fields,
}

impl FilterError {
    pub(super) fn new(word: &str, at: usize, problem: impl Into<String>, advice: Advice) -> Self {
        Self { word: word.to_owned(), at, problem: problem.into(), advice }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape_text(&self.problem))?;
        if !self.word.is_empty() {
            write!(f, " in `{}`", cut(&self.word))?;
        }
        write!(f, " at {}; ", self.at + 1)?;
        match &self.advice {
            Advice::DidYouMean(word) => write!(f, "did you mean {word}?"),
            Advice::Example(example) => write!(f, "for example: {example}"),
            Advice::Fields => write!(f, "fields: {}, ...", field::COMMON.join(", ")),
        }
    }
}

impl std::error::Error for FilterError {}

/// A word as it is repeated: escaped, its beginning.
pub(super) fn cut(word: &str) -> String {
    shortened(&escape_text(word), SHOWN).into_owned()
}

/// The known word that is spelled most like this one, if any is close.
pub(super) fn closest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    const ALIKE: f64 = 0.82;
    let word = word.to_lowercase();
    let scored = known.map(|known| (strsim::jaro_winkler(&word, known), known));
    let best = scored.filter(|(score, _)| *score >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, known)| known)
}
