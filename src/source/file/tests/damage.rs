//! Checks what is reported for captures that are cut, damaged or none at all.

use super::*;

/// A capture that must give `packets` packets and end with `sentence`.
#[track_caller]
fn ends(file: &[u8], packets: usize, sentence: &str) {
    let (seen, damage) = read(file);
    assert_eq!((seen.len(), damage.as_deref()), (packets, Some(sentence)));
}

#[test]
fn a_cut_packet_ends_the_file() {
    let file = pcap(&three());
    let sentence = "cut in the middle of packet 3, at byte 61; the 2 packets before it were read";
    ends(&file[..71], 2, sentence);
    let sentence = "cut in the middle of packet 2, at byte 45; the packet before it was read";
    ends(&file[..46], 1, sentence);
    let sentence = "cut in the middle of packet 1, at byte 24; no packet was read before it";
    ends(&file[..25], 0, sentence);
    let file = pcapng(&three());
    let cut = file.len() - 1;
    ends(
        &file[..cut],
        2,
        "cut in the middle of packet 3, at byte 120; the 2 packets before it were read",
    );
    ends(
        &file[..124],
        2,
        "cut in the middle of a block, at byte 120; the 2 packets before it were read",
    );
}

#[test]
fn every_cut_leaves_the_whole_packets_before_it() {
    for write in [pcap, pcapng] {
        let file = write(&three());
        for cut in write(&[]).len()..file.len() {
            let whole = (0..=3).rev().find(|&n| write(&three()[..n]).len() <= cut).unwrap();
            let (packets, damage) = read(&file[..cut]);
            assert_eq!(packets, three()[..whole], "{cut}");
            assert_eq!(damage.is_none(), write(&three()[..whole]).len() == cut, "{cut}");
        }
    }
}

#[test]
fn a_lying_packet_length_ends_the_file() {
    let lie = |length: u32| {
        let record = Bytes::new(LE).u32(1).u32(1).u32(length).u32(60).raw(&[0; 400]).out;
        [pcap(&three()[..1]), record].concat()
    };
    let sentence =
        "damaged, packet 2 claims 4294967295 bytes, at byte 45; the packet before it was read";
    ends(&lie(u32::MAX), 1, sentence);
    let sentence =
        "damaged, packet 2 claims 262145 bytes, at byte 45; the packet before it was read";
    ends(&lie(262_145), 1, sentence);
    let sentence = "cut in the middle of packet 2, at byte 45; the packet before it was read";
    ends(&lie(262_144), 1, sentence);
}

#[test]
fn a_packet_longer_than_its_block_ends_the_file() {
    let body = Bytes::new(LE).u32(0).u32(0).u32(5).u32(9).u32(9).padded(b"short").out;
    let file = Bytes::new(LE).raw(&pcapng(&three()[..1])).block(6, &body).out;
    let sentence = "damaged, packet 2 claims 9 bytes, at byte 88; the packet before it was read";
    ends(&file, 1, sentence);
}

#[test]
fn a_lying_block_length_ends_the_file() {
    let before = pcapng(&three()[..1]);
    let with = |tail: Bytes| [before.clone(), tail.out].concat();
    for length in [0, 8, 11, u32::MAX] {
        let file = with(Bytes::new(LE).u32(6).u32(length).raw(&[0; 40]));
        let sentence = format!(
            "damaged, a block claims {length} bytes, at byte 88; the packet before it was read"
        );
        ends(&file, 1, &sentence);
    }
    for kind in [6, 1, 5] {
        let file = with(Bytes::new(LE).u32(kind).u32(40).raw(&[0; 28]).u32(44));
        let sentence = "damaged, a block claims 40 bytes in front and 44 at its end, at byte 88; \
                        the packet before it was read";
        ends(&file, 1, sentence);
    }
    let file = with(Bytes::new(LE).u32(5).u32(1 << 26).raw(&[0; 1000]));
    ends(&file, 1, "cut in the middle of a block, at byte 88; the packet before it was read");
    for kind in [1, 2, 3, 6] {
        let file = with(Bytes::new(LE).block(kind, &[]));
        let sentence =
            "damaged, a block claims 12 bytes, at byte 88; the packet before it was read";
        ends(&file, 1, sentence);
    }
}

#[test]
fn a_damaged_section_ends_the_file() {
    let before = pcapng(&three()[..1]);
    let mut section = Bytes::new(LE).section().out;
    section[8] = 0;
    let sentence =
        "damaged, a section without a byte order, at byte 88; the packet before it was read";
    ends(&[&before[..], &section].concat(), 1, sentence);
    let mut section = Bytes::new(LE).section().out;
    section[12] = 2;
    let sentence = "pcapng version 2.0 is not supported, at byte 88; the packet before it was read";
    ends(&[&before[..], &section].concat(), 1, sentence);
}

/// Packets of noise, of which compression leaves half.
fn noise(count: i64) -> Vec<Packet> {
    let mut state = 1_u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 28) as u8
    };
    let mut packet = |i: i64| {
        let bytes: Vec<u8> = (0..100).map(|_| byte()).collect();
        Packet::new(i * 1_000, &bytes)
    };
    (0..count).map(&mut packet).collect()
}

