//! The keys of the screen Message.

use super::{Then, text};
use crate::tui::data;
use crate::tui::effect::Effect;
use crate::tui::keys::Action;
use crate::tui::state::log::Log;
use crate::tui::state::message::Message;
use crate::tui::state::messages::Text;
use crate::tui::state::{Screen, State};
use crate::tui::view::{message as view, regions, sip};

pub(super) fn act(state: &mut State, screen: &mut Message, action: Action) -> Then {
    let size = size(state, screen);
    if text::act(&mut screen.window, action, size, !screen.bytes) {
        return Then::Done;
    }
    match action {
        Action::Bytes => {
            screen.bytes = !screen.bytes;
            (screen.window.top, screen.window.left) = (0, 0);
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

/// The lines of the text, and how many are visible.
fn size(state: &State, screen: &Message) -> (usize, usize) {
    (view::lines(state, screen).len(), usize::from(regions::message(state)[1].height))
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
            (screen.window.top, screen.window.left, screen.reveal) = (0, 0, false);
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
    let size = size(state, screen);
    text::settle(&mut screen.window, size);
}
