//! Finds, behind bytes that were never captured, a record that opens.
//!
//! Only a record with the right keys and the right number opens, so one that does is proof enough.

use super::keylog::KeyLog;
use super::record::{HEADER, Record, content, looks_like_record};
use super::session::{Keys, Lacking, Lane, Session, Stage};

/// The shortest protected record: a header, one byte, a tag.
const SHORTEST: u64 = HEADER as u64 + 17;
/// How many records may have been lost at once.
const MOST_LOST: u64 = 1024;
/// How often opening is tried before the direction is given up.
const MOST_TRIES: u64 = 16 << 10;
/// How many bytes are searched before the direction is given up.
const MOST_SEARCHED: u64 = 1 << 20;

/// A search for the next record.
pub(super) struct Search {
    /// Bytes that were lost, or searched without success.
    gap: u64,
    searched: u64,
    tries: u64,
}

/// The result of a search.
pub(super) enum Synced {
    /// A record opens behind `skipped` bytes, with other keys than before if these are given.
    At { skipped: usize, keys: Option<Keys> },
    /// None yet; this many bytes need not be searched again.
    NotYet { useless: usize },
    /// Without keys nothing can be tried.
    Lacking(Lacking),
    /// It was tried too often.
    Never,
}

impl Search {
    /// A search behind `lost` bytes.
    pub(super) fn new(lost: u64) -> Self {
        Self { gap: lost, searched: 0, tries: 0 }
    }

    /// More bytes are lost.
    pub(super) fn lose(&mut self, lost: u64) {
        self.gap = self.gap.saturating_add(lost);
    }

    /// Looks for a record in `bytes`, which begin where the last look left off. `current` are the keys
    /// from before the loss, if there were any.
    pub(super) fn look(
        &mut self,
        bytes: &[u8],
        lane: Lane,
        mut current: Option<&mut Keys>,
        session: &Session,
        log: &mut KeyLog,
    ) -> Synced {
        if current.as_ref().is_some_and(|keys| keys.cipher.is_chained()) {
            return Synced::Never;
        }
        let mut others = match others(lane, current.as_deref(), session, log) {
            Ok(others) => others,
            Err(lacking) => return Synced::Lacking(lacking),
        };
        let tls13 = session.is_tls13() == Some(true);
        let mut plain = Vec::new();
        let end = bytes.len().saturating_sub(HEADER - 1);
        let mut useless = end;
        for place in 0..end {
            let at = bytes.get(place..).unwrap_or_default();
            if !looks_like_record(at) || (tls13 && at.first() != Some(&content::APPLICATION_DATA)) {
                continue;
            }
            let Some((record, _)) = Record::first(at) else {
                useless = useless.min(place);
                continue;
            };
            let window = (self.gap + place as u64) / SHORTEST + 1;
            let window = window.min(MOST_LOST);
            if let Some(keys) = &mut current
                && self.opens(keys, &record, window, &mut plain)
            {
                return Synced::At { skipped: place, keys: None };
            }
            let found =
                others.iter_mut().position(|keys| self.opens(keys, &record, window, &mut plain));
            if let Some(found) = found {
                return Synced::At { skipped: place, keys: Some(others.swap_remove(found)) };
            }
            if self.tries > MOST_TRIES {
                return Synced::Never;
            }
        }
        self.gap = self.gap.saturating_add(useless as u64);
        self.searched += useless as u64;
        if self.searched > MOST_SEARCHED { Synced::Never } else { Synced::NotYet { useless } }
    }

    /// Whether a record is one of the next; if so, the keys are set to it.
    fn opens(
        &mut self,
        keys: &mut Keys,
        record: &Record<'_>,
        window: u64,
        plain: &mut Vec<u8>,
    ) -> bool {
        let numbers = keys.next..keys.next.saturating_add(window);
        let tries = &mut self.tries;
        let number = numbers.into_iter().find(|number| {
            *tries += 1;
            keys.cipher.open(*number, record, plain).is_some()
        });
        if let Some(number) = number {
            keys.next = number;
        }
        number.is_some()
    }
}

/// The keys that may have come into use meanwhile.
fn others(
    lane: Lane,
    current: Option<&Keys>,
    session: &Session,
    log: &mut KeyLog,
) -> Result<Vec<Keys>, Lacking> {
    let stages: &[Stage] = match current.map(|keys| keys.stage) {
        Some(Stage::Early) => &[Stage::Handshake, Stage::Application],
        Some(Stage::Handshake) => &[Stage::Application],
        Some(Stage::Only) => &[],
        Some(Stage::Application) => {
            return Ok(current.and_then(Keys::updated).into_iter().collect());
        }
        None => match session.is_tls13() {
            Some(true) => &[Stage::Handshake, Stage::Application],
            Some(false) => &[Stage::Only],
            None => return Err(Lacking::Yet),
        },
    };
    let mut keys = Vec::new();
    for stage in stages {
        match session.keys(lane, *stage, log) {
            Ok(found) => keys.push(found),
            Err(lacking) if current.is_none() && keys.is_empty() => return Err(lacking),
            Err(_) => {}
        }
    }
    Ok(keys)
}
