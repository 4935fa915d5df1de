//! The screen: what it shows at three sizes, in text and styles, and what keys do.
#![cfg(feature = "tui")]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod fleet;
mod session;
mod statistics;

mod cluster;
mod compare;
mod dn;
mod dns;
mod eighty;
mod flow;
mod picture;
