//! The lanes of a ladder: one for each host that sends or receives, in the order of the path.

use std::net::IpAddr;

use crate::hashing::{HashMap, HashSet};

use crate::net::{Endpoint, FrameRef};
use crate::tui::data::{Seen, Try};

/// The sender and the receiver of messages that were read.
pub(in crate::tui) type Ends = HashMap<(FrameRef, bool), [Endpoint; 2]>;

/// A host, or one port of it where a host talks to itself.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Lane {
    host: Host,
    /// Its only port; none if it uses several.
    pub(in crate::tui) port: Option<u16>,
    /// Hops from the device.
    depth: u8,
    /// Messages it sends or receives.
    uses: usize,
    /// It decides registrations.
    pub(in crate::tui) registrar: bool,
}

impl Lane {
    /// Its role on the path of a registration.
    pub(in crate::tui) const fn role(&self) -> &'static str {
        match (self.registrar, self.depth) {
            (true, _) => "registrar",
            (false, 0) => "device",
            (false, _) => "proxy",
        }
    }

    /// Its address, with its port if it uses one only.
    pub(in crate::tui) fn address(&self) -> String {
        match self.port {
            Some(port) => Endpoint::new(self.host.addr, port).to_string(),
            None => self.host.addr.to_string(),
        }
    }

    /// Its address alone.
    pub(in crate::tui) fn host(&self) -> String {
        self.host.addr.to_string()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Host {
    addr: IpAddr,
    /// Set where lanes are separated by port: servers of a host that talks to itself.
    port: Option<u16>,
}

/// The lanes of a ladder.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Lanes {
    pub(in crate::tui) all: Vec<Lane>,
    /// Devices that share the first lane because there are too many.
    pub(in crate::tui) others: usize,
    split: HashSet<IpAddr>,
    servers: HashSet<Endpoint>,
    places: HashMap<Host, usize>,
}

impl Lanes {
    /// The lanes of these messages, at most `most`.
    pub(in crate::tui) fn of(seen: &[Seen], tries: &[Try], ends: &Ends, most: usize) -> Self {
        let ways: Vec<Way> = seen.iter().filter_map(|seen| Way::of(seen, tries, ends)).collect();
        let mut lanes = Self::default();
        for way in &ways {
            lanes.servers.insert(way.server);
            if way.client.addr == way.server.addr {
                lanes.split.insert(way.client.addr);
            }
        }
        for way in &ways {
            lanes.add(way.client, way.hop, false);
            lanes.add(way.server, way.hop.saturating_add(1), way.decides);
        }
        lanes.all.sort_by_key(|lane| lane.depth);
        lanes.gather(most.max(2));
        lanes.places =
            lanes.all.iter().enumerate().map(|(place, lane)| (lane.host, place)).collect();
        lanes
    }

    fn add(&mut self, end: Endpoint, depth: u8, registrar: bool) {
        let host = self.host_of(end);
        let place = *self.places.entry(host).or_insert(self.all.len());
        match self.all.get_mut(place) {
            Some(lane) => {
                lane.depth = lane.depth.min(depth);
                lane.port = lane.port.filter(|&port| port == end.port);
                lane.registrar |= registrar;
                lane.uses += 1;
            }
            None => {
                self.all.push(Lane { host, port: Some(end.port), depth, uses: 1, registrar });
            }
        }
    }

    /// Puts the devices that are seen least into one lane if there are too many lanes.
    fn gather(&mut self, most: usize) {
        let Some(too_many) = self.all.len().checked_sub(most).filter(|&n| n > 0) else { return };
        let mut by_use: Vec<usize> = self.all.iter().map(|lane| lane.uses).collect();
        by_use.sort_unstable();
        let limit = by_use.get(too_many).copied().unwrap_or(0);
        let mut left = too_many + 1;
        self.all.retain(|lane| {
            let goes = left > 0 && !lane.registrar && lane.uses <= limit;
            left -= usize::from(goes);
            self.others += usize::from(goes);
            !goes
        });
    }

    fn host_of(&self, end: Endpoint) -> Host {
        let apart = self.split.contains(&end.addr) && self.servers.contains(&end);
        Host { addr: end.addr, port: apart.then_some(end.port) }
    }

    /// The column of an endpoint; the one of the others is before all.
    pub(in crate::tui) fn place(&self, end: Endpoint) -> usize {
        let shift = usize::from(self.others > 0);
        self.places.get(&self.host_of(end)).map_or(0, |place| place + shift)
    }

