//! A screen for the tests of its regions: a state made of a snapshot, keys, and the text drawn.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::capture::Capture;
use crate::compare::contrast;
use crate::diagnosis::diagnose;
use crate::registration::Snapshot;
use crate::tui::data::Data;
use crate::tui::effect::{Effect, News};
use crate::tui::state::{Options, State};
use crate::tui::update::{Input, update};
use crate::tui::view::theme::Palette;

/// A screen of so many columns and lines that shows a snapshot.
pub(in crate::tui) fn screen(snapshot: Snapshot, size: (u16, u16), unicode: bool) -> State {
    let options = Options {
        zone: TimeZone::UTC,
        palette: Palette::Dark,
        unicode,
        columns: Vec::new(),
        filter: String::new(),
        title: "test".to_owned(),
        live: false,
    };
    let mut state = State::new(options, size);
    let (contrast, findings) = (contrast(&snapshot), diagnose(&snapshot));
    let data = Data::new(snapshot, Capture::default(), contrast, findings);
    update(&mut state, Input::News(News::Data(Arc::new(data))));
    update(&mut state, Input::News(News::Finished));
    state
}

/// Presses keys: characters, or names between angle brackets as in `2<Down><Enter>`.
pub(in crate::tui) fn press(state: &mut State, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let code = match named.and_then(|(name, _)| code(name)) {
            Some(code) => {
                rest = named.map_or("", |(_, after)| after);
                code
            }
            None => {
                rest = &rest[c.len_utf8()..];
                KeyCode::Char(c)
            }
        };
        effects.extend(update(state, Input::Key(KeyEvent::new(code, KeyModifiers::NONE))));
    }
    effects
}

fn code(name: &str) -> Option<KeyCode> {
    Some(match name {
        "Down" => KeyCode::Down,
        "Up" => KeyCode::Up,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "End" => KeyCode::End,
        "Home" => KeyCode::Home,
        "PgDn" => KeyCode::PageDown,
        name => KeyCode::F(name.strip_prefix('F')?.parse().ok()?),
    })
}

/// What is drawn, line by line, without the blanks at their ends.
pub(in crate::tui) fn text(state: &State) -> String {
    let (width, height) = state.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    super::draw(state, &mut buffer);
    let line = |y: u16| {
        let cells = (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        cells.trim_end().to_owned()
    };
    (0..height).map(line).collect::<Vec<_>>().join("\n")
}
