//! Two final answers to one request.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "two-final-answers",
    severity: Severity::Observation,
    fragment: "two final responses to one request",
    meaning: "One request got two different final responses; the device takes the first.",
    check: "the registrar's script: Kamailio's usual `if (!save()) sl_reply_error()` sends \
            a second one",
    reference: "RFC 3261 §17.2.2",
};

/// Two final answers to one request.
pub(in crate::diagnosis) struct TwoFinalAnswers;

impl DnRule for TwoFinalAnswers {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::flag(Flag::TwoAnswers)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.has(Flag::TwoAnswers), || {
            Proof::observation(double(case).map(shown_by).unwrap_or_default())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(attempt) = double(case) else {
            return format!("{}: one request got two different final responses", case.name());
        };
        let mut codes: Vec<_> = attempt.messages().map(|m| m.code).filter(|&c| c >= 200).collect();
        codes.dedup();
        let codes: Vec<_> = codes.iter().map(ToString::to_string).collect();
        format!("{}: one request got the final responses {}", case.name(), codes.join(" and "))
    }
}

fn double<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    case.attempts.iter().find(|attempt| {
        let mut answers = attempt.messages().filter(|m| m.code >= 200).peekable();
        while let Some(a) = answers.next() {
            if answers
                .peek()
                .is_some_and(|b| b.cseq == a.cseq && b.hop == a.hop && b.code != a.code)
            {
                return true;
            }
        }
        false
    })
}
