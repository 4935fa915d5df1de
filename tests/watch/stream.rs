//! A capture that another program writes into standard input, read while it is written.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const INCIDENT: &str = "captures/incident/input.pcap";

/// The header of a pcap file, and its packets with their headers.
fn pieces(path: &str) -> Vec<Vec<u8>> {
    let bytes = fs::read(path).unwrap();
    let (header, mut rest) = bytes.split_at(24);
    let mut pieces = vec![header.to_vec()];
    while let Some(length) = rest.get(8..12) {
        let length = u32::from_le_bytes(length.try_into().unwrap()) as usize;
        let (packet, behind) = rest.split_at(16 + length);
        pieces.push(packet.to_vec());
        rest = behind;
    }
    pieces
}

/// A run that is fed by this test.
struct Fed {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Fed {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_regscope"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    fn feed(&mut self, pieces: &[Vec<u8>]) {
        self.input.write_all(&pieces.concat()).unwrap();
        self.input.flush().unwrap();
    }

    /// The next line of output; waits for it.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }

    fn interrupt(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    }

    /// Ends the input, then waits: the status, the rest of the output, and what was written on standard error.
    fn end(self) -> (Option<i32>, String, String) {
        let Self { mut child, input, mut output } = self;
        drop(input);
        let (mut rest, mut errors) = (String::new(), String::new());
        output.read_to_string(&mut rest).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (child.wait().unwrap().code(), rest, errors)
    }
}

#[test]
fn a_change_is_reported_while_the_capture_is_still_written() {
    let pieces = pieces(INCIDENT);
    for args in [&["watch", "-", "--utc"][..], &["watch", "-i", "-", "--utc", "--memory", "64M"]] {
        let mut watch = Fed::start(args);
        // two requests and their responses
        watch.feed(&pieces[..5]);
        let lines = [watch.line(), watch.line()];
        assert!(lines[0].contains("1002  new -> in service"), "{lines:?}");
        assert!(lines[1].contains("1003  new -> in service"), "{lines:?}");
        watch.feed(&pieces[5..]);
        let line = watch.line();
        assert!(line.contains("5001  new -> rejected 403 Forbidden"), "{line}");
        let (status, rest, errors) = watch.end();
        assert_eq!(status, Some(0), "{errors}");
        assert!(rest.contains("5008  new -> rejected 404 Not Found"), "{rest}");
        assert!(errors.contains("3 out of service (2 rejected 403, 1 rejected 404)"), "{errors}");
        assert!(errors.contains("watching standard input"), "{errors}");
        assert!(errors.contains("standard input ended"), "{errors}");
        assert!(errors.contains("26 packets, 26 SIP messages"), "{errors}");
    }
}

#[test]
fn an_interrupt_is_the_end_of_a_pipe_and_what_came_is_reported() {
    let pieces = pieces(INCIDENT);
    let mut watch = Fed::start(&["watch", "-"]);
    watch.feed(&pieces[..3]);
    watch.line();
    watch.interrupt();
    let mut rest = String::new();
    watch.output.read_to_string(&mut rest).unwrap();
    let (status, _, errors) = watch.end();
    assert_eq!(status, Some(0), "{errors}");
    assert!(errors.contains("1002"), "{errors}");

    let mut report = Fed::start(&["report", "-", "--utc"]);
    report.feed(&pieces[..7]);
    // nothing shows that it has read so far: it does within this time, or the test says less than it could
    std::thread::sleep(std::time::Duration::from_secs(2));
    report.interrupt();
    let mut rest = String::new();
    report.output.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("5001  rejected 403 Forbidden"), "{rest}");
    assert!(rest.contains("6 packets"), "{rest}");
    let (status, ..) = report.end();
    assert_eq!(status, Some(0));
}

#[test]
fn what_is_no_capture_is_said_in_a_sentence_and_a_cut_one_is_used() {
    let mut watch = Fed::start(&["watch", "-"]);
    watch.feed(&[b"no capture at all".to_vec()]);
    let (status, _, errors) = watch.end();
    assert_eq!(status, Some(3), "{errors}");
    assert!(errors.contains("standard input: not a capture file"), "{errors}");

    let mut all = pieces(INCIDENT);
    all.last_mut().unwrap().pop();
    let mut watch = Fed::start(&["watch", "-"]);
    watch.feed(&all);
    let (status, rest, errors) = watch.end();
    assert_eq!(status, Some(0), "{errors}");
    assert!(errors.contains("standard input ended: "), "{errors}");
    assert!(rest.contains("5008  new -> rejected 404"), "{rest}");
}

#[test]
fn a_filter_belongs_to_the_program_that_captures() {
    let (status, _, errors) = Fed::start(&["watch", "-i", "-", "--filter", "udp"]).end();
    assert_eq!(status, Some(2), "{errors}");
    assert!(errors.contains("--filter is for devices"), "{errors}");
}
