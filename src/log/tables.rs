//! Compiles the dialects' tables: one search for all keys finds the lines that are worth a pattern.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};
use smallvec::SmallVec;

use super::dialect::{self, Dialect, Envelope, Fact, NotSent};
use super::key_search::KeySearch;
use super::pattern::Pattern;
use super::{StatementKind, Sureness};

/// An envelope ready to be looked for.
#[derive(Debug)]
pub(super) struct ReadyEnvelope {
    /// Its dialect, as an index.
    pub dialect: usize,
    /// The row of the table.
    pub row: &'static Envelope,
    /// The pattern of each line.
    pub lines: Vec<Pattern>,
    /// What may come between it and the start line.
    pub between: Option<Pattern>,
}

/// A row ready to be looked for.
#[derive(Debug)]
pub(super) struct ReadyRow<M> {
    /// Its dialect, as an index.
    pub dialect: usize,
    /// The pattern of the line.
    pub line: Pattern,
    /// What it means.
    pub means: M,
}

/// All tables.
#[derive(Debug)]
pub(super) struct Tables {
    /// The envelopes of all dialects.
    pub envelopes: Vec<ReadyEnvelope>,
    /// Their statements.
    pub statements: Vec<ReadyRow<(StatementKind, Sureness)>>,
    /// Their facts.
    pub facts: Vec<ReadyRow<Fact>>,
    /// How they say that a message was not sent.
    pub not_sent: Vec<ReadyRow<NotSent>>,
    /// What ends a message, one for each dialect.
    ends: Vec<Option<Pattern>>,
    keys: Option<AhoCorasick>,
    /// The same keys, to find the next line that is worth a look.
    search: KeySearch,
    targets: Vec<SmallVec<[Target; 4]>>,
}

/// What a key belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Target {
    Envelope(u16),
    Statement(u16),
    Fact(u16),
    NotSent(u16),
    Block,
    Start,
}

/// What a line may be, by the keys in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Hits {
    /// Envelopes, as indices.
    pub envelopes: SmallVec<[u16; 4]>,
    /// Statements, as indices in the order of the tables.
    pub statements: SmallVec<[u16; 8]>,
    /// Facts, as indices.
    pub facts: SmallVec<[u16; 4]>,
    /// Rows of what was not sent, as indices.
    pub not_sent: SmallVec<[u16; 2]>,
    /// The indented lines below go on with it.
    pub block: bool,
    /// It may hold a start line.
    pub start: bool,
}

impl Hits {
    /// Whether the line is worth nothing more.
    pub(super) fn is_empty(&self) -> bool {
        self.envelopes.is_empty()
            && self.statements.is_empty()
            && self.facts.is_empty()
            && self.not_sent.is_empty()
            && !self.block
            && !self.start
    }
}

/// The keys and what they belong to, while they are gathered.
#[derive(Default)]
struct Keys {
    keys: Vec<&'static str>,
    targets: Vec<SmallVec<[Target; 4]>>,
}

impl Keys {
    fn add(&mut self, key: &'static str, target: Target) {
        let known = self.keys.iter().position(|known| *known == key);
        let index = known.unwrap_or_else(|| {
            self.keys.push(key);
            self.targets.push(SmallVec::new());
            self.keys.len() - 1
        });
        if let Some(targets) = self.targets.get_mut(index) {
            targets.push(target);
        }
    }
}

/// An index that fits, for there are a few hundred rows.
fn short(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}

