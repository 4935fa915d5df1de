//! Reads hand-made captures of every format, whole and damaged.

use proptest::prelude::*;

use super::*;
use crate::source::testing::*;

mod damage;
mod variants;

#[test]
fn reads_every_variant_of_pcap() {
    for (magic, big) in
        [(MICRO, LE), (MICRO, BE), (NANO, LE), (NANO, BE), (MODIFIED, LE), (MODIFIED, BE)]
    {
        let file = pcap_as(magic, big, &three());
        assert_eq!(read(&file), (three(), None), "{magic:#x} {big}");
        let reader = Reader::new(&file[..]).unwrap();
        assert_eq!((reader.format(), reader.links()), (Format::Pcap, &[LinkType(1)][..]));
    }
}

#[test]
fn keeps_nanoseconds() {
    let packets = [Packet::new(1_700_000_000_123_456_789, b"x")];
    assert_eq!(read(&pcap_as(NANO, BE, &packets)).0, packets);
}

#[test]
fn masks_the_check_sequence_length_out_of_the_link_type() {
    let file = Bytes::new(LE).pcap_header(MICRO, 0x5400_0071).out;
    assert_eq!(Reader::new(&file[..]).unwrap().links(), [LinkType(113)]);
}

#[test]
fn frames_name_their_file_and_every_byte_is_counted() {
    for file in [pcap(&three()), pcap_as(MODIFIED, BE, &three()), pcapng(&three())] {
        for stored in [file.clone(), gzip(&file)] {
            let mut reader = Reader::with_options(&stored[..], FileId(5), 64).unwrap();
            while let Some(frame) = reader.next_frame() {
                assert_eq!(frame.at.file(), FileId(5));
            }
            assert_eq!((reader.packets(), reader.bytes()), (3, file.len() as u64));
        }
    }
}

#[test]
fn reads_an_empty_capture() {
    assert_eq!(read(&pcap(&[])), (vec![], None));
    assert_eq!(read(&pcapng(&[])), (vec![], None));
    assert_eq!(read(&Bytes::new(BE).section().out), (vec![], None));
}

#[test]
fn reads_sections_of_either_byte_order_and_their_interfaces() {
    let third = &three()[2];
    let little = Bytes::new(LE)
        .section()
        .interface(1, &[])
        .interface(113, &Bytes::new(LE).option(9, &[9]).option(0, &[]).out)
        .enhanced(0, 5, third)
        .enhanced(1, 5, third);
    let big = Bytes::new(BE)
        .section()
        .interface(276, &Bytes::new(BE).option(2, b"eth0").option(9, &[3]).out)
        .enhanced(0, 5, third);
    let file = [little.out, big.out].concat();
    let mut reader = Reader::new(&file[..]).unwrap();
    let mut seen = Vec::new();
    while let Some(frame) = reader.next_frame() {
        seen.push((frame.at.number(), frame.link.0, frame.time.nanos()));
    }
    assert_eq!(seen, [(1, 1, 5_000), (2, 113, 5), (3, 276, 5_000_000)]);
    assert_eq!(reader.links(), [LinkType(1), LinkType(113), LinkType(276)]);
}

#[test]
fn an_interface_belongs_to_its_section() {
    let packet = &three()[0];
    let file = Bytes::new(LE).section().interface(1, &[]).section().enhanced(0, 5, packet).out;
    let (packets, damage) = read(&file);
    assert_eq!(packets, []);
    let sentence = "damaged, packet 1 was captured on interface 0, which is not described, \
                    at byte 76; no packet was read before it";
    assert_eq!(damage.as_deref(), Some(sentence));
}

#[test]
fn applies_the_offset_of_an_interface_and_saturates() {
    let at = |resolution: u8, offset: i64, ticks: u64| {
        let options = Bytes::new(BE).option(14, &offset.to_be_bytes()).option(9, &[resolution]).out;
        let packet = Packet::new(0, b"x");
        let file = Bytes::new(BE).section().interface(1, &options).enhanced(0, ticks, &packet).out;
        read(&file).0[0].nanos
    };
    assert_eq!(at(6, 1_700_000_000, 7), 1_700_000_000_000_007_000);
    assert_eq!(at(9, -3, 1), -2_999_999_999);
    assert_eq!(at(0, i64::MAX, u64::MAX), i64::MAX);
    assert_eq!(at(0xff, i64::MIN, 0), i64::MIN + 1);
}

