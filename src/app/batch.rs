//! Batches of what the reader found, on their way to the worker.
//!
//! What a datagram holds may be found out by either: the reader hands it over unread when the worker has time.

use std::net::IpAddr;
use std::ops::Range;

use crate::log::{Said, Statement};
use crate::net::{Endpoint, FrameRef, HepAgent, Origin, Timestamp, Transport};
use crate::packet::{AgentEvent, ConnectionEvent, DnsMessage, IcmpError, IcmpKind};
use crate::registration::Reading;
use crate::sip::{Layout, Layouts, Message};

/// Messages and what the network says beside them, in order; emptied and used again.
#[derive(Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    layouts: Layouts,
    items: Vec<Item>,
    /// Datagrams that were not scanned yet.
    unread: Vec<Datagram>,
    /// Whether datagrams are put there.
    defers: bool,
}

/// All that a batch holds, in order.
#[derive(Clone, Copy)]
pub(super) struct View<'b> {
    bytes: &'b [u8],
    layouts: &'b Layouts,
    items: &'b [Item],
}

/// A datagram that was not scanned; its bytes are kept apart.
struct Datagram {
    clock: Timestamp,
    origin: Origin,
    bytes: Range<usize>,
    /// How many items came before it.
    behind: usize,
}

/// Room for reading what a batch holds, lent to one after the other.
#[derive(Default)]
pub(super) struct Room {
    items: Vec<Item>,
}

/// One thing found, its bytes aside, and the latest time of all packets read by then.
struct Item {
    clock: Timestamp,
    what: What,
}

#[expect(clippy::large_enum_variant, reason = "nearly all are messages, and boxes cost more")]
enum What {
    Message { origin: Origin, bytes: Range<usize>, layout: Layout, read: Reading },
    Icmp { origin: Origin, error: Icmp, quoted: Range<usize> },
    Connection(Box<ConnectionEvent>),
    Dns(Box<(Origin, DnsMessage)>),
    KeepAlive(Box<Origin>),
    Agent { agent: HepAgent, address: IpAddr, capture_id: Option<u32>, node: Range<usize> },
    Statement { at: FrameRef, time: Timestamp, statement: Box<Statement> },
    Said { at: FrameRef, said: Box<Said> },
}

/// An ICMP error, its origin and what it quotes aside.
#[derive(Clone, Copy)]
struct Icmp {
    kind: IcmpKind,
    on_wire: (u8, u8),
    src: Endpoint,
    dst: Endpoint,
    transport: Transport,
}

