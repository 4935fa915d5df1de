//! Follows one TCP connection: who opened it, what became of it, and its two directions.

use std::sync::Arc;

use super::Segment;
use super::interest::Interest;
use super::key::{FlowKey, Way};
use super::reader::{Desk, Reader};
use super::reassembly::{Assembly, Data, Placed, Run};
use super::tls::{Readers, Sign, Tls};
use super::totals::Totals;
use crate::net::{Origin, Timestamp};
use crate::packet::event::{ConnectionEvent, ConnectionKind, Event, TlsSign};
use crate::packet::tls::TlsInfo;

/// SYNs closer than this are one SYN captured twice: the first retransmission comes after 200 ms or more
/// (RFC 6298 asks for a second).
const SAME_SYN_NANOS: i64 = 100_000_000;
/// How long a SYN must be unanswered before the end of the capture to be reported.
const NO_ANSWER_NANOS: i64 = 1_000_000_000;

/// One direction.
#[derive(Debug, Default)]
struct Side {
    assembly: Assembly,
    reader: Reader,
    /// When its first packet was captured.
    first: Option<Timestamp>,
    /// Sequence number of its SYN.
    isn: Option<u32>,
    /// Whether it sent anything but SYN and RST.
    spoke: bool,
    closed: bool,
}

/// A SYN without an answer so far.
#[derive(Debug)]
struct Opening {
    last: Origin,
    since: Timestamp,
    repeats: u32,
}

/// A connection.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each set once")]
#[derive(Debug)]
pub(super) struct Flow {
    /// Distinguishes connections of the same ends, and counts them in the order they appeared.
    pub(super) serial: u64,
    /// When its last packet was captured.
    pub(super) last: Timestamp,
    /// Both directions closed, or reset.
    pub(super) over: bool,
    /// Whether it is in the queue of connections that wait for a hole to be filled.
    pub(super) queued: bool,
    /// Whether it is in the list of connections that wait for keys.
    pub(super) listed: bool,
    /// What it held when that was counted last.
    pub(super) booked: Totals,
    up: Side,
    down: Side,
    client: Way,
    opening: Option<Box<Opening>>,
    tls: Tls,
    told_tls: bool,
    failed: bool,
    /// Whether it became a WebSocket connection, in both directions at once (RFC 6455 §1.3).
    websocket: bool,
}

impl Flow {
    /// A connection whose first packet has the direction `way`.
    pub(super) fn new(serial: u64, way: Way, segment: &Segment<'_>, origin: &Origin) -> Self {
        let from_server = match (segment.syn, segment.ack) {
            (true, None) => false,
            (true, Some(_)) => true,
            // its beginning was not captured: servers have the lower port
            (false, _) => origin.src.port < origin.dst.port,
        };
        Self {
            serial,
            last: origin.time,
            over: false,
            queued: false,
            listed: false,
            booked: Totals::default(),
            up: Side::default(),
            down: Side::default(),
            client: if from_server { way.back() } else { way },
            opening: None,
            tls: Tls::default(),
            told_tls: false,
            failed: false,
            websocket: false,
        }
    }

    /// Whether a segment cannot belong to this connection any more: its ends open a new one.
    pub(super) fn is_succeeded_by(&self, way: Way, segment: &Segment<'_>) -> bool {
        let side = self.side(way);
        if !segment.syn || side.isn == Some(segment.seq) {
            return false;
        }
        if side.isn.is_some() {
            return true;
        }
        // a SYN captured late, or the first packet of this side
        let late = side.assembly.is_just_before(segment.seq);
        self.over || (side.spoke && !late)
    }

    /// Takes in a segment.
    pub(super) fn segment(
        &mut self,
        way: Way,
        segment: &Segment<'_>,
        origin: &mut Origin,
        desk: &mut Desk<'_, '_>,
    ) {
        self.last = origin.time;
        origin.path.peer_seen = self.side(way.back()).first.is_some();
        let side = self.side_mut(way);
        let joins = side.first.is_none() && !segment.syn && !segment.rst;
        side.first.get_or_insert(origin.time);
        if joins && self.side(way.back()).reader.is_of_use() {
            self.tell(ConnectionKind::Joined, way, origin, None, desk);
        }
        if self.over {
            desk.stats.tcp_retransmitted += u64::from(segment.len() > 0);
            return;
        }
        if segment.rst {
            return self.reset(way, origin, desk);
        }
        if segment.syn {
            self.syn(way, segment, origin);
        } else {
            self.side_mut(way).spoke = true;
            self.opening = None;
        }
        if let Some(ack) = segment.ack {
            self.acked(way.back(), ack, origin, desk);
        }
        let was_closed = self.up.closed || self.down.closed;
        self.data(way, segment, origin, desk);
        if !was_closed && (self.up.closed || self.down.closed) {
            let by_server = way != self.client;
            self.tell(ConnectionKind::Closed { by_server }, way, origin, None, desk);
        }
        self.over = self.up.closed && self.down.closed;
        if self.over {
            self.end_tls(desk);
        }
    }

