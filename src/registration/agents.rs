//! Keeps what HEP agents report about themselves, and which of them saw a DN.

use std::net::IpAddr;

use super::snapshot::{DnView, Snapshot};
use super::store::Dn;
use super::text::Sym;
use super::tracker::Tracker;
use crate::net::{HepAgent, Origin, Timestamp};
use crate::packet::AgentEvent;

/// A HEP agent.
#[derive(Clone, Copy, Debug)]
pub struct AgentRecord {
    /// Where its packets come from.
    pub address: IpAddr,
    /// The number its operator gave it; `None` in HEP version 1, which has none.
    pub capture_id: Option<u32>,
    /// The name its operator gave it.
    pub node: Sym,
    /// When it saw its latest message.
    pub last: Timestamp,
}

impl Tracker {
    /// Takes in what a HEP agent reports about itself, before the first message it saw.
    pub fn hep_agent(&mut self, event: &AgentEvent<'_>) {
        let node = self.store.texts.intern(event.node);
        let (address, capture_id) = (event.address, event.capture_id);
        let record = AgentRecord { address, capture_id, node, last: Timestamp::default() };
        // the decoder numbers them in order
        if event.agent.index() == self.store.agents.len() {
            self.store.agents.push(record);
        }
    }

    /// Notes that the agent that reports a message is still there.
    pub(super) fn note_agent_heard(&mut self, origin: &Origin) {
        let agent = origin.path.hep.and_then(|agent| self.store.agents.get_mut(agent.index()));
        if let Some(agent) = agent {
            agent.last = agent.last.max(origin.time);
        }
    }
}

impl Dn {
    /// Notes which agent saw a message of this DN.
    pub(super) fn note_agent(&mut self, origin: &Origin) {
        if let Some(agent) = origin.path.hep {
            let aside = self.aside.get_or_insert_default();
            Self::note(&mut aside.agents, &mut self.more_values, agent);
        }
    }
}

impl Snapshot {
    /// Whether anything came from a HEP agent.
    #[must_use]
    pub fn has_hep_agents(&self) -> bool {
        !self.store.agents.is_empty()
    }

    /// What an agent reports about itself.
    #[must_use]
    pub fn hep_agent(&self, agent: HepAgent) -> Option<&AgentRecord> {
        self.store.agents.get(agent.index())
    }
}

impl<'a> DnView<'a> {
    /// The HEP agents that saw messages of this DN; none for what was captured here.
    pub fn hep_agents(&self) -> impl Iterator<Item = &'a AgentRecord> + use<'a> {
        let (snapshot, record) = (self.snapshot, self.record());
        let agents =
            record.and_then(|dn| dn.aside.as_deref()).into_iter().flat_map(|aside| &aside.agents);
        agents.filter_map(|agent| snapshot.hep_agent(*agent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Endpoint, FileId, FrameRef, PathInfo, Transport};
    use crate::registration::{Flag, Ingested, SnapshotOptions};
    use crate::sip::Message;

    const REGISTER: &str = "REGISTER sip:r SIP/2.0\r\nVia: SIP/2.0/T a;branch=z9hG4bK1\r\n\
        From: <sip:5001@r>;tag=1\r\nTo: <sip:5001@r>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n\
        Contact: <sip:5001@192.0.2.10>\r\nContent-Length: 0\r\n\r\n";

    fn send(tracker: &mut Tracker, ms: i64, by: Option<usize>, transport: Transport) -> Ingested {
        let end = |last| Endpoint::new([192, 0, 2, last].into(), 5060);
        let origin = Origin {
            time: Timestamp::from_nanos(ms * 1_000_000),
            frame: FrameRef::new(FileId::default(), ms.unsigned_abs() + 1),
            src: end(10),
            dst: end(1),
            transport,
            path: PathInfo { hep: by.and_then(HepAgent::from_index), ..PathInfo::default() },
        };
        tracker.message(&origin, &Message::parse(REGISTER.as_bytes(), false).unwrap())
    }

    fn meet(tracker: &mut Tracker, index: usize, id: u32, node: &[u8]) {
        let agent = HepAgent::from_index(index).unwrap();
        let address = [198, 51, 100, 7].into();
        tracker.hep_agent(&AgentEvent { agent, address, capture_id: Some(id), node });
    }

    #[test]
    fn what_two_agents_and_the_wire_show_is_one_message() {
        for transport in [Transport::Tcp, Transport::Udp] {
            let mut tracker = Tracker::new();
            meet(&mut tracker, 0, 1, b"edge");
            meet(&mut tracker, 1, 2, b"");
            // seen here and by two agents, one of them late; then retransmitted on UDP
            let (wire, first, second) = (None, Some(0), Some(1));
            let mut seen = vec![(0, wire), (2, first), (400, second)];
            if transport == Transport::Udp {
                seen.extend([(500, first), (501, wire), (900, second)]);
            }
            let kinds: Vec<_> = seen
                .into_iter()
                .map(|(ms, by)| send(&mut tracker, ms, by, transport))
                .map(|seen| (seen.retransmission, seen.duplicate))
                .collect();
            assert_eq!(kinds[..3], [(false, false), (false, true), (false, true)]);
            if transport == Transport::Udp {
                assert_eq!(kinds[3..], [(true, false), (false, true), (false, true)]);
            }
            let snapshot = tracker.finish(&SnapshotOptions::default());
            let dn = snapshot.find(b"5001").unwrap();
            assert!(dn.state().flags.contains(Flag::CapturedTwice));
            let attempt = dn.attempts().next().unwrap();
            let repeats = u32::from(transport == Transport::Udp);
            assert_eq!((attempt.requests(), attempt.retransmissions()), (1, repeats));
            let ids: Vec<_> = dn.hep_agents().map(|agent| agent.capture_id).collect();
            assert_eq!(ids, [Some(1), Some(2)]);
        }
    }
}
