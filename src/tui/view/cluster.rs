//! The screen Cluster: the nodes and their splits over time, a row a DN, the selected one in a paragraph.

use ratatui::layout::Rect;

use super::layout::{self, ClusterRegions, width};
use super::paper::Paper;
use super::service::Span;
use super::theme::Ink;
use crate::cluster::{Cluster, ClusterDn};
use crate::net::Timestamp;
use crate::registration::{Ground, NodeId, Snapshot, State as Service};
use crate::tui::state::State;
use crate::wording::cluster::{Row, belief, name, split, summary};

/// Slices in a line are of no use beyond this.
const MOST: u16 = 160;
/// The widest names of DNs and nodes.
const WIDEST: u16 = 16;
/// The widest a registration is shown.
const BINDING: u16 = 22;
/// Columns between two cells.
const GAP: u16 = 2;
/// Columns of the widest mark: `owned twice`.
const MARK: u16 = 11;

pub(super) fn draw(state: &State, paper: &mut Paper<'_>) {
    let regions = layout::cluster(state);
    head(state, regions.head, paper);
    let cluster = &state.data.cluster;
    let visible =
        state.cluster.cursor.visible(state.cluster.lines.len(), usize::from(regions.body.height));
    let snapshot = &state.data.snapshot;
    let rows: Vec<(usize, Row)> = visible
        .filter_map(|line| {
            let dn = cluster.dns.get(*state.cluster.lines.get(line)?)?;
            Some((line, Row::new(snapshot, cluster, dn, &state.clock)))
        })
        .collect();
    let columns = Columns::of(state, &rows, regions.body.width);
    titles(state, &columns, &regions, paper);
    for (y, (line, row)) in (0..).zip(&rows) {
        let area = Rect { y: regions.body.y + y, height: 1, ..regions.body };
        columns.draw(row, area, paper);
        if *line == state.cluster.cursor.selected {
            let style = paper.palette.selected();
            paper.over(area, style);
        }
    }
    about(state, regions.why, paper);
}

/// Widths of the columns: DN, owner, registration, and each node that there is room for.
struct Columns {
    first: [u16; 3],
    nodes: Vec<u16>,
}

impl Columns {
    fn of(state: &State, rows: &[(usize, Row)], room: u16) -> Self {
        let widest = |title: &str, text: &dyn Fn(&Row) -> u16, most: u16| {
            let cells = rows.iter().map(|(_, row)| text(row));
            cells.chain([width(title)]).max().unwrap_or(0).min(most)
        };
        let first = [
            widest("DN", &|row| width(&row.name), WIDEST),
            widest("Owner", &|row| width(&row.owner), WIDEST),
            widest("Registration", &|row| width(&row.binding), BINDING),
        ];
        let used = 2 + first.iter().sum::<u16>() + 3 * GAP + MARK;
        let mut left = room.saturating_sub(used);
        let mut nodes = Vec::new();
        for node in &state.data.cluster.nodes {
            let own = width(name(&state.data.snapshot, *node)).clamp(3, WIDEST);
            if left < own + GAP {
                break;
            }
            left -= own + GAP;
            nodes.push(own);
        }
        Self { first, nodes }
    }

    /// Where each column begins, with its width.
    fn places(&self) -> Vec<(u16, u16)> {
        let mut x = 2;
        let mut places = Vec::new();
        for width in self.first.iter().chain(&self.nodes) {
            places.push((x, *width));
            x += width + GAP;
        }
        places.push((x, MARK));
        places
    }

    fn draw(&self, row: &Row, area: Rect, paper: &mut Paper<'_>) {
        let states = row.beliefs.iter().take(self.nodes.len()).map(|state| {
            let ink = match state {
                Service::InService => Ink::Good,
                Service::OutOfService => Ink::Bad,
                Service::Unknown => Ink::Faint,
            };
            (belief(*state), Some(ink))
        });
        let cells = [
            (row.name.as_str(), Some(Ink::Title)),
            (row.owner.as_str(), None),
            (row.binding.as_str(), None),
        ];
        let cells = cells.into_iter().chain(states).chain([(row.mark, Some(Ink::Doubtful))]);
        for ((x, width), (text, ink)) in self.places().into_iter().zip(cells) {
            paper.put_cell(area, (x, 0), (text, false), width, ink);
        }
    }
}

