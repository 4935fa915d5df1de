//! Merges files, directories and pipes, whole and broken, as a user would name them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;

use super::testing::*;
use super::*;
use crate::net::{FileId, LinkType};

/// A directory of captures that goes away with the test.
struct Captures(tempfile::TempDir);

impl Captures {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let new = Self(tempfile::tempdir().unwrap());
        for (name, bytes) in files {
            let path = new.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        new
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn open(&self, names: &[&str]) -> Result<CaptureSet, SourceError> {
        self.open_with(names, OpenOptions::default())
    }

    fn open_with(&self, names: &[&str], options: OpenOptions) -> Result<CaptureSet, SourceError> {
        let inputs: Vec<_> = names.iter().map(|name| self.path(name)).collect();
        CaptureSet::open(&inputs, options)
    }

    /// A sentence without the directory's own path.
    fn short(&self, sentence: &impl ToString) -> String {
        sentence.to_string().replace(&format!("{}/", self.0.path().display()), "")
    }

    fn refusal(&self, names: &[&str]) -> String {
        self.short(&self.open(names).err().unwrap())
    }

    fn warnings(&self, set: &CaptureSet) -> Vec<String> {
        set.warnings().iter().map(|warning| self.short(warning)).collect()
    }
}

/// The order in which frames come: file, number, time.
fn order(set: &mut CaptureSet) -> Vec<(u16, u64, i64)> {
    let mut seen = Vec::new();
    while let Some(frame) = set.next_frame() {
        seen.push((frame.at.file().0, frame.at.number(), frame.time.nanos() / 1_000));
    }
    assert!(set.next_frame().is_none(), "the end is the end");
    seen
}

/// A capture with one packet at each of these microseconds.
fn at(micros: &[i64]) -> Vec<u8> {
    pcap(&micros.iter().map(|micros| Packet::new(micros * 1_000, b"frame")).collect::<Vec<_>>())
}

fn sparing() -> OpenOptions {
    OpenOptions { buffer_size: 64, files_kept_open: 0, ..OpenOptions::default() }
}

#[test]
fn a_set_can_move_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<CaptureSet>();
}

#[test]
fn merges_by_time_and_keeps_each_files_order() {
    let captures = Captures::new(&[
        ("a", &at(&[10, 40, 30, 50])),
        ("b", &gzip(&at(&[10, 20, 45]))),
        ("c", &zstd(&at(&[]))),
    ]);
    for options in [OpenOptions::default(), sparing()] {
        let mut set = captures.open_with(&["a", "b", "c"], options).unwrap();
        let merged =
            [(0, 1, 10), (1, 1, 10), (1, 2, 20), (0, 2, 40), (0, 3, 30), (1, 3, 45), (0, 4, 50)];
        assert_eq!(order(&mut set), merged);
        let packets: Vec<_> = set.files().iter().map(|file| file.packets).collect();
        assert_eq!(packets, [4, 3, 0]);
        assert_eq!(captures.warnings(&set), [""; 0]);
    }
}

#[test]
fn describes_its_files() {
    let (a, b) = (at(&[1, 2]), zstd(&pcapng(&three())));
    let captures = Captures::new(&[("a", &a), ("b.pcap", &b)]);
    let mut set = captures.open(&["a", "b.pcap"]).unwrap();
    order(&mut set);
    let [first, second] = set.files() else { panic!("two files") };
    assert_eq!((first.format, first.compression), (Format::Pcap, Compression::None));
    assert_eq!((second.format, second.compression), (Format::Pcapng, Compression::Zstd));
    assert_eq!((&second.path, &second.links), (&captures.path("b.pcap"), &vec![LinkType(1)]));
    assert_eq!((first.packets, first.bytes, first.size), (2, a.len() as u64, Some(a.len() as u64)));
    assert_eq!(second.size, Some(b.len() as u64));
    let total = (a.len() + b.len()) as u64;
    assert_eq!(set.progress(), Progress { bytes_read: total, total_bytes: Some(total) });
}

#[test]
fn reads_hundreds_of_files_without_keeping_them_open() {
    let micros = |i: i64| [i * 10, i * 10 + 5, i * 10 + 1_000];
    let files: Vec<_> = (0..300).map(|i| (format!("{i:03}"), at(&micros(i)))).collect();
    let files: Vec<_> = files.iter().map(|(name, file)| (name.as_str(), &file[..])).collect();
    let captures = Captures::new(&files);
    let descriptors = || fs::read_dir("/dev/fd").unwrap().count();
    let before = descriptors();
    let mut set = captures.open(&["."]).unwrap();
    assert_eq!(set.progress().bytes_read, 0);
    let (mut count, mut last, mut most) = (0, 0, 0);
    while let Some(frame) = set.next_frame() {
        assert!(frame.time.nanos() >= last);
        last = frame.time.nanos();
        count += 1;
        most = most.max(descriptors());
    }
    assert_eq!(count, 900);
    // Other tests of this process have their own files open meanwhile.
    assert!(most < before + 150, "{before} {most}");
    assert_eq!(Some(set.progress().bytes_read), set.progress().total_bytes);
}

