//! Logs that grow, that were rotated, and parts of them read again.

use super::*;
use crate::log::{could_be_log, message_at};

/// A log of two exchanges of Asterisk.
fn log_text() -> String {
    let (request, answer) = (register("1001", "\r\n"), ok("1001", "\r\n"));
    let text = format!(
        "[Nov 30 12:00:01] VERBOSE[9] res_pjsip_logger.c: <--- Received SIP request ({} bytes) from UDP:192.0.2.101:5062 --->\n{request}\n\
         [Nov 30 12:00:01] VERBOSE[9] res_pjsip_logger.c: <--- Transmitting SIP response ({} bytes) to UDP:192.0.2.101:5062 --->\n{answer}\n",
        request.len(),
        answer.len()
    );
    text.repeat(2)
}

/// A file that ends where `have` says.
struct Growing {
    bytes: Vec<u8>,
    at: usize,
    have: std::rc::Rc<std::cell::Cell<usize>>,
}

impl std::io::Read for Growing {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let end = self.have.get().min(self.bytes.len());
        let count = room.len().min(end.saturating_sub(self.at));
        room[..count].copy_from_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[test]
fn a_growing_log_gives_every_message_once_whatever_the_steps() {
    let text = log_text();
    let first = text.find("[Nov 30").unwrap() + register("1001", "\r\n").len() + 140;
    for step in [1, 7, 100, 1000] {
        let have = std::rc::Rc::new(std::cell::Cell::new(first));
        let input = Growing { bytes: text.clone().into_bytes(), at: 0, have: have.clone() };
        let mut reader = LogReader::open(input, &settings()).unwrap();
        reader.follow(true);
        let mut found = Vec::new();
        loop {
            while let Some(item) = reader.next().unwrap() {
                if let Item::Message(message) = item {
                    found.push((message.at.line, message.cut, message.bytes.len()));
                }
            }
            if have.get() >= text.len() {
                break;
            }
            have.set(have.get() + step);
        }
        reader.follow(false);
        assert!(reader.next().unwrap().is_none());
        let lines: Vec<_> = found.iter().map(|(line, ..)| *line).collect();
        assert_eq!(lines, [2, 13, 25, 36], "steps of {step}");
        assert!(found.iter().all(|(_, cut, _)| !cut));
    }
}

#[test]
fn a_message_cut_by_a_rotation_is_put_together() {
    let text = log_text();
    let cut = text.find("CSeq: 1").unwrap();
    let (old, new) = text.split_at(cut);
    let mut reader = LogReader::open(old.as_bytes(), &settings()).unwrap();
    reader.follow(true);
    let mut log = Log::default();
    drain(&mut reader, &mut log);
    assert!(log.messages.is_empty());
    reader.continue_with(new.as_bytes()).unwrap();
    reader.follow(false);
    let first = reader.next().unwrap().is_some();
    assert_eq!((first, reader.part()), (true, 0));
    drain(&mut reader, &mut log);
    assert_eq!(log.messages.len(), 3);
    assert!(log.messages.iter().all(|m| !m.cut));
    assert_eq!(log.messages[0].line, 7);
}

#[test]
fn a_message_is_read_again_from_its_place() {
    let plain = log_text();
    let syslog: String = [
        format!("Nov 30 12:00:01 pbx1 x[1]: <--- Received SIP request (317 bytes) from UDP:192.0.2.101:5062 --->#012{}#012\n", register("1001", "#015#012")),
        "Nov 30 12:00:02 pbx1 x[1]: text\n".to_owned(),
    ]
    .concat();
    for text in [plain, syslog] {
        let log = read(&text);
        assert!(!log.messages.is_empty());
        for message in &log.messages {
            let from = usize::try_from(message.offset).unwrap();
            let again = message_at(&text.as_bytes()[from..], &log.profile).unwrap();
            assert_eq!(String::from_utf8(again).unwrap(), message.text);
        }
    }
}

#[test]
fn text_could_be_a_log_and_a_capture_could_not() {
    assert!(could_be_log(log_text().as_bytes()));
    assert!(could_be_log("Grüße\n".as_bytes()));
    assert!(could_be_log(b"\xff\xfeN\0o\0v\0"));
    assert!(!could_be_log(b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0"));
    assert!(!could_be_log(b""));
}
