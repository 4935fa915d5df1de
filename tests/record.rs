//! What is recorded reads back: by this program, by Wireshark's tools, after a kill, on a full disk.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _, stdout};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use proptest::prelude::*;
use regscope::net::{FileId, Frame, FrameRef, LinkType, Timestamp};
use regscope::record::{Counts, News, PcapngWriter, Rotating, Rotation};
use regscope::source::{CaptureSet, OpenOptions};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Packet {
    nanos: i64,
    link: u32,
    file: u16,
    wire_len: u32,
    bytes: Vec<u8>,
}

impl Packet {
    fn frame(&self) -> Frame<'_> {
        Frame {
            time: Timestamp::from_nanos(self.nanos),
            link: LinkType(self.link),
            at: FrameRef::new(FileId(self.file), 0),
            wire_len: self.wire_len,
            bytes: &self.bytes,
        }
    }
}

/// All packets of these files as one trace, and the warnings.
fn read(files: &[PathBuf]) -> (Vec<Packet>, Vec<String>) {
    let mut set = CaptureSet::open(files, OpenOptions::default()).unwrap();
    let mut packets = Vec::new();
    while let Some(frame) = set.next_frame() {
        packets.push(Packet {
            nanos: frame.time.nanos(),
            link: frame.link.0,
            file: 0,
            wire_len: frame.wire_len,
            bytes: frame.bytes.to_vec(),
        });
    }
    (packets, set.warnings().iter().map(ToString::to_string).collect())
}

/// The pcapng files of a directory, in order of their names.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "pcapng"));
    files.sort();
    files
}

/// What a tool prints; nothing where it is not installed.
fn tool(name: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(name).args(args).env("TZ", "UTC").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Some(text)
}

fn packet() -> impl Strategy<Value = Packet> {
    // stamps farther apart are judged when they are read (`source/file/stamps.rs`)
    let nanos = 1_500_000_000_000_000_000..1_500_000_500_000_000_000_i64;
    let bytes = proptest::collection::vec(any::<u8>(), 0..1600);
    (nanos, 0..0x1_0000_u32, 0..3_u16, any::<u32>(), bytes).prop_map(
        |(nanos, link, file, wire_len, bytes)| Packet { nanos, link, file, wire_len, bytes },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_written_reads_back(
        packets in proptest::collection::vec((packet(), proptest::option::of(".{0,40}")), 0..60),
        name in ".{0,20}",
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.pcapng");
        let mut writer = PcapngWriter::new(fs::File::create(&path).unwrap());
        writer.name_source(FileId(1), &name);
        for (packet, comment) in &packets {
            writer.packet(&packet.frame(), comment.as_deref()).unwrap();
        }
        prop_assert_eq!(writer.packets(), packets.len() as u64);
        writer.finish().unwrap();
        let want: Vec<_> = packets.into_iter().map(|(p, _)| Packet { file: 0, ..p }).collect();
        prop_assert_eq!(read(&[path]), (want, Vec::new()));
    }

    #[test]
    fn a_ring_holds_the_same_packets_in_order(
        packets in proptest::collection::vec(packet(), 0..60),
        max_bytes in 1..5000_u64,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let rotation = Rotation { max_bytes: Some(max_bytes), ..Rotation::default() };
        let mut ring = Rotating::create(dir.path(), rotation, now()).unwrap();
        for packet in &packets {
            ring.packet(&packet.frame(), None);
        }
        let status = ring.finish();
        prop_assert_eq!((status.packets, status.lost), (packets.len() as u64, 0));
        let mut found = Vec::new();
        for file in files(dir.path()) {
            let size = fs::metadata(&file).unwrap().len();
            let (read, warnings) = read(&[file]);
            prop_assert!(warnings.is_empty());
            prop_assert!(read.len() < 2 || size <= max_bytes, "{size} bytes");
            found.extend(read);
        }
        let want: Vec<_> = packets.into_iter().map(|p| Packet { file: 0, ..p }).collect();
        prop_assert_eq!(found, want);
    }
}

fn now() -> Timestamp {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_parts(now.as_secs().cast_signed(), now.subsec_nanos().into())
}

/// An OPTIONS request as an Ethernet frame; the number is its time in milliseconds and in its text.
fn numbered(number: u64) -> Packet {
    let mut bytes = Vec::new();
    etherparse::PacketBuilder::ethernet2([2; 6], [4; 6])
        .ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64)
        .udp(5060, 5060)
        .write(
            &mut bytes,
            format!("OPTIONS sip:{number}@b SIP/2.0\r\nCall-ID: {number}\r\n\r\n").as_bytes(),
        )
        .unwrap();
    let nanos = 1_763_505_000_000_000_000 + number.cast_signed() * 1_000_000 + 7;
    Packet { nanos, link: 1, file: 0, wire_len: bytes.len() as u32, bytes }
}

