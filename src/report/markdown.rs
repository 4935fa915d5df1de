//! The report as Markdown, to be pasted into a ticket: summary, then for each DN state, cause,
//! findings and the exchanges that show them.

use std::io::{self, Write};

use crate::hashing::{HashMap, HashSet};

use super::{FILES, View, text};
use crate::capture::file_name;
use crate::diagnosis::{Confidence, Finding, Severity, grouped};
use crate::net::{FileId, count, escape_bytes};
use crate::registration::{AttemptView, DnView, State};
use crate::wording::exchange::{Exchanges, Run};
use crate::wording::glyphs::{Frames, Glyphs};
use crate::wording::limits::limits;
use crate::wording::route::route;
use crate::wording::when::Clock;
use crate::wording::{append, names, words};

mod cluster;
mod statistics;

/// DNs with a section of their own, at most.
const SECTIONS: usize = 30;
/// Rows of the table, at most; most urgent first.
const ROWS: usize = 200;
/// Findings about no DN shown one by one, of each kind.
const CASES: usize = 5;
/// Frames named for one finding, at most.
const FRAMES: usize = 6;

/// What every part of the report needs.
struct Page<'v> {
    view: &'v View<'v>,
    clock: Clock,
    frames: Frames<'v>,
    glyphs: &'static Glyphs,
    /// The findings about each DN.
    found: HashMap<&'v [u8], Vec<&'v Finding>>,
    text: String,
}

/// Writes the report.
pub fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page {
        view,
        clock: Clock::new(view.zone, view.snapshot.at),
        frames: Frames::of(&view.capture.files),
        glyphs: Glyphs::of(true),
        found: HashMap::default(),
        text: String::new(),
    };
    for finding in view.findings() {
        if let Some(dn) = &finding.dn {
            page.found.entry(dn).or_default().push(finding);
        }
    }
    page.summary();
    page.text += &cluster::section(view, &page.clock);
    page.rows();
    let told = page.sections(out)?;
    page.further(&told);
    page.statistics();
    page.limits();
    out.write_all(page.text.as_bytes())
}

impl<'v> Page<'v> {
    /// How many DNs are in which state, and what was read.
    fn summary(&mut self) {
        let (view, clock) = (self.view, &self.clock);
        let headline = text::summary(view);
        append!(self.text, "### {}\n\n", escape(&headline));
        let files = &view.capture.files;
        for (place, file) in files.iter().enumerate().take(FILES) {
            let log = u16::try_from(place).ok().and_then(|file| view.capture.log(FileId(file)));
            let words = match log {
                Some(log) => words::log(view.capture, log),
                None => format!("{}, {}", file_name(file), count(file.packets, "packet")),
            };
            append!(self.text, "- {}\n", escape(&words));
        }
        if let Some(more) = files.get(FILES..).filter(|more| !more.is_empty()) {
            append!(self.text, "- and {} more files\n", more.len());
        }
        let snapshot = view.snapshot;
        if let Some((first, last)) = snapshot.first.zip(snapshot.last) {
            let [from, to] = clock.stretch(first, last);
            append!(self.text, "- {from} {} {to} {}", self.glyphs.dash, clock.zone(snapshot.at));
            if snapshot.at != last {
                append!(self.text, ", evaluated at {}", clock.beside(snapshot.at, first));
            }
            self.text.push('\n');
        }
        let (filtered, registers) =
            (view.capture.packets.filtered, snapshot.counts.register_requests);
        append!(self.text, "- {}", count(registers, "REGISTER"));
        if filtered > 0 {
            append!(self.text, "; {} not taken by the filter", count(filtered, "packet"));
        }
        append!(self.text, "; regscope {}\n", env!("CARGO_PKG_VERSION"));
    }

