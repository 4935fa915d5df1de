//! Creates the file of an export: under a temporary name first, under its own when it is complete.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Export;
use crate::app::Failure;
use crate::cli::{ExtractFormat as Format, InputSettings};
use crate::source::FileInfo;

/// Says why an export cannot be, before anything is read or written.
///
/// `files` are the captures, where they are known already.
pub(in crate::app) fn refuse(
    export: &Export,
    input: Option<&InputSettings>,
    files: &[FileInfo],
) -> Result<(), Failure> {
    let Export { format, path, force, .. } = export;
    if *format == Format::Pcapng && input.is_some_and(InputSettings::has_standard_input) {
        return Err(Failure::Usage(
            "packets are copied in a second reading, and standard input cannot be read twice: save \
             it to a file and name that"
                .to_owned(),
        ));
    }
    let named = input.into_iter().flat_map(|input| &input.files);
    let inputs = named.chain(files.iter().map(|file| &file.path));
    if inputs.into_iter().any(|input| is_same(input, path)) {
        return Err(Failure::Captured(path.clone()));
    }
    if !force && path.symlink_metadata().is_ok() {
        return Err(Failure::Exists(path.clone()));
    }
    Ok(())
}

fn is_same(a: &Path, b: &Path) -> bool {
    let identity = |path: &Path| fs::metadata(path).map(|m| (m.dev(), m.ino())).ok();
    identity(a).is_some_and(|a| identity(b) == Some(a))
}

/// A file that is not in its place yet; it goes away unless it is kept.
pub(super) struct NewFile(NamedTempFile);

impl NewFile {
    /// Makes it in the directory it will be in.
    pub(super) fn create(export: &Export) -> Result<Self, Failure> {
        let parent = export.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let made = tempfile::Builder::new()
            .prefix(".regscope-")
            .suffix(".part")
            .permissions(Permissions::from_mode(export.mode))
            .tempfile_in(parent.unwrap_or_else(|| Path::new(".")));
        // the name of the temporary file would mean nothing to the user
        made.map(Self).map_err(|error| export.failed(error.kind().into()))
    }

    /// What is written to.
    pub(super) fn file(&mut self) -> &mut File {
        self.0.as_file_mut()
    }

    /// Where it is for now.
    pub(super) fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    /// Puts it in its place, safe from a crash; gives its size in bytes.
    pub(super) fn keep(self, export: &Export) -> Result<u64, Failure> {
        let size = (|| {
            self.0.as_file().sync_all()?;
            Ok(self.0.as_file().metadata()?.len())
        })();
        let size = size.map_err(|error| export.failed(error))?;
        let kept = if export.force {
            self.0.persist(&export.path)
        } else {
            self.0.persist_noclobber(&export.path)
        };
        match kept.map_err(|error| error.error) {
            Ok(_) => Ok(size),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(Failure::Exists(export.path.clone()))
            }
            Err(error) => Err(export.failed(error)),
        }
    }
}
