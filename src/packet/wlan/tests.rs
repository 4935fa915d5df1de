//! Reads data frames of every shape, and the headers in front of them.

use super::super::link::{SNAP, descend};
use super::*;

/// A frame of this kind with these flags, with `between` in front of LLC.
fn data_frame(control: [u8; 2], between: &[u8]) -> Vec<u8> {
    let addresses = [[1; 6], [2; 6], [3; 6]].concat();
    [&control[..], &[0, 0], &addresses, &[0, 0], between, &SNAP, &[8, 0], b"packet"].concat()
}

/// The packet and the sender's address.
fn read(bytes: &[u8]) -> Result<(&[u8], [u8; 6]), Descent> {
    let mut info = LinkInfo::default();
    descend(Layer::Wlan(bytes), &mut info).map(|packet| (packet, info.mac.unwrap()))
}

#[test]
fn frames_in_every_direction_lead_to_the_packet() {
    let subframe = [&[0x80, 0][..], &[9; 12], &[0, 14]].concat();
    let cases: [(&str, [u8; 2], &[u8], u8); 12] = [
        ("between stations", [0x08, 0], &[], 2),
        ("to the access point", [0x08, 1], &[], 2),
        ("from the access point", [0x08, 2], &[], 3),
        ("between access points", [0x08, 3], &[4; 6], 4),
        ("quality of service", [0x88, 1], &[0, 0], 2),
        ("all of it", [0x88, 0x83], &[4, 4, 4, 4, 4, 4, 0, 0, 0, 0, 0, 0], 4),
        ("padded", [0x88, 1], &[0, 0, 0, 0], 2),
        ("decrypted, vector left", [0x08, 0x41], &[7; 8], 2),
        (
            "decrypted, vector and padding left",
            [0x88, 0x41],
            &[0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7],
            2,
        ),
        ("aggregate", [0x88, 1], &subframe, 2),
        ("control in the other order", [1, 0x08], &[], 2),
        ("the same with quality of service", [2, 0x88], &[0, 0], 3),
    ];
    for (name, control, between, sender) in cases {
        let bytes = data_frame(control, between);
        assert_eq!(read(&bytes), Ok((&b"packet"[..], [sender; 6])), "{name}");
    }
}

#[test]
fn what_holds_no_packet_is_told_apart() {
    let encrypted = [&data_frame([0x08, 0x41], &[])[..24], &[0x5a; 40]].concat();
    assert_eq!(read(&encrypted).unwrap_err(), Descent::Encrypted);
    for (control, bytes) in [([0x80, 0], "beacon"), ([0xb4, 0], "control"), ([0x48, 1], "null")] {
        assert_eq!(read(&data_frame(control, &[])).unwrap_err(), Descent::NotIp, "{bytes}");
    }
    assert_eq!(read(&data_frame([0x08, 1], &[])[..23]).unwrap_err(), Descent::Broken);
}

#[test]
fn headers_of_captures_are_skipped() {
    let frame = data_frame([0x08, 1], &[]);
    let avs = [&0x8021_1001_u32.to_be_bytes()[..], &64_u32.to_be_bytes(), &[0; 56]].concat();
    let prism = [&0x44_u32.to_le_bytes()[..], &144_u32.to_le_bytes(), &[0; 136]].concat();
    let cases: [(&str, u32, &[u8]); 6] = [
        ("none", IEEE_802_11, &[]),
        ("radiotap", RADIOTAP, &[0, 0, 8, 0, 0, 0, 0, 0]),
        ("radiotap with flags", RADIOTAP, &[0, 0, 9, 0, 2, 0, 0, 0, 0x10]),
        ("AVS", AVS, &avs),
        ("AVS as Prism", PRISM, &avs),
        ("Prism", PRISM, &prism),
    ];
    for (name, link, header) in cases {
        let bytes = [header, &frame].concat();
        let Ok(Layer::Wlan(inner)) = captured(link, &bytes) else { panic!("{name}") };
        assert_eq!(inner, frame, "{name}");
    }
    assert!(captured(RADIOTAP, &[0, 0, 99, 0, 0, 0, 0, 0]).is_err());
}

#[test]
fn capwap_frames_and_their_first_fragments_are_read() {
    let cases: [(&str, [u8; 8], Option<&str>); 6] = [
        ("native", [0, 0x10, 0x43, 0, 0, 0, 0, 0], Some("wlan")),
        ("Ethernet", [0, 0x10, 0x42, 0, 0, 0, 0, 0], Some("ethernet")),
        ("first fragment", [0, 0x10, 0x43, 0x80, 0, 9, 0, 0], Some("wlan")),
        ("later fragment", [0, 0x10, 0x43, 0xc0, 0, 9, 0, 0x80], None),
        ("keep-alive", [0, 0x10, 0x42, 0x08, 0, 0, 0, 0], None),
        ("DTLS", [1, 0, 0, 0, 0x16, 0xfe, 0xff, 0], None),
    ];
    for (name, header, expected) in cases {
        let bytes = [&header[..], b"x"].concat();
        let found = capwap(&bytes).map(|layer| match layer {
            Layer::Wlan(b"x") => "wlan",
            Layer::Ethernet(b"x") => "ethernet",
            other => panic!("{name}: {other:?}"),
        });
        assert_eq!(found, expected, "{name}");
    }
}
