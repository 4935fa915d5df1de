//! Keeps the latest frames and messages of live traffic, so that they can be viewed and saved.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::hashing::HashMap;

#[cfg(feature = "hep")]
use super::agents;
use crate::app::fetch::{Fetched, Wanted};
use crate::net::{Frame, FrameRef, LinkType, Origin, Timestamp};
use crate::sip::{Message, Method};

/// Bytes of frames that go together.
const BLOCK: usize = 1 << 20;
/// What is counted for a frame and for a message beside their bytes.
const FRAME: usize = size_of::<Place>();
const MESSAGE: usize = 384;
/// The part of the bytes for messages that is for registrations.
const REGISTRATIONS: usize = 3;
const OF: usize = 4;

/// What is kept, shared by the thread that fills it and the one that asks.
#[derive(Clone)]
pub(in crate::app) struct Shared(Arc<Mutex<Kept>>);

/// The latest frames that may carry SIP, and the latest messages.
///
/// Messages are kept by themselves: one in a long TLS connection could not be read again from the
/// frames that are left of it.
pub(in crate::app) struct Kept {
    frames: VecDeque<Arc<Block>>,
    current: Block,
    frame_bytes: usize,
    most_frame_bytes: usize,
    registrations: Messages,
    others: Messages,
    #[cfg(feature = "hep")]
    packer: agents::Packer,
}

/// Frames, their bytes one behind the other.
#[derive(Clone, Default)]
struct Block {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

#[derive(Clone)]
struct Place {
    time: Timestamp,
    link: LinkType,
    at: FrameRef,
    wire_len: u32,
    bytes: Range<usize>,
}

/// Messages, the oldest first.
#[derive(Default)]
struct Messages {
    kept: VecDeque<(Wanted, Fetched)>,
    /// The place of each message, counted from the first that ever was kept.
    places: HashMap<Wanted, u64>,
    gone: u64,
    bytes: usize,
    most: usize,
}

impl Shared {
    /// Room for `bytes` bytes of frames, and as many of messages.
    pub(super) fn new(bytes: usize) -> Self {
        let registrations = bytes / OF * REGISTRATIONS;
        Self(Arc::new(Mutex::new(Kept {
            frames: VecDeque::new(),
            current: Block::default(),
            frame_bytes: 0,
            most_frame_bytes: bytes,
            registrations: Messages { most: registrations, ..Messages::default() },
            others: Messages { most: bytes - registrations, ..Messages::default() },
            #[cfg(feature = "hep")]
            packer: agents::Packer::default(),
        })))
    }

    /// Where agents send to, for the packets that are made of theirs.
    #[cfg(feature = "hep")]
    pub(super) fn listening_at(self, address: Option<crate::net::Endpoint>) -> Self {
        self.lock().packer = agents::Packer::new(address);
        self
    }

    /// Locks what is kept at the moment; the thread that fills it waits meanwhile.
    pub(in crate::app) fn lock(&self) -> MutexGuard<'_, Kept> {
        // a thread that panicked has ended the program's run already
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The frames that are kept, in order.
    pub(in crate::app) fn frames(&self) -> Frames {
        let kept = self.lock();
        let mut blocks: Vec<_> = kept.frames.iter().cloned().collect();
        let current = kept.current.clone();
        drop(kept);
        blocks.push(Arc::new(current));
        Frames(blocks)
    }
}

/// Frames that were kept at one moment.
pub(in crate::app) struct Frames(Vec<Arc<Block>>);

impl Frames {
    pub(in crate::app) fn iter(&self) -> impl Iterator<Item = Frame<'_>> {
        self.0.iter().flat_map(|block| block.frames())
    }
}

impl Block {
    fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        self.places.iter().map(|place| Frame {
            time: place.time,
            link: place.link,
            at: place.at,
            wire_len: place.wire_len,
            bytes: self.bytes.get(place.bytes.clone()).unwrap_or_default(),
        })
    }

    const fn size(&self) -> usize {
        self.bytes.len() + self.places.len() * FRAME
    }
}

impl Kept {
    /// Keeps a frame.
    pub(super) fn frame(&mut self, frame: &Frame<'_>) {
        let Frame { time, link, at, wire_len, bytes } = *frame;
        let begin = self.current.bytes.len();
        self.current.bytes.extend_from_slice(bytes);
        let bytes = begin..self.current.bytes.len();
        self.current.places.push(Place { time, link, at, wire_len, bytes });
        if self.current.size() >= BLOCK {
            let full = std::mem::take(&mut self.current);
            self.frame_bytes += full.size();
            self.frames.push_back(Arc::new(full));
            while self.frame_bytes > self.most_frame_bytes
                && let Some(oldest) = self.frames.pop_front()
            {
                self.frame_bytes -= oldest.size();
            }
        }
    }

    /// Keeps a packet of an agent.
    #[cfg(feature = "hep")]
    pub(super) fn hep(&mut self, sent: &crate::source::hep::HepPacket, at: FrameRef) {
        let mut packer = std::mem::take(&mut self.packer);
        if let Some(frame) = packer.pack(sent, at) {
            self.frame(&frame);
        }
        self.packer = packer;
    }

