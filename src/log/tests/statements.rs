//! Statements of programs about registrations, and lines that are none.

use super::*;
use crate::log::Sureness;

#[test]
fn asterisk_notices_alone() {
    let log = read(
        "[Nov 30 12:00:01] NOTICE[9] res_pjsip/pjsip_distributor.c: Request 'REGISTER' from '\"A\" <sip:1001@192.0.2.10>' failed for '192.0.2.101:5060' (callid: c@x) - No matching endpoint found\n\
         [Nov 30 12:00:01] NOTICE[9] res_pjsip/pjsip_distributor.c: Request 'REGISTER' from '<sip:1001@192.0.2.10>' failed for '192.0.2.101:5060' (callid: c@x) - Failed to authenticate\n\
         [Nov 30 12:00:02] WARNING[9] res_pjsip_registrar.c: AOR '' not found for endpoint '1002' (192.0.2.102:5060)\n\
         [Nov 30 12:00:03] NOTICE[9] chan_sip.c: Registration from '<sip:1003@192.0.2.10>' failed for '192.0.2.103:5060' - Wrong password\n",
    );
    assert_eq!(log.profile.dialect, "asterisk");
    assert_eq!(
        log.stated(),
        [
            ("not_known", Some("1001")),
            ("auth_failed", Some("1001")),
            ("not_known", Some("1002")),
            ("auth_failed", Some("1003"))
        ]
    );
    assert_eq!(log.statements[0].call_id.as_deref(), Some("c@x"));
    assert_eq!(log.statements[0].source.unwrap().to_string(), "192.0.2.101:5060");
    assert_eq!(log.statements[0].time, Some(Timestamp::from_parts(1_796_040_001, 0)));
    assert!(log.messages.is_empty());
}

#[test]
fn asterisk_contacts() {
    let line = |text: &str| format!("[Nov 30 12:00:01] VERBOSE[9] res_pjsip_registrar.c: {text}\n");
    let removed = |why: &str| {
        line(&format!("Removed contact 'sip:1001@192.0.2.1' from AOR '1001' due to {why}"))
    };
    let text = line(
        "Added contact 'sip:1001@192.0.2.1' to AOR '1001' with expiration of 120 seconds",
    ) + &removed("request")
        + &removed("remove existing")
        + &removed("expiration")
        + &removed("shutdown")
        + &removed("reasons yet to be invented")
        + &line(
            "Attempted to remove non-existent contact 'sip:1001@192.0.2.1' from AOR '1001' by request",
        );
    let log = read(&text);
    let kinds: Vec<_> = log.stated().into_iter().map(|(kind, _)| kind).collect();
    let wanted =
        ["registered", "removed", "replaced", "expired", "connection_lost", "nothing_to_remove"];
    assert_eq!(kinds, wanted);
    assert_eq!(log.statements[0].expires, Some(120));
}

