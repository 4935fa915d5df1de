//! Damaged and hostile logs: nothing panics, nothing grows, lines are counted.

use proptest::prelude::*;

use super::*;
use crate::log::message_at;

/// Logs to damage, one of each shape.
fn seeds() -> Vec<String> {
    let (lf, crlf) = (register("1001", "\n"), register("1001", "\r\n"));
    let dashes = "-".repeat(72);
    vec![
        format!("Time zone: -19800, IST\nLocal time: 2026-11-30T12:00:00.000\n12:00:01.000: SIPTR: Received [0,UDP] 317 bytes from 192.0.2.101:5062 <<<<<\n{lf}\n12:00:02.000: REGISTRAR: EXPIRED:\n\tAOR: \tsip:1001@192.0.2.10\n\tContact:\tsip:1001@192.0.2.101\n"),
        format!("[Nov 30 12:00:01] VERBOSE[9] x.c: <--- Transmitting SIP request (317 bytes) to UDP:192.0.2.101:5062 --->\n{crlf}\n[Nov 30 12:00:01] ERROR[9] x.c: Error 101 'x' sending REGISTER request to endpoint 1\n"),
        format!("Nov 30 12:00:01 pbx1 asterisk[9]: <--- Received SIP request (317 bytes) from UDP:192.0.2.101:5062 --->#012{}#012\n", register("1001", "#015#012")),
        format!("recv 317 bytes from udp/[192.0.2.101]:5062 at 12:00:01.000001:\n   {dashes}\n   {}\n", lf.replace('\n', "\n   ")),
        format!("tag: rcv\npid: 1\ntime: 99999999999.000001\nproto: udp ipv4\nsrcip: 192.0.2.101\nsrcport: 5062\ndstip: 192.0.2.10\ndstport: 5060\n~~~~~~~~~~~~~~~~~~~~\n{crlf}||||||||||||||||||||\n"),
        "@12:00:01.0100 [0] 8.1 distribute_event: message EventDNOutOfService\n\tAttributeTimeinSecs\t99999999999 (13:00:01)\n\tAttributeThisDN\t'8101'\n".to_owned(),
        format!("{{\"log\":\"<--- Received SIP request (9 bytes) from UDP:[::1]:5062 --->\\n\",\"time\":\"2026-11-30T12:00:01Z\"}}\n> {lf}"),
        format!("Nov 30 12:00:01 192.0.2.10 [S=1] [SID=0a:1:7]  (  s)(  8)   ---- Incoming SIP Message from 192.0.2.101:5062 to SIPInterface #0 (LAN) UDP TO(#5) ---- #012{} [Time:30-11@12:00:01.005]\n", register("1001", "#012")),
        format!("#\nU 2026/10/25 02:59:59.9 192.0.2.101:5062 -> 192.0.2.10:5060\n{}#\n#\nU 2026/10/25 02:00:00.1 192.0.2.101:5062 -> 192.0.2.10:5060\n{}#\n", register("1", ".\n"), register("2", ".\n")),
        lf,
    ]
}

/// A log, and a change to it: at a place, some bytes go and others come.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let edit =
        (any::<prop::sample::Index>(), 0..40_usize, prop::collection::vec(any::<u8>(), 0..8));
    let seed = prop::sample::select(seeds());
    (seed, prop::collection::vec(edit, 0..6), 1..3_usize).prop_map(|(seed, edits, times)| {
        let mut bytes = seed.repeat(times).into_bytes();
        for (place, gone, new) in edits {
            let at = place.index(bytes.len() + 1);
            let end = (at + gone).min(bytes.len());
            bytes.splice(at..end, new);
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_logs_are_read_to_their_end(bytes in damaged(), follow in any::<bool>()) {
        let Ok(mut reader) = LogReader::open(bytes.as_slice(), &settings()) else { return Ok(()) };
        reader.follow(follow);
        let mut log = Log::default();
        drain(&mut reader, &mut log);
        reader.follow(false);
        drain(&mut reader, &mut log);
        prop_assert!(log.messages.iter().all(|m| m.line <= log.profile.lines && m.text.len() < 400_000));
        prop_assert!(log.statements.iter().all(|s| s.at.line <= log.profile.lines && s.text.len() <= 1024));
        for message in &log.messages {
            let from = usize::try_from(message.offset).unwrap().min(bytes.len());
            let _ = message_at(&bytes[from..], &log.profile);
        }
    }

    #[test]
    fn whole_and_in_two_files_a_log_has_the_same_messages(at in any::<prop::sample::Index>(), seed in prop::sample::select(seeds())) {
        let lines: Vec<_> = seed.split_inclusive('\n').collect();
        let cut: usize = lines[..at.index(lines.len())].iter().map(|line| line.len()).sum();
        let (old, new) = seed.as_bytes().split_at(cut);
        prop_assume!(LogReader::open(seed.as_bytes(), &settings()).is_ok());
        let whole = read_with(seed.as_bytes(), &settings());
        // whether messages without an envelope count is decided by what the first file shows
        prop_assume!(whole.profile.dialect != "paste");
        let Ok(mut reader) = LogReader::open(old, &settings()) else { return Ok(()) };
        reader.follow(true);
        let mut log = Log::default();
        drain(&mut reader, &mut log);
        reader.continue_with(new).unwrap();
        reader.follow(false);
        drain(&mut reader, &mut log);
        if log.profile.carriers == whole.profile.carriers && log.profile.dialect == whole.profile.dialect {
            prop_assert_eq!(log.messages.len(), whole.messages.len());
        }
    }
}

#[test]
fn another_kind_of_lines_and_a_cut_end_are_reported_with_their_line() {
    let genesys = |text: &str| {
        format!(
            "12:00:00.000: SIPTR: Received [0,UDP] 317 bytes from 192.0.2.101:5062 <<<<<\n{text}\n"
        )
    };
    let asterisk = "[Nov 30 12:00:01] NOTICE[9] res_pjsip/pjsip_distributor.c: Request 'REGISTER' from \
                    '<sip:4999@192.0.2.10>' failed for '192.0.2.60:5060' (callid: a@b) - No matching endpoint found\n";
    let whole = genesys(&register("1001", "\n"));
    assert!(read(&whole).profile.warnings.is_empty());
    let both = whole.clone() + asterisk;
    let warnings = read(&both).profile.warnings;
    assert_eq!(warnings, [(12, "lines of another kind begin here: asterisk".to_owned())]);
    // several dialects of one program are no surprise
    let one = format!(
        "[Nov 30 12:00:01] VERBOSE[9] res_pjsip_logger.c: <--- Received SIP request (317 bytes) from UDP:192.0.2.101:5062 --->\n{}\n{asterisk}",
        register("1001", "\r\n")
    );
    assert!(read(&one).profile.warnings.is_empty());
    let cut = whole.find("CSeq").unwrap();
    let warnings = read(&whole[..cut]).profile.warnings;
    assert_eq!(warnings, [(2, "the log ends within this message".to_owned())]);
    // cut by a paste, and the log goes on
    let on = whole[..cut].to_owned() + "12:00:05.000: nothing of note\n";
    assert!(read(&on).profile.warnings.is_empty());
}
