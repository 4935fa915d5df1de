//! The save dialog.

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent};
use tui_input::Input;

use super::prompt::request;
use crate::net::escape_bytes;
use crate::tui::effect::{Effect, SaveFormat, SaveRequest};
use crate::tui::state::overlay::{Field, Overlay, Save, Scope};
use crate::tui::state::pair::Subjects;
use crate::tui::state::{Screen, State, Tab};

pub(super) fn open(state: &mut State) {
    let scopes = scopes(state);
    if scopes.is_empty() {
        return state.complain("there is no DN to save");
    }
    let mut save = Save {
        scopes,
        scope: 0,
        format: SaveFormat::Pcapng,
        path: Input::default(),
        typed: false,
        field: Field::Scope,
        exists: false,
        busy: false,
        failed: None,
    };
    propose(&mut save);
    state.overlay = Some(Overlay::Save(save));
}

/// Which DNs can be saved from here, what is likeliest first.
fn scopes(state: &State) -> Vec<(Scope, String, Vec<Vec<u8>>)> {
    let mut scopes = Vec::new();
    let mut add = |scope, what: &str, dns: Vec<Vec<u8>>| {
        let words = match dns.as_slice() {
            [] => return,
            [one] => format!("{what}: {}", escape_bytes(one)),
            many => format!("{what}: {} DNs", many.len()),
        };
        scopes.push((scope, words, dns));
    };
    let name = |row: u32| state.data.dn(row).map(|dn| dn.name().to_vec());
    let marked: Vec<_> = state.marks.iter().cloned().collect();
    add(Scope::Marked, "marked", marked);
    let here = match state.stack.last() {
        Some(Screen::Dn(dn)) => vec![dn.name.clone()],
        Some(Screen::Flow(flow)) => vec![flow.name.clone()],
        Some(Screen::Message(message)) => vec![message.key.dn.clone()],
        Some(Screen::Pair(pair)) => match &pair.of {
            Subjects::Dns(names) => names.to_vec(),
            Subjects::Messages([a, b]) if a.dn == b.dn => vec![a.dn.clone()],
            Subjects::Messages([a, b]) => vec![a.dn.clone(), b.dn.clone()],
        },
        None if state.tab == Tab::Dns => match state.dns.selected_group() {
            Some(group) => group.rows.iter().filter_map(|&row| name(row)).collect(),
            None => state.dns.row().and_then(name).into_iter().collect(),
        },
        Some(Screen::Log(_)) | None => Vec::new(),
    };
    add(Scope::Selected, "selected", here);
    let listed = state.dns.rows().into_iter().filter_map(name).collect();
    let all = state.dns.search.is_empty() && state.dns.filter.is_all();
    add(Scope::Listed, if all { "all" } else { "listed (search and filter)" }, listed);
    scopes
}

/// A name for the file, unless one was typed.
fn propose(save: &mut Save) {
    if save.typed {
        return;
    }
    let stem = match save.scopes.get(save.scope) {
        Some((_, _, dns)) => match dns.as_slice() {
            [one] => stem(one),
            many => format!("regscope-{}-dns", many.len()),
        },
        None => "regscope".to_owned(),
    };
    save.path = Input::new(format!("{stem}.{}", save.format.extension()));
}

/// A DN as a file's name: what might lead elsewhere is replaced.
fn stem(dn: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"+_-".contains(byte);
    let name = dn.iter().map(|byte| if plain(byte) { char::from(*byte) } else { '_' });
    format!("dn-{}", name.take(60).collect::<String>())
}

pub(super) fn key(state: &mut State, mut save: Save, event: KeyEvent) {
    match event.code {
        KeyCode::Esc if save.exists => save.exists = false,
        KeyCode::Esc => return,
        _ if save.busy => {}
        KeyCode::Char('y') if save.exists => send(state, &mut save, true),
        _ if save.exists => save.exists = false,
        KeyCode::Enter | KeyCode::F(2) => send(state, &mut save, false),
        KeyCode::Tab => save.field = after(save.field),
        KeyCode::BackTab => save.field = after(after(save.field)),
        KeyCode::Down => down(&mut save),
        KeyCode::Up => up(&mut save),
        _ => edit(&mut save, event),
    }
    state.overlay = Some(Overlay::Save(save));
}

/// The next choice of the field, or the first of the next field.
fn down(save: &mut Save) {
    match save.field {
        Field::Scope if save.scope + 1 < save.scopes.len() => save.scope += 1,
        Field::Format if format_place(save) + 1 < SaveFormat::ALL.len() => {
            set_format(save, format_place(save) + 1);
        }
        field => save.field = after(field),
    }
    save.failed = None;
    propose(save);
}

/// The choice before, or the field before.
fn up(save: &mut Save) {
    match save.field {
        Field::Scope if save.scope > 0 => save.scope -= 1,
        Field::Format if format_place(save) > 0 => set_format(save, format_place(save) - 1),
        field => save.field = after(after(field)),
    }
    save.failed = None;
    propose(save);
}

fn format_place(save: &Save) -> usize {
    SaveFormat::ALL.iter().position(|&format| format == save.format).unwrap_or_default()
}

fn set_format(save: &mut Save, place: usize) {
    if let Some(&format) = SaveFormat::ALL.get(place) {
        save.format = format;
    }
}

const fn after(field: Field) -> Field {
    match field {
        Field::Scope => Field::Format,
        Field::Format => Field::Path,
        Field::Path => Field::Scope,
    }
}

fn edit(save: &mut Save, event: KeyEvent) {
    save.failed = None;
    let back = matches!(event.code, KeyCode::Left);
    let turn = back || matches!(event.code, KeyCode::Right | KeyCode::Char(' '));
    match save.field {
        Field::Scope if turn => save.scope = turned(save.scope, save.scopes.len(), back),
        Field::Format if turn => {
            let place = turned(format_place(save), SaveFormat::ALL.len(), back);
            set_format(save, place);
        }
        Field::Path => {
            if let Some(request) = request(event) {
                save.typed |= save.path.handle(request).is_some_and(|change| change.value);
            }
        }
        Field::Scope | Field::Format => {}
    }
    propose(save);
}

/// The next place round, or the one before.
const fn turned(at: usize, len: usize, back: bool) -> usize {
    if len == 0 {
        return 0;
    }
    (at + if back { len - 1 } else { 1 }) % len
}

fn send(state: &mut State, save: &mut Save, replace: bool) {
    let path = save.path.value().trim();
    if path.is_empty() {
        save.failed = Some("the file needs a name".to_owned());
        return;
    }
    let Some((_, _, dns)) = save.scopes.get(save.scope) else { return };
    let (path, dns, format) = (PathBuf::from(path), dns.clone(), save.format);
    (save.busy, save.exists, save.failed) = (true, false, None);
    state.effects.push(Effect::Save(SaveRequest { dns, format, path, replace }));
}
