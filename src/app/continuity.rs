//! Determines whether exchanges go on across a step in the time stamps: then the clock was set, and no time passed.

use super::batch::{Batch, Found};
use super::finder::Finder;
use crate::hashing::HashMap;
use crate::net::{Frame, Timestamp};
use crate::packet::{KeyLog, sieve};
use crate::source::Witness;

/// Asks the SIP messages in the frames.
pub(super) const WITNESS: Witness = Witness { matters: sieve, goes_on };

/// A message, as far as it says where it belongs.
struct Said {
    call_id: Vec<u8>,
    number: u32,
    /// The status code; 0 for a request.
    code: u16,
    branch: Vec<u8>,
    expires: Option<u32>,
}

/// The latest request of a call, and whether its final response came.
#[derive(Default)]
struct Call {
    number: u32,
    branch: Vec<u8>,
    answered: bool,
    expires: Option<u32>,
}

/// What speaks for an exchange that goes on, and against it.
#[derive(Default)]
struct Votes {
    /// Responses to requests before the step, and retransmissions: no pause is that long.
    under_way: usize,
    /// Requests with the next CSeq of their Call-ID.
    next: usize,
    /// Those that others came before, and those that are older.
    against: usize,
}

/// Whether the exchanges in `before` go on in `after`.
///
/// A device that was out of sight for days comes back with another Call-ID, or with a CSeq that counted on
/// without us. After files were joined out of order, CSeq is lower than it was.
fn goes_on(before: &[Frame<'_>], after: &[Frame<'_>]) -> bool {
    let (Some(last), Some(first)) = (before.last(), after.first()) else { return false };
    let ahead = first.time.nanos_since(last.time);
    let mut calls = HashMap::<Vec<u8>, Call>::default();
    for said in said_in(before) {
        let call = calls.entry(said.call_id).or_default();
        if said.code == 0 {
            *call = Call {
                number: said.number,
                branch: said.branch,
                answered: false,
                expires: said.expires,
            };
        } else if said.number >= call.number {
            call.number = said.number;
            call.answered = said.code >= 200;
            call.expires = said.expires.or(call.expires);
        }
    }
    let mut votes = Votes::default();
    for said in said_in(after) {
        // of each call the first message counts: what follows is of the same side
        if let Some(call) = calls.remove(&said.call_id) {
            votes.count(&call, &said, ahead);
        }
    }
    let needed = if ahead < 0 { 1 } else { 2 };
    let enough = votes.under_way > 0 || votes.next >= needed;
    enough && votes.under_way + votes.next > votes.against
}

impl Votes {
    fn count(&mut self, call: &Call, said: &Said, ahead: i64) {
        let is_next = said.number == call.number.wrapping_add(1);
        // a device that registers for longer than the step may well send nothing meanwhile
        let ran_out = call.expires.is_some_and(|secs| i64::from(secs) * 1_000_000_000 < ahead);
        let again = match said.code {
            0 => said.branch == call.branch,
            _ => !call.answered,
        };
        if said.number == call.number && again {
            self.under_way += 1;
        } else if said.code == 0 && is_next && (ahead < 0 || ran_out) {
            self.next += 1;
        } else if said.number != call.number && !is_next {
            self.against += 1;
        }
    }
}

/// The messages in frames.
fn said_in(frames: &[Frame<'_>]) -> Vec<Said> {
    let (mut finder, mut batch) = (Finder::new(KeyLog::default()), Batch::default());
    let mut all = Vec::new();
    // the clock does not move: the step would make the decoder forget the fragments it holds
    let clock = frames.first().map_or_else(Timestamp::default, |frame| frame.time);
    for frame in frames {
        finder.packet(clock, &Frame { time: clock, ..*frame }, &mut batch);
    }
    batch.take(|_, found| {
        if let Found::Message(_, message, _) = found
            && let (Some(call_id), Some(cseq)) = (message.call_id(), message.cseq())
        {
            all.push(Said {
                call_id: call_id.to_vec(),
                number: cseq.number,
                code: message.code().unwrap_or(0),
                branch: message.top_via().and_then(|via| via.branch()).unwrap_or_default().to_vec(),
                expires: message.expires(),
            });
        }
    });
    all
}
