//! A line being typed: search and filter take effect with every key.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};

use super::dns::relist;
use crate::compare::{Completion, Filter, Needle, complete};
use crate::registration::ExtraName;
use crate::tui::columns::ColumnId;
use crate::tui::effect::Effect;
use crate::tui::state::overlay::{Menu, Overlay, Prompt, Purpose};
use crate::tui::state::{Screen, State, Tab};

/// Begins to type.
pub(super) fn open(state: &mut State, purpose: Purpose) {
    let before = match purpose {
        Purpose::Search => searched(state).to_owned(),
        Purpose::Filter => state.dns.filter.text().to_owned(),
    };
    let input = Input::new(before.clone());
    let (menu, alone) = (None, Vec::new());
    let prompt = Prompt { purpose, input, before, error: None, pending: None, menu, alone };
    state.overlay = Some(Overlay::Prompt(prompt));
}

pub(super) fn key(state: &mut State, mut prompt: Prompt, event: KeyEvent) {
    if choose(state, &mut prompt, event.code) {
        state.overlay = Some(Overlay::Prompt(prompt));
        return;
    }
    match event.code {
        KeyCode::Enter if prompt.error.is_none() => {
            if let Some(filter) = prompt.pending {
                keep_extras(state, &filter);
                relist(state, |dns| dns.filter = filter);
            }
            return;
        }
        KeyCode::Enter => {}
        KeyCode::Esc => {
            let before = prompt.before.clone();
            prompt.input = Input::new(before);
            apply(state, &mut prompt);
            return;
        }
        _ => {
            if let Some(request) = request(event) {
                prompt.input.handle(request);
                apply(state, &mut prompt);
            }
        }
    }
    state.overlay = Some(Overlay::Prompt(prompt));
}

/// Opens the choices of what may come next, moves among them, and takes one; whether the key meant that.
fn choose(state: &mut State, prompt: &mut Prompt, code: KeyCode) -> bool {
    let Some(mut menu) = prompt.menu.take() else {
        let asked = code == KeyCode::Tab && prompt.purpose == Purpose::Filter;
        if asked {
            offer(state, prompt);
        }
        return asked;
    };
    let last = menu.choices.len().saturating_sub(1);
    match code {
        KeyCode::Tab | KeyCode::Down if menu.selected < last => menu.selected += 1,
        KeyCode::Tab | KeyCode::Down => menu.selected = 0,
        KeyCode::BackTab | KeyCode::Up => {
            menu.selected = menu.selected.checked_sub(1).unwrap_or(last);
        }
        KeyCode::Enter => {
            take(state, prompt, &menu);
            return true;
        }
        KeyCode::Esc => return true,
        // any other key goes on with the text
        _ => return false,
    }
    prompt.menu = Some(menu);
    true
}

/// Offers what may come next; what can only be one is taken.
fn offer(state: &mut State, prompt: &mut Prompt) {
    let value = prompt.input.value();
    let end = value.char_indices().nth(prompt.input.cursor()).map_or(value.len(), |(at, _)| at);
    let before = value.get(..end).unwrap_or_default();
    let Completion { at, choices } = complete(before, &state.data.snapshot);
    let menu = Box::new(Menu { at, choices, selected: 0 });
    match menu.choices.len() {
        0 => {}
        1 => take(state, prompt, &menu),
        _ => prompt.menu = Some(menu),
    }
}

/// Puts the selected choice in place of the word before the cursor.
fn take(state: &mut State, prompt: &mut Prompt, menu: &Menu) {
    let Some(choice) = menu.choices.get(menu.selected) else { return };
    let value = prompt.input.value();
    let before = value.get(..menu.at).unwrap_or_default();
    let after: String = value.chars().skip(prompt.input.cursor()).collect();
    let begun = format!("{before}{}", choice.text);
    let cursor = begun.chars().count();
    prompt.input = Input::new(begun + &after).with_cursor(cursor);
    apply(state, prompt);
}

/// Takes pasted text into the line being typed, without what drives terminals.
pub(super) fn paste(state: &mut State, text: &str) {
    let typed = |input: &mut Input| {
        for c in text.chars().filter(|c| !c.is_control()).take(1000) {
            input.handle(InputRequest::InsertChar(c));
        }
    };
    match state.overlay.take() {
        Some(Overlay::Prompt(mut prompt)) => {
            typed(&mut prompt.input);
            apply(state, &mut prompt);
            state.overlay = Some(Overlay::Prompt(prompt));
        }
        Some(Overlay::Save(mut save)) => {
            typed(&mut save.path);
            save.typed = true;
            state.overlay = Some(Overlay::Save(save));
        }
        other => state.overlay = other,
    }
}

