//! An attempt as one line: what was sent, what came back, in which frames; equal ones folded.

use super::steps::{Step, steps};
use crate::net::Timestamp;
use crate::registration::{AttemptView, DnView, Outcome, Purpose, Snapshot, Verdict};

use super::glyphs::{Frames, Glyphs};
use super::words;

/// Runs of equal attempts that are kept at the beginning and at the end.
const KEPT: usize = 3;
/// Steps of an attempt that are shown one by one, at most.
const STEPS: usize = 8;

/// Equal attempts in a row.
pub(crate) struct Run {
    /// The exchange, the same in all of them.
    pub text: String,
    /// How many attempts.
    pub count: u64,
    /// The first one.
    pub first: Sighting,
    /// The last one.
    pub last: Sighting,
}

/// When and in which frames an attempt is seen.
#[derive(Clone)]
pub(crate) struct Sighting {
    pub at: Timestamp,
    pub frames: String,
}

/// The attempts of a DN, equal ones in a row folded.
pub(crate) struct Exchanges {
    /// The first runs and the last ones; what differs from the last attempt is said.
    pub runs: Vec<Run>,
    /// Attempts in between that are not kept.
    pub left_out: u64,
}

impl Exchanges {
    pub(crate) fn of(
        snapshot: &Snapshot,
        dn: DnView<'_>,
        last: Option<AttemptView<'_>>,
        frames: Frames<'_>,
        glyphs: &Glyphs,
    ) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        let mut left_out = 0;
        for attempt in dn.attempts() {
            let Told { text, frames } = Told::of(snapshot, &attempt, last, frames, glyphs);
            let seen = Sighting { at: attempt.started, frames };
            match runs.last_mut() {
                Some(run) if run.text == text => {
                    run.count += 1;
                    run.last = seen;
                }
                _ => runs.push(Run { text, count: 1, first: seen.clone(), last: seen }),
            }
            if runs.len() > 2 * KEPT + 1 {
                left_out += runs.remove(KEPT).count;
            }
        }
        Self { runs, left_out }
    }
}

/// One attempt as a line.
pub(crate) struct Told {
    /// The exchange; what differs from the last attempt is said.
    pub text: String,
    /// The frames it is seen in.
    pub frames: String,
}

impl Told {
    pub(crate) fn of(
        snapshot: &Snapshot,
        attempt: &AttemptView<'_>,
        last: Option<AttemptView<'_>>,
        frames: Frames<'_>,
        glyphs: &Glyphs,
    ) -> Self {
        let steps = steps(attempt);
        let mut text = describe(snapshot, attempt, &steps, glyphs);
        if last.is_some_and(|last| last.source.addr != attempt.source.addr) {
            text = format!("from {}: {text}", attempt.source.addr);
        }
        if last.is_some_and(|last| last.registrar != attempt.registrar) {
            text = format!("at {}: {text}", attempt.registrar);
        }
        Self { text, frames: name_frames(&steps, frames, glyphs) }
    }
}

/// `REGISTER for 120 s → 401 → REGISTER with credentials → 403 Forbidden`.
///
/// A request and its response that repeat are shown once, with their number.
fn describe(
    snapshot: &Snapshot,
    attempt: &AttemptView<'_>,
    steps: &[Step],
    glyphs: &Glyphs,
) -> String {
    let arrow = format!(" {} ", glyphs.arrow);
    let word = |place: usize, step: &Step| match step.code {
        0 => request(attempt, step, steps, place),
        code if place + 1 == steps.len() => answer(snapshot, attempt, code),
        code => code.to_string(),
    };
    let mut parts = Vec::new();
    if steps.iter().all(|step| step.code != 0) {
        parts.push("(request not captured)".to_owned());
    }
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        let rounds = rounds(steps.get(at..).unwrap_or_default());
        if rounds > 1 {
            let last = at + 2 * rounds - 2;
            let round = steps.iter().enumerate().skip(last).take(2);
            let round: Vec<_> = round.map(|(place, step)| word(place, step)).collect();
            parts.push(format!("{rounds} times ({})", round.join(&arrow)));
            at = last + 2;
        } else {
            parts.push(word(at, step));
            at += 1;
        }
        if parts.len() > STEPS && at < steps.len() {
            parts.push(format!("({} more)", steps.len() - at));
            break;
        }
    }
    parts.extend(silence(attempt, steps));
    parts.join(&arrow)
}

