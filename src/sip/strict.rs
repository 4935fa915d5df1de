//! A strict parser's second opinion on a message that is already read.

use crate::net::escape_text;

use super::message::Message;

/// The longest reason handed on, in characters; parsers like to quote the whole message.
const MAX_REASON: usize = 200;

/// Why a strict parser (`rsip`, RFC 3261 §25) refuses the message as it is on the wire, in
/// words that are safe to show; `None` when it accepts it.
///
/// It decides nothing: it is an observation, and a refusal may be the parser's own limit.
#[must_use]
pub fn strict_conformance(message: &Message<'_>) -> Option<String> {
    let error = rsip::SipMessage::try_from(message.raw()).err()?;
    let reason = error.to_string();
    let short: String = reason.chars().take(MAX_REASON).collect();
    let ellipsis = if short.len() < reason.len() { "…" } else { "" };
    Some(format!("{}{ellipsis}", escape_text(&short)))
}
