//! Refusals recognized by their status code alone: one row of the table each.

use std::fmt::Write as _;

use super::super::prelude::*;

/// A rule that holds when a DN's verdict is `rejected` by one of some codes.
pub(in crate::diagnosis) struct ByCode {
    first: u16,
    last: u16,
    about: About,
}

const fn row(
    (first, last): (u16, u16),
    id: &'static str,
    (fragment, meaning): (&'static str, &'static str),
    check: &'static str,
    reference: &'static str,
) -> ByCode {
    let severity = Severity::Error;
    ByCode { first, last, about: About { id, severity, fragment, meaning, check, reference } }
}

/// The rows; the first that fits is taken, so the general ones come last.
pub(in crate::diagnosis) static BY_CODE: [ByCode; 22] = [
    row(
        (400, 400),
        "bad-request-400",
        ("malformed (400)", "The registrar cannot make sense of the REGISTER."),
        "the Contact (`*` needs Expires 0), the Expires, the user part of the To URI, and P-Registrar-Error in \
         the response",
        "RFC 3261 §10.3 step 6, §21.4.1",
    ),
    row(
        (408, 408),
        "timeout-408",
        ("timed out (408)", "A hop gave up waiting: 408 is usually made on the way."),
        "whether the registrar behind the hop that answers got the REGISTER at all",
        "RFC 4320 §4.2, RFC 3261 §21.4.9",
    ),
    row(
        (410, 410),
        "gone-410",
        ("gone (410)", "The registrar says that the DN is no longer there."),
        "check the DN's configuration on the switch",
        "RFC 3261 §21.4.10",
    ),
    row(
        (413, 414),
        "too-large",
        ("too large (413, 414)", "The REGISTER or its Request-URI is longer than is allowed."),
        "the size of the message: its Contacts, its Route and its credentials",
        "RFC 3261 §21.4.11, §21.4.12",
    ),
    row(
        (416, 416),
        "uri-scheme-416",
        ("URI scheme not supported (416)", "The Request-URI has a scheme the registrar refuses."),
        "the Request-URI: sip: or sips:, and whether TLS is wanted",
        "RFC 3261 §10.3 step 1, §21.4.14",
    ),
    row(
        (420, 421),
        "extension-not-acceptable",
        (
            "extension missing or not understood (420, 421)",
            "An option tag (path, outbound, gin) is required by one side and not supported by the \
             other.",
        ),
        "Require, Proxy-Require and Supported of the REGISTER against Unsupported or Require of \
         the response, at each hop",
        "RFC 3261 §8.2.2.3, §21.4.15, §21.4.16; RFC 3327, RFC 5626, RFC 6140",
    ),
    row(
        (430, 430),
        "flow-failed-430",
        ("the flow failed (430)", "A proxy lost the connection that leads to the device."),
        "the connection of the device to its first hop: whether it is kept alive, and whether the device \
         opens a new one and registers over it",
        "RFC 5626 §5.3, §11.5",
    ),
    row(
        (433, 433),
        "anonymity-433",
        ("anonymous registrations refused (433)", "The registrar takes no anonymous REGISTER."),
        "From and Privacy of the REGISTER: the identity must not be hidden",
        "RFC 5079 §5",
    ),
    row(
        (428, 438),
        "identity-refused",
        (
            "identity missing or not believed (428, 436–438)",
            "A hop wants a signed Identity, or does not believe the one that it got.",
        ),
        "which hop asks for it: a registrar needs none; Identity and its certificate",
        "RFC 8224 §6.2.2",
    ),
    row(
        (440, 440),
        "max-breadth-440",
        ("forked too often (440)", "A proxy may not fork the REGISTER any further."),
        "where the REGISTER is forked: it should lead to one registrar; Max-Breadth",
        "RFC 5393 §5",
    ),
    row(
        (489, 489),
        "bad-event-489",
        (
            "event package not understood (489)",
            "489 answers a SUBSCRIBE or NOTIFY: what answers here is no registrar.",
        ),
        "which server the REGISTER reached, and what it is there for",
        "RFC 6665 §8.3.2",
    ),
    row(
        (494, 494),
        "security-agreement-494",
        (
            "security agreement demanded (494)",
            "The server wants to agree on security first: it lists what it offers in Security-Server, and \
             the REGISTER has no Security-Client that fits.",
        ),
        "whether the device is set to use sec-agree: Security-Client, Require and Proxy-Require with \
         sec-agree in its REGISTER, and the mechanisms in Security-Server",
        "RFC 3329 §2.3.1, §2.4",
    ),
    row(
        (439, 439),
        "outbound-refused",
        ("first hop lacks outbound (439)", "The first hop does not support outbound."),
        "`ob`, `reg-id` and `+sip.instance` in the Contact, and the Path of the edge proxy",
        "RFC 5626 §6, §11.6",
    ),
    row(
        (482, 483),
        "routing-loop",
        ("loop (482, 483)", "The REGISTER goes in circles."),
        "the Vias of the request, the Request-URI, and what its domain resolves to",
        "RFC 3261 §16.3, §21.4.20, §21.4.21",
    ),
    row(
        (480, 481),
        "wrong-server-480",
        (
            "not a registrar for this (480, 481)",
            "The server does not take the REGISTER for one that is for itself.",
        ),
        "the Request-URI and the domain: whether this server is the registrar for it",
        "RFC 3261 §10.3 step 1, §21.4.18",
    ),
    row(
        (484, 485),
        "address-incomplete",
        (
            "address incomplete or ambiguous (484, 485)",
            "The server reads To as an incomplete number.",
        ),
        "the user part of the To URI: whether the whole DN is in it",
        "RFC 3261 §21.4.22, §21.4.23",
    ),
    row(
        (501, 501),
        "not-implemented-501",
        ("REGISTER not supported (501)", "The server does not implement REGISTER."),
        "whether the REGISTER is sent to a registrar at all: the server may be a gateway",
        "RFC 3261 §21.5.2",
    ),
    row(
        (405, 406),
        "method-not-allowed-405",
        ("REGISTER not allowed (405, 406)", "The server does not take REGISTERs at this address."),
        "whether the REGISTER is sent to a registrar: Allow in the response names what it takes",
        "RFC 3261 §21.4.6",
    ),
    row(
        (500, 599),
        "server-error-5xx",
        ("server error (5xx)", "The registrar or a server behind it cannot handle it."),
        "the registrar's back end and its load; Retry-After, and whether it was obeyed; on \
         Kamailio also the limit of Contacts (503)",
        "RFC 3261 §21.5",
    ),
    row(
        (603, 603),
        "declined-603",
        ("declined (603)", "The server declines, whatever the credentials."),
        "whether the address may register at all: Asterisk's chan_sip answers 603 where the ACL of the \
         peer refuses the address; the server that answers, if it is not the registrar",
        "RFC 3261 §21.6.2",
    ),
    row(
        (600, 699),
        "global-6xx",
        ("refused everywhere (6xx)", "A 6xx came, which a registrar must not send."),
        "which proxy between the device and the registrar answers in its place",
        "RFC 3261 §10.3, §21.6",
    ),
    row(
        (400, 699),
        "rejected",
        ("refused", "The registrar refused the REGISTER with a code of no special meaning here."),
        "the reason phrase and Warning of the response, and the registrar's log",
        "RFC 3261 §21.4",
    ),
];

