//! Reads the records of one direction: in clear, with keys, and behind a loss.

use super::hello::{Joiner, message};
use super::info::Unread;
use super::intake::{Intake, Piece};
use super::keylog::KeyLog;
use super::record::{HEADER, Record, content, looks_like_record};
use super::search::{Search, Synced};
use super::session::{Keys, Lacking, Lane, Session, Stage};
use crate::net::Origin;

/// Levels and descriptions of alerts (RFC 8446 §6).
const FATAL: u8 = 2;
const CLOSE_NOTIFY: u8 = 0;
const USER_CANCELED: u8 = 90;

/// Bytes of 0-RTT data passed over at most; servers take less.
const MOST_EARLY: u64 = 256 << 10;
/// What a direction yields.
#[derive(Clone, Copy, Debug)]
pub(in crate::packet) enum Told<'a> {
    /// Application data that was opened.
    Data {
        bytes: &'a [u8],
        /// Bytes of the connection missing before them, records that did not open included.
        lost_before: u64,
        origin: &'a Origin,
    },
    /// An alert that ends the connection before it carried any data.
    Alert { alert: u8, origin: &'a Origin },
    /// The first record of application data that is not opened.
    Sealed { origin: &'a Origin },
}

/// Where it goes.
pub(in crate::packet) type Tell<'t> = dyn FnMut(Lane, Told<'_>) + 't;

/// What a step came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// Something was read or learned.
    Done,
    /// There is nothing to read.
    Idle,
    /// It waits for keys, or for the other side's hello.
    Stalled,
    /// No record of this connection can be opened.
    Hopeless(Unread),
}

/// What the next record is.
enum Phase {
    /// In clear.
    Clear,
    /// Protected by keys that are to be made.
    Due(Stage),
    /// Protected by these.
    Open(Box<Keys>),
    /// To be found behind a loss, with the keys from before it.
    Lost(Box<Search>, Option<Box<Keys>>),
    /// Not to be opened: only record headers are read.
    Watched,
    /// Of no interest any more.
    Deaf,
}

/// What became of the records, in plain counters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SideCounts {
    /// Records opened.
    pub(super) opened: u64,
    /// Bytes of 0-RTT data passed over.
    pub(super) early: u64,
    /// Losses behind which records were opened again.
    pub(super) resumed: u64,
    /// Whether it was given up behind a loss.
    pub(super) given_up: bool,
}

/// One direction.
pub(super) struct Side {
    lane: Lane,
    intake: Intake,
    phase: Phase,
    joiner: Joiner,
    /// Whether a record was read.
    began: bool,
    strayed: bool,
    /// Bytes that are missing before the next plaintext.
    lost: u64,
    /// The plaintext of a record.
    plain: Vec<u8>,
    /// Whether application data was opened.
    pub(super) spoke: bool,
    pub(super) counts: SideCounts,
}

/// What a direction works with.
pub(super) struct Work<'w, 't> {
    pub(super) session: &'w mut Session,
    pub(super) log: &'w mut KeyLog,
    pub(super) tell: &'w mut Tell<'t>,
    /// Whether no record will be opened.
    pub(super) hopeless: bool,
}

impl Side {
    pub(super) fn new(lane: Lane) -> Self {
        Self {
            lane,
            intake: Intake::default(),
            phase: Phase::Clear,
            joiner: Joiner::default(),
            began: false,
            strayed: false,
            lost: 0,
            plain: Vec::new(),
            spoke: false,
            counts: SideCounts::default(),
        }
    }

    /// Takes in bytes in order.
    pub(super) fn push(&mut self, piece: Piece, bytes: &[u8]) {
        if !self.is_deaf() {
            self.intake.push(piece, bytes);
        }
    }

    /// How many bytes wait.
    pub(super) fn held(&self) -> usize {
        self.intake.held()
    }

    /// What it takes beside its own place.
    pub(super) fn memory(&self) -> usize {
        self.intake.memory() + self.joiner.memory() + self.plain.capacity()
    }

