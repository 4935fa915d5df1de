//! DNs in service about which something is to be said.

use std::collections::BTreeMap;
use std::io;

use super::page::Page;
use super::words;
use crate::net::escape_bytes;
use crate::registration::{Flag, State};
use crate::report::View;

/// DNs named for one remark, at most.
const NAMED: usize = 40;

pub(super) fn write(view: &View<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let mut by_flag = BTreeMap::<Flag, (Vec<String>, usize)>::new();
    for dn in view.dns().filter(|dn| dn.state().verdict.state() == State::InService) {
        for flag in dn.state().flags.iter().filter(|&flag| words::is_trouble(flag)) {
            let (names, all) = by_flag.entry(flag).or_default();
            *all += 1;
            if names.len() < NAMED {
                names.push(escape_bytes(dn.name()).into_owned());
            }
        }
    }
    if by_flag.is_empty() {
        return Ok(());
    }
    page.title("In service, with remarks")?;
    for (flag, (names, all)) in by_flag {
        let more = match all - names.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let text = format!("{}: {}{more}", words::flag(flag), names.join(", "));
        page.paragraph(&format!("{} ", page.glyphs.bullet), &text)?;
    }
    Ok(())
}
