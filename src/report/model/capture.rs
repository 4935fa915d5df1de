//! The section about what was read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Serialize;

use super::time;
use crate::capture::{Capture, Compared, LogInfo, Process, file_name};
use crate::net::{Endpoint, FileId, escape_text};
use crate::packet::{TlsStats, Undecoded, Unread};
use crate::registration::Forgotten;
use crate::report::View;

/// What was read, and what of it could not be used.
#[derive(Serialize)]
pub(super) struct CaptureDoc<'a> {
    files: Vec<FileDoc>,
    packets: u64,
    sip_messages: u64,
    register_messages: u64,
    register_answers: u64,
    truncated_messages: u64,
    first: Option<String>,
    last: Option<String>,
    at: Option<String>,
    /// DNs that are not listed because only scanners tried them.
    dns_of_scanners: usize,
    /// What was forgotten to stay within the limits of memory, if anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    forgotten: Option<ForgottenDoc>,
    warnings: Vec<WarningDoc>,
    /// What was lost of live traffic before it was read.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    losses: &'a [String],
    /// The owners of sockets on this host that registrations came from or went to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sockets: Vec<SocketDoc<'a>>,
    /// Names by DNS, if they were asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    names: &'a BTreeMap<IpAddr, String>,
    tls: TlsDoc,
    decoded: DecodedDoc<'a>,
}

/// What became of TLS connections that carried data.
#[derive(Serialize)]
struct TlsDoc {
    opened: u64,
    /// Connections not read, or not to their end, by reason.
    unread: BTreeMap<&'static str, u64>,
    /// Losses behind which records could be opened again.
    resumed_behind_losses: u64,
    /// Directions given up behind a loss.
    given_up_behind_losses: u64,
    early_data_bytes: u64,
    evicted: u64,
    keys: KeysDoc,
}

/// What was in the key logs.
#[derive(Serialize)]
struct KeysDoc {
    secrets: u64,
    unused_lines: u64,
    comment_lines: u64,
    junk_lines: u64,
    sessions_forgotten: u64,
}

#[derive(Serialize)]
struct FileDoc {
    name: String,
    format: &'static str,
    compression: &'static str,
    links: Vec<u32>,
    packets: u64,
    bytes: u64,
    size: Option<u64>,
    /// What was found out about it, if it is a log.
    #[serde(flatten)]
    log: Option<LogDoc>,
}

/// What was found out about a log.
#[derive(Serialize)]
struct LogDoc {
    carriers: Vec<&'static str>,
    lines: u64,
    sip_messages: u64,
    statements: u64,
    first: Option<String>,
    last: Option<String>,
    clock: ClockDoc,
    local: Option<String>,
    local_from: Option<&'static str>,
    node: Option<String>,
    /// The file that it goes on from, if it is a part of a rotated log.
    continues: Option<String>,
    /// How its clock compares with that of another input, if it was measured.
    offset: Option<OffsetDoc>,
    warnings: Vec<LogWarningDoc>,
}

/// By how much the clock of a log differs from that of another input.
#[derive(Serialize)]
struct OffsetDoc {
    /// What was added to its times.
    milliseconds: i64,
    /// Messages that are in both.
    shared_messages: usize,
    /// The log it was compared with; null for the captures.
    with: Option<String>,
}

/// What the time stamps of a log say.
#[derive(Serialize)]
struct ClockDoc {
    present: bool,
    date: bool,
    year: bool,
    zone: Option<String>,
    zone_from: Option<&'static str>,
    granularity: Option<&'static str>,
    steps: Vec<u64>,
}

/// What was skipped, cut or doubtful in a log.
#[derive(Serialize)]
struct LogWarningDoc {
    line: u64,
    message: String,
}

