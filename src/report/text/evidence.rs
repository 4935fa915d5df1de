//! For each DN that is not in service: what was sent, what came back, and why that is so.
//!
//! DNs that fail at one registrar from one source by one cause are one block: the first is shown,
//! the others are named.

use std::io;
use std::net::IpAddr;

use crate::hashing::HashMap;

use super::exchange::{Exchanges, Run};
use super::page::Page;
use super::when::Clock;
use super::{ending, findings, names, words};
use crate::capture::Hosts;
use crate::diagnosis::{Confidence, Finding};
use crate::net::{Endpoint, FrameRef, Timestamp, count, escape_bytes, escape_text, shortened};
use crate::registration::{AgentRecord, AttemptView, Demand, DnView, Snapshot, State, Verdict};
use crate::report::View;
use crate::wording::append;
use crate::wording::glyphs::Frames;
use crate::wording::hosts;
use crate::wording::route::route;

/// Blocks, at most.
const BLOCKS: usize = 30;

/// DNs that fare alike.
struct Block<'a> {
    dns: Vec<DnView<'a>>,
}

/// What is the same for DNs that fare alike.
#[derive(PartialEq, Eq, Hash)]
struct Alike {
    verdict: Verdict,
    code: Option<u16>,
    source: Option<IpAddr>,
    registrar: Option<Endpoint>,
    rules: Vec<&'static str>,
}

/// Lines of logs quoted of a DN, and how much of each.
const SAID: usize = 3;
const QUOTED: usize = 160;

/// The cause of each DN, what its digest shows of a password, and its other rules.
type Found<'a> = HashMap<&'a [u8], Vec<&'a Finding>>;

/// The DNs that have a block, or would have one if there were not too many.
pub(super) fn dns<'a>(view: &View<'a>) -> impl Iterator<Item = DnView<'a>> + use<'a> {
    view.dns().filter(|dn| dn.state().state() != State::InService)
}

pub(super) fn write(view: &View<'_>, clock: &Clock, page: &mut Page<'_>) -> io::Result<()> {
    let mut found = Found::default();
    for finding in view.findings() {
        if let Some(dn) = &finding.dn {
            found.entry(dn).or_default().push(finding);
        }
    }
    let blocks = blocks(view, &found);
    if !blocks.is_empty() {
        page.title("Causes and evidence")?;
    }
    for (place, block) in blocks.iter().take(BLOCKS).enumerate() {
        if place > 0 {
            page.line("")?;
        }
        block.write(view, &found, clock, page)?;
    }
    let left: Vec<_> = blocks.iter().skip(BLOCKS).flat_map(|block| &block.dns).collect();
    if !left.is_empty() {
        let dns = count(left.len() as u64, "DN");
        let text = format!("and {dns} more; `regscope explain DN FILE` shows each.");
        page.line("")?;
        page.paragraph("", &text)?;
    }
    Ok(())
}

fn blocks<'a>(view: &View<'a>, found: &Found<'a>) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'a>> = Vec::new();
    let mut places = HashMap::<Alike, usize>::default();
    for dn in dns(view) {
        let place = *places.entry(Alike::of(dn, found)).or_insert(blocks.len());
        match blocks.get_mut(place) {
            Some(block) => block.dns.push(dn),
            None => blocks.push(Block { dns: vec![dn] }),
        }
    }
    blocks
}

impl Alike {
    fn of(dn: DnView<'_>, found: &Found<'_>) -> Self {
        let state = dn.state();
        let last = dn.attempts().last();
        let told = found.get(dn.name()).into_iter().flatten();
        Self {
            verdict: state.verdict,
            code: state.status_code,
            source: last.map(|last| last.source.addr),
            registrar: last.map(|last| last.registrar),
            rules: told.filter(|f| f.is_cause || f.is_about_password()).map(|f| f.rule).collect(),
        }
    }
}