#[test]
fn a_directory_gives_its_captures_by_name() {
    let captures = Captures::new(&[
        ("d/b", &at(&[1])),
        ("d/a/inner", &at(&[1])),
        ("d/a/deeper/still", &at(&[1])),
        ("d/c.txt", b"notes about the captures"),
        ("d/empty", b""),
        ("d/d", &gzip(b"no capture")),
    ]);
    let mut set = captures.open(&["d"]).unwrap();
    assert_eq!(order(&mut set).len(), 2);
    let names: Vec<_> =
        set.files().iter().map(|file| captures.short(&file.path.display())).collect();
    assert_eq!(names, ["d/a/inner", "d/b"]);
    let warning = "d: skipped 3 files in this directory: neither captures nor logs";
    assert_eq!(captures.warnings(&set), [warning]);
}

#[test]
fn says_which_input_cannot_be_read() {
    let captures = Captures::new(&[
        ("hello", b"hello w"),
        ("empty", b""),
        ("none/notes", b"notes"),
        ("secret", b"x"),
    ]);
    assert_eq!(captures.refusal(&["empty"]), "empty: empty file, not a capture");
    assert_eq!(captures.refusal(&["absent"]), "absent: no such file or directory");
    assert_eq!(captures.refusal(&["none"]), "none: no captures or logs in this directory");
    let hello = "hello: not a capture file (starts with \"hello w\")";
    assert_eq!(captures.refusal(&["hello"]), hello);
    let both = format!("{hello} (1 more could not be read either)");
    assert_eq!(captures.refusal(&["hello", "empty"]), both);
    assert_eq!(captures.refusal(&[]), "no input given");
    fs::set_permissions(captures.path("secret"), fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads everything.
    if fs::read(captures.path("secret")).is_err() {
        assert_eq!(captures.refusal(&["secret"]), "secret: permission denied");
    }
    let denied = InputError { path: "x\x1b".into(), reason: OpenError::PermissionDenied };
    assert_eq!(denied.to_string(), "x\\u{1b}: permission denied");
    let stdin = InputError { path: "-".into(), reason: OpenError::Empty(Compression::None) };
    assert_eq!(stdin.to_string(), "standard input: empty, not a capture");
}

#[test]
fn reads_on_beside_what_cannot_be_read() {
    let cut = &at(&[1, 2])[..60];
    let captures = Captures::new(&[("a", cut), ("b", b"hello w"), ("c", &at(&[5]))]);
    for options in [OpenOptions::default(), sparing()] {
        let mut set = captures.open_with(&["a", "b", "absent", "c"], options).unwrap();
        assert_eq!(order(&mut set), [(0, 1, 1), (1, 1, 5)]);
        let warnings = [
            "b: not a capture file (starts with \"hello w\")",
            "absent: no such file or directory",
            "a: cut in the middle of packet 2, at byte 45; the packet before it was read",
        ];
        assert_eq!(captures.warnings(&set), warnings);
        let last = &set.warnings()[2];
        assert_eq!((last.file, last.offset), (Some(FileId(0)), Some(45)));
        assert_eq!(Some(set.progress().bytes_read), set.progress().total_bytes);
    }
}

#[test]
fn says_when_a_waiting_file_was_replaced_or_vanished() {
    let long: Vec<_> = (0..500).collect();
    let captures = Captures::new(&[("a", &at(&long)), ("b", &at(&[600]))]);
    let mut set = captures.open_with(&["a", "b"], sparing()).unwrap();
    assert_eq!(set.next_frame().unwrap().at.number(), 1);
    fs::remove_file(captures.path("b")).unwrap();
    fs::write(captures.path("new"), at(&long)).unwrap();
    fs::rename(captures.path("new"), captures.path("a")).unwrap();
    order(&mut set);
    let [replaced, vanished] = &captures.warnings(&set)[..] else { panic!("two warnings") };
    let start = "a: read failed: the file was replaced while it was read, at byte ";
    assert!(replaced.starts_with(start), "{replaced}");
    assert_eq!(vanished, "b: no such file or directory");
}

#[test]
fn warns_of_packets_without_a_time() {
    let simple = Bytes::new(LE).u32(4).raw(b"abcd").out;
    let file = Bytes::new(LE).section().interface(1, &[]).block(3, &simple).out;
    let captures = Captures::new(&[("a", &file)]);
    let mut set = captures.open(&["a"]).unwrap();
    assert_eq!(order(&mut set), [(0, 1, 0)]);
    let sentence = "a: 1 packet without a time, counted at that of the packet before";
    assert_eq!(captures.warnings(&set), [sentence]);
}

#[test]
fn reads_a_named_pipe() {
    let captures = Captures::new(&[("a", &at(&[1, 3]))]);
    let pipe = captures.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for options in [OpenOptions::default(), sparing()] {
        let writer = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::write(pipe, gzip(&at(&[2, 4]))).unwrap()
        });
        let mut set = captures.open_with(&["a", "pipe"], options).unwrap();
        assert_eq!(order(&mut set), [(0, 1, 1), (1, 1, 2), (0, 2, 3), (1, 2, 4)]);
        assert_eq!(set.progress().total_bytes, None);
        writer.join().unwrap();
    }
}