    /// Notes that what was sent in direction `way` has arrived up to `ack`; most often nothing waits to be handed on.
    fn acked(&mut self, way: Way, ack: u32, origin: &Origin, desk: &mut Desk<'_, '_>) {
        let by_server = way != self.client;
        let Side { assembly, reader, .. } = self.side_mut(way);
        if assembly.waiting().is_none() {
            assembly.peer_acked(ack, &mut |_| {});
            if by_server && assembly.misses_more() && !reader.is_deaf() {
                self.tell(ConnectionKind::Missed, way.back(), origin, None, desk);
            }
            return;
        }
        self.pump(way, desk, |assembly, _, out| assembly.peer_acked(ack, out), origin);
    }

    /// Notes an ICMP error about this connection: its SYN has an answer.
    pub(super) fn answered_by_icmp(&mut self) {
        self.opening = None;
    }

    /// Gives up the holes before bytes captured at or before `until`.
    pub(super) fn skip_holes(
        &mut self,
        until: Timestamp,
        origin: &Origin,
        desk: &mut Desk<'_, '_>,
    ) {
        for way in [Way::Up, Way::Down] {
            while self.side(way).assembly.waiting().is_some_and(|held| held.time <= until) {
                self.pump(way, desk, |assembly, _, out| assembly.skip_hole(out), origin);
            }
        }
    }

    /// The frame of the bytes that wait longest.
    pub(super) fn waiting(&self) -> Option<&Origin> {
        let waiting = [&self.up, &self.down].map(|side| side.assembly.waiting());
        waiting.into_iter().flatten().min_by_key(|origin| origin.time)
    }

    /// About what its segments behind holes take.
    pub(super) fn held_bytes(&self) -> usize {
        self.up.assembly.held_memory() + self.down.assembly.held_memory()
    }

    /// About what it takes itself, its place in the tables and TLS included.
    pub(super) fn state_bytes(&self) -> usize {
        /// The key and the place of a connection in a table that is half empty after it grew, its
        /// appointments, and what the allocator adds.
        const PLACE: usize = 2 * (size_of::<FlowKey>() + size_of::<usize>()) + 160;
        let opening = self.opening.as_ref().map_or(0, |_| size_of::<Opening>());
        let readers = self.up.reader.memory() + self.down.reader.memory();
        PLACE + size_of::<Self>() + opening + readers + self.tls.memory()
    }

    /// How much is lost when it is forgotten, the least first.
    pub(super) fn interest(&self) -> Interest {
        let readers = [&self.up.reader, &self.down.reader];
        let one_sided = self.up.first.is_none() || self.down.first.is_none();
        if self.over {
            Interest::Over
        } else if readers.iter().any(|reader| reader.is_of_use()) {
            if one_sided { Interest::OfUseOneSided } else { Interest::OfUse }
        } else if one_sided {
            Interest::OneSided
        } else if readers.iter().all(|reader| reader.is_deaf()) {
            Interest::Ignored
        } else {
            Interest::Unknown
        }
    }

    /// How many bytes of TLS wait for keys.
    pub(super) fn sealed_bytes(&self) -> usize {
        self.tls.held_bytes()
    }

    /// Whether TLS records wait for keys.
    pub(super) fn waits_for_keys(&self) -> bool {
        self.tls.is_waiting()
    }

    /// Whether it stays on the list of those that wait for keys.
    pub(super) fn stays_listed(&mut self) -> bool {
        self.listed = self.waits_for_keys();
        self.listed
    }

    /// Tries again to open what waits for keys; it leaves the list of those that do.
    pub(super) fn retry_tls(&mut self, desk: &mut Desk<'_, '_>) {
        self.listed = false;
        let (tls, mut readers) = self.tls_and_readers();
        let signs = tls.run(&mut readers, desk);
        self.websocket(desk);
        self.tell_tls(&signs, desk);
    }

