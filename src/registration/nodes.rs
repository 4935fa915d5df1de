//! Maps files, HEP agents and addresses to the nodes of a cluster.

use std::net::IpAddr;
use std::sync::Arc;

use super::agents::AgentRecord;
use super::snapshot::Snapshot;
use super::text::{Sym, Texts};
use super::tracker::Tracker;
use crate::hashing::{HashMap, HashSet};
use crate::net::{Endpoint, FileId, FrameRef, Origin, escape_bytes, escape_text};

/// Nodes kept: HEP agents choose their names, and how many they are.
const MOST: usize = 64;
/// The longest name of a node.
const LONGEST: usize = 64;
/// Addresses of nodes kept.
const ADDRESSES: usize = 1024;
/// Numbers from here on are files that no node is known of.
const NAMELESS: u16 = 1 << 15;

/// A node of a cluster, by its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(u16);

/// A node of a cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// Its name as it is shown.
    pub name: Arc<str>,
    /// Its logs and captures.
    pub files: Vec<FileId>,
    /// The addresses it answers REGISTERs from.
    pub addresses: Vec<Endpoint>,
    /// Whether it was named: by the user, or in the header of its log.
    pub is_named: bool,
}

/// What belongs to a node, according to the code that opened its file.
#[derive(Clone, Debug)]
pub struct NodeSource<'a> {
    /// The node's name.
    pub name: &'a str,
    /// The file.
    pub file: FileId,
    /// The addresses that its log gives for the host.
    pub addresses: &'a [Endpoint],
    /// Whether the user or the log's header names the node; else its name is the file's.
    pub is_named: bool,
}

/// Every node.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    all: Vec<Node>,
    files: HashMap<FileId, NodeId>,
    /// The node of each HEP agent that saw a grant; none if there was no room for it.
    agents: HashMap<usize, Option<NodeId>>,
    /// The node of an address; `None` if two nodes have it.
    ends: HashMap<Endpoint, Option<NodeId>>,
    /// The same of a host, whatever the port.
    hosts: HashMap<IpAddr, Option<NodeId>>,
    /// Addresses whose node the user named.
    given: HashSet<IpAddr>,
    /// What the user calls the nodes of HEP agents, by their capture ids.
    called: HashMap<u32, String>,
    /// Nodes that were too many to keep.
    pub dropped: u64,
}

impl Nodes {
    /// Whether there is no node.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The node of this name, made if it is new and there is room.
    fn called(&mut self, name: &str, is_named: bool) -> Option<NodeId> {
        let name: String = escape_text(name).chars().take(LONGEST).collect();
        let known = self.all.iter().position(|node| *node.name == *name);
        let place = known.unwrap_or(self.all.len());
        if place >= MOST {
            self.dropped += 1;
            return None;
        }
        if known.is_none() {
            let (files, addresses) = (Vec::new(), Vec::new());
            self.all.push(Node { name: name.into(), files, addresses, is_named });
        }
        if let Some(node) = self.all.get_mut(place) {
            node.is_named |= is_named;
        }
        u16::try_from(place).ok().map(NodeId)
    }

    /// Gives a node an address.
    fn claim(&mut self, id: NodeId, end: Endpoint) {
        if self.ends.len() >= ADDRESSES {
            return;
        }
        claim(&mut self.ends, end, id);
        claim(&mut self.hosts, end.addr, id);
        let node = self.all.get_mut(usize::from(id.0));
        if let Some(node) = node.filter(|node| !node.addresses.contains(&end)) {
            node.addresses.push(end);
        }
    }

    /// The node of a file; a file of no node is a node without a name.
    pub(super) fn of_file(&self, file: FileId) -> NodeId {
        self.files.get(&file).copied().unwrap_or(NodeId(file.0 | NAMELESS))
    }

    /// The node whose response decided a registration: by the registrar's address, or else by the file.
    pub(super) fn of_answer(&self, registrar: Endpoint, frame: FrameRef) -> Option<NodeId> {
        let by_end = self.ends.get(&registrar).copied().flatten();
        let by_file = || self.files.get(&frame.file()).copied();
        let by_host = || self.hosts.get(&registrar.addr).copied().flatten();
        by_end.or_else(by_file).or_else(by_host)
    }
}

fn claim<K: Eq + std::hash::Hash>(owners: &mut HashMap<K, Option<NodeId>>, key: K, id: NodeId) {
    let owner = owners.entry(key).or_insert(Some(id));
    if *owner != Some(id) {
        *owner = None;
    }
}

impl Tracker {
    /// Takes in that a file is a node's.
    pub fn node_file(&mut self, file: &NodeSource<'_>) {
        let nodes = &mut self.store.nodes;
        // a log without a header is of the node that answers from the same address
        let known = || file.addresses.iter().find_map(|end| nodes.ends.get(end).copied().flatten());
        let known = if file.is_named { None } else { known() };
        let Some(id) = known.or_else(|| nodes.called(file.name, file.is_named)) else { return };
        nodes.files.insert(file.file, id);
        for end in file.addresses {
            nodes.claim(id, *end);
        }
        let node = nodes.all.get_mut(usize::from(id.0));
        if let Some(node) = node.filter(|node| !node.files.contains(&file.file)) {
            node.files.push(file.file);
        }
    }

