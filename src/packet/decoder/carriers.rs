//! Leads from what carries packets, tunnels and `IPsec` and exported units, to the packets inside.

use etherparse::IpNumber;

use super::super::event::Seal;
use super::super::exported::{self, Unit};
use super::super::meta::{Body, Meta, Ports};
use super::super::sealed::spi;
use super::super::stats::Undecoded;
use super::super::{Sink, audiocodes, esp, tunnel};
use super::Decoder;
use crate::net::{Cut, Frame, Transport};

impl Decoder {
    pub(super) fn exported(&mut self, frame: &Frame<'_>, missing: usize, sink: &mut Sink<'_>) {
        let mut meta = Meta::new(frame);
        match exported::unit(frame.bytes, &mut meta) {
            Some(unit) => self.unit(&unit, missing, &meta, 0, sink),
            None => self.stats.count(Undecoded::LinkHeader),
        }
    }

    fn unit(
        &mut self,
        unit: &Unit<'_>,
        missing: usize,
        meta: &Meta,
        depth: u8,
        sink: &mut Sink<'_>,
    ) {
        let body = |bytes| Body { bytes, missing, why: Cut::Snaplen };
        match *unit {
            Unit::Payload(transport, ports, bytes) => {
                self.datagram(transport, ports, &body(bytes), meta, sink);
            }
            Unit::Transport(protocol, bytes) => {
                self.transport(protocol, body(bytes), meta, depth, sink);
            }
            Unit::Packet(layer) => self.layer(layer, missing, *meta, depth, sink),
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
        let is_on = |port| port == ports.dst || port == ports.src;
        if is_on(tunnel::DEBUG_RECORDING) && audiocodes::may_be(body.bytes) {
            let mut inner = *meta;
            match audiocodes::unit(body.bytes, &mut inner) {
                Some(unit) => self.unit(&unit, body.missing, &inner, depth + 1, sink),
                None => self.stats.datagrams_not_sip += 1,
            }
            return true;
        }
        if !(is_on(tunnel::IPSEC) && esp::may_be(body.bytes)) {
            return false;
        }
        if depth >= self.limits.tunnel_depth {
            self.stats.count(Undecoded::TunnelDepth);
        } else if !self.esp(body, meta, depth + 1, sink) {
            self.stats.count(Undecoded::Esp);
            let origin = meta.origin(Transport::Udp, Ports::default(), body.cut());
            self.sealed.tell(&origin, Seal::Esp(spi(body.bytes)), sink);
        }
        true
    }
}
