//! A CSeq that does not rise.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "cseq-not-rising",
    severity: Severity::Warning,
    fragment: "CSeq does not rise within a Call-ID",
    meaning: "A new REGISTER under a known Call-ID has a CSeq that is not higher than the \
            last: the registrar must not apply it.",
    check: "the device: after a restart it has to take a new Call-ID",
    reference: "RFC 3261 §10.2, §10.3 step 7",
};

/// A CSeq that does not rise.
pub(in crate::diagnosis) struct CseqNotRising;

impl DnRule for CseqNotRising {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::CseqFell)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(pair(case).is_some(), || {
            let mut shown = Vec::new();
            if let Some((before, after)) = pair(case) {
                shown.extend(shown_by(before));
                shown.extend(shown_by(after));
            }
            if case.is_failing() {
                Proof::warning(Confidence::Possible, shown)
            } else {
                Proof::observation(shown)
            }
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some((before, after)) = pair(case) else { return String::new() };
        format!(
            "{}: under one Call-ID CSeq {} was followed by {} in a new REGISTER",
            case.name(),
            before.cseq,
            first_cseq(after)
        )
    }
}

fn first_cseq(attempt: &AttemptView<'_>) -> u32 {
    attempt.messages().next().map_or(attempt.cseq, |m| m.cseq)
}

/// Two attempts of one source in a row whose CSeq does not rise.
fn pair<'c, 'a>(case: &'c Case<'a>) -> Option<(&'c AttemptView<'a>, &'c AttemptView<'a>)> {
    case.attempts.iter().zip(case.attempts.iter().skip(1)).find(|(before, after)| {
        before.call_id == after.call_id
            && before.source.addr == after.source.addr
            && before.registrar == after.registrar
            && after.purpose != Purpose::Unknown
            // a message that lacks fragments comes late
            && after.started >= before.started
            && before.cseq != 0
            && first_cseq(after) <= before.cseq
    })
}
