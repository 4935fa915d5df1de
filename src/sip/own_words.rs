//! Quotes what a server says in its own words: a phrase that is not the standard one, and the texts
//! of the headers that explain a response.

use super::header::HeaderName;
use super::message::Message;
use super::reason::reason_phrase;
use super::scan::{list_items, trim, unfold};
use crate::net::escape_bytes;

/// The longest text that is kept of one header.
const LONGEST: usize = 120;
/// The most texts that are kept of one response.
const MOST: usize = 4;

/// A status code with its phrase: `403 Forbidden`, and `403 "No such line"` where the phrase is the
/// server's own.
#[must_use]
pub fn status_phrase(code: u16, phrase: Option<&[u8]>) -> String {
    match phrase {
        Some(own) if is_own_phrase(code, own) => {
            let start = own.get(..LONGEST).unwrap_or(own);
            let cut = if start.len() < own.len() { "…" } else { "" };
            format!("{code} \"{}{cut}\"", escape_bytes(start).replace('"', "'"))
        }
        _ => format!("{code} {}", reason_phrase(code)).trim_end().to_owned(),
    }
}

/// Whether a phrase is the server's own: neither the registered one nor one of RFC 2543 or of the
/// usual misspellings.
#[must_use]
pub fn is_own_phrase(code: u16, phrase: &[u8]) -> bool {
    let letters = |text: &[u8]| {
        let letters = text.iter().filter(|byte| byte.is_ascii_alphanumeric());
        letters.map(u8::to_ascii_lowercase).collect::<Vec<_>>()
    };
    let own = letters(phrase);
    let other: &[u8] = match code {
        401 => b"unauthorised",
        414 => b"requesturitoolarge",
        480 => b"temporarilynotavailable",
        481 => b"calllegtransactiondoesnotexist",
        500 => b"internalservererror",
        501 => b"notsupported",
        503 => b"servicenotavailable",
        603 => b"declined",
        _ => b"",
    };
    // a phrase of other scripts has no such letters
    let is_empty = trim(phrase).is_empty();
    !is_empty && own != letters(reason_phrase(code).as_bytes()) && (own.is_empty() || own != other)
}

impl Message<'_> {
    /// What the headers of a response say in words, each with its header's name: `Warning "text",
    /// Reason "text"`; empty for most. Of warnings only those of 399 (RFC 3261 §20.43), for the
    /// other codes concern session descriptions.
    #[must_use]
    pub fn own_words(&self) -> Vec<u8> {
        let mut all = Vec::new();
        let mut count = 0;
        let mut note = |id: HeaderName, text: Option<&[u8]>| {
            let text = text.filter(|_| count < MOST);
            count += usize::from(text.is_some());
            if let Some(text) = text {
                add(&mut all, id, text);
            }
        };
        for (id, read) in [(HeaderName::Warning, warning as Read), (HeaderName::Reason, reason)] {
            self.all(id).flat_map(list_items).take(2 * MOST).for_each(|one| note(id, read(one)));
        }
        for id in [HeaderName::PRegistrarError, HeaderName::ErrorInfo] {
            self.all(id).take(MOST).for_each(|value| note(id, whole(value)));
        }
        all
    }
}

/// Where in a header its text is.
type Read = for<'t> fn(&'t [u8]) -> Option<&'t [u8]>;

fn whole(value: &[u8]) -> Option<&[u8]> {
    Some(trim(value)).filter(|value| !value.is_empty())
}

/// `399 host "text"` (RFC 3261 §20.43).
fn warning(value: &[u8]) -> Option<&[u8]> {
    let rest = trim(value).strip_prefix(b"399")?;
    quoted(rest).or_else(|| whole(rest))
}

/// `SIP;cause=403;text="text"` (RFC 3326 §2); the whole value where it has no text.
fn reason(value: &[u8]) -> Option<&[u8]> {
    const TEXT: &[u8] = b"text=";
    let at = value.windows(TEXT.len()).position(|part| part.eq_ignore_ascii_case(TEXT));
    let text = at.and_then(|at| value.get(at + TEXT.len()..));
    match text {
        Some(text) if text.first() == Some(&b'"') => quoted(text),
        Some(text) => text.split(|byte| *byte == b';').next().and_then(whole),
        None => whole(value),
    }
}

