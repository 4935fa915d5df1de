//! One exchange in every dialect: found, whole, between the right sides.

use super::*;

/// The length of a message with CR LF.
fn size(text: &str) -> usize {
    text.replace("\r\n", "\n").replace('\n', "\r\n").len()
}

/// Checks a log against one REGISTER and its 200.
fn check(name: &str, text: &str, flows: [&str; 2], transport: &str) -> Log {
    let log = read(text);
    assert_eq!(log.profile.dialect, name, "{:?}", log.profile);
    assert_eq!(log.flows(), flows, "{name}");
    let whole = [register("1001", "\r\n"), ok("1001", "\r\n")];
    for (message, wanted) in log.messages.iter().zip(whole) {
        assert_eq!(message.text, wanted, "{name}");
        assert!(!message.cut && !message.mended, "{name}");
        assert_eq!(message.transport, transport, "{name}");
    }
    log
}

const SERVER: [&str; 2] =
    ["192.0.2.101:5062 > 192.0.2.10:5060", "192.0.2.10:5060 > 192.0.2.101:5062"];

#[test]
fn genesys() {
    let (request, answer) = (register("1001", "\n"), ok("1001", "\n"));
    let text = format!(
        "12:00:00.000: CGSIPListener[0]:VIA(\"SIP/2.0/UDP 192.0.2.10:5060\")\n\
         12:00:01.000: $+NET:SIP::0:0\n\
         12:00:01.000: SIPTR: Received [0,UDP] {} bytes from 192.0.2.101:5062 <<<<<\n{request}\n\
         12:00:01.003: x Wrong Checksum.12:00:01.003: Sending  [0,UDP] {} bytes to 192.0.2.101:5062 >>>>>\n{answer}\n\
         12:00:01.004: $-NET:SIP::0:310\n",
        size(&request),
        size(&answer)
    );
    let log = check("genesys", &text, SERVER, "udp");
    assert_eq!(log.profile.local_from, Some("stated"));
}

#[test]
fn asterisk_pjsip() {
    let (request, answer) = (register("1001", "\r\n"), ok("1001", "\r\n"));
    let text = format!(
        "[Nov 30 12:00:01] VERBOSE[9] res_pjsip_logger.c: <--- Received SIP request ({} bytes) from UDP:192.0.2.101:5062 --->\n{request}\n\
         [Nov 30 12:00:01] VERBOSE[9] res_pjsip_logger.c: <--- Transmitting SIP response ({} bytes) to UDP:192.0.2.101:5062 --->\n{answer}\n",
        request.len(),
        answer.len()
    );
    let log = check("asterisk-pjsip", &text, SERVER, "udp");
    assert_eq!(log.profile.local_from, Some("request-uri"));
}

#[test]
fn chan_sip() {
    let text = format!(
        "[Nov 30 12:00:01] VERBOSE[9] chan_sip.c: \n<--- SIP read from UDP:192.0.2.101:5062 --->\n{}<------------->\n\
         [Nov 30 12:00:01] VERBOSE[9] chan_sip.c: --- (8 headers 0 lines) ---\n\
         [Nov 30 12:00:01] VERBOSE[9] chan_sip.c: \n<--- Transmitting (no NAT) to 192.0.2.101:5062 --->\n{}\n<------------>\n",
        register("1001", "\n"),
        ok("1001", "\r\n")
    );
    check("chan_sip", &text, SERVER, "udp");
    let text = format!(
        "[Nov 30 12:00:01] x: \n<--- SIP read from UDP:192.0.2.101:5062 --->\njaK<------------->\n\
         [Nov 30 12:00:01] x: \nRetransmitting #3 (NAT) to 192.0.2.101:5062:\n{}\n---\n",
        ok("1001", "\r\n")
    );
    assert_eq!(read(&text).messages.len(), 1);
}

