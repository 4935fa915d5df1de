//! Old Contacts whose connections have ended.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "dead-contacts",
    severity: Severity::Warning,
    fragment: "old Contacts whose connections have ended",
    meaning: "The registrar still holds Contacts of connections that have ended beside a live one: calls fork \
            to them in vain.",
    check: "whether the device names a +sip.instance and reg-id, so that a new connection replaces the old \
            Contact, and how long the registrar keeps them",
    reference: "RFC 5626 §1, §4.2",
};

/// Old Contacts whose connections have ended.
pub(in crate::diagnosis) struct DeadContacts;

impl DnRule for DeadContacts {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Flow)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let dead = case.view.dead_flows();
        Held::when(dead.len() > 1 && dead.len() < case.view.running(), || {
            let ends =
                dead.iter().map(|dead| Evidence { time: dead.end.time, frame: dead.end.frame });
            Proof::warning(Confidence::Certain, ends.take(8).collect())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let (dead, all) = (case.view.dead_flows().len(), case.view.running());
        format!(
            "{}: {dead} of its {all} Contacts came over connections that have ended, and {} still holds \
             them: calls fork to them in vain",
            case.name(),
            case.registrar_name()
        )
    }
}
