//! Names by their first bytes the formats that are not read, and says how to make a capture of them.

/// What a file is that is no capture, as far as that shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Foreign {
    /// A capture format that Wireshark's tools convert.
    Capture(&'static str),
    /// Compressed; with the command that unpacks it.
    Compressed(&'static str, &'static str),
    /// Files in a file.
    Archive(&'static str),
    /// Text that was exported from a capture.
    Export(&'static str),
}

const FORMATS: [(&[u8], Foreign); 33] = [
    (b"RTSS", Foreign::Capture("Microsoft Network Monitor 1")),
    (b"GMBU", Foreign::Capture("Microsoft Network Monitor 2")),
    (b"TRSNIFF data", Foreign::Capture("DOS Sniffer")),
    (b"XCP\0", Foreign::Capture("Windows Sniffer")),
    (b"\x05VNF", Foreign::Capture("Visual Networks")),
    (b"\xaa\xaa\xaa\xaa", Foreign::Capture("Accellent 5Views")),
    (b"iptrace 1.0", Foreign::Capture("AIX iptrace")),
    (b"iptrace 2.0", Foreign::Capture("AIX iptrace")),
    (b"TR\0d", Foreign::Capture("HP-UX nettl")),
    (b"ObserverPktBuffe", Foreign::Capture("Network Instruments Observer")),
    (b"\0\0\x02\0\x12\x05\0\x10", Foreign::Capture("Tektronix K12")),
    (b"+---------+-----", Foreign::Capture("Tektronix K12 text")),
    (b"\x01\x10\x4c\0\x01", Foreign::Capture("Novell LANalyzer")),
    (b"\x7fver", Foreign::Capture("OmniPeek")),
    (b"\0\0\0\x01\0\0\0\0PACKETLOGGER", Foreign::Capture("PacketLogger")),
    (b"Session Transcript", Foreign::Capture("Catapult DCT2000")),
    (b"btsnoop\0", Foreign::Capture("Bluetooth snoop")),
    (b"\xb0\xb0\xb0\xb0", Foreign::Capture("NetScaler")),
    (b"EyeSDN", Foreign::Capture("EyeSDN")),
    (b"\xfd7zXZ\0", Foreign::Compressed("xz", "xz -d")),
    (b"BZh", Foreign::Compressed("bzip2", "bzip2 -d")),
    (b"\x04\x22\x4d\x18", Foreign::Compressed("lz4", "lz4 -d")),
    (b"\x1f\x9d", Foreign::Compressed("compress", "uncompress")),
    (b"\x89LZO", Foreign::Compressed("lzop", "lzop -d")),
    (b"7z\xbc\xaf\x27\x1c", Foreign::Archive("7z")),
    (b"Rar!", Foreign::Archive("rar")),
    (b"MSCF", Foreign::Archive("cab")),
    (b"Elf", Foreign::Export("Windows event log")),
    (b"<?xml", Foreign::Export("XML")),
    (b"<!DOCTYPE", Foreign::Export("HTML")),
    (b"<html", Foreign::Export("HTML")),
    (b"[\n  {", Foreign::Export("JSON")),
    (b"{\"", Foreign::Export("JSON")),
];

/// A sentence about a file that starts like this, if there is more to say than how it starts.
pub(in crate::source) fn sentence(first: &[u8]) -> Option<String> {
    let known = FORMATS.iter().find(|(start, _)| first.starts_with(start))?.1;
    Some(match known {
        Foreign::Capture(name) => format!(
            "a capture of {name}, a format that is not read; \"editcap -F pcap IN OUT\" converts it"
        ),
        Foreign::Compressed(name, unpack) => {
            format!("compressed with {name}, which is not read; unpack it with \"{unpack}\"")
        }
        Foreign::Archive(name) => format!("an archive ({name}); unpack it first"),
        Foreign::Export(name) => format!("{name}, not a capture of packets"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_named_with_what_helps() {
        let cases: [(&[u8], Option<&str>); 6] = [
            (
                b"GMBU\0\x02\x01\0",
                Some(
                    "a capture of Microsoft Network Monitor 2, a format that is not read; \
                     \"editcap -F pcap IN OUT\" converts it",
                ),
            ),
            (
                b"\xfd7zXZ\0\0",
                Some("compressed with xz, which is not read; unpack it with \"xz -d\""),
            ),
            (b"Rar!\x1a\x07", Some("an archive (rar); unpack it first")),
            (b"<?xml version", Some("XML, not a capture of packets")),
            (b"hello", None),
            (b"", None),
        ];
        for (first, expected) in cases {
            assert_eq!(sentence(first).as_deref(), expected);
        }
    }

    #[test]
    fn every_format_is_found_by_its_start() {
        for (start, foreign) in FORMATS {
            let found = FORMATS.iter().find(|(other, _)| start.starts_with(other));
            assert_eq!(found.map(|(_, known)| *known), Some(foreign), "{start:?}");
        }
    }
}
