//! A file that outlives the program: replaced as a whole, readable by its user alone.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::net::escape_text;

/// Bytes of a file that is read.
const LONGEST: u64 = 64 << 20;

/// The file, and whether it could be written last.
pub(super) struct StateFile {
    path: PathBuf,
    has_failed: bool,
}

impl StateFile {
    /// The file and what is in it; one that cannot be read is reported and left alone.
    pub(super) fn open(path: PathBuf, said: &mut Vec<String>) -> (Self, Option<String>) {
        let state = Self { path, has_failed: false };
        match read(&state.path) {
            Ok(text) => (state, Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (state, None),
            Err(error) => {
                said.push(state.set_aside(&error.to_string()));
                (state, None)
            }
        }
    }

    pub(super) fn shown(&self) -> String {
        escape_text(&self.path.to_string_lossy()).into_owned()
    }

    /// Gives a file that cannot be used another name, so that it can be looked at; says so.
    pub(super) fn set_aside(&self, reason: &str) -> String {
        let mut name = self.path.clone().into_os_string();
        name.push(".damaged");
        let (shown, reason) = (self.shown(), escape_text(reason));
        let kept = match fs::rename(&self.path, &name) {
            Ok(()) => format!("it is kept as {}", escape_text(&name.to_string_lossy())),
            Err(_) => "it is replaced".to_owned(),
        };
        format!("the state in {shown} cannot be used: {reason}; {kept}, and no outage is known")
    }

    /// Replaces the file; a sentence when that fails, and when it works again.
    ///
    /// It is not forced to the disk, for which packets would have to wait: a crash of the host may cost the
    /// latest second, or leave a file that is set aside.
    pub(super) fn write(&mut self, text: &str) -> Option<String> {
        let result = replace(&self.path, text);
        let had_failed = std::mem::replace(&mut self.has_failed, result.is_err());
        match result {
            Err(error) if !had_failed => Some(format!(
                "cannot write the state to {}: {error}; a restart may notify of outages again",
                self.shown()
            )),
            Ok(()) if had_failed => Some(format!("the state is written to {} again", self.shown())),
            _ => None,
        }
    }
}

/// Reads a regular file; links are not followed.
fn read(path: &Path) -> io::Result<String> {
    let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    let meta = file.metadata()?;
    let invalid = |words: &str| io::Error::new(io::ErrorKind::InvalidData, words.to_owned());
    if !meta.is_file() {
        return Err(invalid("it is no regular file"));
    }
    if meta.len() > LONGEST {
        return Err(invalid("it is too large"));
    }
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text).map_err(|_| invalid("it is damaged"))?;
    Ok(text)
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or_else(|| Path::new("."));
    // made with O_EXCL, for its user alone
    let mut file = tempfile::Builder::new().prefix(".regscope-state-").tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_state_is_replaced_as_a_whole_and_kept_to_its_user() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        let (mut said, text) = (Vec::new(), "one\ntwo\n");
        let (mut state, before) = StateFile::open(path.clone(), &mut said);
        assert_eq!((before, said.len()), (None, 0));
        assert_eq!(state.write("long ago"), None);
        assert_eq!(state.write(text), None);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(StateFile::open(path, &mut said).1.as_deref(), Some(text));
        assert!(said.is_empty());
    }

    #[test]
    fn what_is_no_state_is_set_aside_and_no_other_file_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("state"), dir.path().join("other"));
        fs::write(&other, "mine").unwrap();
        symlink(&other, &path).unwrap();
        let mut said = Vec::new();
        let (mut state, before) = StateFile::open(path.clone(), &mut said);
        assert_eq!((before, said.len()), (None, 1));
        assert_eq!(state.write("state"), None);
        assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
        fs::write(&path, [0xff, 0xfe]).unwrap();
        let (state, before) = StateFile::open(path.clone(), &mut said);
        let name = path.display();
        assert_eq!(before, None);
        assert_eq!(
            said[1],
            format!(
                "the state in {name} cannot be used: it is damaged; it is kept as {name}.damaged, and no \
                 outage is known"
            )
        );
        assert!(!state.path.exists());
    }

    #[test]
    fn a_state_that_cannot_be_written_is_reported_once() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("place");
        let (mut state, _) = StateFile::open(place.join("state"), &mut Vec::new());
        let said = state.write("x").unwrap();
        assert!(said.starts_with("cannot write the state to "), "{said}");
        assert_eq!(state.write("x"), None);
        fs::create_dir(&place).unwrap();
        assert!(state.write("x").unwrap().ends_with(" again"));
        assert_eq!(state.write("x"), None);
    }
}