    /// Whether the port is shown with the address over the lane.
    pub(in crate::tui) fn has_one_port(&self, end: Endpoint) -> bool {
        let place = self.places.get(&self.host_of(end));
        let lane = place.and_then(|&place| self.all.get(place));
        // those that share a lane are distinguished by the text of the message
        lane.is_none_or(|lane| lane.port.is_some())
    }

    /// Columns, with that of the others.
    pub(in crate::tui) fn len(&self) -> usize {
        self.all.len() + usize::from(self.others > 0)
    }
}

/// A request's sender and receiver.
struct Way {
    client: Endpoint,
    server: Endpoint,
    hop: u8,
    decides: bool,
}

impl Way {
    fn of(seen: &Seen, tries: &[Try], ends: &Ends) -> Option<Self> {
        let [from, to] = self::ends(seen, tries, ends)?;
        let (client, server) = if seen.is_request() { (from, to) } else { (to, from) };
        let decides = tries.get(seen.attempt).is_some_and(|t| t.registrar == server);
        Some(Self { client, server, hop: seen.record.hop, decides })
    }
}

/// The sender and the receiver of a message, as far as is known without reading it.
pub(in crate::tui) fn ends(seen: &Seen, tries: &[Try], ends: &Ends) -> Option<[Endpoint; 2]> {
    if let Some(&ends) = ends.get(&seen.id()) {
        return Some(ends);
    }
    let attempt = tries.get(seen.attempt).filter(|attempt| !attempt.several_hops)?;
    Some(if seen.is_request() {
        [attempt.source, attempt.registrar]
    } else {
        [attempt.registrar, attempt.source]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::testing::Player;
    use crate::tui::data;

    fn end(text: &str) -> Endpoint {
        let socket: std::net::SocketAddr = text.parse().unwrap();
        Endpoint::new(socket.ip(), socket.port())
    }

    /// The lanes of one attempt whose messages went between these ends.
    fn lanes(ways: &[(&str, &str, u8)], most: usize) -> Lanes {
        let snapshot = Player::snapshot_of("0 > REGISTER\n0.1 < 200");
        let (messages, mut tries) = data::seen(snapshot.find(b"5002").unwrap());
        tries[0].several_hops = true;
        tries[0].registrar = end("10.0.0.9:5060");
        let (mut seen, mut ends) = (Vec::new(), Ends::default());
        for (number, &(from, to, hop)) in (1..).zip(ways) {
            let mut message = messages[0];
            message.record.hop = hop;
            let frame = FrameRef::new(crate::net::FileId(0), number);
            message.record = message.record.at(frame);
            ends.insert(message.id(), [end(from), end(to)]);
            seen.push(message);
        }
        Lanes::of(&seen, &tries, &ends, most)
    }

    fn told(lanes: &Lanes) -> Vec<String> {
        lanes.all.iter().map(|lane| format!("{} {}", lane.role(), lane.address())).collect()
    }

    #[test]
    fn lanes_stand_in_the_order_of_the_way() {
        let ways = [
            ("10.0.0.5:5060", "10.0.0.9:5060", 1),
            ("10.0.0.1:40001", "10.0.0.5:5060", 0),
            ("10.0.0.1:40002", "10.0.0.5:5060", 0),
        ];
        let lanes = lanes(&ways, 9);
        let want = ["device 10.0.0.1", "proxy 10.0.0.5:5060", "registrar 10.0.0.9:5060"];
        assert_eq!(told(&lanes), want);
        assert_eq!(lanes.place(end("10.0.0.1:40002")), 0);
        assert_eq!(lanes.place(end("10.0.0.9:5060")), 2);
    }

    #[test]
    fn a_host_that_talks_to_itself_has_a_lane_for_each_server() {
        let ways = [("10.0.0.9:5080", "10.0.0.9:5070", 0), ("10.0.0.9:5070", "10.0.0.9:5060", 1)];
        let want = ["device 10.0.0.9:5080", "proxy 10.0.0.9:5070", "registrar 10.0.0.9:5060"];
        assert_eq!(told(&lanes(&ways, 9)), want);
    }

    #[test]
    fn too_many_devices_share_a_lane() {
        let ways: Vec<(String, &str, u8)> =
            (0..20).map(|n| (format!("10.0.1.{n}:5060"), "10.0.0.9:5060", 0)).collect();
        let ways: Vec<_> = ways.iter().map(|(from, to, hop)| (from.as_str(), *to, *hop)).collect();
        let lanes = lanes(&ways, 4);
        assert_eq!((lanes.len(), lanes.others), (4, 18));
        assert!(lanes.all.iter().any(|lane| lane.registrar));
        assert_eq!(lanes.place(end("10.0.1.0:5060")), 0);
        assert_eq!(lanes.place(end("10.0.0.9:5060")), 3);
    }
}
