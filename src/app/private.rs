//! Protects secrets of the user: warns of files that others may read, and hides keys that others may see.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

use super::warn;
use crate::net::escape_text;

/// Warns of an open file with secrets that others may read.
pub(super) fn warn_if_others_read(what: &str, path: &Path, file: &File) -> io::Result<()> {
    if is_readable_by_others(&file.metadata()?) {
        let path = path.to_string_lossy();
        warn(&format!(
            "{what} can be read by others: `chmod 600 {}` keeps it to you",
            escape_text(&path)
        ));
    }
    Ok(())
}

#[cfg(unix)]
fn is_readable_by_others(meta: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    meta.mode() & 0o044 != 0
}

#[cfg(not(unix))]
fn is_readable_by_others(_: &Metadata) -> bool {
    false
}

/// A secret of the user: `what` is its name. One in a file is its first line.
#[cfg(any(feature = "live", feature = "hep"))]
pub(super) fn secret(
    what: &'static str,
    secret: &crate::cli::SecretArg,
) -> Result<zeroize::Zeroizing<String>, super::Failure> {
    use std::io::Read as _;

    use super::Failure;
    use crate::cli::SecretArg;

    const MOST: u64 = 1 << 16;
    let path = match secret {
        SecretArg::Given(secret) => return Ok(secret.clone().into()),
        SecretArg::File(path) => path,
    };
    let shown = || escape_text(&path.to_string_lossy()).into_owned();
    let failed = |error| Failure::SecretFile(what, shown(), error);
    let mut text = zeroize::Zeroizing::new(String::new());
    let file = File::open(path).map_err(failed)?;
    warn_if_others_read(&format!("the file of the {what}"), path, &file).map_err(failed)?;
    file.take(MOST).read_to_string(&mut text).map_err(failed)?;
    let secret = text.lines().next().unwrap_or_default().to_owned();
    if secret.is_empty() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidData, "its first line is empty")));
    }
    Ok(secret.into())
}

/// Restarts the program without the secrets among its arguments, which every user of the host can read; they are
/// passed on in its environment. Returns only if there are none, or if that fails.
#[cfg(all(unix, any(feature = "live", feature = "hep")))]
pub(super) fn hide_secrets(args: &[std::ffi::OsString]) {
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    let Some((kept, secrets)) = crate::cli::without_secrets(args) else { return };
    let Some((name, rest)) = kept.split_first() else { return };
    let error = match std::env::current_exe() {
        Ok(program) => Command::new(program).arg0(name).args(rest).envs(secrets).exec(),
        Err(error) => error,
    };
    warn(&format!("secrets stay in the list of processes ({error}): give them in files instead"));
}
