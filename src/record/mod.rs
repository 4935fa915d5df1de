//! Writes captured frames as pcapng, whole blocks only, into one file or a ring of them.
//!
//! ```text
//!  frame ─▶ section ─▶ PcapngWriter ─▶ any Write          an export
//!           blocks  └▶ Rotating ─▶ whole blocks ─▶ file   a recording: rotation, full disks
//! ```
//!
//! Time is an argument: the caller says what time it is, and how often.

mod name;
mod rotating;
mod section;
mod whole;
mod writer;

pub use rotating::{News, Rotating, Rotation, Status};
pub use section::Counts;
pub use writer::PcapngWriter;
