//! Drives a screen from outside: what the loop does, for tests and benchmarks.

use crossterm::event::{KeyEvent, MouseEvent};
use ratatui::buffer::Buffer;

use super::effect::{Effect, News};
use super::state::State;
use super::update::{Input, update};

impl State {
    /// Takes in a key and says what is to be done outside.
    pub fn press(&mut self, key: KeyEvent) -> Vec<Effect> {
        update(self, Input::Key(key))
    }

    /// Takes in a click or the wheel.
    pub fn point(&mut self, event: MouseEvent) -> Vec<Effect> {
        update(self, Input::Mouse(event))
    }

    /// Takes in pasted text.
    pub fn paste(&mut self, text: String) -> Vec<Effect> {
        update(self, Input::Paste(text))
    }

    /// Takes in news of the program.
    pub fn take_in(&mut self, news: News) -> Vec<Effect> {
        update(self, Input::News(news))
    }

    /// Takes in a new size of the terminal, columns and rows.
    pub fn resize(&mut self, columns: u16, rows: u16) -> Vec<Effect> {
        update(self, Input::Resize(columns, rows))
    }

    /// Draws everything; returns the position of the text cursor, if anything is being typed.
    pub fn draw(&self, buffer: &mut Buffer) -> Option<(u16, u16)> {
        super::view::draw(self, buffer)
    }
}
