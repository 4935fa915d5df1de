//! Verdicts, flags and errors in words.

use std::net::IpAddr;

use super::when::Clock;
use crate::capture::{Capture, Compared, LogInfo, Offset, file_name};
use crate::net::{Timestamp, apart, count, escape_text};
use crate::registration::{Basis, Demand, DnView, Flag, Risk, Verdict};
use crate::sip::status_phrase;

/// A status code with its phrase, `403 Forbidden`.
pub(crate) fn status(code: u16) -> String {
    status_phrase(code, None)
}

/// What was found out about a log: `genesys log, 345 messages, 112 statements, +05:30 from its header, …`.
pub(crate) fn log(capture: &Capture, log: &LogInfo) -> String {
    let profile = &log.profile;
    let name = capture.files.get(usize::from(log.file.0)).map(file_name).unwrap_or_default();
    let mut text = format!(
        "{name}: {} log, {}, {}",
        profile.dialect,
        count(profile.messages, "message"),
        count(profile.statements, "statement")
    );
    let clock = &profile.clock;
    match (&clock.zone, clock.zone_from) {
        _ if !clock.present => text += ", no clock in this log",
        (Some(zone), Some(from)) => append!(text, ", {zone} {}", zone_from(from)),
        _ => {}
    }
    if clock.present && !clock.date {
        text += ", no date";
    }
    if let (Some(local), Some(from)) = (profile.local.first(), profile.local_from) {
        append!(text, ", local side {local} {}", local_from(from));
    }
    if let Some(node) = log.node.as_deref().or(profile.node.as_deref()) {
        append!(text, ", node {}", escape_text(node));
    }
    if let Some(before) = log.continues.and_then(|file| capture.files.get(usize::from(file.0))) {
        append!(text, ", continues {}", file_name(before));
    } else if let Compared::Measured(offset) = log.compared {
        append!(text, ", {}", offset_of(capture, offset));
    }
    text
}

/// How far the clock of a log is from that of another input: `2.31 s behind the capture (12 messages in both)`.
fn offset_of(capture: &Capture, offset: Offset) -> String {
    let with = offset.with.and_then(|file| capture.files.get(usize::from(file.0)));
    let with = with.map_or_else(|| "the capture".to_owned(), file_name);
    let shared = count(offset.shared as u64, "message");
    let hundredths = offset.nanos.unsigned_abs() / 10_000_000;
    let by = match hundredths {
        ..12_000 => format!("{}.{:02} s", hundredths / 100, hundredths % 100),
        _ => apart(offset.nanos),
    };
    match offset.nanos {
        _ if offset.shared == 0 => {
            format!("its clock is that of {with}, a log of the same program")
        }
        0 => format!("its clock agrees with that of {with} ({shared} in both)"),
        1.. => format!("its clock is {by} behind that of {with} ({shared} in both)"),
        _ => format!("its clock is {by} ahead of that of {with} ({shared} in both)"),
    }
}

/// How the zone of a log is known.
fn zone_from(from: &str) -> &str {
    match from {
        "stamp" => "from its time stamps",
        "header" => "from its header",
        "given" => "as given",
        "measured" => "measured",
        "assumed" => "assumed (this machine's)",
        other => other,
    }
}

/// How the address of the host that wrote a log is known.
fn local_from(from: &str) -> &str {
    match from {
        "via" => "inferred from Via",
        "request-uri" => "inferred from the Request-URI",
        other => other,
    }
}

/// A verdict in a few words, with the end of what runs.
pub(crate) fn verdict(
    verdict: Verdict,
    code: Option<u16>,
    expires: Option<Timestamp>,
    clock: &Clock,
) -> String {
    match (verdict, expires) {
        (Verdict::InService, Some(end)) => format!("in service until {}", clock.short(end)),
        _ => verdict.label(code),
    }
}

/// What puts a DN at risk, in a few words.
pub(crate) const fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::ConnectionClosed => "its connection has ended",
        Risk::ContactUnreachable => "its Contact does not answer",
        Risk::RefreshRefused => "refresh refused",
        Risk::RefreshUnanswered => "refresh unanswered",
        Risk::RefreshGivenUp => "refresh challenged and given up",
        Risk::ResponsesLost => "responses get lost",
        Risk::Flapping => "flapping",
        Risk::Conflict => "held in conflict",
        Risk::LostAtEdge => "lost at the edge",
    }
}

/// The label of a verdict, and what puts the DN at risk.
pub(crate) fn label_of(verdict: Verdict, code: Option<u16>, risk: Option<Risk>) -> String {
    verdict.label(code) + &at_risk(risk)
}

/// The verdict on a DN in a few words, and what puts it at risk.
pub(crate) fn verdict_of(dn: &DnView<'_>, clock: &Clock) -> String {
    let state = dn.state();
    verdict(state.verdict, state.status_code, state.expires_at, clock) + &at_risk(dn.risk())
}

