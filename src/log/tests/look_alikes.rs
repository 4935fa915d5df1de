//! What looks like a message or a statement and is none.

use super::*;

/// An exchange of Unified CM, and `between` in its middle.
fn cucm(between: &str) -> Log {
    let envelope =
        "//SIP/SIPUdp/wait_SdlDataInd: Incoming SIP UDP message size 317 from 192.0.2.101:[5062]:";
    read(&format!(
        "00000001.002 |12:00:01.000 |AppInfo  |{envelope}\n[1,NET]\n{}\n{between}\n00000009.001 |12:00:01.100 |AppInfo  |x\n",
        register("1001", "\n")
    ))
}

#[test]
fn copies_of_a_normalization_script() {
    let copy = format!(
        "00000002.001 |12:00:01.001 |AppInfo  |SIPNormalization trace_sip_message: Before inbound is:\n[1,INT]\n{}\n",
        register("1001", "\n")
    );
    assert_eq!(cucm(&copy).messages.len(), 1);
    assert_eq!(cucm("").messages.len(), 1);
}

#[test]
fn sip_in_a_sentence() {
    let log = cucm(
        "00000002.001 |12:00:01.001 |AppInfo  |about to send REGISTER sip:192.0.2.10 SIP/2.0 to the peer\n\
         00000002.002 |12:00:01.001 |AppInfo  |routing: OPTIONS sip:192.0.2.10 SIP/2.0\n\
         00000002.003 |12:00:01.001 |AppInfo  |got SIP/2.0 200 OK\n",
    );
    assert_eq!(log.messages.len(), 1);
}

#[test]
fn keep_alives_in_an_envelope() {
    let text = format!(
        "12:00:01.000: SIPTR: Received [0,UDP] 4 bytes from 192.0.2.101:5062 <<<<<\n\n\n\
         12:00:02.000: SIPTR: Received [0,UDP] 317 bytes from 192.0.2.101:5062 <<<<<\n{}\n\
         12:00:03.000: SIPTR: Received [0,UDP] 4 bytes from 192.0.2.101:5062 <<<<<\n0000\n",
        register("1001", "\n")
    );
    assert_eq!(read(&text).messages.len(), 1);
}

#[test]
fn a_quiet_log_of_a_node_is_one_all_the_same() {
    let header = "Application name: SIPS_DC2\nApplication type: TServer (1)\nTime zone:        18000, X, X\n\
                  Local time:       2025-11-18T10:57:00.000\n\n\
                  2025-11-18T10:57:00.000 Trc 04112 The Log Output has been created and opened\n";
    let log = read(header);
    assert_eq!((log.messages.len(), log.statements.len()), (0, 0));
    assert_eq!((log.profile.dialect, log.profile.node.as_deref()), ("genesys", Some("SIPS_DC2")));
    // events of an agent, none of them about the state of a DN
    let events = "@16:57:20.0020 [0] 8.1.104.20 distribute_event: message EventAgentReady\n\
                  \tAttributeTimeinSecs\t1763481440 (16:57:20)\n\tAttributeThisDN\t'2001'\n";
    assert_eq!(read(events).profile.dialect, "genesys-tlib");
    // another program of the same maker, and a sentence
    for text in [
        "Application name: StatServer\nApplication type: StatServer (3)\n\n12:00:00.000 started\n",
        "we run an Application type: TServer (1) here\n",
        "ask for message EventAgentReady in the log\n",
    ] {
        assert!(LogReader::open(text.as_bytes(), &settings()).is_err(), "{text}");
    }
}

#[test]
fn prose_is_no_log() {
    for text in [
        "Dear all,\nthe phones at site B do not register.\n",
        "REGISTER sip:192.0.2.10 SIP/2.0\nand nothing else\n",
        "Nov 30 12:00:01 pbx1 kernel: eth0: link up\n",
        "",
    ] {
        let error = LogReader::open(text.as_bytes(), &settings()).unwrap_err();
        let NotALog::Unknown { first_line, .. } = error else { panic!("{error}") };
        assert_eq!(first_line, text.lines().next().unwrap_or_default());
    }
}

