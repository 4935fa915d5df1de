//! Leads every frame down to its payloads and hands these to the caller.

use etherparse::{IpNumber, ip_number};

use super::event::{Event, Seal};
use super::exported;
use super::field::{first, u16_at, u32_at};
use super::fragment::{Fragments, Joined};
use super::hep::Hep;
use super::icmp;
use super::ip::{self, IpPacket};
use super::limits::Limits;
use super::link::{self, Layer, LinkInfo};
use super::meta::{Body, Meta, Ports};
use super::payload::may_be_sip;
use super::sctp::{self, Place};
use super::sealed::{Sealed, may_be_sigcomp, spi};
use super::stats::{Stats, Undecoded};
use super::tcp::{Segment, Streams};
use super::tls::KeyLog;
use super::{Sink, dns, tunnel, wlan};
use crate::net::{Cut, Endpoint, Frame, FrameRef, Origin, PathInfo, Timestamp, Transport};

mod carriers;

/// Decodes frames in capture order into events.
///
/// What comes in several packets is held within [`Limits`]: IP fragments, TCP bytes behind a hole.
/// An event may therefore speak of an earlier frame than the one just decoded; its origin says which.
#[derive(Debug, Default)]
pub struct Decoder {
    limits: Limits,
    tells_frames: bool,
    stats: Stats,
    pub(super) fragments: Fragments,
    messages: sctp::Messages,
    sealed: Sealed,
    pub(super) streams: Streams,
}

impl Decoder {
    /// A decoder that has seen nothing yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Also reports which frames had a part in what: [`Event::Joined`] and [`Event::Segment`].
    #[must_use]
    pub fn telling_frames(self) -> Self {
        Self { tells_frames: true, ..self }
    }

    /// A decoder that opens TLS with the secrets of `keys`.
    #[must_use]
    pub fn with_keys(limits: Limits, keys: KeyLog) -> Self {
        Self { limits, streams: Streams::new(keys), ..Self::default() }
    }

    /// Takes in a TLS key log that came with the capture; `sink` gets what waited for it.
    pub fn add_secrets(&mut self, log: &[u8], sink: &mut dyn FnMut(Event<'_>)) {
        self.streams.add_secrets(log, &self.limits, &mut self.stats, sink);
    }

    /// What was decoded so far, and what was not.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Decodes one frame; `sink` gets each event it leads to.
    pub fn decode(&mut self, frame: &Frame<'_>, sink: &mut dyn FnMut(Event<'_>)) {
        self.decode_at(frame.time, frame, sink);
    }

    /// The same, when the latest time of all frames so far, this one and dropped ones included, is `clock`.
    pub fn decode_at(
        &mut self,
        clock: Timestamp,
        frame: &Frame<'_>,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        self.stats.frames += 1;
        self.tick(clock, sink);
        if frame.bytes.is_empty() && frame.wire_len > 0 {
            // only its time was kept
            self.stats.snaplen_cut += 1;
            return;
        }
        let missing = (frame.wire_len as usize).saturating_sub(frame.bytes.len());
        if frame.link.0 == exported::UPPER_PDU {
            return self.exported(frame, missing, sink);
        }
        let mut info = LinkInfo::default();
        match link::outermost(frame.link.0, frame.bytes, &mut info) {
            Ok(layer) => {
                let mut meta = Meta::new(frame);
                meta.mac = info.mac;
                self.layer(layer, missing, meta, 0, sink);
            }
            Err(why) => self.stats.count_descent(why),
        }
    }