    /// A row a DN, most urgent first.
    fn rows(&mut self) {
        let dns: Vec<_> = self.view.dns().collect();
        if dns.is_empty() {
            return;
        }
        self.text += "\n| | DN | Verdict | Since | Source | Registrar | User-Agent |\n\
                      |---|---|---|---|---|---|---|\n";
        for dn in dns.iter().take(ROWS) {
            let state = dn.state();
            let last = dn.attempts().last();
            let verdict = words::on_basis(words::verdict_of(dn, &self.clock), state.basis());
            let since = state.since.map(|at| self.clock.short(at)).unwrap_or_default();
            let agent = last.and_then(|last| self.view.snapshot.text(last.user_agent));
            append!(
                self.text,
                "| {} | {} | {} | {since} | {} | {} | {} |\n",
                self.mark(dn),
                escape(&escape_bytes(dn.name())),
                escape(&verdict),
                last.map(|last| last.source.to_string()).unwrap_or_default(),
                last.map(|last| last.registrar.to_string()).unwrap_or_default(),
                escape(&agent.map(escape_bytes).unwrap_or_default())
            );
        }
        if let Some(more) = dns.get(ROWS..).filter(|more| !more.is_empty()) {
            let names: Vec<&[u8]> = more.iter().map(DnView::name).collect();
            append!(self.text, "\nand {} more: {}\n", more.len(), escape(&names::list(&names)));
        }
    }

    fn mark(&self, dn: &DnView<'_>) -> &'static str {
        match dn.state().state() {
            State::InService if dn.risk().is_some() => self.glyphs.at_risk,
            State::InService => self.glyphs.in_service,
            State::OutOfService => self.glyphs.out_of_service,
            State::Unknown => self.glyphs.unknown,
        }
    }

    /// A section for each DN that is not in service, and for those that were asked for by name;
    /// returns the DNs shown.
    fn sections(&mut self, out: &mut dyn Write) -> io::Result<HashSet<&'v [u8]>> {
        let named = self.view.selection.dns.is_some();
        let fails = |dn: &DnView<'_>| dn.state().state() != State::InService;
        let mut dns = self.view.dns().filter(|dn| named || fails(dn));
        let mut told = HashSet::default();
        for dn in dns.by_ref().take(SECTIONS) {
            self.section(dn);
            told.insert(dn.name());
            // what is complete need not be held
            out.write_all(self.text.as_bytes())?;
            self.text.clear();
        }
        let left = dns.count();
        if left > 0 {
            append!(
                self.text,
                "\n{} more are in the table above only.\n",
                count(left as u64, "DN")
            );
        }
        Ok(told)
    }

    fn section(&mut self, dn: DnView<'v>) {
        let state = dn.state();
        let verdict =
            words::verdict(state.verdict, state.status_code, state.expires_at, &self.clock);
        let verdict = words::on_basis(verdict, state.basis());
        let since = state.since.map(|at| format!(" since {}", self.clock.precise(at)));
        append!(
            self.text,
            "\n#### {}: {}{}\n\n",
            escape(&escape_bytes(dn.name())),
            escape(&verdict),
            since.unwrap_or_default()
        );
        let own = self.found.get(dn.name()).cloned().unwrap_or_default();
        for finding in own.iter().filter(|finding| finding.is_cause) {
            self.own_finding("Cause", finding);
        }
        let last = dn.attempts().last();
        if let Some(last) = last {
            self.addresses(&last);
        }
        for other in state.registrations.iter().skip(1) {
            let verdict =
                words::verdict(other.verdict, other.status_code, other.expires_at, &self.clock);
            append!(self.text, "- At {}: {}.\n", other.registrar, escape(&verdict));
        }
        for finding in own.iter().filter(|finding| !finding.is_cause) {
            self.own_finding("Found", finding);
        }
        let rules: HashSet<_> = own.iter().map(|finding| finding.rule).collect();
        let untold = |flag| !words::rules_of(flag).iter().any(|rule| rules.contains(rule));
        let flags: Vec<_> = dn.flags().iter().filter(|&f| untold(f)).map(words::flag).collect();
        if !flags.is_empty() {
            append!(self.text, "- Also: {}.\n", escape(&flags.join("; ")));
        }
        let (frames, glyphs) = (self.frames, self.glyphs);
        self.exchanges(&Exchanges::of(self.view.snapshot, dn, last, frames, glyphs));
    }

    /// A finding about the DN of the section, which need not be named again.
    fn own_finding(&mut self, title: &str, finding: &Finding) {
        let dn = finding.dn.as_deref().map(escape_bytes).unwrap_or_default();
        let sentence = finding.sentence.strip_prefix(&*dn).and_then(|rest| rest.strip_prefix(": "));
        self.told(title, finding, sentence.unwrap_or(&finding.sentence));
    }

    fn finding(&mut self, title: &str, finding: &Finding) {
        self.told(title, finding, &finding.sentence);
    }