#[test]
fn a_transmission_that_failed() {
    let options = register("1001", "\r\n").replace("REGISTER", "OPTIONS");
    let text = format!(
        "[Nov 30 12:00:01] VERBOSE[9] res_pjsip_logger.c: <--- Transmitting SIP request ({} bytes) to UDP:192.0.2.101:5062 --->\n{options}\n\
         [Nov 30 12:00:01] ERROR[9] res_pjsip.c: Error 101 'Network is unreachable' sending OPTIONS request to endpoint 1001\n\
         [Nov 30 12:00:02] VERBOSE[9] res_pjsip_logger.c: <--- Transmitting SIP request ({} bytes) to UDP:192.0.2.101:5062 --->\n{options}\n\
         [Nov 30 12:00:02] VERBOSE[9] x.c: nothing wrong here\n",
        options.len(),
        options.len()
    );
    let log = read(&text);
    let sent: Vec<_> = log.messages.iter().map(|m| m.not_sent).collect();
    assert_eq!(sent, [true, false]);
}

#[test]
fn bodies_and_heads_that_end_early() {
    // a body shortened by a paste: nothing of the next entry is taken
    let short = register("1001", "\n")
        .replace("Content-Length: 0", "Content-Type: a/b\nContent-Length: 500");
    let text = format!(
        "[Nov 30 12:00:01] x.c: <--- Received SIP request (900 bytes) from UDP:192.0.2.101:5062 --->\n{short}body\n\
         [Nov 30 12:00:01] NOTICE[9] x.c: next entry\n"
    );
    let log = read(&text);
    assert!(log.messages[0].cut);
    assert!(log.messages[0].text.ends_with("\r\n\r\nbody\r\n"));
    // no empty line at the end is the normal case
    let text = format!(
        "000001: Nov 30 12:00:01.000: //-1/x/SIP/Msg/ccsipDisplayMsg:\nReceived: \n{}\n000002: Nov 30 12:00:02.000: %X: y\n",
        register("1001", "\n").trim_end()
    );
    let log = read(&text);
    assert!(!log.messages[0].cut);
    assert_eq!(log.messages[0].text, register("1001", "\r\n"));
    // a header cut inside its name
    let text = "Received: \nREGISTER sip:192.0.2.10 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1\nUser-Ag\n";
    let log = read(text);
    assert!(log.messages[0].cut && log.messages[0].text.ends_with("User-Ag"));
}

#[test]
fn a_header_broken_at_a_comma_is_mended() {
    let broken = register("1001", "\n")
        .replace("Via: SIP/2.0/UDP 192.0.2.101:5062;", "Via: SIP/2.0/UDP 192.0.2.101:5062;\n");
    let log = read(&format!("Received: \n{broken}\n"));
    assert!(log.messages[0].mended);
    assert!(
        log.messages[0]
            .text
            .contains("Via: SIP/2.0/UDP 192.0.2.101:5062; branch=z9hG4bK1;rport\r\n")
    );
    assert!(!read(&format!("Received: \n{}\n", register("1001", "\n"))).messages[0].mended);
}

#[test]
fn damage_is_not_guessed() {
    let text = register("1001", "\n").replace("1001@192.0.2.10", "[email protected]");
    let log = read(&text);
    assert!(log.messages[0].text.contains("[email protected]"));
}

#[test]
fn two_logs_in_one_paste() {
    let text = format!(
        "Received: \n{}\nand on the other side:\n\nU 192.0.2.101:5062 -> 192.0.2.10:5060\n{}\n",
        register("1001", "\n"),
        register("1002", ".\n")
    );
    let log = read(&text);
    assert_eq!(log.messages.len(), 2);
    assert_eq!(log.messages[1].text, register("1002", "\r\n"));
}

#[test]
fn a_dialect_that_is_given_is_the_only_one() {
    let text = format!("Received: \n{}\n", register("1001", "\n"));
    let given = |name: &str| Settings { format: Some(name.to_owned()), ..settings() };
    assert_eq!(read_with(text.as_bytes(), &given("ios")).messages.len(), 1);
    assert_eq!(read_with(text.as_bytes(), &given("paste")).profile.dialect, "paste");
    let unknown = LogReader::open(text.as_bytes(), &given("nonsense"));
    assert!(unknown.is_err());
}
