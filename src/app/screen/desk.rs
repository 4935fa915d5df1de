//! Does what the screen asks for, on a thread of its own: reads messages again, saves DNs.

use std::thread::Builder;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::app::Failure;
use crate::app::fetch::{self, Wanted};
use crate::cli::InputSettings;
use crate::tui::{Desk, Effect, Fetched, MessageKey, News, SaveRequest, Saved};

/// The desk of a screen on capture files.
pub(super) struct Files {
    /// What there is to do; a person asks slower than it is done.
    todo: Sender<Effect>,
}

impl Files {
    pub(super) fn start(input: &InputSettings, news: Sender<News>) -> Result<Self, Failure> {
        let (todo, effects) = unbounded();
        let input = input.clone();
        Builder::new()
            .name("desk".to_owned())
            .spawn(move || work(&input, &effects, &news))
            .map_err(|error| Failure::Start("desk", error))?;
        Ok(Self { todo })
    }
}

impl Desk for Files {
    fn perform(&mut self, effect: Effect) {
        // a desk that is gone has panicked, and the screen with it
        drop(self.todo.send(effect));
    }
}

fn work(input: &InputSettings, effects: &Receiver<Effect>, news: &Sender<News>) {
    let mut next = effects.recv().ok();
    while let Some(effect) = next.take() {
        match effect {
            Effect::Read(mut keys) => {
                // what was asked for meanwhile is read in the same pass
                while let Ok(more) = effects.try_recv() {
                    match more {
                        Effect::Read(more) => keys.extend(more),
                        other => {
                            next = Some(other);
                            break;
                        }
                    }
                }
                tell_messages(input, &keys, news);
            }
            Effect::Save(request) => {
                drop(news.send(News::Saved(save(input, &request))));
            }
            // the loop of the screen does these
            Effect::Quit
            | Effect::Suspend
            | Effect::Redraw
            | Effect::Copy(_)
            | Effect::Pause(_) => {}
        }
        if next.is_none() {
            next = effects.recv().ok();
        }
    }
}

fn tell_messages(input: &InputSettings, keys: &[MessageKey], news: &Sender<News>) {
    let messages = match read(input, keys) {
        Ok(messages) => messages,
        Err(failure) => {
            let why = format!("messages cannot be read again: {failure}");
            drop(news.send(News::Saved(Saved::Failed(why))));
            keys.iter().map(|key| (key.clone(), None)).collect()
        }
    };
    for (key, message) in messages {
        if news.send(News::Message(key, message)).is_err() {
            return;
        }
    }
}

/// Reads messages again, each with what became of it.
pub(super) fn read(
    input: &InputSettings,
    keys: &[MessageKey],
) -> Result<Vec<(MessageKey, Option<Fetched>)>, Failure> {
    let wanted =
        |key: &MessageKey| Wanted { dn: key.dn.clone(), frame: key.frame, request: key.request };
    let all: Vec<Wanted> = keys.iter().map(wanted).collect();
    let mut found = fetch::fetch(input, &all)?;
    let answer = |key: &MessageKey| {
        let fetched = found.remove(&wanted(key));
        let fetched = fetched.map(|f| Fetched { bytes: f.bytes, origin: f.origin, cut: f.cut });
        (key.clone(), fetched)
    };
    Ok(keys.iter().map(answer).collect())
}

fn save(_input: &InputSettings, _request: &SaveRequest) -> Saved {
    Saved::Failed("not yet".to_owned())
}