impl Tables {
    /// The tables of all dialects.
    pub(super) fn all() -> &'static Self {
        static ALL: LazyLock<Tables> = LazyLock::new(|| Tables::new(dialect::ALL));
        &ALL
    }

    /// The tables of `dialects`.
    fn new(dialects: &'static [&'static Dialect]) -> Self {
        let mut tables = Self {
            envelopes: Vec::new(),
            statements: Vec::new(),
            facts: Vec::new(),
            not_sent: Vec::new(),
            ends: Vec::new(),
            keys: None,
            search: KeySearch::default(),
            targets: Vec::new(),
        };
        let mut keys = Keys::default();
        keys.add("SIP/2.0", Target::Start);
        for (index, dialect) in dialects.iter().enumerate() {
            tables.add(index, dialect, &mut keys);
        }
        let built = AhoCorasickBuilder::new()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&keys.keys);
        tables.search = KeySearch::new(&keys.keys, built.as_ref().ok());
        tables.keys = built.ok();
        tables.targets = keys.targets;
        tables
    }

    /// Adds what one dialect writes.
    fn add(&mut self, index: usize, dialect: &'static Dialect, keys: &mut Keys) {
        for row in dialect.envelopes {
            keys.add(row.key, Target::Envelope(short(self.envelopes.len())));
            self.envelopes.push(ReadyEnvelope {
                dialect: index,
                row,
                lines: row.lines.iter().copied().map(Pattern::new).collect(),
                between: row.between.map(Pattern::new),
            });
        }
        for row in dialect.statements {
            keys.add(row.key, Target::Statement(short(self.statements.len())));
            self.statements.push(ready(index, row.line, row.means));
        }
        for row in dialect.facts {
            keys.add(row.key, Target::Fact(short(self.facts.len())));
            self.facts.push(ready(index, row.line, row.means));
        }
        for row in dialect.not_sent {
            keys.add(row.key, Target::NotSent(short(self.not_sent.len())));
            self.not_sent.push(ready(index, row.line, row.means));
        }
        for key in dialect.blocks {
            keys.add(key, Target::Block);
        }
        self.ends.push(dialect.end.map(Pattern::new));
    }

    /// What the keys in `text` make of it.
    pub(super) fn hits(&self, text: &[u8]) -> Hits {
        let mut hits = Hits::default();
        let Some(keys) = &self.keys else { return hits };
        for found in keys.find_overlapping_iter(text) {
            for target in self.targets.get(found.pattern().as_usize()).into_iter().flatten() {
                match *target {
                    Target::Envelope(index) => push(&mut hits.envelopes, index),
                    Target::Statement(index) => push(&mut hits.statements, index),
                    Target::Fact(index) => push(&mut hits.facts, index),
                    Target::NotSent(index) => push(&mut hits.not_sent, index),
                    Target::Block => hits.block = true,
                    Target::Start => hits.start = true,
                }
            }
        }
        hits.statements.sort_unstable();
        hits
    }

    /// Finds the next line with a key.
    pub(super) const fn search(&self) -> &KeySearch {
        &self.search
    }

    /// Where in `text` what ends a message of that dialect begins.
    pub(super) fn end(&self, dialect: usize, text: &[u8]) -> Option<usize> {
        self.ends.get(dialect)?.as_ref()?.begins(text)
    }
}

/// A row with its pattern.
const fn ready<M>(dialect: usize, line: &'static str, means: M) -> ReadyRow<M> {
    ReadyRow { dialect, line: Pattern::new(line), means }
}

/// Adds an index once.
fn push<const N: usize>(list: &mut SmallVec<[u16; N]>, index: u16) {
    if !list.contains(&index) {
        list.push(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        let tables = Tables::all();
        for envelope in &tables.envelopes {
            for line in envelope.lines.iter().chain(&envelope.between) {
                assert!(line.regex().is_some(), "{line:?}");
            }
        }
        let statements = tables.statements.iter().map(|row| &row.line);
        let facts = tables.facts.iter().map(|row| &row.line);
        let not_sent = tables.not_sent.iter().map(|row| &row.line);
        for line in statements.chain(facts).chain(not_sent).chain(tables.ends.iter().flatten()) {
            assert!(line.regex().is_some(), "{line:?}");
        }
        assert!(tables.keys.is_some());
    }

    #[test]
    fn names_of_dialects_differ() {
        let mut names: Vec<_> = dialect::ALL.iter().map(|dialect| dialect.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), dialect::ALL.len());
    }
}