#[test]
fn freeswitch_new_and_old() {
    let dashes = "-".repeat(72);
    let (request, answer) = (register("1001", "\n"), ok("1001", "\n"));
    let text = format!(
        "2026-11-30 12:00:00.900000 97.37% [DEBUG] sofia.c:1 x\n\
         recv {} bytes from udp/[192.0.2.101]:5062 at 12:00:01.000001:\n{dashes}\n{request}\n\
         send {} bytes to udp/[192.0.2.101]:5062 at 12:00:01.000002:\n{dashes}\n{answer}\n",
        size(&request),
        size(&answer)
    );
    check("freeswitch", &text, SERVER, "udp");
    let indented = |text: &str| text.trim_end().replace('\n', "\n   ");
    let text = format!(
        "recv {} bytes from udp/[192.0.2.101]:5062:\n   {dashes}\n   {}\n   \n   {dashes}\n\
         send {} bytes to udp/[192.0.2.101]:5062 at 12:00:01:\n   {dashes}\n   {}\n   \n   {dashes}\n",
        size(&request),
        indented(&request),
        size(&answer),
        indented(&answer)
    );
    check("freeswitch", &text, SERVER, "udp");
}

#[test]
fn pjsip_clients() {
    let (request, answer) = (register("1001", "\n"), ok("1001", "\n"));
    let text = format!(
        "12:00:01.000   pjsua_core.c  .TX {} bytes Request msg REGISTER/cseq=1 (tdta0x1) to UDP 192.0.2.10:5060:\n{request}\n--end msg--\n\
         12:00:01.010   pjsua_core.c  .RX {} bytes Response msg 200/REGISTER/cseq=1 (rdata0x1) from UDP 192.0.2.10:5060:\n{answer}\n--end msg--\n\
         12:00:01.011   pjsua_acc.c  ....sip:1001@192.0.2.10: registration success, status=200 (OK), will re-register in 60 seconds\n",
        size(&request),
        size(&answer)
    );
    let flows = ["192.0.2.101:5062 > 192.0.2.10:5060", "192.0.2.10:5060 > 192.0.2.101:5062"];
    let log = check("pjsip", &text, flows, "udp");
    assert_eq!(log.stated(), [("registered", Some("1001"))]);
}

#[test]
fn kamailio_sipdump() {
    let head = |tag: &str, src: &str, dst: &str, text: &str| {
        let (src, sport) = src.split_once(' ').unwrap();
        let (dst, dport) = dst.split_once(' ').unwrap();
        format!(
            "====================\ntag: {tag}\npid: 1\nprocess: 1\ntime: 1796040001.000001\n\
             date: Mon Nov 30 12:00:01 2026\nproto: udp ipv4\nsrcip: {src}\nsrcport: {sport}\n\
             dstip: {dst}\ndstport: {dport}\n~~~~~~~~~~~~~~~~~~~~\n{text}||||||||||||||||||||\n"
        )
    };
    let text = head("rcv", "192.0.2.101 5062", "192.0.2.10 5060", &register("1001", "\r\n"))
        + &head("snd", "192.0.2.10 5060", "192.0.2.101 5062", &ok("1001", "\r\n"));
    let log = check("kamailio", &text, SERVER, "udp");
    assert_eq!(log.messages[0].time, Some(Timestamp::from_parts(1_796_040_001, 1000)));
}

#[test]
fn opensips_tracer() {
    let text = format!(
        "in udp 2026-11-30 12:00:01 192.0.2.101:5062 -> 192.0.2.10:5060\n{}\n\nout udp 2026-11-30 12:00:01 192.0.2.10:5060 -> 192.0.2.101:5062\n{}\n\n",
        register("1001", "\r\n"),
        ok("1001", "\r\n")
    );
    check("opensips", &text, SERVER, "udp");
    let text = format!(
        "Nov 30 12:00:01 pbx /usr/sbin/opensips[9]: INFO:in udp 192.0.2.101:5062 -> 192.0.2.10:5060#012{}\n\
         Nov 30 12:00:01 pbx /usr/sbin/opensips[9]: INFO:out udp 192.0.2.10:5060 -> 192.0.2.101:5062#012{}\n",
        register("1001", "#015#012"),
        ok("1001", "#015#012")
    );
    check("opensips", &text, SERVER, "udp");
}

