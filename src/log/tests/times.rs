//! Clocks: midnight, zones, dates that are missing.

use super::*;

/// Two messages of SIP Server at those times of day.
fn two(first: &str, second: &str, head: &str) -> String {
    format!(
        "{head}{first}: SIPTR: Received [0,UDP] 317 bytes from 192.0.2.101:5062 <<<<<\n{}\n{second}: Sending  [0,UDP] 411 bytes to 192.0.2.101:5062 >>>>>\n{}\n",
        register("1001", "\n"),
        ok("1001", "\n").replace("Date: Mon, 30 Nov 2026 12:00:00 GMT\n", "")
    )
}

fn seconds(log: &Log) -> Vec<i64> {
    log.messages.iter().map(|m| m.time.unwrap().nanos() / 1_000_000_000).collect()
}

#[test]
fn the_header_has_the_zone_and_the_date() {
    let head = "Application name: SIPS_A\nTime zone:        -19800, IST, IST\nLocal time:       2026-11-21T23:59:40.000\nFile:             (1) x\n\n";
    let log = read(&two("23:59:59.000", "00:00:01.000", head));
    assert_eq!(seconds(&log), [1_795_285_799, 1_795_285_801]);
    assert_eq!(log.profile.node.as_deref(), Some("SIPS_A"));
    assert_eq!(
        (log.profile.clock.zone.as_deref(), log.profile.clock.zone_from),
        (Some("+05:30"), Some("header"))
    );
    assert!(log.profile.clock.date && log.profile.clock.year);
}

#[test]
fn an_undated_log_still_has_ages() {
    let log = read(&two("12:00:00.000", "12:00:02.500", ""));
    assert!(!log.profile.clock.date && log.profile.clock.present);
    let times: Vec<_> = log.messages.iter().map(|m| m.time.unwrap()).collect();
    assert_eq!(times[1].nanos_since(times[0]), 2_500_000_000);
}

#[test]
fn the_date_given_is_the_first_lines() {
    let given = Settings { date: Some(jiff::civil::date(2026, 11, 21)), ..settings() };
    let log = read_with(two("23:59:59.000", "00:00:01.000", "").as_bytes(), &given);
    assert_eq!(seconds(&log), [1_795_305_599, 1_795_305_601]);
}

#[test]
fn an_answers_date_measures_the_zone() {
    let text = format!(
        "00000001.002 |17:30:00.100 |AppInfo  |SIPTcp - wait_SdlSPISignal: Outgoing SIP TCP message to 192.0.2.101 on port 5062 index 7 \n[1,NET]\n{}\n",
        ok("1001", "\n")
    );
    let log = read_with(text.as_bytes(), &Settings { zone: None, ..settings() });
    assert_eq!(seconds(&log), [1_796_040_000]);
    assert_eq!(log.profile.clock.zone_from, Some("measured"));
}

#[test]
fn a_console_message_has_the_time_of_the_entry_before() {
    let text = format!(
        "<--- Received SIP request (317 bytes) from UDP:192.0.2.101:5062 --->\n{}\n\
         [Nov 30 12:00:01] NOTICE[9]: x.c:1 f: text\n\n    -- more\n\
         <--- Transmitting SIP response (411 bytes) to UDP:192.0.2.101:5062 --->\n{}\n",
        register("1001", "\n"),
        ok("1001", "\n")
    );
    let log = read(&text);
    assert_eq!(log.messages[0].time, None);
    assert_eq!(log.messages[1].time, Some(Timestamp::from_parts(1_796_040_001, 0)));
}

#[test]
fn the_end_of_a_log_is_its_last_dated_line() {
    let mut text = two("12:00:00.000", "12:00:00.001", "");
    for minute in 1..60 {
        text += format!("12:{minute:02}:00.000: nothing of note\n").as_str();
    }
    for minute in 0..30 {
        text += format!("00:{minute:02}:00.000: the next day\n").as_str();
    }
    let log = read(&text);
    let length = log.profile.last.unwrap().nanos_since(log.profile.first.unwrap());
    assert_eq!(length / 60_000_000_000, 12 * 60 + 29);
    assert_eq!(log.profile.clock.granularity, Some("ms"));
}

#[test]
fn a_clock_that_was_set_is_no_quiet_night() {
    let message = |stamp: &str, call: &str, cseq: u8| {
        let text = register(call, "\n").replace("CSeq: 1 ", &format!("CSeq: {cseq} "));
        format!("000001: {stamp}: //-1/x/SIP/Msg/ccsipDisplayMsg:\nReceived: \n{text}\n")
    };
    let set =
        message("Jan  1 00:00:10.000", "1001", 1) + &message("May 27 10:00:00.000", "1001", 2);
    assert_eq!(read(&set).profile.clock.steps.len(), 1);
    let quiet =
        message("Jan  1 00:00:10.000", "1001", 1) + &message("May 27 10:00:00.000", "1002", 1);
    assert!(read(&quiet).profile.clock.steps.is_empty());
}
