//! Finds the lines with keys of the dialects in a long text.
//!
//! Nineteen lines of twenty hold no key, so a log is read about as fast as its keys are searched for. A vector
//! search (Teddy) takes a third of an automaton's time, but at most 64 keys: these are divided among several.

use aho_corasick::packed::{Config, MatchKind, Searcher};
use aho_corasick::{AhoCorasick, Span};

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

    /// Where in `text` a line has its first key, for each search: added to `found`, in order.
    ///
    /// `text` is whole lines, which `separator` ends, so that no key reaches beyond it; it begins at `offset` of the
    /// input, and so do the places.
    pub(super) fn lines(&self, text: &[u8], separator: u8, offset: u64, found: &mut Vec<u64>) {
        let known = found.len();
        for search in &self.searches {
            let mut from = 0;
            while let Some(at) = search.find(text, from) {
                found.push(offset + at as u64);
                let rest = text.get(at..).unwrap_or_default();
                let Some(end) = memchr::memchr(separator, rest) else { break };
                from = at + end + 1;
            }
        }
        if self.searches.len() > 1 {
            found.get_mut(known..).unwrap_or_default().sort_unstable();
        }
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

    /// Where the lines with a key begin.
    fn lines(search: &KeySearch, text: &str) -> Vec<usize> {
        let mut found = Vec::new();
        search.lines(text.as_bytes(), b'\n', 7, &mut found);
        let places = found.into_iter().map(|at| usize::try_from(at).unwrap() - 7);
        let mut lines: Vec<_> =
            places.map(|at| text[..at].rfind('\n').map_or(0, |before| before + 1)).collect();
        assert!(lines.is_sorted());
        lines.dedup();
        lines
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
        assert_eq!(lines(&vector, &text), want, "vectors");
        assert_eq!(lines(&plain, &text), want, "automaton");
    }
}
