//! Renders what separates failing from working DNs, and two DNs or messages side by side.

use crate::wording::contrast::{
    both, condition, examples, labels, nothing_separates, one_sided, same, strength, support,
    values, verdict,
};

mod csv;
mod document;
mod json;
mod markdown;
mod pair;
mod pair_tables;
mod text;
mod view;

pub(super) use csv::line as csv_line;
pub use csv::write_csv;
pub use document::{write_json, write_pair_json};
pub use json::{ContrastJson, PairJson, RawPairJson};
pub use markdown::markdown;
pub use pair::pair_text;
pub use pair_tables::{pair_markdown, write_pair_csv};
pub use text::text;
pub use view::{PairView, RawMessage, SideView};

#[cfg(test)]
mod tests;
