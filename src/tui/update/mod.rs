//! Takes in keys, mouse and news: the only place where the state changes.

use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};

use super::columns::Look;
use super::data::Data;
use super::effect::{Effect, Live, News, Saved};
use super::keys::{self, Action};
use super::state::overlay::Overlay;
use super::state::{Screen, State, Tab};
use super::view::layout;
use crate::wording::when::Clock;

mod cluster;
mod columns;
pub(super) mod compare;
mod dn;
mod dns;
mod findings;
mod flow;
pub(super) mod log;
mod message;
mod mouse;
mod pair;
mod prompt;
mod save;
mod sources;
mod statistics;
mod text;

/// Something that happens.
#[derive(Debug)]
pub(super) enum Input {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
    Resize(u16, u16),
    News(News),
}

/// What a screen makes of an action.
#[derive(Debug)]
pub(super) enum Then {
    /// Handled.
    Done,
    /// It means nothing to this screen.
    Nothing,
    /// Another screen is to be opened above.
    Open(Screen),
}

/// Takes in what happens and says what is to be done outside.
pub(super) fn update(state: &mut State, input: Input) -> Vec<Effect> {
    match input {
        Input::Key(event) => {
            state.notice = None;
            key(state, event);
        }
        Input::Mouse(event) => mouse::mouse(state, event),
        Input::Paste(text) => prompt::paste(state, &text),
        Input::Resize(columns, rows) => state.size = (columns, rows),
        Input::News(news) => take_news(state, news),
    }
    settle(state);
    std::mem::take(&mut state.effects)
}

fn key(state: &mut State, event: KeyEvent) {
    match state.overlay.take() {
        Some(Overlay::Help(top)) => help(state, event, top),
        Some(Overlay::Prompt(open)) => prompt::key(state, open, event),
        Some(Overlay::Columns(chooser)) => columns::key(state, chooser, event),
        Some(Overlay::Save(dialogue)) => save::key(state, dialogue, event),
        None => {
            if let Some(action) = keys::action(event, state.place()) {
                act(state, action);
            }
        }
    }
}

/// Does what a key of the table means, first to the visible screen, then to all.
pub(super) fn act(state: &mut State, action: Action) {
    let then = match state.stack.pop() {
        Some(mut screen) => {
            let then = match &mut screen {
                Screen::Dn(dn) => dn::act(state, dn, action),
                Screen::Flow(flow) => flow::act(state, flow, action),
                Screen::Message(message) => message::act(state, message, action),
                Screen::Log(log) => log::act(state, log, action),
                Screen::Pair(pair) => pair::act(state, pair, action),
            };
            state.stack.push(screen);
            then
        }
        None => match state.tab {
            Tab::Dns => dns::act(state, action),
            Tab::Compare => compare::act(state, action),
            Tab::Sources => sources::act(state, action),
            Tab::Findings => findings::act(state, action),
            Tab::Statistics => statistics::act(state, action),
            Tab::Cluster => cluster::act(state, action),
        },
    };
    match then {
        Then::Done => {}
        Then::Open(screen) => state.stack.push(screen),
        Then::Nothing => common(state, action),
    }
}

/// What a key means wherever the screen has no meaning of its own for it.
fn common(state: &mut State, action: Action) {
    match action {
        Action::Help => state.overlay = Some(Overlay::Help(0)),
        Action::Quit => state.effects.push(Effect::Quit),
        Action::Suspend => state.effects.push(Effect::Suspend),
        Action::Redraw => state.effects.push(Effect::Redraw),
        Action::Back => drop(state.stack.pop()),
        Action::Tab(number) => match state.tabs().nth(usize::from(number)) {
            Some(tab) => go_to(state, tab),
            None => state.tell("these captures and logs show no cluster"),
        },
        Action::NextTab => {
            let place = state.tabs().position(|tab| tab == state.tab).unwrap_or_default();
            if let Some(tab) = state.tabs().cycle().nth(place + 1) {
                go_to(state, tab);
            }
        }
        Action::Save => save::open(state),
        Action::Pause => pause(state),
        _ => {}
    }
}

fn go_to(state: &mut State, tab: Tab) {
    state.stack.clear();
    state.tab = tab;
}

/// Scrolls through the help, or closes it.
fn help(state: &mut State, event: KeyEvent, top: usize) {
    let page = usize::from(state.size.1 / 2).max(1);
    let top = match keys::action(event, state.place()) {
        Some(Action::Down) => top.saturating_add(1),
        Some(Action::Up) => top.saturating_sub(1),
        Some(Action::PageDown) => top.saturating_add(page),
        Some(Action::PageUp) => top.saturating_sub(page),
        _ => return,
    };
    let most = layout::help_lines(state).saturating_sub(layout::help_height(state));
    state.overlay = Some(Overlay::Help(top.min(most)));
}