impl Block<'_> {
    fn write(
        &self,
        view: &View<'_>,
        found: &Found<'_>,
        clock: &Clock,
        page: &mut Page<'_>,
    ) -> io::Result<()> {
        let Some(&dn) = self.dns.first() else { return Ok(()) };
        self.head(dn, clock, page)?;
        let frames = Frames::of(&view.capture.files);
        let own = found.get(dn.name()).map_or(&[][..], Vec::as_slice);
        let mut lines = Lines::default();
        let last = dn.attempts().last();
        if let Some(last) = last {
            lines.addresses(view.snapshot, dn, &last, page.glyphs.arrow);
            lines.hosts(&view.capture.hosts, &last);
        }
        lines.exchanges(&Exchanges::of(view.snapshot, dn, last, frames, page.glyphs), clock);
        lines.0.extend(ending::of(dn, clock, frames).map(|text| (0, text)));
        lines.demand(dn);
        lines.said(view.snapshot, dn, last, frames);
        for finding in own.iter().filter(|f| f.is_cause) {
            lines.cause(finding, (dn, self.dns.len() > 1), frames, clock);
        }
        for finding in own.iter().filter(|f| f.is_about_password()) {
            lines.0.push((2, format!("Password: {}.", finding.sentence)));
        }
        lines.others(dn, clock);
        lines.flags(dn, own);
        for (indent, text) in lines.0 {
            page.hanging("    ", 4 + indent, &text)?;
        }
        Ok(())
    }

    /// `✗ 5001, 5002 and 14 more: rejected 403 Forbidden since 15:57:00`.
    fn head(&self, dn: DnView<'_>, clock: &Clock, page: &mut Page<'_>) -> io::Result<()> {
        let state = dn.state();
        let (mark, ink) = page.mark_of(&dn);
        let mark = page.paint(ink, mark);
        let verdict = words::verdict(state.verdict, state.status_code, state.expires_at, clock);
        let dns: Vec<&[u8]> = self.dns.iter().map(DnView::name).collect();
        let text = format!(
            "{mark} {}: {verdict}{}",
            names::few(&dns),
            self.since(clock, page.glyphs.dash)
        );
        page.hanging("", 2, &text)
    }

    fn since(&self, clock: &Clock, dash: &str) -> String {
        let times = || self.dns.iter().filter_map(|dn| dn.state().since);
        let told = |at: Timestamp| clock.short(at);
        match (times().min(), times().max()) {
            (Some(first), Some(last)) if told(first) == told(last) => {
                format!(" since {}", told(first))
            }
            (Some(first), Some(last)) => format!(" since {} {dash} {}", told(first), told(last)),
            _ => String::new(),
        }
    }
}

/// Paragraphs, each with its hanging indent.
#[derive(Default)]
struct Lines(Vec<(usize, String)>);

impl Lines {
    /// Source, registrar, Contact, User-Agent, and the agent that saw it.
    fn addresses(
        &mut self,
        snapshot: &Snapshot,
        dn: DnView<'_>,
        last: &AttemptView<'_>,
        arrow: &str,
    ) {
        let mut text = format!("{} over {}", route(last, arrow), last.transport);
        if let Some(contact) = snapshot.text(last.contact) {
            append!(text, ", Contact {}", escape_bytes(contact));
        }
        if let Some(agent) = snapshot.text(last.user_agent) {
            append!(text, ", User-Agent {}", escape_bytes(agent));
        }
        text.push_str(&seen_by(snapshot, dn));
        self.0.push((2, text));
    }

    /// What is behind the addresses, as far as it is known.
    fn hosts(&mut self, known: &Hosts, last: &AttemptView<'_>) {
        let both = [last.source, last.registrar];
        let words: Vec<_> = both.iter().filter_map(|&at| hosts::who(known, at)).collect();
        if !words.is_empty() {
            self.0.push((2, format!("{}.", words.join("; "))));
        }
    }

