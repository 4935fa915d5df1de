//! 200 without our Contact.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "not-kept",
    severity: Severity::Error,
    fragment: "accepted, but the Contact is not kept",
    meaning: "The registrar answered 2xx, and the bindings it lists are not those that were \
            asked for.",
    check: "whether another device or a limit of Contacts replaced it, and what the \
            registrar's own table holds",
    reference: "RFC 3261 §10.2.4, §10.3 step 8",
};

/// 200 without our Contact.
pub(in crate::diagnosis) struct NotKept;

impl DnRule for NotKept {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::NotKept)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::NotKept), || {
            let sure = if is_called(case) { Confidence::Possible } else { Confidence::Certain };
            Proof::error(sure, case.shown())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let lists = match case.answer().map_or(0, |a| a.contacts) {
            0 => "lists no Contact".to_owned(),
            n => format!("lists {}, not this one", count(n, "Contact")),
        };
        let effect = if is_called(case) {
            "yet requests are sent to the device: the registrar holds a binding that it does not list"
        } else {
            "calls will not reach it"
        };
        format!(
            "{}: {} answered {} to Contact {}, and the response {lists}: {effect}",
            case.name(),
            last.registrar,
            case.code_of(last),
            case.text(last.contact)
        )
    }
}

/// Whether a server sends requests to the device though no Contact was listed.
fn is_called(case: &Case<'_>) -> bool {
    let first = case.attempts.iter().find(|a| a.outcome == Outcome::Failed(Verdict::NotKept));
    first.zip(case.view.called()).is_some_and(|(first, called)| called.time > first.started)
}