    /// Stops waiting for keys.
    pub(super) fn give_up_tls(&mut self, desk: &mut Desk<'_, '_>) {
        let (tls, mut readers) = self.tls_and_readers();
        let signs = tls.give_up(&mut readers, desk);
        self.tell_tls(&signs, desk);
    }

    /// Ends what was read inside TLS: the connection is over.
    fn end_tls(&mut self, desk: &mut Desk<'_, '_>) {
        if self.waits_for_keys() && desk.keys.refresh().unwrap_or(false) {
            self.retry_tls(desk);
        }
        self.give_up_tls(desk);
        let (tls, mut readers) = self.tls_and_readers();
        for way in [Way::Up, Way::Down] {
            readers.of(way).finish(tls.take_lost(way), desk);
        }
        tls.account(desk);
    }

    fn tls_and_readers(&mut self) -> (&mut Tls, Readers<'_>) {
        let Self { tls, up, down, .. } = self;
        (tls, Readers { up: &mut up.reader, down: &mut down.reader })
    }

    /// Bytes of messages that are not yet whole.
    pub(super) fn unfinished_bytes(&self) -> usize {
        self.up.reader.held() + self.down.reader.held()
    }

    /// Gives up the messages that are not yet whole.
    pub(super) fn give_up_unfinished(&mut self, desk: &mut Desk<'_, '_>) {
        self.up.reader.give_up(desk);
        self.down.reader.give_up(desk);
    }

    /// Hands on what is left when the connection is forgotten at `now`.
    pub(super) fn finish(&mut self, now: Timestamp, desk: &mut Desk<'_, '_>) {
        self.close(desk);
        if let Some(opening) = self.opening.take()
            && (opening.repeats > 0 || now.nanos_since(opening.since) >= NO_ANSWER_NANOS)
        {
            let kind = ConnectionKind::NoAnswer { repeats: opening.repeats };
            let origin = opening.last;
            let event = ConnectionEvent { origin, since: opening.since, kind, tls: None };
            (desk.sink)(Event::Connection(event));
        }
        self.over = true;
    }

    fn syn(&mut self, way: Way, segment: &Segment<'_>, origin: &Origin) {
        let side = self.side_mut(way);
        side.isn = Some(segment.seq);
        side.assembly.open(segment.seq.wrapping_add(1));
        if segment.ack.is_some() {
            self.client = way.back();
            self.opening = None;
            return;
        }
        self.client = way;
        if let Some(opening) = &mut self.opening {
            if origin.time.nanos_since(opening.last.time) > SAME_SYN_NANOS {
                opening.repeats += 1;
                opening.last = *origin;
            }
        } else if self.side(way.back()).first.is_none() && !self.side(way).spoke {
            let opening = Opening { last: *origin, since: origin.time, repeats: 0 };
            self.opening = Some(Box::new(opening));
        }
    }

    fn reset(&mut self, way: Way, origin: &Origin, desk: &mut Desk<'_, '_>) {
        let by_server = way != self.client;
        let refused = self.opening.take().is_some();
        let established = by_server || self.side(self.client).spoke;
        let orderly = self.up.closed || self.down.closed;
        self.close(desk);
        self.over = true;
        if refused {
            if by_server {
                self.tell(ConnectionKind::Refused, way, origin, None, desk);
            }
        } else if established && !orderly && !self.failed {
            self.tell(ConnectionKind::Reset { by_server }, way, origin, None, desk);
        }
    }

    fn data(&mut self, way: Way, segment: &Segment<'_>, origin: &Origin, desk: &mut Desk<'_, '_>) {
        let data = Data {
            seq: segment.seq.wrapping_add(segment.syn.into()),
            bytes: segment.bytes,
            missing: segment.missing,
            fin: segment.fin,
        };
        let side = self.side_mut(way);
        if segment.len() == 0 && !segment.fin {
            if !segment.syn {
                side.assembly.hint(data.seq);
            }
            return;
        }
        if side.reader.is_deaf() {
            let news = side.assembly.is_news(data.seq);
            if !(news && side.reader.wakes_at(segment.bytes)) {
                side.assembly.pass(&data);
                side.closed |= segment.fin;
                return;
            }
            side.reader.wake();
            side.assembly.restart(data.seq);
        }
        let mut placed = Placed::Old;
        let limits = desk.limits;
        self.pump(
            way,
            desk,
            |assembly, origin, out| placed = assembly.push(&data, origin, limits, out),
            origin,
        );
        match placed {
            Placed::InOrder => {}
            Placed::Early => desk.stats.tcp_out_of_order += 1,
            Placed::Old => desk.stats.tcp_retransmitted += 1,
        }
    }