#[test]
fn wireshark_reads_it_with_names_comments_and_counts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.pcapng");
    let mut writer = PcapngWriter::new(Vec::new());
    writer.name_source(FileId(0), "node-a.pcap");
    writer.name_source(FileId(1), "node-b\u{1b}[31m");
    writer.count(FileId(0), Counts { received: Some(1000), dropped: Some(5) });
    let (first, mut second) = (numbered(1), numbered(2));
    second.file = 1;
    second.wire_len += 40;
    writer.packet(&first.frame(), Some("first\r\n\u{1b}[2J")).unwrap();
    writer.packet(&second.frame(), None).unwrap();
    fs::write(&path, writer.finish().unwrap()).unwrap();
    let path = path.to_str().unwrap();
    let fields = [
        "frame.time_epoch",
        "frame.len",
        "frame.cap_len",
        "frame.interface_name",
        "sip.Method",
        "frame.comment",
    ];
    let fields = fields.iter().flat_map(|field| ["-e", field]);
    let args: Vec<_> =
        ["-n", "-r", path, "-T", "fields", "-E", "separator=|"].into_iter().chain(fields).collect();
    let Some(lines) = tool("tshark", &args) else { return };
    let lines: Vec<_> = lines.lines().collect();
    let length = first.bytes.len();
    assert_eq!(
        lines[0],
        format!(
            "1763505000.001000007|{length}|{length}|node-a.pcap|OPTIONS|first\\r\\n\\u{{1b}}[2J"
        )
    );
    assert!(
        lines[1].starts_with(&format!(
            "1763505000.002000007|{}|{length}|node-b\\u{{1b}}[31m|",
            length + 40
        )),
        "{}",
        lines[1]
    );
    let Some(info) = tool("capinfos", &[path]) else { return };
    for words in [
        "Number of packets:   2",
        "Capture application: regscope ",
        "Number of interfaces in file: 2",
        "Name = node-a.pcap",
        "Time precision = nanoseconds (9)",
        "Number of stat entries = 1",
        "(9)",
    ] {
        assert!(info.contains(words), "{words}: {info}");
    }
}

#[test]
fn the_oldest_files_go_and_only_those_it_made() {
    let dir = tempfile::tempdir().unwrap();
    let foreign = dir.path().join("regscope-20000101T000000Z-00001.pcapng");
    fs::write(&foreign, "somebody else's").unwrap();
    let rotation =
        Rotation { max_age: Some(Duration::from_secs(10)), keep: Some(3), ..Rotation::default() };
    let start = Timestamp::from_parts(1_763_505_000, 0);
    let mut ring = Rotating::create(dir.path(), rotation, start).unwrap();
    for second in 0..100_u32 {
        ring.tick(start.plus_secs(second));
        if second == 41 {
            // another file was moved over one of the ring
            let last = files(dir.path()).pop().unwrap();
            fs::remove_file(&last).unwrap();
            fs::write(&last, "not the recording").unwrap();
        }
        ring.packet(&numbered(second.into()).frame(), None);
        ring.tick(start.plus_secs(second));
        assert!(files(dir.path()).len() <= 3 + 2, "{second}");
    }
    let status = ring.finish();
    assert_eq!((status.files, status.deleted, status.undeleted, status.packets), (10, 6, 1, 100));
    let left = files(dir.path());
    assert_eq!(left.len(), 5);
    assert_eq!(fs::read_to_string(&foreign).unwrap(), "somebody else's");
    let (packets, warnings) = read(&left[2..]);
    assert_eq!(packets, (70..100).map(numbered).collect::<Vec<_>>());
    assert!(warnings.is_empty(), "{warnings:?}");
}

/// Records so many packets of a hundred bytes, with files of two.
fn ring_of(dir: &Path, packets: u64) -> regscope::record::Status {
    let rotation = Rotation { max_bytes: Some(700), keep: Some(3), ..Rotation::default() };
    let mut ring = Rotating::create(dir, rotation, now()).unwrap();
    for number in 0..packets {
        ring.packet(&numbered(number).frame(), None);
        ring.tick(now());
    }
    assert_eq!(ring.take_news(), []);
    ring.finish()
}

#[test]
fn a_ring_goes_on_with_the_files_of_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("regscope-notes.pcapng"), "").unwrap();
    let first = ring_of(dir.path(), 20);
    assert!(first.files > 3 && first.adopted == 0, "{first:?}");
    assert_eq!(files(dir.path()).len(), 4);
    // a start that records nothing deletes nothing
    let idle = ring_of(dir.path(), 0);
    assert_eq!((idle.adopted, idle.deleted, files(dir.path()).len()), (3, 0, 5));
    for _ in 0..3 {
        let again = ring_of(dir.path(), 20);
        assert!(again.adopted >= 3 && again.undeleted == 0, "{again:?}");
        assert_eq!(files(dir.path()).len(), 4);
    }
    assert!(dir.path().join("regscope-notes.pcapng").exists());
}

