//! De-registered by the device.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "deregistered-by-own-side",
    severity: Severity::Error,
    fragment: "de-registered by the device",
    meaning: "A REGISTER with Expires 0 from the address that had registered the DN removed \
            it, and the registrar agreed: nothing was refused.",
    check: "what on the side of the device removes the registration: a restart, a logout, \
            a monitoring or start script that de-registers; on Asterisk, `pjsip send unregister` \
            removes it, and `pjsip send register` removes it first and registers again seconds \
            later",
    reference: "RFC 3261 §10.2.2",
};

/// De-registered by the device.
pub(in crate::diagnosis) struct Deregistered;

impl DnRule for Deregistered {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Deregistered)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::Deregistered), || {
            let mut shown = Vec::new();
            if let Some(removal) = case.removal() {
                shown.extend(
                    case.accepted_before(removal.started).map(shown_by).unwrap_or_default(),
                );
                shown.extend(shown_by(removal));
            } else {
                shown = case.shown();
            }
            Proof::error(Confidence::Certain, shown)
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let name = case.name();
        let Some(removal) = case.removal() else {
            return format!(
                "{name}: the registrar no longer lists it after a REGISTER from the device"
            );
        };
        let source = removal.source.addr;
        let not_kept = Outcome::Failed(Verdict::NotKept);
        let before = |a: &&AttemptView<'_>| a.started < removal.started && a.outcome == not_kept;
        let Some(granted) = case.accepted_before(removal.started) else {
            if let Some(before) = case.attempts.iter().rev().find(before) {
                return format!(
                    "{name}: removed by a REGISTER with Expires 0 from {source}; {} had answered {} to \
                     its REGISTER before without listing its Contact",
                    before.registrar,
                    case.code_of(before)
                );
            }
            return format!(
                "{name}: removed by a REGISTER with Expires 0 from {source}; the capture does not show \
                 who had registered it"
            );
        };
        let seconds = granted.granted.map_or_else(String::new, |s| format!(", {s} s"));
        let later = decided_at(removal).nanos_since(decided_at(granted));
        let over = granted.granted.map(|s| later - i64::from(s) * 1_000_000_000);
        let over = over.filter(|&over| over > 1_000_000_000).map_or_else(String::new, |over| {
            format!("; the time it had been granted had run out {} before that", span(over))
        });
        let call = if granted.call_id == removal.call_id { "the same" } else { "another" };
        let agent = if granted.user_agent == removal.user_agent {
            String::new()
        } else {
            let (was, is) = (case.text(granted.user_agent), case.text(removal.user_agent));
            format!(" (User-Agent \"{is}\", before \"{was}\")")
        };
        let from = if granted.source.addr == source {
            format!("the same source {source}")
        } else {
            format!("{source}, registered from {},", granted.source.addr)
        };
        format!(
            "{name} was accepted ({}{seconds}) and removed {} later by {} from {from} under {call} \
             Call-ID{agent}: de-registered by the device{over}",
            granted.code,
            span(later),
            case.removed_with()
        )
    }
}
