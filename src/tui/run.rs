//! The loop: takes keys and news, changes the state, draws, hands on effects.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded, select};
use crossterm::event::{self, Event, KeyEventKind};
use ratatui::backend::Backend as _;
use ratatui::layout::Position;

use super::data::Data;
use super::effect::{Effect, News};
use super::state::State;
use super::terminal::{Held, copy, give_back};
use super::update::{Input, update};
use super::view;

/// How often the keyboard's thread checks whether it is still needed.
const LOOK: Duration = Duration::from_millis(100);
/// Inputs that may wait.
const WAITING: usize = 256;
/// Inputs that came together are taken together, at most this many, so that a fast wheel draws once.
const TOGETHER: usize = 64;
/// News draws at most this often; keys draw at once.
const NEWS_EVERY: Duration = Duration::from_millis(50);

/// Carries out effects; must not block.
pub trait Desk {
    /// Carries it out, or begins to, on what the screen shows; the result arrives as news.
    fn perform(&mut self, effect: Effect, data: &Arc<Data>);
}

/// Runs the screen until the user quits or a signal ends the program.
///
/// # Errors
/// Fails when there is no terminal, or when it goes away.
pub fn run(mut state: State, news: &Receiver<News>, desk: &mut dyn Desk) -> io::Result<()> {
    let mut held = Held::take()?;
    let ended = Arc::new(AtomicBool::new(false));
    for signal in
        [signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP, signal_hook::consts::SIGINT]
    {
        signal_hook::flag::register(signal, Arc::clone(&ended))?;
    }
    let keyboard = Keyboard::start()?;
    if let Ok(size) = held.terminal.size() {
        state.size = (size.width, size.height);
    }
    let result = turn(&mut state, news, desk, &mut held, &keyboard, &ended);
    drop(held);
    result
}

fn turn(
    state: &mut State,
    news: &Receiver<News>,
    desk: &mut dyn Desk,
    held: &mut Held,
    keyboard: &Keyboard,
    ended: &AtomicBool,
) -> io::Result<()> {
    let never = crossbeam_channel::never();
    let mut news = news;
    let mut drawn = Instant::now();
    draw(state, held)?;
    while !ended.load(Ordering::Relaxed) {
        let mut inputs = Vec::new();
        select! {
            recv(keyboard.inputs) -> input => match input {
                Ok(input) => inputs.push(input?),
                Err(_) => return Ok(()),
            },
            recv(news) -> one => match one {
                Ok(one) => inputs.push(Input::News(one)),
                // the sender is gone: a file that was read
                Err(_) => news = &never,
            },
            default(LOOK) => {
                // a terminal that went away without a word
                crossterm::terminal::size()?;
                continue;
            }
        }
        let only_news = matches!(inputs.first(), Some(Input::News(_)));
        if only_news && drawn.elapsed() < NEWS_EVERY {
            thread::sleep(NEWS_EVERY.saturating_sub(drawn.elapsed()));
        }
        while inputs.len() < TOGETHER
            && let Ok(input) = keyboard.inputs.try_recv()
        {
            inputs.push(input?);
        }
        for input in inputs {
            for effect in update(state, input) {
                match effect {
                    Effect::Quit => return Ok(()),
                    Effect::Suspend => suspend(held)?,
                    Effect::Redraw => held.terminal.clear()?,
                    Effect::Copy(text) => copy(&text)?,
                    other => desk.perform(other, &state.data),
                }
            }
        }
        draw(state, held)?;
        drawn = Instant::now();
    }
    Ok(())
}

fn draw(state: &State, held: &mut Held) -> io::Result<()> {
    let mut cursor = None;
    held.terminal.draw(|frame| {
        cursor = view::draw(state, frame.buffer_mut());
        if let Some((x, y)) = cursor {
            frame.set_cursor_position(Position::new(x, y));
        }
    })?;
    held.terminal.backend_mut().flush()
}

/// Stops the program as the shell's job control does, and comes back with it.
fn suspend(held: &mut Held) -> io::Result<()> {
    give_back();
    signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
    held.resume()
}

/// The thread that reads keys, mouse and size.
///
/// It is never waited for: where the terminal has gone away, reading from it may not come back.
struct Keyboard {
    inputs: Receiver<io::Result<Input>>,
    stop: Arc<AtomicBool>,
}

impl Keyboard {
    fn start() -> io::Result<Self> {
        let (send, inputs) = bounded(WAITING);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                if !read(&send) {
                    break;
                }
            }
        })?;
        Ok(Self { inputs, stop })
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Hands on one event if there is one soon; false when the receiver or the terminal is gone.
fn read(send: &Sender<io::Result<Input>>) -> bool {
    let input = match event::poll(LOOK) {
        Ok(false) => return true,
        Ok(true) => event::read(),
        Err(error) => Err(error),
    };
    let input = match input {
        Ok(Event::Key(key)) if key.kind == KeyEventKind::Release => return true,
        Ok(Event::Key(key)) => Ok(Input::Key(key)),
        Ok(Event::Mouse(mouse)) => Ok(Input::Mouse(mouse)),
        Ok(Event::Paste(text)) => Ok(Input::Paste(text)),
        Ok(Event::Resize(columns, rows)) => Ok(Input::Resize(columns, rows)),
        Ok(Event::FocusGained | Event::FocusLost) => return true,
        Err(error) => Err(error),
    };
    let goes_on = input.is_ok();
    // a full channel waits: keys are not lost while a frame is drawn
    send.send(input).is_ok() && goes_on
}
