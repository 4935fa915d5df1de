//! Reads a TLS connection: both directions, in the order in which they were captured.

use std::fmt;

use super::info::{TlsInfo, Unread};
use super::intake::Piece;
use super::keylog::KeyLog;
use super::session::{Lane, Session};
use super::side::{Side, Step, Tell, Told, Work};
use crate::net::Origin;

/// A connection that speaks TLS.
pub(in crate::packet) struct Connection {
    session: Session,
    sides: [Side; 2],
    /// Pieces taken in so far.
    pieces: u64,
    /// Whether no record will be opened.
    hopeless: bool,
    waiting: bool,
}

/// What became of a connection, in plain counters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::packet) struct Outcome {
    /// Whether application data was opened.
    pub(in crate::packet) opened: bool,
    /// Why it was not, or not to its end.
    pub(in crate::packet) unread: Option<Unread>,
    /// Losses behind which records were opened again.
    pub(in crate::packet) resumed: u64,
    /// Directions given up behind a loss.
    pub(in crate::packet) given_up: u64,
    /// Bytes of 0-RTT data passed over.
    pub(in crate::packet) early: u64,
}

impl Connection {
    pub(in crate::packet) fn new() -> Self {
        Self {
            session: Session::default(),
            sides: [Side::new(Lane::First), Side::new(Lane::Second)],
            pieces: 0,
            hopeless: false,
            waiting: false,
        }
    }

    /// Takes in the next bytes of a direction, behind `lost` that were never captured; they are read
    /// by [`Self::run`].
    pub(in crate::packet) fn push(&mut self, lane: Lane, bytes: &[u8], lost: u64, origin: &Origin) {
        self.pieces += 1;
        let piece = Piece { order: self.pieces, origin: *origin, lost };
        self.side_mut(lane).push(piece, bytes);
    }

    /// Reads a direction again that was no TLS for a while.
    pub(in crate::packet) fn revive(&mut self, lane: Lane) {
        self.side_mut(lane).revive();
    }

    /// Reads what can be read by now.
    pub(in crate::packet) fn run(&mut self, log: &mut KeyLog, tell: &mut Tell<'_>) {
        let Self { session, sides: [first, second], hopeless, waiting, .. } = self;
        let spoke = first.spoke || second.spoke;
        loop {
            *waiting = false;
            let mut step = |side: &mut Side, hopeless| {
                let filter: &mut Tell<'_> = &mut |lane, told| {
                    // an alert that ends a connection in use says nothing of its handshake
                    if !(spoke && matches!(told, Told::Alert { .. })) {
                        tell(lane, told);
                    }
                };
                side.step(&mut Work { session, log, tell: filter, hopeless })
            };
            let ahead = second.order() < first.order();
            let (sooner, later) =
                if ahead { (&mut *second, &mut *first) } else { (&mut *first, &mut *second) };
            let mut came = step(sooner, *hopeless);
            if matches!(came, Step::Idle | Step::Stalled) {
                *waiting = came == Step::Stalled;
                came = step(later, *hopeless);
            }
            match came {
                Step::Done => {}
                Step::Hopeless(why) => {
                    *hopeless = true;
                    session.info.unread = Some(why);
                    first.give_up();
                    second.give_up();
                }
                Step::Idle => return,
                Step::Stalled => {
                    *waiting = true;
                    return;
                }
            }
        }
    }

    /// Gives up waiting for keys.
    pub(in crate::packet) fn give_up(&mut self) {
        if !self.waiting || self.hopeless {
            return;
        }
        self.hopeless = true;
        let why =
            if self.session.has_both_hellos() { Unread::OtherKeys } else { Unread::NoBeginning };
        self.session.info.unread = Some(why);
        self.sides.iter_mut().for_each(Side::give_up);
    }

    /// Whether it waits for keys, or for a hello.
    pub(in crate::packet) fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// How many bytes wait in the direction that has more of them.
    pub(in crate::packet) fn held(&self) -> usize {
        self.sides.iter().map(Side::held).max().unwrap_or_default()
    }

    /// How many bytes wait in both.
    pub(in crate::packet) fn held_total(&self) -> usize {
        self.sides.iter().map(Side::held).sum()
    }

    /// About what it takes, bytes that wait included.
    pub(in crate::packet) fn memory(&self) -> usize {
        /// What the hellos, the certificate and the ciphers of a session take.
        const SESSION: usize = 2048;
        size_of::<Self>() + SESSION + self.sides.iter().map(Side::memory).sum::<usize>()
    }

    /// Whether nothing more can be learned from a direction.
    pub(in crate::packet) fn is_deaf(&self, lane: Lane) -> bool {
        self.side(lane).is_deaf()
    }

    /// Whether a direction turned out to carry no records, or no longer.
    pub(in crate::packet) fn has_strayed(&self, lane: Lane) -> bool {
        self.side(lane).has_strayed()
    }

    /// Bytes lost in a direction since the last that were reported.
    pub(in crate::packet) fn take_lost(&mut self, lane: Lane) -> u64 {
        self.side_mut(lane).take_lost()
    }

    /// What it shows of itself, so far.
    pub(in crate::packet) fn info(&self) -> &TlsInfo {
        &self.session.info
    }

    /// What became of it, so far.
    pub(in crate::packet) fn outcome(&self) -> Outcome {
        let counts = self.sides.each_ref().map(|side| side.counts);
        Outcome {
            opened: self.sides.iter().any(|side| side.spoke),
            unread: self.session.info.unread,
            resumed: counts.iter().map(|counts| counts.resumed).sum(),
            given_up: counts.iter().map(|counts| u64::from(counts.given_up)).sum(),
            early: counts.iter().map(|counts| counts.early).sum(),
        }
    }

    fn side(&self, lane: Lane) -> &Side {
        let [first, second] = &self.sides;
        match lane {
            Lane::First => first,
            Lane::Second => second,
        }
    }

    fn side_mut(&mut self, lane: Lane) -> &mut Side {
        let [first, second] = &mut self.sides;
        match lane {
            Lane::First => first,
            Lane::Second => second,
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("info", &self.session.info).finish_non_exhaustive()
    }
}
