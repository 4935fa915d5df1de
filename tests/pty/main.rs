//! The real binary in a pseudo-terminal: a night's work with keys, and the terminal as it was before.

#![cfg(feature = "tui")]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod console;

mod ending;
mod journey;
#[cfg(all(feature = "live", target_os = "linux"))]
#[path = "../namespace/lab.rs"]
mod lab;
#[cfg(all(feature = "live", target_os = "linux"))]
mod live;
#[cfg(all(feature = "live", target_os = "linux"))]
#[path = "../namespace/mod.rs"]
mod namespace;
mod readme;
#[cfg(all(feature = "live", target_os = "linux"))]
mod registrar;
#[cfg(all(feature = "live", target_os = "linux"))]
mod stream;
