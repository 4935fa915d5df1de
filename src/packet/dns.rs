//! Reads DNS messages (RFC 1035 §4) as far as they show where a name leads.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::field::u16_at;

/// Where name servers listen.
pub(super) const PORT: u16 = 53;
/// The longest name, and the most labels of one (RFC 1035 §2.3.4).
const LONGEST_NAME: usize = 255;
/// The most records that are kept of one message.
const MOST_RECORDS: usize = 32;

/// What a name is asked for, as far as it matters to a device that looks for its registrar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DnsKind {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// The servers of a service (RFC 2782).
    Srv,
    /// The services of a domain (RFC 3403).
    Naptr,
}

impl DnsKind {
    const fn of(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::A),
            28 => Some(Self::Aaaa),
            33 => Some(Self::Srv),
            35 => Some(Self::Naptr),
            _ => None,
        }
    }

    /// Its name in zone files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Srv => "SRV",
            Self::Naptr => "NAPTR",
        }
    }
}

/// A question, or a reply to one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DnsMessage {
    /// The name that is asked for, in lower case, labels joined by dots, as on the wire otherwise.
    pub name: Box<[u8]>,
    /// What it is asked for.
    pub kind: DnsKind,
    /// What came back; `None` for a question.
    pub reply: Option<DnsReply>,
}

/// What a name server replied.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DnsReply {
    /// The response code: 0 for none, 2 for a server failure, 3 for a name that does not exist, 5 for refused.
    pub code: u8,
    /// Where the name leads: addresses, or other names that have to be asked for.
    pub leads: Vec<DnsLead>,
}

/// Where a record leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DnsLead {
    /// An address.
    Address(IpAddr),
    /// A name: the target of an SRV, the replacement of a NAPTR, the target of an alias.
    Name(Box<[u8]>),
}

/// Reads a message with one question of a kind that matters; `None` for any other.
pub(super) fn read(bytes: &[u8]) -> Option<DnsMessage> {
    const IS_REPLY: u16 = 0x8000;
    const OPCODE: u16 = 0x7800;
    const CUT: u16 = 0x0200;
    const CODE: u16 = 0x000f;
    let (header, _) = bytes.split_first_chunk::<12>()?;
    let flags = u16_at(header, 2);
    let [questions, answers] = [u16_at(header, 4), u16_at(header, 6)];
    if flags & OPCODE != 0 || questions != 1 {
        return None;
    }
    let (name, at) = name(bytes, 12)?;
    let (asked, _) = bytes.get(at..)?.split_first_chunk::<4>()?;
    let (kind, class) = (DnsKind::of(u16_at(asked, 0))?, u16_at(asked, 2));
    if class != 1 {
        return None;
    }
    // a reply that is cut is asked for again over TCP
    if flags & (IS_REPLY | CUT) == IS_REPLY | CUT {
        return None;
    }
    let reply = (flags & IS_REPLY != 0)
        .then(|| DnsReply { code: (flags & CODE) as u8, leads: leads(bytes, at + 4, answers) });
    Some(DnsMessage { name, kind, reply })
}

/// Where the answers lead, as far as they can be read.
fn leads(bytes: &[u8], mut at: usize, count: u16) -> Vec<DnsLead> {
    let mut all = Vec::new();
    for _ in 0..usize::from(count).min(MOST_RECORDS) {
        let Some((lead, next)) = record(bytes, at) else { break };
        all.extend(lead);
        at = next;
    }
    all
}

/// A resource record (RFC 1035 §4.1.3): where it leads, and where the next begins.
fn record(bytes: &[u8], at: usize) -> Option<(Option<DnsLead>, usize)> {
    const ALIAS: u16 = 5;
    let (_, at) = name(bytes, at)?;
    let (header, rest) = bytes.get(at..)?.split_first_chunk::<10>()?;
    let data = rest.get(..usize::from(u16_at(header, 8)))?;
    let start = at + 10;
    let named = |offset: usize| Some(DnsLead::Name(name(bytes, start + offset)?.0));
    let lead = match (u16_at(header, 0), data) {
        (1, &[a, b, c, d]) => Some(DnsLead::Address(Ipv4Addr::new(a, b, c, d).into())),
        (28, data) => {
            let octets = <[u8; 16]>::try_from(data).ok();
            octets.map(|octets| DnsLead::Address(Ipv6Addr::from(octets).into()))
        }
        (ALIAS, _) => named(0),
        // priority, weight, port
        (33, _) => named(6),
        // order, preference, then flags, service and regular expression as strings
        (35, data) => {
            let mut offset = 4;
            for _ in 0..3 {
                offset += 1 + usize::from(*data.get(offset)?);
            }
            named(offset)
        }
        _ => None,
    };
    // the root leads nowhere: there is no such service (RFC 2782)
    let lead = lead.filter(|lead| !matches!(lead, DnsLead::Name(name) if name.is_empty()));
    Some((lead, start + data.len()))
}

