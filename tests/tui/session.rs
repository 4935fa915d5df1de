//! A screen without a terminal: keys go in, text and styles come out.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use insta::assert_snapshot;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use regscope::app::screen::{fetch, lines as log_lines, read};
use regscope::cli::InputSettings;
use regscope::tui::{Data, Effect, News, Options, Palette, State};

use crate::fleet;

/// The sizes every screen is shown at.
pub(crate) const SIZES: [(u16, u16); 3] = [(80, 24), (100, 30), (140, 40)];

/// A screen on a capture.
pub(crate) struct Session {
    pub(crate) state: State,
    input: InputSettings,
    data: Arc<Data>,
    /// What the keys asked for and this session does not do itself.
    pub(crate) effects: Vec<Effect>,
    /// How many messages were read again.
    pub(crate) read: usize,
}

/// A case of `captures/`.
pub(crate) fn case(name: &str) -> InputSettings {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name);
    let mut files: Vec<_> = path.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        file.file_stem().and_then(|stem| stem.to_str()).is_some_and(|s| s.starts_with("input"))
    });
    InputSettings { files, ..InputSettings::default() }
}

impl Session {
    /// A screen on a case of `captures/`, all read.
    pub(crate) fn new(name: &str, size: (u16, u16)) -> Self {
        Self::with(case(name), name, size, Palette::Dark)
    }

    /// A screen on a case of `captures/`, after these keys.
    pub(crate) fn on(name: &str, keys: &str, size: (u16, u16)) -> Self {
        let mut session = Self::new(name, size);
        session.keys(keys);
        session
    }

    /// A screen on captures, all read.
    pub(crate) fn with(
        input: InputSettings,
        title: &str,
        size: (u16, u16),
        palette: Palette,
    ) -> Self {
        let data = Arc::new(read(&input).unwrap());
        let mut session = Self::empty(input, title, size, palette);
        session.data = Arc::clone(&data);
        session.news(News::Data(data));
        session.news(News::Finished);
        session
    }

    /// A screen that shows this while reading goes on.
    pub(crate) fn reading(data: Arc<Data>, size: (u16, u16)) -> Self {
        let mut session = Self::empty(case("incident"), "reading", size, Palette::Dark);
        session.news(News::Data(data));
        session
    }

    fn empty(input: InputSettings, title: &str, size: (u16, u16), palette: Palette) -> Self {
        let options = Options {
            zone: TimeZone::UTC,
            palette,
            unicode: true,
            columns: Vec::new(),
            filter: String::new(),
            title: title.to_owned(),
        };
        let (state, data) = (State::new(options, size), Arc::default());
        Self { state, input, data, effects: Vec::new(), read: 0 }
    }

    /// Takes in news, and does what follows from it.
    pub(crate) fn news(&mut self, news: News) {
        let effects = self.state.take_in(news);
        self.perform(effects);
    }

    /// Presses keys: characters as they are, others as `<Enter>`, `<F2>`, `<C-l>`.
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        for key in parse(keys) {
            let effects = self.state.press(key);
            self.perform(effects);
        }
        self
    }

    /// Reads messages as the program does; keeps the rest for the test.
    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Read(keys) => {
                    self.read += keys.len();
                    for (key, message) in fetch(&self.input, &keys).unwrap() {
                        self.news(News::Message(key, message));
                    }
                }
                Effect::Lines(place) => {
                    let lines = log_lines(&self.input, place, &self.data);
                    self.news(News::Lines(place, lines.map_err(|failure| failure.to_string())));
                }
                Effect::Keep(names) => {
                    self.input.extras = names.into();
                    self.data = Arc::new(read(&self.input).unwrap());
                    self.news(News::Data(Arc::clone(&self.data)));
                    self.news(News::Finished);
                }
                other => self.effects.push(other),
            }
        }
    }

    /// Pastes text.
    pub(crate) fn paste(&mut self, text: &str) {
        let effects = self.state.paste(text.to_owned());
        self.perform(effects);
    }

    pub(crate) fn resize(&mut self, (columns, rows): (u16, u16)) -> &mut Self {
        let effects = self.state.resize(columns, rows);
        self.perform(effects);
        self
    }

    pub(crate) fn buffer(&self, (columns, rows): (u16, u16)) -> (Buffer, Option<(u16, u16)>) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        let cursor = self.state.draw(&mut buffer);
        (buffer, cursor)
    }

    /// What the screen says.
    pub(crate) fn text(&mut self, size: (u16, u16)) -> String {
        self.resize(size);
        let (buffer, cursor) = self.buffer(size);
        let mut text = lines(&buffer).join("\n");
        if let Some((x, y)) = cursor {
            let _ = write!(text, "\n(cursor at {x},{y})");
        }
        text
    }

    /// What the screen says, and below it in which styles: runs of cells, ordinary ones left out.
    pub(crate) fn styled(&mut self, size: (u16, u16)) -> String {
        let text = self.text(size);
        let (buffer, _) = self.buffer(size);
        format!("{text}\n\n{}", styles(&buffer).join("\n"))
    }
}