#[test]
fn cucm() {
    let request = register("1001", "\n");
    let text = format!(
        "00000001.002 |12:00:01.000 |AppInfo  |//SIP/SIPUdp/wait_SdlDataInd: Incoming SIP UDP message size {} from 192.0.2.101:[5062]:\n[1,NET]\n{request}\n\
         00000002.001 |12:00:01.000 |AppInfo  |//SIP/SIPUdp/wait_SdlSPISignal: Outgoing SIP UDP message to 192.0.2.101:[5062]:\n[2,NET]\n{}\n\
         00000003.000 |12:00:01.000 |AppInfo  |x\n",
        size(&request),
        ok("1001", "\n")
    );
    check("cucm", &text, SERVER, "udp");
}

#[test]
fn cisco_ios() {
    let text = format!(
        "000001: *Nov 30 12:00:01.000: //-1/xxxxxxxxxxxx/SIP/Msg/ccsipDisplayMsg:\nReceived: \n{}\n\
         000002: *Nov 30 12:00:01.010: //-1/xxxxxxxxxxxx/SIP/Msg/ccsipDisplayMsg:\nSent: \n{}\n\
         000003: *Nov 30 12:00:01.010: %X-5-UPDOWN: x\n",
        register("1001", "\n"),
        ok("1001", "\n")
    );
    let log = read(&text);
    // the device is where the answer's Via says it was reached, never the Contact
    assert_eq!(log.messages[1].dst, "203.0.113.9:5062");
    assert_eq!(log.messages[0].src, "203.0.113.9:5062");
    assert_eq!(log.messages[0].dst, "192.0.2.10:5060");
    let text = format!(
        "000001: Nov 30 12:00:01.000: //-1/xxxxxxxxxxxx/SIP/Msg/ccsipDisplayMsg:\nReceived: SIP UDP message from 192.0.2.101:5062 to 192.0.2.10:5060 \n{}\n\
         000002: Nov 30 12:00:01.010: //-1/xxxxxxxxxxxx/SIP/Msg/ccsipDisplayMsg:\nSent: SIP UDP message from 192.0.2.10:5060 to 192.0.2.101:5062 \n{}\n",
        register("1001", "\n"),
        ok("1001", "\n")
    );
    check("ios", &text, SERVER, "udp");
}

#[test]
fn sniffers() {
    let dotted = |text: String| text.replace("\r\n", ".\n");
    let text = format!(
        "interface: any\n#\nU 2026/11/30 12:00:01.000001 192.0.2.101:5062 -> 192.0.2.10:5060\n{}\n\
         #\nU 2026/11/30 12:00:01.000002 192.0.2.10:5060 -> 192.0.2.101:5062 #2\n{}\n#\n",
        dotted(register("1001", "\r\n")),
        dotted(ok("1001", "\r\n"))
    );
    check("ngrep", &text, SERVER, "udp");
    let text = format!(
        "2026/11/30 12:00:01.000001 192.0.2.101:5062 -> 192.0.2.10:5060\n{}\n\n\
         2026/11/30 12:00:01.000002 192.0.2.10:5060 -> 192.0.2.101:5062\n{}\n\n",
        register("1001", "\n"),
        ok("1001", "\n")
    );
    check("sngrep", &text, SERVER, "udp");
}

#[test]
fn wireshark_text() {
    let headers = |text: String| {
        let (start, rest) = text.split_once('\n').unwrap();
        let mut out = format!("    {start}\n        Method: x\n    Message Header\n");
        for header in rest.trim_end().lines() {
            out = out + "        " + header + "\n            Detail: " + header + "\n";
        }
        out
    };
    let frame = |n: u8, src: &str, dst: &str, sport: u16, dport: u16, text: String, kind: &str| {
        format!(
            "Frame {n}: 400 bytes on wire\n    Epoch Arrival Time: 1796040001.00000{n} seconds\n    Frame Length: 400\n\
             Internet Protocol Version 4, Src: {src}, Dst: {dst}\n    0100 .... = Version: 4\n\
             User Datagram Protocol, Src Port: {sport}, Dst Port: {dport}\n    Length: 300\n\
             Session Initiation Protocol (REGISTER)\n    {kind}-Line: {}\n\n",
            headers(text).trim_start()
        )
    };
    let text = frame(1, "192.0.2.7", "192.0.2.8", 53, 53, "x\n".to_owned(), "DNS")
        + &frame(2, "192.0.2.101", "192.0.2.10", 5062, 5060, register("1001", "\n"), "Request")
        + &frame(3, "192.0.2.10", "192.0.2.101", 5060, 5062, ok("1001", "\n"), "Status");
    check("wireshark", &text, SERVER, "udp");
}