    /// Hands on what is left at the end of the capture: packets that lack fragments, bytes behind holes,
    /// the ends of streams and connections that were never answered.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        while let Some(joined) = self.fragments.left_over(&mut self.stats) {
            self.joined(&joined, 0, sink);
        }
        while let Some(cut) = self.messages.left_over(&mut self.stats) {
            self.sctp_message(&cut, sink);
        }
        self.streams.finish(&self.limits, &mut self.stats, sink);
    }

    /// Lets time pass without a frame: gives up what waited too long by `now`.
    ///
    /// Frames that the sieve drops do not reach the decoder; with their times it knows how long nothing
    /// was answered. Cheap when nothing waits; calling it now and then, and before [`Self::finish`]
    /// with the time of the last frame, is enough.
    pub fn tick(&mut self, now: Timestamp, sink: &mut dyn FnMut(Event<'_>)) {
        if !self.fragments.is_idle() {
            while let Some(joined) = self.fragments.expired(now, &self.limits, &mut self.stats) {
                self.joined(&joined, 0, sink);
            }
        }
        while let Some(cut) = self.messages.expired(now, &self.limits, &mut self.stats) {
            self.sctp_message(&cut, sink);
        }
        self.streams.expire(now, &self.limits, &mut self.stats, sink);
    }

    /// About how many bytes are held: connections, segments behind holes, fragments, HEP agents.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.streams.memory() + self.fragments.held() + self.messages.held()
    }

    /// Decodes one HEP packet that a listener received at `time` from the agent at `from`; `at` names
    /// it in its events. With a key (see [`Self::require_hep_key`]) those that do not show it
    /// are dropped and counted.
    pub fn hep(
        &mut self,
        bytes: &[u8],
        time: Timestamp,
        from: Endpoint,
        at: FrameRef,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        self.stats.frames += 1;
        self.tick(time, sink);
        let carrier = Origin {
            time,
            frame: at,
            src: from,
            dst: from,
            transport: Transport::Udp,
            path: PathInfo::default(),
        };
        self.streams.hep.received(bytes, &carrier, &self.limits, &mut self.stats.hep, sink);
    }

    /// Asks for a key in the packets given to [`Self::hep`]; HEP versions 1 and 2 can show none.
    /// Captures are read without one.
    pub fn require_hep_key(&mut self, key: &[u8]) {
        self.streams.hep.require_key(key);
    }

    fn layer(
        &mut self,
        layer: Layer<'_>,
        missing: usize,
        meta: Meta,
        depth: u8,
        sink: &mut Sink<'_>,
    ) {
        self.one_of_layer(layer, missing, meta, depth, sink);
        if let Layer::Wlan(bytes) = layer {
            for other in wlan::further(bytes) {
                self.one_of_layer(other, missing, meta, depth, sink);
            }
        }
    }

    fn one_of_layer(
        &mut self,
        layer: Layer<'_>,
        missing: usize,
        mut meta: Meta,
        depth: u8,
        sink: &mut Sink<'_>,
    ) {
        if depth > self.limits.tunnel_depth {
            self.stats.count(Undecoded::TunnelDepth);
            return;
        }
        let mut info = LinkInfo { vlan: meta.vlan, mac: meta.mac };
        let packet = match link::descend(layer, &mut info) {
            Ok(bytes) => ip::parse(bytes, missing),
            Err(why) => return self.stats.count_descent(why),
        };
        (meta.vlan, meta.mac) = (info.vlan, info.mac);
        self.stats.ip_packets += 1;
        match packet {
            Ok(packet) => self.packet(&packet, meta, depth, sink),
            Err(why) => self.stats.count(why),
        }
    }

    fn packet(&mut self, packet: &IpPacket<'_>, mut meta: Meta, depth: u8, sink: &mut Sink<'_>) {
        (meta.src, meta.dst) = (packet.src, packet.dst);
        (meta.ttl, meta.ip_id) = (packet.ttl, packet.id);
        // what is inside a cut packet is cut with it
        self.stats.snaplen_cut += u64::from(packet.missing > 0 && depth == 0);
        if let Some(info) = packet.fragment {
            let joined = self.fragments.add(packet, info, &meta, &mut self.stats);
            if let Some(joined) = joined {
                self.joined(&joined, depth, sink);
            }
            while let Some(cut) = self.fragments.evicted(&self.limits, &mut self.stats) {
                self.joined(&cut, depth, sink);
            }
            return;
        }
        let body = Body { bytes: packet.payload, missing: packet.missing, why: Cut::Snaplen };
        self.transport(packet.protocol, body, &meta, depth, sink);
    }

    /// Reads what fragments made, extension headers of the fragmented part included.
    fn joined(&mut self, joined: &Joined, depth: u8, sink: &mut Sink<'_>) {
        if self.tells_frames {
            sink(Event::Joined { told_as: joined.meta.frame, frames: &joined.frames });
        }
        match ip::extensions(joined.protocol, &joined.bytes) {
            Ok(chain) if chain.fragment.is_none() => {
                let body = Body { bytes: chain.rest, missing: joined.missing, why: joined.why };
                self.transport(chain.protocol, body, &joined.meta, depth, sink);
            }
            _ => self.stats.count(Undecoded::IpExtension),
        }
    }

    fn transport(
        &mut self,
        protocol: IpNumber,
        body: Body<'_>,
        meta: &Meta,
        depth: u8,
        sink: &mut Sink<'_>,
    ) {
        match protocol {
            ip_number::UDP => self.udp(body, meta, depth, sink),
            ip_number::TCP => self.tcp(body, meta, sink),
            ip_number::SCTP => self.sctp(body, meta, sink),
            ip_number::ICMP | ip_number::IPV6_ICMP => self.icmp(protocol, body, meta, sink),
            ip_number::IPV4 | ip_number::IPV6 => {
                self.layer(Layer::Ip(body.bytes), body.missing, *meta, depth + 1, sink);
            }
            ip_number::ENCAP_SEC => {
                if !self.esp(&body, meta, depth, sink) {
                    self.stats.count(Undecoded::Esp);
                    let origin = meta.origin(Transport::Udp, Ports::default(), body.cut());
                    self.sealed.tell(&origin, Seal::Esp(spi(body.bytes)), sink);
                }
            }
            ip_number::GRE => self.tunnel(protocol, &body, meta, depth, sink),
            IpNumber(other) if tunnel::is_tunnel_protocol(other) => {
                self.tunnel(protocol, &body, meta, depth, sink);
            }
            _ => self.stats.other_protocols += 1,
        }
    }

    /// RFC 768. A length field with more than there is, or less than a header, is ignored.
    fn udp(&mut self, mut body: Body<'_>, meta: &Meta, depth: u8, sink: &mut Sink<'_>) {
        const LENGTH: usize = 4;
        const HEADER: usize = 8;
        let Some((header, rest)) = body.bytes.split_first_chunk::<HEADER>() else {
            return self.short(&body, Undecoded::UdpHeader);
        };
        body.bytes = rest;
        if let Some(told) = usize::from(u16_at(header, LENGTH)).checked_sub(HEADER) {
            body.missing = body.missing.min(told.saturating_sub(rest.len()));
            body.bytes = first(rest, told);
        }
        let ports = Ports { src: u16_at(header, 0), dst: u16_at(header, 2) };
        if (ports.dst == dns::PORT || ports.src == dns::PORT)
            && body.missing == 0
            && let Some(message) = dns::read(body.bytes)
        {
            let origin = meta.origin(Transport::Udp, ports, body.cut());
            return sink(Event::Dns { origin: &origin, message });
        }
        let may_be_tunnel = tunnel::is_tunnel_port(ports.dst) || tunnel::is_tunnel_port(ports.src);
        if may_be_tunnel && self.udp_tunnel(ports, &body, meta, depth, sink) {
            return;
        }
        self.datagram(Transport::Udp, ports, &body, meta, sink);
    }

    fn datagram(
        &mut self,
        transport: Transport,
        ports: Ports,
        body: &Body<'_>,
        meta: &Meta,
        sink: &mut Sink<'_>,
    ) {
        if !may_be_sip(body.bytes) {
            self.stats.datagrams_not_sip += 1;
            if may_be_sigcomp(body.bytes.first(), ports) {
                let origin = meta.origin(transport, ports, body.cut());
                self.sealed.tell(&origin, Seal::SigComp, sink);
            }
            return;
        }
        self.stats.datagrams += 1;
        let origin = meta.origin(transport, ports, body.cut());
        if Hep::may_be(body.bytes)
            && self.streams.hep.packets(
                body.bytes,
                &origin,
                &self.limits,
                &mut self.stats.hep,
                sink,
            )
        {
            return;
        }
        sink(Event::Datagram { origin: &origin, bytes: body.bytes });
    }

    /// RFC 9260 §3: a DATA chunk is a message, or a fragment of one (§6.9).
    fn sctp(&mut self, body: Body<'_>, meta: &Meta, sink: &mut Sink<'_>) {
        const DATA: u8 = 0;
        const CHUNK_HEADER: usize = 4;
        const DATA_HEADER: usize = 12;
        let Some((header, mut rest)) = body.bytes.split_first_chunk::<12>() else {
            return self.short(&body, Undecoded::SctpHeader);
        };
        let ports = Ports { src: u16_at(header, 0), dst: u16_at(header, 2) };
        while let Some((chunk, behind)) = rest.split_first_chunk::<CHUNK_HEADER>() {
            let Some(told) = usize::from(u16_at(chunk, 2)).checked_sub(CHUNK_HEADER) else {
                return self.stats.count(Undecoded::SctpHeader);
            };
            let value = first(behind, told);
            if chunk[0] == DATA
                && let Some((data_header, data)) = value.split_first_chunk::<DATA_HEADER>()
            {
                let missing = body.missing.min(told - value.len());
                let data = Body { bytes: data, missing, why: body.why };
                let place = Place::new(chunk[1], u32_at(data_header, 0));
                if place.is_whole() {
                    self.datagram(Transport::Sctp, ports, &data, meta, sink);
                } else {
                    self.sctp_fragment(place, &data, ports, meta, sink);
                }
            }
            rest = behind.get(told.next_multiple_of(4)..).unwrap_or_default();
        }
    }

    fn sctp_fragment(
        &mut self,
        place: Place,
        data: &Body<'_>,
        ports: Ports,
        meta: &Meta,
        sink: &mut Sink<'_>,
    ) {
        if let Some(message) = self.messages.add(place, data, ports, meta) {
            self.sctp_message(&message, sink);
        }
        while let Some(cut) = self.messages.evicted(&self.limits, &mut self.stats) {
            self.sctp_message(&cut, sink);
        }
    }

    fn sctp_message(&mut self, message: &sctp::Message, sink: &mut Sink<'_>) {
        if self.tells_frames {
            sink(Event::Joined { told_as: message.meta.frame, frames: &message.frames });
        }
        let body = Body { bytes: &message.bytes, missing: message.missing, why: message.why };
        self.datagram(Transport::Sctp, message.ports, &body, &message.meta, sink);
    }

    /// RFC 9293 §3.1. Options cut by the capture leave a segment without captured payload.
    fn tcp(&mut self, body: Body<'_>, meta: &Meta, sink: &mut Sink<'_>) {
        const HEADER: usize = 20;
        const SEQUENCE: usize = 4;
        const ACKNOWLEDGMENT: usize = 8;
        const DATA_OFFSET: usize = 12;
        const FLAGS: usize = 13;
        const FIN: u8 = 0x01;
        const SYN: u8 = 0x02;
        const RST: u8 = 0x04;
        const ACK: u8 = 0x10;
        let Some((header, rest)) = body.bytes.split_first_chunk::<HEADER>() else {
            return self.short(&body, Undecoded::TcpHeader);
        };
        let options = usize::from(header[DATA_OFFSET] >> 4) * 4;
        let Some(options) = options.checked_sub(HEADER) else {
            return self.stats.count(Undecoded::TcpHeader);
        };
        let lacking = options.saturating_sub(rest.len());
        if lacking > body.missing {
            return self.stats.count(Undecoded::TcpHeader);
        }
        let flags = header[FLAGS];
        let segment = Segment {
            seq: u32_at(header, SEQUENCE),
            ack: (flags & ACK != 0).then(|| u32_at(header, ACKNOWLEDGMENT)),
            syn: flags & SYN != 0,
            fin: flags & FIN != 0,
            rst: flags & RST != 0,
            bytes: rest.get(options..).unwrap_or_default(),
            missing: (body.missing - lacking) as u64,
        };
        let ports = Ports { src: u16_at(header, 0), dst: u16_at(header, 2) };
        let cut = if segment.missing > 0 { body.cut() } else { None };
        let origin = meta.origin(Transport::Tcp, ports, cut);
        if self.tells_frames {
            sink(Event::Segment { origin: &origin });
        }
        self.streams.segment(&segment, origin, &self.limits, &mut self.stats, sink);
    }

    fn icmp(&mut self, protocol: IpNumber, body: Body<'_>, meta: &Meta, sink: &mut Sink<'_>) {
        let message =
            if protocol == ip_number::ICMP { icmp::v4(body.bytes) } else { icmp::v6(body.bytes) };
        let message = match message {
            Ok(Some(message)) => message,
            Ok(None) => return,
            Err(why) => return self.short(&body, why),
        };
        match message.quotation() {
            Ok(Some(quotation)) => {
                self.stats.icmp_errors += 1;
                if let Some((src, dst)) = quotation.tcp() {
                    self.streams.answered_by_icmp(src, dst);
                }
                let transport = quotation.transport();
                let origin = meta.origin(transport, Ports::default(), body.cut());
                sink(Event::Icmp(message.event(&quotation, &origin)));
            }
            Ok(None) => self.stats.icmp_unusable += 1,
            Err(_) => self.short(&body, Undecoded::IcmpHeader),
        }
    }

    /// A header that is too short is the packet's fault only if the capture did not cut it.
    fn short(&mut self, body: &Body<'_>, why: Undecoded) {
        if body.missing == 0 {
            self.stats.count(why);
        }
    }
}

#[cfg(test)]
mod carried;
#[cfg(test)]
mod tests;
