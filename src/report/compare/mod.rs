//! Renders the attributes that separate failing from working DNs, and two DNs or messages side by side.

use crate::compare::Contrast;
use crate::wording::contrast::{
    both, condition, examples, labels, nothing_separates, one_sided, said, same, strength, support,
    values, verdict,
};

/// Lines of logs shown one by one.
const LINES: usize = 6;

/// The names of the sides, unless they are those that fail and those that work: attempts are counted by how they
/// ended then.
fn sides_of<'n>(contrast: &Contrast, names: &'n [String; 2]) -> Option<[&'n str; 2]> {
    let [failing, working] = names;
    let by_outcome = contrast.failing.outcome.is_some() || contrast.failing.label == "failing";
    (!by_outcome).then_some([failing, working])
}

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
