//! A large log of SIP Server: 5 % of its bytes are SIP, the rest reports everything else.

use std::fmt::Write as _;
use std::io::{self, Write};

/// Lines that are no SIP, as a busy server writes them.
const NOISE: [&str; 6] = [
    "$+CTI:PRM:SET_AGENT_STATE:%:58",
    "$-CTI:PRM:SET_AGENT_STATE:%:17",
    "GetTheBestNode:: server list for  exists, but has no validated entries (call %, leg 1 of 2, state 0x21)",
    "SIPDM: failed to get registration info for TRK_OUT, request %",
    "-- AttributeCallState: 0, AttributePropagatedCallType: 2, AttributeCallID: %, AttributeConnID: 00720315",
    "SetEndOfSearch: target % is found by the dial plan, rule 12 of 40",
];

/// Writes about `bytes` bytes; gives back how many messages are in it.
pub(crate) fn write(out: &mut impl Write, bytes: u64) -> io::Result<u64> {
    let mut written = 0_u64;
    let mut messages = 0_u64;
    let mut sip = 0_u64;
    let mut line = 0_u64;
    let mut text = String::new();
    let mut noises = NOISE.iter().copied().cycle();
    while written < bytes {
        text.clear();
        line += 1;
        let millis = line / 8;
        let (second, milli) = (millis / 1000 % 86_400, millis % 1000);
        let stamp =
            format!("{:02}:{:02}:{:02}.{milli:03}", second / 3600, second / 60 % 60, second % 60);
        if sip * 20 <= written {
            exchange(&mut text, &stamp, messages / 2);
            messages += 2;
            sip += text.len() as u64;
        } else {
            let noise = noises.next().unwrap_or_default();
            let _ = writeln!(text, "{stamp}: {}", noise.replace('%', &line.to_string()));
        }
        out.write_all(text.as_bytes())?;
        written += text.len() as u64;
    }
    Ok(messages)
}

/// A REGISTER and its 200.
fn exchange(text: &mut String, stamp: &str, number: u64) {
    let dn = 10_000 + number % 5000;
    let device = format!("192.0.2.{}:5060", 1 + number % 250);
    let via = format!("Via: SIP/2.0/UDP {device};branch=z9hG4bK{number}");
    let head = format!(
        "From: <sip:{dn}@198.51.100.1>;tag={number}\nTo: <sip:{dn}@198.51.100.1>\nCall-ID: {dn}@phone\nCSeq: {} REGISTER\n",
        1 + number / 5000
    );
    let contact = format!("Contact: <sip:{dn}@{device}>");
    let request = format!(
        "REGISTER sip:198.51.100.1 SIP/2.0\n{via}\n{head}Max-Forwards: 70\n{contact}\nExpires: 600\nContent-Length: 0\n\n"
    );
    let answer =
        format!("SIP/2.0 200 OK\n{via}\n{head}{contact};expires=600\nContent-Length: 0\n\n");
    let size = |text: &str| text.len() + text.matches('\n').count();
    let _ = write!(
        text,
        "{stamp}: SIPTR: Received [0,UDP] {} bytes from {device} <<<<<\n{request}\n\
         {stamp}: SIPTS: handle registration event 0\n\
         {stamp}: Sending  [0,UDP] {} bytes to {device} >>>>>\n{answer}\n",
        size(&request),
        size(&answer)
    );
}
