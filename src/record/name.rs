//! Names the files of a recording so that they sort by time.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::net::Timestamp;

/// What files are called in a directory.
const STEM: &str = "regscope";
/// What they end with there.
const EXTENSION: &str = "pcapng";

/// How the files of a recording are called.
#[derive(Debug)]
pub(super) enum Names {
    /// There is one, and this is its name.
    One(PathBuf),
    /// `STEM-20261122T210405Z-00001.EXTENSION`, in universal time.
    Stamped {
        directory: PathBuf,
        stem: OsString,
        extension: OsString,
        /// Time of the last name: clocks that are set back do not set names back.
        last: Timestamp,
        number: u32,
    },
}

impl Names {
    /// Names in the directory `target`, or after the file `target`; with its own name if there is
    /// one file only.
    pub(super) fn new(target: &Path, several: bool) -> Self {
        if !several && !target.is_dir() {
            return Self::One(target.to_owned());
        }
        let (directory, stem, extension) = if target.is_dir() {
            (target, None, None)
        } else {
            let parent = target.parent().unwrap_or_else(|| Path::new(""));
            (parent, target.file_stem(), target.extension())
        };
        Self::Stamped {
            directory: directory.to_owned(),
            stem: stem.map_or_else(|| STEM.into(), OsString::from),
            extension: extension.map_or_else(|| EXTENSION.into(), OsString::from),
            last: Timestamp::default(),
            number: 0,
        }
    }

    /// The name of a file that is begun at `now`; another one each time, but for the one.
    pub(super) fn next(&mut self, now: Timestamp) -> PathBuf {
        match self {
            Self::One(path) => path.clone(),
            Self::Stamped { directory, stem, extension, last, number } => {
                *last = (*last).max(now);
                *number += 1;
                let at = jiff::Timestamp::from_nanosecond(last.nanos().into());
                let at = at.map(|at| at.strftime("%Y%m%dT%H%M%SZ").to_string()).unwrap_or_default();
                let mut name = stem.clone();
                name.push(format!("-{at}-{number:05}."));
                name.push(extension);
                directory.join(name)
            }
        }
    }

    /// Whether a name that is taken can be passed over.
    pub(super) const fn has_others(&self) -> bool {
        matches!(self, Self::Stamped { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_time_even_if_the_clock_does_not() {
        let mut names = Names::new(Path::new("/x/trace.pcapng"), true);
        let at = |secs: i64| Timestamp::from_parts(1_763_505_000 + secs, 0);
        let made = [0, 0, 7, 3, 4000].map(|secs| names.next(at(secs)));
        let shown: Vec<_> = made.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(
            shown,
            [
                "/x/trace-20251118T223000Z-00001.pcapng",
                "/x/trace-20251118T223000Z-00002.pcapng",
                "/x/trace-20251118T223007Z-00003.pcapng",
                "/x/trace-20251118T223007Z-00004.pcapng",
                "/x/trace-20251118T233640Z-00005.pcapng",
            ]
        );
        assert!(shown.is_sorted());
    }

    #[test]
    fn one_file_has_its_own_name_and_a_directory_gives_none() {
        let one = Names::new(Path::new("trace.pcapng"), false).next(Timestamp::default());
        assert_eq!(one, Path::new("trace.pcapng"));
        let dir = tempfile::tempdir().unwrap();
        let name = Names::new(dir.path(), false).next(Timestamp::default());
        assert_eq!(name, dir.path().join("regscope-19700101T000000Z-00001.pcapng"));
        let odd = Names::new(Path::new("trace"), true).next(Timestamp::default());
        assert_eq!(odd, Path::new("trace-19700101T000000Z-00001.pcapng"));
    }
}
