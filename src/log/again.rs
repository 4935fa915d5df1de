//! Reads parts of a log again, by their places.

use std::io::{self, BufRead, BufReader, Read};

use super::Profile;
use super::carrier::Stack;
use super::framer::{Event, Framer, Line};
use super::lines::Lines;
use super::reader::for_each_line;
use super::start::start_line;
use super::tables::Tables;

/// The longest line that is shown.
const MAX_SHOWN: usize = 4096;

/// The message whose start line is in the first line of `bytes`; they are the log's from
/// [`Place::offset`](super::Place) on, and `profile` is the log's. A hundred kilobytes are enough of them.
#[must_use]
pub fn message_at(bytes: &[u8], profile: &Profile) -> Option<Vec<u8>> {
    let mut stack = Stack::named(&profile.carriers);
    let dialect = super::dialect::ALL.iter().position(|dialect| dialect.name == profile.dialect);
    let mut framer = Framer::new(Tables::all(), None, true);
    let mut lines = Lines::new(Vec::new(), bytes, b'\n');
    let mut events = Vec::new();
    let mut begun = false;
    while let Ok(Some(line)) = lines.next(true) {
        let Some(record) = stack.undo(line.at, lines.text(&line)) else { continue };
        for_each_line(&record, |line| {
            if begun {
                framer.line(line, &mut events);
            } else {
                begun = start_line(line.text, false).is_some() && framer.expect(dialect, line);
            }
        });
        if let Some(message) = take(&mut events) {
            return Some(message);
        }
    }
    if let Some(record) = stack.flush() {
        for_each_line(&record, |line: &Line<'_>| {
            if begun {
                framer.line(line, &mut events);
            } else {
                begun = start_line(line.text, false).is_some() && framer.expect(dialect, line);
            }
        });
    }
    framer.end(&mut events);
    take(&mut events)
}

/// The first message among what was found.
fn take(events: &mut Vec<Event>) -> Option<Vec<u8>> {
    events.drain(..).find_map(|event| match event {
        Event::Message(framed) => Some(framed.bytes),
        _ => None,
    })
}

/// The lines around line `line` of a log, `around` on each side, with their numbers; exact bytes, unescaped.
pub fn lines_around<R: Read>(input: R, line: u64, around: u64) -> io::Result<Vec<(u64, Vec<u8>)>> {
    let mut input = BufReader::new(input);
    let mut found = Vec::new();
    for number in 1..=line.saturating_add(around) {
        let keep = number.saturating_add(around) >= line;
        let mut text = Vec::new();
        if !read_line(&mut input, &mut text, keep)? {
            break;
        }
        if keep {
            found.push((number, text));
        }
    }
    Ok(found)
}

/// Reads a line, at most [`MAX_SHOWN`] bytes of it; `false` at the end.
fn read_line(input: &mut impl BufRead, text: &mut Vec<u8>, keep: bool) -> io::Result<bool> {
    let mut any = false;
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = memchr::memchr(b'\n', chunk);
        let line = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
        if keep {
            let room = MAX_SHOWN.saturating_sub(text.len()).min(line.len());
            text.extend_from_slice(line.get(..room).unwrap_or_default());
        }
        let used = line.len() + usize::from(end.is_some());
        input.consume(used);
        if end.is_some() {
            while text.last() == Some(&b'\r') {
                text.pop();
            }
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_lines_around_a_line() {
        let log = b"1\n2\r\n3\n4\n5";
        let found = lines_around(&log[..], 2, 1).unwrap();
        assert_eq!(found, [(1, b"1".to_vec()), (2, b"2".to_vec()), (3, b"3".to_vec())]);
        assert_eq!(lines_around(&log[..], 5, 1).unwrap().len(), 2);
    }
}
