//! The text report stays short, however many DNs fail.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::process::Command;

/// A raw IP packet with a UDP datagram.
fn packet(out: &mut Vec<u8>, micros: u32, ends: [([u8; 4], u16); 2], text: &str) {
    let [(src, src_port), (dst, dst_port)] = ends;
    let udp = u16::try_from(8 + text.len()).unwrap();
    let mut ip = vec![0x45, 0];
    ip.extend((20 + udp).to_be_bytes());
    ip.extend([0, 1, 0, 0, 64, 17, 0, 0]);
    ip.extend([src, dst].concat());
    for number in [src_port, dst_port, udp, 0] {
        ip.extend(number.to_be_bytes());
    }
    ip.extend(text.bytes());
    let length = u32::try_from(ip.len()).unwrap();
    for word in [1_763_481_420, micros, length, length] {
        out.extend(word.to_le_bytes());
    }
    out.extend(ip);
}

/// 500 DNs of one gateway that are refused and 20 phones that are not.
fn capture() -> Vec<u8> {
    let mut out = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 101] {
        out.extend(word.to_le_bytes());
    }
    let server = [10, 0, 0, 1];
    for number in 0..520_u32 {
        let (dn, last) = match number {
            0..500 => (5001 + number, 54),
            _ => (501 + number, u8::try_from(number - 400).unwrap()),
        };
        let source = [10, 0, 0, last];
        let common = format!(
            "Via: SIP/2.0/UDP 10.0.0.{last};branch=z9hG4bK{dn}\r\nFrom: <sip:{dn}@x>;tag=a\r\n\
             To: <sip:{dn}@x>\r\nCall-ID: {dn}\r\nCSeq: 1 REGISTER\r\n\
             Contact: <sip:{dn}@10.0.0.{last}>\r\nExpires: 600\r\n\r\n"
        );
        let status = if number < 500 { "403 Forbidden" } else { "200 OK" };
        let (ask, say) = ((source, 5060), (server, 5060));
        packet(&mut out, number * 100, [ask, say], &format!("REGISTER sip:x SIP/2.0\r\n{common}"));
        packet(&mut out, number * 100 + 50, [say, ask], &format!("SIP/2.0 {status}\r\n{common}"));
    }
    out
}

fn report(path: &str, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    let output = command.args(["report", "--utc"]).args(args).arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn five_hundred_failing_dns_are_a_short_report() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("many.pcap");
    std::fs::write(&path, capture()).unwrap();
    let path = path.to_str().unwrap();
    let text = report(path, &[]);
    assert!(text.starts_with("520 DNs: 20 in service, 500 out of service"), "{text}");
    assert!(text.lines().count() < 90, "{text}");
    for want in ["5001, 5002 and 498 more: rejected 403", "(--all lists them): 5009-5500"] {
        assert!(text.contains(want), "{text}");
    }
    assert!(text.contains("Source address is 10.0.0.54: all 500 failing, 0 of 20 working"));
    assert!(report(path, &["--all"]).lines().count() > 520);
}