fn take_news(state: &mut State, news: News) {
    match news {
        News::Data(data) if state.reading.paused => state.reading.held = Some(data),
        News::Data(data) => show(state, data),
        News::Progress(read, of) => state.reading.progress = Some((read, of)),
        News::Live(live) => take_live(state, live),
        News::Finished => state.reading.finished = true,
        News::Failed(why) => {
            state.reading.failed = Some(why.clone());
            state.complain(why);
        }
        News::Message(key, fetched) => state.messages.put(key, fetched),
        News::Lines(place, lines) => log::take(state, place, &lines),
        News::Saved(saved) => take_saved(state, saved),
    }
}

/// Lets countdowns run, and says what happened to the traffic.
fn take_live(state: &mut State, live: Live) {
    if !state.reading.paused {
        state.now = live.clock.max(state.now);
    }
    for sentence in &live.said {
        state.tell(sentence.as_str());
    }
    state.reading.live = Some(live);
}

/// Shows what was read so far.
fn show(state: &mut State, data: Arc<Data>) {
    state.dns.remember(&state.data);
    state.clock = Clock::new(&state.options.zone, data.snapshot.at);
    let live = state.reading.live.as_ref().map(|live| live.clock);
    state.now = live.map_or(data.snapshot.at, |clock| clock.max(data.snapshot.at));
    state.dns.forget_found();
    state.dns.relist(&Look { data: &data, clock: &state.clock, now: state.now });
    state.data = data;
    if state.tab == Tab::Cluster && state.data.cluster.is_empty() {
        state.tab = Tab::default();
    }
}

/// Holds the picture still while reading goes on, or shows what was read meanwhile.
fn pause(state: &mut State) {
    let reading = &mut state.reading;
    if reading.paused {
        reading.paused = false;
        if let Some(data) = reading.held.take() {
            show(state, data);
        }
    } else if reading.finished || reading.failed.is_some() {
        state.tell("Nothing to pause: all input has been read");
    } else {
        reading.paused = true;
    }
}

fn take_saved(state: &mut State, saved: Saved) {
    match (state.overlay.take(), saved) {
        (Some(Overlay::Save(mut save)), Saved::Exists) => {
            (save.busy, save.exists) = (false, true);
            state.overlay = Some(Overlay::Save(save));
        }
        (Some(Overlay::Save(mut save)), Saved::Failed(why)) => {
            (save.busy, save.failed) = (false, Some(why));
            state.overlay = Some(Overlay::Save(save));
        }
        (Some(Overlay::Save(_)) | None, Saved::Done(what)) => state.tell(what),
        (overlay, Saved::Done(what)) => {
            state.overlay = overlay;
            state.tell(what);
        }
        (overlay, Saved::Exists) => {
            state.overlay = overlay;
            state.complain("nothing saved: a file of that name is there");
        }
        (overlay, Saved::Failed(why)) => {
            state.overlay = overlay;
            state.complain(why);
        }
    }
}

/// Moves cursors to where there are lines, and asks for what the screen is about to show.
fn settle(state: &mut State) {
    match state.stack.pop() {
        Some(mut screen) => {
            match &mut screen {
                Screen::Dn(dn) => dn::settle(state, dn),
                Screen::Flow(flow) => flow::settle(state, flow),
                Screen::Message(message) => message::settle(state, message),
                Screen::Log(log) => log::settle(state, log),
                Screen::Pair(pair) => pair::settle(state, pair),
            }
            state.stack.push(screen);
        }
        None => match state.tab {
            Tab::Dns => dns::settle(state),
            Tab::Compare => compare::settle(state),
            Tab::Sources => sources::settle(state),
            Tab::Findings => findings::settle(state),
            Tab::Statistics => statistics::settle(state),
            Tab::Cluster => cluster::settle(state),
        },
    }
}

/// Moves a cursor as the common keys say; false for other actions.
fn scroll(
    cursor: &mut super::state::cursor::Cursor,
    action: Action,
    len: usize,
    height: usize,
) -> bool {
    let page = isize::try_from(height.max(2) - 1).unwrap_or(1);
    let by = match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -page,
        Action::PageDown => page,
        Action::First => isize::MIN,
        Action::Last => isize::MAX,
        _ => return false,
    };
    cursor.step(by, len);
    cursor.fit(len, height);
    true
}

/// Whether an event is a click with the left button.
const fn is_click(event: MouseEvent) -> bool {
    matches!(event.kind, MouseEventKind::Down(MouseButton::Left))
}

/// A click into a screen other than the DN list.
fn click_in_screen(state: &mut State, at: ratatui::layout::Position) {
    let then = match state.stack.pop() {
        Some(mut screen) => {
            let then = match &mut screen {
                Screen::Dn(dn) => dn::click(state, dn, at),
                Screen::Flow(flow) => flow::click(state, flow, at),
                Screen::Message(_) | Screen::Log(_) => Then::Nothing,
                Screen::Pair(pair) => pair::click(state, pair, at),
            };
            state.stack.push(screen);
            then
        }
        None => match state.tab {
            Tab::Dns | Tab::Statistics => Then::Nothing,
            Tab::Compare => compare::click(state, at),
            Tab::Sources => sources::click(state, at),
            Tab::Findings => findings::click(state, at),
            Tab::Cluster => cluster::click(state, at),
        },
    };
    if let Then::Open(screen) = then {
        state.stack.push(screen);
    }
}
