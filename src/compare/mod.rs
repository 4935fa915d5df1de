//! Finds the attributes that separate failing DNs from working ones, and how two DNs differ.
//!
//! ```text
//!  snapshot ─▶ facts ─▶ table ─▶ measure ─▶ contrast ─▶ groups, combinations,
//!              of a DN  codes    separation  ranked      what does not separate
//! ```
//!
//! [`contrast()`] compares working with failing DNs, [`contrast_of`] any two [`Cohorts`], which a
//! [`Filter`] can select. [`pair`] puts two DNs side by side, [`raw`] two messages.
//!
//! **The measure** is Youden's J (sensitivity + specificity − 1, 0 to 1) of a rule tried on DNs it
//! was not made with: leave-one-out for values, cross-validation for thresholds (`measure`). It
//! weighs 3 failing DNs as much as 2000 working ones, gives nothing to a value per DN, and is 1
//! only when every DN is judged right by the others. How often chance alone would do as well is
//! Fisher's exact test, Freeman and Halton's for several values and Smirnov's for thresholds, with
//! Holm's correction for the number of attributes (`stats`). Two against two can never convince:
//! such a difference is still shown, and called a small sample.

mod atom;
mod attribute;
mod bits;
mod codes;
mod cohort;
mod combine;
mod contrast;
mod extra;
mod facts;
mod filter;
mod holds;
mod lists;
mod measure;
mod model;
mod needle;
pub mod pair;
mod params;
mod part;
pub mod raw;
mod relabel;
mod said;
pub mod search;
mod stats;
mod table;

pub use atom::Value;
pub use attribute::{ATTRIBUTES, Attribute, Kind};
pub use cohort::Cohorts;
pub use contrast::{contrast, contrast_of};
pub use extra::extra;
pub use filter::{Advice, Choice, Completion, Filter, FilterError, complete, filter_fields};
pub use model::{
    Combination, Common, Condition, Contrast, Counted, Finding, Group, Leading, Share, Side,
    Strength, Support, ValueList,
};
pub use needle::Needle;
pub use said::SaidLine;

#[cfg(test)]
pub(crate) mod tests;
