//! Maps everything that can end the program to an exit status.

use std::io;
use std::path::{Path, PathBuf};

use crate::diagnosis::secret::SecretError;
use crate::net::escape_text;
#[cfg(feature = "live")]
use crate::privilege::PrivilegeError;
#[cfg(feature = "live")]
use crate::source::live::LiveError;
use crate::source::{SourceError, Warning};

/// Why a run ended before it was done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The arguments make no sense, or ask for help.
    #[error(transparent)]
    Arguments(#[from] clap::Error),
    /// Nothing was asked for: how to ask.
    #[error("{0}")]
    NoCommand(&'static str),
    /// An argument makes no sense for this capture.
    #[error("{0}")]
    Usage(String),
    /// Nothing could be read.
    #[error(transparent)]
    Input(#[from] SourceError),
    /// The passwords to hold against digests could not be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A TLS key log could not be read.
    #[error("cannot read the key log {0}: {1}")]
    KeyLog(String, io::Error),
    /// The file of a secret could not be used.
    #[cfg(any(feature = "live", feature = "hep"))]
    #[error("cannot read the {0} in {1}: {2}")]
    SecretFile(&'static str, String, io::Error),
    /// The input is damaged before its first packet.
    #[error("{0}")]
    Damaged(Box<Warning>),
    /// A device could not be captured on.
    #[cfg(feature = "live")]
    #[error(transparent)]
    Live(#[from] LiveError),
    /// Standard input is no capture that could be followed.
    #[cfg(feature = "live")]
    #[error("standard input: {0}")]
    Stream(String),
    /// A log cannot be followed.
    #[cfg(any(feature = "live", feature = "hep"))]
    #[error("cannot follow {0}: {1}")]
    Follow(String, io::Error),
    /// Rights that are not needed any more could not be given up.
    #[cfg(feature = "live")]
    #[error(transparent)]
    Privilege(#[from] PrivilegeError),
    /// HEP agents cannot be listened for.
    #[cfg(feature = "hep")]
    #[error("cannot listen for HEP agents at {0}: {1}")]
    Listen(std::net::SocketAddr, io::Error),
    /// Nothing can be sent to a HEP collector.
    #[cfg(any(feature = "live", feature = "hep"))]
    #[error("cannot send to the HEP collector {0}: {1}")]
    Collector(String, io::Error),
    /// Metrics cannot be shown.
    #[cfg(all(feature = "metrics", any(feature = "live", feature = "hep")))]
    #[error("cannot show metrics at {0}: {1}")]
    Metrics(std::net::SocketAddr, io::Error),
    /// Commands cannot be run.
    #[cfg(all(feature = "exec", any(feature = "live", feature = "hep")))]
    #[error("cannot run commands: {0}")]
    Commands(String),
    /// Nothing can be posted.
    #[cfg(all(feature = "webhook", any(feature = "live", feature = "hep")))]
    #[error("cannot post notifications: {0}")]
    Webhook(String),
    /// The output could not be written.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    /// A file could not be written.
    #[error("cannot write {}: {error}", shown(.path))]
    Export {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file to write is there.
    #[error("{} is there already: --force replaces it", shown(.0))]
    Exists(PathBuf),
    /// The file to write is one of those that are read.
    #[error("{} is one of the captures, and they are never written over", shown(.0))]
    Captured(PathBuf),
    /// A second reading did not find what the first one did.
    #[error("the captures changed while they were read: try again when they are complete")]
    Changed,
    /// A thread could not be started.
    #[error("cannot start the {0} thread: {1}")]
    Start(&'static str, io::Error),
    /// A thread ended where it never should: a defect of this program.
    #[error("the {0} thread failed; the result would be incomplete, so there is none")]
    Thread(&'static str),
}

impl Failure {
    /// The status the program exits with.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Arguments(error) => u8::try_from(error.exit_code()).unwrap_or(2),
            Self::NoCommand(_) | Self::Usage(_) | Self::Exists(_) | Self::Captured(_) => 2,
            #[cfg(feature = "live")]
            Self::Live(LiveError::Filter { .. })
            | Self::Privilege(PrivilegeError::NoUser(_) | PrivilegeError::NotRoot(_)) => 2,
            #[cfg(feature = "live")]
            Self::Live(_) | Self::Privilege(_) | Self::Stream(_) => 3,
            #[cfg(feature = "hep")]
            Self::Listen(..) => 3,
            #[cfg(any(feature = "live", feature = "hep"))]
            Self::Collector(..) | Self::SecretFile(..) | Self::Follow(..) => 3,
            #[cfg(all(feature = "metrics", any(feature = "live", feature = "hep")))]
            Self::Metrics(..) => 3,
            #[cfg(all(feature = "exec", any(feature = "live", feature = "hep")))]
            Self::Commands(_) => 3,
            #[cfg(all(feature = "webhook", any(feature = "live", feature = "hep")))]
            Self::Webhook(_) => 3,
            Self::Output(_) if self.is_closed_pipe() => 0,
            Self::Input(_)
            | Self::Secret(_)
            | Self::KeyLog(..)
            | Self::Damaged(_)
            | Self::Output(_)
            | Self::Export { .. }
            | Self::Changed
            | Self::Start(..)
            | Self::Thread(_) => 3,
        }
    }

    /// Whether a file could not be written for lack of rights.
    #[cfg(feature = "tui")]
    pub(super) fn is_not_permitted(&self) -> bool {
        matches!(self, Self::Export { error, .. } if error.kind() == io::ErrorKind::PermissionDenied)
    }

    /// Whether the reader of the output has seen enough, as `head` does.
    #[must_use]
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn shown(path: &Path) -> String {
    escape_text(&path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_success_and_a_full_disk_is_not() {
        let output = |kind: io::ErrorKind| Failure::Output(kind.into()).exit_status();
        assert_eq!(output(io::ErrorKind::BrokenPipe), 0);
        assert_eq!(output(io::ErrorKind::StorageFull), 3);
        assert_eq!(Failure::Usage(String::new()).exit_status(), 2);
        assert_eq!(Failure::Input(SourceError::NoInput).exit_status(), 3);
    }
}
