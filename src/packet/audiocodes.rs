//! Reads the debug recording of `AudioCodes` gateways: what they sent and received, TLS in clear.
//!
//! There is no public specification; this follows what Wireshark reads (its protocol `acdr`).

use std::net::{IpAddr, Ipv4Addr};

use super::exported::Unit;
use super::field::{u16_at, u32_at};
use super::link::Layer;
use super::meta::{Meta, Ports};
use super::payload::may_be_sip;
use crate::net::Transport;

/// Bits of the byte that says what was done to a payload.
const HEADER_ADDED: u8 = 0x08;
const ENCRYPTED: u8 = 0x10;
/// What that byte was before it had a meaning.
const NOTHING_SAID: u8 = 0xaa;

/// Kinds of payload.
const SIP: u8 = 10;
const TLS: u8 = 33;
const TLS_PEEKED: u8 = 34;
/// The point of observation whose addresses are recorded.
const SYSTEM: u8 = 6;

/// Whether a datagram on the port of recordings is one: a version comes first, and no text.
pub(super) fn may_be(payload: &[u8]) -> bool {
    payload.first().is_some_and(|version| *version <= 9)
}

/// The recorded payload of a datagram; its addresses, if they are recorded, go to `meta`.
pub(super) fn unit<'a>(payload: &'a [u8], meta: &mut Meta) -> Option<Unit<'a>> {
    let version = *payload.first()?;
    // length of all before the extension; the identifiers of both ends had two bytes, and now four
    let (len, fields) = match version {
        0..=4 => (15, 11),
        5 | 6 => (19, 11),
        7 => (23, 11),
        8 => (24, 11),
        _ => (28, 15),
    };
    let &[done, point, kind, extension] = payload.get(fields..)?.first_chunk::<4>()?;
    let rest = payload.get(len..)?;
    let (extension, rest) =
        rest.split_at_checked(if version < 5 { 0 } else { extension.into() })?;
    if done & HEADER_ADDED != 0 && done != NOTHING_SAID {
        return matches!(*rest.first()? >> 4, 4 | 6).then_some(Unit::Packet(Layer::Ip(rest)));
    }
    let is_read = matches!(kind, SIP | TLS | TLS_PEEKED) && may_be_sip(rest);
    if !is_read || (done & ENCRYPTED != 0 && done != NOTHING_SAID) {
        return None;
    }
    let (transport, ports) = match kind {
        SIP if point == SYSTEM && version > 4 => in_clear(extension, meta)?,
        SIP => (Transport::Udp, Ports::default()),
        _ => (Transport::Tls, opened(extension, meta)?),
    };
    Some(Unit::Payload(transport, ports, rest))
}

/// Source, destination, their ports, IP protocol, direction.
fn in_clear(extension: &[u8], meta: &mut Meta) -> Option<(Transport, Ports)> {
    const TCP: u8 = etherparse::ip_number::TCP.0;
    let fields = extension.first_chunk::<14>()?;
    (meta.src, meta.dst) = (v4(u32_at(fields, 0)), v4(u32_at(fields, 4)));
    let ports = Ports { src: u16_at(fields, 8), dst: u16_at(fields, 10) };
    Some((if fields[12] == TCP { Transport::Tcp } else { Transport::Udp }, ports))
}

/// Ports, source, destination, application.
fn opened(extension: &[u8], meta: &mut Meta) -> Option<Ports> {
    let fields = extension.first_chunk::<12>()?;
    (meta.src, meta.dst) = (v4(u32_at(fields, 4)), v4(u32_at(fields, 8)));
    Some(Ports { src: u16_at(fields, 0), dst: u16_at(fields, 2) })
}

fn v4(bits: u32) -> IpAddr {
    Ipv4Addr::from_bits(bits).into()
}

#[cfg(test)]
mod tests;