#[test]
fn reads_simple_and_obsolete_packets() {
    let simple = |bytes: &[u8]| Bytes::new(LE).u32(bytes.len() as u32).padded(bytes).out;
    let obsolete = Bytes::new(LE).u16(0).u16(3).u32(0).u32(9).u32(2).u32(40).padded(b"ob").out;
    let file = Bytes::new(LE)
        .section()
        .interface(1, &[])
        .block(3, &simple(b"before any time"))
        .block(2, &obsolete)
        .block(3, &simple(b"simple"))
        .out;
    let mut reader = Reader::new(&file[..]).unwrap();
    let mut seen = Vec::new();
    while let Some(frame) = reader.next_frame() {
        seen.push((frame.time.nanos(), frame.wire_len, frame.bytes.to_vec()));
    }
    let expected: [(i64, u32, &[u8]); 3] =
        [(0, 15, b"before any time"), (9_000, 40, b"ob"), (9_000, 6, b"simple")];
    assert_eq!(seen, expected.map(|(time, wire, bytes)| (time, wire, bytes.to_vec())));
    assert_eq!(reader.untimed(), 2);
}

#[test]
fn a_simple_packet_has_what_snapshot_length_and_block_leave_it() {
    let interface = Bytes::new(LE).u16(1).u16(0).u32(5).out;
    let packet = Bytes::new(LE).u32(900).padded(b"12345").out;
    let file = Bytes::new(LE).section().block(1, &interface).block(3, &packet).out;
    assert_eq!(read(&file).0[0], Packet { wire_len: 900, ..Packet::new(0, b"12345") });
}

#[test]
fn passes_over_every_other_block() {
    let mut file = Bytes::new(LE).section().interface(1, &[]);
    for kind in [4, 5, 10, 0x77, 0x8000_0001] {
        file = file.block(kind, &[kind as u8; 400]);
    }
    let file = file.enhanced(0, 5, &three()[0]).block(5, &[]).out;
    for size in [64, 4096] {
        let reader = Reader::with_options(&file[..], FileId(0), size).unwrap();
        let (packets, damage) = drain(reader);
        assert_eq!((packets.len(), damage), (1, None));
    }
}

#[test]
fn numbers_events_as_wireshark_does() {
    let packet = &three()[0];
    let mut file = Bytes::new(BE).section().interface(1, &[]).enhanced(0, 5, packet);
    for kind in [9, 0xbad, 5, 0x4000_0bad, 0x204] {
        file = file.block(kind, &[0; 40]);
    }
    let file = file.enhanced(0, 5, packet).out;
    let mut reader = Reader::new(&file[..]).unwrap();
    let mut numbers = Vec::new();
    while let Some(frame) = reader.next_frame() {
        numbers.push(frame.at.number());
    }
    assert_eq!((numbers, reader.packets()), (vec![1, 6], 2));
}

#[test]
fn tolerates_options_that_do_not_add_up_and_lengths_without_padding() {
    let options = Bytes::new(LE).u16(9).u16(4000).out;
    let mut file = Bytes::new(LE).section().interface(1, &options);
    let packet = Bytes::new(LE).u32(0).u32(0).u32(5).u32(3).u32(3).padded(b"odd").out;
    for trailer in [35, 36] {
        file = file.u32(6).u32(35).raw(&packet).u32(trailer);
    }
    assert_eq!(read(&file.out), (vec![Packet::new(5_000, b"odd"); 2], None));
}

#[test]
fn reads_the_same_packets_from_every_container() {
    let (pcap, pcapng) = (pcap(&three()), pcapng_as(BE, &three()));
    let members = [gzip(&pcap[..30]), gzip(&[]), gzip(&pcap[30..])].concat();
    let frames = [zstd(&pcapng[..30]), zstd(&pcapng[30..])].concat();
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4][..], &zstd(&pcap)].concat();
    let padded = [gzip(&pcap), vec![0; 512]].concat();
    for file in [&gzip(&pcap), &gzip(&pcapng), &zstd(&pcap), &members, &frames, &skippable, &padded]
    {
        assert_eq!(read(file), (three(), None));
    }
    assert_eq!(Reader::new(&skippable[..]).unwrap().compression(), Compression::Zstd);
    assert_eq!(Reader::new(&members[..]).unwrap().compression(), Compression::Gzip);
}