    /// Which piece of the connection is its next.
    pub(super) fn order(&self) -> u64 {
        self.intake.order()
    }

    pub(super) fn is_deaf(&self) -> bool {
        matches!(self.phase, Phase::Deaf)
    }

    /// Opens no further record.
    pub(super) fn give_up(&mut self) {
        if !matches!(self.phase, Phase::Clear | Phase::Deaf) {
            self.phase = Phase::Watched;
        }
    }

    /// Bytes lost, or passed over, since the last plaintext.
    pub(super) fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    /// Whether it turned out to carry no records, or no longer.
    pub(super) fn has_strayed(&self) -> bool {
        self.strayed
    }

    /// Goes on, in clear, where records begin again.
    pub(super) fn revive(&mut self) {
        if std::mem::take(&mut self.strayed) {
            self.phase = Phase::Clear;
        }
    }

    fn stray(&mut self) {
        self.strayed = true;
        self.deafen();
    }

    fn deafen(&mut self) {
        self.phase = Phase::Deaf;
        self.intake = Intake::default();
        self.plain = Vec::new();
    }

    /// Reads the next record, or takes in the next piece.
    pub(super) fn step(&mut self, work: &mut Work<'_, '_>) -> Step {
        let step = match self.phase {
            Phase::Deaf => return Step::Idle,
            Phase::Lost(..) => self.search(work),
            _ => {
                let lent = self.intake.lend();
                let (step, len) = match lent.record().zip(self.intake.origin()) {
                    Some((record, origin)) => self.record(&record, &origin, work),
                    None => (Step::Idle, 0),
                };
                if !self.is_deaf() {
                    self.intake.take_back(lent);
                    self.intake.pass(len);
                }
                step
            }
        };
        if step == Step::Idle { self.take_in(work.log) } else { step }
    }

    /// Takes in the next piece.
    fn take_in(&mut self, log: &KeyLog) -> Step {
        let Some((lost, bytes)) = self.intake.upcoming() else { return Step::Idle };
        if lost > 0 {
            let begins = looks_like_record(bytes);
            self.lose(lost, begins, log);
        }
        if self.is_deaf() {
            return Step::Done;
        }
        self.intake.advance();
        // what does not begin as a record does is none, and nothing behind it can be found
        let unread = self.intake.unread();
        let stray = unread.len() >= HEADER && !looks_like_record(unread);
        if stray && !matches!(self.phase, Phase::Lost(..)) {
            self.stray();
        }
        Step::Done
    }

    /// Bytes are missing before the next piece, which may begin as a record does.
    fn lose(&mut self, lost: u64, begins: bool, log: &KeyLog) {
        let gone = lost + self.intake.pass_all() as u64;
        self.lost += gone;
        self.joiner.clear();
        let search = || Box::new(Search::new(gone));
        self.phase = match std::mem::replace(&mut self.phase, Phase::Deaf) {
            Phase::Clear if begins => Phase::Clear,
            Phase::Watched if begins => Phase::Watched,
            Phase::Clear if log.is_given() => Phase::Lost(search(), None),
            Phase::Clear | Phase::Watched => return self.stray(),
            Phase::Deaf => return self.deafen(),
            Phase::Due(_) => Phase::Lost(search(), None),
            Phase::Open(keys) => Phase::Lost(search(), Some(keys)),
            Phase::Lost(mut search, keys) => {
                search.lose(gone);
                Phase::Lost(search, keys)
            }
        };
    }

