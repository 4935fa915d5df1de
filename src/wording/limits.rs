//! What a capture cannot show: whatever was cut, lost, left out or not understood.

use crate::capture::{Capture, Compared, file_name};
use crate::cluster::Cluster;
use crate::net::count;
use crate::net::escape_text;
use crate::packet::{HepStats, TlsStats, Undecoded, Unread};
use crate::registration::{NodeId, Snapshot, Verdict};

/// Sentences, one for each limit.
pub(crate) fn limits(capture: &Capture, snapshot: &Snapshot) -> Vec<String> {
    let mut limits: Vec<String> = capture.warnings.iter().map(ToString::to_string).collect();
    limits.extend(capture.losses.iter().map(|loss| format!("{loss}.")));
    logs(capture, snapshot, &mut limits);
    nodes(snapshot, &mut limits);
    messages(capture, snapshot, &mut limits);
    forgotten(snapshot, &mut limits);
    packets(capture, &mut limits);
    tls(&capture.decoded.tls, &mut limits);
    limits
}

/// The warnings of one log that are shown.
const OF_A_LOG: usize = 8;

/// What logs cannot show.
fn logs(capture: &Capture, snapshot: &Snapshot, limits: &mut Vec<String>) {
    for log in &capture.logs {
        let name = capture.files.get(usize::from(log.file.0)).map(file_name).unwrap_or_default();
        if let Compared::Unknown { shared } = log.compared
            && log.continues.is_none()
            && log.profile.clock.present
        {
            let shared = match shared {
                0 => "no message".to_owned(),
                some => format!("only {}", count(some as u64, "message")),
            };
            limits.push(format!(
                "{name} and the other inputs have {shared} in common: how far their clocks are apart is unknown, so \
                 their order is doubtful, and nothing is judged expired by the clock of another input."
            ));
        }
        if let Some(damage) = &log.damage {
            limits.push(format!("{name}: read no further: {}.", escape_text(damage)));
        }
        let warnings = &log.profile.warnings;
        for (line, warning) in warnings.iter().take(OF_A_LOG) {
            limits.push(format!("{name}:{line}: {}.", escape_text(warning.trim_end_matches('.'))));
        }
        if let Some(more) = warnings.len().checked_sub(OF_A_LOG).filter(|more| *more > 0) {
            limits.push(format!("{name}: {} more like these.", count(more as u64, "warning")));
        }
    }
    if snapshot.nodes_dropped() > 0 {
        let dropped = count(snapshot.nodes_dropped(), "node");
        limits.push(format!("{dropped} of a cluster left out: more than are kept."));
    }
    let counts = &snapshot.counts;
    if counts.statements_dropped > 0 {
        let dropped = count(counts.statements_dropped, "statement");
        limits.push(format!("{dropped} left out: more than are kept."));
    }
    if counts.not_sent > 0 {
        let lost = count(counts.not_sent, "message");
        limits.push(format!("{lost} in a log that its program says could not be sent."));
    }
}

/// Nodes of which nothing shows what they believe.
fn nodes(snapshot: &Snapshot, limits: &mut Vec<String>) {
    let cluster = Cluster::of(snapshot);
    let is_silent = |node: &&NodeId| !cluster.states_anything(**node);
    let silent: Vec<_> = cluster.nodes.iter().filter(is_silent).collect();
    // without any statement the beliefs are those of registrars, by what they answer
    if silent.len() == cluster.nodes.len() {
        return;
    }
    for node in silent {
        let name = super::cluster::name(snapshot, *node);
        limits.push(format!(
            "{name}: no file given shows what this node states of DNs; whether it lost another node is not seen."
        ));
    }
}

/// What is missing of messages.
fn messages(capture: &Capture, snapshot: &Snapshot, limits: &mut Vec<String>) {
    let counts = &snapshot.counts;
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
    let one_way = snapshot.dns().filter(|dn| dn.state().verdict == Verdict::OneWay).count() as u64;
    add(
        one_way,
        "DN",
        "whose responses were not captured: the capture shows one direction of that traffic",
    );
    add(
        capture.streams.given_up,
        "unfinished message",
        "in TCP streams given up to stay within the memory limit",
    );
}