#[test]
fn reads_a_gzip_header_with_everything_in_it() {
    let plain = gzip(&pcap(&three()));
    let mut full = plain[..10].to_vec();
    full[3] = 0x1e;
    full.extend(b"\x03\0xyzname\0comment\0\x12\x34");
    full.extend(&plain[10..]);
    assert_eq!(read(&full), (three(), None));
}

#[test]
fn reads_a_stream_that_gives_a_byte_at_a_time_and_is_interrupted() {
    let (pcap, pcapng) = (pcap(&three()), pcapng(&three()));
    for file in [gzip(&pcap), zstd(&pcapng), pcap, pcapng] {
        for step in [1, 2, 3, 7] {
            let reader = Reader::new(Trickle::new(&file, step)).unwrap();
            assert_eq!(drain(reader), (three(), None));
        }
    }
}

#[test]
fn reads_packets_larger_than_the_buffer() {
    let large = Packet::new(5_000, &vec![0xab; 200_000]);
    let packets = [three(), vec![large], three()].concat();
    for file in [pcap(&packets), pcapng(&packets)] {
        let reader = Reader::with_options(&file[..], FileId(0), 100).unwrap();
        assert_eq!(drain(reader), (packets.clone(), None));
    }
}

fn packets() -> impl Strategy<Value = Vec<Packet>> {
    let packet =
        (0..4_000_000_000_000_000_i64, prop::collection::vec(any::<u8>(), 0..80), 0..9_u32)
            .prop_map(|(micros, bytes, cut)| {
                let mut packet = Packet::new(micros * 1_000, &bytes);
                packet.wire_len += cut;
                packet
            });
    prop::collection::vec(packet, 0..12)
}

/// Reads to the end whatever the bytes are, within bounds.
fn survives(bytes: &[u8]) -> Vec<Packet> {
    let Ok(mut reader) = Reader::with_options(bytes, FileId(0), 256) else { return Vec::new() };
    let mut packets = Vec::new();
    while let Some(frame) = reader.next_frame() {
        assert!(frame.bytes.len() <= 1 << 20);
        packets.push(Packet {
            nanos: frame.time.nanos(),
            bytes: frame.bytes.to_vec(),
            wire_len: frame.wire_len,
        });
    }
    assert!(reader.buffer.capacity() <= (2 * reader.bytes() as usize).max(256) + (1 << 17));
    packets
}

proptest! {
    #[test]
    fn any_container_gives_the_same_packets(packets in packets(), step in 1..50_usize) {
        let (pcap, pcapng) = (pcap_as(MODIFIED, BE, &packets), pcapng(&packets));
        for file in [gzip(&pcap), zstd(&pcapng), pcap, pcapng] {
            let reader = Reader::with_options(Trickle::new(&file, step), FileId(0), 64).unwrap();
            prop_assert_eq!(drain(reader), (packets.clone(), None));
        }
    }

    #[test]
    fn any_bytes_are_survived(start in 0..7_usize, tail in prop::collection::vec(any::<u8>(), 0..600)) {
        let starts = [
            vec![],
            pcap(&[]),
            pcap_as(NANO, BE, &[]),
            pcapng(&[]),
            pcapng_as(BE, &[]),
            vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0],
            vec![0x28, 0xb5, 0x2f, 0xfd],
        ];
        survives(&[&starts[start][..], &tail].concat());
    }

    #[test]
    fn a_change_leaves_the_packets_before_it(
        packets in packets(), kind in 0..2_usize, at in any::<prop::sample::Index>(), to in any::<u8>()
    ) {
        let packets = [packets, three()].concat();
        let write: fn(&[Packet]) -> Vec<u8> = [pcap, pcapng][kind];
        let head = write(&[]).len();
        let mut file = write(&packets);
        let at = head + at.index(file.len() - head);
        file[at] = to;
        let whole = (0..=packets.len()).rev().find(|&n| write(&packets[..n]).len() <= at).unwrap();
        prop_assert!(survives(&file).starts_with(&packets[..whole]));
    }

    #[test]
    fn mutated_compressed_captures_are_survived(
        packets in packets(), gz in any::<bool>(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
    ) {
        let mut file = if gz { gzip(&pcap(&packets)) } else { zstd(&pcapng(&packets)) };
        for (at, to) in changes {
            let at = at.index(file.len());
            file[at] = to;
        }
        survives(&file);
    }
}
