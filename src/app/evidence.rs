//! Reads packets and messages again: from files, or from what is kept of live traffic.

#[cfg(feature = "tui")]
use crate::hashing::HashMap;

#[cfg(feature = "tui")]
use super::Failure;
#[cfg(feature = "tui")]
use super::around;
#[cfg(feature = "tui")]
use super::fetch::{self, Fetched, Wanted};
#[cfg(all(feature = "tui", any(feature = "live", feature = "hep")))]
use super::live::kept::Shared;
#[cfg(feature = "tui")]
use crate::capture::Capture;
use crate::cli::InputSettings;
#[cfg(feature = "tui")]
use crate::net::FrameRef;
#[cfg(feature = "tui")]
use crate::tui::LogLine;

/// Where packets and messages can be had again.
#[derive(Clone)]
pub(super) enum Evidence {
    /// From the files, by reading them again.
    Files(InputSettings),
    /// From what is kept.
    #[cfg(all(feature = "tui", any(feature = "live", feature = "hep")))]
    Kept(Shared),
}

impl Evidence {
    /// Messages again; those that cannot be had are left out.
    #[cfg(feature = "tui")]
    pub(super) fn fetch(&self, wanted: &[Wanted]) -> Result<HashMap<Wanted, Fetched>, Failure> {
        match self {
            Self::Files(input) => fetch::fetch(input, wanted),
            #[cfg(all(feature = "tui", any(feature = "live", feature = "hep")))]
            Self::Kept(kept) => {
                let kept = kept.lock();
                let found = |one: &Wanted| Some((one.clone(), kept.find(one)?.clone()));
                Ok(wanted.iter().filter_map(found).collect())
            }
        }
    }

    /// The lines of a log around one of them.
    #[cfg(feature = "tui")]
    pub(super) fn lines(
        &self,
        place: FrameRef,
        capture: &Capture,
    ) -> Result<Vec<LogLine>, Failure> {
        let Some(file) = capture.files.get(usize::from(place.file().0)) else {
            return Ok(Vec::new());
        };
        let inputs = match self {
            Self::Files(input) => &*input.files,
            #[cfg(any(feature = "live", feature = "hep"))]
            Self::Kept(_) => std::slice::from_ref(&file.path),
        };
        around::lines(inputs, &file.path, place.number())
    }

    /// The files, if it is files.
    #[cfg_attr(
        not(all(feature = "tui", any(feature = "live", feature = "hep"))),
        expect(clippy::unnecessary_wraps, reason = "there is nothing but files")
    )]
    pub(super) fn files(&self) -> Option<&InputSettings> {
        match self {
            Self::Files(input) => Some(input),
            #[cfg(all(feature = "tui", any(feature = "live", feature = "hep")))]
            Self::Kept(_) => None,
        }
    }
}
