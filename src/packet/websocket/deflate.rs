//! Inflates compressed WebSocket messages (RFC 7692 §7.2), each against those before it.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

/// How far back a message may refer (RFC 1951 §2); smaller windows, if agreed on, lie within.
const WINDOW: usize = 32 << 10;
/// What the sender leaves out of the end of every message (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Why a message cannot be inflated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Failure {
    /// It grows beyond the limit.
    TooLong,
    /// It refers to bytes that were not captured, or is not compressed data.
    Unreadable,
}

/// What was sent in one direction so far, as far as messages may refer to it.
///
/// An end that agreed not to carry it over from message to message refers to none of it; so what was
/// agreed need not be known.
#[derive(Debug, Default)]
pub(super) struct Context {
    history: Vec<u8>,
}

impl Context {
    /// Forgets what was sent: the next message follows bytes that are not known.
    pub(super) fn forget(&mut self) {
        self.history = Vec::new();
    }

    pub(super) fn held(&self) -> usize {
        self.history.len()
    }

    /// The text of a whole message, of at most `limit` bytes.
    pub(super) fn inflate(
        &mut self,
        compressed: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Vec<u8>, Failure> {
        compressed.extend_from_slice(&TAIL);
        let inflated = inflate(&self.history, compressed, limit)
            .and_then(|(text, whole)| if whole { Ok(text) } else { Err(Failure::Unreadable) });
        match &inflated {
            Ok(text) => self.remember(text),
            // what it would have left behind is not known
            Err(_) => self.forget(),
        }
        inflated
    }

    /// As much of the text as the first bytes of a message give.
    pub(super) fn inflate_start(&self, compressed: &[u8], limit: usize) -> Vec<u8> {
        inflate(&self.history, compressed, limit).map(|(text, _)| text).unwrap_or_default()
    }

    fn remember(&mut self, text: &[u8]) {
        let fresh = text.get(text.len().saturating_sub(WINDOW)..).unwrap_or_default();
        let old = (self.history.len() + fresh.len()).saturating_sub(WINDOW);
        self.history.drain(..old);
        self.history.extend_from_slice(fresh);
    }
}

/// The first `length` bytes of the text of a message that refers to none before it.
pub(super) fn begins(compressed: &[u8], length: usize) -> Option<Vec<u8>> {
    match run(&[], compressed, length) {
        (TINFLStatus::Failed, _) => None,
        (_, text) => Some(text),
    }
}

/// The text, and whether the compressed bytes ended where a message may.
fn inflate(history: &[u8], compressed: &[u8], limit: usize) -> Result<(Vec<u8>, bool), Failure> {
    // one byte more distinguishes a text that is too long from one that fits
    let (status, text) = run(history, compressed, limit + 1);
    if text.len() > limit {
        return Err(Failure::TooLong);
    }
    match status {
        TINFLStatus::Done | TINFLStatus::NeedsMoreInput => Ok((text, true)),
        _ => Ok((text, false)),
    }
}

/// Inflates until the input ends, `limit` bytes are out, or something is wrong.
fn run(history: &[u8], mut compressed: &[u8], limit: usize) -> (TINFLStatus, Vec<u8>) {
    // without wrapping, a reference to bytes before the history fails
    const FLAGS: u32 = inflate_flags::TINFL_FLAG_HAS_MORE_INPUT
        | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut out = history.to_vec();
    out.resize(history.len() + limit, 0);
    let mut place = history.len();
    let status = loop {
        let mut inflater = DecompressorOxide::new();
        let (status, read, written) = decompress(&mut inflater, compressed, &mut out, place, FLAGS);
        place += written;
        compressed = compressed.get(read..).unwrap_or_default();
        // a sender may end the stream and begin another within a message (RFC 7692 §7.2.3.4)
        if status != TINFLStatus::Done || compressed.is_empty() {
            break status;
        }
    };
    out.truncate(place);
    out.drain(..history.len());
    (status, out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compress, Compression, FlushCompress};

    const LIMIT: usize = 1 << 16;

    /// Compresses as RFC 7692 §7.2.1 says.
    fn deflate(with: &mut Compress, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + 1000);
        with.compress_vec(text, &mut out, FlushCompress::Sync).unwrap();
        assert!(out.ends_with(&TAIL));
        out.truncate(out.len() - TAIL.len());
        out
    }

