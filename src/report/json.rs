//! The report as one JSON object, written as it is made: no list is ever held in memory.

use std::io::{self, Write};

use super::View;
use super::model::Report;

/// Writes the report and a line end.
pub fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Report::new(view)).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