fn titles(state: &State, columns: &Columns, regions: &ClusterRegions, paper: &mut Paper<'_>) {
    let snapshot = &state.data.snapshot;
    let nodes = state.data.cluster.nodes.iter().take(columns.nodes.len());
    let nodes = nodes.map(|node| name(snapshot, *node));
    let titles = ["DN", "Owner", "Registration"].into_iter().chain(nodes);
    for ((x, width), title) in columns.places().into_iter().zip(titles) {
        paper.put_cell(regions.titles, (x, 0), (title, false), width, Some(Ink::Heading));
    }
    let hidden = state.data.cluster.nodes.len() - columns.nodes.len();
    if hidden > 0 {
        let text = format!("+{hidden} nodes");
        paper.put_right(regions.titles, 0, &text, Some(Ink::Faint));
    }
}

/// How large the cluster is, and a bar for each node with its splits.
fn head(state: &State, area: Rect, paper: &mut Paper<'_>) {
    let cluster = &state.data.cluster;
    paper.put(area, (1, 0), &summary(cluster), Some(Ink::Title));
    let shown = usize::from(area.height.saturating_sub(2));
    let names = cluster.nodes.iter().take(shown).map(|id| name(&state.data.snapshot, *id));
    let label = names.map(width).max().unwrap_or(0).min(WIDEST);
    let snapshot = &state.data.snapshot;
    let Some((first, last)) = snapshot.span().filter(|_| shown > 0) else { return };
    let x = label + 3;
    let slices = area.width.saturating_sub(x + 1).min(MOST);
    if slices < 8 {
        return;
    }
    let span = Span::new(first, last, slices);
    for (y, node) in (1..).zip(cluster.nodes.iter().take(shown)) {
        let text = name(snapshot, *node);
        paper.put_cell(area, (1, y), (text, false), label, Some(Ink::Faint));
        for (at, look) in (0..).zip(bar(snapshot, cluster, *node, &span)) {
            let (mark, ink) = look.drawn(paper.glyphs.unicode);
            paper.put(area, (x + at, y), mark, Some(ink));
        }
    }
    let y = u16::try_from(cluster.nodes.len().min(shown)).unwrap_or(0) + 1;
    axis(state, Rect { x: area.x + x, width: slices, ..area }, y, [first, last], paper);
}

/// What is known of a node in a slice of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Look {
    Nothing,
    Seen,
    Split,
}

impl Look {
    const fn drawn(self, unicode: bool) -> (&'static str, Ink) {
        match (self, unicode) {
            (Self::Nothing, true) => ("·", Ink::Faint),
            (Self::Nothing, false) => (".", Ink::Faint),
            (Self::Seen, true) => ("━", Ink::Good),
            (Self::Seen, false) => ("=", Ink::Good),
            (Self::Split, true) => ("╳", Ink::Bad),
            (Self::Split, false) => ("x", Ink::Bad),
        }
    }
}

