//! Everything about a DN: findings, attempts, bindings, other registrars, remarks, names.

use std::collections::BTreeSet;

use super::{Goes, Page, attempts, finding};
use crate::net::escape_bytes;
use crate::registration::{DnView, State, Sym};
use crate::tui::columns::Look;
use crate::tui::view::theme::{Ink, Palette};
use crate::wording::durations::seconds_short;
use crate::wording::route;
use crate::wording::{hosts, words};

/// `rejected 403 Forbidden since 15:57:00`.
pub(in crate::tui) fn headline(look: &Look<'_>, dn: DnView<'_>) -> String {
    let state = dn.state();
    let words = words::verdict(state.verdict, state.status_code, state.expires_at, look.clock);
    let since = state.since.map(|at| format!(" since {}", look.clock.short(at)));
    format!("{words}{}{}", since.unwrap_or_default(), words::at_risk(dn.risk()))
}

/// `192.168.210.54:5060 → 192.168.210.81:5060 udp`; empty without an attempt.
pub(in crate::tui) fn route(dn: DnView<'_>, arrow: &str) -> String {
    dn.last_attempt().map_or_else(String::new, |attempt| {
        format!("{} {}", route::route(&attempt, arrow), attempt.transport)
    })
}

/// Writes everything about a DN; the attempts named in `open` are unfolded.
pub(in crate::tui) fn write(page: &mut Page, look: &Look<'_>, place: u32, open: &BTreeSet<usize>) {
    let Some(dn) = look.data.dn(place) else { return };
    findings(page, look, place, dn);
    attempts::write(page, look, dn, open);
    bindings(page, look, dn);
    remarks(page, look, place, dn);
    names(page, look, dn);
}

fn findings(page: &mut Page, look: &Look<'_>, place: u32, dn: DnView<'_>) {
    let numbers: Vec<usize> = look.data.finding_numbers(place).collect();
    let unknown = dn.state().state() == State::Unknown;
    match (numbers.is_empty(), dn.state().state()) {
        (false, _) => page.title(if unknown { "Why the state is unknown" } else { "Findings" }),
        (true, State::InService) => page.title("No findings"),
        (true, _) => page.title("No rule names a cause"),
    }
    for number in numbers {
        finding::of_dn(page, look.data, look.clock, number);
    }
    if dn.record().is_none() {
        page.text(&[("  ".to_owned(), None)], "Nothing of this DN is in the capture.", None);
    }
}

fn bindings(page: &mut Page, look: &Look<'_>, dn: DnView<'_>) {
    let margins = attempts::margins(dn);
    let mut bindings = dn.bindings().peekable();
    if bindings.peek().is_none() && margins.is_none() {
        return;
    }
    page.title("Registered");
    for (registrar, binding) in bindings {
        page.goes = Some(Goes::Frame(binding.frame));
        let (mark, ink) = Palette::mark(State::InService, page.glyphs);
        let contact = text(look, binding.contact).unwrap_or_default();
        page.text(&[(format!("{mark} "), Some(ink))], &format!("{contact} at {registrar}"), None);
        let mut facts = Vec::new();
        facts.push(match binding.source {
            Some(source) => format!("from {source}"),
            None => "listed by the registrar".to_owned(),
        });
        facts.push(format!("since {}", look.clock.short(binding.since)));
        facts.extend(binding.granted.map(|seconds| format!("granted {seconds} s")));
        facts.extend(binding.expires_at.map(|end| {
            let left = end.nanos_since(look.now) / 1_000_000_000;
            format!("{} left, to {}", seconds_short(left), look.clock.short(end))
        }));
        match binding.refreshes {
            0 => {}
            1 => facts.push("refreshed once".to_owned()),
            n => facts.push(format!("refreshed {n} times")),
        }
        facts.push(look.data.frame_name(binding.frame));
        page.text(&[("    ".to_owned(), None)], &facts.join(", "), None);
    }
    page.goes = None;
    if let Some(margins) = margins {
        page.text(&[(format!("{} ", page.glyphs.bullet), Some(Ink::Faint))], &margins, None);
    }
}

/// Other registrars, and flags that no rule reports.
fn remarks(page: &mut Page, look: &Look<'_>, place: u32, dn: DnView<'_>) {
    let mut lines = Vec::new();
    for other in dn.state().registrations.iter().skip(1) {
        let words = words::verdict(other.verdict, other.status_code, other.expires_at, look.clock);
        let since = other.since.map(|at| format!(" since {}", look.clock.short(at)));
        lines.push(format!("At {}: {words}{}", other.registrar, since.unwrap_or_default()));
    }
    let rules: Vec<&str> = look.data.findings_of(place).map(|finding| finding.rule).collect();
    let told = |flag| {
        let own = words::rules_of(flag);
        words::is_in_exchange(flag) || rules.iter().any(|rule| own.contains(rule))
    };
    let flags = dn.flags().iter().filter(|&flag| !told(flag));
    lines.extend(flags.map(|flag| super::capitalised(words::flag(flag))));
    if lines.is_empty() {
        return;
    }
    page.title("Also");
    for line in lines {
        let prefix = [(format!("{} ", page.glyphs.bullet), Some(Ink::Faint))];
        page.text(&prefix, &format!("{line}."), None);
    }
}

/// The names and addresses it uses.
fn names(page: &mut Page, look: &Look<'_>, dn: DnView<'_>) {
    let Some(record) = dn.record() else { return };
    page.title("Names and addresses");
    let all = |syms: &[Sym]| {
        let texts: Vec<String> = syms.iter().filter_map(|&sym| text(look, sym)).collect();
        texts.join(", ")
    };
    let sources: Vec<String> =
        record.sources.iter().map(|(source, via)| format!("{source} {via}")).collect();
    let mut rows = vec![
        ("Address", all(&record.aors)),
        ("Contact", all(&record.contacts)),
        ("Via", all(&record.vias)),
        ("User-Agent", all(&record.user_agents)),
        ("Sources", sources.join(", ")),
    ];
    if let Some(last) = dn.last_attempt() {
        let both = [last.source, last.registrar];
        let known = &look.data.capture.hosts;
        let hosts: Vec<_> = both.iter().filter_map(|&at| hosts::who(known, at)).collect();
        rows.push(("Hosts", hosts.join("; ")));
    }
    if let Some(last) = dn.last_attempt() {
        let username = text(look, last.username).unwrap_or_default();
        let realm = text(look, last.realm).unwrap_or_default();
        rows.push(("Username", username));
        rows.push(("Realm", realm));
        rows.push(("Call-ID", text(look, last.call_id).unwrap_or_default()));
    }
    for (word, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        page.text(&[(format!("  {word:<11} "), Some(Ink::Faint))], &value, None);
    }
    if record.more_values > 0 {
        let text = format!("and {} more values that were not kept", record.more_values);
        page.text(&[("  ".to_owned(), None)], &text, Some(Ink::Faint));
    }
}

/// A text of the model, safe to show.
fn text(look: &Look<'_>, sym: Sym) -> Option<String> {
    look.data.snapshot.text(sym).map(|text| escape_bytes(text).into_owned())
}
