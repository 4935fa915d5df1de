//! Reads the captures again for a few messages: the model keeps none of their bytes.

use crate::hashing::{HashMap, HashSet};

use super::batch::{Batch, Found};
use super::finder::Finder;
use super::{Failure, keys};
use crate::cli::InputSettings;
use crate::net::{FileId, Frame, FrameRef, Origin, Timestamp};
use crate::packet::sieve;
use crate::sip::Message;

/// A wanted message. A frame may end several: the DN and the direction distinguish them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Wanted {
    /// The DN in its To.
    pub dn: Vec<u8>,
    /// The frame that completed it.
    pub frame: FrameRef,
    /// Whether it is a request.
    pub request: bool,
}

/// A message read again.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    /// The whole message.
    pub bytes: Vec<u8>,
    /// Where it was seen.
    #[cfg_attr(not(feature = "tui"), expect(dead_code, reason = "for the screen"))]
    pub origin: Origin,
    /// Whether some of it was not captured.
    pub cut: bool,
    /// Whether it is of the DN that is wanted, and not just in the same frame.
    exact: bool,
}

impl Fetched {
    /// A message of the DN that is wanted.
    #[cfg(all(feature = "tui", any(feature = "live", feature = "hep")))]
    pub(super) fn of(origin: &Origin, message: &Message<'_>) -> Self {
        let cut = origin.path.cut.is_some() || message.is_cut();
        Self { bytes: message.raw().to_vec(), origin: *origin, cut, exact: true }
    }
}

/// Names a frame.
type Place = (FileId, u64);

const fn place(frame: FrameRef) -> Place {
    (frame.file(), frame.number())
}

impl Wanted {
    /// Names a message; none if its To names nobody.
    #[cfg(all(feature = "tui", any(feature = "live", feature = "hep")))]
    pub(super) fn naming(origin: &Origin, message: &Message<'_>) -> Option<Self> {
        let dn = message.dn()?.into_owned();
        Some(Self { dn, frame: origin.frame, request: message.is_request() })
    }

    fn is_exactly(&self, message: &Message<'_>) -> bool {
        message.dn().is_some_and(|dn| *dn == *self.dn)
    }
}

/// Reads messages again; those that cannot be found are left out.
///
/// First only the frames that are wanted are decoded, which is enough for a datagram. What came in
/// IP fragments or in a stream needs the packets before it: if anything is missing then, everything
/// up to the last wanted frame is decoded.
pub(super) fn fetch(
    input: &InputSettings,
    wanted: &[Wanted],
) -> Result<HashMap<Wanted, Fetched>, Failure> {
    let mut found = HashMap::default();
    if wanted.is_empty() || input.has_standard_input() {
        return Ok(found);
    }
    pass(input, wanted, true, &mut found)?;
    if found.len() < wanted.len() {
        pass(input, wanted, false, &mut found)?;
    }
    Ok(found)
}

fn pass(
    input: &InputSettings,
    wanted: &[Wanted],
    alone: bool,
    found: &mut HashMap<Wanted, Fetched>,
) -> Result<(), Failure> {
    let mut by_place = HashMap::<Place, Vec<&Wanted>>::default();
    for one in wanted.iter().filter(|one| !found.contains_key(one)) {
        by_place.entry(place(one.frame)).or_default().push(one);
    }
    let mut due: HashSet<Place> = by_place.keys().copied().collect();
    let super::Opened { mut set, mut filter, mut logs } =
        super::open(input, &super::survey::Plan::default())?;
    let mut finder = Finder::new(keys::read(&input.keylogs)?);
    let mut batch = Batch::default();
    let mut clock = Timestamp::default();
    loop {
        while let Some(secrets) = set.take_secrets() {
            finder.secrets(clock, &secrets, &mut batch);
        }
        let Some(frame) = set.next_frame() else { break };
        clock = clock.max(frame.time);
        let is_due = due.remove(&place(frame.at));
        let skip = (alone && !is_due) || !sieve(frame.link, frame.bytes);
        let passes = |frame: &Frame<'_>| match &mut filter {
            Some(filter) => filter.takes(frame.link, frame.bytes),
            None => Ok(true),
        };
        if !skip && { passes }(&frame)? {
            finder.packet(clock, &frame, &mut batch);
            collect(&mut batch, &by_place, found);
        }
        if due.is_empty() {
            break;
        }
    }
    while !due.is_empty()
        && let Some((file, entry)) = logs.next()
    {
        if due.remove(&(file, entry.line())) {
            entry.put(clock, &mut batch);
            collect(&mut batch, &by_place, found);
        }
    }
    finder.finish(clock, &mut batch);
    collect(&mut batch, &by_place, found);
    Ok(())
}

/// Keeps the messages that are wanted; one of the wanted DN rather than another of its frame.
fn collect(
    batch: &mut Batch,
    by_place: &HashMap<Place, Vec<&Wanted>>,
    found: &mut HashMap<Wanted, Fetched>,
) {
    batch.take(|_, item| {
        let Found::Message(origin, message, _) = item else { return };
        for &wanted in by_place.get(&place(origin.frame)).into_iter().flatten() {
            let exact = wanted.is_exactly(&message);
            let better = found.get(wanted).is_none_or(|other| exact && !other.exact);
            if message.is_request() == wanted.request && better {
                let cut = origin.path.cut.is_some() || message.is_cut();
                let bytes = message.raw().to_vec();
                found.insert(wanted.clone(), Fetched { bytes, origin: *origin, cut, exact });
            }
        }
    });
}
