//! Draws the state: one file for each region; drawing changes nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::state::overlay::Overlay;
use super::state::{Screen, State, Tab};
use paper::Paper;
use theme::Ink;

mod activity;
mod bar;
mod chooser;
mod cluster;
pub(super) mod compare;
mod completion;
pub(super) mod dn;
mod dns;
pub(super) mod findings;
pub(super) mod flow;
mod footer;
mod header;
pub(super) mod help;
mod hex;
mod ladder;
pub(super) mod layout;
pub(super) mod log;
pub(super) mod message;
pub(super) mod pair;
pub(super) mod paper;
pub(super) mod regions;
mod save;
mod service;
pub(super) mod sip;
mod sources;
pub(super) mod spans;
pub(super) mod statistics;
mod tabs;
pub(super) mod theme;
mod totals;
mod why;

/// Draws everything; returns the position of the text cursor, if anything is being typed.
pub(super) fn draw(state: &State, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let paper = &mut Paper::new(buffer, state.options.palette, state.glyphs());
    let (columns, rows) = state.size;
    let (least_columns, least_rows) = layout::LEAST;
    if columns < least_columns || rows < least_rows {
        let all = Rect::new(0, 0, columns, rows);
        let text = format!("regscope needs {least_columns} columns and {least_rows} lines");
        paper.paragraph(all, 0, 0, &text, Some(Ink::Title));
        return None;
    }
    let frame = layout::frame(state);
    header::draw(state, frame.header, paper);
    activity::draw(state, frame.activity, paper);
    tabs::draw(state, frame.tabs, paper);
    match state.stack.last() {
        Some(Screen::Dn(dn)) => dn::draw(state, dn, frame.body, paper),
        Some(Screen::Flow(flow)) => flow::draw(state, flow, frame.body, paper),
        Some(Screen::Log(log)) => log::draw(state, log, paper),
        Some(Screen::Message(message)) => message::draw(state, message, frame.body, paper),
        Some(Screen::Pair(pair)) => pair::draw(state, pair, frame.body, paper),
        None => match state.tab {
            Tab::Dns => dns::draw(state, paper),
            Tab::Compare => compare::draw(state, paper),
            Tab::Sources => sources::draw(state, paper),
            Tab::Findings => findings::draw(state, frame.body, paper),
            Tab::Statistics => statistics::draw(state, paper),
            Tab::Cluster => cluster::draw(state, paper),
        },
    }
    if let Some(Overlay::Prompt(prompt)) = &state.overlay {
        return Some(footer::prompt(state, prompt, frame.footer, paper));
    }
    footer::keys(state, frame.footer, paper);
    match &state.overlay {
        Some(Overlay::Help(top)) => help::draw(state, *top, paper),
        Some(Overlay::Columns(open)) => chooser::draw(state, open, paper),
        Some(Overlay::Save(open)) => return save::draw(state, open, paper),
        Some(Overlay::Prompt(_)) | None => {}
    }
    None
}