#[test]
fn oracle() {
    let dashes = "-".repeat(40);
    let text = format!(
        "File opened.\nNov 30 12:00:00.000 UDP[0:0]192.0.2.10:5060 OPENED\n\
         Nov 30 12:00:01.000 On [0:0]192.0.2.10:5060 received from 192.0.2.101:5062\n{}\n{dashes}\n\
         Nov 30 12:00:01.001 On [0:0]192.0.2.10:5060 sent to 192.0.2.101:5062\n{}\n{dashes}\n\
         Nov 30 12:00:02.000 On 127.0.0.1:2945 sent to 127.0.0.1:2944\n  0000: ac 3e\n{dashes}\n",
        register("1001", "\n"),
        ok("1001", "\n")
    );
    check("oracle", &text, SERVER, "udp");
}

#[test]
fn audiocodes_in_parts() {
    let line = |n: u32, text: &str| {
        format!(
            "Nov 30 12:00:01 192.0.2.10 [S={n}] [SID=0a:1:7]  {text} [Time:30-11@12:00:01.005]\n"
        )
    };
    let request = format!(
        "(      sip_stack)(  83)   ---- Incoming SIP Message from 192.0.2.101:5062 to SIPInterface #0 (LAN) UDP TO(#5) SocketID(2) ---- #012{} #012",
        register("1001", "#012")
    );
    let answer = format!(
        "(      sip_stack)(  84)   ---- Outgoing SIP Message to 192.0.2.101:5062 from SIPInterface #0 (LAN) UDP TO(#5) ---- #012{} #012",
        ok("1001", "#012")
    );
    // a part may end inside an escape
    let cut = request.find("#012Via").unwrap() + 2;
    let text = line(1, &request[..cut])
        + &line(2, &request[cut..300])
        + &line(3, &request[300..])
        + &line(4, &answer)
        + &line(5, "(   lgr_flow)(  9)   #0:DIGITAL_EP idle");
    check("audiocodes", &text, SERVER, "udp");
}

#[test]
fn linphone_and_baresip() {
    let (request, answer) = (register("1001", "\n"), ok("1001", "\n"));
    let text = format!(
        "2026-11-30 12:00:01:000 [/belle-sip] MESSAGE channel [0x1]: message sent to [UDP://192.0.2.10:5060], size: [{}] bytes\n{request}\n\
         2026-11-30 12:00:01:100 [/belle-sip] MESSAGE channel [0x1]: received [{}] new bytes from [UDP://192.0.2.10:5060]:\n{answer}\n\
         2026-11-30 12:00:01:101 [/liblinphone] MESSAGE Proxy config [0x1] for identity [sip:1001@192.0.2.10] moving from state [LinphoneRegistrationProgress] to [LinphoneRegistrationOk] on core [0x2]\n",
        size(&request),
        size(&answer)
    );
    let log = check("linphone", &text, SERVER, "udp");
    assert_eq!(log.stated(), [("registered", Some("1001"))]);
    let text = format!(
        "12:00:01.000#\nUDP 192.0.2.101:5062 -> 192.0.2.10:5060\n{request}\n12:00:01.010#\nUDP 192.0.2.10:5060 -> 192.0.2.101:5062\n{answer}\n"
    );
    check("baresip", &text, SERVER, "udp");
}

