//! What the user does at night: find the failing DNs, hold one against a working one, see the
//! message behind a finding, take the packets along.

use std::process::Command;

use crate::console::Console;

const INCIDENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/incident/input.pcap");
const F2: &str = "\u{1b}OQ";
const F5: &str = "\u{1b}[15~";
const F7: &str = "\u{1b}[18~";
const ESC: &str = "\u{1b}";
const DOWN: &str = "\u{1b}[B";

#[test]
fn from_the_list_to_the_packets() {
    let dir = tempfile::tempdir().unwrap();
    // root becomes `nobody` by default, and `nobody` can save nothing here
    let user: &[&str] = if nix::unistd::geteuid().is_root() { &["--user", "root"] } else { &[] };
    let args = [&["--utc", INCIDENT], user].concat();
    let mut console = Console::start(dir.path(), &args, (100, 30));
    console.see("5 DNs");
    console.see("5001 rejected 403 Forbidden");
    // the selection moves, and the paragraph below follows
    console.press(DOWN, "5002 rejected 403 Forbidden since");
    // all of a gateway in a line
    console.press("g", "3 DNs  ✗ 3 out");
    console.press("gggg", "1002");
    // the filter takes effect as it is typed
    console.press(F7, "Filter:");
    console.press("code=404", "1 of 5");
    console.press("\r", "5008 rejected 404");
    console.press(F5, "1003");
    // 1003 beside 5002
    console.press("/1003\r", "1003");
    console.press(" ", "1 marked");
    console.keys(ESC);
    console.wait("all DNs", |screen| screen.contains("5001"));
    console.press("/5002\r", "5002");
    console.press(" ", "2 marked");
    let pair = console.press("c", "User-Agent");
    for value in ["Genesys-Softphone", "Asterisk-Genesys-Gateway", "1003", "5002"] {
        assert!(pair.contains(value), "{value}:\n{pair}");
    }
    // a key right behind Esc would be taken for Alt and that key
    console.press(ESC, "Since");
    // the message behind a finding
    console.press("4", "Findings");
    console.see("rejected-403");
    // the group opens, then its first finding leads to the message
    console.keys("\r\u{1b}[B\r");
    console.wait("a message", |screen| screen.contains("SIP/2.0"));
    console.press("1", "Since");
    // the packets of both, for another person
    console.press(F2, "marked: 2 DNs");
    console.press("\r", "regscope-2-dns.pcapng");
    console.see("saved regscope-2-dns.pcapng");
    console.keys("q");
    assert_eq!(console.end(), 0);
    console.is_as_before();
    let saved = dir.path().join("regscope-2-dns.pcapng");
    assert!(saved.exists());
    let fields = ["-T", "fields", "-Y", "sip", "-e", "sip.to.user"];
    let Ok(tshark) = Command::new("tshark").arg("-r").arg(&saved).args(fields).output() else {
        return eprintln!("without tshark nobody else reads the saved file");
    };
    let users = String::from_utf8(tshark.stdout).unwrap();
    let count = |dn: &str| users.lines().filter(|line| *line == dn).count();
    // REGISTERs and responses of both, and of no other DN
    assert_eq!((count("1003"), count("5002"), users.lines().count()), (4, 6, 10), "{users}");
}
