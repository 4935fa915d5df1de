//! Leads from what carries packets, tunnels and `IPsec` and exported units, to the packets inside.

use etherparse::IpNumber;

use super::super::exported::{self, Unit};
use super::super::meta::{Body, Meta, Ports};
use super::super::stats::Undecoded;
use super::super::{Sink, esp, tunnel};
use super::Decoder;
use crate::net::{Cut, Frame};

impl Decoder {
    pub(super) fn exported(&mut self, frame: &Frame<'_>, missing: usize, sink: &mut Sink<'_>) {
        let mut meta = Meta::new(frame);
        let Some(unit) = exported::unit(frame.bytes, &mut meta) else {
            return self.stats.count(Undecoded::LinkHeader);
        };
        let body = |bytes| Body { bytes, missing, why: Cut::Snaplen };
        match unit {
            Unit::Payload(transport, ports, bytes) => {
                self.datagram(transport, ports, &body(bytes), &meta, sink);
            }
            Unit::Transport(protocol, bytes) => {
                self.transport(protocol, body(bytes), &meta, 0, sink);
            }
            Unit::Packet(layer) => self.layer(layer, missing, meta, 0, sink),
        }
    }

    pub(super) fn tunnel(
        &mut self,
        protocol: IpNumber,
        body: &Body<'_>,
        meta: &Meta,
        depth: u8,
        sink: &mut Sink<'_>,
    ) {
        match tunnel::in_ip(protocol, body.bytes) {
            Some(inner) => self.layer(inner, body.missing, *meta, depth + 1, sink),
            None => self.stats.count(Undecoded::TunnelHeader),
        }
    }

    /// Whether what `IPsec` carries is not encrypted and could be led further.
    pub(super) fn esp(
        &mut self,
        body: &Body<'_>,
        meta: &Meta,
        depth: u8,
        sink: &mut Sink<'_>,
    ) -> bool {
        let Some((protocol, bytes)) = esp::in_clear(body.bytes, body.missing, meta.src, meta.dst)
        else {
            return false;
        };
        self.transport(protocol, Body { bytes, ..*body }, meta, depth, sink);
        true
    }

    /// Whether a datagram to or from the port of a tunnel belonged to one.
    pub(super) fn udp_tunnel(
        &mut self,
        ports: Ports,
        body: &Body<'_>,
        meta: &Meta,
        depth: u8,
        sink: &mut Sink<'_>,
    ) -> bool {
        let inner = tunnel::in_datagram(ports.dst, body.bytes)
            .or_else(|| tunnel::in_datagram(ports.src, body.bytes));
        if let Some(inner) = inner {
            self.layer(inner, body.missing, *meta, depth + 1, sink);
            return true;
        }
        if tunnel::IPSEC != ports.dst && tunnel::IPSEC != ports.src || !esp::may_be(body.bytes) {
            return false;
        }
        if depth >= self.limits.tunnel_depth {
            self.stats.count(Undecoded::TunnelDepth);
        } else if !self.esp(body, meta, depth + 1, sink) {
            self.stats.count(Undecoded::Esp);
        }
        true
    }
}
