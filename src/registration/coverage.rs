//! Keeps which inputs are logs, what time each of them covers, and which clocks can be compared.

use super::attempt::Attempt;
use super::snapshot::{AttemptView, DnView, Snapshot};
use super::store::Dn;
use super::tracker::Tracker;
use crate::net::{Endpoint, FileId, FrameRef, Timestamp};

/// What one log covers, or all captures together.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// Its files: those of a rotated log, or all captures.
    pub files: Vec<FileId>,
    /// Whether it is a log.
    pub is_log: bool,
    /// Its first and last moment, counted like those of all inputs.
    pub span: (Timestamp, Timestamp),
    /// The addresses of the host that wrote it.
    pub local: Vec<Endpoint>,
    /// Inputs with the same number have clocks that can be compared.
    pub clock: usize,
    /// Where its clock was set, and by how many nanoseconds.
    pub steps: Vec<(FrameRef, i64)>,
}

/// What the inputs cover, if there are logs among them.
#[derive(Clone, Debug, Default)]
pub(super) struct Covered(Vec<Coverage>);

impl Coverage {
    fn has(&self, file: FileId) -> bool {
        self.files.contains(&file)
    }

    /// Whether a moment is well within what it covers.
    #[must_use]
    pub fn covers(&self, time: Timestamp) -> bool {
        const MARGIN: i64 = 2_000_000_000;
        time.nanos_since(self.span.0) > MARGIN && self.span.1.nanos_since(time) > MARGIN
    }
}

impl Covered {
    fn of(&self, file: FileId) -> Option<&Coverage> {
        self.0.iter().find(|coverage| coverage.has(file))
    }

    /// The moment at which a DN is judged: what one clock granted does not run out by another clock, unless their
    /// offset is known.
    pub(super) fn judged_at(&self, dn: &Dn, at: Timestamp) -> Timestamp {
        let Some(first) = self.0.first() else { return at };
        if self.0.iter().all(|other| other.clock == first.clock) {
            return at;
        }
        let bindings = dn.registrations.iter().flat_map(|reg| &reg.bindings);
        let heard = dn.heard().into_iter().flat_map(|heard| &heard.statements);
        let places = bindings.map(|binding| binding.frame).chain(heard.map(|heard| heard.at));
        let clocks = places.filter_map(|place| self.of(place.file())).map(|own| own.clock);
        let ends = clocks.flat_map(|clock| self.0.iter().filter(move |own| own.clock == clock));
        ends.map(|own| own.span.1).max().map_or(at, |end| end.min(at))
    }

    /// Has all be judged at the moment the user asked for.
    pub(super) fn by_one_clock(&mut self) {
        self.0.iter_mut().for_each(|coverage| coverage.clock = 0);
    }

    /// Whether the clock of a log was set while it showed a DN: what was granted before is judged behind that.
    pub(super) fn steps_within<'s>(
        &self,
        dn: &Dn,
        attempt: impl Fn(u32) -> Option<&'s Attempt>,
    ) -> bool {
        let steps = || self.0.iter().flat_map(|own| &own.steps);
        if steps().next().is_none() {
            return false;
        }
        let last = dn.unfinished().chain([dn.last_attempt]).filter_map(&attempt);
        let last = last.flat_map(|a| a.log.iter().map(|message| message.frame())).max();
        let first = attempt(dn.first_attempt).and_then(|a| a.log.iter().next());
        let first = first.map(|message| message.frame());
        steps().any(|(step, _)| {
            let granted = dn.registrations.iter().flat_map(|reg| &reg.bindings);
            let granted = granted.map(|binding| binding.frame);
            let before = |place: FrameRef| place.file() == step.file() && place < *step;
            let goes_on = last.is_some_and(|last| last.file() == step.file() && last >= *step);
            granted.into_iter().any(before) || first.is_some_and(before) && goes_on
        })
    }
}

impl Tracker {
    /// Notes what the inputs cover, once they are read.
    pub fn note_coverage(&mut self, coverage: Vec<Coverage>) {
        self.store.covered = Covered(coverage);
    }
}

impl Snapshot {
    /// What the inputs cover, if there are logs among them.
    #[must_use]
    pub fn coverage(&self) -> &[Coverage] {
        &self.store.covered.0
    }
}

impl DnView<'_> {
    /// The moment at which it is judged.
    #[must_use]
    pub fn judged_at(&self) -> Timestamp {
        let at = self.snapshot.at;
        self.record().map_or(at, |record| self.snapshot.store.covered.judged_at(record, at))
    }
}

impl AttemptView<'_> {
    /// The place where its REGISTER is in an input, if it is there at all.
    #[must_use]
    pub fn place_in(&self, input: &Coverage) -> Option<FrameRef> {
        let requests = self.messages().filter(|message| message.code == 0);
        requests.map(|message| message.frame()).find(|frame| input.has(frame.file()))
    }
}