/// Holds what a session shows at each size against its snapshot, text and styles.
pub(crate) fn at_each_size(name: &str, make: impl Fn((u16, u16)) -> Session) {
    for size in SIZES {
        let text = make(size).styled(size);
        assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), text);
    }
}

fn lines(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width);
    let rows = buffer.content.chunks(width);
    rows.map(|row| {
        let mut line = String::new();
        let mut skip = 0;
        for cell in row {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            line += cell.symbol();
            skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
        }
        line.trim_end().to_owned()
    })
    .collect()
}

/// `3: 2-3 LightRed bold, 9-12 reversed`.
fn styles(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width);
    let mut out = Vec::new();
    for (y, row) in buffer.content.chunks(width).enumerate() {
        let mut runs: Vec<(usize, usize, String)> = Vec::new();
        for (x, cell) in row.iter().enumerate() {
            let name = name(cell.style());
            match runs.last_mut() {
                Some((_, end, last)) if *last == name && *end + 1 == x => *end = x,
                _ => runs.push((x, x, name)),
            }
        }
        runs.retain(|(_, _, name)| !name.is_empty());
        if !runs.is_empty() {
            let runs = runs.iter().map(|(from, to, name)| format!("{from}-{to} {name}"));
            out.push(format!("{y}: {}", runs.collect::<Vec<_>>().join(", ")));
        }
    }
    out
}

fn name(style: Style) -> String {
    let mut words = Vec::new();
    match style.fg {
        None | Some(Color::Reset) => {}
        Some(color) => words.push(color.to_string()),
    }
    for (modifier, word) in [
        (Modifier::BOLD, "bold"),
        (Modifier::DIM, "dim"),
        (Modifier::REVERSED, "reversed"),
        (Modifier::UNDERLINED, "underlined"),
    ] {
        if style.add_modifier.contains(modifier) {
            words.push(word.to_owned());
        }
    }
    words.join(" ")
}

fn parse(keys: &str) -> Vec<KeyEvent> {
    let mut out = Vec::new();
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        let named = rest
            .strip_prefix('<')
            .and_then(|r| r.split_once('>'))
            .and_then(|(name, after)| Some((named(name)?, after)));
        if let Some((event, after)) = named {
            out.push(event);
            rest = after;
        } else {
            out.push(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

fn named(name: &str) -> Option<KeyEvent> {
    let code = match name {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "BackTab" => KeyCode::BackTab,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PgUp" => KeyCode::PageUp,
        "PgDn" => KeyCode::PageDown,
        "Space" => KeyCode::Char(' '),
        "Back" => KeyCode::Backspace,
        _ => {
            if let Some(c) = name.strip_prefix("C-").and_then(|c| c.chars().next()) {
                return Some(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL));
            }
            KeyCode::F(name.strip_prefix('F')?.parse().ok()?)
        }
    };
    Some(KeyEvent::new(code, KeyModifiers::NONE))
}

/// A capture of 1000 DNs, made once: every seventh is refused, all from ten sources.
pub(crate) fn thousand() -> InputSettings {
    static FILE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let dir = FILE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("thousand.pcap"), fleet::capture(1000)).unwrap();
        dir
    });
    let files = vec![dir.path().join("thousand.pcap")];
    InputSettings { files, ..InputSettings::default() }
}
