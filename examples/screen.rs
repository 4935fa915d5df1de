//! Prints what the screen shows of captures, in 80 columns and 24 lines: `make demo` shows it so.
//!
//! `cargo run --example screen -- FILE…`

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use regscope::app::screen::read;
use regscope::cli::InputSettings;
use regscope::tui::{News, Options, Palette, State};

/// Columns and lines.
const SIZE: (u16, u16) = (80, 24);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let names: Vec<_> = files.iter().filter_map(|file| file.file_name()).collect();
    let title = names.iter().map(|name| name.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let data = read(&InputSettings { files, ..InputSettings::default() })?;
    let options = Options {
        zone: jiff::tz::TimeZone::UTC,
        palette: Palette::Mono,
        unicode: true,
        columns: Vec::new(),
        filter: String::new(),
        title,
    };
    let mut state = State::new(options, SIZE);
    state.take_in(News::Data(Arc::new(data)));
    state.take_in(News::Finished);
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    state.draw(&mut buffer);
    let mut out = io::stdout().lock();
    for row in buffer.content.chunks(usize::from(SIZE.0)) {
        let line: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
