//! Gives up rights before captures are read, and keeps files open that could not be opened again then.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::Failure;
use crate::cli::InputSettings;
use crate::privilege::{DropOptions, Network, drop_privileges, rights};
use crate::source::{FileInfo, Held};

/// Descriptors that are left for everything but captures.
const OTHERS: u64 = 128;

/// What is held, once: rights belong to the whole program, too.
static HELD: OnceLock<Held> = OnceLock::new();

/// What is done with captures after rights are given up.
#[derive(Default)]
pub(super) struct Needs {
    /// Whether DNS is asked for names.
    pub resolve: bool,
    /// The file that is written.
    pub output: Option<PathBuf>,
    /// Whether files may be saved in the working directory, as far as the user may.
    pub saves: bool,
}

/// Keeps captures and key logs open that are opened from now on, if another user will read them again:
/// root's rights open files that other users may not open.
pub(super) fn begin() {
    if rights().is_root {
        HELD.get_or_init(|| Held::new(room()));
    }
}

/// How many files can stay open.
fn room() -> usize {
    let Ok((now, most)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 0 };
    // a limit that cannot be raised is the one there is
    let raised = setrlimit(Resource::RLIMIT_NOFILE, most, most).is_ok();
    let limit = if raised { most } else { now };
    usize::try_from(limit.saturating_sub(OTHERS)).unwrap_or(usize::MAX)
}

/// What stays open.
pub(super) fn held() -> Option<&'static Held> {
    HELD.get()
}

/// Gives up rights, once all that is read is open. No thread may run yet.
pub(super) fn give_up<'f>(
    input: &InputSettings,
    files: impl IntoIterator<Item = &'f FileInfo>,
    needs: &Needs,
) -> Result<(), Failure> {
    let named = input.files.iter().chain(&input.keylogs).map(PathBuf::as_path);
    let found = files.into_iter().map(|file| file.path.as_path());
    let directory = needs.output.as_deref().map(directory);
    let owner = || directory.filter(|_| rights().is_root).and_then(owner);
    let working = needs.saves.then(std::env::current_dir).and_then(Result::ok);
    // libpcap asks for the names in a filter whenever it compiles one
    let asks = needs.resolve || input.filter.is_some();
    let options = DropOptions {
        user: input.rights.user.clone().or_else(owner),
        // what cannot be written there is said when it is
        write: Vec::new(),
        save: directory.map(Path::to_owned).into_iter().chain(working).collect(),
        read: named.chain(found).map(Path::to_owned).collect(),
        network: if asks { Network::Names } else { Network::Unused },
        keep_reopen: false,
        no_fence: input.rights.no_fence,
        executes: false,
    };
    drop_privileges(&options)?;
    Ok(())
}

/// The directory a file is made in.
fn directory(file: &Path) -> &Path {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or_else(|| Path::new("."))
}

/// The owner of a directory: what is written there by root is theirs, and needs no more than their rights.
fn owner(directory: &Path) -> Option<String> {
    fs::metadata(directory).ok().map(|metadata| metadata.uid().to_string())
}