    fn texts() -> Vec<Vec<u8>> {
        let text = |n| format!("REGISTER sip:a SIP/2.0\r\nCSeq: {n} REGISTER\r\nX: {}\r\n", n * n);
        (0..3000).map(|n| text(n).into_bytes()).collect()
    }

    /// The examples of RFC 7692 §7.2.3.1, §7.2.3.2, §7.2.3.3, §7.2.3.4 and §7.2.3.5.
    #[test]
    fn examples_of_the_rfc() {
        let mut context = Context::default();
        let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        assert_eq!(context.inflate(&mut hello.to_vec(), LIMIT).unwrap(), b"Hello");
        let mut again = vec![0xf2, 0x00, 0x11, 0x00, 0x00];
        assert_eq!(context.inflate(&mut again, LIMIT).unwrap(), b"Hello");
        let cases: [(&str, &[u8]); 3] = [
            ("no compression", &[0x00, 0x05, 0, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]),
            ("BFINAL", &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
            ("two blocks", &[0xf2, 0x48, 0x05, 0, 0, 0, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00]),
        ];
        for (name, bytes) in cases {
            let text = Context::default().inflate(&mut bytes.to_vec(), LIMIT);
            assert_eq!(text.as_deref(), Ok(&b"Hello"[..]), "{name}");
        }
    }

    #[test]
    fn context_is_carried_over_and_bounded() {
        let mut sender = Compress::new(Compression::default(), false);
        let mut context = Context::default();
        let mut sent = 0;
        for text in texts() {
            let mut compressed = deflate(&mut sender, &text);
            sent += compressed.len();
            assert_eq!(context.inflate(&mut compressed, LIMIT).unwrap(), text);
            assert!(context.held() <= WINDOW);
        }
        assert!(sent < 3000 * 40, "the sender did not refer to what it sent before: {sent}");
    }

    #[test]
    fn what_refers_to_unknown_bytes_is_not_guessed() {
        let mut sender = Compress::new(Compression::default(), false);
        let texts = texts();
        deflate(&mut sender, &texts[0]);
        let mut second = deflate(&mut sender, &texts[1]);
        assert_eq!(begins(&second, 8), None);
        let mut context = Context::default();
        assert_eq!(context.inflate(&mut second, LIMIT), Err(Failure::Unreadable));
        sender.reset();
        assert_eq!(context.inflate(&mut deflate(&mut sender, &texts[2]), LIMIT).unwrap(), texts[2]);
    }

    #[test]
    fn bombs_are_not_inflated() {
        let mut sender = Compress::new(Compression::best(), false);
        let mut bomb = deflate(&mut sender, &vec![b'x'; 10 << 20]);
        assert!(bomb.len() < 20_000);
        let mut context = Context::default();
        assert_eq!(context.inflate(&mut bomb, LIMIT), Err(Failure::TooLong));
        assert_eq!(context.held(), 0);
        sender.reset();
        let mut fits = deflate(&mut sender, &vec![b'x'; LIMIT]);
        assert_eq!(context.inflate(&mut fits, LIMIT).unwrap().len(), LIMIT);
    }

    #[test]
    fn starts_of_messages() {
        let mut sender = Compress::new(Compression::default(), false);
        let text = texts().concat();
        let compressed = deflate(&mut sender, &text);
        assert_eq!(begins(&compressed[..400], 20).unwrap(), text[..20]);
        let start = Context::default().inflate_start(&compressed[..900], LIMIT);
        assert!(start.len() > 500 && text.starts_with(&start), "{}", start.len());
    }
}
