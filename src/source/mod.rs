//! Yields timestamped frames from capture files and devices, and packets from HEP agents.
//!
//! [`CaptureSet`] reads any number of inputs (files, directories, standard input) as one trace in
//! time order; [`Reader`] walks a single capture over any [`std::io::Read`]. Both lend each frame
//! straight out of the read buffer, so that a packet that is not wanted costs no copy.
//!
//! A capture that is damaged or cut ends where it is, with a [`Warning`] that names the byte; what
//! came before counts. Only when nothing at all could be read is there a [`SourceError`].
//!
//! With the feature `live`, `live::Live` captures on a device through libpcap.

mod archive;
mod discover;
mod error;
pub mod file;
mod held;
#[cfg(feature = "hep")]
pub mod hep;
mod info;
mod input;
#[cfg(feature = "live")]
pub mod live;
mod other;
mod set;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use archive::Archives;
pub use error::{
    Damage, DamageKind, InputError, OpenError, ReadError, SourceError, Warning, WarningKind,
};
pub use file::{Compression, Format, Reader, StampFacts, Witness};
pub use held::{Held, HeldFile};
pub use info::FileInfo;
pub use other::{CapturesOnly, Meter, NotTaken, Other, OtherStream, Others};
pub use set::{CaptureSet, OpenOptions, Progress};