/// `, at risk: flapping`; empty for none.
pub(crate) fn at_risk(of: Option<Risk>) -> String {
    of.map_or_else(String::new, |of| format!(", at risk: {}", risk(of)))
}

/// Why there is no message to show of a DN; `None` if there is one.
#[cfg(feature = "tui")]
pub(crate) fn no_messages(dn: &DnView<'_>) -> Option<String> {
    if dn.attempts().any(|attempt| attempt.messages().next().is_some()) {
        return None;
    }
    Some(match dn.statements().count() as u64 {
        0 => "No SIP messages of this DN.".to_owned(),
        n => only_statements(n),
    })
}

/// Why there is no message where a log makes statements only.
pub(crate) fn only_statements(statements: u64) -> String {
    format!("Only log statements, no SIP messages ({}).", count(statements, "statement"))
}

/// A verdict, and what it rests on unless that is messages: `expired, not refreshed (stated)`.
pub(crate) fn on_basis(verdict: String, basis: Basis) -> String {
    match basis {
        Basis::Wire => verdict,
        Basis::Stated | Basis::Pasted => format!("{verdict} ({})", basis.name()),
    }
}

/// A flag as a remark.
pub(crate) const fn flag(flag: Flag) -> &'static str {
    match flag {
        Flag::Flapping => "went out of service again and again (flapping)",
        Flag::Moved => "another source took the registration over (moved)",
        Flag::MovedRegistrar => "the registration went on at another registrar",
        Flag::Conflict => {
            "two registrars hold it at once, or two sources take it from each other (conflict)"
        }
        Flag::TwoDevices => "two hosts are registered at once",
        Flag::Nat => "address translation between device and registrar",
        Flag::AnswerLost => "the registrar answered, and the response did not reach the device",
        Flag::Retransmissions => "requests were repeated for lack of a response",
        Flag::StaleNonce => "the registrar called a nonce stale",
        Flag::AuthLoop => "credentials were refused three times or more in one attempt",
        Flag::WrongRealm => "credentials were given for another realm than the one that asked",
        Flag::MinExpires => "the registrar named a minimum expiry (423)",
        Flag::RetryAfter => "the registrar asked to wait",
        Flag::Shortened => "less time was granted than asked for",
        Flag::Recovered => "it was out of service earlier in the capture",
        Flag::RefreshRefused => "a refresh was refused while the registration still ran",
        Flag::RejectedFromOtherSource => {
            "another source was refused for it while it was registered"
        }
        Flag::ContactUnroutable => "the Contact's address cannot be reached from outside its host",
        Flag::Path => "registered through a proxy (Path)",
        Flag::TwoHops => "captured on two hops of its way",
        Flag::CapturedTwice => "the same packets were captured more than once",
        Flag::IpFragments => "messages came in IP fragments",
        Flag::Truncated => "the capture cut messages of it",
        Flag::Scanner => "only a scanner tries it",
        Flag::TwoAnswers => "one request got two different final responses",
        Flag::LostAtEdge => "held upstream, but lost at the border controller the device talks to",
        Flag::LogDisagrees => "the log says something else than its messages",
        Flag::SeenTwice => "the same messages are in a log and in another input",
        Flag::Stated => "the verdict rests on a statement of the log",
        Flag::ClockStep => "the clock of the log was set meanwhile",
        Flag::CtiOut => "its CTI state is out of service",
        Flag::CtiSplit => "two cluster nodes hold each other's DNs out of service",
        Flag::UnreachableStated => "the device does not answer the server's OPTIONS",
        Flag::AtRisk => "at risk: it may not stay in service, or cannot be reached",
    }
}

/// The rules that report what a flag marks.
pub(crate) const fn rules_of(flag: Flag) -> &'static [&'static str] {
    match flag {
        Flag::Flapping => &["flapping"],
        Flag::Moved => &["moved", "taken-by-other-source"],
        Flag::Conflict => &["conflict-two-registrars", "taken-by-other-source"],
        Flag::TwoDevices => &["two-devices"],
        Flag::AnswerLost => &["answer-lost"],
        Flag::StaleNonce => &["stale-loop", "old-nonce-answered"],
        Flag::AuthLoop => &["wrong-password", "wrong-realm", "stale-loop", "old-nonce-answered"],
        Flag::WrongRealm => &["wrong-realm"],
        Flag::Shortened => &["shortened"],
        Flag::Recovered => &["recovered"],
        Flag::RefreshRefused => &["refresh-failed", "refresh-failed-then-expired"],
        Flag::RejectedFromOtherSource => &["rejected-from-other-source"],
        Flag::ContactUnroutable => &["contact-unroutable"],
        Flag::Truncated => &["cut-packets"],
        Flag::TwoAnswers => &["two-final-answers"],
        Flag::LostAtEdge => &["lost-at-edge"],
        Flag::LogDisagrees => &["log-disagrees"],
        Flag::Nat => &["contact-not-source"],
        Flag::AtRisk => &[
            "refresh-failed",
            "registered-but-silent",
            "flapping",
            "conflict-two-registrars",
            "taken-by-other-source",
            "answer-lost",
            "lost-at-edge",
            "connection-closed",
            "contact-refused",
        ],
        Flag::MovedRegistrar
        | Flag::Retransmissions
        | Flag::MinExpires
        | Flag::RetryAfter
        | Flag::Path
        | Flag::TwoHops
        | Flag::CapturedTwice
        | Flag::IpFragments
        | Flag::SeenTwice
        | Flag::Stated
        | Flag::ClockStep
        | Flag::CtiOut
        | Flag::CtiSplit
        | Flag::UnreachableStated
        | Flag::Scanner => &[],
    }
}