#[test]
fn asterisk_security_events() {
    let event = |event: &str, service: &str, account: &str, more: &str| {
        format!(
            "[Nov 30 12:00:01] SECURITY[9] res_security_log.c: SecurityEvent=\"{event}\",EventTV=\"2026-11-30T13:00:01.143+0100\",Severity=\"Error\",Service=\"{service}\",EventVersion=\"1\",AccountID=\"{account}\",SessionID=\"0x7f\",LocalAddress=\"IPV4/UDP/192.0.2.10/5060\",RemoteAddress=\"IPV4/UDP/192.0.2.101/5062\"{more}\n"
        )
    };
    let text = event("FailedACL", "PJSIP", "1001", ",ACLName=\"registrar_attempt_exceeds_maximum_configured_contacts\"")
        + &event("FailedACL", "PJSIP", "1002", ",ACLName=\"registrar_attempt_without_configured_aors\"")
        + &event("FailedACL", "PJSIP", "1003", ",ACLName=\"not_match_endpoint_acl\"")
        + &event("FailedACL", "PJSIP", "1004", ",ACLName=\"something_else\"")
        + &event("ChallengeResponseFailed", "PJSIP", "<unknown>", ",Challenge=\"secret\"")
        + &event("InvalidPassword", "SIP", "1005", ",Challenge=\"secret\"")
        + &event("SuccessfulAuth", "PJSIP", "1006", ",UsingPassword=\"1\"")
        // the manager's interface is no registration
        + &event("SuccessfulAuth", "AMI", "admin", ",UsingPassword=\"1\"")
        + &event("InvalidAccountID", "AMI", "admin", "");
    let log = read_with(text.as_bytes(), &Settings { zone: None, ..settings() });
    assert_eq!(
        log.stated(),
        [
            ("limit", Some("1001")),
            ("not_known", Some("1002")),
            ("refused_source", Some("1003")),
            ("auth_failed", Some("1005")),
            ("auth_succeeded", Some("1006")),
        ]
    );
    // a pointer is no Call-ID, and a challenge is a secret
    assert!(log.statements.iter().all(|s| s.call_id.is_none() && !s.text.contains("secret\"")));
    assert_eq!(log.profile.local[0].to_string(), "192.0.2.10:5060");
    assert_eq!(log.profile.clock.zone.as_deref(), Some("+01:00"));
}

#[test]
fn genesys_registrar() {
    let log = read(
        "12:00:01.000: REGISTRAR: TERMINATED:5001\n\
         12:00:02.000: REGISTRAR:DN[5002]:OBSOLETE REGISTRATION FOUND: TERM >> DLG[4]\n\
         12:00:03.000: REGISTRAR: EXPIRED:\n\tAOR: \tsip:5003@192.0.2.10\n\tContact:\tsip:5003@192.0.2.101:5062\n\
         12:00:04.000: DN 5004 is not configured or disabled in CME. Registration attempt rejected\n\
         12:00:04.000: $*:SIP:CTI:DN_IN_SERVICE:5\n\
         12:00:04.000: SIPTS: handle registration event 2\n\
         12:00:04.000: REGISTRAR: ACTIVE:5006\n",
    );
    assert_eq!(
        log.stated(),
        [
            ("removed", Some("5001")),
            ("replaced", Some("5002")),
            ("expired", Some("5003")),
            ("not_known", Some("5004")),
        ]
    );
    assert_eq!(log.statements[2].contact.as_deref(), Some("sip:5003@192.0.2.101:5062"));
    assert_eq!(log.statements[2].at.line, 3);
    assert!(log.statements.iter().all(|s| s.sure == Sureness::Seen));
}

#[test]
fn genesys_events() {
    let event = |name: &str, dn: &str| {
        format!(
            "@12:00:01.0100 [0] 8.1 distribute_event: message {name}\n\tAttributeTimeinSecs\t1796040001 (13:00:01)\n\tAttributeThisDN\t'{dn}'\n"
        )
    };
    let text = event("EventDNOutOfService", "8101")
        + &event("EventDNBackInService", "8102")
        + &event("EventRinging", "8103")
        + "2026-11-30T13:00:02.000 Trc 04541 RequestRegisterAddress received from [66] (0e85 Desk 192.0.2.4:49280)\nmessage RequestRegisterAddress\n\tAttributeReferenceID\t5\n\tAttributeThisDN\t'8155'\n"
        + "@13:00:02.0100 [0] 8.1 send_to_client: message EventError\n\t(DN is not configured in CME)\n\tAttributeErrorCode\t59\n\tAttributeThisDN\t'8199'\n";
    let log = read_with(text.as_bytes(), &Settings { zone: None, ..settings() });
    assert_eq!(log.profile.dialect, "genesys-tlib");
    assert_eq!(
        log.stated(),
        [
            ("out_of_service", Some("8101")),
            ("in_service", Some("8102")),
            ("owned", Some("8155")),
            ("not_known", Some("8199")),
        ]
    );
    assert_eq!(log.profile.clock.zone_from, Some("measured"));
    assert_eq!(log.profile.clock.zone.as_deref(), Some("+01:00"));
}

