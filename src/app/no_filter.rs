//! Replaces libpcap's filters in a build without libpcap, where no filter can be given.

use super::Failure;
use crate::net::LinkType;

/// A filter there never is.
pub(super) enum Filter {}

impl Filter {
    /// Refuses.
    pub(super) fn new<'l>(
        _text: &str,
        _links: impl Iterator<Item = &'l LinkType>,
    ) -> Result<Self, Failure> {
        Err(Failure::Usage("this build has no filters".to_owned()))
    }

    /// Whether a packet passes.
    #[expect(
        clippy::uninhabited_references,
        clippy::needless_pass_by_ref_mut,
        reason = "the signature is that of the real filter, and nobody can call it"
    )]
    pub(super) fn takes(&mut self, _link: LinkType, _bytes: &[u8]) -> Result<bool, Failure> {
        match *self {}
    }
}

/// Whether a filter loses IP fragments.
pub(super) fn loses_fragments(_text: &str) -> bool {
    false
}