/// Whether the exchange or the verdict shows a flag already.
pub(crate) const fn is_in_exchange(flag: Flag) -> bool {
    matches!(flag, Flag::Retransmissions | Flag::MinExpires | Flag::RetryAfter)
}

/// Whether a flag is worth a remark about a DN that is in service.
pub(crate) const fn is_trouble(flag: Flag) -> bool {
    matches!(
        flag,
        Flag::Flapping
            | Flag::Moved
            | Flag::MovedRegistrar
            | Flag::Conflict
            | Flag::TwoDevices
            | Flag::AnswerLost
            | Flag::StaleNonce
            | Flag::AuthLoop
            | Flag::WrongRealm
            | Flag::RetryAfter
            | Flag::Shortened
            | Flag::Recovered
            | Flag::RefreshRefused
            | Flag::RejectedFromOtherSource
            | Flag::Truncated
            | Flag::TwoAnswers
            | Flag::LostAtEdge
    )
}

/// The server's demand and how it was obeyed.
pub(crate) fn demand(demand: Demand, obeyed: Option<bool>) -> String {
    let asked = match demand {
        Demand::MinExpires(seconds) => {
            format!("The server asked for at least {seconds} s (Min-Expires)")
        }
        Demand::RetryAfter(seconds) => {
            format!("The server asked to wait {seconds} s (Retry-After)")
        }
        Demand::Redirect => "The server sent the client elsewhere".to_owned(),
    };
    let then = match (obeyed, demand) {
        (None, _) => "; what the client did then is not in the capture.",
        (Some(true), Demand::RetryAfter(_)) => "; the client waited.",
        (Some(true), Demand::Redirect) => "; it went there.",
        (Some(true), Demand::MinExpires(_)) => "; the client came back with that.",
        (Some(false), Demand::RetryAfter(_)) => "; the client did not wait.",
        (Some(false), Demand::Redirect) => "; it did not go there.",
        (Some(false), Demand::MinExpires(_)) => "; the client did not come back with that.",
    };
    asked + then
}

/// An ICMP error in words (RFC 792, RFC 1812 §5.2.7.1, RFC 4443 §3.1).
pub(crate) const fn icmp(kind: u8, code: u8, from: IpAddr) -> &'static str {
    match (from.is_ipv4(), kind, code) {
        (true, 3, 0 | 6 | 11) | (false, 1, 0) => "ICMP network unreachable",
        (true, 3, 1 | 7 | 12) | (false, 1, 3) => "ICMP host unreachable",
        (true, 3, 2) => "ICMP protocol unreachable",
        (true, 3, 3) | (false, 1, 4) => "ICMP port unreachable",
        (true, 3, 9 | 10 | 13) | (false, 1, 1 | 5) => "ICMP administratively prohibited",
        (true, 11, _) | (false, 3, _) => "ICMP time exceeded",
        _ => "ICMP error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Timestamp;
    use jiff::tz::TimeZone;

    #[test]
    fn every_verdict_fits_a_row() {
        let at = Timestamp::from_parts(1_763_505_000, 0);
        let clock = Clock::new(&TimeZone::UTC, at);
        for v in Verdict::ALL {
            let words = verdict(v, Some(403), Some(at), &clock);
            assert!(!words.is_empty() && words.len() <= 40, "{words}");
        }
    }

    #[test]
    fn icmp_errors_have_names_in_both_families() {
        let (v4, v6) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
        assert_eq!(icmp(3, 3, v4), "ICMP port unreachable");
        assert_eq!(icmp(1, 4, v6), "ICMP port unreachable");
        assert_eq!(icmp(3, 13, v4), "ICMP administratively prohibited");
        assert_eq!(icmp(1, 1, v6), "ICMP administratively prohibited");
    }
}
