//! `regscope compare`.

use std::io::{self, Write as _};

use jiff::tz::TimeZone;

use super::asked::{THIS_CAPTURE, ending_with_all, no_such_dn, none_taken};
use super::fetch::{Wanted, fetch};
use super::interrupt;
use super::pipeline::Plan;
use super::rights::{self, Needs};
use super::{Failure, Outcome};
use crate::cli::{CompareFormat, CompareSettings, InputSettings, What};
use crate::compare::pair::{Pair, Subject, pair};
use crate::compare::{Cohorts, Contrast, Filter, contrast, contrast_of};
use crate::diagnosis::{Scene, diagnose_dn};
use crate::registration::{Snapshot, SnapshotOptions};
use crate::report::compare::{self as rendering, PairView, RawMessage, SideView};
use crate::sip::Message;
use crate::source::FileInfo;
use crate::wording::contrast::{condition, support};

/// The result of reading a side.
struct Read {
    snapshot: Snapshot,
    files: Vec<FileInfo>,
    /// How the run ends if nothing else happens.
    ending: Outcome,
}

impl Read {
    /// Reads one capture, with no more rights than that takes.
    fn new(input: &InputSettings, settings: &CompareSettings) -> Result<Self, Failure> {
        interrupt::ends_standard_input(input);
        let plan = Plan::new(input, settings.at.as_ref(), &settings.zone)?;
        rights::give_up(input, plan.inputs(), &Needs::default())?;
        Self::of(plan)
    }

    /// Reads two captures, both opened before rights are given up.
    fn two([a, b]: [&InputSettings; 2], zone: &TimeZone) -> Result<[Self; 2], Failure> {
        interrupt::ends_standard_input(a);
        interrupt::ends_standard_input(b);
        let plans = (Plan::new(a, None, zone)?, Plan::new(b, None, zone)?);
        let files = InputSettings { files: [&*a.files, &*b.files].concat(), ..a.clone() };
        let found = plans.0.inputs().iter().chain(plans.1.inputs());
        rights::give_up(&files, found, &Needs::default())?;
        Ok([Self::of(plans.0)?, Self::of(plans.1)?])
    }

    fn of(plan: Plan) -> Result<Self, Failure> {
        let trace = plan.run(None)?;
        let ending = ending_with_all(&trace.capture.warnings, Outcome::Done);
        let files = trace.capture.files;
        let options = SnapshotOptions { at: trace.at, expected: Vec::new() };
        let snapshot = super::shown(trace.tracker.finish(&options));
        Ok(Self { snapshot, files, ending })
    }

    /// The DN of that name.
    fn subject(&self, dn: &str, place: &str) -> Result<Subject<'_>, Failure> {
        let found = self.snapshot.find(dn.as_bytes());
        found
            .map(|view| Subject::new(&self.snapshot, view))
            .ok_or_else(|| no_such_dn(&self.snapshot, dn.as_bytes(), place))
    }
}

/// Reads everything and prints how the two sides differ.
pub(super) fn run(settings: &CompareSettings) -> Result<Outcome, Failure> {
    let zone = &settings.zone;
    rights::begin();
    Ok(match &settings.what {
        What::Cohorts(input) => {
            let read = Read::new(input, settings)?;
            print(&contrast(&read.snapshot), settings.format)?;
            read.ending
        }
        What::Selected(input, filters) => {
            let read = Read::new(input, settings)?;
            let (a, b) = &**filters;
            let cohorts = Cohorts::selected(&read.snapshot, a, b.as_ref());
            match (cohorts.sizes(), b) {
                ([0, _], _) => return Err(one_sided(&read.snapshot, "--a", a)),
                ([_, 0], Some(b)) => return Err(one_sided(&read.snapshot, "--b", b)),
                ([_, 0], None) => {
                    return Err(Failure::Usage("--a matches every DN of this capture".to_owned()));
                }
                _ => {}
            }
            print(&contrast_of(&read.snapshot, &cohorts), settings.format)?;
            read.ending
        }
        What::Pair(input, [left, right]) => {
            let read = Read::new(input, settings)?;
            let left = (read.subject(left, THIS_CAPTURE)?, input, &read);
            let right = (read.subject(right, THIS_CAPTURE)?, input, &read);
            two(settings, left, right, false)?;
            read.ending
        }
        What::BeforeAfter([before, after], dn) => {
            let [b, a] = Read::two([before, after], zone)?;
            let left = (b.subject(dn, "the capture before")?, before, &b);
            let right = (a.subject(dn, "the capture after")?, after, &a);
            two(settings, left, right, true)?;
            if b.ending == Outcome::Incomplete { b.ending } else { a.ending }
        }
    })
}