    /// Keeps a message.
    pub(super) fn message(&mut self, origin: &Origin, message: &Message<'_>) {
        let kept = match message.method() {
            Some(Method::Register) => &mut self.registrations,
            _ => &mut self.others,
        };
        let Some(wanted) = Wanted::naming(origin, message) else { return };
        kept.add(wanted, Fetched::of(origin, message));
    }

    /// A message that is still kept.
    pub(in crate::app) fn find(&self, wanted: &Wanted) -> Option<&Fetched> {
        self.registrations.find(wanted).or_else(|| self.others.find(wanted))
    }
}

impl Messages {
    fn add(&mut self, wanted: Wanted, message: Fetched) {
        self.bytes += MESSAGE + message.bytes.len();
        // of two alike in one frame the first is the one to show
        let place = self.gone + self.kept.len() as u64;
        self.places.entry(wanted.clone()).or_insert(place);
        self.kept.push_back((wanted, message));
        while self.bytes > self.most
            && let Some((wanted, message)) = self.kept.pop_front()
        {
            self.bytes -= MESSAGE + message.bytes.len();
            if self.places.get(&wanted) == Some(&self.gone) {
                self.places.remove(&wanted);
            }
            self.gone += 1;
        }
    }

    fn find(&self, wanted: &Wanted) -> Option<&Fetched> {
        let place = self.places.get(wanted)?.checked_sub(self.gone)?;
        self.kept.get(usize::try_from(place).ok()?).map(|(_, message)| message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Endpoint, FileId, PathInfo, Transport};

    const REGISTER: &[u8] =
        b"REGISTER sip:x SIP/2.0\r\nTo: <sip:5001@x>\r\nCSeq: 1 REGISTER\r\n\r\n";

    fn frame(number: u64, bytes: &[u8]) -> Frame<'_> {
        let at = FrameRef::new(FileId(0), number);
        let time = Timestamp::from_parts(1_700_000_000 + number.cast_signed(), 0);
        Frame { time, link: LinkType(1), at, wire_len: bytes.len() as u32, bytes }
    }

    #[test]
    fn the_latest_frames_stay_within_their_bytes() {
        let shared = Shared::new(3 * BLOCK);
        let bytes = vec![b'x'; 1000];
        for number in 1..=20_000 {
            shared.lock().frame(&frame(number, &bytes));
        }
        let frames = shared.frames();
        let numbers: Vec<_> = frames.iter().map(|frame| frame.at.number()).collect();
        assert_eq!(numbers.last(), Some(&20_000));
        assert!(numbers.is_sorted() && numbers.len() < 4 * BLOCK / 1000, "{}", numbers.len());
        assert!(numbers.len() > 2 * BLOCK / 1100, "{}", numbers.len());
        assert!(frames.iter().all(|frame| frame.bytes == bytes && frame.wire_len == 1000));
    }

    fn origin(number: u64) -> Origin {
        let end = Endpoint::new(std::net::Ipv4Addr::LOCALHOST.into(), 5060);
        Origin {
            time: Timestamp::default(),
            frame: frame(number, b"").at,
            src: end,
            dst: end,
            transport: Transport::Udp,
            path: PathInfo::default(),
        }
    }

    #[test]
    fn a_message_is_found_by_the_dn_of_the_model_however_its_to_spells_it() {
        for (spelled, dn) in [
            ("<sip:*12%23@x>", "*12#"),
            ("<sip:%2B4930@x>", "+4930"),
            ("<sip:pbx.example>", "pbx.example"),
            ("<sip:@pbx.example>", "pbx.example"),
        ] {
            let text =
                format!("REGISTER sip:x SIP/2.0\r\nTo: {spelled}\r\nCSeq: 1 REGISTER\r\n\r\n");
            let shared = Shared::new(1 << 20);
            shared.lock().message(&origin(1), &Message::parse(text.as_bytes(), false).unwrap());
            let wanted = |dn: &str| Wanted { dn: dn.into(), frame: origin(1).frame, request: true };
            assert!(shared.lock().find(&wanted(dn)).is_some(), "{spelled}");
            assert!(shared.lock().find(&wanted("*12%23")).is_none(), "{spelled}");
        }
    }

    #[test]
    fn the_latest_messages_are_found_by_frame_and_dn() {
        let shared = Shared::new(100 * OF * (MESSAGE + REGISTER.len()));
        let message = Message::parse(REGISTER, false).unwrap();
        for number in 1..=1000 {
            shared.lock().message(&origin(number), &message);
        }
        let found = |number, dn: &[u8]| {
            let wanted = Wanted { dn: dn.to_vec(), frame: frame(number, b"").at, request: true };
            shared.lock().find(&wanted).map(|found| found.bytes.clone())
        };
        assert_eq!(found(1000, b"5001").as_deref(), Some(REGISTER));
        assert_eq!(found(701, b"5001").as_deref(), Some(REGISTER));
        assert_eq!(found(700, b"5001"), None);
        assert_eq!(found(1000, b"5002"), None);
        assert_eq!(shared.lock().registrations.places.len(), 100 * REGISTRATIONS);
    }
}