/// The name at `at`, and what follows it; `None` if it is longer than names are, or leads in circles.
fn name(bytes: &[u8], mut at: usize) -> Option<(Box<[u8]>, usize)> {
    const POINTER: u8 = 0xc0;
    let mut text = Vec::new();
    let mut after = None;
    loop {
        let length = *bytes.get(at)?;
        if length & POINTER == POINTER {
            let to = usize::from(length & !POINTER) << 8 | usize::from(*bytes.get(at + 1)?);
            after.get_or_insert(at + 2);
            // only backwards (RFC 1035 §4.1.4)
            if to >= at {
                return None;
            }
            at = to;
            continue;
        }
        if length & POINTER != 0 {
            return None;
        }
        let label = bytes.get(at + 1..at + 1 + usize::from(length))?;
        at += 1 + label.len();
        if label.is_empty() {
            return Some((text.into(), after.unwrap_or(at)));
        }
        if !text.is_empty() {
            text.push(b'.');
        }
        text.extend(label.iter().map(u8::to_ascii_lowercase));
        if text.len() > LONGEST_NAME {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(name: &str) -> Vec<u8> {
        let labels = name.split('.').filter(|label| !label.is_empty());
        let mut bytes: Vec<u8> = labels
            .flat_map(|label| [&[label.len() as u8][..], label.as_bytes()].concat())
            .collect();
        bytes.push(0);
        bytes
    }

    fn message(flags: u16, name: &str, kind: u16, answers: &[Vec<u8>]) -> Vec<u8> {
        let count = answers.len() as u16;
        let header = [0x1234, flags, 1, count, 0, 0].map(u16::to_be_bytes).concat();
        let question = [wire(name), [kind.to_be_bytes(), [0, 1]].concat()].concat();
        [header, question, answers.concat()].concat()
    }

    /// A record about the name of the question.
    fn answer(kind: u16, data: &[u8]) -> Vec<u8> {
        let length = (data.len() as u16).to_be_bytes();
        [&[0xc0, 12][..], &kind.to_be_bytes(), &[0, 1, 0, 0, 0, 60], &length, data].concat()
    }

    fn leads_of(kind: u16, answers: &[Vec<u8>]) -> Vec<DnsLead> {
        let bytes = message(0x8180, "_sip._udp.Voice.example", kind, answers);
        let read = read(&bytes).unwrap();
        assert_eq!(&*read.name, b"_sip._udp.voice.example");
        read.reply.unwrap().leads
    }

    #[test]
    fn questions_and_replies_are_read() {
        let question = read(&message(0x0100, "pbx.example", 1, &[])).unwrap();
        assert_eq!((question.kind, &question.reply), (DnsKind::A, &None));
        let none = read(&message(0x8183, "pbx.example", 35, &[])).unwrap();
        assert_eq!(none.reply, Some(DnsReply { code: 3, leads: Vec::new() }));
        let address = DnsLead::Address([192, 0, 2, 1].into());
        assert_eq!(leads_of(1, &[answer(1, &[192, 0, 2, 1])]), [address]);
        let named = |name: &str| DnsLead::Name(name.as_bytes().into());
        let srv = [&[0, 1, 0, 1, 0x13, 0xc4][..], &wire("a.example")].concat();
        assert_eq!(leads_of(33, &[answer(33, &srv)]), [named("a.example")]);
        let naptr = [&[0, 1, 0, 1, 1, b's', 7][..], b"SIP+D2U", &[0], &wire("b.example")].concat();
        assert_eq!(leads_of(35, &[answer(35, &naptr)]), [named("b.example")]);
        assert_eq!(leads_of(1, &[answer(5, &wire("c.example"))]), [named("c.example")]);
        let root = [&[0, 1, 0, 1, 0, 0][..], &wire("")].concat();
        assert_eq!(leads_of(33, &[answer(33, &root)]), []);
    }

    #[test]
    fn what_is_something_else_is_none() {
        for (what, bytes) in [
            ("PTR", message(0x0100, "1.2.0.192.in-addr.arpa", 12, &[])),
            ("an update", message(0x2800, "pbx.example", 1, &[])),
            ("a cut reply", message(0x8380, "pbx.example", 1, &[])),
            ("SIP", b"OPTIONS sip:a@b SIP/2.0\r\n\r\n".to_vec()),
            ("nothing", Vec::new()),
        ] {
            assert_eq!(read(&bytes), None, "{what}");
        }
    }

    #[test]
    fn hostile_messages_end() {
        let mut circle = message(0x0100, "a", 1, &[]);
        circle[12..14].copy_from_slice(&[0xc0, 12]);
        assert_eq!(read(&circle), None);
        let long = message(0x0100, &"a".repeat(60), 1, &[]);
        assert!(read(&long).is_some());
        let whole =
            message(0x8180, "pbx.example", 33, &[answer(33, &[0, 1, 0, 1, 0, 1, 0xc0, 12])]);
        for cut in 0..whole.len() {
            let _ = read(&whole[..cut]);
        }
        let many = vec![answer(1, &[192, 0, 2, 1]); 500];
        assert!(leads_of(1, &many).len() <= MOST_RECORDS);
    }
}
