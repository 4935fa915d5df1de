//! Causes that a log states: only the server itself can say them.

use super::super::prelude::*;
use crate::log::{StatementKind, Sureness};
use crate::registration::State;
use crate::registration::{Basis, Heard};

/// A rule that holds when a statement of one of some kinds explains the verdict.
pub(in crate::diagnosis) struct Stated {
    kinds: &'static [StatementKind],
    /// The verdicts it explains.
    verdicts: &'static [Verdict],
    /// Whether a statement within the deciding exchange explains it too, and not only one that brought it.
    explains_refusals: bool,
    /// The outcome of the statement.
    what: &'static str,
    about: About,
}

const REFUSED: &[Verdict] =
    &[Verdict::Rejected, Verdict::AuthFailed, Verdict::Challenged, Verdict::NoAnswer];

const fn about(
    id: &'static str,
    fragment: &'static str,
    meaning: &'static str,
    check: &'static str,
) -> About {
    let reference = "RFC 3261 §10.3; the log of the program";
    About { id, severity: Severity::Error, fragment, meaning, check, reference }
}

/// The rows, the more special ones first.
pub(in crate::diagnosis) static STATED: [Stated; 8] = [
    Stated {
        kinds: &[StatementKind::RefusedSource],
        verdicts: REFUSED,
        explains_refusals: true,
        what: "it refuses the address the request came from",
        about: about(
            "source-refused",
            "refused for its address",
            "The server's log states that it refused the request for the address it came from, whatever \
             its response says.",
            "the access lists of the server (permit, deny, ACL) against the source address, for the \
             endpoint and for the whole server",
        ),
    },
    Stated {
        kinds: &[StatementKind::NotKnown],
        verdicts: REFUSED,
        explains_refusals: true,
        what: "it knows no such DN",
        about: about(
            "not-configured",
            "not configured at the server",
            "The server's log states that the DN, endpoint or address-of-record is not configured there, \
             or is disabled. Asterisk answers 401 to it as to a wrong password, and so hides that.",
            "the DN's configuration on the server: whether it exists under this name and is enabled",
        ),
    },
    Stated {
        kinds: &[StatementKind::Limit],
        verdicts: REFUSED,
        explains_refusals: true,
        what: "the DN has as many contacts as it may",
        about: about(
            "contact-limit",
            "too many contacts",
            "The server's log states that the registration would exceed the number of contacts the \
             address-of-record may have.",
            "which contacts are registered already, and the limit (max_contacts and remove_existing of \
             the AOR in Asterisk)",
        ),
    },
    Stated {
        kinds: &[StatementKind::ConnectionLost],
        verdicts: &[Verdict::Terminated],
        explains_refusals: false,
        what: "it dropped the binding because the connection closed, or because the server restarted",
        about: about(
            "connection-lost",
            "binding dropped with its connection",
            "The server's log states that it removed the contact because its TCP, TLS or WebSocket \
             connection closed, or because the server restarted.",
            "who closed the connection: idle timers of NAT, firewall and server against the keep-alives \
             of the device; restarts of the server",
        ),
    },
    Stated {
        kinds: &[StatementKind::Expired],
        verdicts: &[Verdict::Expired],
        explains_refusals: false,
        what: "it removed the binding because its time ran out",
        about: about(
            "expired-stated",
            "expired by the server's timer",
            "The server's log states that the binding ran out, and nothing shows a refresh in time.",
            "why the device did not refresh: whether it is there, and whether its REGISTERs reach the server",
        ),
    },
    Stated {
        kinds: &[StatementKind::Removed],
        verdicts: &[Verdict::Deregistered],
        explains_refusals: false,
        what: "it removed the binding by request, and does not say whose",
        about: about(
            "removed-stated",
            "removed by a request the log does not show",
            "The server's log states that the contact was removed by request. It does not say whose: \
             the device's, a script's or an administrator's.",
            "whether the device sent Expires 0 at that moment (a capture, or the SIP trace of the server), \
             and who else may remove contacts there",
        ),
    },
    Stated {
        kinds: &[StatementKind::AuthFailed],
        verdicts: &[Verdict::AuthFailed],
        explains_refusals: false,
        what: "it refused the credentials",
        about: about(
            "auth-failed-stated",
            "credentials refused, by the log",
            "The server's log states that authentication failed, and no message is there to show more. \
             Several programs say so of an unknown user too.",
            "the password and the authentication user on both sides, and whether the DN exists there; a \
             SIP trace shows which",
        ),
    },
    Stated {
        kinds: &[StatementKind::Failed],
        verdicts: &[Verdict::Rejected, Verdict::AuthFailed, Verdict::NoAnswer],
        explains_refusals: false,
        what: "its registration elsewhere failed",
        about: about(
            "failed-stated",
            "registration failed, by the log",
            "The log of the side that registers states that it was refused or got no response. Its words \
             are no cause: some programs call every 403 a wrong password.",
            "the response itself: a SIP trace of this side, or the log of the registrar",
        ),
    },
];

