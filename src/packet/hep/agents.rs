//! Numbers HEP agents as they appear, within bounds.

use std::net::IpAddr;

use crate::hashing::Keyed;
use hashbrown::{Equivalent, HashMap};

use crate::hep::Packet;
use crate::net::HepAgent;
use crate::packet::event::AgentEvent;
use crate::packet::limits::Limits;

/// Longest name kept; what is longer is cut, for any sender can choose one.
const NAME: usize = 64;

/// The agents by their numbers.
#[derive(Debug, Default)]
pub(super) struct Agents {
    known: HashMap<Owned, HepAgent, Keyed>,
}

/// What makes an agent: two with the same default capture id on two hosts are two.
#[derive(PartialEq, Eq, Hash, Debug)]
struct Owned {
    address: IpAddr,
    capture_id: Option<u32>,
    node: Box<[u8]>,
}

/// The same, borrowed; hashes alike, field by field.
#[derive(Hash)]
struct Borrowed<'a> {
    address: IpAddr,
    capture_id: Option<u32>,
    node: &'a [u8],
}

impl Equivalent<Owned> for Borrowed<'_> {
    fn equivalent(&self, key: &Owned) -> bool {
        self.address == key.address && self.capture_id == key.capture_id && *self.node == *key.node
    }
}

impl Agents {
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// The agent that sent a packet, and whether it is new; `None` if there are too many already.
    pub(super) fn find(
        &mut self,
        address: IpAddr,
        packet: &Packet<'_>,
        limits: &Limits,
    ) -> (Option<HepAgent>, bool) {
        let (capture_id, node) = (packet.capture_id, name(packet));
        if let Some(agent) = self.known.get(&Borrowed { address, capture_id, node }) {
            return (Some(*agent), false);
        }
        if self.known.len() >= limits.hep_agents {
            return (None, false);
        }
        let agent = HepAgent::from_index(self.known.len());
        if let Some(agent) = agent {
            self.known.insert(Owned { address, capture_id, node: node.into() }, agent);
        }
        (agent, agent.is_some())
    }
}

/// The event for a new agent.
pub(super) fn introduce<'a>(
    agent: HepAgent,
    address: IpAddr,
    packet: &Packet<'a>,
) -> AgentEvent<'a> {
    AgentEvent { agent, address, capture_id: packet.capture_id, node: name(packet) }
}

/// The node's name without the NULs some agents pad it with.
fn name<'a>(packet: &Packet<'a>) -> &'a [u8] {
    let end = packet.node.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    packet.node.get(..end.min(NAME)).unwrap_or_default()
}
