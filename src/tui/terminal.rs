//! Takes the terminal over and gives it back, however the program ends.

use std::io::{self, Stdout, Write as _, stdout};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

/// The panic hook is set once, however often the terminal is taken.
static HOOK: Once = Once::new();

/// Whether the terminal is ours: giving it back twice would move the cursor into what was printed
/// in between.
static OURS: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours; dropping it gives it back.
pub(super) struct Held {
    pub(super) terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Held {
    /// Takes the terminal over.
    pub(super) fn take() -> io::Result<Self> {
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                // the message must be readable: first the terminal, then the hook that prints it
                give_back();
                before(info);
            }));
        });
        claim()?;
        let terminal = Terminal::new(CrosstermBackend::new(stdout()));
        match terminal {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Takes the terminal again and redraws it.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        claim()?;
        self.terminal.clear()
    }
}

/// Puts text on the clipboard of the terminal's own machine (OSC 52).
pub(super) fn copy(text: &str) -> io::Result<()> {
    execute!(stdout(), crossterm::clipboard::CopyToClipboard::to_clipboard_from(text))
}

impl Drop for Held {
    fn drop(&mut self) {
        give_back();
    }
}

fn claim() -> io::Result<()> {
    enable_raw_mode()?;
    OURS.store(true, Ordering::SeqCst);
    let entered =
        execute!(stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste);
    if entered.is_err() {
        give_back();
    }
    entered
}

/// Restores what [`claim`] changed; an error can no longer be reported.
pub(super) fn give_back() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = execute!(
        stdout(),
        DisableBracketedPaste,
        DisableMouseCapture,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
    let _ = stdout().flush();
}