    /// Looks for a record that opens behind a loss.
    fn search(&mut self, work: &mut Work<'_, '_>) -> Step {
        let Phase::Lost(search, keys) = &mut self.phase else { return Step::Idle };
        let bytes = self.intake.unread();
        match search.look(bytes, self.lane, keys.as_deref_mut(), work.session, work.log) {
            Synced::At { skipped, keys: found } => {
                let keys = found.map(Box::new).or_else(|| keys.take());
                self.phase = keys.map_or(Phase::Deaf, Phase::Open);
                self.counts.resumed += 1;
                self.lost += skipped as u64;
                self.intake.pass(skipped);
                Step::Done
            }
            Synced::NotYet { useless } => {
                self.lost += useless as u64;
                self.intake.pass(useless);
                Step::Idle
            }
            Synced::Lacking(Lacking::Yet) => Step::Stalled,
            Synced::Lacking(Lacking::Ever(why)) => Step::Hopeless(why),
            Synced::Never => {
                self.counts.given_up = true;
                self.lost += bytes.len() as u64;
                work.session.info.unread = Some(Unread::Lost);
                if let Some(origin) = self.intake.origin().filter(|_| !self.spoke) {
                    (work.tell)(self.lane, Told::Sealed { origin: &origin });
                }
                self.deafen();
                Step::Done
            }
        }
    }

    /// Reads a record; returns how many bytes it consumed, none if it is to be read once more.
    fn record(
        &mut self,
        record: &Record<'_>,
        origin: &Origin,
        work: &mut Work<'_, '_>,
    ) -> (Step, usize) {
        if !looks_like_record(&record.header) {
            self.stray();
            return (Step::Done, 0);
        }
        let done = (Step::Done, HEADER + record.fragment.len());
        let again = (Step::Done, 0);
        let result = match &mut self.phase {
            Phase::Clear => match record.kind() {
                content::HANDSHAKE | content::ALERT => {
                    self.clear(record, origin, work);
                    done
                }
                kind => match self.ciphered(kind, work) {
                    // the record that says so is in clear itself
                    Step::Done if kind == content::CHANGE_CIPHER_SPEC => done,
                    Step::Done => again,
                    step => (step, 0),
                },
            },
            Phase::Due(stage) => match work.session.keys(self.lane, *stage, work.log) {
                Ok(keys) => {
                    self.phase = Phase::Open(Box::new(keys));
                    again
                }
                // 0-RTT data is passed over: what matters comes behind it
                Err(Lacking::Yet) if *stage == Stage::Early => {
                    self.phase = Phase::Due(Stage::Handshake);
                    again
                }
                Err(Lacking::Yet) => (Step::Stalled, 0),
                Err(Lacking::Ever(why)) => (Step::Hopeless(why), 0),
            },
            Phase::Open(keys) if keys.is_tls13() && is_clear(record) => {
                self.clear(record, origin, work);
                done
            }
            Phase::Open(keys) => match keys.cipher.open(keys.next, record, &mut self.plain) {
                Some(kind) => {
                    keys.next += 1;
                    self.counts.opened += 1;
                    self.plaintext(kind, origin, work);
                    done
                }
                None => match self.unopened(record, work) {
                    Ok(true) => done,
                    Ok(false) => again,
                    Err(why) => (Step::Hopeless(why), 0),
                },
            },
            Phase::Watched => {
                if record.kind() == content::APPLICATION_DATA {
                    (work.tell)(self.lane, Told::Sealed { origin });
                    self.deafen();
                }
                done
            }
            Phase::Lost(..) | Phase::Deaf => (Step::Idle, 0),
        };
        self.began |= result.1 > 0;
        result
    }

    /// Reads a record in clear.
    fn clear(&mut self, record: &Record<'_>, origin: &Origin, work: &mut Work<'_, '_>) {
        match (record.kind(), record.fragment) {
            (content::HANDSHAKE, fragment) => {
                self.joiner.push(fragment);
                while let Some((kind, body)) = self.joiner.next() {
                    work.session.message(self.lane, kind, &body);
                }
            }
            (content::ALERT, &[FATAL, alert]) => {
                (work.tell)(self.lane, Told::Alert { alert, origin });
            }
            _ => {}
        }
    }

