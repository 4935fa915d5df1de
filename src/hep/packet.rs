//! Reads a HEP packet of any version into its fields, without judging what they mean.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{MAGIC, chunk, legacy, protocol};
use crate::net::{Timestamp, Transport};

/// A HEP packet; what it does not contain is `None` or empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Packet<'a> {
    /// 1, 2 or 3.
    pub version: u8,
    /// The number in the field for the IP protocol.
    pub protocol: Option<u8>,
    /// The sender of what is inside; IPv4 where it was mapped into IPv6.
    pub src: Option<IpAddr>,
    /// Its receiver.
    pub dst: Option<IpAddr>,
    /// The sender's port; 0 if absent.
    pub src_port: u16,
    /// The receiver's port; 0 if absent.
    pub dst_port: u16,
    /// When the agent saw it, by the agent's clock.
    pub time: Option<Timestamp>,
    /// What the payload is: 1 is SIP.
    pub kind: Option<u8>,
    /// The number its operator gave the agent.
    pub capture_id: Option<u32>,
    /// The name its operator gave the agent.
    pub node: &'a [u8],
    /// The password it shows.
    pub key: Option<&'a [u8]>,
    /// The VLAN it was seen in.
    pub vlan: Option<u16>,
    /// The link-layer address it came from.
    pub mac: Option<[u8; 6]>,
    /// What was seen.
    pub payload: Payload<'a>,
    /// The payload reaches beyond the bytes there are.
    pub cut: bool,
}

/// What was seen, as it is in the packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Payload<'a> {
    /// The bytes themselves.
    Plain(&'a [u8]),
    /// Deflated bytes, with the header of zlib or gzip or none.
    Compressed(&'a [u8]),
}

impl Default for Payload<'_> {
    fn default() -> Self {
        Self::Plain(&[])
    }
}

/// A packet that calls itself HEP and cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken;

impl Packet<'_> {
    /// What carried the payload, as far as the agent reports it.
    #[must_use]
    pub fn transport(&self) -> Transport {
        match self.protocol {
            Some(protocol::TCP) => Transport::Tcp,
            Some(protocol::TLS) => Transport::Tls,
            Some(protocol::WEBSOCKET) => Transport::Ws,
            Some(protocol::SCTP) => Transport::Sctp,
            _ => Transport::Udp,
        }
    }

    /// Whether it shows this key; takes as long for one that is nearly right.
    #[must_use]
    pub fn shows(&self, key: &[u8]) -> bool {
        let shown = self.key.unwrap_or_default();
        let differ = shown.iter().zip(key).fold(0, |differ, (a, b)| differ | (a ^ b));
        shown.len() == key.len() && differ == 0
    }
}

/// Reads the packet at the start of `bytes` and says how long it is; `None` if they are no HEP.
///
/// Versions 1 and 2 have no mark of their own: they are believed when header length, family and
/// protocol agree and the payload begins as SIP does.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<(usize, Result<Packet<'_>, Broken>)> {
    match bytes.first()? {
        b'H' if bytes.starts_with(MAGIC) => {
            let told = bytes.get(4..6).map_or(0, number) as usize;
            let packet = bytes.get(6..told.min(bytes.len())).ok_or(Broken).and_then(chunks);
            Some((if packet.is_ok() { told } else { bytes.len() }, packet))
        }
        1 | 2 => Some((bytes.len(), Ok(legacy::read(bytes)?))),
        _ => None,
    }
}

/// The chunks of a packet of version 3. One that lies about its length ends the reading; what came
/// before counts.
fn chunks(mut rest: &[u8]) -> Result<Packet<'_>, Broken> {
    let mut packet = Packet { version: 3, ..Packet::default() };
    let (mut seconds, mut micros) = (None, 0);
    let mut found = false;
    while let Some((header, behind)) = rest.split_first_chunk::<{ chunk::HEADER }>() {
        let [v1, v2, t1, t2, l1, l2] = *header;
        let (vendor, kind) = (u16::from_be_bytes([v1, v2]), u16::from_be_bytes([t1, t2]));
        let told = usize::from(u16::from_be_bytes([l1, l2]));
        let Some(len) = told.checked_sub(chunk::HEADER) else { break };
        let (value, after) = behind.split_at_checked(len).unwrap_or((behind, &[]));
        let whole = value.len() == len;
        rest = after;
        match (vendor, kind) {
            (0, chunk::PAYLOAD | chunk::COMPRESSED) if !found => {
                found = true;
                packet.cut = !whole;
                let compressed = kind == chunk::COMPRESSED;
                packet.payload =
                    if compressed { Payload::Compressed(value) } else { Payload::Plain(value) };
            }
            (0, chunk::SECONDS) if len == 4 && whole => seconds = Some(number(value)),
            (0, chunk::MICROSECONDS) if len == 4 && whole => micros = number(value),
            (0, kind) if whole => field(&mut packet, kind, value),
            // a vendor's own, or cut
            _ => {}
        }
    }
    packet.time = seconds.map(|seconds| moment(seconds, micros));
    if found { Ok(packet) } else { Err(Broken) }
}

/// Takes in one generic chunk; one of an impossible length says nothing.
fn field<'a>(packet: &mut Packet<'a>, kind: u16, value: &'a [u8]) {
    let short = || u16::try_from(number(value)).unwrap_or(0);
    match (kind, value.len()) {
        (chunk::PROTOCOL, 1) => packet.protocol = value.first().copied(),
        (chunk::SRC_V4 | chunk::SRC_V6, _) => packet.src = address(value),
        (chunk::DST_V4 | chunk::DST_V6, _) => packet.dst = address(value),
        (chunk::SRC_PORT, 2) => packet.src_port = short(),
        (chunk::DST_PORT, 2) => packet.dst_port = short(),
        (chunk::TYPE, 1) => packet.kind = value.first().copied(),
        (chunk::CAPTURE_ID, 1..=4) => packet.capture_id = Some(number(value)),
        (chunk::KEY, _) => packet.key = Some(value),
        (chunk::NODE, _) => packet.node = value,
        (chunk::VLAN, 2) => packet.vlan = Some(short() & 0x0fff).filter(|vlan| *vlan > 0),
        (chunk::SRC_MAC, 6) => packet.mac = value.try_into().ok(),
        // the address chunks show the family; keep-alive timers and the like add nothing here
        _ => {}
    }
}

/// An address of four or sixteen bytes.
pub(super) fn address(value: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(value).map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes)));
    let v6 = || <[u8; 16]>::try_from(value).map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes)));
    v4.or_else(|_| v6()).ok().map(|addr| addr.to_canonical())
}

/// The big-endian number in at most four bytes.
pub(super) fn number(value: &[u8]) -> u32 {
    value.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

/// Seconds since the epoch, to 2106, and microseconds.
pub(super) fn moment(seconds: u32, micros: u32) -> Timestamp {
    Timestamp::from_parts(seconds.into(), i64::from(micros) * 1000)
}