/// The failure for a side without a DN: its filter matches none, or none that is not on the other side too.
fn one_sided(snapshot: &Snapshot, option: &str, filter: &Filter) -> Failure {
    if snapshot.dns().any(|dn| filter.matches(&dn, snapshot)) {
        let both = format!("every DN that matches {option} is on the other side too");
        return Failure::Usage(both);
    }
    none_taken(snapshot, option, filter)
}

/// Prints a contrast.
fn print(contrast: &Contrast, format: CompareFormat) -> io::Result<()> {
    let mut out = super::output();
    match format {
        CompareFormat::Text => out.write_all(rendering::text(contrast).as_bytes())?,
        CompareFormat::Markdown => out.write_all(rendering::markdown(contrast).as_bytes())?,
        CompareFormat::Csv => rendering::write_csv(contrast, &mut out)?,
        CompareFormat::Json => rendering::write_json(contrast, &mut out)?,
    }
    out.flush()
}

/// One side: the DN, the input it is in, and what was read of that.
type Of<'a> = (Subject<'a>, &'a InputSettings, &'a Read);

/// Prints two DNs side by side, attributes first, then their messages.
fn two(
    settings: &CompareSettings,
    left: Of<'_>,
    right: Of<'_>,
    apart: bool,
) -> Result<(), Failure> {
    let wanted = [&left, &right].map(|(subject, ..)| wanted(subject));
    let mut raw = if apart {
        let mut raw = heads(left.1, &wanted[0])?;
        raw.extend(heads(right.1, &wanted[1])?);
        raw
    } else {
        heads(left.1, &wanted.concat())?
    };
    let once = [&left, &right].iter().any(|(_, input, _)| input.has_standard_input());
    let mut side = |(_, _, read): Of<'_>| {
        let rest = raw.split_off(raw.len().min(2));
        let mut own = std::mem::replace(&mut raw, rest).into_iter();
        SideView {
            files: read.files.clone(),
            request: own.next().flatten(),
            answer: own.next().flatten(),
        }
    };
    let pair = pair(&left.0, &right.0);
    let lead = lead(&pair, [&left, &right], apart);
    let view = PairView { pair: &pair, sides: [side(left), side(right)], lead, apart, once };
    let mut out = super::output();
    match settings.format {
        CompareFormat::Text => out.write_all(rendering::pair_text(&view).as_bytes())?,
        CompareFormat::Markdown => out.write_all(rendering::pair_markdown(&view).as_bytes())?,
        CompareFormat::Csv => rendering::write_pair_csv(&view, &mut out)?,
        CompareFormat::Json => rendering::write_pair_json(&view, &mut out)?,
    }
    Ok(out.flush()?)
}

/// The cause of each side, and which of the differences divide the failing DNs from the working ones
/// of the same capture.
fn lead(pair: &Pair, sides: [&Of<'_>; 2], apart: bool) -> Vec<String> {
    let mut lead = Vec::new();
    for (subject, _, read) in sides {
        let scene = Scene::new(&read.snapshot);
        let causes = diagnose_dn(&scene, subject.dn);
        lead.extend(causes.into_iter().find(|f| f.is_cause).map(|f| format!("{}.", f.sentence)));
    }
    let [(_, _, read), _] = sides;
    if apart {
        return lead;
    }
    let all = contrast(&read.snapshot);
    let differs = |name: &str| pair.differences().any(|row| row.attribute.name == name);
    let dividing = all.groups.iter().flat_map(|group| &group.members);
    for found in dividing.filter(|f| differs(f.attribute.name)).take(3) {
        let words = found.condition.as_ref().map_or_else(String::new, condition);
        let (label, support) =
            (found.attribute.label, support(&found.support, ["failing", "working"]));
        lead.push(format!("Divides the other DNs too: {label} {words} ({support})."));
    }
    lead
}

/// The messages without their bodies, each where it is wanted.
fn heads(
    input: &InputSettings,
    wanted: &[Option<Wanted>],
) -> Result<Vec<Option<RawMessage>>, Failure> {
    let all: Vec<Wanted> = wanted.iter().flatten().cloned().collect();
    let found = fetch(input, &all)?;
    let head = |wanted: &Wanted| {
        let fetched = found.get(wanted)?;
        let message = Message::parse(&fetched.bytes, fetched.cut)?;
        Some(RawMessage { bytes: message.head().to_vec(), frame: wanted.frame, cut: fetched.cut })
    };
    Ok(wanted.iter().map(|wanted| head(wanted.as_ref()?)).collect())
}

/// The request and the response of a DN.
fn wanted(subject: &Subject<'_>) -> [Option<Wanted>; 2] {
    let dn = subject.dn.name();
    let [request, answer] = subject.frames();
    let wanted = |frame, request| Wanted { dn: dn.to_vec(), frame, request };
    [request.map(|frame| wanted(frame, true)), answer.map(|frame| wanted(frame, false))]
}
