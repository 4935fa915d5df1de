//! Finds the next key of the dialects in a long text.
//!
//! Nineteen lines of twenty hold no key, so a log is read about as fast as its keys are searched for. A vector
//! search (Teddy) takes a third of an automaton's time, but at most 64 keys: these are divided among several, and
//! each remembers how far it looked.

use aho_corasick::packed::{Config, MatchKind, Searcher};
use aho_corasick::{AhoCorasick, Span};
use smallvec::SmallVec;

/// The most keys one vector search takes.
const GROUP: usize = 64;

/// The searches for all keys.
#[derive(Clone, Debug, Default)]
pub(super) struct KeySearch {
    searches: Vec<Search>,
}

#[derive(Clone, Debug)]
enum Search {
    /// Some of the keys.
    Vector(Searcher),
    /// All of them, where the processor has no vectors to search with.
    Automaton(AhoCorasick),
}

/// How far an input was searched; one for each input.
#[derive(Clone, Debug, Default)]
pub(super) struct Searched {
    of: SmallVec<[Progress; 4]>,
}

/// How far one of the searches looked.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// No key begins before this offset in the input.
    clear: u64,
    /// One begins there.
    found: bool,
}

impl KeySearch {
    /// Searches for `keys`, which `automaton` finds, too.
    pub(super) fn new(keys: &[&str], automaton: Option<&AhoCorasick>) -> Self {
        let groups = keys.len().div_ceil(GROUP).max(1);
        let vectors: Option<Vec<_>> = keys
            .chunks(keys.len().div_ceil(groups).max(1))
            .map(|group| {
                let mut builder = Config::new().match_kind(MatchKind::LeftmostFirst).builder();
                Some(Search::Vector(builder.extend(group).build()?))
            })
            .collect();
        let searches = vectors.unwrap_or_else(|| {
            automaton.map(|automaton| Search::Automaton(automaton.clone())).into_iter().collect()
        });
        Self { searches }
    }

    /// Where in `text`, which begins at offset `from` of the input, the first key begins.
    ///
    /// No key may reach beyond the end of `text`: it ends with a line.
    pub(super) fn next(&self, searched: &mut Searched, from: u64, text: &[u8]) -> Option<usize> {
        searched.of.resize(self.searches.len(), Progress::default());
        let each = self.searches.iter().zip(&mut searched.of);
        each.filter_map(|(search, progress)| progress.advance(search, from, text)).min()
    }
}

impl Progress {
    /// Where in `text` the first key begins that `search` looks for.
    fn advance(&mut self, search: &Search, from: u64, text: &[u8]) -> Option<usize> {
        if !self.found || self.clear < from {
            let start = usize::try_from(self.clear.saturating_sub(from)).unwrap_or(usize::MAX);
            let found = search.find(text, start.min(text.len()));
            self.found = found.is_some();
            self.clear = from + found.unwrap_or(text.len()) as u64;
        }
        usize::try_from(self.clear - from).ok().filter(|at| self.found && *at < text.len())
    }
}

impl Search {
    /// Where the first key in `text` begins that begins at `start` or behind.
    fn find(&self, text: &[u8], start: usize) -> Option<usize> {
        match self {
            Self::Vector(searcher) => {
                Some(searcher.find_in(text, Span { start, end: text.len() })?.start())
            }
            Self::Automaton(automaton) => Some(start + automaton.find(text.get(start..)?)?.start()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of which some begin alike, and more than one search takes.
    fn keys() -> Vec<String> {
        let numbered = (0..2 * GROUP).map(|n| format!("key {n}:"));
        numbered.chain(["SIP/2.0", "SIP/2", "ey 1", "->"].map(str::to_owned)).collect()
    }

    /// All lines with a key, as found piece by piece.
    fn lines(search: &KeySearch, text: &str, piece: usize) -> Vec<usize> {
        let (mut searched, mut at, mut found) = (Searched::default(), 0, Vec::new());
        let mut end = 0;
        while end < text.len() {
            end = text.len().min(end + piece);
            end += text[end..].find('\n').map_or(text.len() - end, |line_end| line_end + 1);
            while let Some(key) = search.next(&mut searched, at as u64, &text.as_bytes()[at..end]) {
                let begin = text[..at + key].rfind('\n').map_or(0, |before| before + 1);
                found.push(begin);
                at = begin + text[begin..].find('\n').map_or(text.len() - begin, |end| end + 1);
            }
            at = end;
        }
        found
    }

    #[test]
    fn both_kinds_of_search_find_the_same_lines() {
        let keys = keys();
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        let automaton = AhoCorasick::new(&keys).unwrap();
        let vector = KeySearch::new(&keys, Some(&automaton));
        let plain = KeySearch { searches: vec![Search::Automaton(automaton)] };
        let mut text = String::new();
        for n in 0..400 {
            let line = match n % 7 {
                0 => format!("key {}: and key {}:", n % 130, n),
                1 => "SIP/2.0 200 OK".to_owned(),
                2 => "x".repeat(n),
                3 => "-->".to_owned(),
                4 => "SIP/1".to_owned(),
                _ => format!("key {n}"),
            };
            text = text + &line + "\n";
        }
        let want: Vec<_> = text
            .match_indices('\n')
            .scan(0, |begin, (end, _)| Some((std::mem::replace(begin, end + 1), end)))
            .filter(|(begin, end)| keys.iter().any(|key| text[*begin..*end].contains(key)))
            .map(|(begin, _)| begin)
            .collect();
        assert!(want.len() > 100);
        for piece in [1, 50, 1000, text.len()] {
            assert_eq!(lines(&vector, &text, piece), want, "vectors, by {piece}");
            assert_eq!(lines(&plain, &text, piece), want, "automaton, by {piece}");
        }
    }
}
