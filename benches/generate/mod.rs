//! Makes captures of registrations, of any size, and knows what is in them.
//!
//! ```text
//!  shapes ─▶ fleet: phones, what each of them does, and what it is in the end
//!    │         └▶ texts: the messages
//!    └▶ wire: packets ─▶ files: pcap, pcapng, in one piece or dealt out to many
//! ```
//!
//! The same plan makes the same bytes everywhere.

use std::io;
use std::path::PathBuf;

mod calls;
mod files;
mod fleet;
mod media;
mod queue;
mod random;
mod scale;
mod shapes;
mod stream;
mod texts;
mod truth;
mod wire;

pub(crate) use truth::Truth;

use files::Files;
use wire::Wire;

/// What a capture looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// Many phones that register again and again, over UDP.
    Registrations { bytes: u64 },
    /// 95 % of the packets media, 4 % other SIP, 1 % registrations.
    Mixed { bytes: u64 },
    /// SIP over TCP: split, several messages in a segment, out of order, sent again.
    Tcp { bytes: u64 },
    /// So many DNs, each with one registration.
    Dns { count: u64 },
    /// One DN that tries so often.
    Attempts { count: u64 },
    /// So many TCP connections that stay open, each with one registration.
    Flows { count: u64 },
}

/// What to make, and where.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) shape: Shape,
    pub(crate) seed: u64,
    /// `.pcapng` makes pcapng, anything else pcap.
    pub(crate) path: PathBuf,
    /// More than one: as captured in so many places; the files have a number behind their names.
    pub(crate) pieces: usize,
}

impl Plan {
    /// Writes the capture, and says what is in it.
    pub(crate) fn carry_out(&self) -> io::Result<Truth> {
        let mut wire = Wire::new(Files::create(&self.path, self.pieces)?);
        let seed = self.seed;
        let mut truth = match self.shape {
            Shape::Registrations { bytes } => shapes::registrations(&mut wire, bytes, seed),
            Shape::Mixed { bytes } => media::mixed(&mut wire, bytes, seed),
            Shape::Tcp { bytes } => stream::tcp(&mut wire, bytes, seed),
            Shape::Dns { count } => scale::dns(&mut wire, count, seed),
            Shape::Attempts { count } => scale::attempts(&mut wire, count, seed),
            Shape::Flows { count } => scale::flows(&mut wire, count, seed),
        }?;
        wire.finish(&mut truth)?;
        Ok(truth)
    }
}