#[test]
fn a_cut_gzip_or_zstd_leaves_the_packets_before_it() {
    let packets = noise(3_000);
    let file = pcap(&packets);
    for (name, stored) in [("gzip", gzip(&file)), ("zstd", zstd(&file))] {
        let (seen, damage) = read(&stored[..stored.len() / 2]);
        assert!(seen.len() > 1_000 && seen[..] == packets[..seen.len()], "{name}: {}", seen.len());
        let damage = damage.unwrap();
        assert!(damage.starts_with(&format!("{name} data cut short, at byte ")), "{damage}");
        let rest =
            format!(" of the decompressed data; the {} packets before it were read", seen.len());
        assert!(damage.ends_with(&rest), "{damage}");
    }
}

#[test]
fn a_damaged_gzip_or_zstd_leaves_the_packets_before_it() {
    let packets = noise(6_000);
    let file = pcap(&packets);
    for (name, mut stored) in [("gzip", gzip(&file)), ("zstd", zstd(&file))] {
        let half = stored.len() / 2;
        stored[half..half + 200].fill(0xff);
        let (seen, damage) = read(&stored);
        assert!(seen.len() > 1_000, "{name}: {}", seen.len());
        assert_eq!(seen[..1_000], packets[..1_000]);
        assert!(damage.is_some(), "{name}");
    }
}

#[test]
fn a_small_damaged_gzip_keeps_what_came_before() {
    let packets = noise(20);
    let file = gzip(&pcap(&packets));
    let garbage = [&file[..file.len() / 2], &[0xff; 200]].concat();
    let (seen, damage) = read(&garbage);
    assert!(seen.len() >= 8 && seen[..8] == packets[..8], "{}", seen.len());
    assert!(damage.is_some());
}

#[test]
fn a_wrong_checksum_and_trailing_garbage_are_said() {
    let mut file = gzip(&pcap(&three()));
    let garbage = [&file[..], b"no gzip member"].concat();
    let sentence = "gzip data damaged, at byte 89 of the decompressed data; \
                    the 3 packets before it were read";
    ends(&garbage, 3, sentence);
    let crc = file.len() - 8;
    file[crc] ^= 1;
    ends(&file, 3, sentence);
}

#[test]
fn a_read_error_ends_the_file() {
    for compress in [<[u8]>::to_vec, gzip, zstd] {
        let file = compress(&pcap(&noise(3_000)));
        let mut half = Trickle::new(&file[..file.len() / 2], 4096);
        half.error = Some(std::io::ErrorKind::StaleNetworkFileHandle);
        let (packets, damage) = drain(Reader::new(half).unwrap());
        assert!(packets.len() > 1_000);
        let damage = damage.unwrap();
        assert!(damage.starts_with("read failed: stale network file handle, at byte "), "{damage}");
    }
}

#[test]
fn says_what_is_no_capture() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "empty file, not a capture"),
        (b"hello w", "not a capture file (starts with \"hello w\")"),
        (b"x\x1b\n", "not a capture file (starts with \"x\\u{1b}\\n\")"),
        (
            b"\n\r\r\nnot blocks at all",
            "not a capture file (starts with \"\\n\\r\\r\\nnot blocks a\")",
        ),
        (&[0xd4, 0xc3, 0xb2], "not a capture file (starts with \"\\xd4ò\")"),
    ];
    for (bytes, sentence) in cases {
        assert_eq!(refusal(bytes), *sentence);
    }
    assert_eq!(refusal(&gzip(b"")), "nothing inside the gzip data, not a capture");
    let sentence = "not a capture file inside the zstd data (starts with \"hello world\")";
    assert_eq!(refusal(&zstd(b"hello world")), sentence);
}

#[test]
fn says_what_is_wrong_with_a_header() {
    for cut in 4..24 {
        let sentence = format!("pcap file cut in the middle of its header, at byte {cut}");
        assert_eq!(refusal(&pcap(&[])[..cut]), sentence);
    }
    for cut in 4..28 {
        let sentence = format!("pcapng file cut in the middle of its header, at byte {cut}");
        assert_eq!(refusal(&pcapng(&[])[..cut]), sentence);
    }
    let mut file = pcapng(&[]);
    file[12] = 9;
    assert_eq!(refusal(&file), "pcapng version 9.0 is not supported");
    file[4] = 3;
    let sentence = "pcapng file with a damaged header: damaged, a block claims 3 bytes";
    assert_eq!(refusal(&file), sentence);
    let file = gzip(&pcap(&[]));
    assert_eq!(refusal(&file[..15]), "gzip data cut short before the end of the capture header");
    let mut broken = Trickle::new(b"", 1);
    broken.error = Some(std::io::ErrorKind::IsADirectory);
    let error = Reader::new(broken).err().unwrap();
    assert_eq!(error.to_string(), "read failed: is a directory");
}
