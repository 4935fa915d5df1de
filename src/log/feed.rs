//! Reads the bytes of a log: when they are wanted, or ahead of that, in a thread of its own.
//!
//! Ahead, reading, decompressing and the search for keys take a third of the time that a log takes, beside the other
//! two thirds.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvError, Sender, SyncSender, channel, sync_channel};
use std::thread::Builder;

use super::key_search::KeySearch;

/// How much is read at once, in bytes.
const CHUNK: usize = 256 * 1024;
/// How many pieces may wait.
const WAITING: usize = 4;

/// Where the bytes of a log come from.
#[derive(Debug)]
pub(super) enum Feed<R> {
    /// The input itself.
    Direct(R),
    /// The thread that reads it.
    Ahead(Ahead),
    /// Nowhere any more.
    Ended,
}

/// What a thread has read.
#[derive(Debug)]
pub(super) struct Ahead {
    pieces: Receiver<io::Result<Piece>>,
    /// Where used buffers go.
    spare: Sender<Vec<u8>>,
}

/// Bytes of a log: whole lines, but for a last line without its end and for parts of an overlong one.
#[derive(Debug, Default)]
struct Piece {
    bytes: Vec<u8>,
    /// Where in them lines have keys, if they were searched.
    keys: Option<Vec<u64>>,
    is_last: bool,
}

impl<R: Read> Feed<R> {
    /// The bytes of `input`.
    pub(super) const fn new(input: R) -> Self {
        Self::Direct(input)
    }

    /// Appends to `buffer`: whether there was more, and where in it lines have keys, if that is known.
    pub(super) fn fill(&mut self, buffer: &mut Vec<u8>) -> io::Result<(bool, Option<Vec<u64>>)> {
        let ahead = match self {
            Self::Direct(input) => return Ok((read_some(input, buffer)? > 0, None)),
            Self::Ended => return Ok((false, None)),
            Self::Ahead(ahead) => ahead,
        };
        let piece = ahead
            .pieces
            .recv()
            .unwrap_or_else(|RecvError| Err(io::Error::other("the thread that reads it failed")));
        let mut piece = match piece {
            Ok(piece) if !piece.is_last => piece,
            ended => {
                *self = Self::Ended;
                let last = ended?;
                buffer.extend_from_slice(&last.bytes);
                return Ok((!last.bytes.is_empty(), None));
            }
        };
        if buffer.is_empty() {
            std::mem::swap(buffer, &mut piece.bytes);
        } else {
            buffer.extend_from_slice(&piece.bytes);
        }
        // the thread may have ended
        let _ = ahead.spare.send(piece.bytes);
        Ok((true, piece.keys))
    }
}

impl<R: Read + Send + 'static> Feed<R> {
    /// Reads on in a thread of its own, behind `begun`, the start of a line; `search` finds the keys in lines that
    /// `separator` ends.
    pub(super) fn read_ahead(
        &mut self,
        begun: Vec<u8>,
        separator: u8,
        search: Option<&'static KeySearch>,
    ) -> io::Result<()> {
        let Self::Direct(input) = std::mem::replace(self, Self::Ended) else { return Ok(()) };
        let (pieces, taken) = sync_channel(WAITING);
        let (spare, used) = channel();
        let mut reader = Reader { input, separator, search, pieces, used };
        Builder::new().name("log".to_owned()).spawn(move || reader.run(begun))?;
        *self = Self::Ahead(Ahead { pieces: taken, spare });
        Ok(())
    }
}

/// The thread that reads ahead.
struct Reader<R> {
    input: R,
    separator: u8,
    search: Option<&'static KeySearch>,
    pieces: SyncSender<io::Result<Piece>>,
    used: Receiver<Vec<u8>>,
}

impl<R: Read> Reader<R> {
    /// Reads until the end, an error, or until nobody takes what was read.
    fn run(&mut self, mut bytes: Vec<u8>) {
        loop {
            match read_some(&mut self.input, &mut bytes) {
                Ok(0) => {
                    let _ = self.pieces.send(Ok(Piece { bytes, keys: None, is_last: true }));
                    return;
                }
                Ok(_) => {}
                Err(error) => {
                    let whole = Piece { bytes, ..Piece::default() };
                    if self.pieces.send(Ok(whole)).is_ok() {
                        let _ = self.pieces.send(Err(error));
                    }
                    return;
                }
            }
            let whole = memchr::memrchr(self.separator, &bytes).map_or(0, |end| end + 1);
            if whole == 0 && bytes.len() < CHUNK {
                continue;
            }
            let mut rest = self.used.try_recv().unwrap_or_default();
            rest.clear();
            // of an overlong line even a part is handed on
            let end = if whole == 0 { bytes.len() } else { whole };
            rest.extend_from_slice(bytes.get(end..).unwrap_or_default());
            bytes.truncate(end);
            let keys = self.search.map(|search| {
                let mut keys = Vec::new();
                search.lines(bytes.get(..whole).unwrap_or_default(), self.separator, 0, &mut keys);
                keys
            });
            if self.pieces.send(Ok(Piece { bytes, keys, is_last: false })).is_err() {
                return;
            }
            bytes = rest;
        }
    }
}

