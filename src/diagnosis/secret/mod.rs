//! Checks whether the digests of a capture fit passwords that the user knows.
//!
//! Nothing here is shown: a password is neither printed nor part of an error, and its memory is
//! wiped when it is dropped.

mod algorithm;
mod collect;
mod digest;
mod file;
mod sample;
mod verify;

#[cfg(test)]
mod tests;

pub(super) use collect::ABOUTS;
pub use collect::CredentialSamples;
pub use file::{Secret, SecretError, SecretFile};
pub use sample::{CredentialSample, OwnedCredentials};
pub use verify::{DigestVerdict, Fit, verify};
