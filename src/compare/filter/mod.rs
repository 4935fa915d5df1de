//! The language that selects DNs: `source=192.168.210.0/24 (verdict=failing or ua~Asterisk)`.
//!
//! Conditions must all hold, unless `or` is between them; `not` and parentheses are as expected. A
//! word without an operator is searched for in all that is known of a DN. `=` and `!=` compare whole
//! values, `~` and `!~` look for text inside, `<`, `<=`, `>`, `>=` compare numbers, all without
//! case. After a comma, words without an operator are further values: `dn=5001-5020,10*` means any
//! of them. Quotes keep spaces, commas and parentheses: `ua~"PBX 16"`.

mod complete;
mod condition;
mod error;
mod field;
mod parse;
#[cfg(test)]
mod tests;
mod verdicts;

pub use complete::{Choice, Completion, complete};
pub use error::{Advice, FilterError};
pub use field::filter_fields;

use super::needle::Needle;
use super::search::Search;
use crate::registration::{DnView, ExtraName, Snapshot};
use condition::{Condition, Subject};

/// Selects DNs. An empty one selects all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
    node: Option<Node>,
}

/// A part of a filter, and the words it was read from.
type Part = (Node, String);

/// A filter as a tree.
#[derive(Clone, Debug)]
enum Node {
    /// All of several.
    All(Vec<Part>),
    /// Any of several.
    Any(Vec<Part>),
    Not(Box<Self>),
    Condition(Condition),
    /// A header or parameter is there: known, and not what the condition says, absent.
    Present(Condition),
    /// Any of these texts, anywhere.
    Search(Vec<Needle>),
}

impl Node {
    /// One part as it is, several as `several` puts them together.
    fn of(mut parts: Vec<Part>, several: fn(Vec<Part>) -> Self) -> Self {
        match parts.pop() {
            Some((only, _)) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                several(parts)
            }
        }
    }

    /// Calls `take` with every part that has none itself.
    fn each<'n>(&'n self, take: &mut dyn FnMut(&'n Self)) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                for (part, _) in parts {
                    part.each(take);
                }
            }
            Self::Not(node) => node.each(take),
            Self::Condition(_) | Self::Present(_) | Self::Search(_) => take(self),
        }
    }

    fn holds(&self, subject: &Subject<'_, '_>, searched: &dyn Fn(&Needle) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|(part, _)| part.holds(subject, searched)),
            Self::Any(parts) => parts.iter().any(|(part, _)| part.holds(subject, searched)),
            Self::Not(node) => !node.holds(subject, searched),
            Self::Condition(condition) => condition.holds(subject),
            Self::Present(absent) => absent.field.is_known(subject.dn) && !absent.holds(subject),
            Self::Search(needles) => needles.iter().any(searched),
        }
    }
}

impl Filter {
    /// Reads a filter.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Ok(Self { text: text.trim().to_owned(), node: parse::parse(text)? })
    }

    /// Whether text ends with what may be the beginning of a field's name: half a condition, as it is typed.
    #[must_use]
    pub fn is_half_typed(text: &str) -> bool {
        let word = text.rsplit(|c: char| c.is_whitespace() || "(),!".contains(c)).next();
        let word = word.unwrap_or_default().to_ascii_lowercase();
        !word.is_empty() && field::names().any(|name| name.starts_with(&word))
    }

    /// The words it was read from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it selects every DN.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        self.node.is_none()
    }

    /// Whether a DN of a snapshot is selected.
    #[must_use]
    pub fn matches(&self, dn: &DnView<'_>, snapshot: &Snapshot) -> bool {
        self.matches_with(dn, snapshot, &|needle| Search::new(needle).holds(dn, snapshot))
    }

    /// Whether a DN is selected, where more than its registration can be searched: `searched` decides whether
    /// a text is found in it.
    #[must_use]
    pub fn matches_with(
        &self,
        dn: &DnView<'_>,
        snapshot: &Snapshot,
        searched: &dyn Fn(&Needle) -> bool,
    ) -> bool {
        let Some(node) = &self.node else { return true };
        node.holds(&Subject::new(dn, snapshot), searched)
    }

    /// What it searches for.
    #[must_use]
    pub fn needles(&self) -> Vec<&Needle> {
        let mut found = Vec::new();
        self.each(&mut |node| {
            if let Node::Search(needles) = node {
                found.extend(needles);
            }
        });
        found
    }

    /// The headers and Contact parameters that it names: they have to be kept while reading.
    #[must_use]
    pub fn extras(&self) -> Vec<ExtraName> {
        let mut found = Vec::new();
        self.each(&mut |node| {
            if let Node::Condition(condition) | Node::Present(condition) = node {
                found.extend(condition.field.extra().cloned());
            }
        });
        found
    }

    fn each<'n>(&'n self, take: &mut dyn FnMut(&'n Node)) {
        if let Some(node) = &self.node {
            node.each(take);
        }
    }

    /// The filters that all have to match: one for each condition.
    #[must_use]
    pub fn parts(&self) -> Vec<Self> {
        match &self.node {
            Some(Node::All(parts)) => {
                let part =
                    |(node, text): &Part| Self { text: text.clone(), node: Some(node.clone()) };
                parts.iter().map(part).collect()
            }
            _ => vec![self.clone()],
        }
    }

    /// How many DNs of a snapshot each condition matches on its own.
    #[must_use]
    pub fn counts(&self, snapshot: &Snapshot) -> Vec<(String, usize)> {
        let count = |part: &Self| snapshot.dns().filter(|dn| part.matches(dn, snapshot)).count();
        self.parts().iter().map(|part| (part.text.clone(), count(part))).collect()
    }
}
