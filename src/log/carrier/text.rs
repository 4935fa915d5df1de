//! Undoes what people and programs do to a log that is pasted somewhere.

use super::{Carrier, contains, split, trim_start};

/// `> ` before the lines, as in mail.
pub(super) const QUOTE: Carrier = Carrier {
    name: "quote",
    share: 30,
    fits: |line| quoted(line).is_some(),
    undo: |line, out| {
        let Some(text) = quoted(line) else { return false };
        out.text.extend_from_slice(text);
        true
    },
    part: None,
};

/// `&lt; &gt; &amp;`, as in the source of a page.
pub(super) const ENTITIES: Carrier = Carrier {
    name: "entities",
    share: 1,
    fits: |line| contains(line, b"&lt;") || contains(line, b"&gt;"),
    undo: |line, out| {
        entities(line, &mut out.text);
        true
    },
    part: None,
};

/// `^M` at the end of the lines, as an editor shows a carriage return.
pub(super) const CARET: Carrier = Carrier {
    name: "caret-m",
    share: 10,
    fits: |line| line.ends_with(b"^M"),
    undo: |line, out| {
        let text = line.strip_suffix(b"^M");
        out.text.extend_from_slice(text.unwrap_or(line));
        true
    },
    part: None,
};

/// What follows one mark of quotation.
fn quoted(line: &[u8]) -> Option<&[u8]> {
    let text = trim_start(line).strip_prefix(b">")?;
    // an envelope of SIP Server ends with five of them, but none begins with one
    Some(text.strip_prefix(b" ").unwrap_or(text))
}

/// Appends `line` with its entities replaced.
fn entities(line: &[u8], out: &mut Vec<u8>) {
    const KNOWN: [(&[u8], u8); 6] = [
        (b"lt;", b'<'),
        (b"gt;", b'>'),
        (b"amp;", b'&'),
        (b"quot;", b'"'),
        (b"#39;", b'\''),
        (b"nbsp;", b' '),
    ];
    let mut rest = line;
    while let Some((before, after)) = split(rest, b'&') {
        out.extend_from_slice(before);
        if let Some((name, byte)) = KNOWN.iter().find(|(name, _)| after.starts_with(name)) {
            out.push(*byte);
            rest = after.get(name.len()..).unwrap_or_default();
        } else {
            out.push(b'&');
            rest = after;
        }
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::carrier::Undone;

    fn undo(carrier: &Carrier, line: &str) -> Option<String> {
        let mut out = Undone::default();
        let done = (carrier.undo)(line.as_bytes(), &mut out);
        done.then(|| String::from_utf8(out.text).unwrap())
    }

    #[test]
    fn pasted_text_is_undone() {
        assert_eq!(undo(&QUOTE, "> Via: x").unwrap(), "Via: x");
        assert_eq!(undo(&QUOTE, ">").unwrap(), "");
        assert_eq!(undo(&QUOTE, "Via: x"), None);
        assert_eq!(
            undo(&ENTITIES, "&lt;sip:a@b&gt;;x=1&amp;2 & co").unwrap(),
            "<sip:a@b>;x=1&2 & co"
        );
        assert_eq!(undo(&CARET, "Via: x^M").unwrap(), "Via: x");
    }
}
