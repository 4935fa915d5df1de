//! Masks secrets in the words of a log.

/// What precedes a secret.
const BEFORE: [&str; 9] = [
    "Challenge=\"",
    "Response=\"",
    "ReceivedHash=\"",
    "response=\"",
    "nonce=\"",
    "cnonce=\"",
    "password: ",
    "password=",
    "secret=",
];

/// `text` with every secret replaced by `***`.
#[must_use]
pub fn masked(text: &str) -> String {
    if !BEFORE.iter().any(|before| text.contains(before)) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, before)) = next(rest) {
        let (head, tail) = rest.split_at_checked(at + before.len()).unwrap_or((rest, ""));
        out.push_str(head);
        let quoted = before.ends_with('"');
        let end =
            tail.find(|c: char| if quoted { c == '"' } else { c.is_whitespace() || c == ',' });
        let end = end.unwrap_or(tail.len());
        if end > 0 {
            out.push_str("***");
        }
        rest = tail.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The next secret: the place of what precedes it.
fn next(text: &str) -> Option<(usize, &'static str)> {
    let found = BEFORE.iter().filter_map(|before| Some((text.find(before)?, *before)));
    found.min_by_key(|(at, before)| (*at, std::cmp::Reverse(before.len())))
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn secrets_are_masked_and_nothing_else() {
        let line =
            r#"AccountID="1001",Challenge="6f32cd89",Response="ab",ExpectedResponse="",X="1""#;
        let wanted = r#"AccountID="1001",Challenge="***",Response="***",ExpectedResponse="",X="1""#;
        assert_eq!(masked(line), wanted);
        assert_eq!(
            masked("sip.ua | password: hunter2 realm: x"),
            "sip.ua | password: *** realm: x"
        );
        assert_eq!(masked("Wrong password"), "Wrong password");
    }
}
