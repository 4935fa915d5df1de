//! The time ran out and no refresh was tried.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "expired-not-refreshed",
    severity: Severity::Error,
    fragment: "expired without a refresh",
    meaning: "The granted time ran out and the device tried no refresh.",
    check: "whether the device still runs and knows how long it was granted; whether the \
            capture shows its later REGISTERs",
    reference: "RFC 3261 §10.2.4",
};

/// The time ran out and no refresh was tried.
pub(in crate::diagnosis) struct ExpiredNotRefreshed;

impl DnRule for ExpiredNotRefreshed {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Expired)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::Expired), || {
            let sure = match (lacking(case), silent_since(case)) {
                (0, None) => Confidence::Certain,
                (0, Some(_)) => Confidence::Likely,
                _ => Confidence::Possible,
            };
            Proof::error(sure, case.shown())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let name = case.name();
        let Some(last) = case.attempts.iter().rev().find(|a| a.outcome == Outcome::Accepted) else {
            return format!("{name}: the binding expired and no refresh was {}", tried(case));
        };
        let granted = last.granted.map_or_else(|| "a time".to_owned(), |s| format!("{s} s"));
        let ago =
            case.change_to(Verdict::Expired).map(|c| case.scene.snapshot.at.nanos_since(c.time));
        let promised = last.promised.map_or_else(String::new, |(server, seconds)| {
            format!("; {server}, through which it registers, had granted the device {seconds} s")
        });
        let lacking = match lacking(case) {
            0 => String::new(),
            n => format!(
                "; by their CSeq, the capture lacks REGISTERs of {} around that time, so it may lack one of this DN too",
                count(n, "other DN")
            ),
        };
        format!(
            "{name}: {} granted {granted} to {}; the binding has been expired for {}, and no refresh was \
             {}{promised}{lacking}",
            last.spoke,
            last.source.addr,
            span(ago.unwrap_or_default()),
            tried(case)
        )
    }
}

/// Of how many others the capture lacks REGISTERs around the time that it ran out.
fn lacking(case: &Case<'_>) -> u64 {
    let lapsed = case.change_to(Verdict::Expired);
    lapsed.map_or(0, |change| case.scene.unseen_at(change.time) as u64)
}

/// What a capture of responses alone cannot show: whether a refresh was tried.
fn tried(case: &Case<'_>) -> String {
    let asked = case.attempts.iter().any(|a| a.messages().any(|message| message.code == 0));
    if !asked {
        return "answered (only responses to this DN were captured)".to_owned();
    }
    match silent_since(case) {
        Some(silence) => {
            format!("reported: its HEP agent has reported nothing for {}", span(silence))
        }
        None => "seen".to_owned(),
    }
}

/// For how long the HEP agents that saw the DN have reported nothing at all, if that is since before its time ran out:
/// what they would have seen is not known.
fn silent_since(case: &Case<'_>) -> Option<i64> {
    let last = case.view.hep_agents().map(|agent| agent.last).max()?;
    let lapsed = case.change_to(Verdict::Expired)?.time;
    (last < lapsed).then(|| case.scene.snapshot.at.nanos_since(last))
}