/// What is between the first quotation mark and the next that is not escaped, or the end.
fn quoted(text: &[u8]) -> Option<&[u8]> {
    let start = text.iter().position(|byte| *byte == b'"')? + 1;
    let inside = text.get(start..)?;
    let mut escaped = false;
    let end = inside.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    inside.get(..end.unwrap_or(inside.len())).filter(|text| !trim(text).is_empty())
}

/// Adds a text behind the name of its header, in quotation marks, its own ones replaced.
fn add(all: &mut Vec<u8>, id: HeaderName, text: &[u8]) {
    if !all.is_empty() {
        all.extend_from_slice(b", ");
    }
    all.extend_from_slice(id.canonical().unwrap_or_default().as_bytes());
    all.extend_from_slice(b" \"");
    let text = &*unfold(text);
    let start = text.get(..LONGEST).unwrap_or(text);
    all.extend(start.iter().map(|byte| if *byte == b'"' { b'\'' } else { *byte }));
    all.extend_from_slice(if start.len() < text.len() { "…\"".as_bytes() } else { b"\"" });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(headers: &str) -> String {
        let text = format!("SIP/2.0 403 Forbidden\r\n{headers}Content-Length: 0\r\n\r\n");
        let message = Message::parse(text.as_bytes(), false).unwrap();
        String::from_utf8(message.own_words()).unwrap()
    }

    #[test]
    fn texts_are_quoted_with_the_name_of_their_header() {
        for (headers, want) in [
            ("", ""),
            ("Warning: 399 a.example \"Suspended\"\r\n", "Warning \"Suspended\""),
            ("Warning: 399 a.example Suspended\r\n", "Warning \"a.example Suspended\""),
            ("Warning: 301 a.example \"No such protocol\"\r\n", ""),
            (
                "Warning: 301 a \"No\", 399 a \"one, two\"\r\nReason: SIP;cause=403;text=\"Barred\"\r\n",
                "Warning \"one, two\", Reason \"Barred\"",
            ),
            ("Reason: Q.850 ;cause=16\r\n", "Reason \"Q.850 ;cause=16\""),
            ("reason: SIP;TEXT=barred;cause=1\r\n", "Reason \"barred\""),
            ("Reason: SIP;text=\"\"\r\n", ""),
            ("P-Registrar-Error: offline\r\n", "P-Registrar-Error \"offline\""),
            ("Error-Info: <sip:e@a.example>\r\n", "Error-Info \"<sip:e@a.example>\""),
            ("Warning: 399 a \"say \\\"no\\\" \"\r\n", "Warning \"say \\'no\\' \""),
        ] {
            assert_eq!(words(headers), want, "{headers}");
        }
    }

    #[test]
    fn long_and_many_texts_are_bounded() {
        let long = "x".repeat(5000);
        let one = format!("P-Registrar-Error: {long}\r\n");
        assert!(words(&one).len() < 200 && words(&one).contains('…'));
        assert!(words(&one.repeat(500)).len() < 800);
    }

    #[test]
    fn only_a_phrase_of_its_own_is_quoted() {
        for (code, phrase, want) in [
            (403, "Forbidden", "403 Forbidden"),
            (403, "forbidden ", "403 Forbidden"),
            (408, "Request Time-out", "408 Request Timeout"),
            (480, "Temporarily not available", "480 Temporarily Unavailable"),
            (403, "", "403 Forbidden"),
            (403, "Forbidden (Bad auth)", "403 \"Forbidden (Bad auth)\""),
            (403, "say \"no\"", "403 \"say 'no'\""),
            (499, "", "499"),
            (499, "Own", "499 \"Own\""),
            (403, "\u{41d}\u{435}\u{442}", "403 \"\u{41d}\u{435}\u{442}\""),
            (403, "a\x1b[2J", "403 \"a\\u{1b}[2J\""),
        ] {
            assert_eq!(status_phrase(code, Some(phrase.as_bytes())), want, "{phrase}");
        }
        assert_eq!(status_phrase(404, None), "404 Not Found");
    }
}
