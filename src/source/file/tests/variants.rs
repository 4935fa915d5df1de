//! Reads what other systems write: AIX, old libpcap, Ixia, Solaris.

use super::*;

/// A file header of this version and link type.
fn header(big: bool, magic: u32, version: (u16, u16), link: u32) -> Bytes {
    let bytes = Bytes::new(big).u32(magic).u16(version.0).u16(version.1);
    bytes.u32(0).u32(0).u32(65_535).u32(link)
}

/// Seconds and microseconds.
fn time(packet: &Packet) -> (u32, u32) {
    let nanos = packet.nanos.cast_unsigned();
    ((nanos / 1_000_000_000) as u32, (nanos % 1_000_000_000 / 1_000) as u32)
}

#[test]
fn aix_writes_nanoseconds_and_its_own_link_types() {
    for big in [LE, BE] {
        for (theirs, link) in [(6, 1), (9, 6), (15, 10), (24, 0)] {
            let packets = [Packet::new(1_700_000_000_123_456_789, b"x")];
            let file = header(big, MICRO, (2, 2), theirs).record(1, &[], &packets[0]).out;
            assert_eq!(read(&file), (packets.to_vec(), None));
            assert_eq!(Reader::new(&file[..]).unwrap().links(), [LinkType(link)]);
        }
    }
    assert_eq!(Reader::new(&header(LE, MICRO, (2, 4), 6).out[..]).unwrap().links(), [LinkType(6)]);
}

#[test]
fn lengths_the_other_way_round_are_told_by_their_size() {
    for version in [(2, 2), (2, 3), (543, 0)] {
        let mut file = header(BE, MICRO, version, 1);
        for (at, packet) in three().iter().enumerate() {
            let (length, wire_len) = (packet.bytes.len() as u32, packet.wire_len);
            let (first, second) = if at == 1 { (length, wire_len) } else { (wire_len, length) };
            let (secs, micros) = time(packet);
            file = file.u32(secs).u32(micros).u32(first).u32(second);
            file = file.raw(&packet.bytes);
        }
        assert_eq!(read(&file.out), (three(), None), "{version:?}");
    }
}

#[test]
fn ixia_writes_the_length_of_all_packets_first() {
    for magic in [0x1c00_01ac, 0x1c00_01ab] {
        for big in [LE, BE] {
            let mut file = header(big, magic, (2, 4), 1).u32(99);
            for packet in three() {
                file = file.record(1_000, &[], &packet);
            }
            assert_eq!(read(&file.out), (three(), None), "{magic:#x} {big}");
        }
    }
}

/// A snoop file of this link type.
fn snoop(link: u32, packets: &[Packet]) -> Vec<u8> {
    let mut file = Bytes::new(BE).raw(b"snoop\0\0\0").u32(2).u32(link);
    for packet in packets {
        let length = packet.bytes.len() as u32;
        let (secs, micros) = time(packet);
        file = file.u32(packet.wire_len).u32(length).u32(24 + length.next_multiple_of(4));
        file = file.u32(0).u32(secs).u32(micros).padded(&packet.bytes);
    }
    file.out
}

#[test]
fn snoop_is_read() {
    for (theirs, link) in [(4, 1), (0, 1), (8, 10)] {
        let file = snoop(theirs, &three());
        for stored in [file.clone(), gzip(&file)] {
            assert_eq!(read(&stored), (three(), None));
            let mut reader = Reader::with_options(&stored[..], FileId(1), 64).unwrap();
            assert_eq!((reader.format(), reader.links()), (Format::Snoop, &[LinkType(link)][..]));
            while reader.next_frame().is_some() {}
            assert_eq!((reader.packets(), reader.bytes()), (3, file.len() as u64));
        }
    }
    assert!(Reader::new(&snoop(9, &[])[..]).unwrap().links()[0].0 > 0xffff);
}

#[test]
fn damaged_snoop_ends_with_what_was_before() {
    let file = snoop(4, &three());
    let last = file.len();
    // no packet is lost with the padding behind it
    let cut = snoop(4, &[Packet::new(0, b"x")]);
    assert_eq!(read(&cut[..cut.len() - 3]).0.len(), 1);
    for keep in [last - 13, last - 35] {
        let (packets, damage) = read(&file[..keep]);
        assert_eq!(packets, &three()[..2]);
        let expected =
            "cut in the middle of packet 3, at byte 72; the 2 packets before it were read";
        assert_eq!(damage.as_deref(), Some(expected));
    }
    let mut odd = file.clone();
    odd[16 + 8..16 + 12].copy_from_slice(&[0, 0, 0, 5]);
    let (packets, damage) = read(&odd);
    assert!(packets.is_empty() && damage.unwrap().contains("packet 1 claims 5 bytes"));
    assert_eq!(refusal(&file[..9]), "snoop file cut in the middle of its header, at byte 9");
    let version = [&b"snoop\0\0\0\0\0\0\x03"[..], &[0; 4]].concat();
    assert_eq!(refusal(&version), "snoop version 3.0 is not supported");
}

#[test]
fn formats_that_are_not_read_are_named() {
    let netmon = "a capture of Microsoft Network Monitor 2, a format that is not read; \
                  \"editcap -F pcap IN OUT\" converts it";
    assert_eq!(refusal(b"GMBU\0\x02\x01\0 and more"), netmon);
    assert_eq!(refusal(&gzip(b"GMBU\0\x02")), format!("{netmon} (inside the gzip data)"));
}
