//! The messages of a DN in order of time, whatever attempt they belong to.

use crate::net::{Endpoint, FrameRef, Timestamp};
use crate::registration::{DnView, MessageRecord, Outcome, Purpose};
use crate::tui::effect::Key;

/// One message of a DN.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Seen {
    pub(in crate::tui) record: MessageRecord,
    /// Its attempt, by its place among those of the DN.
    pub(in crate::tui) attempt: usize,
}

impl Seen {
    /// Names the message.
    pub(in crate::tui) fn key(&self, dn: &[u8]) -> Key {
        Key { dn: dn.to_vec(), frame: self.record.frame(), request: self.is_request() }
    }

    pub(in crate::tui) const fn is_request(&self) -> bool {
        self.record.code == 0
    }

    /// What identifies it among the messages of its DN.
    pub(in crate::tui) const fn id(&self) -> (FrameRef, bool) {
        (self.record.frame(), self.is_request())
    }
}

/// What the messages of one attempt have in common.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Try {
    pub(in crate::tui) source: Endpoint,
    pub(in crate::tui) registrar: Endpoint,
    pub(in crate::tui) purpose: Purpose,
    pub(in crate::tui) asked: Option<u32>,
    pub(in crate::tui) granted: Option<u32>,
    pub(in crate::tui) outcome: Outcome,
    pub(in crate::tui) icmp: Option<(u8, u8)>,
    /// Whether its messages were captured on several hops.
    pub(in crate::tui) several_hops: bool,
    /// Its last message, by its place.
    pub(in crate::tui) last: usize,
}

/// The messages of a DN in order of time, and its attempts.
pub(in crate::tui) fn seen(dn: DnView<'_>) -> (Vec<Seen>, Vec<Try>) {
    let (mut messages, mut tries) = (Vec::new(), Vec::new());
    for (place, attempt) in dn.attempts().enumerate() {
        let own = attempt.messages().map(|record| Seen { record, attempt: place });
        messages.extend(own);
        tries.push(Try {
            source: attempt.source,
            registrar: attempt.registrar,
            purpose: attempt.purpose,
            asked: attempt.asked,
            granted: attempt.granted,
            outcome: attempt.outcome,
            icmp: attempt.icmp(),
            several_hops: attempt.messages().any(|message| message.hop > 0),
            last: 0,
        });
    }
    let key = |seen: &Seen| -> (Timestamp, FrameRef) { (seen.record.time, seen.record.frame()) };
    messages.sort_by_key(key);
    for (place, message) in messages.iter().enumerate() {
        if let Some(attempt) = tries.get_mut(message.attempt) {
            attempt.last = place;
        }
    }
    (messages, tries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::testing::Player;

    #[test]
    fn messages_of_all_attempts_stand_in_order_of_time() {
        let snapshot = Player::snapshot_of(
            "0 > REGISTER\n0.5 > REGISTER\n0.6 > REGISTER from=b call=2\n0.7 < 403 from=b call=2\n1 < 404",
        );
        let (messages, tries) = seen(snapshot.find(b"5002").unwrap());
        let told: Vec<_> = messages.iter().map(|m| (m.record.code, m.attempt)).collect();
        assert_eq!(told, [(0, 0), (0, 0), (0, 1), (403, 1), (404, 0)]);
        assert_eq!(tries.iter().map(|t| t.last).collect::<Vec<_>>(), [4, 3]);
        assert!(messages[0].key(b"5002").request && !messages[4].is_request());
    }
}
