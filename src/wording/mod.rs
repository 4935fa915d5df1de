//! Says verdicts, times, frames and differences in words: what reports and screens have in common.

/// Appends formatted text to a `String`, which cannot fail.
macro_rules! append {
    ($text:expr, $($args:tt)*) => {{
        use std::fmt::Write as _;
        let _ = write!($text, $($args)*);
    }};
}
pub(crate) use append;

pub(crate) mod cluster;
pub(crate) mod contrast;
pub(crate) mod device;
pub(crate) mod durations;
pub(crate) mod exchange;
pub(crate) mod filter;
pub(crate) mod glyphs;
pub(crate) mod hosts;
pub(crate) mod layout;
pub(crate) mod limits;
pub(crate) mod names;
pub(crate) mod route;
pub(crate) mod statistics;
pub(crate) mod steps;
pub(crate) mod when;
pub(crate) mod words;