/// What a run without an end forgot.
fn forgotten(snapshot: &Snapshot, limits: &mut Vec<String>) {
    let forgotten = &snapshot.counts.forgotten;
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
fn packets(capture: &Capture, limits: &mut Vec<String>) {
    let decoded = &capture.decoded;
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
    add(
        decoded.holes_evicted,
        "hole",
        "in TCP connections given up early to stay within the memory limit",
    );
    add(
        decoded.websocket_unreadable,
        "WebSocket message",
        "that cannot be read: its beginning, or what it is compressed against, was not captured",
    );
    add(
        decoded.websocket_too_long,
        "WebSocket message",
        "too long for SIP, or given up to stay within the memory limit",
    );
    add(
        decoded.websocket_skipped_bytes,
        "byte",
        "of WebSocket connections passed over in search of the next frame",
    );
    for (link, &frames) in &decoded.unknown_links {
        add(frames, "packet", &format!("of link type {link}, which is not supported"));
    }
    hep(&decoded.hep, &mut add);
    let kinds = Undecoded::ALL.into_iter().filter(|&why| decoded.undecoded(why) > 0);
    let kinds: Vec<_> =
        kinds.map(|why| format!("{} {}", decoded.undecoded(why), why.name())).collect();
    add(
        decoded.undecoded_total(),
        "packet",
        &format!("that could not be decoded ({})", kinds.join(", ")),
    );
}

/// What is missing of what HEP agents sent.
fn hep(hep: &HepStats, add: &mut dyn FnMut(u64, &str, &str)) {
    add(hep.broken, "HEP packet", "that cannot be read");
    add(hep.not_inflated, "HEP packet", "whose compressed payload cannot be unfolded");
    add(hep.wrong_key, "HEP packet", "without the right key");
    add(hep.lost_bytes, "byte", "of HEP streams in which no packet begins");
    add(hep.agents_not_told, "message", "from HEP agents that were too many to tell apart");
    let types: Vec<_> =
        hep.other_types.iter().map(|(kind, n)| format!("{n} of type {kind}")).collect();
    add(
        hep.other_types.values().sum(),
        "HEP packet",
        &format!("about something other than SIP ({})", types.join(", ")),
    );
    let most = hep.clock_off_most.as_secs();
    add(
        hep.clock_off,
        "message",
        &format!(
            "from HEP agents whose clock is up to {most} s away from the capture's, or that sent late: \
             the times shown are the capture's"
        ),
    );
}

/// What is missing of TLS connections.
fn tls(tls: &TlsStats, limits: &mut Vec<String>) {
    let first = limits.len();
    let mut add = |number: u64, what: &str, so: &str| {
        if number > 0 {
            limits.push(format!("{} {so}.", count(number, what)));
        }
    };
    for why in Unread::ALL {
        let so = match why {
            Unread::NoKeys => "that cannot be read without keys",
            Unread::OtherKeys => "that cannot be read: none of the keys given is for it",
            Unread::KeysDoNotFit => "that cannot be read: the keys given for it do not fit",
            Unread::Unsupported => "that cannot be read: its cipher suite is not supported",
            Unread::NoBeginning => {
                "that cannot be read: its beginning, which has the keys, was not captured"
            }
            Unread::Lost => "that cannot be read, or not to its end: bytes of it were not captured",
        };
        add(tls.unread(why), "TLS connection", so);
    }
    add(tls.evicted, "TLS connection", "waiting for keys given up to stay within the memory limit");
    add(tls.keys.forgotten, "TLS session", "of the key logs forgotten to stay within the limit");
    add(tls.keys.junk, "line", "of the key logs that cannot be read");
    if tls.opened > 0
        && tls.unread_total() > 0
        && let Some(limit) = limits.get_mut(first)
    {
        let others = count(tls.opened, "TLS connection");
        append!(*limit, " The keys given open {others}.");
    }
}
