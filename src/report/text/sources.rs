//! How many DNs each source registers, and which sources scan.

use std::cmp::Reverse;
use std::io;

use super::layout::cell;
use super::page::{Ink, Page, WIDTH};
use crate::net::count;
use crate::net::escape_bytes;
use crate::registration::SourceState;
use crate::report::View;
use crate::wording::append;
use crate::wording::hosts::known_at;

/// Sources listed, at most: those with the most DNs out of service.
const LISTED: usize = 20;

pub(super) fn write(view: &View<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let (scanners, mut others): (Vec<_>, Vec<_>) = view.sources().partition(|s| s.scanner);
    if scanners.is_empty() && others.len() < 2 {
        return Ok(());
    }
    page.title("Sources")?;
    others.sort_by_key(|s| (Reverse(s.out_of_service), s.address));
    if !others.is_empty() {
        table(view, &others, page)?;
    }
    for scanner in &scanners {
        let totals = &scanner.totals;
        let (address, dns) = (scanner.address, count(totals.dns, "DN"));
        let mut text = format!("{address} scanned {dns}: {} attempts", totals.attempts);
        if totals.unknown_dn > 0 {
            append!(text, ", {} answered 404", totals.unknown_dn);
        }
        if let Some(agent) = totals.user_agents.iter().find_map(|&agent| view.snapshot.text(agent))
        {
            append!(text, ", User-Agent {}", escape_bytes(agent));
        }
        let mark = format!("{} ", page.glyphs.unknown);
        page.paragraph(&mark, &text)?;
    }
    if view.snapshot.collapsed > 0 {
        let dns = count(view.snapshot.collapsed as u64, "DN");
        page.paragraph("  ", &format!("{dns} that only scanners tried are not listed."))?;
    }
    Ok(())
}

fn table(view: &View<'_>, sources: &[&SourceState], page: &mut Page<'_>) -> io::Result<()> {
    let listed = || sources.iter().take(LISTED);
    let width = listed().map(|s| s.address.to_string().len()).max().unwrap_or(0).max(6);
    let titles = format!(
        "{:width$}  {:>6}  {:>10}  {:>6}  User-Agent",
        "source", "DNs", "in service", "out"
    );
    let titles = page.paint(Ink::Faint, &titles);
    page.line(&format!("  {titles}"))?;
    for source in listed() {
        let totals = &source.totals;
        let agent = totals.user_agents.iter().find_map(|&agent| view.snapshot.text(agent));
        let agent = agent.map(escape_bytes).unwrap_or_default();
        let line = format!(
            "  {:width$}  {:>6}  {:>10}  {:>6}  ",
            source.address.to_string(),
            totals.dns,
            source.in_service,
            source.out_of_service
        );
        let room = WIDTH.saturating_sub(line.len());
        let agent = cell(&agent, room, page.glyphs.more);
        page.line(&format!("{line}{agent}"))?;
        if let Some(words) = known_at(&view.capture.hosts, source.address) {
            page.hanging("    ", 2, &words)?;
        }
    }
    if let Some(more) = sources.len().checked_sub(LISTED + 1) {
        page.line(&format!("  and {} more", more + 1))?;
    }
    Ok(())
}
