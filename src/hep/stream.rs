//! Cuts a TCP stream of HEP version 3 packets into packets, and finds the next one after a loss.

use memchr::memmem;

use super::legacy::begins_like_sip;
use super::{MAGIC, chunk};

/// Magic and length.
const HEADER: usize = 6;
/// The shortest packet: header and one chunk.
const SHORTEST: usize = HEADER + chunk::HEADER;

/// The packets of one direction of a connection.
///
/// Holds at most one unfinished packet, which is at most 64 KiB long.
#[derive(Debug, Default)]
pub struct Framer {
    held: Vec<u8>,
}

impl Framer {
    /// Takes in the next bytes and hands out the packets they complete, each whole. Says how many bytes
    /// belonged to none and were passed over.
    pub fn push(&mut self, bytes: &[u8], found: &mut dyn FnMut(&[u8])) -> u64 {
        if self.held.is_empty() {
            let (used, skipped) = take(bytes, found);
            self.held.extend_from_slice(bytes.get(used..).unwrap_or_default());
            return skipped;
        }
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(bytes);
        let (used, skipped) = take(&held, found);
        held.drain(..used);
        self.held = held;
        skipped
    }

    /// Takes out the unfinished packet, because what follows it was lost or nothing does.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    /// How many bytes it holds.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }
}

/// Whether a stretch of a stream whose beginning was missed belongs to HEP: a packet begins in it, or
/// the payload chunk of one.
#[must_use]
pub fn is_inside(bytes: &[u8]) -> bool {
    const PAYLOAD: [u8; 4] = [0, 0, 0, chunk::PAYLOAD as u8];
    let from = |at: usize| bytes.get(at..).unwrap_or_default();
    memmem::find_iter(bytes, MAGIC).any(|at| matches!(start(from(at)), Start::Packet(_)))
        || memmem::find_iter(bytes, &PAYLOAD).any(|at| begins_like_sip(from(at + chunk::HEADER)))
}

/// Takes whole packets off the front: bytes used up, and how many of them were passed over.
fn take(bytes: &[u8], found: &mut dyn FnMut(&[u8])) -> (usize, u64) {
    let (mut at, mut skipped) = (0, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        match start(rest) {
            Start::Packet(len) => match rest.get(..len) {
                Some(packet) => {
                    found(packet);
                    at += len;
                }
                None => break,
            },
            Start::TooShort => break,
            Start::None => {
                let step = resync(rest);
                at += step;
                skipped += step as u64;
            }
        }
    }
    (at, skipped)
}

enum Start {
    /// A packet of that length begins here.
    Packet(usize),
    /// It may, but there are too few bytes to decide.
    TooShort,
    /// It does not.
    None,
}

/// Examines the front: magic, a length and a first chunk that fits into it. The chunk is required
/// so that the four letters inside some payload are not taken for a packet.
fn start(bytes: &[u8]) -> Start {
    let magic = bytes.get(..MAGIC.len()).unwrap_or(bytes);
    if !MAGIC.starts_with(magic) {
        return Start::None;
    }
    // vendors and types are small numbers
    let Some(&[_, _, _, _, l1, l2, vendor, _, kind, _, c1, c2]) = bytes.first_chunk::<SHORTEST>()
    else {
        return Start::TooShort;
    };
    let len = usize::from(u16::from_be_bytes([l1, l2]));
    let first = usize::from(u16::from_be_bytes([c1, c2]));
    let fits = len >= SHORTEST && (chunk::HEADER..=len - HEADER).contains(&first);
    if fits && vendor == 0 && kind <= 1 { Start::Packet(len) } else { Start::None }
}

/// How many bytes to pass over to the next place where a packet may begin; at least one.
fn resync(bytes: &[u8]) -> usize {
    let rest = bytes.get(1..).unwrap_or_default();
    if let Some(at) = memmem::find(rest, MAGIC) {
        return at + 1;
    }
    // the letters may be cut in two
    let tail =
        (1..MAGIC.len()).rev().find(|len| rest.ends_with(MAGIC.get(..*len).unwrap_or(MAGIC)));
    bytes.len() - tail.unwrap_or(0)
}
