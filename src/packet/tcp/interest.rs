//! How much is lost when a connection is forgotten.

/// How much is lost when a connection is forgotten, the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Interest {
    /// It is over, and remembered for stragglers.
    Over,
    /// Only one end was heard: a scan, a flood, or half of a capture.
    OneSided,
    /// Nothing in it can be read.
    Ignored,
    /// It did not show yet what it carries.
    Unknown,
    /// SIP or something that carries it, from one end only.
    OfUseOneSided,
    /// The same, and both ends were heard.
    OfUse,
}