/// Lets what is typed so far take effect; a filter that is wrong leaves the list as it was.
fn apply(state: &mut State, prompt: &mut Prompt) {
    let text = prompt.input.value();
    match prompt.purpose {
        Purpose::Search => {
            let needle = Needle::typed(text);
            search(state, needle);
        }
        Purpose::Filter => match Filter::parse(text) {
            Ok(filter) => {
                prompt.error = None;
                filter_by(state, prompt, filter);
            }
            Err(error) => prompt.error = Some(error),
        },
    }
}

/// Filters the list, unless the filter is half typed or nothing would be left: then the list stays as it
/// is until Enter.
fn filter_by(state: &mut State, prompt: &mut Prompt, filter: Filter) {
    if Filter::is_half_typed(prompt.input.value()) || !not_kept(state, &filter).is_empty() {
        (prompt.pending, prompt.alone) = (Some(filter), Vec::new());
        return;
    }
    let before = std::mem::replace(&mut state.dns.filter, filter);
    relist(state, |_| {});
    (prompt.pending, prompt.alone) = (None, Vec::new());
    if state.dns.shown == 0 && !state.data.rows().is_empty() {
        prompt.alone = std::mem::take(&mut state.dns.alone);
        prompt.pending = Some(std::mem::replace(&mut state.dns.filter, before));
        relist(state, |_| {});
    }
}

/// Headers and Contact parameters that a filter names and that are not kept.
fn not_kept(state: &State, filter: &Filter) -> Vec<ExtraName> {
    let kept = state.data.snapshot.extra_names();
    filter.extras().into_iter().filter(|name| !kept.contains(name)).collect()
}

/// Has everything read again for what the filter names and is not kept, and shows that as columns.
fn keep_extras(state: &mut State, filter: &Filter) {
    let new = not_kept(state, filter);
    if new.is_empty() {
        return;
    }
    if !state.reading.finished {
        return state.complain("headers can be added when all is read");
    }
    let mut names = state.data.snapshot.extra_names().to_vec();
    let first = names.len();
    names.extend(new);
    names.dedup();
    let added = (first..names.len()).filter_map(|place| u8::try_from(place).ok());
    state.dns.columns.extend(added.map(ColumnId::Extra));
    state.reading.finished = false;
    state.tell("reading again for the headers that the filter names");
    state.effects.push(Effect::Keep(names));
}

/// What is searched for on the visible screen.
fn searched(state: &State) -> &str {
    let needle = match state.stack.last() {
        Some(Screen::Flow(flow)) => &flow.search,
        Some(Screen::Dn(dn)) => &dn.search,
        None if state.tab == Tab::Findings => &state.findings.search,
        None if state.tab == Tab::Compare => &state.compare.search,
        None if state.tab == Tab::Sources => &state.sources.search,
        _ => &state.dns.search,
    };
    needle.as_typed()
}

/// Lets the visible screen search for something.
fn search(state: &mut State, text: Needle) {
    match state.stack.pop() {
        Some(mut screen) => {
            match &mut screen {
                Screen::Flow(flow) => super::flow::search(state, flow, text),
                Screen::Dn(dn) => super::dn::search(dn, text),
                Screen::Message(_) | Screen::Log(_) | Screen::Pair(_) => {}
            }
            state.stack.push(screen);
        }
        None if state.tab == Tab::Findings => super::findings::search(state, text),
        None if state.tab == Tab::Compare => state.compare.search = text,
        None if state.tab == Tab::Sources => state.sources.search = text,
        None => relist(state, |dns| dns.search = text),
    }
}

/// What a key does to a line being typed: those of a shell.
pub(super) fn request(event: KeyEvent) -> Option<InputRequest> {
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    Some(match (event.code, ctrl) {
        (KeyCode::Char('a'), true) | (KeyCode::Home, _) => InputRequest::GoToStart,
        (KeyCode::Char('e'), true) | (KeyCode::End, _) => InputRequest::GoToEnd,
        (KeyCode::Char('u'), true) => InputRequest::DeleteLine,
        (KeyCode::Char('k'), true) => InputRequest::DeleteTillEnd,
        (KeyCode::Char('w'), true) => InputRequest::DeletePrevWord,
        (KeyCode::Left, true) => InputRequest::GoToPrevWord,
        (KeyCode::Right, true) => InputRequest::GoToNextWord,
        (KeyCode::Left, false) => InputRequest::GoToPrevChar,
        (KeyCode::Right, false) => InputRequest::GoToNextChar,
        (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) => InputRequest::DeletePrevChar,
        (KeyCode::Delete, _) => InputRequest::DeleteNextChar,
        (KeyCode::Char(c), false) if !c.is_control() => InputRequest::InsertChar(c),
        _ => return None,
    })
}
