//! The screen on a device: a registrar and a phone on the loopback device of a namespace of its own.

use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use crate::console::Console;
use crate::namespace::{inside, ip};

const ENTER: &str = "\r";
const ESC: &str = "\u{1b}";
const F2: &str = "\u{1b}OQ";

/// A registrar and a phone, each with a socket.
struct Lab {
    registrar: UdpSocket,
    phone: UdpSocket,
    cseq: u32,
}

impl Lab {
    fn new() -> Self {
        let registrar = UdpSocket::bind("127.0.0.1:5070").unwrap();
        let phone = UdpSocket::bind("127.0.0.1:5071").unwrap();
        for socket in [&registrar, &phone] {
            socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        }
        Self { registrar, phone, cseq: 0 }
    }

    /// The phone registers; the registrar answers with this status line and these headers.
    fn register(&mut self, dn: &str, status: &str, headers: &str) {
        self.cseq += 1;
        let cseq = self.cseq;
        let common = format!(
            "Via: SIP/2.0/UDP 127.0.0.1:5071;rport;branch=z9hG4bK{dn}{cseq}\r\n\
             From: <sip:{dn}@lab.example>;tag=f{dn}\r\n\
             To: <sip:{dn}@lab.example>{{tag}}\r\nCall-ID: {dn}@phone\r\nCSeq: {cseq} REGISTER\r\n"
        );
        let request = format!(
            "REGISTER sip:lab.example SIP/2.0\r\n{}Contact: <sip:{dn}@127.0.0.1:5071>\r\n\
             User-Agent: Lab phone\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n",
            common.replace("{tag}", "")
        );
        self.phone.send_to(request.as_bytes(), "127.0.0.1:5070").unwrap();
        let mut bytes = [0; 4096];
        let (_, from) = self.registrar.recv_from(&mut bytes).unwrap();
        let answer = format!(
            "SIP/2.0 {status}\r\n{}{headers}Content-Length: 0\r\n\r\n",
            common.replace("{tag}", ";tag=t")
        );
        self.registrar.send_to(answer.as_bytes(), from).unwrap();
        self.phone.recv(&mut bytes).unwrap();
    }

    fn granted(&mut self, dn: &str, seconds: u32) {
        let contact = format!("Contact: <sip:{dn}@127.0.0.1:5071>;expires={seconds}\r\n");
        self.register(dn, "200 OK", &contact);
    }
}

#[test]
fn the_messages_of_a_dn_that_is_escaped_on_the_wire_are_found_too() {
    if !inside("live::the_messages_of_a_dn_that_is_escaped_on_the_wire_are_found_too") {
        return;
    }
    ip("link set lo up");
    let mut lab = Lab::new();
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let mut console = Console::start(dir.path(), &["-i", "lo", "--utc"], (110, 60));
    console.see("nothing lost");
    lab.register("*12%23", "403 Forbidden", "");
    console.see("*12# rejected 403 Forbidden");
    console.press(ENTER, "Hosts");
    console.press("f", "403 Forbidden");
    console.see("To: <sip:*12%23@lab.example>");
    console.keys("q");
    assert_eq!(console.end(), 0);
}

#[test]
fn a_dn_is_followed_and_its_messages_are_kept() {
    if !inside("live::a_dn_is_followed_and_its_messages_are_kept") {
        return;
    }
    ip("link set lo up");
    let mut lab = Lab::new();
    let dir = tempfile::tempdir().unwrap();
    // the program gives root up before it reads anything
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let mut console = Console::start(dir.path(), &["-i", "lo", "--utc"], (110, 60));
    console.see("nothing lost");
    lab.granted("5001", 600);
    console.see("1 in service");
    // the seconds run without a packet
    console.see("9m5");
    lab.granted("5002", 3);
    console.see("2 in service");
    lab.register("5003", "403 Forbidden", "");
    console.see("5003 rejected 403 Forbidden");
    // what is not renewed ends, without a packet
    console.see("5002 expired");
    console.see("2 out");
    lab.granted("5002", 600);
    console.see("1 out");
    lab.register("5002", "404 Not Found", "");
    // what was granted still holds
    console.press("/5002\r", "answered 404 Not Found");
    // what is behind the address
    let text = console.press(ENTER, "Hosts");
    assert!(text.contains("127.0.0.1:5071 is pty"), "{text}");
    // the message itself, though no file holds it
    console.press("f", "404 Not Found");
    console.see("REGISTER sip:lab.example SIP/2.0");
    console.see("User-Agent: Lab phone");
    console.keys(ESC);
    console.see("Names and addresses");
    console.press(F2, "dn-5002.pcapng");
    console.press(ENTER, "saved dn-5002.pcapng");
    console.keys("q");
    assert_eq!(console.end(), 0);
    console.is_as_before();
    let saved = dir.path().join("dn-5002.pcapng");
    let report = Command::new(env!("CARGO_BIN_EXE_regscope"))
        .args(["report", "--utc"])
        .arg(saved)
        .output()
        .unwrap();
    let report = String::from_utf8(report.stdout).unwrap();
    assert!(report.contains("6 SIP messages, 3 REGISTERs"), "{report}");
}
