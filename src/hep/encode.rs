//! Writes HEP version 3 packets.

use std::net::IpAddr;

use super::{MAGIC, TYPE_SIP, chunk, protocol};
use crate::net::{Endpoint, Timestamp, Transport};

/// What goes into a packet beside the message.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// When the message was seen.
    pub time: Timestamp,
    /// Its sender.
    pub src: Endpoint,
    /// Its receiver.
    pub dst: Endpoint,
    /// What carried it.
    pub transport: Transport,
    /// The message.
    pub bytes: &'a [u8],
}

/// Appends the packet of a message to `out`; false, and nothing appended, if it is too long for one.
///
/// `node` and `key` are left out when empty. Addresses of two families, which nothing has, are both
/// written as IPv6.
#[must_use]
pub fn encode(
    item: &Item<'_>,
    capture_id: u32,
    node: &[u8],
    key: &[u8],
    out: &mut Vec<u8>,
) -> bool {
    let start = out.len();
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&[0, 0]);
    let (secs, micros) = split(item.time);
    let number = match item.transport {
        Transport::Udp => protocol::UDP,
        Transport::Tcp => protocol::TCP,
        Transport::Tls => protocol::TLS,
        Transport::Ws | Transport::Wss => protocol::WEBSOCKET,
        Transport::Sctp => protocol::SCTP,
    };
    let fits = addresses(item, out)
        && put(out, chunk::PROTOCOL, &[number])
        && put(out, chunk::SRC_PORT, &item.src.port.to_be_bytes())
        && put(out, chunk::DST_PORT, &item.dst.port.to_be_bytes())
        && put(out, chunk::SECONDS, &secs.to_be_bytes())
        && put(out, chunk::MICROSECONDS, &micros.to_be_bytes())
        && put(out, chunk::TYPE, &[TYPE_SIP])
        && put(out, chunk::CAPTURE_ID, &capture_id.to_be_bytes())
        && (node.is_empty() || put(out, chunk::NODE, node))
        && (key.is_empty() || put(out, chunk::KEY, key))
        && put(out, chunk::PAYLOAD, item.bytes);
    let len = u16::try_from(out.len() - start).ok().filter(|_| fits);
    let field = out.get_mut(start + 4..start + 6);
    if let (Some(len), Some(field)) = (len, field) {
        field.copy_from_slice(&len.to_be_bytes());
        return true;
    }
    out.truncate(start);
    false
}

fn addresses(item: &Item<'_>, out: &mut Vec<u8>) -> bool {
    // the numbers of Linux, which every collector knows
    const INET: u8 = 2;
    const INET6: u8 = 10;
    if let (IpAddr::V4(src), IpAddr::V4(dst)) = (item.src.addr, item.dst.addr) {
        return put(out, chunk::FAMILY, &[INET])
            && put(out, chunk::SRC_V4, &src.octets())
            && put(out, chunk::DST_V4, &dst.octets());
    }
    let [src, dst] = [item.src.addr, item.dst.addr].map(|addr| match addr {
        IpAddr::V4(addr) => addr.to_ipv6_mapped().octets(),
        IpAddr::V6(addr) => addr.octets(),
    });
    put(out, chunk::FAMILY, &[INET6])
        && put(out, chunk::SRC_V6, &src)
        && put(out, chunk::DST_V6, &dst)
}

/// Appends a generic chunk; false if its value is too long.
fn put(out: &mut Vec<u8>, kind: u16, value: &[u8]) -> bool {
    let Ok(len) = u16::try_from(value.len() + chunk::HEADER) else { return false };
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(value);
    true
}

/// Seconds and microseconds, which the format counts in 32 bits each.
fn split(time: Timestamp) -> (u32, u32) {
    let secs = time.nanos().div_euclid(1_000_000_000);
    let micros = time.nanos().rem_euclid(1_000_000_000) / 1000;
    (u32::try_from(secs).unwrap_or(0), u32::try_from(micros).unwrap_or(0))
}
