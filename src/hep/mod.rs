//! The wire format of HEP, the Homer Encapsulation Protocol: shared by listener, decoder and sender.
//!
//! An agent beside a SIP server wraps every message it sees, with addresses and time, and sends it to
//! a collector. Version 3 (<https://github.com/sipcapture/HEP>) is a list of chunks and goes over UDP
//! and TCP; versions 1 and 2 are fixed headers over UDP.

mod encode;
mod legacy;
mod packet;
mod sender;
mod stream;
#[cfg(test)]
mod tests;

pub use encode::{Item, encode};
pub use legacy::is_legacy_header;
pub use packet::{Broken, Packet, Payload, read};
pub use sender::{Sender, SenderCounts};
pub use stream::{Framer, is_inside};

/// What every packet of version 3 begins with.
pub const MAGIC: &[u8; 4] = b"HEP3";

/// The protocol type of SIP.
pub const TYPE_SIP: u8 = 1;

/// Chunks of the generic vendor 0x0000.
mod chunk {
    pub(super) const FAMILY: u16 = 0x0001;
    pub(super) const PROTOCOL: u16 = 0x0002;
    pub(super) const SRC_V4: u16 = 0x0003;
    pub(super) const DST_V4: u16 = 0x0004;
    pub(super) const SRC_V6: u16 = 0x0005;
    pub(super) const DST_V6: u16 = 0x0006;
    pub(super) const SRC_PORT: u16 = 0x0007;
    pub(super) const DST_PORT: u16 = 0x0008;
    pub(super) const SECONDS: u16 = 0x0009;
    pub(super) const MICROSECONDS: u16 = 0x000a;
    pub(super) const TYPE: u16 = 0x000b;
    pub(super) const CAPTURE_ID: u16 = 0x000c;
    pub(super) const KEY: u16 = 0x000e;
    pub(super) const PAYLOAD: u16 = 0x000f;
    pub(super) const COMPRESSED: u16 = 0x0010;
    pub(super) const VLAN: u16 = 0x0012;
    pub(super) const NODE: u16 = 0x0013;
    pub(super) const SRC_MAC: u16 = 0x0014;

    /// Vendor, type and length.
    pub(super) const HEADER: usize = 6;
}

/// Numbers in the field for the IP protocol; agents inside SIP servers use two that are free for what
/// rides on TCP (Kamailio's siptrace, Sofia's capture: "fake protocol").
mod protocol {
    pub(super) const TCP: u8 = 6;
    pub(super) const UDP: u8 = 17;
    /// XNS IDP, for TLS.
    pub(super) const TLS: u8 = 22;
    /// ESP, for WebSocket with or without TLS.
    pub(super) const WEBSOCKET: u8 = 50;
    pub(super) const SCTP: u8 = 132;
}
