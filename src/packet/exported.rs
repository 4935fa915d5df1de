//! Reads what Wireshark exports as protocol data units: a payload behind tags that say where it was seen.
//!
//! Messages from inside TLS are passed on like this, without the keys
//! (<https://www.tcpdump.org/linktypes.html>, `wsutil/exported_pdu_tlvs.h` of Wireshark).

use std::net::IpAddr;

use etherparse::IpNumber;

use super::field::u16_at;
use super::link::Layer;
use super::meta::{Meta, Ports};
use crate::net::Transport;

/// The link type of exported units.
pub(super) const UPPER_PDU: u32 = 252;

/// What a unit is.
#[derive(Debug)]
pub(super) enum Unit<'a> {
    /// What a transport carried, or something above that.
    Payload(Transport, Ports, &'a [u8]),
    /// What IP carried.
    Transport(IpNumber, &'a [u8]),
    /// A packet from IP or Ethernet on.
    Packet(Layer<'a>),
}

/// Reads the tags of a unit, of which addresses go to `meta`.
pub(super) fn unit<'a>(bytes: &'a [u8], meta: &mut Meta) -> Option<Unit<'a>> {
    let (mut name, mut value) = (&[][..], 0);
    let (mut transport, mut ports) = (Transport::Udp, Ports::default());
    let mut rest = bytes;
    loop {
        let (header, behind) = rest.split_first_chunk::<4>()?;
        let (field, behind) = behind.split_at_checked(u16_at(header, 2).into())?;
        rest = behind;
        match u16_at(header, 0) {
            0 => break,
            12..=14 => name = field.split(|byte| *byte == 0).next().unwrap_or_default(),
            20 | 22 => meta.src = address(field)?,
            21 | 23 => meta.dst = address(field)?,
            24 => transport = carrier(number(field)?),
            25 => ports.src = u16::try_from(number(field)?).ok()?,
            26 => ports.dst = u16::try_from(number(field)?).ok()?,
            32 => value = number(field)?,
            _ => {}
        }
    }
    Some(match name {
        b"ip" | b"ipv6" | b"raw_ip" => Unit::Packet(Layer::Ip(rest)),
        b"eth" | b"eth_withfcs" | b"eth_withoutfcs" | b"eth_maybefcs" => {
            Unit::Packet(Layer::Ethernet(rest))
        }
        b"ip.proto" => Unit::Transport(IpNumber(u8::try_from(value).ok()?), rest),
        b"udp" => Unit::Transport(etherparse::ip_number::UDP, rest),
        b"tcp" => Unit::Transport(etherparse::ip_number::TCP, rest),
        _ => Unit::Payload(transport, ports, rest),
    })
}

fn address(field: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(field).map(IpAddr::from);
    <[u8; 16]>::try_from(field).map(IpAddr::from).or_else(|_| v4()).ok()
}

fn number(field: &[u8]) -> Option<u32> {
    field.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

const fn carrier(kind: u32) -> Transport {
    match kind {
        1 => Transport::Sctp,
        2 => Transport::Tcp,
        _ => Transport::Udp,
    }
}

#[cfg(test)]
mod tests;
