//! A log says something else of an exchange than its messages do.

use super::super::prelude::*;
use crate::log::StatementKind;
use crate::registration::Heard;

static ABOUT: About = About {
    id: "log-disagrees",
    severity: Severity::Warning,
    fragment: "the log says something else",
    meaning: "The log states that the DN was registered, and the response in the same exchange says that it was \
              not; or it states that its registration ran out, and a refresh had been granted for longer. The verdict \
              follows the messages.",
    check: "the lines around both: whether the statement is about another contact or another node",
    reference: "RFC 3261 §10.3; the log of the program",
};

/// A log says something else of an exchange than its messages do.
pub(in crate::diagnosis) struct LogDisagrees;

impl DnRule for LogDisagrees {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::flag(Flag::LogDisagrees)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.has(Flag::LogDisagrees), || {
            let mut evidence = case.shown_by_latest();
            evidence.extend(expired(case).or_else(|| said(case)).map(|(shown, _)| shown));
            Proof::warning(Confidence::Certain, evidence)
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.attempts.last() else { return String::new() };
        if let Some((_, text)) = expired(case) {
            return format!(
                "{}: {} granted a refresh that has not run out, while its log states \"{text}\"",
                case.name(),
                last.registrar
            );
        }
        let said = said(case).map(|(_, text)| text).unwrap_or_default();
        format!(
            "{}: {} answered {}, while its log states \"{said}\"",
            case.name(),
            last.registrar,
            case.code_of(last)
        )
    }
}

/// The line that says otherwise.
fn said(case: &Case<'_>) -> Option<(Evidence, String)> {
    let last = case.attempts.last()?;
    let mut heard = case.view.statements_in(last);
    let heard = heard.find(|heard| {
        matches!(heard.statement.kind, StatementKind::Registered | StatementKind::Refreshed)
    })?;
    Some(quoted(heard))
}

/// The line that says that it ran out.
fn expired(case: &Case<'_>) -> Option<(Evidence, String)> {
    case.view.expiry_against_the_wire().map(quoted)
}

fn quoted(heard: &Heard) -> (Evidence, String) {
    let evidence = Evidence { time: heard.time, frame: heard.at };
    (evidence, words::said(&heard.statement.text))
}
