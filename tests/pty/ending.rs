//! However it ends, the terminal is as it was before.

use std::path::Path;
use std::sync::Arc;

use regscope::app::screen::read;
use regscope::cli::InputSettings;
use regscope::tui::{Data, Desk, Effect, News, Options, Palette, State};

use crate::console::{Console, abandoned};

const INCIDENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/incident/input.pcap");

fn incident() -> Console {
    let mut console = Console::start(Path::new("."), &["--utc", INCIDENT], (80, 24));
    console.see("5008");
    console
}

#[test]
fn by_a_key() {
    for key in ["q", "\u{3}"] {
        let mut console = incident();
        console.keys(key);
        assert_eq!(console.end(), 0);
        console.is_as_before();
    }
}

#[test]
fn by_a_signal() {
    let mut console = incident();
    let pid = console.child.process_id().unwrap().to_string();
    // the shell's own: not every machine has kill(1)
    let kill = format!("kill -TERM {pid}");
    let status = std::process::Command::new("sh").args(["-c", &kill]).status().unwrap();
    assert!(status.success());
    console.end();
    console.is_as_before();
}

#[test]
fn by_a_file_that_is_no_capture() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let mut console = Console::start(Path::new("."), &[file], (80, 24));
    assert_eq!(console.end(), 3);
    assert!(console.text().contains("Cargo.toml"), "{}", console.text());
    console.is_as_before();
}

/// A desk at which everything fails.
struct Broken;

impl Desk for Broken {
    #[expect(clippy::panic, reason = "it is what this desk is for")]
    fn perform(&mut self, effect: Effect, _: &Arc<Data>) {
        panic!("the desk broke over {effect:?}");
    }
}

#[test]
#[ignore = "run in a pseudo-terminal by the next one"]
fn a_screen_that_panics() {
    let files = vec![INCIDENT.into()];
    let input = InputSettings { files, ..InputSettings::default() };
    let (news, told) = crossbeam_channel::bounded(8);
    news.send(News::Data(Arc::new(read(&input).unwrap()))).unwrap();
    let options = Options {
        zone: jiff::tz::TimeZone::UTC,
        palette: Palette::Dark,
        unicode: true,
        columns: Vec::new(),
        filter: String::new(),
        title: "incident".to_owned(),
    };
    regscope::tui::run(State::new(options, (80, 24)), &told, &mut Broken).unwrap();
}

#[test]
fn by_a_panic() {
    let mut console = Console::start_test("ending::a_screen_that_panics", (80, 24));
    console.see("5008");
    // the messages are asked for
    console.keys("f");
    assert_eq!(console.end(), 101);
    console.is_as_before();
    let text = console.text();
    assert!(text.contains("the desk broke over"), "the message can be read:\n{text}");
}

#[test]
fn nothing_is_drawn_where_there_is_no_terminal() {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_regscope")).arg(INCIDENT).output();
    let run = run.unwrap();
    assert_eq!(run.status.code(), Some(2));
    assert!(run.stdout.is_empty());
    assert!(String::from_utf8_lossy(&run.stderr).contains("regscope report"));
}

#[test]
fn by_a_terminal_that_goes_away() {
    let mut child = abandoned(&["--utc", INCIDENT]);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while child.try_wait().unwrap().is_none() {
        if std::time::Instant::now() > until {
            child.kill().unwrap();
            panic!("the program goes on without a terminal");
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
