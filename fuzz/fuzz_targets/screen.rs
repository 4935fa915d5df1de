//! Presses arbitrary keys on the screen of a capture and draws it after each, in terminals of any size.
#![no_main]

use std::path::Path;
use std::sync::{Arc, OnceLock};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use regscope::app::screen::read;
use regscope::cli::InputSettings;
use regscope::tui::{Data, Effect, News, Options, Palette, State};

/// Sizes of terminals, some of them absurd.
const SIZES: [(u16, u16); 8] =
    [(80, 24), (140, 40), (40, 10), (20, 5), (1, 1), (300, 3), (10, 100), (2, 2)];
/// Keys beyond letters, one for each byte from 0x80 on.
const KEYS: [KeyCode; 16] = [
    KeyCode::Enter,
    KeyCode::Esc,
    KeyCode::Tab,
    KeyCode::BackTab,
    KeyCode::Up,
    KeyCode::Down,
    KeyCode::Left,
    KeyCode::Right,
    KeyCode::PageUp,
    KeyCode::PageDown,
    KeyCode::Home,
    KeyCode::End,
    KeyCode::Backspace,
    KeyCode::Delete,
    KeyCode::F(2),
    KeyCode::F(5),
];

fn data() -> Arc<Data> {
    static DATA: OnceLock<Arc<Data>> = OnceLock::new();
    let make = || {
        let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../captures");
        let files = vec![captures.join("incident/input.pcap"), captures.join("tls-13/input.pcap")];
        let input = InputSettings { files, ..InputSettings::default() };
        Arc::new(read(&input).unwrap_or_else(|failure| panic!("{failure}")))
    };
    Arc::clone(DATA.get_or_init(make))
}

fn draw(state: &State, (columns, rows): (u16, u16)) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
    let _ = state.draw(&mut buffer);
}

fn mouse(byte: u8, (columns, rows): (u16, u16)) -> MouseEvent {
    let kind = match byte & 3 {
        0 => MouseEventKind::Down(MouseButton::Left),
        1 => MouseEventKind::ScrollDown,
        2 => MouseEventKind::ScrollUp,
        _ => MouseEventKind::Moved,
    };
    let part = u16::from(byte >> 2 & 7);
    let (column, row) = (columns * part / 7, rows * part / 7);
    MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }
}

fuzz_target!(|bytes: &[u8]| {
    let [first, keys @ ..] = bytes else { return };
    let mut size = SIZES[usize::from(first % 8)];
    let options = Options {
        zone: TimeZone::UTC,
        palette: Palette::Dark,
        unicode: first & 8 == 0,
        columns: Vec::new(),
        filter: String::new(),
        title: "fuzz".to_owned(),
    };
    let mut state = State::new(options, size);
    state.take_in(News::Data(data()));
    for &byte in keys.iter().take(300) {
        let effects = match byte {
            0..0x20 => {
                let key = KeyCode::Char(char::from(byte + 0x60));
                state.press(KeyEvent::new(key, KeyModifiers::CONTROL))
            }
            0x20..0x7f => {
                let key = KeyCode::Char(char::from(byte));
                state.press(KeyEvent::new(key, KeyModifiers::NONE))
            }
            0x7f => state.take_in(News::Finished),
            0x80..0xc0 => {
                let key = KEYS[usize::from(byte % 16)];
                state.press(KeyEvent::new(key, KeyModifiers::NONE))
            }
            0xc0..0xd0 => {
                size = SIZES[usize::from(byte % 8)];
                state.resize(size.0, size.1)
            }
            0xd0..0xf0 => state.point(mouse(byte, size)),
            _ => state.paste("5001 at_risk\u{1b}[2J\n".to_owned()),
        };
        for effect in effects {
            if let Effect::Read(keys) = effect {
                for key in keys {
                    state.take_in(News::Message(key, None));
                }
            }
        }
        draw(&state, size);
    }
});
