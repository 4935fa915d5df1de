//! Statements of Asterisk about registrations, whichever driver and whether SIP is logged or not.

use super::super::StatementKind as Kind;
use super::super::Sureness::Documented;
use super::{Dialect, Fact, NONE, Row, fact, says};

/// The row of a documented statement.
const fn says_so(key: &'static str, kind: Kind, line: &'static str) -> Row {
    says(key, kind, Documented, line)
}

pub(super) const DIALECT: Dialect = Dialect {
    name: "asterisk",
    statements: &[
        // res_pjsip_registrar
        says_so(
            "Added contact '",
            Kind::Registered,
            r"Added contact '(?P<contact>[^']+)' to AOR '(?P<dn>[^']+)' with expiration of (?P<expires>\d+) seconds",
        ),
        says_so(
            "Refreshed contact '",
            Kind::Refreshed,
            r"Refreshed contact '(?P<contact>[^']+)' on AOR '(?P<dn>[^']+)' with new expiration(?: of (?P<expires>\d+) seconds)?",
        ),
        says_so(
            "Removed contact '",
            Kind::Removed,
            r"Removed contact '(?P<contact>[^']+)' from AOR '(?P<dn>[^']+)' due to (?:request|registration failure)",
        ),
        says_so(
            "Removed contact '",
            Kind::Replaced,
            r"Removed contact '(?P<contact>[^']+)' from AOR '(?P<dn>[^']+)' due to remove (?:existing|unavailable)",
        ),
        says_so(
            "Removed contact '",
            Kind::Expired,
            r"Removed contact '(?P<contact>[^']+)' from AOR '(?P<dn>[^']+)' due to expiration",
        ),
        says_so(
            "Removed contact '",
            Kind::ConnectionLost,
            r"Removed contact '(?P<contact>[^']+)' from AOR '(?P<dn>[^']+)' due to (?:shutdown|system boot)",
        ),
        says_so(
            "Attempted to remove non-existent contact",
            Kind::NothingToRemove,
            r"Attempted to remove non-existent contact '(?P<contact>[^']+)' from AOR '(?P<dn>[^']+)'",
        ),
        says_so(
            "will exceed max contacts",
            Kind::Limit,
            r"Registration attempt from endpoint '[^']+'(?: \((?P<source>{AP})\))?[^']* to AOR '(?P<dn>[^']+)' will exceed max contacts",
        ),
        says_so(
            "has no configured max_contacts",
            Kind::Limit,
            r"AOR '(?P<dn>[^']+)' has no configured max_contacts",
        ),
        // the AOR's name is empty here: the endpoint's is taken
        says_so(
            "' not found for endpoint '",
            Kind::NotKnown,
            r"AOR '[^']*' not found for endpoint '(?P<dn>[^']+)'(?: \((?P<source>{AP})\))?",
        ),
        says_so(
            "has no configured AORs",
            Kind::NotKnown,
            r"Endpoint '(?P<dn>[^']+)' (?:\((?P<source>{AP})\) )?has no configured AORs",
        ),
        // res_pjsip/pjsip_distributor
        says_so(
            "No matching endpoint found",
            Kind::NotKnown,
            r"Request 'REGISTER' from {AOR} failed for '(?P<source>{AP})' \(callid: (?P<call_id>[^)]*)\) - No matching endpoint found",
        ),
        says_so(
            "Failed to authenticate",
            Kind::AuthFailed,
            r"Request 'REGISTER' from {AOR} failed for '(?P<source>{AP})' \(callid: (?P<call_id>[^)]*)\) - Failed to authenticate",
        ),
        says_so(
            "Not match Endpoint",
            Kind::RefusedSource,
            r"Request 'REGISTER' from {AOR} failed for '(?P<source>{AP})' \(callid: (?P<call_id>[^)]*)\) - Not match Endpoint (?:Contact )?ACL",
        ),
        // the global ACL: no DN
        says_so(
            "did not pass ACL test",
            Kind::RefusedSource,
            r"Incoming SIP message from (?P<source>\S+) did not pass ACL test",
        ),
        says_so(
            " is now Unreachable",
            Kind::Unreachable,
            r"Endpoint (?P<dn>\S+) is now Unreachable",
        ),
        says_so(" is now Reachable", Kind::Reachable, r"Endpoint (?P<dn>\S+) is now Reachable"),
        // registrations of its own with another registrar
        says_so(
            "on registration attempt to '",
            Kind::Failed,
            r"response (?:'(?P<code>\d+)' )?received from '[^']*' on registration attempt to 'sips?:(?P<dn>[^@';]+)@",
        ),
        // res_security_log
        says_so(
            r#"="InvalidAccountID""#,
            Kind::NotKnown,
            r#"SecurityEvent="InvalidAccountID",.*?Service="(?:PJ)?SIP",.*?AccountID="(?P<dn>[^"<]+)"(?:,SessionID="(?P<call_id>[^"]*)")?(?:.*?RemoteAddress="(?P<source>[^"]*)")?"#,
        ),
        says_so(
            r#"="ChallengeSent""#,
            Kind::Challenged,
            r#"SecurityEvent="ChallengeSent",.*?Service="(?:PJ)?SIP",.*?AccountID="(?P<dn>[^"<]+)"(?:,SessionID="(?P<call_id>[^"]*)")?(?:.*?RemoteAddress="(?P<source>[^"]*)")?"#,
        ),
        says_so(
            r#"="SuccessfulAuth""#,
            Kind::AuthSucceeded,
            r#"SecurityEvent="SuccessfulAuth",.*?Service="(?:PJ)?SIP",.*?AccountID="(?P<dn>[^"<]+)"(?:,SessionID="(?P<call_id>[^"]*)")?(?:.*?RemoteAddress="(?P<source>[^"]*)")?"#,
        ),
        says_so(
            "SecurityEvent=",
            Kind::NotKnown,
            r#"SecurityEvent="(?:FailedACL|RequestNotSupported)",.*?Service="(?:PJ)?SIP",.*?AccountID="(?P<dn>[^"<]+)"(?:,SessionID="(?P<call_id>[^"]*)")?(?:.*?RemoteAddress="(?P<source>[^"]*)")?.*?="(?:registrar_attempt_without_configured_aors|registrar_requested_aor_not_found|domain_must_match)""#,
        ),
        says_so(
            "SecurityEvent=",
            Kind::Limit,
            r#"SecurityEvent="(?:FailedACL|RequestNotSupported)",.*?Service="(?:PJ)?SIP",.*?AccountID="(?P<dn>[^"<]+)"(?:,SessionID="(?P<call_id>[^"]*)")?(?:.*?RemoteAddress="(?P<source>[^"]*)")?.*?="(?:registrar_attempt_exceeds_maximum_configured_contacts|registrar_attempt_without_registration_permitted)""#,
        ),
        says_so(
            "SecurityEvent=",
            Kind::RefusedSource,
            r#"SecurityEvent="FailedACL",.*?Service="(?:PJ)?SIP",.*?AccountID="(?P<dn>[^"<]+)"(?:,SessionID="(?P<call_id>[^"]*)")?(?:.*?RemoteAddress="(?P<source>[^"]*)")?.*?="(?:not_match_endpoint_(?:contact_)?acl|device_must_match_acl)""#,
        ),
        says_so(
            "SecurityEvent=",
            Kind::AuthFailed,
            r#"SecurityEvent="(?:ChallengeResponseFailed|InvalidPassword)",.*?Service="(?:PJ)?SIP",.*?AccountID="(?P<dn>[^"<]+)"(?:,SessionID="(?P<call_id>[^"]*)")?(?:.*?RemoteAddress="(?P<source>[^"]*)")?"#,
        ),
        // chan_sip; it says nothing of a refresh or a lapse
        says_so(
            "Registered SIP '",
            Kind::Registered,
            r"\bRegistered SIP '(?P<dn>[^']+)' at (?P<source>{AP})",
        ),
        says_so("Unregistered SIP '", Kind::Removed, r"\bUnregistered SIP '(?P<dn>[^']+)'"),
        says_so(
            "Registration from '",
            Kind::NotKnown,
            r"Registration from {AOR} failed for '(?P<source>{AP})' - (?:No matching peer found|Not a local domain)",
        ),
        // also printed for a peer that does not exist
        says_so(
            "Registration from '",
            Kind::AuthFailed,
            r"Registration from {AOR} failed for '(?P<source>{AP})' - (?:Wrong password|Username/auth name mismatch)",
        ),
        says_so(
            "Registration from '",
            Kind::RefusedSource,
            r"Registration from {AOR} failed for '(?P<source>{AP})' - (?:Device does not match ACL|ACL error)",
        ),
        says_so(
            "Registration denied because of contact ACL",
            Kind::RefusedSource,
            r"Registration denied because of contact ACL",
        ),
        says_so(
            "' is now UNREACHABLE!",
            Kind::Unreachable,
            r"Peer '(?P<dn>[^']+)' is now UNREACHABLE!",
        ),
        says_so("' is now ", Kind::Reachable, r"Peer '(?P<dn>[^']+)' is now (?:Reachable|Lagged)"),
        // printed for every 403, whether credentials were sent or not: no cause, so no code either
        says_so(
            "Forbidden - wrong password on authentication for REGISTER for",
            Kind::Failed,
            r"Forbidden - wrong password on authentication for REGISTER for '(?P<dn>[^@']+)",
        ),
        says_so(
            "Failed to authenticate on REGISTER to",
            Kind::Failed,
            r"Failed to authenticate on REGISTER to '(?P<dn>[^@']+)",
        ),
        says_so(
            "on SIP register to service",
            Kind::Failed,
            r"Got (?P<code>\d+) .* on SIP register to service (?P<dn>[^@\s]+)@",
        ),
        says_so(
            "Registration for '",
            Kind::Failed,
            r"Registration for '(?P<dn>[^@']+)@[^']*' timed out",
        ),
        says_so(
            "Giving up forever trying to register",
            Kind::Failed,
            r"Giving up forever trying to register '(?P<dn>[^@']+)@",
        ),
    ],
    facts: &[
        fact("LocalAddress=\"IPV", Fact::Local, r#"LocalAddress="(?P<local>IPV[^"]+)""#),
        fact("EventTV=\"", Fact::Date, r#"EventTV="(?P<time>\d{4}-\d\d-\d\dT{TOD}[+-]\d{4})""#),
    ],
    ..NONE
};