impl Stated {
    /// The statement that explains the verdict.
    fn statement<'a>(&self, case: &Case<'a>) -> Option<&'a Heard> {
        if !self.verdicts.contains(&case.verdict()) {
            return None;
        }
        let state = case.view.state();
        let is_it = |heard: &&Heard| self.kinds.contains(&heard.statement.kind);
        if state.basis() == Basis::Stated {
            let line = state.stated_at()?;
            return case.view.statements().find(|heard| heard.at == line).filter(is_it);
        }
        let decider = case.decider().filter(|_| self.explains_refusals)?;
        case.view.statements_in(decider).find(is_it)
    }
}

impl DnRule for Stated {
    fn about(&self) -> &About {
        &self.about
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Heard)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let Some(heard) = self.statement(case) else { return Held::No };
        let confidence = match heard.statement.sure {
            Sureness::Documented | Sureness::Seen => Confidence::Likely,
            Sureness::Copied => Confidence::Possible,
        };
        let mut evidence = if case.attempts.is_empty() { Vec::new() } else { case.shown() };
        evidence.push(Evidence { time: heard.time, frame: heard.at });
        Held::Yes(Proof::error(confidence, evidence))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(heard) = self.statement(case) else { return String::new() };
        let (name, said) = (case.name(), words::said(&heard.statement.text));
        let what = self.what;
        match case.decider().filter(|a| a.code != 0 && self.explains_refusals) {
            Some(a) => {
                let server = a.answered_by.unwrap_or(a.registrar);
                format!(
                    "{name}: {server} answered {}, {}, and its log states that {what}: \"{said}\"",
                    case.code_of(a),
                    case.how_often()
                )
            }
            None => format!("{name}: the server's log states that {what}: \"{said}\""),
        }
    }
}

/// A DN of which logs state the CTI state alone, or a verdict that no other rule explains.
pub(in crate::diagnosis) struct CtiOnly;

static CTI_ONLY: About = About {
    id: "cti-only",
    severity: Severity::Observation,
    fragment: "known from CTI only",
    meaning: "Logs state the CTI state of the DN, and there is no registration of it to be seen. A DN that a \
              desktop registers with T-Library has none.",
    check: "whether the DN is one that registers by SIP at all; if it is, the SIP log of its node",
    reference: "RFC 3261 §10.3; Genesys T-Library: EventDNOutOfService, TRegisterAddress",
};

impl DnRule for CtiOnly {
    fn about(&self) -> &About {
        &CTI_ONLY
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::CtiOnly)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::CtiOnly), || {
            let cti = case.view.state().cti();
            let stated = cti.map(|cti| Evidence { time: cti.since, frame: cti.at });
            let heard = || case.view.statements().last();
            let asked = || heard().map(|heard| Evidence { time: heard.time, frame: heard.at });
            Proof::observation(stated.or_else(asked).into_iter().collect())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(cti) = case.view.state().cti() else {
            return format!(
                "{}: a T-Library client asked to register on it; no response, no CTI state and no SIP \
                 registration was seen",
                case.name()
            );
        };
        let node = case.scene.snapshot.node_name(cti.node).map_or_else(
            || "a log states".to_owned(),
            |node| format!("node {} states", words::text(node.as_bytes())),
        );
        if cti.state == State::Unknown {
            return format!(
                "{}: nodes report different CTI states, and the given files do not show which of them owns the DN",
                case.name()
            );
        }
        let state = cti.state.name().replace('_', " ");
        format!(
            "{}: {node} that its CTI state is {state}; no registration by SIP is seen",
            case.name()
        )
    }
}