    /// The records from here on are protected: picks the keys they need.
    fn ciphered(&mut self, kind: u8, work: &Work<'_, '_>) -> Step {
        if work.hopeless {
            self.phase = Phase::Watched;
            return Step::Done;
        }
        if !work.log.is_given() {
            return Step::Hopeless(Unread::NoKeys);
        }
        if !self.began && self.lost == 0 {
            return Step::Hopeless(Unread::NoBeginning);
        }
        let change = kind == content::CHANGE_CIPHER_SPEC;
        self.phase = match work.session.is_tls13() {
            None => return Step::Stalled,
            // it is there for middleboxes only (RFC 8446 §5)
            Some(true) if change => Phase::Clear,
            // what is lost may have been the first records
            Some(true) if self.lost > 0 => Phase::Lost(Box::new(Search::new(self.lost)), None),
            Some(true) if work.session.expects_early_data(self.lane) => Phase::Due(Stage::Early),
            Some(true) => Phase::Due(Stage::Handshake),
            Some(false) if change => Phase::Due(Stage::Only),
            // the change was lost: this need not be the first record behind it
            Some(false) => Phase::Lost(Box::new(Search::new(self.lost)), None),
        };
        Step::Done
    }

    /// What to do with a record that does not open; true if it is dropped.
    fn unopened(&mut self, record: &Record<'_>, work: &Work<'_, '_>) -> Result<bool, Unread> {
        let Phase::Open(keys) = &mut self.phase else { return Ok(false) };
        match (keys.stage, keys.next) {
            (Stage::Early, _) => self.phase = Phase::Due(Stage::Handshake),
            (Stage::Handshake, 0) if work.session.expects_early_data(self.lane) => {
                self.counts.early += record.fragment.len() as u64;
                return match self.counts.early {
                    ..MOST_EARLY => Ok(true),
                    _ => Err(Unread::KeysDoNotFit),
                };
            }
            (_, 0) => return Err(Unread::KeysDoNotFit),
            _ => {
                if let Phase::Open(keys) = std::mem::replace(&mut self.phase, Phase::Deaf) {
                    self.phase = Phase::Lost(Box::new(Search::new(0)), Some(keys));
                }
            }
        }
        Ok(false)
    }

    /// Reads what a record held.
    fn plaintext(&mut self, kind: u8, origin: &Origin, work: &mut Work<'_, '_>) {
        let Phase::Open(keys) = &mut self.phase else { return };
        match (kind, self.plain.as_slice()) {
            (content::APPLICATION_DATA, bytes) => {
                self.spoke = true;
                if !bytes.is_empty() {
                    let lost_before = std::mem::take(&mut self.lost);
                    (work.tell)(self.lane, Told::Data { bytes, lost_before, origin });
                }
            }
            (content::ALERT, &[level, alert]) => {
                let fatal = if keys.is_tls13() {
                    !matches!(alert, CLOSE_NOTIFY | USER_CANCELED)
                } else {
                    level == FATAL
                };
                if fatal {
                    (work.tell)(self.lane, Told::Alert { alert, origin });
                }
            }
            (content::CHANGE_CIPHER_SPEC, _) => self.phase = Phase::Due(Stage::Only),
            (content::HANDSHAKE, bytes) => {
                self.joiner.push(bytes);
                while let Some((kind, body)) = self.joiner.next() {
                    self.handshake(kind, &body, work.session);
                }
            }
            _ => {}
        }
    }

    /// A protected handshake message.
    fn handshake(&mut self, kind: u8, body: &[u8], session: &mut Session) {
        let Phase::Open(keys) = &mut self.phase else { return };
        match (kind, keys.stage) {
            (message::FINISHED, Stage::Handshake) => self.phase = Phase::Due(Stage::Application),
            (message::END_OF_EARLY_DATA, Stage::Early) => self.phase = Phase::Due(Stage::Handshake),
            (message::KEY_UPDATE, Stage::Application) => {
                if let Some(updated) = keys.updated() {
                    **keys = updated;
                }
            }
            _ => session.message(self.lane, kind, body),
        }
    }
}

/// Records that TLS 1.3 leaves in clear when others are not: a change that says nothing, an alert
/// before there are keys, a second hello behind 0-RTT data.
fn is_clear(record: &Record<'_>) -> bool {
    match record.kind() {
        content::CHANGE_CIPHER_SPEC | content::HANDSHAKE => true,
        content::ALERT => record.fragment.len() == 2,
        _ => false,
    }
}
