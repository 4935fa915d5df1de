//! Lists of DNs: names, ranges of numbers, and names with wildcards.

use std::cmp::Ordering;

use crate::hashing::HashSet;

/// Names that a list may spell out, at most.
const MAX_NAMES: u64 = 100_000;
/// Digits of a number in a range, at most: more do not fit the arithmetic.
const MAX_DIGITS: usize = 18;

/// A comma-separated list of DNs: `5001`, `5001-5020`, `10*`, `50?2`.
#[derive(Clone, Debug, Default)]
pub struct DnList {
    patterns: Vec<Pattern>,
    /// DNs that were chosen one by one, perhaps thousands.
    chosen: HashSet<Vec<u8>>,
}

/// What is wrong with a list of DNs.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DnListError {
    /// Nothing is between two commas, or at all.
    #[error("an empty name in the list")]
    Empty,
    /// The end of a range is before its start.
    #[error("the range {0} runs backwards")]
    Backwards(String),
    /// A range of numbers that are too long to be dialed.
    #[error("the range {0} has numbers of more than 18 digits")]
    TooLong(String),
    /// A range is written with dots.
    #[error("{0}: a range is written with a hyphen, as in 5001-5020")]
    Dots(String),
    /// A list that has to be spelled out has a wildcard in it.
    #[error("{0} has a wildcard, and what is expected has to be named")]
    Wildcard(String),
    /// A list that has to be spelled out is too long.
    #[error("more than 100000 names")]
    TooMany,
}

#[derive(Clone, Debug)]
enum Pattern {
    Exact(Vec<u8>),
    Range(Range),
    Glob(Vec<u8>),
}

/// Numbers from `first` to `last`.
#[derive(Clone, Debug)]
struct Range {
    /// Whether the numbers begin with `+`.
    plus: bool,
    first: u64,
    last: u64,
    /// The number of digits, when both ends have the same: leading zeros count then.
    width: Option<usize>,
}

impl DnList {
    /// Reads a list.
    pub fn parse(text: &str) -> Result<Self, DnListError> {
        let patterns = text.split(',').map(|item| Pattern::parse(item.trim()));
        Ok(Self { patterns: patterns.collect::<Result<_, _>>()?, ..Self::default() })
    }

    /// The list of just these DNs, as they are spelled on the wire.
    pub fn of_names<'n>(names: impl IntoIterator<Item = &'n [u8]>) -> Self {
        Self { chosen: names.into_iter().map(<[u8]>::to_vec).collect(), ..Self::default() }
    }

    /// Whether the list names this DN, as it is spelled on the wire: by its user, or with its domain.
    #[must_use]
    pub fn contains(&self, name: &[u8]) -> bool {
        let user = name.iter().rposition(|&c| c == b'@').and_then(|at| name.get(..at));
        self.has(name) || user.is_some_and(|user| self.has(user))
    }

    fn has(&self, name: &[u8]) -> bool {
        self.chosen.contains(name) || self.patterns.iter().any(|pattern| pattern.matches(name))
    }

    /// The name, if the list is just one.
    #[must_use]
    pub fn only_name(&self) -> Option<&[u8]> {
        match (&*self.patterns, self.chosen.len()) {
            ([Pattern::Exact(name)], 0) => Some(name),
            _ => None,
        }
    }

    /// Every name of the list; an error if it has wildcards, or is longer than makes sense.
    pub fn names(&self) -> Result<Vec<String>, DnListError> {
        let chosen = self.chosen.iter().map(|name| String::from_utf8_lossy(name).into_owned());
        let mut names: Vec<String> = chosen.collect();
        for pattern in &self.patterns {
            match pattern {
                Pattern::Exact(name) => names.push(String::from_utf8_lossy(name).into_owned()),
                Pattern::Range(range) if range.last - range.first < MAX_NAMES => {
                    names.extend(range.names());
                }
                Pattern::Range(_) => return Err(DnListError::TooMany),
                Pattern::Glob(glob) => {
                    let glob = String::from_utf8_lossy(glob).into_owned();
                    return Err(DnListError::Wildcard(glob));
                }
            }
            if names.len() as u64 > MAX_NAMES {
                return Err(DnListError::TooMany);
            }
        }
        let mut seen = HashSet::default();
        names.retain(|name| seen.insert(name.clone()));
        Ok(names)
    }
}

impl Pattern {
    fn parse(item: &str) -> Result<Self, DnListError> {
        if item.is_empty() {
            return Err(DnListError::Empty);
        }
        if item.contains(['*', '?']) {
            return Ok(Self::Glob(item.as_bytes().to_vec()));
        }
        let dotted = item.split_once("..").map(|(first, last)| (first, last.trim_matches('.')));
        if dotted.is_some_and(|(a, b)| is_number(a.as_bytes()) && is_number(b.as_bytes())) {
            return Err(DnListError::Dots(item.to_owned()));
        }
        let range = item.split_once('-').and_then(|(first, last)| {
            let (plus, first, last) = match (first.strip_prefix('+'), last.strip_prefix('+')) {
                (Some(first), Some(last)) => (true, first, last),
                _ => (false, first, last),
            };
            (is_number(first.as_bytes()) && is_number(last.as_bytes()))
                .then_some((plus, first, last))
        });
        match range {
            Some((plus, first, last)) => Range::new(item, plus, first, last).map(Self::Range),
            None => Ok(Self::Exact(item.as_bytes().to_vec())),
        }
    }

    fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::Range(range) => range.contains(name),
            Self::Glob(glob) => glob_matches(glob, name),
        }
    }
}

impl Range {
    fn new(item: &str, plus: bool, first: &str, last: &str) -> Result<Self, DnListError> {
        let width = (first.len() == last.len()).then_some(first.len());
        let number = |text: &str| {
            let number = text.parse::<u64>().ok().filter(|_| text.len() <= MAX_DIGITS);
            number.ok_or_else(|| DnListError::TooLong(item.to_owned()))
        };
        let (first, last) = (number(first)?, number(last)?);
        match first.cmp(&last) {
            Ordering::Greater => Err(DnListError::Backwards(item.to_owned())),
            _ => Ok(Self { plus, first, last, width }),
        }
    }

    fn contains(&self, name: &[u8]) -> bool {
        let digits = if self.plus { name.strip_prefix(b"+") } else { Some(name) };
        let Some(digits) = digits.filter(|d| is_number(d) && d.len() <= MAX_DIGITS) else {
            return false;
        };
        let right_width = match self.width {
            Some(width) => digits.len() == width,
            None => digits.len() == 1 || !digits.starts_with(b"0"),
        };
        let number = digits.iter().fold(0, |n: u64, d| n * 10 + u64::from(d - b'0'));
        right_width && (self.first..=self.last).contains(&number)
    }

    fn names(&self) -> impl Iterator<Item = String> + '_ {
        let (plus, width) = (if self.plus { "+" } else { "" }, self.width.unwrap_or(0));
        (self.first..=self.last).map(move |number| format!("{plus}{number:0width$}"))
    }
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// Whether `name` matches a pattern in which `*` matches any bytes and `?` one.
fn glob_matches(glob: &[u8], name: &[u8]) -> bool {
    let (mut g, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(&byte) = name.get(n) {
        match glob.get(g) {
            Some(b'*') => {
                retry = Some((g + 1, n));
                g += 1;
            }
            Some(&c) if c == b'?' || c == byte => (g, n) = (g + 1, n + 1),
            _ => {
                let Some((after, taken)) = retry else { return false };
                retry = Some((after, taken + 1));
                (g, n) = (after, taken + 1);
            }
        }
    }
    glob.get(g..).unwrap_or_default().iter().all(|&c| c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_what_a_person_means() {
        for (list, name, want) in [
            ("5001", "5001", true),
            ("5001", "50011", false),
            ("5001-5020", "5001", true),
            ("5001-5020", "5020", true),
            ("5001-5020", "5021", false),
            ("5001-5020", "05002", false),
            ("0001-0020", "0005", true),
            ("0001-0020", "5", false),
            ("98-102", "99", true),
            ("98-102", "100", true),
            ("98-102", "099", false),
            ("+4930100-+4930199", "+4930150", true),
            ("+4930100-+4930199", "4930150", false),
            ("10*", "10", true),
            ("10*", "1099", true),
            ("10*", "2010", false),
            ("*99", "10999", true),
            ("50?2", "5002", true),
            ("50?2", "502", false),
            ("a*b*c", "axxbxbyc", true),
            ("1001, 5*", "5002", true),
            ("alice-home", "alice-home", true),
        ] {
            let parsed = DnList::parse(list).unwrap();
            assert_eq!(parsed.contains(name.as_bytes()), want, "{list} and {name}");
        }
    }

    #[test]
    fn names_stand_for_themselves() {
        let names: [&[u8]; 3] = [b"5001", b"50*", b"\xff,7"];
        let list = DnList::of_names(names);
        assert!(names.iter().all(|name| list.contains(name)));
        assert!(!list.contains(b"5002") && !list.contains(b"7"));
        assert!(!DnList::of_names([]).contains(b""));
    }

    #[test]
    fn a_list_that_makes_no_sense_is_an_error() {
        for (list, want) in [
            ("", DnListError::Empty),
            ("5001,,5002", DnListError::Empty),
            ("5020-5001", DnListError::Backwards("5020-5001".into())),
            ("5001..5020", DnListError::Dots("5001..5020".into())),
            ("1-1234567890123456789", DnListError::TooLong("1-1234567890123456789".into())),
        ] {
            assert_eq!(DnList::parse(list).unwrap_err(), want, "{list}");
        }
    }

    #[test]
    fn a_list_can_be_spelled_out_within_bounds() {
        let names = |list: &str| DnList::parse(list).unwrap().names();
        assert_eq!(names("0008-0010,5").unwrap(), ["0008", "0009", "0010", "5"]);
        assert_eq!(names("98-100,99").unwrap(), ["98", "99", "100"]);
        assert_eq!(names("1-100000").unwrap().len(), 100_000);
        assert_eq!(names("1-100001").unwrap_err(), DnListError::TooMany);
        assert_eq!(names("1-99999,200000-200001").unwrap_err(), DnListError::TooMany);
        assert_eq!(names("50*").unwrap_err(), DnListError::Wildcard("50*".into()));
        assert!(names("0-999999999999999999").is_err());
    }
}