/// How often the request and the response at the beginning of `steps` follow each other.
fn rounds(steps: &[Step]) -> usize {
    let key = |step: &Step| (step.code, step.credentials, step.sent);
    let Some([request, answer]) = steps.first_chunk::<2>() else { return 0 };
    if request.code != 0 || answer.code == 0 {
        return 0;
    }
    let same = |round: &&[Step]| match round {
        [first, second] => key(first) == key(request) && key(second) == key(answer),
        _ => false,
    };
    steps.chunks_exact(2).take_while(same).count()
}

fn request(attempt: &AttemptView<'_>, step: &Step, steps: &[Step], place: usize) -> String {
    let first = steps.iter().position(|step| step.code == 0) == Some(place);
    let mut text = match attempt.purpose {
        _ if step.credentials && !first => "REGISTER with credentials".to_owned(),
        _ if !first => "REGISTER again".to_owned(),
        Purpose::Remove => "REGISTER with Expires 0".to_owned(),
        Purpose::Query => "REGISTER without Contact".to_owned(),
        Purpose::Register | Purpose::Unknown => match attempt.asked {
            Some(seconds) => format!("REGISTER for {seconds} s"),
            None => "REGISTER".to_owned(),
        },
    };
    if step.credentials && first {
        text += " with credentials";
    }
    if step.sent > 1 {
        let nanos = step.last.time.nanos_since(step.first.time);
        append!(text, " (sent {} times in {:.1} s)", step.sent, nanos as f64 / 1e9);
    }
    text
}

/// The last response, with its phrase and what it grants.
fn answer(snapshot: &Snapshot, attempt: &AttemptView<'_>, code: u16) -> String {
    let mut text = match code {
        _ if attempt.code == code => attempt.answer(snapshot),
        code => words::status(code),
    };
    if let (Outcome::Accepted, Some(seconds)) = (attempt.outcome, attempt.granted) {
        append!(text, ", granted {seconds} s");
    }
    text
}

/// What is shown in place of a response.
fn silence(attempt: &AttemptView<'_>, steps: &[Step]) -> Option<String> {
    let asked_last = steps.last().is_some_and(|step| step.code < 200);
    match attempt.outcome {
        Outcome::Failed(Verdict::Unreachable) => Some(match attempt.icmp() {
            Some((kind, code)) => words::icmp(kind, code, attempt.registrar.addr).to_owned(),
            None => "connection reset".to_owned(),
        }),
        _ if !asked_last => None,
        Outcome::Failed(Verdict::NoAnswer) => Some("no response".to_owned()),
        Outcome::Failed(Verdict::OneWay) => Some("response not captured".to_owned()),
        Outcome::Failed(Verdict::Truncated) => Some("cut".to_owned()),
        Outcome::Open => Some("no response yet".to_owned()),
        _ => None,
    }
}

/// `#9 → #10`, or `#9 – #16` for more than four.
fn name_frames(steps: &[Step], frames: Frames<'_>, glyphs: &Glyphs) -> String {
    let name = |step: &Step| frames.name(step.first.frame());
    match steps {
        [first, _, _, _, .., last] if steps.len() > 4 => {
            format!("{} {} {}", name(first), glyphs.dash, name(last))
        }
        few => few.iter().map(name).collect::<Vec<_>>().join(&format!(" {} ", glyphs.arrow)),
    }
}
