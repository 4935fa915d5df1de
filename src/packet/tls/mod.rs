//! Opens TLS connections with the secrets of a key log, and reports what the others show.
//!
//! ```text
//!  bytes of two directions ─▶ side ─▶ record ┬▶ hello ─▶ session     what both agreed on
//!                              │              └▶ cipher ─▶ plaintext
//!                              └ search, behind a loss         ▲
//!                                        key log ─▶ schedule ──┘
//! ```

mod cbc;
mod certificate;
mod cipher;
mod connection;
mod hello;
mod info;
mod intake;
mod keylog;
mod record;
mod schedule;
mod search;
mod secret;
mod session;
mod side;
mod suite;

pub use info::{CertificateInfo, TlsInfo, Unread, version_name};
pub use keylog::{KeyLog, KeyLogCounts};

pub(super) use connection::{Connection, Outcome};
pub(super) use record::{looks_like_record, may_begin_record};
pub(super) use session::Lane;
pub(super) use side::Told;
