//! Lines that are JSON: of container engines, of journald, of Asterisk.

use serde_json::Value;

use super::{Carrier, Undone, contains, trim_start};
use crate::log::stamp::Stamp;

/// `{"log":"text\n","stream":"stdout","time":"…Z"}`.
pub(super) const DOCKER: Carrier = Carrier {
    name: "container-json",
    share: 50,
    fits: |line| is_object(line) && contains(line, br#""log":"#),
    undo: |line, out| {
        let Some(object) = object(line) else { return false };
        let Some(text) = object.get("log").and_then(text) else { return false };
        out.stamp = stamp(object.get("time"));
        append(&text, out);
        true
    },
    part: None,
};

/// `journalctl -o json`: `MESSAGE` is text, or an array of bytes where it is not UTF-8.
pub(super) const JOURNALD: Carrier = Carrier {
    name: "journald-json",
    share: 50,
    fits: |line| is_object(line) && contains(line, br#""MESSAGE""#),
    undo: |line, out| {
        let Some(object) = object(line) else { return false };
        let Some(text) = object.get("MESSAGE").and_then(text) else { return false };
        let micros = object.get("__REALTIME_TIMESTAMP").and_then(Value::as_str);
        let split =
            micros.and_then(|micros| micros.split_at_checked(micros.len().saturating_sub(6)));
        out.stamp =
            split.and_then(|(secs, micros)| Stamp::epoch(format!("{secs}.{micros}").as_bytes()));
        append(&text, out);
        true
    },
    part: None,
};

/// Asterisk's own: `{"timestamp":"…","logmsg":{"message":"text"}}`.
pub(super) const ASTERISK: Carrier = Carrier {
    name: "asterisk-json",
    share: 50,
    fits: |line| is_object(line) && contains(line, br#""logmsg""#),
    undo: |line, out| {
        let Some(object) = object(line) else { return false };
        let message = object.get("logmsg").and_then(|logmsg| logmsg.get("message"));
        let Some(text) = message.and_then(text) else { return false };
        out.stamp = stamp(object.get("timestamp"));
        append(&text, out);
        true
    },
    part: None,
};

/// Whether the line may be an object.
fn is_object(line: &[u8]) -> bool {
    trim_start(line).first() == Some(&b'{')
}

/// The object that the line is.
fn object(line: &[u8]) -> Option<Value> {
    if is_object(line) { serde_json::from_slice(line).ok() } else { None }
}

/// The bytes of a string, or of an array of bytes.
fn text(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.as_bytes().to_vec()),
        Value::Array(bytes) => {
            let bytes = bytes.iter().map(|byte| u8::try_from(byte.as_u64()?).ok());
            bytes.collect()
        }
        _ => None,
    }
}

/// The stamp that a value holds.
fn stamp(value: Option<&Value>) -> Option<Stamp> {
    Some(Stamp::parse(value?.as_str()?.as_bytes())?.0)
}

/// Appends the text without the line end behind it.
fn append(text: &[u8], out: &mut Undone) {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    out.text.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undo(carrier: &Carrier, line: &str) -> Option<(String, bool)> {
        let mut out = Undone::default();
        let done = (carrier.undo)(line.as_bytes(), &mut out);
        done.then(|| (String::from_utf8(out.text).unwrap(), out.stamp.is_some()))
    }

    #[test]
    fn objects_are_undone() {
        let docker =
            r#"{"log":"Via: \u003cx\u003e\r\n","stream":"stdout","time":"2026-11-22T00:07:57.7Z"}"#;
        assert_eq!(undo(&DOCKER, docker), Some(("Via: <x>".to_owned(), true)));
        let asterisk =
            r#"{"timestamp":"2026-11-30T12:53:40.216+0100","logmsg":{"message":"a\r\nb\n"}}"#;
        assert_eq!(undo(&ASTERISK, asterisk), Some(("a\r\nb".to_owned(), true)));
        let journald = r#"{"MESSAGE":[97,10,255],"__REALTIME_TIMESTAMP":"1796039366060337"}"#;
        let mut out = Undone::default();
        assert!((JOURNALD.undo)(journald.as_bytes(), &mut out));
        assert_eq!((out.text.as_slice(), out.stamp.unwrap().nanos), (&b"a\n\xff"[..], 60_337_000));
    }

    #[test]
    fn other_lines_are_left() {
        for line in ["{\"log\":1}", "{broken", "text", "{}"] {
            assert_eq!(undo(&DOCKER, line), None, "{line}");
        }
    }
}
