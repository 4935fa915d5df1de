//! For each DN that is not in service: what was sent, what came back, and what follows from it.
//!
//! DNs that fare alike are one block: the first is shown, the others are named.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;

use rustc_hash::FxHashMap;

use super::ending;
use super::exchange::{Exchanges, Run};
use super::layout::count;
use super::page::{Frames, Page};
use super::when::Clock;
use super::words;
use crate::net::escape_bytes;
use crate::registration::{Attempt, DnView, Flag, Snapshot, State};
use crate::report::View;
use crate::sip::Uri;

/// Names of DNs that fare alike, at most.
const ALIKE: usize = 40;

/// What a block says.
struct Block {
    /// Equal for DNs that fare alike: what is said, without times, frames and the DN.
    key: u64,
    /// Paragraphs, each with its hanging indent.
    lines: Vec<(usize, String)>,
}

pub(super) fn write(view: &View<'_>, clock: &Clock, page: &mut Page<'_>) -> io::Result<()> {
    let mut groups: Vec<(DnView<'_>, Vec<DnView<'_>>)> = Vec::new();
    let mut by_key = FxHashMap::<u64, usize>::default();
    for dn in view.dns().filter(|dn| dn.state().verdict.state() != State::InService) {
        let key = Block::of(view, dn, clock, page).key;
        let place = *by_key.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, alike)) => alike.push(dn),
            None => groups.push((dn, Vec::new())),
        }
    }
    if !groups.is_empty() {
        page.title("Evidence")?;
    }
    for (place, (dn, alike)) in groups.iter().enumerate() {
        if place > 0 {
            page.line("")?;
        }
        group(view, *dn, alike, clock, page)?;
    }
    Ok(())
}

