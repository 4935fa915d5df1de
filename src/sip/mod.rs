//! Finds and reads SIP messages in bytes from the wire, keeping order and spelling, and never
//! gives up on a bad header.
//!
//! Nothing here decides what a message means: a header is a span of the bytes it came in, and
//! each typed accessor reads its value when asked and answers `None` when the value makes no sense.
//!
//! - [`Message::parse`] reads one message, [`datagram`] all messages of a datagram, and
//!   [`StreamFramer`] those of one direction of a byte stream.
//! - [`strict_conformance`] asks a strict parser for a second opinion.

mod access;
mod addressee;
mod auth;
mod dn;
mod find;
mod framing;
mod header;
mod layout;
mod line_ends;
mod message;
mod name_addr;
mod own_words;
mod params;
mod reason;
mod scan;
mod start_line;
mod stream;
mod strict;
mod uri;
mod via;

#[cfg(test)]
mod tests;

pub use access::CSeq;
pub use addressee::Addressee;
pub use auth::{Challenge, Credentials};
pub use dn::{is_user_name_of, unescape};
pub use framing::{Datagram, datagram};
pub use header::HeaderName;
pub use layout::{Layout, Layouts};
pub use message::{HeaderPlace, HeaderRef, Message, Scratch};
pub use name_addr::{Contact, ContactParams, NameAddr, Outline};
pub use own_words::{is_own_phrase, status_phrase};
pub use params::Params;
pub use reason::reason_phrase;
pub use scan::unfold;
pub use start_line::{Method, StartLine};
pub use stream::{FramerStats, StreamFramer};
pub use strict::strict_conformance;
pub use uri::{Scheme, Uri, is_malformed_ipv6};
pub use via::{Via, ViaParams};
