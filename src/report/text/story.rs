//! `regscope explain` for a person: what happened in order of time, why, and what to check.

use std::io;

use super::page::{Ink, Page};
use super::when::Clock;
use super::{findings, headline};
use crate::diagnosis::Finding;
use crate::diagnosis::explain::Event;
use crate::registration::State;
use crate::report::explain::StoryView;
use crate::wording::glyphs::Frames;

pub(super) fn write(view: &StoryView<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let clock = &Clock::new(view.zone, view.snapshot.at);
    let frames = Frames::of(&view.capture.files);
    let story = view.story;
    let since = story.since.map(|at| format!(", since {}", clock.short(at))).unwrap_or_default();
    page.inked(Ink::Title, &format!("{}{since}", story.verdict))?;
    headline::capture(view.snapshot, view.capture, clock, page)?;
    page.title("What happened")?;
    if story.paragraphs.is_empty() {
        page.line("  Nothing of it is in the capture.")?;
    }
    for told in &story.paragraphs {
        event(told, clock, frames, page)?;
    }
    let (causes, others): (Vec<_>, Vec<_>) = story.findings.iter().partition(|f| f.is_cause);
    for cause in &causes {
        page.title(if state(view) == Some(State::Unknown) {
            "Why the state is unknown"
        } else {
            "Why"
        })?;
        why(cause, page)?;
    }
    if !others.is_empty() {
        page.title("Also")?;
    }
    for finding in others {
        let text = findings::sentence(finding, clock, frames);
        let mark = findings::mark(finding.severity, page);
        page.marked(mark, &text)?;
    }
    if !story.checks.is_empty() {
        page.title("What to check")?;
    }
    for (place, check) in story.checks.iter().enumerate() {
        page.paragraph(&format!("{:>2}. ", place + 1), check)?;
    }
    Ok(())
}

fn state(view: &StoryView<'_>) -> Option<State> {
    let named = |dn: &&[u8]| crate::net::escape_bytes(dn) == view.story.dn.as_str();
    let mut dns = view.snapshot.dns();
    dns.find(|dn| named(&dn.name())).map(|dn| dn.state().state())
}

fn event(event: &Event, clock: &Clock, frames: Frames<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let at = format!("{}  ", clock.precise(event.time));
    let names: Vec<_> = event.frames.iter().map(|frame| frames.name(*frame)).collect();
    let between = if event.count > 1 {
        format!(" {} ", page.glyphs.more)
    } else {
        format!(" {} ", page.glyphs.arrow)
    };
    let seen = match names.len() {
        0 => String::new(),
        _ => format!(" ({})", names.join(&between)),
    };
    page.paragraph(&at, &format!("{}{seen}", event.sentence))
}

fn why(cause: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    page.paragraph("  ", &format!("{}.", cause.sentence))?;
    let sure = cause.confidence.name();
    page.paragraph("  ", &format!("{sure}; {}; {}", cause.rule, cause.reference))
}
