//! Keeps what servers answer to requests for a DN: whether each of them finds it.

use super::store::Dn;
use crate::net::{Endpoint, FrameRef, Origin, Timestamp};

/// Changes of what servers find that are kept of a DN; of more the latest.
const MOST: usize = 32;

/// A server found a DN or did not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LookedUp {
    /// When it answered.
    pub time: Timestamp,
    /// The answer.
    pub frame: FrameRef,
    /// The server.
    pub server: Endpoint,
    /// Whether it found it: it sent the request on, and that was answered.
    pub found: bool,
    /// Whether its answer shows that it looked; a 404 may only mean that its dial plan knows no such number.
    pub sure: bool,
}

impl Dn {
    /// Notes a server's response to a request for the DN, if it differs from its last one.
    pub(super) fn note_looked_up(&mut self, origin: &Origin, found: bool, sure: bool) {
        let (time, frame, server) = (origin.time, origin.frame, origin.src);
        let all = &mut self.aside.get_or_insert_default().looked_up;
        let before = all.iter().rev().find(|before| before.server == server);
        if before.is_some_and(|before| before.found == found) {
            return;
        }
        if all.len() >= MOST {
            all.remove(0);
        }
        all.push(LookedUp { time, frame, server, found, sure });
    }

    /// What servers answered, in order of time.
    pub(super) fn looked_up(&self) -> impl Iterator<Item = &LookedUp> {
        self.aside.iter().flat_map(|aside| &aside.looked_up)
    }
}
