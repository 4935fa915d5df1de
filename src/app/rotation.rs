//! Finds out which logs are one that was rotated: they go on in each other.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::capture::LogInfo;
use crate::log::continues;
use crate::net::FileId;
use crate::source::FileInfo;

/// Compressions whose names follow that of a file.
const PACKED: [&str; 5] = [".gz", ".zst", ".bz2", ".xz", ".Z"];

/// Which logs go on in which.
#[derive(Clone, Default, Debug)]
pub(super) struct Rotation {
    /// The file that each file goes on in.
    next: BTreeMap<FileId, FileId>,
    /// The first file of the log that each later file belongs to.
    heads: BTreeMap<FileId, FileId>,
    /// Files before which one is missing.
    gaps: Vec<FileId>,
}

/// A log's name: what all its files have in common, and which of them it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Name {
    stem: String,
    /// `N` of `server.log.N`, the greatest oldest; 0 for none.
    age: u32,
    is_dated: bool,
}

impl Rotation {
    /// The first file of the log that a file belongs to.
    pub(super) fn head(&self, file: FileId) -> FileId {
        self.heads.get(&file).copied().unwrap_or(file)
    }

    /// Whether every log is one file.
    pub(super) fn is_empty(&self) -> bool {
        self.next.is_empty() && self.gaps.is_empty()
    }

    /// Whether another file goes on in it.
    pub(super) fn continues(&self, file: FileId) -> bool {
        self.heads.contains_key(&file)
    }

    /// The file that a file goes on in.
    pub(super) fn next(&self, file: FileId) -> Option<FileId> {
        self.next.get(&file).copied()
    }

    /// Whether a file of the log is missing before that one.
    pub(super) fn is_behind_gap(&self, file: FileId) -> bool {
        self.gaps.contains(&file)
    }

    fn join(&mut self, first: FileId, second: FileId) {
        let head = self.head(first);
        self.next.insert(first, second);
        self.heads.insert(second, head);
    }
}

/// Which logs go on in which, by their names and by what is in them.
pub(super) fn find(logs: &[LogInfo], files: &[FileInfo]) -> Rotation {
    let mut families = BTreeMap::<(String, Option<&str>), Vec<(Name, &LogInfo)>>::new();
    for log in logs {
        let path = files.get(usize::from(log.file.0)).map(|file| &file.path);
        let name = Name::of(&path.map(|path| path.to_string_lossy()).unwrap_or_default());
        let node = log.node.as_deref().or(log.profile.node.as_deref());
        families.entry((name.stem.clone(), node)).or_default().push((name, log));
    }
    let mut rotation = Rotation::default();
    for family in families.values_mut() {
        let by_age = family.iter().all(|(name, _)| !name.is_dated);
        family.sort_by_key(|(name, log)| {
            let age = if by_age { name.age } else { 0 };
            (Reverse(age), log.profile.first, name.clone())
        });
        for pair in family.windows(2) {
            let [(before, first), (after, second)] = pair else { continue };
            if !goes_on(first, second) || *before == *after {
                continue;
            }
            if by_age && before.age != after.age + 1 {
                rotation.gaps.push(second.file);
            } else {
                rotation.join(first.file, second.file);
            }
        }
    }
    rotation
}

/// Whether a log may go on in the one that follows it by name: without dates nothing speaks against it.
fn goes_on(first: &LogInfo, second: &LogInfo) -> bool {
    let (first, second) = (&first.profile, &second.profile);
    let is_dated = first.clock.date && second.clock.date;
    if is_dated && first.last.is_some() && second.first.is_some() {
        return continues(first, second);
    }
    first.dialect == second.dialect || first.dialect.is_empty() || second.dialect.is_empty()
}

impl Name {
    /// Takes a path apart: `server.log.2.gz`, `full-20261130`, `APP-001.20261130_120000_000.log`.
    fn of(path: &str) -> Self {
        let mut stem = path;
        for packed in PACKED {
            stem = stem.strip_suffix(packed).unwrap_or(stem);
        }
        let number = stem.rsplit_once('.').filter(|(_, digits)| {
            (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
        });
        let age = number.and_then(|(_, digits)| digits.parse().ok()).unwrap_or(0);
        let stem = number.map_or(stem, |(stem, _)| stem);
        let (folder, file) = stem.rsplit_once('/').unwrap_or(("", stem));
        let (undated, is_dated) = without_date(file);
        Self { stem: format!("{folder}/{undated}"), age, is_dated }
    }
}

/// A name without its date and time of day, and whether it has one.
fn without_date(name: &str) -> (String, bool) {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '_' | 'T' | ':');
    let mut kept = String::new();
    let mut is_dated = false;
    let mut rest = name;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at(at);
        let end = digits.find(|c| !is_part(c)).unwrap_or(digits.len());
        let (part, behind) = digits.split_at(end);
        let numbers: String = part.chars().filter(char::is_ascii_digit).collect();
        let has_date = numbers.len() >= 8 && numbers.starts_with("20");
        is_dated |= has_date;
        if has_date {
            kept.push_str(before.trim_end_matches(['.', '-', '_']));
        } else {
            kept.push_str(before);
            kept.push_str(part);
        }
        rest = behind;
    }
    kept.push_str(rest);
    (kept, is_dated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_log_have_one_stem() {
        for (names, stem) in [
            (&["/var/log/full", "/var/log/full.1", "/var/log/full.2.gz"][..], "/var/log/full"),
            (&["full-20261130", "full-20261201.zst", "full"], "/full"),
            (&["S-001.20261130_120000_000.log", "S-001.20261201_000000_000.log"], "/S-001.log"),
            (&["x/sip.2026-11-30.log", "x/sip.log"], "x/sip.log"),
            (&["pbx1.log"], "/pbx1.log"),
        ] {
            for name in names {
                assert_eq!(Name::of(name).stem, stem, "{name}");
            }
        }
        assert_ne!(Name::of("pbx1.log").stem, Name::of("pbx2.log").stem);
        assert_eq!((Name::of("full.10").age, Name::of("full").age), (10, 0));
        assert!(Name::of("full-20261130").is_dated && !Name::of("full.1").is_dated);
    }
}
