//! The screen Dn: its state and its service over time above, its details below.

use ratatui::layout::Rect;

use super::layout::width;
use super::paper::Paper;
use super::theme::{Ink, Palette};
use super::{regions as areas, service, spans};
use crate::net::escape_bytes;
use crate::registration::Flag;
use crate::tui::prose;
use crate::tui::state::State;
use crate::tui::state::dn::{Dn, Part};

pub(super) fn draw(state: &State, screen: &Dn, _area: Rect, paper: &mut Paper<'_>) {
    let [head, list] = regions(state, screen);
    draw_head(state, screen, head, paper);
    let visible = screen.cursor.visible(screen.lines.len(), usize::from(list.height));
    for (y, place) in (0..).zip(visible) {
        let Some(told) = screen.lines.get(place) else { continue };
        let area = Rect { y: list.y + y, height: 1, ..list };
        let line = spans::found(told.line.clone(), screen.search.text());
        paper.put_line(area, (1, 0), &line);
        if place == screen.cursor.selected {
            let style = paper.palette.selected();
            paper.over(area, style);
        }
    }
}

/// The head with the timeline, and the lines.
pub(in crate::tui) fn regions(state: &State, screen: &Dn) -> [Rect; 2] {
    let dn = state.data.find(&screen.name);
    areas::dn(state, dn.map_or(0, service::bars))
}

fn draw_head(state: &State, screen: &Dn, area: Rect, paper: &mut Paper<'_>) {
    let Some(dn) = state.data.find(&screen.name) else { return };
    let (mark, ink) =
        Palette::mark_of(dn.state().state(), dn.flags().contains(Flag::AtRisk), paper.glyphs);
    let x = paper.put(area, (1, 0), mark, Some(ink));
    let name = escape_bytes(dn.name());
    let x = paper.put(area, (x + 1, 0), &name, Some(Ink::Title));
    let x = paper.put(area, (x + 1, 0), &prose::dn::headline(&state.look(), dn), Some(ink));
    let route = prose::dn::route(dn, paper.glyphs.arrow);
    if area.height < 5 {
        if x + 2 + width(&route) <= area.width {
            paper.put(area, (x + 2, 0), &route, Some(Ink::Faint));
        }
        return;
    }
    paper.put(area, (3, 1), &route, Some(Ink::Faint));
    let last = area.height - 1;
    let bars = Rect { y: area.y + 2, height: last - 2, ..area };
    service::draw(state, dn, bars, paper);
    let line = paper.glyphs.rule;
    paper.rule(area, last, line, Some(Ink::Faint));
    let mut x = 2;
    for part in Part::ALL {
        let ink = if part == screen.part { Ink::Bar } else { Ink::Faint };
        x = paper.put(area, (x, last), &format!(" {} ", part.title()), Some(ink)) + 1;
    }
    let more = screen.lines.len().saturating_sub(screen.cursor.top);
    let hidden = more.saturating_sub(usize::from(regions(state, screen)[1].height));
    if hidden > 0 {
        let text = format!(" {hidden} more below ");
        let room = Rect { width: area.width.saturating_sub(2), ..area };
        paper.put_right(room, last, &text, Some(Ink::Faint));
    }
}