impl DnRule for ByCode {
    fn about(&self) -> &About {
        &self.about
    }

    fn needs(&self) -> Signs {
        Signs::verdict(Verdict::Rejected)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let fits = case
            .view
            .state()
            .status_code
            .is_some_and(|code| (self.first..=self.last).contains(&code));
        Held::when(case.is(Verdict::Rejected) && fits, || {
            Proof::error(Confidence::Certain, case.shown())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = case.decider() else { return String::new() };
        let (name, code, often) = (case.name(), case.code_of(last), case.how_often());
        let (registrar, added) = (last.registrar, added(case, last.code));
        if let Some(proxy) = last.answered_by {
            return format!(
                "{name}: {proxy} answered {code}, {often}, and {registrar} behind it nothing{added}"
            );
        }
        let before = case.accepted_until().map_or_else(String::new, |b| format!("; {b}"));
        format!("{name}: {registrar} answered {code}, {often}{added}{before}")
    }
}

/// What the answer says beside its code.
fn added(case: &Case<'_>, code: u16) -> String {
    let Some(answer) = case.answer().filter(|a| a.code == code) else { return String::new() };
    let mut text = String::new();
    if !answer.form.unsupported.is_none() {
        let _ = write!(text, "; Unsupported: {}", case.text(answer.form.unsupported));
    }
    text
}