#[test]
fn committed_seeds_are_read() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/capture_reader");
    let mut set = CaptureSet::open(&[seeds], OpenOptions::default()).unwrap();
    assert!(order(&mut set).len() >= 5);
}

proptest! {
    #[test]
    fn any_merge_has_every_packet_in_order(
        files in prop::collection::vec(prop::collection::vec(0..50_i64, 0..8), 1..5), one_by_one in any::<bool>()
    ) {
        let stored: Vec<_> =
            files.iter().enumerate().map(|(i, times)| (i.to_string(), at(times))).collect();
        let named: Vec<_> = stored.iter().map(|(name, file)| (name.as_str(), &file[..])).collect();
        let names: Vec<_> = named.iter().map(|(name, _)| *name).collect();
        let options = if one_by_one { sparing() } else { OpenOptions::default() };
        let seen = order(&mut Captures::new(&named).open_with(&names, options).unwrap());
        prop_assert_eq!(seen.len(), files.iter().map(Vec::len).sum::<usize>());
        for (i, times) in files.iter().enumerate() {
            let own: Vec<_> = seen.iter().filter(|s| s.0 == i as u16).map(|s| s.2).collect();
            prop_assert_eq!(&own, times);
        }
        if files.iter().all(|times| times.is_sorted()) {
            prop_assert!(seen.is_sorted_by_key(|&(file, number, time)| (time, file, number)));
        }
    }
}

#[test]
fn a_file_is_skimmed_up_to_where_another_is_due() {
    let captures = Captures::new(&[("a", &at(&[1, 2, 3, 5, 6, 7])), ("b", &at(&[4]))]);
    let mut set = captures.open(&["a", "b"]).unwrap();
    assert_eq!(set.skim(|_, _, _| true), 0, "there is no frame yet");
    assert_eq!(set.next_frame().map(|frame| frame.at.number()), Some(1));
    assert_eq!(set.skim(|_, _, _| true), 2);
    assert_eq!(order(&mut set), [(1, 1, 4), (0, 4, 5), (0, 5, 6), (0, 6, 7)]);
    assert_eq!(set.skim(|_, _, _| true), 0, "the end is the end");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_skimmed_would_have_been_lent(
        files in proptest::collection::vec(
            (proptest::collection::vec(0_u8..40, 0..30), 0_u8..5, 0_usize..40),
            1..4,
        ),
        dropped in proptest::collection::vec(any::<bool>(), 40),
        buffer_size in prop_oneof![Just(64_usize), Just(200), Just(BUFFER)],
        files_kept_open in 0_usize..4,
    ) {
        let named = files.iter().enumerate().map(|(number, (times, format, cut))| {
            let frame = |micros: &u8| {
                Packet::new(i64::from(*micros) * 1_000, &[number as u8, *format, *micros])
            };
            let packets: Vec<_> = times.iter().map(frame).collect();
            let mut bytes = match format {
                0 => pcap_as(NANO, true, &packets),
                1 => pcap_as(MODIFIED, false, &packets),
                2 => pcapng_as(true, &packets),
                3 => pcapng(&packets),
                _ => gzip(&pcap(&packets)),
            };
            // some files lack their end
            bytes.truncate(bytes.len() - if *cut < 20 { *cut } else { 0 });
            (format!("{number}"), bytes)
        });
        let named: Vec<_> = named.collect();
        let files: Vec<_> = named.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
        let names: Vec<_> = named.iter().map(|(name, _)| name.as_str()).collect();
        let captures = Captures::new(&files);
        let walk = |skims: bool| {
            let options = OpenOptions { buffer_size, files_kept_open, ..OpenOptions::default() };
            let Ok(mut set) = captures.open_with(&names, options) else { return Vec::new() };
            let mut seen = Vec::new();
            let mut refused: Option<Vec<u8>> = None;
            while let Some(frame) = set.next_frame() {
                assert!(refused.is_none_or(|bytes| bytes == frame.bytes), "another one was refused");
                refused = None;
                seen.push(format!("{} {:?}", frame.time.nanos(), frame.bytes));
                if skims {
                    let before = seen.len();
                    let passed = set.skim(|time, link, bytes| {
                        let drops = dropped[bytes[2] as usize];
                        if drops {
                            assert_eq!(link, LinkType(1));
                            seen.push(format!("{} {bytes:?}", time.nanos()));
                        } else {
                            refused = Some(bytes.to_vec());
                        }
                        drops
                    });
                    assert_eq!(passed as usize, seen.len() - before);
                }
            }
            seen.extend(set.files().iter().map(|file| format!("{file:?}")));
            seen.extend(captures.warnings(&set));
            seen
        };
        prop_assert_eq!(walk(true), walk(false));
    }
}

/// As large as the buffer usually is.
const BUFFER: usize = 256 << 10;
