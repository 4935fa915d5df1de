//! Names the files of a recording so that they sort by time.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
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

    /// The files of earlier recordings under such names, the oldest first.
    pub(super) fn earlier(&self) -> Vec<PathBuf> {
        let Self::Stamped { directory, stem, extension, .. } = self else { return Vec::new() };
        let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        // a directory that can be written to and not listed keeps what it has
        let Ok(entries) = fs::read_dir(here) else { return Vec::new() };
        let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
        let mut found: Vec<_> = names
            .filter(|name| is_stamped(name, stem, extension))
            .map(|name| directory.join(name))
            .collect();
        found.sort_unstable();
        found
    }

    /// Whether a name that is taken can be passed over.
    pub(super) const fn has_others(&self) -> bool {
        matches!(self, Self::Stamped { .. })
    }
}

/// Whether a name is one that a recording with this stem and extension gives.
fn is_stamped(name: &OsStr, stem: &OsStr, extension: &OsStr) -> bool {
    const TIME: &[u8] = b"-dddddddd_dddddd_-";
    const DIGITS: usize = 5;
    let middle = || {
        let rest = name.as_bytes().strip_prefix(stem.as_bytes())?;
        rest.strip_suffix(extension.as_bytes())?.strip_suffix(b".")
    };
    let Some((time, number)) = middle().and_then(|middle| middle.split_at_checked(TIME.len()))
    else {
        return false;
    };
    let fits = |(byte, wanted): (&u8, &u8)| match wanted {
        b'd' => byte.is_ascii_digit(),
        b'_' => matches!(byte, b'T' | b'Z'),
        wanted => byte == wanted,
    };
    time.iter().zip(TIME).all(fits)
        && number.len() >= DIGITS
        && number.iter().all(u8::is_ascii_digit)
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
    fn files_of_earlier_recordings_are_known_by_their_names_alone() {
        let dir = tempfile::tempdir().unwrap();
        let made = |stem: &str| {
            let mut names = Names::new(&dir.path().join(format!("{stem}.pcapng")), true);
            fs::write(names.next(Timestamp::from_parts(1_763_505_000, 0)), "").unwrap();
        };
        made("trace");
        made("trace-2");
        for other in [
            "trace-20251118T223000Z-00009.pcap",
            "trace-20251118T223000Z-1.pcapng",
            "trace-20251118T223000Z-0000x.pcapng",
            "trace-20251118 223000Z-00001.pcapng",
            "my-trace-20251118T223000Z-00001.pcapng",
            "trace.pcapng",
        ] {
            fs::write(dir.path().join(other), "").unwrap();
        }
        fs::write(dir.path().join("trace-20241118T223000Z-123456.pcapng"), "").unwrap();
        let found = Names::new(&dir.path().join("trace.pcapng"), true).earlier();
        let found: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(
            found,
            ["trace-20241118T223000Z-123456.pcapng", "trace-20251118T223000Z-00001.pcapng"]
        );
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