impl LogDoc {
    fn new(capture: &Capture, log: &LogInfo) -> Self {
        let name = |file: FileId| capture.files.get(usize::from(file.0)).map(file_name);
        let profile = &log.profile;
        let clock = &profile.clock;
        let escaped = |text: &String| escape_text(text).into_owned();
        let warnings = profile.warnings.iter();
        let node = log.node.as_ref().or(profile.node.as_ref());
        Self {
            carriers: profile.carriers.clone(),
            lines: profile.lines,
            sip_messages: profile.messages,
            statements: profile.statements,
            first: time(profile.first),
            last: time(profile.last),
            clock: ClockDoc {
                present: clock.present,
                date: clock.date,
                year: clock.year,
                zone: clock.zone.as_ref().map(escaped),
                zone_from: clock.zone_from,
                granularity: clock.granularity,
                steps: clock.steps.iter().map(|(line, _)| *line).collect(),
            },
            local: profile.local.first().map(ToString::to_string),
            local_from: profile.local_from,
            node: node.map(escaped),
            continues: log.continues.and_then(name),
            offset: match log.compared {
                Compared::Measured(offset) => Some(OffsetDoc {
                    milliseconds: offset.nanos / 1_000_000,
                    shared_messages: offset.shared,
                    with: offset.with.and_then(name),
                }),
                Compared::Alone | Compared::Unknown { .. } => None,
            },
            warnings: warnings
                .map(|(line, message)| LogWarningDoc { line: *line, message: escaped(message) })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct WarningDoc {
    file: String,
    offset: Option<u64>,
    message: String,
}

/// Records that made room for others.
#[derive(Serialize)]
struct ForgottenDoc {
    dns: u64,
    dns_of_scanners: u64,
    dns_in_service: u64,
    attempts: u64,
    messages: u64,
    changes: u64,
    transactions: u64,
    sources: u64,
    servers: u64,
}

impl ForgottenDoc {
    fn new(forgotten: Forgotten) -> Option<Self> {
        (forgotten != Forgotten::default()).then_some(Self {
            dns: forgotten.dns,
            dns_of_scanners: forgotten.dns_of_scanners,
            dns_in_service: forgotten.dns_in_service,
            attempts: forgotten.attempts,
            messages: forgotten.messages,
            changes: forgotten.changes,
            transactions: forgotten.transactions,
            sources: forgotten.sources,
            servers: forgotten.servers,
        })
    }
}

/// Counters of everything that was skipped, lost or not understood.
#[derive(Serialize)]
struct DecodedDoc<'a> {
    packets_after_at: u64,
    packets_filtered: u64,
    packets_not_sip: u64,
    packets_decoded: u64,
    ip_packets: u64,
    not_ip: u64,
    other_protocols: u64,
    unknown_links: &'a BTreeMap<u32, u64>,
    undecoded: BTreeMap<&'static str, u64>,
    snaplen_cut: u64,
    datagrams: u64,
    datagrams_not_sip: u64,
    fragments: u64,
    fragmented_joined: u64,
    fragmented_lost: u64,
    fragmented_evicted: u64,
    sctp_fragmented: u64,
    tcp_segments: u64,
    tcp_out_of_order: u64,
    tcp_retransmitted: u64,
    tcp_lost_bytes: u64,
    tcp_flows: u64,
    tcp_flows_evicted: u64,
    tcp_holes_evicted: u64,
    tcp_flows_tls: u64,
    tcp_streams_ignored: u64,
    hep_packets: u64,
    hep_messages: u64,
    hep_agents: u64,
    hep_agents_not_told: u64,
    hep_other_types: &'a BTreeMap<u8, u64>,
    hep_not_sip: u64,
    hep_broken: u64,
    hep_not_inflated: u64,
    hep_lost_bytes: u64,
    hep_wrong_key: u64,
    hep_clock_off: u64,
    hep_clock_off_most_ms: u64,
    websocket_flows: u64,
    websocket_messages: u64,
    websocket_not_sip: u64,
    websocket_too_long: u64,
    websocket_unreadable: u64,
    websocket_skipped_bytes: u64,
    stream_messages: u64,
    stream_messages_cut: u64,
    stream_messages_given_up: u64,
    stream_bytes_skipped: u64,
    icmp_errors: u64,
    icmp_unusable: u64,
    icmp_joined: u64,
    messages_without_dn: u64,
    messages_cut_without_dn: u64,
    bad_reginfo: u64,
    connections_dropped: u64,
}

impl<'a> CaptureDoc<'a> {
    pub(super) fn new(view: &View<'a>) -> Self {
        let (capture, snapshot) = (view.capture, view.snapshot);
        let counts = &snapshot.counts;
        let logs = |place: usize| capture.log(FileId(place as u16));
        let files = capture.files.iter().enumerate().map(|(place, file)| FileDoc {
            name: file_name(file),
            format: logs(place).map_or_else(|| file.format.name(), |log| log.profile.dialect),
            compression: file.compression.name(),
            links: file.links.iter().map(|link| link.0).collect(),
            packets: file.packets,
            bytes: file.bytes,
            size: file.size,
            log: logs(place).map(|log| LogDoc::new(capture, log)),
        });
        let warnings = capture.warnings.iter().map(|warning| WarningDoc {
            file: escape_text(&warning.path.to_string_lossy()).into_owned(),
            offset: warning.offset,
            message: warning.kind.to_string(),
        });
        Self {
            files: files.collect(),
            packets: capture.packets.read,
            sip_messages: counts.messages,
            register_messages: counts.register_requests,
            register_answers: counts.register_answers,
            truncated_messages: counts.cut,
            first: time(snapshot.first),
            last: time(snapshot.last),
            at: time(snapshot.first.map(|_| snapshot.at)),
            dns_of_scanners: snapshot.collapsed,
            forgotten: ForgottenDoc::new(counts.forgotten),
            warnings: warnings.collect(),
            losses: &capture.losses,
            sockets: capture.hosts.owners.iter().map(SocketDoc::new).collect(),
            names: &capture.hosts.names,
            tls: TlsDoc::new(&capture.decoded.tls),
            decoded: DecodedDoc::new(view, capture),
        }
    }
}

impl TlsDoc {
    fn new(tls: &TlsStats) -> Self {
        let unread = Unread::ALL.into_iter().map(|why| (why.name(), tls.unread(why)));
        let keys = &tls.keys;
        Self {
            opened: tls.opened,
            unread: unread.filter(|(_, count)| *count > 0).collect(),
            resumed_behind_losses: tls.resumed,
            given_up_behind_losses: tls.given_up,
            early_data_bytes: tls.early_bytes,
            evicted: tls.evicted,
            keys: KeysDoc {
                secrets: keys.secrets,
                unused_lines: keys.unused,
                comment_lines: keys.comments,
                junk_lines: keys.junk,
                sessions_forgotten: keys.forgotten,
            },
        }
    }
}

impl<'a> DecodedDoc<'a> {
    fn new(view: &View<'_>, capture: &'a Capture) -> Self {
        let Capture { packets, decoded, streams, .. } = capture;
        let (counts, hep) = (&view.snapshot.counts, &decoded.hep);
        let undecoded = Undecoded::ALL.into_iter().map(|why| (why.name(), decoded.undecoded(why)));
        Self {
            packets_after_at: packets.after_at,
            packets_filtered: packets.filtered,
            packets_not_sip: packets.not_sip,
            packets_decoded: decoded.frames,
            ip_packets: decoded.ip_packets,
            not_ip: decoded.not_ip,
            other_protocols: decoded.other_protocols,
            unknown_links: &decoded.unknown_links,
            undecoded: undecoded.filter(|(_, count)| *count > 0).collect(),
            snaplen_cut: decoded.snaplen_cut,
            datagrams: decoded.datagrams,
            datagrams_not_sip: decoded.datagrams_not_sip,
            fragments: decoded.fragments,
            fragmented_joined: decoded.fragmented_joined,
            fragmented_lost: decoded.fragmented_lost,
            fragmented_evicted: decoded.fragmented_evicted,
            sctp_fragmented: decoded.sctp_fragmented,
            tcp_segments: decoded.tcp_segments,
            tcp_out_of_order: decoded.tcp_out_of_order,
            tcp_retransmitted: decoded.tcp_retransmitted,
            tcp_lost_bytes: decoded.tcp_lost_bytes,
            tcp_flows: decoded.flows,
            tcp_flows_evicted: decoded.flows_evicted,
            tcp_holes_evicted: decoded.holes_evicted,
            tcp_flows_tls: decoded.flows_tls,
            tcp_streams_ignored: decoded.streams_ignored,
            hep_packets: hep.packets,
            hep_messages: hep.messages,
            hep_agents: hep.agents,
            hep_agents_not_told: hep.agents_not_told,
            hep_other_types: &hep.other_types,
            hep_not_sip: hep.not_sip,
            hep_broken: hep.broken,
            hep_not_inflated: hep.not_inflated,
            hep_lost_bytes: hep.lost_bytes,
            hep_wrong_key: hep.wrong_key,
            hep_clock_off: hep.clock_off,
            hep_clock_off_most_ms: hep.clock_off_most.as_millis() as u64,
            websocket_flows: decoded.flows_websocket,
            websocket_messages: decoded.websocket_messages,
            websocket_not_sip: decoded.websocket_not_sip,
            websocket_too_long: decoded.websocket_too_long,
            websocket_unreadable: decoded.websocket_unreadable,
            websocket_skipped_bytes: decoded.websocket_skipped_bytes,
            stream_messages: streams.framed.messages,
            stream_messages_cut: streams.framed.cut,
            stream_messages_given_up: streams.given_up,
            stream_bytes_skipped: streams.framed.bytes_skipped,
            icmp_errors: decoded.icmp_errors,
            icmp_unusable: decoded.icmp_unusable,
            icmp_joined: counts.icmp_joined,
            messages_without_dn: counts.without_dn,
            messages_cut_without_dn: counts.cut_without_dn,
            bad_reginfo: counts.bad_reginfo,
            connections_dropped: counts.connections_dropped,
        }
    }
}

/// A socket of this host.
#[derive(Serialize)]
struct SocketDoc<'a> {
    address: IpAddr,
    port: u16,
    pid: Option<u32>,
    process: Option<Cow<'a, str>>,
    uid: u32,
    user: Option<Cow<'a, str>>,
}

impl<'a> SocketDoc<'a> {
    fn new((at, owner): (&Endpoint, &'a Process)) -> Self {
        let Process { pid, name, uid, user, .. } = owner;
        let escaped = |text: &'a Option<String>| text.as_deref().map(escape_text);
        let (process, user) = (escaped(name), escaped(user));
        Self { address: at.addr, port: at.port, pid: *pid, process, uid: *uid, user }
    }
}
