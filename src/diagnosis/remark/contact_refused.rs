//! Its Contact refuses connections.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "contact-refused",
    severity: Severity::Warning,
    fragment: "its Contact refuses connections",
    meaning: "The registrar opens a connection to the Contact of the DN and is refused: calls cannot be \
            delivered that way.",
    check: "whether the device listens on the port of its Contact, and whether the registrar can reuse the \
            connection of the REGISTER",
    reference: "RFC 5923, RFC 5626 §5.3",
};

/// Its Contact refuses connections.
pub(in crate::diagnosis) struct ContactRefused;

impl DnRule for ContactRefused {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Flow)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let refused = case.view.refused_contact();
        Held::when(refused.is_some(), || {
            let shown = refused.and_then(|(registrar, contact)| {
                let mut all = case.scene.snapshot.connections().iter();
                all.find(|record| record.client == registrar && record.server == contact)
            });
            let first = shown.map(|record| &record.first);
            let shown = first.map(|first| Evidence { time: first.time, frame: first.frame });
            Proof::warning(Confidence::Certain, shown.into_iter().collect())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some((registrar, contact)) = case.view.refused_contact() else { return String::new() };
        format!(
            "{}: {contact}, its Contact, refused the TCP connection from {registrar} with a reset: calls \
             cannot be delivered that way",
            case.name()
        )
    }
}
