//! Finds every frame that is needed to read chosen messages again: fragments, chunks, connections,
//! errors, and the requests behind answers that are evidence.

use std::collections::VecDeque;
use std::hash::BuildHasher as _;
use std::net::IpAddr;

use crate::hashing::{HashMap, HashSet, Keyed};

use super::follow::Part;
use super::frames::FrameSet;
use crate::diagnosis::{Scene, diagnose_dn};
use crate::net::{Endpoint, FrameRef, Origin};
use crate::packet::{ConnectionEvent, Decoder, Event, IcmpError, Limits, StreamChunk, sieve};
use crate::report::View;
use crate::sip::{self, Message, Method};

/// Joined packets whose frames are remembered, and requests whose response may still come.
const REMEMBERED: usize = 1 << 16;

/// Two ends, whichever sends.
type Pair = (Endpoint, Endpoint);

fn pair(a: Endpoint, b: Endpoint) -> Pair {
    if a <= b { (a, b) } else { (b, a) }
}

/// What is looked for, and what was found.
#[derive(Default)]
pub(super) struct Wanted {
    /// The frames to copy.
    pub frames: FrameSet,
    /// The frames the model names.
    seeds: FrameSet,
    /// Ends between which messages went: errors about their packets are wanted.
    pairs: HashSet<Pair>,
    /// TCP connections that carried messages.
    connections: HashSet<Pair>,
    /// Call-IDs of the attempts and of requests that were not answered, hashed.
    calls: HashSet<u64>,
    /// Hosts whose requests for one of the DNs got no response or whose connections were refused, and where.
    in_vain: HashSet<(IpAddr, Endpoint)>,
    /// Call-IDs of requests that are cited: their responses are wanted, for they are not unanswered.
    answered: HashSet<u64>,
    joined: Joined,
    /// Requests that are no REGISTER, by Call-ID, oldest first.
    requests: VecDeque<(u64, FrameRef)>,
}

impl Wanted {
    /// What the model knows of the selected DNs, and what findings about them cite.
    pub(super) fn of(view: &View<'_>) -> Self {
        let snapshot = view.snapshot;
        let mut wanted = Self::default();
        let scene = Scene::new(view.snapshot);
        for dn in view.dns() {
            for shown in diagnose_dn(&scene, dn).iter().flat_map(|finding| &finding.evidence) {
                wanted.seeds.insert(shown.frame);
            }
            for attempt in dn.attempts() {
                wanted.pairs.insert(pair(attempt.source, attempt.registrar));
                wanted.calls.extend(snapshot.text(attempt.call_id).map(hash));
                for message in attempt.messages() {
                    wanted.seeds.insert(message.frame());
                }
            }
            for (_, change) in dn.history() {
                wanted.seeds.insert(change.frame);
            }
            let unanswered = [dn.unanswered(), dn.unanswered_before_lapse()].into_iter().flatten();
            wanted.in_vain.extend(unanswered.map(|open| (open.asker, open.place)));
            wanted.in_vain.extend(dn.refused_contact());
        }
        wanted
    }

    /// Whether the model names no frame.
    pub(super) const fn is_empty(&self) -> bool {
        self.seeds.len() == 0
    }

    /// Whether messages came over connections, whose other segments are still to be found.
    pub(super) fn has_connections(&self) -> bool {
        !self.connections.is_empty() || !self.in_vain.is_empty()
    }

    /// Whether a segment belongs to a connection that is wanted, or to one that was refused.
    fn is_of_connection(&self, origin: &Origin) -> bool {
        let (src, dst) = (origin.src, origin.dst);
        let tried =
            self.in_vain.contains(&(src.addr, dst)) || self.in_vain.contains(&(dst.addr, src));
        tried || self.connections.contains(&pair(src, dst))
    }