    fn exchanges(&mut self, exchanges: &Exchanges, clock: &Clock) {
        for (place, run) in exchanges.runs.iter().enumerate() {
            if place == exchanges.runs.len() / 2 && exchanges.left_out > 0 {
                let more = count(exchanges.left_out, "attempt");
                self.0.push((2, format!("({more} in between not shown)")));
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
        self.0.push((indent, format!("{at}  {}{}", run.text, frames(&run.first.frames))));
        if run.count > 1 {
            let (last, more) = (clock.precise(run.last.at), run.count - 1);
            let seen = frames(&run.last.frames);
            let text = match more {
                1 => format!("and once more at {last}{seen}"),
                more => format!("and {more} more like it, the last at {last}{seen}"),
            };
            self.0.push((indent, format!("{}{text}", " ".repeat(indent))));
        }
    }

    /// What the server asked for, where no rule says that it was not done.
    fn demand(&mut self, dn: DnView<'_>) {
        let demands = || dn.attempts().filter_map(|attempt| attempt.demand());
        let decided = demands().filter(|(_, obeyed)| obeyed.is_some()).last();
        match decided.or_else(|| demands().last()) {
            None | Some((Demand::Redirect, _) | (_, Some(false))) => {}
            Some((demand, obeyed)) => self.0.push((0, words::demand(demand, obeyed))),
        }
    }

    /// What logs state about the exchange that is shown, and about the state.
    fn said(
        &mut self,
        snapshot: &Snapshot,
        dn: DnView<'_>,
        last: Option<AttemptView<'_>>,
        frames: Frames<'_>,
    ) {
        let within = last.iter().flat_map(|last| dn.statements_in(last));
        let moved = dn.state().stated_at();
        let moved = dn.statements().filter(|heard| Some(heard.at) == moved);
        let mut kinds = Vec::new();
        for heard in within.chain(moved) {
            if kinds.len() < SAID && !kinds.contains(&heard.statement.kind) {
                kinds.push(heard.statement.kind);
                let (text, at) = (quoted(&heard.statement.text), frames.name(heard.at));
                self.0.push((2, format!("server said: \"{text}\" ({at})")));
            }
        }
        let shapes = last.iter().flat_map(|last| dn.said_in(last));
        let shapes = shapes.filter_map(|shape| snapshot.shapes().get(usize::from(shape)));
        for shape in shapes.take(SAID) {
            let text = quoted(&shape.example);
            self.0.push((2, format!("server also said (meaning not known): \"{text}\"")));
        }
    }

    /// Why: the sentence, how sure, frames the exchange does not show, what to check.
    fn cause(
        &mut self,
        finding: &Finding,
        (dn, several): (DnView<'_>, bool),
        frames: Frames<'_>,
        clock: &Clock,
    ) {
        let mut sentence = finding.sentence.as_str();
        if !several {
            let name = format!("{}: ", findings::dn(finding));
            sentence = sentence.strip_prefix(&name).unwrap_or(sentence);
        }
        let sure = match finding.confidence {
            Confidence::Certain => "Cause".to_owned(),
            other => format!("Cause ({})", other.name()),
        };
        let shown: Vec<String> = finding
            .evidence
            .iter()
            .filter(|e| !is_in_exchange(dn, e.frame))
            .map(|e| format!("{} at {}", frames.name(e.frame), clock.precise(e.time)))
            .collect();
        let shown =
            if shown.is_empty() { String::new() } else { format!(" ({})", shown.join(", ")) };
        self.0.push((2, format!("{sure}: {sentence}{shown}.")));
        self.0.push((2, findings::check(finding)));
    }

    /// The verdicts of other registrars.
    fn others(&mut self, dn: DnView<'_>, clock: &Clock) {
        for other in dn.state().registrations.iter().skip(1) {
            let verdict = words::verdict(other.verdict, other.status_code, other.expires_at, clock);
            self.0.push((0, format!("At {}: {verdict}.", other.registrar)));
        }
    }

    /// Flags of the model that no rule reports.
    fn flags(&mut self, dn: DnView<'_>, findings: &[&Finding]) {
        let told = |flag| {
            let rules = words::rules_of(flag);
            words::is_in_exchange(flag) || findings.iter().any(|f| rules.contains(&f.rule))
        };
        let flags = dn.flags().iter().filter(|&flag| !told(flag)).map(words::flag);
        let flags: Vec<_> = flags.collect();
        if !flags.is_empty() {
            self.0.push((0, format!("Also: {}.", flags.join("; "))));
        }
    }
}

/// A line of a log, safe and not too long.
fn quoted(line: &str) -> String {
    shortened(&escape_text(line.trim()), QUOTED).into_owned()
}

/// Whether a frame belongs to an exchange that is shown.
fn is_in_exchange(dn: DnView<'_>, frame: FrameRef) -> bool {
    dn.attempts().any(|attempt| attempt.messages().any(|message| message.frame() == frame))
}

/// The HEP agents that saw a DN, by name, number or address; the first few of many.
fn seen_by(snapshot: &Snapshot, dn: DnView<'_>) -> String {
    const FEW: usize = 3;
    let name = |agent: &AgentRecord| match (snapshot.text(agent.node), agent.capture_id) {
        (Some(node), Some(id)) => format!("{id} ({})", escape_bytes(node)),
        (Some(node), None) => escape_bytes(node).into_owned(),
        (None, Some(id)) => id.to_string(),
        (None, None) => agent.address.to_string(),
    };
    let names: Vec<_> = dn.hep_agents().map(name).collect();
    let (shown, more) = names.split_at(names.len().min(FEW));
    match (shown.join(", "), more.len()) {
        (shown, _) if shown.is_empty() => String::new(),
        (shown, 0) => format!(", seen by HEP agent {shown}"),
        (shown, more) => format!(", seen by HEP agent {shown} and {more} more"),
    }
}
