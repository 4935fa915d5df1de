//! Many DNs in few words: runs of numbers as ranges, a few names before "and 14 more".

use crate::net::escape_bytes;

/// Ranges and names of a list, at most.
const LISTED: usize = 12;
/// Names of those that fare alike, before the number of the others.
const FEW: usize = 2;
/// Up to this many are named rather than counted.
const ALL: usize = 4;

/// `5001-5020, 5031, 5040 and 12 more`.
pub(crate) fn list(dns: &[&[u8]]) -> String {
    let (texts, left) = listed(dns);
    let text = texts.join(", ");
    if left > 0 { format!("{text} and {left} more") } else { text }
}

/// `5001-5020, 5031 and 5040`: a list as a part of a sentence.
pub(crate) fn sentence(dns: &[&[u8]]) -> String {
    match listed(dns) {
        (texts, 0) => match &*texts {
            [most @ .., last] if !most.is_empty() => format!("{} and {last}", most.join(", ")),
            texts => texts.concat(),
        },
        _ => list(dns),
    }
}

/// The ranges and names that are listed, and how many DNs are left.
fn listed(dns: &[&[u8]]) -> (Vec<String>, usize) {
    let runs = runs(dns);
    let left = runs.iter().skip(LISTED).map(|run| run.count).sum();
    (runs.into_iter().take(LISTED).map(|run| run.text).collect(), left)
}

/// `5001, 5002 and 14 more`.
pub(crate) fn few(dns: &[&[u8]]) -> String {
    let most = if dns.len() <= ALL { ALL } else { FEW };
    let names: Vec<_> = dns.iter().take(most).map(|dn| escape_bytes(dn)).collect();
    match dns.len().saturating_sub(most) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

struct Run {
    text: String,
    count: usize,
}

/// Numbers that follow each other, with as many digits, are one run.
fn runs(dns: &[&[u8]]) -> Vec<Run> {
    let number = |dn: &[u8]| {
        let digits = dn.iter().all(u8::is_ascii_digit) && (1..=18).contains(&dn.len());
        let text = std::str::from_utf8(dn).ok().filter(|_| digits)?;
        Some((dn.len(), text.parse::<u64>().ok()?))
    };
    let mut runs: Vec<Run> = Vec::new();
    let mut rest = dns;
    while let Some(first) = rest.first() {
        let count = number(first).map_or(1, |(len, start)| {
            let follows = |(place, dn): (u64, &&[u8])| number(dn) == Some((len, start + place));
            (0..).zip(rest).take_while(|&next| follows(next)).count()
        });
        let (run, after) = rest.split_at(count);
        rest = after;
        match run {
            [first, .., last] if count > 2 => {
                let text = format!("{}-{}", escape_bytes(first), escape_bytes(last));
                runs.push(Run { text, count });
            }
            _ => {
                let one = |dn: &&[u8]| Run { text: escape_bytes(dn).into_owned(), count: 1 };
                runs.extend(run.iter().map(one));
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dns(text: &str) -> Vec<&[u8]> {
        text.split_whitespace().map(str::as_bytes).collect()
    }

    #[test]
    fn runs_of_numbers_are_ranges() {
        for (names, want) in [
            ("5001 5002 5003 5005", "5001-5003, 5005"),
            ("5001 5002", "5001, 5002"),
            ("099 100 101 a b", "099-101, a, b"),
            ("9 10 11", "9, 10, 11"),
        ] {
            assert_eq!(list(&dns(names)), want);
        }
        let odd: Vec<String> = (0..40).map(|n| (2 * n).to_string()).collect();
        assert!(list(&dns(&odd.join(" "))).ends_with("22 and 28 more"));
    }

    #[test]
    fn a_list_in_a_sentence_ends_with_and() {
        assert_eq!(sentence(&dns("")), "");
        assert_eq!(sentence(&dns("1001")), "1001");
        assert_eq!(sentence(&dns("1001 2001")), "1001 and 2001");
        assert_eq!(sentence(&dns("1001 2001 2002 2003")), "1001 and 2001-2003");
        let odd: Vec<String> = (0..40).map(|n| (2 * n).to_string()).collect();
        assert!(sentence(&dns(&odd.join(" "))).ends_with("20, 22 and 28 more"));
    }

    #[test]
    fn few_are_named_and_the_others_counted() {
        assert_eq!(few(&dns("1 2 3 4")), "1, 2, 3, 4");
        assert_eq!(few(&dns("1 2 3 4 5")), "1, 2 and 3 more");
    }
}