    /// Takes in an event of the first reading.
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Datagram { origin, bytes } => self.datagram(origin, bytes),
            Event::Stream(chunk) => self.chunk(chunk),
            Event::Icmp(error) => self.icmp(error),
            Event::Joined { told_as, frames } => self.joined.add(*told_as, frames),
            Event::Segment { origin } => self.segment(origin),
            Event::Connection(event) => self.connection(event),
            Event::Agent(_) | Event::Dns { .. } => {}
        }
    }

    fn datagram(&mut self, origin: &Origin, bytes: &[u8]) {
        let named = self.seeds.contains(origin.frame);
        if named {
            self.pairs.insert(pair(origin.src, origin.dst));
            self.take(origin.frame);
        }
        for message in sip::datagram(bytes, origin.path.cut.is_some()) {
            self.evidence(origin, &message, named);
        }
    }

    /// Remembers a request that is no REGISTER; takes those that a response is about, and those that
    /// were not answered.
    fn evidence(&mut self, origin: &Origin, message: &Message<'_>, named: bool) {
        let Some(call) = message.call_id().map(hash) else { return };
        if message.method().is_none_or(|method| method == Method::Register) {
            return;
        }
        if message.is_request() {
            if self.requests.len() == REMEMBERED {
                self.requests.pop_front();
            }
            self.requests.push_back((call, origin.frame));
            if named {
                self.answered.insert(call);
            }
            if self.in_vain.contains(&(origin.src.addr, origin.dst)) {
                self.pairs.insert(pair(origin.src, origin.dst));
                self.calls.insert(call);
                self.take(origin.frame);
            }
            return;
        }
        if named {
            for (_, frame) in self.requests.iter().filter(|(own, _)| *own == call) {
                self.joined.take(*frame, &mut self.frames);
            }
        }
        if self.answered.contains(&call) {
            self.take(origin.frame);
        }
    }

    fn chunk(&mut self, chunk: &StreamChunk<'_>) {
        if self.seeds.contains(chunk.origin.frame) {
            let ends = pair(chunk.origin.src, chunk.origin.dst);
            self.pairs.insert(ends);
            self.connections.insert(ends);
            self.take(chunk.origin.frame);
        }
    }

    /// Takes the connection that carried a message. Its ends may be others than the message's, as
    /// those of a HEP agent and its collector, and its bytes may hide the message, as TLS does.
    fn segment(&mut self, origin: &Origin) {
        if self.seeds.contains(origin.frame) {
            self.connections.insert(pair(origin.src, origin.dst));
            self.take(origin.frame);
        }
    }

    /// An error about a packet between ends of interest, unless it quotes another call.
    fn icmp(&mut self, error: &IcmpError<'_>) {
        if !self.pairs.contains(&pair(error.quoted_src, error.quoted_dst)) {
            return;
        }
        let quoted = Message::parse(error.quoted, true);
        let call = quoted.as_ref().and_then(Message::call_id).map(hash);
        if call.is_none_or(|call| self.calls.contains(&call)) {
            self.take(error.origin.frame);
        }
    }

    /// Takes what a DN goes on in out of sight: the packet, or the connection that it is of.
    fn connection(&mut self, event: &ConnectionEvent) {
        let origin = &event.origin;
        if self.seeds.contains(origin.frame) {
            if origin.transport.is_reliable() {
                self.connections.insert(pair(origin.src, origin.dst));
            }
            self.take(origin.frame);
        }
    }

    fn take(&mut self, frame: FrameRef) {
        self.joined.take(frame, &mut self.frames);
    }
}

fn hash(bytes: &[u8]) -> u64 {
    Keyed.hash_one(bytes)
}

/// The frames of packets that were joined recently.
#[derive(Default)]
struct Joined {
    frames: HashMap<(u16, u64), Vec<FrameRef>>,
    order: VecDeque<(u16, u64)>,
}

impl Joined {
    fn add(&mut self, told_as: FrameRef, frames: &[FrameRef]) {
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.frames.remove(&oldest);
        }
        let key = (told_as.file().0, told_as.number());
        self.order.push_back(key);
        // one frame may complete a packet and what is in it
        self.frames.entry(key).or_default().extend_from_slice(frames);
    }

    /// Takes a frame, and the others that gave a part of what it completed.
    fn take(&self, frame: FrameRef, taken: &mut FrameSet) {
        taken.insert(frame);
        let mut left = self.frames(frame).to_vec();
        while let Some(part) = left.pop() {
            // a part may itself have come in parts: a tunnel's packets in fragments
            if taken.insert(part) {
                left.extend_from_slice(self.frames(part));
            }
        }
    }

    fn frames(&self, frame: FrameRef) -> &[FrameRef] {
        self.frames.get(&(frame.file().0, frame.number())).map_or(&[], Vec::as_slice)
    }
}

/// Decodes frames for what is wanted of them.
pub(super) struct Search<'w> {
    wanted: &'w mut Wanted,
    decoder: Decoder,
    /// Whether this is the second reading, for the segments of connections.
    segments: bool,
}

impl<'w> Search<'w> {
    /// The first reading: for messages and what they came in.
    pub(super) fn messages(wanted: &'w mut Wanted) -> Self {
        Self::new(wanted, false)
    }

    /// The second reading: for all segments of connections found in the first.
    pub(super) fn connections(wanted: &'w mut Wanted) -> Self {
        wanted.joined = Joined::default();
        Self::new(wanted, true)
    }

    fn new(wanted: &'w mut Wanted, segments: bool) -> Self {
        Self { wanted, decoder: Decoder::new(Limits::default()).telling_frames(), segments }
    }

    /// Takes in a frame. Secrets are of no use: segments are known by their frames.
    pub(super) fn part(&mut self, part: Part<'_>) {
        let Part::Frame(frame) = part else { return };
        let Self { wanted, decoder, segments } = self;
        if sieve(frame.link, frame.bytes) {
            decoder.decode(frame, &mut |event| look(wanted, *segments, &event));
        }
    }

    /// Takes in what was left incomplete.
    pub(super) fn finish(self) {
        let Self { wanted, mut decoder, segments } = self;
        decoder.finish(&mut |event| look(wanted, segments, &event));
    }
}

fn look(wanted: &mut Wanted, segments: bool, event: &Event<'_>) {
    match event {
        _ if !segments => wanted.event(event),
        Event::Joined { told_as, frames } => wanted.joined.add(*told_as, frames),
        Event::Segment { origin } if wanted.is_of_connection(origin) => {
            wanted.take(origin.frame);
        }
        _ => {}
    }
}
