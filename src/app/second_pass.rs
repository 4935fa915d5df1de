//! Reads the captures again for the bytes of a few messages: the model keeps none of them.

use std::io::{self, ErrorKind};

use jiff::tz::TimeZone;

use super::Failure;
use super::pipeline::Plan;
use crate::cli::InputSettings;
use crate::net::{FrameRef, Origin};
use crate::registration::Ingested;
use crate::report::compare::RawMessage;
use crate::sip::Message;

/// A message that is wanted. A frame may end several: the DN and the direction tell them apart.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// The DN in its To.
    pub dn: Vec<u8>,
    /// The frame that completed it.
    pub frame: FrameRef,
    /// Whether it is a request.
    pub request: bool,
}

impl Wanted {
    fn is(&self, origin: &Origin, message: &Message<'_>) -> bool {
        let here = (origin.frame.file, origin.frame.number);
        here == (self.frame.file, self.frame.number)
            && message.is_request() == self.request
            && message
                .to()
                .is_some_and(|to| to.uri.user.unwrap_or(to.uri.host) == self.dn.as_slice())
    }
}

/// The messages, each where it is wanted; none of them when the input cannot be read twice.
pub(super) fn collect(
    input: &InputSettings,
    zone: &TimeZone,
    wanted: &[Option<Wanted>],
) -> Result<Vec<Option<RawMessage>>, Failure> {
    let mut found: Vec<Option<RawMessage>> = vec![None; wanted.len()];
    let mut left = wanted.iter().flatten().count();
    if left == 0 || input.has_standard_input() {
        return Ok(found);
    }
    let mut copy = |origin: &Origin, message: &Message<'_>, _: Ingested| -> io::Result<()> {
        for (place, wanted) in found.iter_mut().zip(wanted) {
            if place.is_none() && wanted.as_ref().is_some_and(|w| w.is(origin, message)) {
                let cut = origin.path.cut.is_some() || message.is_cut();
                *place =
                    Some(RawMessage { bytes: message.head().to_vec(), frame: origin.frame, cut });
                left -= 1;
            }
        }
        // nothing more to look for: the rest need not be read
        if left == 0 { Err(ErrorKind::Interrupted.into()) } else { Ok(()) }
    };
    match Plan::new(input, None, zone)?.run(Some(&mut copy)) {
        Err(Failure::Output(_)) if left == 0 => Ok(found),
        Err(failure) => Err(failure),
        Ok(_) => Ok(found),
    }
}
