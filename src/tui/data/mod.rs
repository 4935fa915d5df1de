//! The data on the screen: a snapshot with its contrast and findings, and the rows made of it.

use crate::hashing::{HashMap, HashSet};
use smallvec::SmallVec;
use unicode_width::UnicodeWidthStr as _;

use crate::capture::{Capture, is_line};
use crate::cluster::Cluster;
use crate::compare::Contrast;
use crate::diagnosis::Finding;
use crate::net::{FrameRef, escape_bytes};
use crate::registration::{Cohort, DnView, ExtraName, Snapshot, State};
use crate::statistics::Statistics;
use crate::wording::glyphs::Frames;
use crate::wording::limits::limits;
use crate::wording::words;

mod like;
mod row;
mod seen;

pub(super) use row::Row;
pub(super) use seen::{Seen, Try, seen};

/// What is shown, at one moment; built off the screen's thread.
#[derive(Debug, Default)]
pub struct Data {
    /// The model.
    pub snapshot: Snapshot,
    /// What was read.
    pub capture: Capture,
    /// What separates failing from working DNs.
    pub contrast: Contrast,
    /// What the rules found, the most urgent first.
    pub findings: Vec<Finding>,
    /// The nodes and what they believe.
    pub(super) cluster: Cluster,
    /// What REGISTERs and their responses come to in numbers.
    pub(super) statistics: Statistics,
    /// What the capture cannot show, in sentences.
    pub(super) limits: Vec<String>,
    /// DNs by state: in service, out of service, unknown.
    pub(super) totals: [usize; 3],
    /// At risk, of those in service.
    pub(super) at_risk: usize,
    /// Failing and working DNs.
    pub(super) cohorts: [usize; 2],
    /// Columns of text the widest DN, source and registrar need.
    pub(super) widths: Widths,
    rows: Vec<Row>,
    by_name: HashMap<Vec<u8>, u32>,
    findings_of: HashMap<u32, SmallVec<[u32; 2]>>,
}

/// Columns of text the widest value needs, within reason.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Widths {
    pub(super) dn: usize,
    pub(super) source: usize,
    pub(super) registrar: usize,
    /// The longest verdict in words among those present.
    pub(super) state: usize,
}

impl Data {
    /// What is shown of a snapshot.
    #[must_use]
    pub fn new(
        snapshot: Snapshot,
        capture: Capture,
        contrast: Contrast,
        findings: Vec<Finding>,
    ) -> Self {
        let mut data = Self {
            cluster: Cluster::of(&snapshot),
            statistics: Statistics::of(&snapshot, capture.spans()),
            limits: limits(&capture, &snapshot),
            rows: row::rows(&snapshot),
            snapshot,
            capture,
            contrast,
            findings,
            ..Self::default()
        };
        for (place, dn) in (0..).zip(data.snapshot.dns()) {
            data.by_name.insert(dn.name().to_vec(), place);
            let [working, out, unknown] = &mut data.totals;
            *match dn.state().state() {
                State::InService => working,
                State::OutOfService => out,
                State::Unknown => unknown,
            } += 1;
            let [failing, working] = &mut data.cohorts;
            match dn.cohort() {
                Cohort::Failing => *failing += 1,
                Cohort::Working => *working += 1,
                Cohort::Unclear => {}
            }
            data.widths.dn = data.widths.dn.max(escape_bytes(dn.name()).width());
        }
        for row in &data.rows {
            data.at_risk += usize::from(row.risk.is_some());
            data.widths.source = data.widths.source.max(row.source_width());
            data.widths.registrar = data.widths.registrar.max(row.registrar_width());
        }
        let outcomes: HashSet<_> =
            data.rows.iter().map(|row| (row.verdict, row.status_code, row.risk)).collect();
        let lengths =
            outcomes.iter().map(|&(v, code, risk)| words::label_of(v, code, risk).width());
        data.widths.state = lengths.max().unwrap_or(0);
        for (number, finding) in (0..).zip(&data.findings) {
            let place = finding.dn.as_ref().and_then(|dn| data.by_name.get(dn));
            if let Some(&place) = place {
                data.findings_of.entry(place).or_default().push(number);
            }
        }
        data
    }

    /// The rows, in the order of [`Snapshot::dns`].
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// One row.
    pub(super) fn row(&self, place: u32) -> Option<&Row> {
        self.rows.get(place as usize)
    }

    /// A header or Contact parameter that is kept, by its place.
    pub(super) fn extra(&self, place: u8) -> Option<&ExtraName> {
        self.snapshot.extra_names().get(usize::from(place))
    }

    /// The DN of a row.
    pub(super) fn dn(&self, place: u32) -> Option<DnView<'_>> {
        self.snapshot.dn_at(place as usize)
    }

    /// The row of a DN.
    pub(super) fn place_of(&self, name: &[u8]) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The DN of that name.
    pub(super) fn find(&self, name: &[u8]) -> Option<DnView<'_>> {
        self.dn(self.place_of(name)?)
    }

    /// What was found of a DN, the most urgent first.
    pub(super) fn findings_of(&self, place: u32) -> impl Iterator<Item = &Finding> {
        let numbers = self.findings_of.get(&place).map_or(&[][..], SmallVec::as_slice);
        numbers.iter().filter_map(|&number| self.findings.get(number as usize))
    }

    /// The findings of a DN by their places among all, the most urgent first.
    pub(super) fn finding_numbers(&self, place: u32) -> impl Iterator<Item = usize> + use<'_> {
        let numbers = self.findings_of.get(&place).map_or(&[][..], SmallVec::as_slice);
        numbers.iter().map(|&number| number as usize)
    }

    /// How frames are named.
    pub(super) fn frames(&self) -> Frames<'_> {
        Frames::of(&self.capture.files)
    }

    /// Whether a place is a line of a log.
    pub(super) fn is_line(&self, place: FrameRef) -> bool {
        is_line(&self.capture.files, place)
    }

    /// `#12`, or `2:#12` when there are several files.
    pub(super) fn frame_name(&self, frame: FrameRef) -> String {
        self.frames().name(frame)
    }
}
