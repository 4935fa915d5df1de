//! The headline: how many DNs are in which state, and what was read.

use std::collections::BTreeMap;
use std::io;

use super::page::{Ink, Page};
use super::when::Clock;
use super::words;
use crate::capture::{Capture, file_name};
use crate::net::count;
use crate::registration::{Snapshot, State, Verdict};
use crate::report::{FILES, View};
use crate::source::{FileInfo, Format};
use crate::wording::append;

pub(super) fn write(view: &View<'_>, clock: &Clock, page: &mut Page<'_>) -> io::Result<()> {
    if view.dns().next().is_none() {
        page.paragraph("", &nothing(view))?;
    } else {
        page.inked(Ink::Title, &summary(view))?;
    }
    capture(view.snapshot, view.capture, clock, page)
}

/// How many DNs there are by state, urgency of the verdict, and status code.
type ByVerdict = BTreeMap<(State, usize, Option<u16>), (Verdict, u64)>;

/// How many DNs are in which state, or why there is nothing to say.
pub(in crate::report) fn summary(view: &View<'_>) -> String {
    let mut by_verdict = ByVerdict::new();
    for dn in view.dns() {
        let state = dn.state();
        let key = (state.state(), state.verdict.urgency(), state.status_code);
        by_verdict.entry(key).or_insert((state.verdict, 0)).1 += 1;
    }
    let at_risk = view.dns().filter(|dn| dn.risk().is_some()).count() as u64;
    if by_verdict.is_empty() { nothing(view) } else { sentence(&by_verdict, at_risk) }
}

/// `5 DNs: 2 in service, 1 of them at risk, 3 out of service (2 rejected 403, 1 rejected 404)`.
fn sentence(by_verdict: &ByVerdict, at_risk: u64) -> String {
    let total: u64 = by_verdict.values().map(|(_, n)| n).sum();
    let part = |state: State, words: &str| {
        let of = || by_verdict.iter().filter(|((own, ..), _)| *own == state);
        let sum: u64 = of().map(|(_, (_, n))| n).sum();
        let why = of().map(|((.., code), (verdict, n))| format!("{n} {}", brief(*verdict, *code)));
        let why = match state {
            State::InService if at_risk > 0 => format!(", {at_risk} of them at risk"),
            State::InService => String::new(),
            _ => format!(" ({})", why.collect::<Vec<_>>().join(", ")),
        };
        (sum > 0).then(|| format!("{sum} {words}{why}"))
    };
    let parts = [
        part(State::InService, "in service"),
        part(State::OutOfService, "out of service"),
        part(State::Unknown, "unknown"),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    format!("{}: {}", count(total, "DN"), parts.join(", "))
}

/// The label of a verdict without the words behind its code.
fn brief(verdict: Verdict, code: Option<u16>) -> String {
    match (verdict, code) {
        (Verdict::Rejected, Some(code)) => format!("rejected {code}"),
        (Verdict::Challenged, Some(code)) => format!("challenged {code}"),
        _ => verdict.label(code),
    }
}

/// What was read: files, packets, times.
pub(super) fn capture(
    snapshot: &Snapshot,
    capture: &Capture,
    clock: &Clock,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let mut text = match capture.files.as_slice() {
        [one] => file_name(one),
        many => count(many.len() as u64, "file"),
    };
    text += ": ";
    let logs = capture.logs.len();
    if logs == 0 || logs < capture.files.len() {
        append!(text, "{}, ", count(capture.packets.read, "packet"));
    }
    append!(
        text,
        "{}, {}",
        count(snapshot.counts.messages, "SIP message"),
        count(snapshot.counts.register_requests, "REGISTER")
    );
    if let Some((first, last)) = snapshot.first.zip(snapshot.last) {
        let [from, to] = clock.stretch(first, last);
        let zone = clock.zone(snapshot.at);
        append!(text, "; {from} {} {to} {zone}", page.glyphs.dash);
        if snapshot.at != last {
            append!(text, ", evaluated at {}", clock.beside(snapshot.at, first));
        }
    }
    for (number, what) in [
        (capture.packets.after_at, "later than that and left out"),
        (capture.packets.filtered, "not taken by the filter"),
    ] {
        if number > 0 {
            append!(text, "; {} {what}", count(number, "packet"));
        }
    }
    page.paragraph("", &text)?;
    let mut named = 0;
    for log in capture.logs.iter().take(FILES) {
        named += 1;
        page.paragraph("  ", &words::log(capture, log))?;
    }
    if capture.files.len() > capture.logs.len().max(1) {
        let captures = |(_, file): &(usize, &FileInfo)| file.format != Format::Log;
        for (place, file) in capture.files.iter().enumerate().filter(captures).take(FILES) {
            named += 1;
            let packets = count(file.packets, "packet");
            page.paragraph(
                &format!("  {}: ", place + 1),
                &format!("{}, {packets}", file_name(file)),
            )?;
        }
    }
    let more = capture.files.len().saturating_sub(named);
    if named > 0 && more > 0 {
        page.line(&format!("  and {more} more"))?;
    }
    Ok(())
}

/// Why there is nothing to say.
fn nothing(view: &View<'_>) -> String {
    let (capture, snapshot) = (view.capture, view.snapshot);
    let all = snapshot.dns().len();
    if all > 0 {
        return format!("None of the {} in this capture is selected.", count(all as u64, "DN"));
    }
    if snapshot.collapsed > 0 {
        let dns = count(snapshot.collapsed as u64, "DN");
        return format!("No DN but those a scanner tries ({dns}, not listed).");
    }
    let (tls, packets) = (capture.decoded.tls.unread_total(), &capture.packets);
    let read = count(packets.read, "packet");
    if packets.read > 0 && packets.after_at == packets.read {
        return format!(
            "Nothing was captured up to that moment: all of {read} are later than --at."
        );
    }
    if packets.read > 0 && packets.after_at + packets.filtered == packets.read {
        return format!("None of {read} passed the filter.");
    }
    let mut text = match (packets.read, snapshot.counts.messages) {
        (0, _) => "No packet is in the capture.".to_owned(),
        (_, 0) => {
            format!("No registration was seen: {read} read, none was SIP.")
        }
        (_, messages) => format!(
            "No registration was seen: {}, none a REGISTER or a response to one that names a DN.",
            count(messages, "SIP message")
        ),
    };
    if tls > 0 {
        append!(text, " {} cannot be read.", count(tls, "TLS connection"));
    }
    text
}
