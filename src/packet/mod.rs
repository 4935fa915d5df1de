//! Decodes link, tunnel, IP, fragments, UDP, TCP streams and HEP into payloads, keeping what stopped it.
//!
//! ```text
//!  frame ─▶ sieve ─▶ link ─▶ ip ─▶ udp, sctp ─▶ hep? ─▶ Datagram
//!            │drop    ▲      │ │    ├▶ tunnel ─┐
//!                     │      │ └▶ tcp ┄┄┄┄┄┄┄┄┼┄┄┄┄┄┄▶ Stream, Connection
//!                     │      │     └▶ websocket ───▶ Datagram
//!                     │      └▶ fragment      │
//!                     │      └▶ icmp ┄┄┄┄┄┄┄┄┄┼┄┄┄┄┄┄▶ Icmp
//!                     └───────────────────────┘
//! ```
//!
//! `tunnel` is also what `esp` finds not to be encrypted; `exported` units enter where their layer is.
//!
//! [`sieve()`] inspects the raw record and drops what cannot matter; [`Decoder`] does the rest and
//! counts in [`Stats`] whatever it could not use.

mod audiocodes;
mod decoder;
mod dns;
mod esp;
mod event;
mod exported;
mod field;
mod fragment;
mod hep;
mod icmp;
mod ip;
mod limits;
mod link;
mod meta;
mod payload;
mod pieces;
mod sctp;
mod sealed;
mod sieve;
mod stats;
mod tcp;
mod tls;
mod tunnel;
mod websocket;
mod wlan;

#[cfg(test)]
mod proptests;
#[cfg(test)]
mod testkit;

pub use decoder::Decoder;
pub use dns::{DnsKind, DnsLead, DnsMessage, DnsReply};
pub use event::{
    AgentEvent, ConnectionEvent, ConnectionKind, Event, IcmpError, IcmpKind, Seal, StreamChunk,
    TlsSign,
};
pub use hep::HepStats;
pub use limits::Limits;
pub use sieve::sieve;
pub use stats::{Stats, TlsStats, Undecoded};
pub use tls::{CertificateInfo, KeyLog, KeyLogCounts, TlsInfo, Unread, version_name};

/// Where events go.
type Sink<'s> = dyn FnMut(Event<'_>) + 's;
