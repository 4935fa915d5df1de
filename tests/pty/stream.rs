//! A capture that another program writes into standard input, on the screen while it is written.

use std::fs;
use std::io::Write as _;
use std::process::Command;

use crate::console::Console;

/// Where the first two requests and their responses end in the capture of the incident.
fn two_exchanges(bytes: &[u8]) -> usize {
    let packet = |at: usize| {
        let length = bytes.get(at + 8..at + 12).unwrap();
        at + 16 + u32::from_le_bytes(length.try_into().unwrap()) as usize
    };
    (0..4).fold(24, |at, _| packet(at))
}

#[test]
fn rows_appear_as_packets_come_and_their_messages_can_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let mut screen = Console::start_fed(&path, (120, 36));
    let capture = fs::read("captures/incident/input.pcap").unwrap();
    let (first, rest) = capture.split_at(two_exchanges(&capture));
    let mut pipe = fs::OpenOptions::new().write(true).open(&path).unwrap();
    pipe.write_all(first).unwrap();
    let text = screen.see("1003");
    assert!(text.contains("standard input") && !text.contains("5001"), "{text}");
    // the clock of the capture runs although nothing comes
    screen.wait("time that passes", |text| {
        text.lines().next().is_some_and(|line| {
            let time = line.split("live ").nth(1).and_then(|time| time.get(..8));
            time.is_some_and(|time| time > "15:57:01")
        })
    });
    pipe.write_all(rest).unwrap();
    screen.see("5008");
    screen.press("/5001\r", "5001");
    screen.press("f", "REGISTER");
    screen.press("\r", "Call-ID");
    drop(pipe);
    screen.press("\x1b\x1b\x1b", "ended");
    screen.keys("q");
    screen.end();
    screen.is_as_before();
}
