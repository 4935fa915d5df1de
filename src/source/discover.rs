//! Turns the inputs a user named into the files to try.

use std::io;
use std::path::{Path, PathBuf};

use crate::net::STANDARD_INPUT;

/// A file to try, or a directory's worth of them.
#[derive(Clone, Debug)]
pub(super) enum Candidates {
    /// An input named by the user: if it is no capture, that is worth saying.
    Named(PathBuf),
    /// The regular files of a directory and of its subdirectories, by name.
    Directory {
        /// The directory as the user gave it.
        path: PathBuf,
        /// The files below it.
        files: Vec<PathBuf>,
    },
}

/// What to try for one input.
pub(super) fn candidates(input: &Path) -> io::Result<Candidates> {
    let path = input.to_owned();
    if path.as_os_str() == STANDARD_INPUT || !path.metadata()?.is_dir() {
        return Ok(Candidates::Named(path));
    }
    let mut files = Vec::new();
    for entry in sorted(&path)? {
        // Links are followed; what vanished or is not accessible is no capture.
        let Ok(kind) = entry.metadata() else { continue };
        if kind.is_file() {
            files.push(entry);
        } else if kind.is_dir() {
            let below = sorted(&entry).unwrap_or_default();
            files.extend(below.into_iter().filter(|path| path.is_file()));
        }
    }
    Ok(Candidates::Directory { path, files })
}

fn sorted(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = directory.read_dir()?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort_unstable();
    Ok(paths)
}
