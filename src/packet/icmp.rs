//! Reads ICMP and ICMPv6 errors and the packet they quote (RFC 792, RFC 4443).

use etherparse::icmpv4::DestUnreachableHeader as V4Unreachable;
use etherparse::icmpv6::DestUnreachableCode as V6Unreachable;
use etherparse::{Icmpv4Slice, Icmpv4Type, Icmpv6Slice, Icmpv6Type, IpNumber, ip_number};

use super::event::{IcmpError, IcmpKind};
use super::field::{after, u16_at};
use super::ip;
use super::meta::Ports;
use super::stats::Undecoded;
use crate::net::{Endpoint, Origin, Transport};

/// An error message before its quotation is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    kind: IcmpKind,
    icmp_type: u8,
    icmp_code: u8,
    quoted: &'a [u8],
}

/// The error in an ICMP message; none for echo and the like.
pub(super) fn v4(bytes: &[u8]) -> Result<Option<Message<'_>>, Undecoded> {
    let message = Icmpv4Slice::from_slice(bytes).map_err(|_| Undecoded::IcmpHeader)?;
    let kind = match message.icmp_type() {
        Icmpv4Type::DestinationUnreachable(header) => match header {
            V4Unreachable::Port => IcmpKind::PortUnreachable,
            V4Unreachable::FragmentationNeeded { .. } => IcmpKind::TooBig,
            V4Unreachable::NetworkProhibited
            | V4Unreachable::HostProhibited
            | V4Unreachable::FilterProhibited
            | V4Unreachable::HostPrecedenceViolation
            | V4Unreachable::PrecedenceCutoff => IcmpKind::Prohibited,
            V4Unreachable::Protocol => IcmpKind::Other,
            _ => IcmpKind::HostUnreachable,
        },
        Icmpv4Type::TimeExceeded(_) => IcmpKind::TimeExceeded,
        Icmpv4Type::ParameterProblem(_) => IcmpKind::Other,
        _ => return Ok(None),
    };
    Ok(Some(Message {
        kind,
        icmp_type: message.type_u8(),
        icmp_code: message.code_u8(),
        quoted: message.payload(),
    }))
}

/// The error in an ICMPv6 message; none for echo, neighbor discovery and the like.
pub(super) fn v6(bytes: &[u8]) -> Result<Option<Message<'_>>, Undecoded> {
    let message = Icmpv6Slice::from_slice(bytes).map_err(|_| Undecoded::IcmpHeader)?;
    let kind = match message.icmp_type() {
        Icmpv6Type::DestinationUnreachable(code) => match code {
            V6Unreachable::Port => IcmpKind::PortUnreachable,
            V6Unreachable::Prohibited
            | V6Unreachable::SourceAddressFailedPolicy
            | V6Unreachable::RejectRoute => IcmpKind::Prohibited,
            V6Unreachable::NoRoute | V6Unreachable::BeyondScope | V6Unreachable::Address => {
                IcmpKind::HostUnreachable
            }
        },
        Icmpv6Type::PacketTooBig { .. } => IcmpKind::TooBig,
        Icmpv6Type::TimeExceeded(_) => IcmpKind::TimeExceeded,
        Icmpv6Type::ParameterProblem(_) => IcmpKind::Other,
        _ => return Ok(None),
    };
    Ok(Some(Message {
        kind,
        icmp_type: message.type_u8(),
        icmp_code: message.code_u8(),
        quoted: message.payload(),
    }))
}

/// The packet an error quotes, as far as it is quoted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quotation<'a> {
    src: Endpoint,
    dst: Endpoint,
    transport: Transport,
    payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads the quoted packet; none if it is a later fragment or carries another protocol.
    pub(super) fn quotation(&self) -> Result<Option<Quotation<'a>>, Undecoded> {
        let packet = ip::parse(self.quoted, 0)?;
        if packet.fragment.is_some_and(|fragment| fragment.offset > 0) {
            return Ok(None);
        }
        let Some(transport) = transport(packet.protocol) else { return Ok(None) };
        let (ports, _) = packet.payload.split_first_chunk::<4>().ok_or(Undecoded::IcmpHeader)?;
        let ports = Ports { src: u16_at(ports, 0), dst: u16_at(ports, 2) };
        Ok(Some(Quotation {
            src: Endpoint::new(packet.src, ports.src),
            dst: Endpoint::new(packet.dst, ports.dst),
            transport,
            payload: after(packet.payload, header_len(transport, packet.payload)),
        }))
    }

    /// The event this message makes.
    pub(super) fn event(&self, quotation: &Quotation<'a>, origin: &'a Origin) -> IcmpError<'a> {
        IcmpError {
            origin,
            kind: self.kind,
            icmp_type: self.icmp_type,
            icmp_code: self.icmp_code,
            quoted_src: quotation.src,
            quoted_dst: quotation.dst,
            quoted_transport: quotation.transport,
            quoted: quotation.payload,
        }
    }
}

