//! Reads the inputs once before, where logs are among several: which of them are one log, and how far apart the
//! clocks are.

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;

use super::batch::{Batch, Found};
use super::finder::Finder;
use super::logs::What;
use super::rotation::{self, Rotation};
use super::{Failure, Opened, keys};
use crate::capture::{Compared, LogInfo, Offset};
use crate::cli::InputSettings;
use crate::hashing::{HashMap, Keyed};
use crate::net::{FileId, Timestamp};
use crate::packet::sieve;
use crate::sip::Message;

/// Messages remembered of an input; of more, those with the lowest digests.
const MOST: usize = 1 << 18;
/// Messages in two inputs that are enough to measure the offset of their clocks.
const LEAST: usize = 3;
/// By how much their offsets may vary, in nanoseconds.
const SPREAD: i64 = 500_000_000;
const SECOND: i64 = 1_000_000_000;
/// Logs are written a moment after the packet: below this the clocks agree.
const AGREE: i64 = 50_000_000;

/// What is known of logs before they are read.
#[derive(Clone, Default)]
pub(super) struct Plan {
    /// Which files are one log.
    pub rotation: Rotation,
    /// How the clock of a log compares, by the first of its files.
    pub compared: BTreeMap<FileId, Compared>,
}

impl Plan {
    /// Whether nothing is known but what opening the inputs shows.
    pub(super) fn is_empty(&self) -> bool {
        self.rotation.is_empty() && self.compared.is_empty()
    }
}

/// When the messages of an input were seen, by their digests.
struct Times {
    first: HashMap<u64, i64>,
    /// Digests above this are left out.
    limit: u64,
}

/// The messages of a log, and what they are compared by.
struct Sample {
    head: FileId,
    times: Times,
    /// Its times are whole seconds.
    coarse: bool,
}

/// Examines what is open and reads it once if there is anything to find out.
pub(super) fn survey(input: &InputSettings, opened: &Opened) -> Result<Plan, Failure> {
    let files = opened.set.files();
    if opened.logs.is_empty() || files.len() < 2 || input.has_standard_input() {
        return Ok(Plan::default());
    }
    let Opened { mut set, mut filter, mut logs } = super::open(input, &Plan::default())?;
    let has_captures = logs.len() < set.files().len();
    let mut captured = Times::new();
    let mut finder = Finder::new(keys::read(&input.keylogs)?);
    let (mut batch, mut clock) = (Batch::default(), Timestamp::default());
    loop {
        while let Some(secrets) = set.take_secrets() {
            finder.secrets(clock, &secrets, &mut batch);
        }
        let Some(frame) = set.next_frame() else { break };
        clock = clock.max(frame.time);
        let passes = match &mut filter {
            _ if !sieve(frame.link, frame.bytes) => false,
            Some(filter) => filter.takes(frame.link, frame.bytes)?,
            None => true,
        };
        if passes {
            finder.packet(clock, &frame, &mut batch);
            note(&mut batch, &mut captured);
        }
    }
    finder.finish(clock, &mut batch);
    note(&mut batch, &mut captured);
    let mut of_files = BTreeMap::<FileId, Times>::new();
    while let Some((file, entry)) = logs.next() {
        if let (What::Message(message), Some(time)) = (&entry.what, entry.time.known())
            && let Some(message) = Message::parse(&message.bytes, message.cut)
        {
            of_files.entry(file).or_insert_with(Times::new).note(&message, time);
        }
    }
    let infos = logs.finish();
    let rotation = rotation::find(&infos, set.files());
    let samples = samples(&infos, &rotation, of_files);
    let mut compared = compare(has_captures.then_some(captured), samples);
    of_one_program(&infos, &rotation, &mut compared);
    Ok(Plan { rotation, compared })
}

/// Takes the messages out of a batch.
fn note(batch: &mut Batch, times: &mut Times) {
    batch.take(|_, found| {
        if let Found::Message(origin, message, _) = found {
            times.note(&message, origin.time);
        }
    });
}

/// The messages of each log, those of its files together.
fn samples(
    infos: &[LogInfo],
    rotation: &Rotation,
    mut of_files: BTreeMap<FileId, Times>,
) -> Vec<Sample> {
    let mut samples = BTreeMap::<FileId, Sample>::new();
    for info in infos {
        let head = rotation.head(info.file);
        let times = of_files.remove(&info.file).unwrap_or_else(Times::new);
        let coarse = info.profile.clock.granularity == Some("s");
        let sample = Sample { head, times: Times::new(), coarse };
        let sample = samples.entry(head).or_insert(sample);
        sample.times.add(times);
    }
    samples.into_values().collect()
}

/// Compares the clock of each log with that of the captures, or of another log.
fn compare(captured: Option<Times>, samples: Vec<Sample>) -> BTreeMap<FileId, Compared> {
    let mut compared = BTreeMap::new();
    // clocks that are known, and what has to be added to each
    let mut known: Vec<(Option<FileId>, Times, i64)> = Vec::new();
    known.extend(captured.map(|times| (None, times, 0)));
    for sample in samples {
        let mut most = 0;
        let found = known.iter().find_map(|(with, times, add)| {
            let mut apart = times.apart(&sample.times);
            most = most.max(apart.len());
            let (nanos, shared) = settle(&mut apart, sample.coarse)?;
            let nanos = nanos.saturating_add(*add);
            Some(Offset { nanos, shared, with: *with })
        });
        let alone = known.is_empty();
        let add = found.map_or(0, |offset| offset.nanos);
        let standing = match found {
            Some(offset) => Compared::Measured(offset),
            None if alone => Compared::Alone,
            None => Compared::Unknown { shared: most },
        };
        compared.insert(sample.head, standing);
        known.push((Some(sample.head), sample.times, add));
    }
    compared
}

