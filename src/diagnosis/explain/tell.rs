//! One attempt in a plain sentence.

use super::super::case::Case;
use super::super::words::{icmp, sendings, span, times};
use crate::net::Endpoint;
use crate::registration::{AttemptView, Outcome, Purpose, Verdict};

/// An attempt in words.
pub(super) struct Told {
    /// Attempts of one kind in a row are folded.
    pub kind: (Outcome, u16, bool, std::net::IpAddr, Endpoint),
    /// The sentence for the first of a kind.
    pub sentence: String,
    /// The words for the others, before "5 more times".
    pub brief: String,
}

/// Puts the attempt at this place of the DN's list into words.
pub(super) fn tell(case: &Case<'_>, place: usize, attempt: &AttemptView<'_>) -> Told {
    let before = case.attempts.get(..place).unwrap_or_default();
    let refresh = attempt.outcome == Outcome::Accepted && is_refresh(before, attempt);
    let kind = (attempt.outcome, attempt.code, refresh, attempt.source.addr, attempt.registrar);
    let (sentence, brief) = match attempt.outcome {
        Outcome::Accepted => accepted(case, attempt, refresh),
        Outcome::Removed => removed(before, attempt),
        Outcome::NothingListed => (
            format!("{} asked {} for the bindings: none", attempt.source.addr, attempt.registrar),
            "asked in vain".to_owned(),
        ),
        Outcome::Open => (
            format!(
                "{} sent a REGISTER to {}, not answered before the capture ends",
                attempt.source, attempt.registrar
            ),
            "sent".to_owned(),
        ),
        Outcome::Failed(verdict) => failed(case, attempt, verdict),
    };
    Told { kind, sentence, brief }
}

/// Whether the accepted attempt goes on with what the last one from there had got.
fn is_refresh(before: &[AttemptView<'_>], attempt: &AttemptView<'_>) -> bool {
    let last = before.iter().rev().find(|a| {
        a.registrar == attempt.registrar
            && matches!(a.outcome, Outcome::Accepted | Outcome::Removed)
    });
    last.is_some_and(|a| {
        a.outcome == Outcome::Accepted
            && a.source.addr == attempt.source.addr
            && a.granted.is_none_or(|s| attempt.started <= a.last.plus_secs(s))
    })
}

fn accepted(case: &Case<'_>, attempt: &AttemptView<'_>, refresh: bool) -> (String, String) {
    if attempt.purpose == Purpose::Query {
        let sentence = format!(
            "{} asked {} for the bindings and got them",
            attempt.source.addr, attempt.registrar
        );
        return (sentence, "asked".to_owned());
    }
    let word = if refresh { "refreshed" } else { "accepted" };
    let granted = attempt.granted.map_or_else(String::new, |s| format!(" for {s} s"));
    let asked = match attempt.asked.zip(attempt.granted) {
        Some((asked, granted)) if asked != granted => format!(" (asked for {asked} s)"),
        _ => String::new(),
    };
    let challenged = if attempt.challenges() > 0 { " after a challenge" } else { "" };
    let contact = match case.text(attempt.contact) {
        contact if contact.is_empty() => String::new(),
        contact => format!(", Contact {contact}"),
    };
    let upstream = attempt.upstream.map_or_else(String::new, |seconds| {
        format!(", behind which {} had granted {seconds} s", attempt.registrar)
    });
    let sentence = format!(
        "{word}{granted}{asked} by {}{upstream}{challenged}, from {}{contact}",
        attempt.spoke, attempt.source
    );
    (sentence, word.to_owned())
}

fn removed(before: &[AttemptView<'_>], attempt: &AttemptView<'_>) -> (String, String) {
    let granted = before
        .iter()
        .rev()
        .find(|a| a.outcome == Outcome::Accepted && a.registrar == attempt.registrar);
    let how = match granted {
        None => format!("from {}", attempt.source.addr),
        Some(a) if a.source.addr != attempt.source.addr => {
            format!("from another source, {}", attempt.source.addr)
        }
        Some(a) if a.call_id == attempt.call_id => {
            "from the same source under the same Call-ID".to_owned()
        }
        Some(_) => "from the same source under another Call-ID".to_owned(),
    };
    (format!("removed by Expires 0 {how}"), "removed".to_owned())
}

fn failed(case: &Case<'_>, attempt: &AttemptView<'_>, verdict: Verdict) -> (String, String) {
    let (server, source) = (attempt.registrar, attempt.source);
    let code = case.code_of(attempt);
    match verdict {
        Verdict::AuthFailed => (
            format!(
                "credentials from {source} refused {} by {server}, {code}",
                times(attempt.refusals().max(1))
            ),
            "credentials refused".to_owned(),
        ),
        Verdict::Challenged => (
            format!("{server} asked {source} for credentials ({code}), and none followed"),
            "asked for credentials".to_owned(),
        ),
        Verdict::Redirected => (
            format!("{server} sent {source} elsewhere ({code}), not followed"),
            "redirected".to_owned(),
        ),
        Verdict::NotKept => (
            format!(
                "{server} answered {code} and did not keep Contact {}",
                case.text(attempt.contact)
            ),
            "not kept".to_owned(),
        ),
        Verdict::NoAnswer => {
            let sent = match sendings(attempt) {
                (0 | 1, _) => "once".to_owned(),
                (n, within) => format!("{} within {}", times(n), span(within)),
            };
            let sentence = format!("no response from {server} to {source}, sent {sent}");
            (sentence, "not answered".to_owned())
        }
        Verdict::Unreachable => {
            let why = attempt.icmp().map_or("connection reset", |(kind, code)| icmp(kind, code));
            (format!("{server} not reached from {source} ({why})"), "not reached".to_owned())
        }
        Verdict::OneWay => (
            format!("{source} sent a REGISTER to {server}; the response was not captured"),
            "sent, answer not captured,".to_owned(),
        ),
        Verdict::Truncated => (
            format!("the exchange of {source} with {server} is cut in the capture"),
            "cut".to_owned(),
        ),
        _ => (format!("refused {code} by {server}, from {source}"), format!("refused {code}")),
    }
}
