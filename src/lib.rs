//! regscope reads SIP registration traffic and says, for every DN, whether it is in service and why.
//!
//! Data flows one way:
//!
//! ```text
//!  source ──▶ packet, log ──▶ sip ──▶ registration ──▶ compare, diagnosis, cluster ──▶ report | tui
//!  bytes      payloads,     messages  transactions,    contrast, findings with       text json  screens
//!  + time     statements              attempts,        evidence, owners of DNs       ndjson csv
//!                                     bindings, DNs                                  markdown
//! ```
//!
//! `docs/ARCHITECTURE.md` is the map, with a page for each part.
//!
//! [`net`] holds the values every stage shares; [`app`] pumps from one stage to the next, so that
//! `source`, `packet` and `sip` know nothing of each other.

#[cfg(any(feature = "exec", feature = "webhook"))]
pub mod alert;
pub mod app;
pub mod capture;
pub mod cli;
pub mod cluster;
pub mod compare;
pub mod diagnosis;
pub mod hashing;
pub mod hep;
#[cfg(any(feature = "exec", feature = "webhook"))]
pub mod hook;
#[cfg(feature = "live")]
pub mod host;
pub mod log;
#[cfg(feature = "metrics")]
pub mod metrics;
pub mod net;
pub mod packet;
mod parallel;
#[cfg(feature = "live")]
pub mod privilege;
pub mod record;
pub mod registration;
pub mod report;
pub mod select;
pub mod sip;
pub mod source;
pub mod statistics;
#[cfg(feature = "tui")]
pub mod tui;
#[cfg(feature = "webhook")]
pub mod webhook;
mod wording;
