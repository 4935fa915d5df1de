//! What this capture cannot show: whatever was cut, lost, left out or not understood.

use std::io;

use super::layout::count;
use super::page::{Ink, Page};
use crate::packet::Undecoded;
use crate::registration::Verdict;
use crate::report::View;

pub(super) fn write(view: &View<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let mut limits: Vec<String> = view.capture.warnings.iter().map(ToString::to_string).collect();
    messages(view, &mut limits);
    forgotten(view, &mut limits);
    packets(view, &mut limits);
    if limits.is_empty() {
        return Ok(());
    }
    let title = page.paint(Ink::Doubtful, "What this capture cannot show");
    page.line("")?;
    page.line(&title)?;
    for limit in &limits {
        page.paragraph(&format!("{} ", page.glyphs.bullet), limit)?;
    }
    Ok(())
}

/// What is missing of messages.
fn messages(view: &View<'_>, limits: &mut Vec<String>) {
    let counts = &view.snapshot.counts;
    let mut add = |number: u64, what: &str, so: &str| {
        if number > 0 {
            limits.push(format!("{} {so}.", count(number, what)));
        }
    };
    add(
        counts.cut,
        "registration message",
        "cut short in the capture (snapshot length, lost fragments or segments): the rest of what \
         was said is not known",
    );
    add(counts.cut_without_dn, "message", "cut so short that not even the DN is left");
    add(counts.without_dn, "registration message", "without a DN in To");
    add(counts.connections_dropped, "failed connection", "too many to be listed");
    add(counts.bad_reginfo, "NOTIFY", "for the event \"reg\" with a body that cannot be read");
    let one_way = view.dns().filter(|dn| dn.state().verdict == Verdict::OneWay).count() as u64;
    add(
        one_way,
        "DN",
        "whose answers were not captured: the capture shows one direction of that traffic",
    );
    add(
        view.capture.streams.given_up,
        "unfinished message",
        "in TCP streams given up to stay within the memory limit",
    );
}

/// What a run without an end forgot.
fn forgotten(view: &View<'_>, limits: &mut Vec<String>) {
    let forgotten = &view.snapshot.counts.forgotten;
    let mut add = |number: u64, what: &str, so: &str| {
        if number > 0 {
            limits.push(format!("{} {so} to stay within the memory limit.", count(number, what)));
        }
    };
    let strangers = forgotten.dns.saturating_sub(forgotten.dns_in_service);
    add(strangers, "DN", "of the least interest forgotten");
    add(forgotten.dns_in_service, "DN", "in service forgotten");
    add(forgotten.attempts, "attempt", "forgotten");
    add(forgotten.changes, "change", "of a verdict forgotten");
    add(forgotten.transactions, "request", "no longer waited for");
    add(forgotten.sources, "source", "forgotten");
}

/// What is missing of packets and connections.
fn packets(view: &View<'_>, limits: &mut Vec<String>) {
    let decoded = &view.capture.decoded;
    let mut add = |number: u64, what: &str, so: &str| {
        if number > 0 {
            limits.push(format!("{} {so}.", count(number, what)));
        }
    };
    add(
        decoded.fragmented_lost,
        "packet",
        "of which IP fragments are missing; a capture filter with \"port\" loses all but the first",
    );
    add(
        decoded.fragmented_evicted,
        "fragmented packet",
        "given up to stay within the memory limit",
    );
    add(decoded.sctp_fragmented, "SCTP message", "whose chunks were not all captured");
    add(decoded.tcp_lost_bytes, "byte", "of TCP streams that were never captured");
    add(decoded.flows_evicted, "TCP connection", "forgotten to stay within the memory limit");
    add(decoded.flows_tls, "TLS connection", "that cannot be read without keys");
    for (link, &frames) in &decoded.unknown_links {
        add(frames, "packet", &format!("of link type {link}, which is not supported"));
    }
    let kinds = Undecoded::ALL.into_iter().filter(|&why| decoded.undecoded(why) > 0);
    let kinds: Vec<_> =
        kinds.map(|why| format!("{} {}", decoded.undecoded(why), why.name())).collect();
    add(
        decoded.undecoded_total(),
        "packet",
        &format!("that could not be decoded ({})", kinds.join(", ")),
    );
}
