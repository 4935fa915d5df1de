//! Removes what a terminal adds: colors, a prompt drawn again, a time before every line.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::Carrier;
use crate::log::stamp::Stamp;

/// `docker logs -t`, and the lines of a container runtime: `2026-11-30T12:00:00.123Z [stdout F ]`.
pub(super) const CONTAINER_TIME: Carrier = Carrier {
    name: "container-time",
    share: 90,
    fits: |line| container_time(line).is_some(),
    undo: |line, out| {
        let Some((stamp, text)) = container_time(line) else { return false };
        out.stamp = Some(stamp);
        out.text.extend_from_slice(text);
        true
    },
    part: None,
};

/// A time in brackets before every line: `[Nov 30 12:00:00] `.
pub(super) const TIME: Carrier = Carrier {
    name: "line-time",
    share: 95,
    fits: |line| bracketed(line).is_some(),
    undo: |line, out| {
        let Some((stamp, text)) = bracketed(line) else { return false };
        out.stamp = Some(stamp);
        out.text.extend_from_slice(text);
        true
    },
    part: None,
};

/// The stamp and the text of a line of a container.
fn container_time(line: &[u8]) -> Option<(Stamp, &[u8])> {
    let (stamp, length) = Stamp::parse(line)?;
    let is_iso = line.get(10) == Some(&b'T') && stamp.offset.is_some();
    let text = line.get(length..)?;
    let text = if text.is_empty() { text } else { text.strip_prefix(b" ")? };
    let tag = [&b"stdout F "[..], b"stderr F ", b"stdout P ", b"stderr P "];
    let tag = tag.iter().find(|tag| text.starts_with(tag)).map_or(0, |tag| tag.len());
    if is_iso { Some((stamp, text.get(tag..)?)) } else { None }
}

/// The stamp and the text of a line with a time in brackets before it.
fn bracketed(line: &[u8]) -> Option<(Stamp, &[u8])> {
    let (stamp, length) = Stamp::parse(line.strip_prefix(b"[")?)?;
    let text = line.get(length + 1..)?.strip_prefix(b"]")?;
    Some((stamp, text.strip_prefix(b" ").unwrap_or(text)))
}

/// Whether a terminal left something in the line.
pub(super) fn is_unclean(line: &[u8]) -> bool {
    memchr(0x1b, line).is_some()
}

/// The line as a terminal would show it: what was erased is gone, and so are colors.
pub(super) fn clean(line: &[u8]) -> Cow<'_, [u8]> {
    if !is_unclean(line) {
        return Cow::Borrowed(line);
    }
    let line = after_erasure(line);
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(escape) = memchr(0x1b, rest) {
        out.extend_from_slice(rest.get(..escape).unwrap_or_default());
        rest = rest.get(escape + sequence_length(rest, escape)..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    while out.last() == Some(&b'\r') {
        out.pop();
    }
    Cow::Owned(out)
}

/// What follows the last CR and erasure of the line.
fn after_erasure(line: &[u8]) -> &[u8] {
    let ends = [&b"\r\x1b[K"[..], b"\r\x1b[0K", b"\r\x1b[2K"];
    let last = ends.iter().filter_map(|end| Some(memmem::rfind(line, end)? + end.len())).max();
    last.and_then(|from| line.get(from..)).unwrap_or(line)
}

/// How long the control sequence at `escape` is: `ESC [`, parameters, a letter; or ESC and one byte.
fn sequence_length(text: &[u8], escape: usize) -> usize {
    if text.get(escape + 1) != Some(&b'[') {
        return 1;
    }
    let parameters = text.get(escape + 2..).unwrap_or_default();
    let length =
        parameters.iter().take(32).take_while(|byte| !(0x40..0x7f).contains(*byte)).count();
    3 + length
}

#[cfg(test)]
mod tests {
    use super::super::Undone;
    use super::*;

    #[test]
    fn colors_and_prompts_go() {
        for (line, shown) in [
            ("\x1b[33mtext\x1b[0m", "text"),
            ("\x1b[mrecv 359 bytes", "recv 359 bytes"),
            ("pbx1*CLI> \r\x1b[0K\x1b[1;30m    -- \x1b[0mAdded", "    -- Added"),
            ("\r\x1b[Kpbx1*CLI> \r\x1b[0K<--- Received", "<--- Received"),
            ("plain", "plain"),
            ("\x1b", ""),
        ] {
            assert_eq!(clean(line.as_bytes()).as_ref(), shown.as_bytes(), "{line:?}");
        }
    }

    fn undo(carrier: &Carrier, line: &str) -> Option<String> {
        let mut out = Undone::default();
        let done = (carrier.undo)(line.as_bytes(), &mut out);
        done.then(|| String::from_utf8(out.text).unwrap())
    }

    #[test]
    fn times_before_lines_go() {
        assert_eq!(undo(&TIME, "[Nov 22 00:08:11] Via: x").unwrap(), "Via: x");
        assert_eq!(undo(&TIME, "[Nov 22 00:08:11] ").unwrap(), "");
        assert_eq!(undo(&TIME, "[101] text"), None);
        let line = "2026-11-22T00:07:57.703306123Z stdout F Via: x";
        assert_eq!(undo(&CONTAINER_TIME, line).unwrap(), "Via: x");
        assert_eq!(undo(&CONTAINER_TIME, "2026-11-22T00:07:57 Trc 04120"), None);
    }
}
