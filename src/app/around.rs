//! Reads the lines of a log around one of them again, for the screen.

use std::io;
use std::path::{Path, PathBuf};

use super::{Failure, open_with};
use crate::log::{lines_around, masked};
use crate::net::escape_text;
use crate::source::{NotTaken, Other, Others};
use crate::tui::LogLine;

/// Lines shown on each side.
const AROUND: u64 = 20;

/// Lines with their numbers.
type Numbered = Vec<(u64, Vec<u8>)>;

/// Lines of a log, read when it is found among the inputs.
struct Around<'p> {
    path: &'p Path,
    line: u64,
    found: Option<io::Result<Numbered>>,
}

impl Others for Around<'_> {
    fn take(&mut self, other: Other) -> Result<(), NotTaken> {
        if self.found.is_none() && other.path == self.path {
            self.found = Some(lines_around(other.stream, self.line, AROUND));
        }
        Ok(())
    }
}

/// The lines around line `line` of the log called `path`, which is one of the inputs or in one of them.
pub(super) fn lines(inputs: &[PathBuf], path: &Path, line: u64) -> Result<Vec<LogLine>, Failure> {
    let mut around = Around { path, line, found: None };
    open_with(inputs, &mut around)?;
    let found = around.found.transpose()?.unwrap_or_default();
    let shown = |(number, bytes): (u64, Vec<u8>)| {
        let text = masked(&String::from_utf8_lossy(&bytes));
        LogLine { number, text: escape_text(&text).into_owned() }
    };
    Ok(found.into_iter().map(shown).collect())
}
