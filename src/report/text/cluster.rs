//! The cluster: its nodes, where they lost each other, and a row a DN.

use std::io;

use unicode_width::UnicodeWidthStr as _;

use super::layout::cell;
use super::page::{Ink, Page, WIDTH};
use super::when::Clock;
use crate::cluster::Cluster;
use crate::net::count;
use crate::registration::State;
use crate::report::View;
use crate::wording::cluster::{Row, belief, name, ordered, split, summary};

/// Rows shown unless all are asked for.
const ROWS: usize = 20;
/// The widest names of DNs and nodes.
const WIDEST: usize = 16;
/// The widest a registration is shown.
const BINDING: usize = 22;

pub(super) fn write(view: &View<'_>, clock: &Clock, page: &mut Page<'_>) -> io::Result<()> {
    let cluster = &Cluster::of(view.snapshot);
    if cluster.is_empty() {
        return Ok(());
    }
    page.title(&format!("Cluster: {}", summary(cluster)))?;
    nodes(view, cluster, page)?;
    for lost in &cluster.splits {
        let (mark, ink) = match lost.until {
            None => (page.glyphs.out_of_service, Ink::Bad),
            Some(_) => (page.glyphs.at_risk, Ink::Doubtful),
        };
        page.marked((mark, ink), &split(view.snapshot, cluster, lost, clock))?;
    }
    rows(view, cluster, clock, page)
}

/// The nodes with their addresses.
fn nodes(view: &View<'_>, cluster: &Cluster, page: &mut Page<'_>) -> io::Result<()> {
    for id in &cluster.nodes {
        let node = view.snapshot.nodes().get(id.place());
        let addresses = node.into_iter().flat_map(|node| node.addresses.iter().take(2));
        let mut parts: Vec<String> = addresses.map(ToString::to_string).collect();
        let files = node.map_or(0, |node| node.files.len() as u64);
        if files > 0 {
            parts.push(count(files, "file"));
        }
        page.paragraph("  ", &format!("{}: {}", name(view.snapshot, *id), parts.join(", ")))?;
    }
    Ok(())
}

fn rows(view: &View<'_>, cluster: &Cluster, clock: &Clock, page: &mut Page<'_>) -> io::Result<()> {
    let all = view.selection.is_all();
    let dns = ordered(cluster).into_iter();
    let dns: Vec<_> = dns.filter(|dn| all || view.selection.takes_name(&dn.name)).collect();
    let shown = if view.style.all { dns.len() } else { dns.len().min(ROWS) };
    let shown = dns.iter().take(shown);
    let rows: Vec<_> = shown.map(|dn| Row::new(view.snapshot, cluster, dn, clock)).collect();
    let names: Vec<&str> = cluster.nodes.iter().map(|id| name(view.snapshot, *id)).collect();
    let width = |title: &str, cell: &dyn Fn(&Row) -> usize, widest: usize| {
        rows.iter().map(cell).chain([title.width()]).max().unwrap_or(0).min(widest)
    };
    let dn = width("DN", &|row| row.name.width(), WIDEST);
    let owner = width("owner", &|row| row.owner.width(), WIDEST);
    let binding = width("registration", &|row| row.binding.width(), BINDING);
    let more = page.glyphs.more;
    let line = |[a, b, c]: [&str; 3], nodes: &[String], mark: &str| {
        let nodes = nodes.concat();
        format!(
            "  {}  {}  {}  {nodes}{mark}",
            cell(a, dn, more),
            cell(b, owner, more),
            cell(c, binding, more)
        )
    };
    // columns of nodes as far as there is room, and for the mark behind them
    let mut room = WIDTH.saturating_sub(dn + owner + binding + 8 + 11);
    let fitting = names.iter().map(|name| name.width().clamp(3, WIDEST)).take_while(|width| {
        let fits = room > *width;
        room = room.saturating_sub(width + 2);
        fits
    });
    let widths: Vec<usize> = fitting.collect();
    let column = |text: &str, width: usize| cell(text, width, more) + "  ";
    let titles: Vec<_> = names.iter().zip(&widths).map(|(name, w)| column(name, *w)).collect();
    let titles = line(["DN", "owner", "registration"], &titles, "");
    let titles = page.paint(Ink::Faint, titles.trim_end());
    page.line(&titles)?;
    for row in &rows {
        let states = row.beliefs.iter().zip(&widths);
        let states: Vec<_> = states
            .map(|(state, width)| {
                let text = column(belief(*state), *width);
                match state {
                    State::OutOfService => page.paint(Ink::Bad, &text),
                    State::Unknown => page.paint(Ink::Faint, &text),
                    State::InService => text,
                }
            })
            .collect();
        page.line(&line([&row.name, &row.owner, &row.binding], &states, row.mark))?;
    }
    if let Some(left) = dns.len().checked_sub(rows.len()).filter(|left| *left > 0) {
        page.line(&format!("  and {left} more (--all lists them)"))?;
    }
    if let Some(left) = names.len().checked_sub(widths.len()).filter(|left| *left > 0) {
        page.line(&format!("  {} without a column", count(left as u64, "node")))?;
    }
    if rows.iter().any(|row| row.beliefs.contains(&State::Unknown)) {
        page.paragraph("  ", UNKNOWN)?;
    }
    Ok(())
}

/// What a question mark means.
const UNKNOWN: &str = "?: nothing in the given files shows what this node believes of the DN; it is not out of service for that";