#[test]
fn browser_consoles() {
    let (request, answer) = (register("1001", "\n"), ok("1001", "\n"));
    let stamp = "sip.js:38 Mon Nov 30 2026 20:00:01 GMT+0800 (CST) | sip.transport |";
    let text = format!(
        "{stamp} sending WebSocket message:\n\n{request}\n{stamp} received WebSocket text message:\n\n{answer}\n"
    );
    let log = read(&text);
    assert_eq!((log.profile.dialect, log.messages.len()), ("sip.js", 2));
    assert_eq!(log.messages[1].time, Some(Timestamp::from_parts(1_796_040_001, 0)));
    let text = format!(
        "JsSIP:Transport sending message: {request} +12ms\nJsSIP:Transport received text message: {answer} +40ms\n"
    );
    let log = read(&text);
    assert_eq!((log.profile.dialect, log.messages.len()), ("jssip", 2));
    assert_eq!(log.messages[1].text, ok("1001", "\r\n"));
}

#[test]
fn avaya() {
    let indented = |text: String| {
        let lines = text.trim_end().lines().map(|line| format!("{}{line}\n", " ".repeat(20)));
        lines.collect::<String>() + &" ".repeat(20) + "\n"
    };
    let text = format!(
        "12:00:01 100001mS SIP Rx: UDP 192.0.2.101:5062 -> 192.0.2.10:5060\n{}\
         12:00:01 100002mS SIP Tx: UDP 192.0.2.10:5060 -> 192.0.2.101:5062\n{}\
         12:00:02 101002mS PRN: x\n",
        indented(register("1001", "\n")),
        indented(ok("1001", "\n"))
    );
    check("ip-office", &text, SERVER, "udp");
    let dashes = "-".repeat(20);
    let text = format!(
        "com.avaya.asm  SIPMSGT\n{dashes}\n30/11/2026 12:00:01.000 -->\ningress: {{ L192.0.2.10:5060/R192.0.2.101:5062/UDP/ }}\n{dashes}\n{}\n\
         com.avaya.asm  SIPMSGT\n{dashes}\n30/11/2026 12:00:01.001 <--\negress: {{ L192.0.2.10:5060/R192.0.2.101:5062/UDP/ }}\n{dashes}\n{}\n",
        register("1001", "\n"),
        ok("1001", "\n")
    );
    check("session-manager", &text, SERVER, "udp");
}

#[test]
fn other_libraries() {
    let (request, answer) = (register("1001", "\n"), ok("1001", "\n"));
    let text = format!(
        "Request sent: udp:192.0.2.101:5062->udp:192.0.2.10:5060\n{request}\nResponse received: udp:192.0.2.101:5062<-udp:192.0.2.10:5060\n{answer}\n"
    );
    check("sipsorcery", &text, SERVER, "udp");
    let text = format!(
        "Sent to udp:192.0.2.10:5060 at Nov 30 12:00:01.000 ({} bytes):\n{request}\nReceived from udp:192.0.2.10:5060 at Nov 30 12:00:01.010 ({} bytes):\n{answer}\n",
        size(&request),
        size(&answer)
    );
    check("snom", &text, SERVER, "udp");
}

#[test]
fn a_message_pasted_alone() {
    let text = format!("Hi, what is wrong with this?\n\n{}\nThanks\n", register("1001", "\n"));
    let log = read(&text);
    assert_eq!((log.profile.dialect, log.messages.len()), ("paste", 1));
    assert_eq!(log.flows(), ["192.0.2.101:5062 > 192.0.2.10:5060"]);
    assert_eq!(log.messages[0].time, None);
    assert!(!log.profile.clock.present);
}

#[test]
fn several_messages_of_one_read() {
    let (request, more) = (register("1001", "\n"), register("1002", "\n"));
    let text = format!(
        "recv {} bytes from tcp/[192.0.2.101]:5062 at 12:00:01.000001:\n{}\n{request}{more}\n",
        size(&request) + size(&more),
        "-".repeat(72)
    );
    let log = read(&text);
    assert_eq!(log.messages.len(), 2);
    assert_eq!(log.messages[1].src, "192.0.2.101:5062");
}