    /// Takes in that an address is a node's, at one port or at any.
    pub fn node_address(&mut self, name: &str, (addr, port): (IpAddr, Option<u16>)) {
        let nodes = &mut self.store.nodes;
        let Some(id) = nodes.called(name, true) else { return };
        nodes.given.insert(addr);
        match port {
            Some(port) => nodes.claim(id, Endpoint::new(addr, port)),
            None => claim(&mut nodes.hosts, addr, id),
        }
    }

    /// Takes in what the node of the HEP agents with that capture id is called.
    pub fn node_agent(&mut self, name: &str, capture_id: u32) {
        self.store.nodes.called.insert(capture_id, name.to_owned());
    }

    /// Notes that a HEP agent saw a REGISTER accepted: its node answers from there.
    pub(super) fn note_granted(&mut self, origin: &Origin) {
        let Some(agent) = origin.path.hep else { return };
        let Some(record) = self.store.agents.get(agent.index()) else { return };
        let (own, nodes) = (record.address == origin.src.addr, &mut self.store.nodes);
        let known = nodes.ends.get(&origin.src).copied().flatten();
        // an agent elsewhere on the path sees the same answer
        let owner = known.and_then(|id| nodes.all.get(usize::from(id.0)));
        if owner.is_some() && !own || nodes.given.contains(&origin.src.addr) {
            return;
        }
        let known_agent = nodes.agents.get(&agent.index()).copied();
        let id = known_agent.unwrap_or_else(|| {
            let AgentRecord { address, capture_id, node, .. } = *record;
            let given = capture_id.and_then(|id| nodes.called.get(&id).cloned());
            let own = || agent_name(address, capture_id, node, &self.store.texts);
            let id = nodes.called(&given.unwrap_or_else(own), true);
            nodes.agents.insert(agent.index(), id);
            id
        });
        let Some(id) = id else { return };
        if known != Some(id) {
            if own {
                nodes.ends.remove(&origin.src);
            }
            nodes.claim(id, origin.src);
        }
    }
}

/// What a HEP agent's node is called: by its name, its number, or its address.
fn agent_name(address: IpAddr, capture_id: Option<u32>, node: Sym, texts: &Texts) -> String {
    let name = texts.get(node);
    match capture_id {
        _ if !name.is_empty() => escape_bytes(name).into_owned(),
        Some(id) => format!("agent {id}"),
        None => address.to_string(),
    }
}

impl Snapshot {
    /// The nodes of a cluster, in the order they were met.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.store.nodes.all
    }

    /// Nodes that were too many to keep.
    #[must_use]
    pub const fn nodes_dropped(&self) -> u64 {
        self.store.nodes.dropped
    }

    /// A node's name; none for a log of which no node is known.
    #[must_use]
    pub fn node_name(&self, id: NodeId) -> Option<&str> {
        self.store.nodes.all.get(usize::from(id.0)).map(|node| &*node.name)
    }

    /// The name of the node of a file, if it is known.
    #[must_use]
    pub fn node_of_file(&self, file: FileId) -> Option<&str> {
        self.node_name(self.store.nodes.of_file(file))
    }
}

impl NodeId {
    /// The node at that place of [`Snapshot::nodes`].
    #[must_use]
    pub fn from_place(place: usize) -> Option<Self> {
        u16::try_from(place).ok().filter(|place| *place < NAMELESS).map(Self)
    }

    /// The number of a node in [`Snapshot::nodes`].
    #[must_use]
    pub fn place(self) -> usize {
        usize::from(self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::registration::SnapshotOptions;

    #[test]
    fn many_names_of_nodes_and_addresses_fill_no_memory() {
        let mut tracker = Tracker::new();
        for number in 0..100 {
            let name = format!("{number}{}", "x".repeat(1000));
            let address = IpAddr::from(Ipv4Addr::from(number));
            tracker.node_address(&name, (address, Some(5060)));
            for port in 0..100 {
                tracker.node_address(&name, (address, Some(port)));
            }
        }
        let snapshot = tracker.finish(&SnapshotOptions::default());
        assert_eq!(snapshot.nodes().len(), MOST);
        assert!(snapshot.nodes_dropped() >= 36);
        let addresses: usize = snapshot.nodes().iter().map(|node| node.addresses.len()).sum();
        assert_eq!(addresses, ADDRESSES);
        assert!(snapshot.nodes().iter().all(|node| node.name.len() == LONGEST));
    }

    #[test]
    fn an_address_of_two_nodes_is_nobody_s() {
        let mut tracker = Tracker::new();
        let (one, two) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        tracker.node_address("A", (one, Some(5060)));
        tracker.node_address("B", (one, Some(5070)));
        tracker.node_address("B", (two, None));
        let nodes = &tracker.store.nodes;
        let of = |addr, port| {
            let node = nodes.of_answer(Endpoint::new(addr, port), FrameRef::default());
            node.map(NodeId::place)
        };
        assert_eq!((of(one, 5060), of(one, 5070), of(one, 5080)), (Some(0), Some(1), None));
        assert_eq!((of(two, 5060), of(two, 9)), (Some(1), Some(1)));
    }
}