/// The slices of a node: split or not, between the first and the last that is seen of it.
fn bar(snapshot: &Snapshot, cluster: &Cluster, node: NodeId, span: &Span) -> Vec<Look> {
    let mut slices = vec![Look::Nothing; usize::from(span.slices)];
    let events = cluster.dns.iter().flat_map(ClusterDn::events);
    let times = events.filter(|event| event.node == node).filter_map(|event| event.time.known());
    // its logs and captures go on behind the last that they show of a DN
    let files = snapshot.nodes().get(node.place()).map(|node| node.files.as_slice());
    let files = files.unwrap_or_default();
    let covered = snapshot.coverage().iter();
    let covered =
        covered.filter(|input| input.is_log && input.files.iter().any(|f| files.contains(f)));
    let times = times.chain(covered.flat_map(|input| [input.span.0, input.span.1]));
    let (first, last) = times.fold((None, None), |(first, last), time| {
        (first.into_iter().chain([time]).min(), last.max(Some(time)))
    });
    let mut fill = |from: Timestamp, to: Timestamp, look: Look| {
        let (from, to) = (usize::from(span.slice(from)), usize::from(span.slice(to)));
        for slice in slices.iter_mut().take(to + 1).skip(from) {
            *slice = look;
        }
    };
    if let Some((first, last)) = first.zip(last) {
        fill(first, last, Look::Seen);
    }
    for split in cluster.splits.iter().filter(|split| split.between.contains(&node)) {
        fill(split.since, split.until.unwrap_or(Timestamp::MAX), Look::Split);
    }
    slices
}

/// When the bars begin and end, and what their marks mean between.
fn axis(state: &State, area: Rect, y: u16, [first, last]: [Timestamp; 2], paper: &mut Paper<'_>) {
    let from = state.clock.beside(first, last);
    let to = format!("{} {}", state.clock.beside(last, first), state.clock.zone(last));
    paper.put(area, (0, y), &from, Some(Ink::Faint));
    paper.put_right(area, y, &to, Some(Ink::Faint));
    let unicode = paper.glyphs.unicode;
    let mut legend = super::paper::Line::new();
    for (look, words) in
        [(Look::Seen, " seen  "), (Look::Split, " split  "), (Look::Nothing, " no data")]
    {
        let (mark, ink) = look.drawn(unicode);
        legend.push((mark.to_owned(), Some(ink)));
        legend.push((words.to_owned(), Some(Ink::Faint)));
    }
    let wide = u16::try_from(super::spans::width(&legend)).unwrap_or(u16::MAX);
    let room = area.width.saturating_sub(width(&from) + width(&to) + 4);
    if wide <= room {
        let start = width(&from) + 2 + (room - wide) / 2;
        paper.put_line(area, (start, y), &legend);
    }
}

/// The selected DN: what each node believes, since when and where that is, and the splits it is in.
fn about(state: &State, area: Rect, paper: &mut Paper<'_>) {
    let (data, cluster) = (&state.data, &state.data.cluster);
    let place = state.cluster.selected().filter(|_| area.height > 1);
    let Some((place, dn)) = place.and_then(|place| Some((place, cluster.dns.get(place)?))) else {
        return;
    };
    let inside = paper.pane(area);
    let row = Row::new(&data.snapshot, cluster, dn, &state.clock);
    paper.put(inside, (0, 0), &row.name, Some(Ink::Title));
    let mut y = 1;
    for split in cluster.splits.iter().filter(|split| split.dns().any(|dn| dn == place)) {
        let words = self::split(&data.snapshot, cluster, split, &state.clock);
        let ink = if split.until.is_none() { Ink::Bad } else { Ink::Doubtful };
        y = paper.paragraph(inside, y, 2, &format!("{words}."), Some(ink));
    }
    for (node, own) in cluster.beliefs(dn) {
        let node = name(&data.snapshot, node);
        let words = match own.state {
            Service::InService => "in service",
            Service::OutOfService => "out of service",
            Service::Unknown => "nothing given shows what it believes",
        };
        let since = own.since.and_then(Timestamp::known);
        let since = since.map(|at| format!(" since {}", state.clock.precise(at)));
        let from = match own.ground {
            Ground::Statement => "stated",
            Ground::Answer => "by its answer",
            Ground::Grant => "by its own grant",
        };
        let shown = own.at.map(|at| format!(", {from} ({})", data.frame_name(at)));
        let text =
            format!("{node}: {words}{}{}", since.unwrap_or_default(), shown.unwrap_or_default());
        y = paper.paragraph(inside, y, 2, &text, None);
    }
}
