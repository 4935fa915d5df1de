//! The attempts of a DN, challenge and retry as one line, equal ones in a row folded.

use std::collections::BTreeSet;

use super::{Goes, Page};
use crate::net::count;
use crate::net::{FrameRef, Timestamp};
use crate::registration::{AttemptView, DnView, Outcome, State};
use crate::tui::columns::Look;
use crate::tui::view::theme::{Ink, Palette};
use crate::wording::append;
use crate::wording::exchange;

/// One attempt in a line.
struct One {
    place: usize,
    at: Timestamp,
    frame: Option<FrameRef>,
    frames: String,
    outcome: Outcome,
}

/// Equal attempts in a row.
struct Run {
    text: String,
    attempts: Vec<One>,
}

/// Writes the attempts; of equal ones in a row the first, and the others if they are unfolded.
pub(super) fn write(page: &mut Page, look: &Look<'_>, dn: DnView<'_>, open: &BTreeSet<usize>) {
    let runs = runs(page, look, dn);
    let attempts: usize = runs.iter().map(|run| run.attempts.len()).sum();
    if attempts == 0 {
        return;
    }
    page.title(&count(attempts as u64, "attempt"));
    for run in &runs {
        let Some((first, rest)) = run.attempts.split_first() else { continue };
        one(page, look, first, &run.text);
        let Some(last) = rest.last() else { continue };
        let unfolded = open.contains(&first.place);
        page.goes = Some(Goes::Unfold(first.place));
        let fold = page.glyphs.fold(unfolded);
        let at = look.clock.precise(last.at);
        let more = match rest.len() {
            1 => format!("once more at {at}"),
            more => format!("{more} more like it, the last at {at}"),
        };
        let prefix = [(format!("  {fold} "), Some(Ink::Accent))];
        page.text(&prefix, &more, Some(Ink::Faint));
        if unfolded {
            for attempt in rest {
                one(page, look, attempt, "the same");
            }
        }
    }
    page.goes = None;
}

fn runs(page: &Page, look: &Look<'_>, dn: DnView<'_>) -> Vec<Run> {
    let last = dn.last_attempt();
    let frames = look.data.frames();
    let mut runs: Vec<Run> = Vec::new();
    for (place, attempt) in dn.attempts().enumerate() {
        let told = exchange::Told::of(&look.data.snapshot, &attempt, last, frames, page.glyphs);
        let frame = attempt.messages().next().map(|message| message.frame());
        let (at, outcome) = (attempt.started, attempt.outcome);
        let one = One { place, at, frame, frames: told.frames, outcome };
        match runs.last_mut() {
            Some(run) if run.text == told.text => run.attempts.push(one),
            _ => runs.push(Run { text: told.text, attempts: vec![one] }),
        }
    }
    runs
}

/// `✗ 15:57:00.123  REGISTER for 120 s → 403 Forbidden (#9 → #10)`.
fn one(page: &mut Page, look: &Look<'_>, attempt: &One, text: &str) {
    let (mark, ink) = mark(attempt.outcome, page);
    let at = look.clock.precise(attempt.at);
    let prefix = [(format!("{mark} "), Some(ink)), (format!("{at}  "), None)];
    let frames = match attempt.frames.as_str() {
        "" => String::new(),
        frames => format!(" ({frames})"),
    };
    page.goes = attempt.frame.map(Goes::Frame);
    page.text(&prefix, &format!("{text}{frames}"), None);
}

/// The mark of an attempt's outcome.
fn mark(outcome: Outcome, page: &Page) -> (&'static str, Ink) {
    match outcome {
        Outcome::Accepted => Palette::mark(State::InService, page.glyphs),
        Outcome::Removed | Outcome::NothingListed => (page.glyphs.bullet, Ink::Faint),
        Outcome::Open => Palette::mark(State::Unknown, page.glyphs),
        Outcome::Failed(verdict) => Palette::mark(verdict.state(), page.glyphs),
    }
}

/// How long before the end of a binding its refreshes came, in words.
pub(super) fn margins(dn: DnView<'_>) -> Option<String> {
    let refreshed = |a: &AttemptView<'_>| a.outcome == Outcome::Accepted;
    let mut margins: Vec<i64> =
        dn.attempts().filter(refreshed).filter_map(|attempt| attempt.margin_ms()).collect();
    margins.sort_unstable();
    let (&least, &usual) = (margins.first()?, margins.get(margins.len() / 2)?);
    let late = margins.iter().filter(|margin| **margin < 0).count();
    let seconds = |ms: i64| format!("{:.1} s", ms as f64 / 1000.0);
    let mut text = match margins.len() {
        1 if least >= 0 => format!("One refresh came {} before the end", seconds(least)),
        1 => format!("One refresh came {} after the end", seconds(-least)),
        n if least >= 0 => format!(
            "{n} refreshes came {} before the end, the latest {}",
            seconds(usual),
            seconds(least)
        ),
        n => format!(
            "{n} refreshes came typically {} before the end, {late} of them too late, by up to {}",
            seconds(usual),
            seconds(-least)
        ),
    };
    let granted = dn.attempts().filter(refreshed).filter_map(|attempt| attempt.granted).last();
    if let Some(granted) = granted {
        append!(text, " (granted: {granted} s)");
    }
    Some(text + ".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::testing::Player;

    #[test]
    fn margins_are_told_with_the_smallest() {
        let scenario = "0 > REGISTER expires=60\n0.1 < 200 expires=60\n\
             30 > REGISTER cseq=2 expires=60\n30.1 < 200 cseq=2 expires=60\n\
             85 > REGISTER cseq=3 expires=60\n85.1 < 200 cseq=3 expires=60";
        let snapshot = Player::snapshot_of(scenario);
        let told = margins(snapshot.find(b"5002").unwrap()).unwrap();
        assert!(told.starts_with("2 refreshes came"), "{told}");
        assert!(told.ends_with("(granted: 60 s)."), "{told}");
        let once = Player::snapshot_of("0 > REGISTER\n0.1 < 200");
        assert_eq!(margins(once.find(b"5002").unwrap()), None);
    }
}