/// One thing of a batch, borrowed from it.
pub(super) enum Found<'a> {
    /// A SIP message.
    Message(&'a Origin, Message<'a>, &'a Reading),
    /// An ICMP error.
    Icmp(IcmpError<'a>),
    /// The fate of a connection.
    Connection(&'a ConnectionEvent),
    /// A question to a name server, or its reply.
    Dns(&'a Origin, &'a DnsMessage),
    /// A datagram of nothing but line ends.
    KeepAlive(&'a Origin),
    /// A HEP agent.
    Agent(AgentEvent<'a>),
    /// What a log states about a registration: its place and its turn.
    Statement(FrameRef, Timestamp, &'a Statement),
    /// A line of a log with no known meaning, and its place.
    Said(FrameRef, &'a Said),
}

impl Batch {
    /// Whether datagrams that come from now on are only copied, to be read by [`Self::read`].
    pub(super) const fn defer(&mut self, defers: bool) {
        self.defers = defers;
    }

    /// Copies a datagram, and looks for the messages in it unless that is left for later.
    pub(super) fn datagram(&mut self, clock: Timestamp, origin: &Origin, bytes: &[u8]) {
        let (datagram, kept) = (bytes, self.keep(bytes));
        if self.defers {
            let (origin, bytes, behind) = (*origin, kept, self.items.len());
            self.unread.push(Datagram { clock, origin, bytes, behind });
        } else {
            read_datagram(&mut self.items, &mut self.layouts, clock, origin, datagram, kept.start);
        }
    }

    /// Copies a message.
    pub(super) fn message(&mut self, clock: Timestamp, origin: &Origin, message: &Message<'_>) {
        let (bytes, layout) = (self.keep(message.raw()), self.layouts.note(message));
        push_message(&mut self.items, clock, origin, message, bytes, layout);
    }

    /// Everything in order, once the datagrams that were only copied are read: the same as if they had
    /// been read at once.
    pub(super) fn read(&mut self, room: &mut Room) -> View<'_> {
        if !self.unread.is_empty() {
            self.read_datagrams(room);
        }
        View { bytes: &self.bytes, layouts: &self.layouts, items: &self.items }
    }

    fn read_datagrams(&mut self, room: &mut Room) {
        let Self { bytes: all, layouts, items, unread, .. } = self;
        let Room { items: read } = room;
        let (mut others, mut moved) = (items.drain(..), 0);
        for Datagram { clock, origin, bytes, behind } in unread.drain(..) {
            read.extend(others.by_ref().take(behind - moved));
            moved = behind;
            let datagram = all.get(bytes.clone()).unwrap_or_default();
            read_datagram(read, layouts, clock, &origin, datagram, bytes.start);
        }
        read.extend(others);
        std::mem::swap(items, read);
    }

    /// Copies an ICMP error.
    pub(super) fn icmp(&mut self, clock: Timestamp, error: &IcmpError<'_>) {
        let quoted = self.keep(error.quoted);
        let copy = Icmp {
            kind: error.kind,
            on_wire: (error.icmp_type, error.icmp_code),
            src: error.quoted_src,
            dst: error.quoted_dst,
            transport: error.quoted_transport,
        };
        let what = What::Icmp { origin: *error.origin, error: copy, quoted };
        self.items.push(Item { clock, what });
    }

    /// Takes in the fate of a connection.
    pub(super) fn connection(&mut self, clock: Timestamp, event: ConnectionEvent) {
        self.items.push(Item { clock, what: What::Connection(Box::new(event)) });
    }

    /// Takes in a question to a name server, or its reply.
    pub(super) fn dns(&mut self, clock: Timestamp, origin: &Origin, message: DnsMessage) {
        self.items.push(Item { clock, what: What::Dns(Box::new((*origin, message))) });
    }

    /// Copies what a HEP agent reports about itself.
    pub(super) fn agent(&mut self, clock: Timestamp, event: &AgentEvent<'_>) {
        let AgentEvent { agent, address, capture_id, node } = *event;
        let what = What::Agent { agent, address, capture_id, node: self.keep(node) };
        self.items.push(Item { clock, what });
    }

    /// Takes in what a log states about a registration.
    pub(super) fn statement(
        &mut self,
        clock: Timestamp,
        at: FrameRef,
        time: Timestamp,
        statement: Statement,
    ) {
        let what = What::Statement { at, time, statement: Box::new(statement) };
        self.items.push(Item { clock, what });
    }

    /// Takes in a line of a log with no known meaning.
    pub(super) fn said(&mut self, clock: Timestamp, at: FrameRef, said: Said) {
        self.items.push(Item { clock, what: What::Said { at, said: Box::new(said) } });
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    /// Hands out everything in order, each with the clock at it.
    pub(super) fn take(&mut self, mut sink: impl FnMut(Timestamp, Found<'_>)) {
        let view = self.read(&mut Room::default());
        for place in 0..view.len() {
            if let Some((clock, found)) = view.get(place) {
                sink(clock, found);
            }
        }
        self.clear();
    }

    /// Forgets everything; the room stays.
    pub(super) fn clear(&mut self) {
        self.items.clear();
        self.unread.clear();
        self.layouts.clear();
        self.bytes.clear();
    }

    /// Whether it holds `limit` bytes, records included.
    pub(super) fn is_full(&self, limit: usize) -> bool {
        let items = self.items.len() * size_of::<Item>();
        let unread = self.unread.len() * size_of::<Datagram>();
        self.bytes.len() + self.layouts.bytes() + items + unread >= limit
    }
}

/// Adds the messages in a datagram that is kept from `start` on.
fn read_datagram(
    items: &mut Vec<Item>,
    layouts: &mut Layouts,
    clock: Timestamp,
    origin: &Origin,
    datagram: &[u8],
    start: usize,
) {
    // RFC 5626 §4.4.1, and the blanks that some devices send instead
    if datagram.len() <= 16 && datagram.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b' ')) {
        items.push(Item { clock, what: What::KeepAlive(Box::new(*origin)) });
        return;
    }
    layouts.each_in_datagram(datagram, origin.path.cut.is_some(), |message, layout| {
        let raw = message.raw();
        let first = start + (raw.as_ptr().addr() - datagram.as_ptr().addr());
        push_message(items, clock, origin, message, first..first + raw.len(), layout);
    });
}

/// Adds a message whose bytes are kept at `bytes`. What the model asks of it is read in place, because a
/// `Reading` is long and would be copied twice.
#[inline]
fn push_message(
    items: &mut Vec<Item>,
    clock: Timestamp,
    origin: &Origin,
    message: &Message<'_>,
    bytes: Range<usize>,
    layout: Layout,
) {
    let what = What::Message { origin: *origin, bytes, layout, read: Reading::default() };
    items.push(Item { clock, what });
    if let Some(Item { what: What::Message { read, .. }, .. }) = items.last_mut() {
        read.fill(origin, message);
    }
}

impl<'b> View<'b> {
    /// How many things there are.
    pub(super) const fn len(self) -> usize {
        self.items.len()
    }

    /// The thing at `place`, and the clock at it.
    #[inline]
    pub(super) fn get(self, place: usize) -> Option<(Timestamp, Found<'b>)> {
        let Item { clock, what } = self.items.get(place)?;
        let found = match what {
            What::Message { origin, bytes, layout, read } => {
                let message = self.layouts.message(self.bytes(bytes), layout);
                Found::Message(origin, message, read)
            }
            What::Icmp { origin, error, quoted } => Found::Icmp(IcmpError {
                origin,
                kind: error.kind,
                icmp_type: error.on_wire.0,
                icmp_code: error.on_wire.1,
                quoted_src: error.src,
                quoted_dst: error.dst,
                quoted_transport: error.transport,
                quoted: self.bytes(quoted),
            }),
            What::Connection(event) => Found::Connection(event),
            What::Statement { at, time, statement } => Found::Statement(*at, *time, statement),
            What::Said { at, said } => Found::Said(*at, said),
            What::Dns(seen) => Found::Dns(&seen.0, &seen.1),
            What::KeepAlive(origin) => Found::KeepAlive(origin),
            What::Agent { agent, address, capture_id, node } => {
                let (agent, address, capture_id) = (*agent, *address, *capture_id);
                let node = self.bytes(node);
                Found::Agent(AgentEvent { agent, address, capture_id, node })
            }
        };
        Some((*clock, found))
    }

    /// The bytes and readings of the messages from `place` on.
    pub(super) fn readings(
        self,
        place: usize,
    ) -> impl Iterator<Item = (&'b [u8], &'b Reading)> + Clone {
        let items = self.items.get(place..).unwrap_or_default();
        items.iter().filter_map(move |item| match &item.what {
            What::Message { bytes, read, .. } => Some((self.bytes(bytes), read)),
            _ => None,
        })
    }

    fn bytes(self, range: &Range<usize>) -> &'b [u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::net::{FileId, FrameRef, PathInfo};

    #[test]
    fn what_goes_in_comes_out() {
        let end = Endpoint::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5060);
        let origin = Origin {
            time: Timestamp::from_parts(1, 0),
            frame: FrameRef::new(FileId::default(), 7),
            src: end,
            dst: end,
            transport: Transport::Udp,
            path: PathInfo::default(),
        };
        let texts = [
            &b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\nTo: <sip:a@b>\r\n\r\nbody"[..],
            b"SIP/2.0 200 OK\r\nCall-ID: 2\r\nCSeq: 3 REG",
        ];
        let mut batch = Batch::default();
        for text in texts {
            let message = Message::parse(text, true).unwrap();
            batch.message(origin.time, &origin, &message);
        }
        assert!(batch.is_full(1));
        let mut out = Vec::new();
        batch.take(|clock, found| {
            let Found::Message(origin, message, _) = found else { panic!("no message") };
            assert_eq!((clock, origin.frame.number()), (origin.time, 7));
            let same = Message::parse(texts[out.len()], true).unwrap();
            assert_eq!(format!("{message:?}"), format!("{same:?}"));
            out.push(message.is_cut());
        });
        assert_eq!(out, [false, true]);
        assert!(!batch.is_full(1));
    }
}
