//! The keys of the screen Message.

use super::{Then, scroll};
use crate::tui::data;
use crate::tui::effect::Effect;
use crate::tui::keys::Action;
use crate::tui::state::cursor::Cursor;
use crate::tui::state::log::Log;
use crate::tui::state::message::Message;
use crate::tui::state::messages::Text;
use crate::tui::state::{Screen, State};
use crate::tui::view::{message as view, regions, sip};

/// Columns the text moves at once.
const STEP: usize = 8;

pub(super) fn act(state: &mut State, screen: &mut Message, action: Action) -> Then {
    let height = usize::from(regions::message(state)[1].height);
    let most = view::lines(state, screen).len().saturating_sub(height);
    let mut cursor = Cursor { selected: screen.top, top: 0 };
    if scroll(&mut cursor, action, most + 1, height) {
        screen.top = cursor.selected;
        return Then::Done;
    }
    match action {
        Action::Wrap => {
            screen.wrap = !screen.wrap;
            screen.left = 0;
        }
        Action::Left => screen.left = screen.left.saturating_sub(STEP),
        Action::Right if !screen.wrap && !screen.bytes => screen.left += STEP,
        Action::Right => {}
        Action::Bytes => {
            screen.bytes = !screen.bytes;
            (screen.top, screen.left) = (0, 0);
        }
        Action::Reveal => {
            screen.reveal = !screen.reveal;
            state.tell(if screen.reveal {
                "secrets are shown: passwords, and digests that one could be guessed from"
            } else {
                "secrets are masked"
            });
        }
        Action::NextOne => step(state, screen, true),
        Action::OneBefore => step(state, screen, false),
        Action::Copy => copy(state, screen),
        Action::Open if state.data.is_line(screen.key.frame) => {
            return Then::Open(Screen::Log(Log::at(screen.key.frame)));
        }
        _ => return Then::Nothing,
    }
    Then::Done
}

/// Goes to the next message of the DN, or to the one before.
fn step(state: &mut State, screen: &mut Message, on: bool) {
    let Some(dn) = state.data.find(&screen.key.dn) else { return };
    let (seen, _) = data::seen(dn);
    let own = (screen.key.frame, screen.key.request);
    let place = seen.iter().position(|seen| seen.id() == own);
    let next = place.and_then(|at| if on { at.checked_add(1) } else { at.checked_sub(1) });
    match next.and_then(|next| seen.get(next)) {
        Some(seen) => {
            screen.key = seen.key(&screen.key.dn);
            (screen.top, screen.left, screen.reveal) = (0, 0, false);
        }
        None if on => state.tell("this is the last message of the DN"),
        None => state.tell("this is the first message of the DN"),
    }
}

fn copy(state: &mut State, screen: &Message) {
    let Some(fetched) = state.messages.fetched(&screen.key) else {
        return state.complain("the message is not read yet");
    };
    let text = sip::text(&fetched.bytes, screen.reveal);
    state.effects.push(Effect::Copy(text));
    state.tell(if screen.reveal {
        "message copied as it is, secrets too"
    } else {
        "message copied, secrets masked"
    });
}

pub(super) fn settle(state: &mut State, screen: &mut Message) {
    if screen.guess && matches!(state.messages.get(&screen.key), Some(Text::Gone)) {
        screen.key.request = !screen.key.request;
        screen.guess = false;
    }
    let new = state.messages.ask([screen.key.clone()]);
    if !new.is_empty() {
        state.effects.push(Effect::Read(new));
    }
    let height = usize::from(regions::message(state)[1].height);
    let lines = view::lines(state, screen).len();
    screen.top = screen.top.min(lines.saturating_sub(height));
}
