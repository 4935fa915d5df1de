//! Says why a filter matches nothing.

use crate::net::{escape_text, shortened};

/// Characters of a condition that are repeated.
const SHOWN: usize = 40;

/// How many DNs each condition matches on its own, where all of them together match none:
/// `code=403: 512, verdict=rejected: 365, both: 0`.
pub(crate) fn none_matches(counts: &[(String, usize)]) -> String {
    let mut parts: Vec<String> =
        counts.iter().map(|(text, count)| format!("{}: {count}", short(text))).collect();
    // one that matches nothing by itself is why: then no more is to be said of all
    if counts.iter().all(|(_, count)| *count > 0) {
        parts.push(if counts.len() == 2 { "both: 0" } else { "all: 0" }.to_owned());
    }
    parts.join(", ")
}

/// The beginning of a condition.
fn short(text: &str) -> String {
    shortened(&escape_text(text), SHOWN).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matches_nothing_is_named() {
        let words = |counts: &[(&str, usize)]| {
            let counts: Vec<_> = counts.iter().map(|(t, n)| ((*t).to_owned(), *n)).collect();
            none_matches(&counts)
        };
        let both = words(&[("code=403", 512), ("verdict=rejected", 365)]);
        assert_eq!(both, "code=403: 512, verdict=rejected: 365, both: 0");
        assert_eq!(words(&[("a", 1), ("b", 2), ("c", 3)]), "a: 1, b: 2, c: 3, all: 0");
        assert_eq!(words(&[("a", 1), ("b", 0)]), "a: 1, b: 0");
        assert_eq!(words(&[("a", 0)]), "a: 0");
        assert!(words(&[(&"\x1b".repeat(200), 0)]).chars().count() < 50);
    }
}
