//! The report as one JSON object, written as it is made: no list is ever held in memory.

use std::io::{self, Write};

use super::View;
use super::model;
use crate::registration::DnView;

/// DNs written at a time.
const PART: usize = 64;

/// Writes the report and a line end. DNs are put into words on every core and written in order.
pub fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&model::head(view)?)?;
    let dns: Vec<DnView<'_>> = view.dns().collect();
    model::write_parts(&dns, PART, out, |part| model::dns(view, part))?;
    model::write_tail(view, out)?;
    out.write_all(b"\n")
}
