//! Keeps the rights the program has, where it is built without what gives them up.

use std::path::PathBuf;

use super::Failure;
use crate::cli::InputSettings;
use crate::source::{FileInfo, Held};

/// What is done with captures later on.
#[derive(Default)]
#[expect(dead_code, reason = "said as where rights are given up")]
pub(super) struct Needs {
    /// Whether DNS is asked for names.
    pub resolve: bool,
    /// The file that is written.
    pub output: Option<PathBuf>,
    /// Whether files may be saved in the working directory.
    pub saves: bool,
}

/// Nothing has to stay open.
pub(super) const fn begin() {}

/// Nothing does.
pub(super) const fn held() -> Option<&'static Held> {
    None
}

/// Gives up nothing.
#[expect(clippy::unnecessary_wraps, reason = "as where rights are given up")]
pub(super) fn give_up<'f>(
    _input: &InputSettings,
    _files: impl IntoIterator<Item = &'f FileInfo>,
    _needs: &Needs,
) -> Result<(), Failure> {
    Ok(())
}
