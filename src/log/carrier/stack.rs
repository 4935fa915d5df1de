//! The carriers of one log, one in another.

use super::console::{clean, is_unclean};
use super::{ALL, Carrier, Place, Stamp, Undone};

/// How many lines are examined to find the carriers.
const SAMPLE: usize = 200;
/// How many carriers may be in each other.
const MAX_DEPTH: usize = 6;
/// The longest line that is put together from parts.
const MAX_RECORD: usize = super::super::lines::MAX_LINE;

/// What one line of the file carried.
#[derive(Clone, Debug)]
pub(in crate::log) struct Record {
    /// The line, or the first of its parts.
    pub at: Place,
    /// The carrier's time.
    pub stamp: Option<Stamp>,
    /// One line, or several with line feeds between them.
    pub text: Vec<u8>,
}

/// The carriers of a log, outermost first.
#[derive(Debug, Default)]
pub(in crate::log) struct Stack {
    carriers: Vec<&'static Carrier>,
    /// Every line is followed by an empty one.
    double: bool,
    /// The empty line behind the line before is left out.
    swallow: bool,
    /// The line put together so far, and the number and source of its last part.
    held: Option<(Record, u64, Vec<u8>)>,
    names: Vec<&'static str>,
}

impl Stack {
    /// The carriers that the first lines of a log show.
    pub(in crate::log) fn detect<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut stack = Self::default();
        let mut sample: Vec<Vec<u8>> = Vec::new();
        let mut empty = 0;
        let mut fence = false;
        let mut unclean = false;
        for line in lines {
            unclean |= is_unclean(line);
            let line = clean(line);
            fence |= line.starts_with(b"```");
            if line.is_empty() {
                empty += 1;
            } else {
                sample.push(line.into_owned());
            }
            if sample.len() >= SAMPLE {
                break;
            }
        }
        if unclean {
            stack.names.push("console");
        }
        while stack.carriers.len() < MAX_DEPTH {
            let Some(carrier) = stack.next_carrier(&sample) else { break };
            sample = sample.iter().flat_map(|line| carried(carrier, line)).collect();
            stack.carriers.push(carrier);
            stack.names.push(carrier.name);
        }
        // one empty line after each, and those of the log itself doubled
        stack.double = sample.len() > 8 && empty >= sample.len().saturating_sub(1);
        if stack.double {
            stack.names.push("double-spaced");
        }
        if fence {
            stack.names.push("markdown");
        }
        stack
    }

    /// The stack with those names, as [`Stack::names`] gave them.
    pub(in crate::log) fn named(names: &[&str]) -> Self {
        let known = names.iter().filter_map(|name| ALL.iter().find(|c| c.name == *name));
        Self {
            carriers: known.collect(),
            double: names.contains(&"double-spaced"),
            ..Self::default()
        }
    }

    /// The first carrier that enough of the lines look like.
    fn next_carrier(&self, sample: &[Vec<u8>]) -> Option<&'static Carrier> {
        ALL.iter().find(|carrier| {
            let again = self.carriers.iter().any(|known| known.name == carrier.name);
            if again && carrier.name != "quote" {
                return false;
            }
            let fits = sample.iter().filter(|line| (carrier.fits)(line)).count();
            fits > 0 && fits * 100 >= sample.len() * carrier.share
        })
    }

    /// The same carriers, at the start of a log.
    pub(in crate::log) fn again(&self) -> Self {
        Self {
            carriers: self.carriers.clone(),
            double: self.double,
            names: self.names.clone(),
            ..Self::default()
        }
    }

    /// Their names.
    pub(in crate::log) fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// Whether a line may be left out unread.
    pub(in crate::log) fn is_plain(&self) -> bool {
        !self.double
            && self.carriers.iter().all(|carrier| {
                carrier.part.is_none()
                    && !carrier.name.ends_with("json")
                    && carrier.name != "entities"
            })
    }

    /// Undoes the carriers of a line; `None` when it is an empty one too many, or waits for its other parts.
    pub(in crate::log) fn undo(&mut self, at: Place, raw: &[u8]) -> Option<Record> {
        let line = clean(raw);
        if self.double {
            if line.is_empty() && self.swallow {
                self.swallow = false;
                return None;
            }
            self.swallow = true;
        }
        let mut record = Record { at, stamp: None, text: line.into_owned() };
        let (before, _) = self.carriers.split_at(self.parts());
        for carrier in before {
            undo_in(carrier, &mut record);
        }
        let carrier = self.carriers.get(self.parts()).copied();
        let part = carrier.and_then(|carrier| (carrier.part?)(&record.text));
        let part = part.map(|part| (part.number, part.of.to_vec(), part.first));
        if let Some(carrier) = carrier {
            undo_in(carrier, &mut record);
        }
        let whole = match part {
            Some((number, of, first)) => self.join(record, number, of, first),
            None if self.held.is_some() => {
                self.held.replace((record, 0, Vec::new())).map(|(held, ..)| held)
            }
            None => Some(record),
        };
        whole.map(|record| self.inner(record))
    }

    /// The place of the carrier that cuts long lines in parts; behind the last one where none does.
    fn parts(&self) -> usize {
        let place = self.carriers.iter().position(|carrier| carrier.part.is_some());
        place.unwrap_or(self.carriers.len())
    }

    /// Undoes the carriers that are inside a line put together.
    fn inner(&self, mut record: Record) -> Record {
        for carrier in self.carriers.iter().skip(self.parts() + 1) {
            undo_in(carrier, &mut record);
        }
        record
    }

    /// Puts a part behind those before it; what it does not belong to is complete.
    fn join(&mut self, record: Record, number: u64, of: Vec<u8>, first: bool) -> Option<Record> {
        if !first
            && let Some((held, last, source)) = &mut self.held
            && *source == of
            && last.wrapping_add(1) == number
            && held.text.len() + record.text.len() <= MAX_RECORD
        {
            held.text.extend_from_slice(&record.text);
            *last = number;
            return None;
        }
        self.held.replace((record, number, of)).map(|(held, ..)| held)
    }

    /// The line whose last parts never came.
    pub(in crate::log) fn flush(&mut self) -> Option<Record> {
        let held = self.held.take();
        held.map(|(held, ..)| self.inner(held))
    }
}

/// Undoes one carrier of every line of a record.
fn undo_in(carrier: &Carrier, record: &mut Record) {
    let mut undone = Undone::default();
    for (index, line) in record.text.split(|byte| *byte == b'\n').enumerate() {
        if index > 0 {
            undone.text.push(b'\n');
        }
        if !(carrier.undo)(line, &mut undone) {
            undone.text.extend_from_slice(line);
        }
    }
    record.text = undone.text;
    record.stamp =
        record.stamp.filter(|stamp| stamp.offset.is_some()).or(undone.stamp).or(record.stamp);
}

/// The lines that one carried.
fn carried(carrier: &Carrier, line: &[u8]) -> Vec<Vec<u8>> {
    let mut record = Record { at: Place::default(), stamp: None, text: line.to_vec() };
    undo_in(carrier, &mut record);
    record
        .text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(<[u8]>::to_vec)
        .collect()
}
