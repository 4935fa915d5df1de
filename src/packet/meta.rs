//! Gathers what the headers above a payload show, on the descent to it.

use std::net::{IpAddr, Ipv4Addr};

use crate::net::{
    Cut, Endpoint, Frame, FrameRef, LogMarks, Origin, PathInfo, Timestamp, Transport,
};

/// What is known of a packet above its transport header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meta {
    pub(super) time: Timestamp,
    pub(super) frame: FrameRef,
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) vlan: Option<u16>,
    pub(super) mac: Option<[u8; 6]>,
    pub(super) ttl: u8,
    pub(super) ip_id: u16,
    pub(super) fragmented: bool,
}

impl Meta {
    pub(super) fn new(frame: &Frame<'_>) -> Self {
        let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        Self {
            time: frame.time,
            frame: frame.at,
            src: unknown,
            dst: unknown,
            vlan: None,
            mac: None,
            ttl: 0,
            ip_id: 0,
            fragmented: false,
        }
    }

    /// The origin of a payload under these headers.
    pub(super) fn origin(&self, transport: Transport, ports: Ports, cut: Option<Cut>) -> Origin {
        Origin {
            time: self.time,
            frame: self.frame,
            src: Endpoint::new(self.src, ports.src),
            dst: Endpoint::new(self.dst, ports.dst),
            transport,
            path: PathInfo {
                vlan: self.vlan,
                ttl: self.ttl,
                ip_id: self.ip_id,
                mac: self.mac,
                fragmented: self.fragmented,
                cut,
                peer_seen: false,
                hep: None,
                log: LogMarks::default(),
            },
        }
    }
}

/// Source and destination port.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Ports {
    pub(super) src: u16,
    pub(super) dst: u16,
}

/// What an IP packet carries, as far as it was captured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<'a> {
    pub(super) bytes: &'a [u8],
    /// How many bytes are missing at the end.
    pub(super) missing: usize,
    /// Why, if any are.
    pub(super) why: Cut,
}

impl Body<'_> {
    /// The mark for a payload that needs `missing` more bytes than there are.
    pub(super) fn cut(&self) -> Option<Cut> {
        (self.missing > 0).then_some(self.why)
    }
}
