//! The screen on 100,000 DNs: sorting, filtering, grouping, and a frame.
//!
//! `cargo bench --bench tui`; the issue asks for less than 100 ms to sort and filter, 16 ms a frame.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot begin ends")]

use std::hint::black_box;
use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use divan::Bencher;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use regscope::app::screen::read;
use regscope::cli::InputSettings;
use regscope::tui::{Data, News, Options, Palette, State};

/// How captures of many DNs are made.
#[path = "../tests/tui/fleet.rs"]
mod fleet;

const DNS: u32 = 100_000;
const SIZE: (u16, u16) = (200, 60);

fn main() {
    divan::main();
}

/// What the screen shows of 100,000 DNs, read once.
fn data() -> Arc<Data> {
    static DATA: OnceLock<Arc<Data>> = OnceLock::new();
    let read = || {
        let mut file = tempfile::NamedTempFile::with_suffix(".pcap").unwrap();
        file.write_all(&fleet::capture(DNS)).unwrap();
        let files = vec![file.path().to_owned()];
        Arc::new(read(&InputSettings { files, ..InputSettings::default() }).unwrap())
    };
    Arc::clone(DATA.get_or_init(read))
}

fn screen() -> State {
    let options = Options {
        zone: TimeZone::UTC,
        palette: Palette::Dark,
        unicode: true,
        columns: Vec::new(),
        filter: String::new(),
        title: "fleet".to_owned(),
    };
    let mut state = State::new(options, SIZE);
    state.take_in(News::Data(data()));
    state.take_in(News::Finished);
    state
}

fn press(state: &mut State, keys: &str) {
    for c in keys.chars() {
        let code = match c {
            '\n' => KeyCode::Enter,
            '\u{7}' => KeyCode::F(7),
            c => KeyCode::Char(c),
        };
        state.press(KeyEvent::new(code, KeyModifiers::NONE));
    }
}

/// Every column in turn.
#[divan::bench]
fn sort(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(screen).bench_local_refs(|state| press(state, ">"));
}

/// The order by User-Agent: text.
#[divan::bench]
fn sort_by_user_agent(bencher: Bencher<'_, '_>) {
    let make = || {
        let mut state = screen();
        press(&mut state, ">>");
        state
    };
    bencher.with_inputs(make).bench_local_refs(|state| press(state, ">"));
}

/// One key of a search.
#[divan::bench]
fn search(bencher: Bencher<'_, '_>) {
    let make = || {
        let mut state = screen();
        press(&mut state, "/");
        state
    };
    bencher.with_inputs(make).bench_local_refs(|state| press(state, "9"));
}

/// Each key of a search, which goes through all that is known of a DN where nothing is found.
#[divan::bench(args = ["9", "99", "ph", "pho", "forb", "zzz", "12:3", "10.1.0.1", "104999@1"])]
fn key_of_a_search(bencher: Bencher<'_, '_>, text: &str) {
    let (before, last) = text.split_at(text.len() - 1);
    let make = || {
        let mut state = screen();
        press(&mut state, "/");
        press(&mut state, before);
        state
    };
    bencher.with_inputs(make).bench_local_refs(|state| press(state, last));
}

/// The last key of a filter with words to search for, `or` and parentheses.
#[divan::bench]
fn filter_with_words(bencher: Bencher<'_, '_>) {
    let make = || {
        let mut state = screen();
        press(&mut state, "\u{7}(forbidden or ua~phone/2) not 10.1.0.1 expires<60");
        state
    };
    bencher.with_inputs(make).bench_local_refs(|state| press(state, "1"));
}

/// The last key of a filter by verdict and source.
#[divan::bench]
fn filter(bencher: Bencher<'_, '_>) {
    let make = || {
        let mut state = screen();
        press(&mut state, "\u{7}verdict=failing source=10.1.0.0/1");
        state
    };
    bencher.with_inputs(make).bench_local_refs(|state| press(state, "6"));
}

/// Groups by source.
#[divan::bench]
fn group(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(screen).bench_local_refs(|state| press(state, "g"));
}

/// A frame of the list, 200 columns and 60 lines.
#[divan::bench]
fn frame(bencher: Bencher<'_, '_>) {
    let mut state = screen();
    press(&mut state, "G");
    let area = Rect::new(0, 0, SIZE.0, SIZE.1);
    bencher.with_inputs(|| Buffer::empty(area)).bench_local_refs(|buffer| {
        black_box(state.draw(buffer));
    });
}

/// What the judge does for the screen beside contrast and findings.
#[divan::bench(sample_count = 10)]
fn rows(bencher: Bencher<'_, '_>) {
    let data = data();
    let make = || (data.snapshot.clone(), data.capture.clone(), data.contrast.clone());
    bencher.with_inputs(make).bench_local_values(|(snapshot, capture, contrast)| {
        Data::new(snapshot, capture, contrast, Vec::new())
    });
}