/// Appends what the input gives at once; how many bytes that was, none at its end.
fn read_some(input: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let have = buffer.len();
    buffer.resize(have + CHUNK, 0);
    let read = loop {
        match input.read(buffer.get_mut(have..).unwrap_or_default()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other,
        }
    };
    buffer.truncate(have + *read.as_ref().unwrap_or(&0));
    read
}

#[cfg(test)]
mod tests {
    use super::super::lines::{Lines, MAX_LINE};
    use super::super::tables::Tables;
    use super::*;

    /// Gives a few bytes at a time, and an error at the end if it is to.
    struct Slow {
        bytes: Vec<u8>,
        at: usize,
        step: usize,
        fails: bool,
    }

    impl Read for Slow {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let rest = &self.bytes[self.at..];
            if rest.is_empty() && self.fails {
                return Err(io::Error::other("bad sector"));
            }
            let count = rest.len().min(self.step).min(room.len());
            room[..count].copy_from_slice(&rest[..count]);
            self.at += count;
            Ok(count)
        }
    }

    /// What is found: lines with their places, the bytes that were passed over without a key, and the error.
    #[derive(PartialEq, Eq, Default, Debug)]
    struct Found {
        lines: Vec<(u64, u64, Vec<u8>)>,
        cut: u64,
        error: Option<String>,
    }

    fn read(text: &[u8], head: usize, step: usize, fails: bool, ahead: bool) -> Found {
        let input = Slow { bytes: text[head..].to_vec(), at: 0, step, fails };
        let mut lines = Lines::new(text[..head].to_vec(), input, b'\n');
        if ahead {
            lines.read_ahead(Some(Tables::all().search())).unwrap();
        }
        let mut found = Found::default();
        loop {
            let clear = lines.without_key(Tables::all().search());
            let skip = memchr::memrchr(b'\n', clear).map_or(0, |end| end + 1);
            lines.skip(skip);
            match lines.next(true) {
                Ok(Some(line)) => {
                    let text = lines.text(&line).to_vec();
                    // a line without a key is taken where the bytes at hand end
                    if Tables::all().hits(&text).is_empty() && text.len() < MAX_LINE {
                        continue;
                    }
                    found.lines.push((line.at.line, line.at.offset, text));
                }
                Ok(None) => break,
                Err(error) => {
                    found.error = Some(error.to_string());
                    break;
                }
            }
        }
        found.cut = lines.cut;
        found
    }

    #[test]
    fn ahead_the_same_lines_are_found() {
        let mut text = Vec::new();
        for n in 0..2000 {
            match n % 50 {
                7 => text.extend_from_slice(b"REGISTER sip:pbx SIP/2.0 and SIP/2.0 again\r\n"),
                11 => text.extend_from_slice(b"\n\nSIP/2.0 200 OK\n"),
                13 if n == 1013 => {
                    text.extend_from_slice(b"SIP/2.0 ");
                    text.extend(vec![b'x'; 3 * CHUNK]);
                    text.extend_from_slice(b" SIP/2.0\nSIP/2.0 404 Not Found\n");
                }
                _ => text.extend_from_slice(format!("line {n} of no interest\n").as_bytes()),
            }
        }
        for end in ["SIP/2.0 486 Busy Here", "no end of line", ""] {
            let text = [&text, end.as_bytes()].concat();
            for (step, head) in [(1 << 20, 0), (1000, 5000), (1000, 5001), (CHUNK + 1, 5002)] {
                for fails in [false, true] {
                    let direct = read(&text, head, step, fails, false);
                    assert!(direct.lines.len() > 80 && direct.cut == 1);
                    assert_eq!(direct.error.is_some(), fails);
                    let ahead = read(&text, head, step, fails, true);
                    assert!(direct == ahead, "{end}, {step}, {head}, {fails}");
                }
            }
        }
    }

    #[test]
    fn a_thread_that_fails_is_no_end_of_the_log() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                panic!("as a defect would");
            }
        }
        let mut feed = Feed::new(Broken);
        feed.read_ahead(Vec::new(), b'\n', None).unwrap();
        assert!(feed.fill(&mut Vec::new()).unwrap_err().to_string().contains("failed"));
        assert!(!feed.fill(&mut Vec::new()).unwrap().0);
    }
}