impl Quotation<'_> {
    /// What carried the quoted packet.
    pub(super) fn transport(&self) -> Transport {
        self.transport
    }

    /// The ends of the TCP connection the error is about.
    pub(super) fn tcp(&self) -> Option<(Endpoint, Endpoint)> {
        (self.transport == Transport::Tcp).then_some((self.src, self.dst))
    }
}

fn transport(protocol: IpNumber) -> Option<Transport> {
    match protocol {
        ip_number::UDP => Some(Transport::Udp),
        ip_number::TCP => Some(Transport::Tcp),
        ip_number::SCTP => Some(Transport::Sctp),
        _ => None,
    }
}

/// How many bytes of the quotation precede the payload.
fn header_len(transport: Transport, quoted: &[u8]) -> usize {
    const DATA_OFFSET: usize = 12;
    /// Common header and the header of a first data chunk (RFC 9260 §3.1, §3.3.1).
    const SCTP_DATA: usize = 12 + 16;
    match transport {
        Transport::Udp => 8,
        Transport::Sctp => SCTP_DATA,
        Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
            quoted.get(DATA_OFFSET).map_or(quoted.len(), |byte| usize::from(byte >> 4) * 4).max(20)
        }
    }
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;

    use super::*;

    fn quoted(payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 9)
            .udp(5061, 5060)
            .write(&mut bytes, payload)
            .unwrap();
        bytes
    }

    fn error(kind: u8, code: u8, quoted: &[u8]) -> Vec<u8> {
        [&[kind, code, 0, 0, 0, 0, 0, 0][..], quoted].concat()
    }

    #[test]
    fn kinds_of_icmp() {
        let quoted = quoted(b"REGISTER");
        let cases = [
            (3, 3, IcmpKind::PortUnreachable),
            (3, 1, IcmpKind::HostUnreachable),
            (3, 0, IcmpKind::HostUnreachable),
            (3, 13, IcmpKind::Prohibited),
            (3, 10, IcmpKind::Prohibited),
            (3, 4, IcmpKind::TooBig),
            (3, 2, IcmpKind::Other),
            (11, 0, IcmpKind::TimeExceeded),
            (12, 0, IcmpKind::Other),
        ];
        for (icmp_type, code, kind) in cases {
            let bytes = error(icmp_type, code, &quoted);
            let message = v4(&bytes).unwrap().unwrap();
            assert_eq!(message.kind, kind, "{icmp_type}/{code}");
            let quotation = message.quotation().unwrap().unwrap();
            assert_eq!((quotation.src.port, quotation.dst.port), (5061, 5060));
            assert_eq!(quotation.payload, b"REGISTER");
        }
        assert!(v4(&error(8, 0, b"ping")).unwrap().is_none());
    }

    #[test]
    fn kinds_of_icmpv6() {
        let cases = [
            (1, 4, IcmpKind::PortUnreachable),
            (1, 1, IcmpKind::Prohibited),
            (1, 3, IcmpKind::HostUnreachable),
            (2, 0, IcmpKind::TooBig),
            (3, 0, IcmpKind::TimeExceeded),
        ];
        for (icmp_type, code, kind) in cases {
            let bytes = error(icmp_type, code, b"");
            assert_eq!(v6(&bytes).unwrap().unwrap().kind, kind, "{icmp_type}/{code}");
        }
        assert!(v6(&error(128, 0, b"ping")).unwrap().is_none());
    }

    #[test]
    fn short_quotations() {
        let quoted = quoted(b"REGISTER");
        let eight = error(3, 3, &quoted[..28]);
        let quotation = v4(&eight).unwrap().unwrap().quotation().unwrap().unwrap();
        assert_eq!(quotation.payload, b"");
        let no_ports = error(3, 3, &quoted[..22]);
        assert!(v4(&no_ports).unwrap().unwrap().quotation().is_err());
        let mut later = quoted;
        later[7] = 1;
        let later = error(3, 3, &later);
        assert!(v4(&later).unwrap().unwrap().quotation().unwrap().is_none());
    }
}