    /// A sentence with its frames, and what to check if it is more than an observation.
    fn told(&mut self, title: &str, finding: &Finding, sentence: &str) {
        let sure = match finding.confidence {
            Confidence::Certain => String::new(),
            other => format!(" ({})", other.name()),
        };
        append!(self.text, "- **{title}{sure}:** {}", escape(sentence));
        // as code, so that no tracker takes them for numbers of its tickets
        let frames = finding.evidence.iter().take(FRAMES).map(|e| self.frames.name(e.frame));
        let frames: Vec<_> = frames.map(|name| format!("`{name}`")).collect();
        if !frames.is_empty() {
            append!(self.text, " ({})", frames.join(", "));
        }
        self.text.push_str(".\n");
        if finding.severity != Severity::Observation {
            append!(
                self.text,
                "  Check: {}. ({}; `{}`)\n",
                escape(finding.check),
                escape(finding.reference),
                finding.rule
            );
        }
    }

    /// Source, registrar, Contact and User-Agent.
    fn addresses(&mut self, last: &AttemptView<'_>) {
        let path = route(last, self.glyphs.arrow);
        append!(self.text, "- {path} over {}", last.transport);
        for (what, sym) in [("Contact", last.contact), ("User-Agent", last.user_agent)] {
            if let Some(value) = self.view.snapshot.text(sym) {
                append!(self.text, ", {what} {}", escape(&escape_bytes(value)));
            }
        }
        self.text.push('\n');
    }

    /// The attempts, equal ones in a row folded.
    fn exchanges(&mut self, exchanges: &Exchanges) {
        if exchanges.runs.is_empty() {
            return;
        }
        self.text += "\n| Time | Frames | What was sent, what came back |\n|---|---|---|\n";
        for (place, run) in exchanges.runs.iter().enumerate() {
            if place == exchanges.runs.len() / 2 && exchanges.left_out > 0 {
                let more = count(exchanges.left_out, "attempt");
                append!(self.text, "| | | ({more} in between not shown) |\n");
            }
            self.run(run);
        }
    }

    fn run(&mut self, run: &Run) {
        let code = |frames: &str| match frames {
            "" => String::new(),
            frames => format!("`{frames}`"),
        };
        let (at, frames) = (self.clock.precise(run.first.at), code(&run.first.frames));
        append!(self.text, "| {at} | {frames} | {}", escape(&run.text));
        if run.count > 1 {
            let (at, frames) = (self.clock.precise(run.last.at), code(&run.last.frames));
            append!(self.text, "; {} more like it, the last at {at} {frames}", run.count - 1);
        }
        self.text.push_str(" |\n");
    }

    /// What is found of sources, of the capture, and of DNs without a section.
    fn further(&mut self, told: &HashSet<&[u8]>) {
        let findings = self.view.findings();
        let rest = |f: &&Finding| f.dn.as_deref().is_none_or(|dn| !told.contains(dn));
        let groups = grouped(findings.filter(rest));
        if !groups.is_empty() {
            self.text += "\n#### Further findings\n\n";
        }
        for group in groups {
            let dns: Vec<&[u8]> = group.findings.iter().filter_map(|f| f.dn.as_deref()).collect();
            match group.findings.as_slice() {
                [one] => self.finding("Found", one),
                _ if dns.len() == group.findings.len() => {
                    let (what, dns) = (group.to_string(), names::list(&dns));
                    append!(self.text, "- {}: {}\n", escape(&what), escape(&dns));
                }
                several => self.cases(several),
            }
        }
    }

    /// Findings about no DN, a few of them.
    fn cases(&mut self, findings: &[&Finding]) {
        for one in findings.iter().take(CASES) {
            self.finding("Found", one);
        }
        if let Some(more) = findings.get(CASES..).filter(|more| !more.is_empty()) {
            append!(self.text, "- and {} more of the same\n", more.len());
        }
    }

    /// What this capture cannot show.
    fn limits(&mut self) {
        let limits = limits(self.view.capture, self.view.snapshot);
        if limits.is_empty() {
            return;
        }
        self.text += "\n#### What this capture cannot show\n\n";
        for limit in &limits {
            append!(self.text, "- {}\n", escape(limit));
        }
    }
}

/// Text that Markdown shows as it is, on one line of a table.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '`' | '\\' | '*' | '_' | '[' | ']' | '#' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    // a bare address would become a link
    out.replace("://", "&#58;//").replace("www.", "www&#46;")
}
