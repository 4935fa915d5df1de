//! Copies the packets of chosen DNs, and checks whether they give the same verdicts alone.

use crate::hashing::HashSet;
use jiff::tz::TimeZone;

use super::closure::{Search, Wanted};
use super::file::NewFile;
use super::follow::{Ends, Mark, Next, Part, follow};
use super::summary::{Differing, Summary};
use crate::app::Failure;
use crate::app::evidence::Evidence;
use crate::app::pipeline::Plan;
use crate::cli::InputSettings;
use crate::net::{FileId, Frame, FrameRef, Timestamp};
use crate::record::PcapngWriter;
use crate::registration::{Snapshot, SnapshotOptions};
use crate::report::View;
use crate::source::FileInfo;

/// Writes the packets of the DNs that `view` selects.
pub(super) fn write(
    view: &View<'_>,
    evidence: &Evidence,
    new: &mut NewFile,
    summary: &mut Summary,
) -> Result<(), Failure> {
    let until = view.snapshot.at;
    let mut wanted = Wanted::of(view);
    if wanted.is_empty() {
        let what = "no packet of the selected DNs is in the capture";
        return Err(Failure::Usage(what.to_owned()));
    }
    let mut search = Search::messages(&mut wanted);
    let ends = follow(evidence, until, |part| {
        search.part(part);
        Ok(Next::More)
    })?;
    search.finish();
    if wanted.has_connections() {
        let mut search = Search::connections(&mut wanted);
        follow(evidence, until, |part| {
            search.part(part);
            Ok(Next::More)
        })?;
        search.finish();
    }
    let copied = copy(view, evidence, &wanted, ends, new);
    summary.gone = wanted.frames.len();
    summary.packets = copied.map_err(|failure| match failure {
        Failure::Output(error) => Failure::Export { path: summary.path.clone(), error },
        other => other,
    })?;
    summary.gone -= summary.packets;
    summary.of_packets = view.capture.packets.read;
    verify(view, evidence, new, summary)
}

/// Copies the wanted frames; gives their number.
fn copy(
    view: &View<'_>,
    evidence: &Evidence,
    wanted: &Wanted,
    ends: Option<Ends>,
    new: &mut NewFile,
) -> Result<u64, Failure> {
    let names = Names::of(&view.capture.files);
    let mut writer = PcapngWriter::new(new.file());
    for (file, name) in (0..).map(FileId).zip(&names.0) {
        writer.name_source(file, name);
    }
    let mark = |mark: Mark| (!wanted.frames.contains(mark.at)).then_some(mark);
    let mut begin = ends.and_then(|ends| mark(ends.first));
    if let Some(mark) = &begin {
        writer.packet(&only_time(mark), Some(&names.comment(mark.at, "begins")))?;
    }
    let mut left = wanted.frames.len();
    let mut last = None;
    follow(evidence, view.snapshot.at, |part| {
        match part {
            Part::Secrets(log) => writer.secrets(log)?,
            Part::Frame(frame) if wanted.frames.contains(frame.at) => {
                if let Some(mark) = begin.take().filter(|mark| is_alone(mark, Some(frame.time))) {
                    writer.packet(&only_time(&mark), Some(&names.comment(mark.at, "begins")))?;
                }
                last = Some(frame.time);
                writer.packet(frame, Some(&names.frame(frame.at)))?;
                left -= 1;
            }
            Part::Frame(_) => {}
        }
        Ok(if left == 0 { Next::Enough } else { Next::More })
    })?;
    if left > 0 && evidence.files().is_some() {
        return Err(Failure::Changed);
    }
    if let Some(mark) = ends.and_then(|ends| mark(ends.last)) {
        for _ in 0..=u8::from(is_alone(&mark, last)) {
            writer.packet(&only_time(&mark), Some(&names.comment(mark.at, "ends")))?;
        }
    }
    writer.finish()?;
    Ok(wanted.frames.len() - left)
}

/// Whether a mark is so far from its neighbor that a single one would not be believed: then a second one bears
/// it out.
fn is_alone(mark: &Mark, neighbor: Option<Timestamp>) -> bool {
    const FAR: u64 = 86_400_000_000_000;
    neighbor.is_some_and(|time| mark.time.nanos().abs_diff(time.nanos()) >= FAR)
}

/// The frame without its bytes, which moves the clock of the trace: what has expired, or was never
/// answered, depends on it.
fn only_time(mark: &Mark) -> Frame<'static> {
    let Mark { time, at, link, wire_len } = *mark;
    Frame { time, link, at, wire_len: wire_len.max(1), bytes: &[] }
}

/// What files are called in an export: without their directories, or without those they share.
struct Names(Vec<String>);

impl Names {
    fn of(files: &[FileInfo]) -> Self {
        let parts = |file: &'_ FileInfo| -> Vec<_> {
            file.path.iter().map(|part| part.to_string_lossy().into_owned()).collect()
        };
        let all: Vec<_> = files.iter().map(parts).collect();
        let short = all.iter().filter_map(|parts| parts.last()).collect::<HashSet<_>>();
        if short.len() == files.len() {
            return Self(all.iter().filter_map(|parts| parts.last().cloned()).collect());
        }
        let same = |place: usize| {
            let mut parts = all.iter().map(|parts| parts.get(place));
            let first = parts.next().flatten();
            first.is_some() && parts.all(|part| part == first)
        };
        // the name itself stays, even of a file that is named twice
        let most = all.iter().map(Vec::len).min().unwrap_or(0).saturating_sub(1);
        let common = (0..most).take_while(|&place| same(place)).count();
        Self(all.iter().map(|parts| parts.get(common..).unwrap_or_default().join("/")).collect())
    }

    /// Which frame of which file it was.
    fn frame(&self, at: FrameRef) -> String {
        let file = self.0.get(usize::from(at.file().0)).map_or("", String::as_str);
        format!("frame {} of {file}", at.number())
    }

    fn comment(&self, at: FrameRef, what: &str) -> String {
        format!("the capture {what} here: {}, of which only the time was copied", self.frame(at))
    }
}

/// Reads the file as any other, and notes every DN whose verdict differs.
fn verify(
    view: &View<'_>,
    evidence: &Evidence,
    new: &NewFile,
    summary: &mut Summary,
) -> Result<(), Failure> {
    let keylogs = evidence.files().map(|input| input.keylogs.clone()).unwrap_or_default();
    let files = vec![new.path()];
    let own = InputSettings { files, keylogs, ..InputSettings::default() };
    let trace = Plan::new(&own, None, &TimeZone::UTC)?.run(None)?;
    let there = trace.tracker.finish(&SnapshotOptions::default());
    let mut selected = HashSet::default();
    for dn in view.dns() {
        selected.insert(dn.name());
        let here = (dn.state().verdict, dn.state().status_code);
        let alone = outcome(&there, dn.name());
        if alone != Some(here) && dn.attempts().next().is_some() {
            let dn = dn.name().to_vec();
            summary.differing.push(Differing { dn, here, alone });
        }
    }
    summary.others = there.dns().filter(|dn| !selected.contains(dn.name())).count();
    Ok(())
}

fn outcome(snapshot: &Snapshot, dn: &[u8]) -> Option<super::summary::Outcome> {
    let found = snapshot.find(dn)?;
    Some((found.state().verdict, found.state().status_code))
}