    /// Lets `work` move bytes through a direction, and judges what its reader saw.
    fn pump(
        &mut self,
        way: Way,
        desk: &mut Desk<'_, '_>,
        work: impl FnOnce(&mut Assembly, &Origin, &mut super::reassembly::Out<'_>),
        origin: &Origin,
    ) {
        let mut signs = Vec::new();
        let Self { up, down, tls, .. } = self;
        let (assembly, closed) = match way {
            Way::Up => (&mut up.assembly, &mut up.closed),
            Way::Down => (&mut down.assembly, &mut down.closed),
        };
        let mut readers = Readers { up: &mut up.reader, down: &mut down.reader };
        let from_start = assembly.is_from_start();
        work(assembly, origin, &mut |run| {
            desk.stats.tcp_lost_bytes += run.lost_before;
            if let Some(records) = readers.of(way).read(&run, from_start, desk) {
                let run = Run { bytes: &records.bytes, lost_before: records.lost_before, ..run };
                signs.extend(tls.read(way, &run, &mut readers, desk));
            }
        });
        if readers.of(way).is_deaf() {
            assembly.drop_held();
        }
        *closed |= assembly.has_ended();
        self.websocket(desk);
        self.tell_tls(&signs, desk);
    }

    /// What one direction showed of WebSocket is true of the other.
    fn websocket(&mut self, desk: &mut Desk<'_, '_>) {
        for way in [Way::Up, Way::Down] {
            if !self.websocket && self.side(way).reader.is_websocket() {
                self.websocket = true;
                desk.stats.flows_websocket += 1;
                self.side_mut(way.back()).reader.peer_is_websocket();
            }
        }
    }

    /// Reports what TLS showed: each kind of sign once.
    fn tell_tls(&mut self, signs: &[Sign], desk: &mut Desk<'_, '_>) {
        let known = self.told_tls || self.failed;
        for sign in signs {
            let (told, kind) = match sign.alert {
                Some(alert) => {
                    let by_server = sign.way != self.client;
                    (&mut self.failed, TlsSign::Failed { alert, by_server })
                }
                None => (&mut self.told_tls, TlsSign::Encrypted),
            };
            if !std::mem::replace(told, true) {
                let kind = ConnectionKind::Tls(kind);
                self.tell(kind, sign.way, &sign.origin, Some(&sign.info), desk);
            }
        }
        desk.stats.flows_tls += u64::from(!known && (self.told_tls || self.failed));
    }

    /// Reports an event in a frame of direction `way`, turned to go from client to server.
    fn tell(
        &self,
        kind: ConnectionKind,
        way: Way,
        origin: &Origin,
        tls: Option<&Arc<TlsInfo>>,
        desk: &mut Desk<'_, '_>,
    ) {
        let mut origin = *origin;
        if way != self.client {
            std::mem::swap(&mut origin.src, &mut origin.dst);
        }
        let since = self.side(self.client).first.unwrap_or(origin.time);
        let tls = tls.map(Arc::clone);
        (desk.sink)(Event::Connection(ConnectionEvent { origin, since, kind, tls }));
    }

    /// Ends both directions: nothing will follow.
    fn close(&mut self, desk: &mut Desk<'_, '_>) {
        for way in [Way::Up, Way::Down] {
            if let Some(origin) = self.side(way).assembly.waiting().copied() {
                self.pump(way, desk, |assembly, _, out| assembly.flush(out), &origin);
            }
            let Side { assembly, reader, closed, .. } = self.side_mut(way);
            assembly.flush(&mut |_| {});
            let lost = assembly.take_lost();
            if !reader.is_deaf() {
                desk.stats.tcp_lost_bytes += lost;
            }
            if !reader.is_tls() {
                reader.finish(lost, desk);
            }
            *closed = true;
        }
        self.end_tls(desk);
    }

    fn side(&self, way: Way) -> &Side {
        match way {
            Way::Up => &self.up,
            Way::Down => &self.down,
        }
    }

    fn side_mut(&mut self, way: Way) -> &mut Side {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }
}
