//! Opens the TLS key logs that the user gave, and says when they hold nothing.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Once;

use super::private::warn_if_others_read;
use super::{Failure, rights};
use crate::net::escape_text;
use crate::packet::KeyLog;

/// Bytes of a key log read at most: enough for a million sessions.
const MOST: u64 = 1 << 30;

/// A useless key log is reported once: a second pass opens it again.
static TOLD: Once = Once::new();

/// Reads all of them; they are read on later if they grow.
pub(super) fn read(paths: &[PathBuf]) -> Result<KeyLog, Failure> {
    let mut log = KeyLog::new();
    let mut useless = Vec::new();
    for path in paths {
        let before = log.counts();
        let failed = |error| Failure::KeyLog(escape_text(&path.to_string_lossy()).into(), error);
        let held = rights::held().map(|held| held.open(path)).transpose().map_err(failed)?;
        let told = TOLD.is_completed();
        let warn = |file: &File| {
            if told { Ok(()) } else { warn_if_others_read("the key log", path, file) }
        };
        match held.flatten() {
            Some(held) => warn(held.file()).and_then(|()| log.follow(held.take(MOST))),
            None => File::open(path)
                .and_then(|file| warn(&file).and_then(|()| log.follow(file.take(MOST)))),
        }
        .map_err(failed)?;
        let after = log.counts();
        if after.secrets == before.secrets {
            let lines = (after.junk - before.junk) + (after.unused - before.unused);
            useless.push(no_secrets(path, lines));
        }
    }
    TOLD.call_once(|| useless.iter().for_each(|sentence| super::warn(sentence)));
    Ok(log)
}

fn no_secrets(path: &Path, lines: u64) -> String {
    let path = path.to_string_lossy();
    let path = escape_text(&path);
    let why = match lines {
        0 => "it is empty so far".to_owned(),
        1 => "its one line is none".to_owned(),
        lines => format!("none of its {lines} lines is one"),
    };
    format!(
        "{path} holds no TLS secret ({why}); expected are lines like \
         \"CLIENT_RANDOM <64 digits> <96 digits>\""
    )
}