fn group(
    view: &View<'_>,
    dn: DnView<'_>,
    alike: &[DnView<'_>],
    clock: &Clock,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let state = dn.state();
    let (mark, ink) = page.mark(state.verdict.state());
    let mark = page.paint(ink, mark);
    let verdict = words::verdict(state.verdict, state.status_code, state.expires_at, clock);
    let since = state.since.map(|at| format!(" since {}", clock.short(at))).unwrap_or_default();
    let name = escape_bytes(dn.name());
    page.hanging("", 2, &format!("{mark} {name}: {verdict}{since}"))?;
    for (indent, text) in Block::of(view, dn, clock, page).lines {
        page.hanging("    ", 4 + indent, &text)?;
    }
    if !alike.is_empty() {
        let names = alike.iter().take(ALIKE).map(|dn| escape_bytes(dn.name())).collect::<Vec<_>>();
        let more = match alike.len().checked_sub(ALIKE + 1) {
            Some(more) => format!(" and {} more", more + 1),
            None => String::new(),
        };
        let dns = count(alike.len() as u64, "DN");
        page.hanging("    ", 6, &format!("Alike, {dns}: {}{more}", names.join(", ")))?;
    }
    Ok(())
}

impl Block {
    fn of(view: &View<'_>, dn: DnView<'_>, clock: &Clock, page: &Page<'_>) -> Self {
        let state = dn.state();
        let mut maker = Maker::default();
        (state.verdict, state.status_code).hash(&mut maker.hasher);
        let frames = Frames { several_files: view.capture.files.len() > 1 };
        let last = dn.attempts().last();
        if let Some(last) = last {
            maker.addresses(view.snapshot, &last, page.glyphs.arrow);
        }
        let exchanges = Exchanges::of(view.snapshot, dn, last, frames, page.glyphs);
        maker.exchanges(&exchanges, clock);
        if let Some(meaning) = words::meaning(state.verdict) {
            maker.remark(meaning);
        }
        let ending = ending::of(dn, clock, frames);
        let ended = ending.is_some();
        if let Some(ending) = ending {
            maker.remark_as(ending.kind, ending.sentence);
        }
        let demands = || dn.attempts().filter_map(|attempt| attempt.demand);
        let decided = demands().filter(|(_, obeyed)| obeyed.is_some()).last();
        if let Some((demand, obeyed)) = decided.or_else(|| demands().last()) {
            maker.remark(&words::demand(demand, obeyed));
        }
        if exchanges.new_call_ids && !ended {
            maker.remark(
                "Every attempt has a new Call-ID (RFC 3261 §10.2.4 asks for one and the same).",
            );
        }
        maker.answer(view.snapshot, dn);
        for other in state.registrations.iter().skip(1) {
            let verdict = words::verdict(other.verdict, other.status_code, other.expires_at, clock);
            maker.remark_as(other.verdict.name(), format!("At {}: {verdict}.", other.registrar));
        }
        maker.flags(dn);
        Self { key: maker.hasher.finish(), lines: maker.lines }
    }
}

/// Collects what a block says.
#[derive(Default)]
struct Maker {
    hasher: DefaultHasher,
    lines: Vec<(usize, String)>,
}

impl Maker {
    /// A sentence that is the same for DNs that fare alike.
    fn remark(&mut self, sentence: &str) {
        sentence.hash(&mut self.hasher);
        self.lines.push((0, sentence.to_owned()));
    }

    /// A sentence with times or frames in it; `kind` is the same for DNs that fare alike.
    fn remark_as(&mut self, kind: &str, sentence: String) {
        kind.hash(&mut self.hasher);
        self.lines.push((0, sentence));
    }

    /// Who registers where, by what Contact, with which User-Agent.
    fn addresses(&mut self, snapshot: &Snapshot, last: &Attempt, arrow: &str) {
        (last.source.addr, last.registrar, last.transport).hash(&mut self.hasher);
        let (source, registrar, transport) = (last.source, last.registrar, last.transport);
        let mut text = format!("{source} {arrow} {registrar} over {transport}");
        if let Some(contact) = snapshot.text(last.contact) {
            if let Some(uri) = Uri::parse(contact) {
                (uri.host, uri.port).hash(&mut self.hasher);
            }
            append!(text, ", Contact {}", escape_bytes(contact));
        }
        if let Some(agent) = snapshot.text(last.user_agent) {
            agent.hash(&mut self.hasher);
            append!(text, ", User-Agent {}", escape_bytes(agent));
        }
        self.lines.push((2, text));
    }

    fn exchanges(&mut self, exchanges: &Exchanges, clock: &Clock) {
        for (place, run) in exchanges.runs.iter().enumerate() {
            run.text.hash(&mut self.hasher);
            if place == exchanges.runs.len() / 2 && exchanges.left_out > 0 {
                let more = count(exchanges.left_out, "attempt");
                self.lines.push((2, format!("({more} in between not shown)")));
            }
            self.run(run, clock);
        }
    }

    fn run(&mut self, run: &Run, clock: &Clock) {
        let at = clock.precise(run.first.at);
        let indent = at.len() + 2;
        let frames = |frames: &str| match frames {
            "" => String::new(),
            frames => format!(" ({frames})"),
        };
        self.lines.push((indent, format!("{at}  {}{}", run.text, frames(&run.first.frames))));
        if run.count > 1 {
            let (last, more) = (clock.precise(run.last.at), run.count - 1);
            let seen = frames(&run.last.frames);
            let text = match more {
                1 => format!("and once more at {last}{seen}"),
                more => format!("and {more} more like it, the last at {last}{seen}"),
            };
            self.lines.push((indent, format!("{}{text}", " ".repeat(indent))));
        }
    }

    /// What the last answer says beyond its code.
    fn answer(&mut self, snapshot: &Snapshot, dn: DnView<'_>) {
        let details = dn.record().and_then(|record| record.details.as_deref());
        let Some(answer) = details.and_then(|details| details.answer.as_ref()) else { return };
        for (name, value) in [("Warning", answer.warning), ("Unsupported", answer.unsupported)] {
            if let Some(value) = snapshot.text(value) {
                self.remark(&format!("{name} in the answer: {}", escape_bytes(value)));
            }
        }
    }

    fn flags(&mut self, dn: DnView<'_>) {
        // what the exchange or the verdict shows already
        let told = |flag: Flag| {
            matches!(flag, Flag::Retransmissions | Flag::MinExpires | Flag::RetryAfter)
        };
        let flags = dn.state().flags.iter().filter(|&flag| !told(flag)).map(words::flag);
        let flags: Vec<_> = flags.collect();
        if !flags.is_empty() {
            self.remark(&format!("Also: {}.", flags.join("; ")));
        }
    }
}