#[test]
fn freeswitch_warnings() {
    let line = |text: &str| {
        format!("2026-11-30 12:00:01.095442 97.37% [WARNING] sofia_reg.c:1842 {text}\n")
    };
    let text = line(
        "SIP auth challenge (REGISTER) on sofia profile 'internal' for [1001@192.0.2.10] from ip 192.0.2.101",
    ) + &line(
        "SIP auth failure (REGISTER) on sofia profile 'internal' for [1002@192.0.2.10] from ip 192.0.2.101",
    ) + &line("Can't find user [1003@192.0.2.10] from 192.0.2.101")
        + &line("IP 192.0.2.104 Rejected by register acl \"lan\"")
        + &line("gw1 Failed Registration with status No Response [408]. failure #3")
        + &line(
            "SIP auth challenge (INVITE) on sofia profile 'internal' for [1005@192.0.2.10] from ip 192.0.2.101",
        );
    let log = read(&text);
    assert_eq!(
        log.stated(),
        [
            ("challenged", Some("1001")),
            ("auth_failed", Some("1002")),
            ("not_known", Some("1003")),
            ("refused_source", None),
            ("failed", None),
        ]
    );
    assert_eq!(log.statements[4].code, Some(408));
}

#[test]
fn a_servers_own_registrations() {
    let line = |text: &str| format!("[Nov 30 12:00:01] WARNING[9] x.c: {text}\n");
    let text = line(
        "Temporal response '503' received from 'sip:192.0.2.20' on registration attempt to 'sip:5001@192.0.2.20', retrying in '60' seconds",
    ) + &line(
        "Fatal response received from 'sip:192.0.2.20' on registration attempt to 'sip:5002@192.0.2.20', stopping",
    ) + &line("Got 404 Not found on SIP register to service 5003@192.0.2.20, giving up")
        + &line(
            "Forbidden - wrong password on authentication for REGISTER for '5004' to '192.0.2.20'",
        )
        + &line("   -- Registration for '5005@192.0.2.20' timed out, trying again (Attempt #2)");
    let log = read(&text);
    let found: Vec<_> = log.statements.iter().map(|s| (s.dn.as_deref().unwrap(), s.code)).collect();
    assert!(log.stated().iter().all(|(kind, _)| *kind == "failed"));
    // "wrong password" is logged for every 403: the words name no code
    let wanted =
        [("5001", Some(503)), ("5002", None), ("5003", Some(404)), ("5004", None), ("5005", None)];
    assert_eq!(found, wanted);
}

#[test]
fn lines_between_a_request_and_its_answer_keep_their_shape() {
    let exchange = |dn: &str, second: u8| {
        format!(
            "12:00:0{second}.000: SIPTR: Received [0,UDP] 317 bytes from 192.0.2.101:5062 <<<<<\n{}\n\
             12:00:0{second}.001: no gateway is found using address '192.0.2.101' for number '{dn}'\n\
             12:00:0{second}.002: Sending  [0,UDP] 411 bytes to 192.0.2.101:5062 >>>>>\n{}\n\
             12:00:0{second}.003: SIPDM: failed to get registration info for TRK_OUT\n",
            register(dn, "\n"),
            ok(dn, "\n")
        )
    };
    let log = read(&(exchange("1001", 1) + &exchange("1002", 2)));
    let shapes: Vec<_> = log.said.iter().map(|said| said.shape.as_str()).collect();
    assert_eq!(shapes, ["no gateway is found using address '_' for number '_'"; 2]);
    assert_eq!(log.said[0].request.line, log.messages[0].line);
    assert_eq!(log.said[1].request.line, log.messages[2].line);
}
