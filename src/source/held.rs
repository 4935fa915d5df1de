//! Keeps regular files open, to be read again when the right to open them is gone.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::discover::Candidates;

/// Files that were opened once and stay open, and what was found in directories.
#[derive(Clone, Debug)]
pub struct Held {
    room: usize,
    known: Arc<Mutex<Known>>,
}

#[derive(Default, Debug)]
struct Known {
    files: HashMap<PathBuf, Arc<File>>,
    found: HashMap<PathBuf, Candidates>,
}

/// A file that is held, read from its start at a position of its own.
#[derive(Debug)]
pub struct HeldFile {
    file: Arc<File>,
    position: u64,
}

impl Held {
    /// Keeps up to `room` files; more are opened by name each time.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self { room, known: Arc::default() }
    }

    /// Opens a file, or takes the one that is held under this name; none if it is no regular file or
    /// there is no room.
    pub fn open(&self, path: &Path) -> io::Result<Option<HeldFile>> {
        let begin = |file: &Arc<File>| HeldFile { file: Arc::clone(file), position: 0 };
        if let Some(file) = self.known().files.get(path) {
            return Ok(Some(begin(file)));
        }
        if self.known().files.len() >= self.room || !path.metadata()?.is_file() {
            return Ok(None);
        }
        let file = Arc::new(File::open(path)?);
        let new = begin(&file);
        self.known().files.insert(path.to_owned(), file);
        Ok(Some(new))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What there was at first of an input, or is now.
    pub(super) fn candidates(
        &self,
        input: &Path,
        look: impl FnOnce(&Path) -> io::Result<Candidates>,
    ) -> io::Result<Candidates> {
        if let Some(found) = self.known().found.get(input) {
            return Ok(found.clone());
        }
        let found = look(input)?;
        self.known().found.insert(input.to_owned(), found.clone());
        Ok(found)
    }
}

impl HeldFile {
    /// The file itself.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }
}

impl Read for HeldFile {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(out, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn text(mut file: HeldFile) -> String {
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_file_is_read_again_when_its_name_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "what it says").unwrap();
        let held = Held::new(1);
        assert_eq!(text(held.open(&path).unwrap().unwrap()), "what it says");
        fs::remove_file(&path).unwrap();
        assert_eq!(text(held.open(&path).unwrap().unwrap()), "what it says");
        assert!(held.open(&dir.path().join("b")).unwrap().is_none());
        assert!(Held::new(1).open(&path).is_err());
    }
}