#[test]
fn a_recording_that_does_not_begin_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let rotation = Rotation { max_bytes: Some(700), keep: Some(3), ..Rotation::default() };
    Rotating::create(dir.path(), rotation, now()).unwrap().discard();
    assert_eq!(files(dir.path()), [""; 0].map(PathBuf::from));
    let mut ring = Rotating::create(dir.path(), rotation, now()).unwrap();
    ring.packet(&numbered(1).frame(), None);
    ring.tick(now());
    ring.discard();
    assert_eq!(files(dir.path()).len(), 1);
}

#[test]
fn a_file_that_is_there_is_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.pcapng");
    fs::write(&path, "precious").unwrap();
    let error = Rotating::create(&path, Rotation::default(), now()).err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    assert!(Rotating::create(&dir.path().join("no/x"), Rotation::default(), now()).is_err());
}

const CHILD: &str = "REGSCOPE_TEST_RECORDS_INTO";

/// Records, when the test runs itself as a child, a packet a millisecond until it is ended; prints after
/// each tick how many packets were handed over, and news.
#[test]
fn child() {
    let Some(target) = std::env::var_os(CHILD) else { return };
    let rotation = Rotation { max_bytes: Some(1 << 20), ..Rotation::default() };
    let mut ring = Rotating::create(Path::new(&target), rotation, now()).unwrap();
    let mut out = stdout();
    for number in 0_u64.. {
        ring.packet(&numbered(number).frame(), None);
        if number % 100 == 99 {
            ring.tick(now());
            let status = ring.status();
            let failing = status.failing.is_some();
            writeln!(out, "@ {} {} {} {failing}", number + 1, status.packets, status.lost).unwrap();
            for news in ring.take_news() {
                writeln!(
                    out,
                    "! {}",
                    if matches!(news, News::Failed { .. }) { "failed" } else { "recovered" }
                )
                .unwrap();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// This test program as a child that records into `target`, under a limit of so many KiB a file.
fn recorder(target: &Path, limit: &str) -> Child {
    let own = std::env::current_exe().unwrap();
    let script =
        format!("trap '' XFSZ; ulimit -S -f {limit}; exec \"$0\" --exact child --nocapture");
    let mut command = Command::new("bash");
    command.args(["-c", &script]).arg(own).env(CHILD, target);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_kill_in_the_middle_leaves_what_was_ticked() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = recorder(dir.path(), "unlimited");
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut ticked = 0;
    let until = Instant::now() + Duration::from_millis(1500);
    for line in lines.map_while(Result::ok) {
        if let Some(numbers) = line.strip_prefix("@ ") {
            ticked = numbers.split(' ').nth(1).unwrap().parse().unwrap();
        }
        if Instant::now() > until {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    let files = files(dir.path());
    assert!(files.len() > 1 && ticked > 1000, "{} files, {ticked} packets", files.len());
    let (packets, warnings) = read(&files);
    assert!(packets.len() >= ticked, "{} of {ticked}", packets.len());
    for (number, packet) in (0..).zip(&packets) {
        assert_eq!(*packet, numbered(number));
    }
    assert!(warnings.len() <= 1, "{warnings:?}");
    if warnings.is_empty() {
        let last = files.last().unwrap();
        let Some(info) = tool("capinfos", &["-Tmc", last.to_str().unwrap()]) else { return };
        assert!(info.contains("regscope-"), "{info}");
    }
}

#[test]
fn a_full_disk_is_told_once_and_writing_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    fs::create_dir(&path).unwrap();
    let mut child = recorder(&path, "100");
    let pid = child.id().to_string();
    let mut news = Vec::new();
    let mut last = (0, 0, false);
    let mut healed = None;
    let started = Instant::now();
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        if let Some(numbers) = line.strip_prefix("@ ") {
            let mut numbers = numbers.split(' ').skip(1);
            let mut number = || numbers.next().unwrap().parse::<u64>().unwrap();
            last = (number(), number(), line.ends_with("true"));
        } else if let Some(word) = line.strip_prefix("! ") {
            news.push(word.to_owned());
        }
        let whole = |files: &[PathBuf]| {
            let (packets, warnings) = read(files);
            assert_eq!((packets.len() as u64, warnings), (last.0, Vec::new()));
        };
        if last.2 && last.1 > 0 && healed.is_none() {
            // nothing is written meanwhile, so what is there has to be whole
            whole(&files(&path));
            let args = ["--pid", &pid, "--fsize=unlimited"];
            let Ok(limit) = Command::new("prlimit").args(args).status() else { break };
            assert!(limit.success());
            healed = Some(last.0);
        }
        if started.elapsed() > Duration::from_secs(20)
            || healed.is_some_and(|before| news.len() > 1 && last.0 > before + 1000)
        {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(news.first().map(String::as_str), Some("failed"));
    assert!(last.1 > 0, "{last:?}");
    if healed.is_some() {
        assert_eq!(news, ["failed", "recovered"]);
        let (packets, _) = read(&files(&path));
        assert!(packets.len() as u64 >= last.0);
        assert!(packets.is_sorted_by_key(|p| p.nanos), "in order, with a gap");
    }
}