/// A program writes its logs by one clock: what is known of one is known of those that name the same program.
fn of_one_program(
    infos: &[LogInfo],
    rotation: &Rotation,
    compared: &mut BTreeMap<FileId, Compared>,
) {
    let mut known = BTreeMap::<&str, Offset>::new();
    let named = || {
        let named = infos.iter().filter_map(|info| Some((info, info.profile.node.as_deref()?)));
        named.map(|(info, name)| (rotation.head(info.file), name))
    };
    for (head, name) in named() {
        let nanos = match compared.get(&head) {
            Some(Compared::Measured(offset)) => offset.nanos,
            Some(Compared::Alone) => 0,
            Some(Compared::Unknown { .. }) | None => continue,
        };
        known.entry(name).or_insert(Offset { nanos, shared: 0, with: Some(head) });
    }
    for (head, name) in named() {
        if let (Some(Compared::Unknown { .. }), Some(offset)) =
            (compared.get(&head), known.get(name))
        {
            compared.insert(head, Compared::Measured(*offset));
        }
    }
}

/// The difference that measurements agree on, and how many there are.
///
/// A stamp in whole seconds is up to a second too early: each measurement is an interval then.
fn settle(apart: &mut [i64], coarse: bool) -> Option<(i64, usize)> {
    apart.sort_unstable();
    let aside = apart.len() / 10;
    let within = apart.get(aside..apart.len() - aside)?;
    let (&low, &high) = (within.first()?, within.last()?);
    let spread = high.saturating_sub(low);
    if apart.len() < LEAST || spread >= SPREAD + if coarse { SECOND } else { 0 } {
        return None;
    }
    let nanos = if coarse {
        let agree = low > -AGREE && high < SECOND + AGREE;
        if agree { 0 } else { low.midpoint(high) - SECOND / 2 }
    } else {
        let median = *within.get(within.len() / 2)?;
        if median.abs() < AGREE { 0 } else { median }
    };
    Some((nanos, apart.len()))
}

impl Times {
    fn new() -> Self {
        Self { first: HashMap::default(), limit: u64::MAX }
    }

    fn note(&mut self, message: &Message<'_>, time: Timestamp) {
        if let Some(digest) = digest(message) {
            self.insert(digest, time.nanos());
        }
    }

    fn insert(&mut self, digest: u64, time: i64) {
        if digest > self.limit {
            return;
        }
        self.first.entry(digest).or_insert(time);
        if self.first.len() > MOST {
            self.limit /= 2;
            let limit = self.limit;
            self.first.retain(|digest, _| *digest <= limit);
        }
    }

    fn add(&mut self, other: Self) {
        self.limit = self.limit.min(other.limit);
        let limit = self.limit;
        self.first.retain(|digest, _| *digest <= limit);
        for (digest, time) in other.first {
            self.insert(digest, time);
        }
    }

    /// By how much messages are earlier in `log`, those that are in both.
    fn apart(&self, log: &Self) -> Vec<i64> {
        let both = log.first.iter().filter_map(|(digest, at)| Some((self.first.get(digest)?, at)));
        both.map(|(here, there)| here.saturating_sub(*there)).collect()
    }
}

/// The digest that identifies a message wherever it was seen. It leaves out what a server's script may have
/// changed before the message was logged.
fn digest(message: &Message<'_>) -> Option<u64> {
    let raw = message.raw();
    let start = raw.get(..memchr::memchr2(b'\r', b'\n', raw)?)?;
    let branch = message.top_via()?.branch()?;
    let cseq = message.cseq()?;
    Some(Keyed.hash_one((start, branch, message.call_id()?, cseq.number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    #[test]
    fn clocks_are_compared_by_what_most_messages_agree_on() {
        for (case, apart, coarse, want) in [
            ("two are too few", vec![5000, 5000], false, None),
            ("five seconds behind", vec![5001, 5003, 5002], false, Some(5002)),
            ("a moment is the writing", vec![2, 3, 20], false, Some(0)),
            ("they do not agree", vec![0, 3000, 9000], false, None),
            ("whole seconds", vec![10, 990, 400, 600], true, Some(0)),
            ("whole seconds, an hour behind", vec![3_600_100, 3_600_900], true, None),
            (
                "whole seconds, an hour behind, by four",
                vec![3_600_000, 3_600_950, 3_600_400, 3_600_990],
                true,
                Some(3_599_995),
            ),
        ] {
            let mut apart: Vec<i64> = apart.into_iter().map(|ms: i64| ms * MS).collect();
            let found = settle(&mut apart, coarse).map(|(nanos, _)| nanos / MS);
            assert_eq!(found, want, "{case}");
        }
    }

    #[test]
    fn one_that_is_far_off_among_many_does_not_count() {
        let mut apart = vec![2000 * MS; 20];
        apart.push(90_000 * MS);
        assert_eq!(settle(&mut apart, false), Some((2000 * MS, 21)));
    }

    #[test]
    fn what_is_remembered_has_a_bound_and_is_the_same_everywhere() {
        let (mut many, mut few) = (Times::new(), Times::new());
        for place in 0..(MOST as u64 * 3) {
            let digest = Keyed.hash_one(place);
            many.insert(digest, 7);
            if place % 1000 == 0 {
                few.insert(digest, 4);
            }
        }
        assert!(many.first.len() <= MOST);
        let both = many.apart(&few);
        assert!(both.len() > 100 && both.iter().all(|apart| *apart == 3));
    }
}
