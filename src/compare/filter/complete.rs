//! Completes a filter that is being typed: fields, and the values that are present, with counts.

use std::cmp::Reverse;

use smallvec::{SmallVec, smallvec};

use super::condition::{Subject, cti_names};
use super::field::{Field, OWN, SHORT, filter_fields};
use super::parse::operator_at;
use crate::compare::atom::{Atom, Value};
use crate::compare::extra::extra;
use crate::hashing::HashMap;
use crate::net::escape_bytes;
use crate::registration::{Flag, Ledger, Snapshot};

/// Choices that are offered, at most.
const MOST: usize = 200;

/// What may come next in a filter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// Where the word begins that a choice replaces, in bytes.
    pub at: usize,
    /// What may be there: fields, or values, the most frequent first.
    pub choices: Vec<Choice>,
}

/// One word that may come next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// What is put into the filter.
    pub text: String,
    /// What it means, or how many DNs have it.
    pub about: String,
}

/// What may come at the end of a text.
#[must_use]
pub fn complete(text: &str, snapshot: &Snapshot) -> Completion {
    let quoted = text.matches('"').count() % 2 == 1;
    let quote = if quoted { text.rfind('"') } else { None };
    let outside = text.get(..quote.unwrap_or(text.len())).unwrap_or_default();
    let begins = |c: char| c.is_whitespace() || c == '(';
    let word_at = outside.rfind(begins).map_or(0, |at| at + 1);
    let word = outside.get(word_at..).unwrap_or_default();
    let word_at = word_at + (word.len() - word.trim_start_matches('!').len());
    let word = word.trim_start_matches('!');
    // after a comma another condition may begin
    let last = word.rfind(',').map_or(0, |comma| comma + 1);
    let tail = word.get(last..).unwrap_or_default();
    let (word, word_at) =
        if operator_at(tail).is_some() { (tail, word_at + last) } else { (word, word_at) };
    let Some((name, value_at)) = operator_at(word) else { return fields(word, word_at) };
    let Some(field) = Field::named(name) else { return fields(name, word_at) };
    let after_comma = outside.rfind(',').map_or(0, |at| at + 1);
    let at = quote.unwrap_or_else(|| (word_at + value_at).max(after_comma));
    let begun = text.get(at..).unwrap_or_default().trim_start_matches('"').to_lowercase();
    values(&field, &begun, at, snapshot)
}

fn fields(begun: &str, at: usize) -> Completion {
    let begun = begun.to_lowercase();
    // a header has no value to choose before it has a name
    let sign = |name: &str| if name.ends_with('.') { "" } else { "=" };
    let choice = |(name, also, about): (&'static str, String, String)| {
        // the name that begins as typed, else the short one
        let short = SHORT.iter().find(|(_, full)| *full == name).map_or(name, |short| short.0);
        let mut names = [short, name].into_iter().chain(also.split(", "));
        let name = names.find(|name| !name.is_empty() && name.starts_with(&begun))?;
        Some(Choice { text: format!("{name}{}", sign(name)), about })
    };
    let mut choices: Vec<Choice> = filter_fields().filter_map(choice).collect();
    let own = |choice: &Choice| OWN.iter().any(|own| choice.text.starts_with(own.name));
    // what is used most comes first: fields of their own, then short names
    choices.sort_by_key(|choice| (!own(choice), choice.text.contains('.')));
    Completion { at, choices }
}

fn values(field: &Field, begun: &str, at: usize, snapshot: &Snapshot) -> Completion {
    let mut counts = HashMap::<String, usize>::default();
    for dn in snapshot.dns() {
        let mut all = values_of(field, &Subject::new(&dn, snapshot));
        all.dedup();
        for value in all {
            *counts.entry(value).or_default() += 1;
        }
    }
    let mut counts: Vec<_> =
        counts.into_iter().filter(|(value, _)| value.to_lowercase().contains(begun)).collect();
    let begins = |value: &str| value.to_lowercase().starts_with(begun);
    counts.sort_by(|(a, m), (b, n)| (!begins(a), Reverse(m), a).cmp(&(!begins(b), Reverse(n), b)));
    counts.truncate(MOST);
    let choice = |(value, count): (String, usize)| Choice {
        text: quoted(value),
        about: crate::net::count(count as u64, "DN"),
    };
    Completion { at, choices: counts.into_iter().map(choice).collect() }
}

/// A value as it is written in a filter.
fn quoted(value: String) -> String {
    let plain = |c: char| !c.is_whitespace() && !",()\"".contains(c);
    if value.chars().all(plain) { value } else { format!("\"{}\"", value.replace('"', "")) }
}

/// What a DN has there, as it is shown.
fn values_of(field: &Field, subject: &Subject<'_, '_>) -> SmallVec<[String; 2]> {
    let (dn, snapshot) = (subject.dn, subject.snapshot);
    let shown = |text: &[u8]| escape_bytes(text).into_owned();
    let node = |node| shown(snapshot.node_name(node).unwrap_or_default().as_bytes());
    let one = |value: Option<Value>| value.map(|value| value.display()).into_iter().collect();
    match field {
        Field::Dn => smallvec![shown(dn.name())],
        Field::Verdict => smallvec![dn.state().verdict.name().to_owned()],
        Field::Code => dn.state().status_code.map(|code| code.to_string()).into_iter().collect(),
        Field::Attempts => {
            smallvec![dn.record().map_or(0, |record| record.attempts).to_string()]
        }
        Field::Flag => dn.flags().iter().map(Flag::name).map(str::to_owned).collect(),
        Field::CallId => {
            dn.attempts().filter_map(|a| snapshot.text(a.call_id).map(shown)).collect()
        }
        Field::Owner => {
            let owner = Ledger::of(&dn.node_events()).owner(dn.judged_at());
            smallvec![owner.map_or_else(|| "none".to_owned(), |owner| node(owner.node))]
        }
        Field::Node => Ledger::of(&dn.node_events()).nodes().map(node).collect(),
        Field::Cti => cti_names(dn).last().map(|name| (*name).to_owned()).into_iter().collect(),
        Field::Source => {
            subject.facts().attempt.map(|a| a.source.addr.to_string()).into_iter().collect()
        }
        Field::Registrar => {
            subject.facts().attempt.map(|a| a.registrar.to_string()).into_iter().collect()
        }
        Field::Reason => {
            let texts = subject.facts().attempt.map(|a| [a.reason, a.own_words()]);
            let texts = texts.into_iter().flatten();
            texts.filter_map(|sym| snapshot.text(sym).map(shown)).collect()
        }
        Field::Attribute(attribute) => one((attribute.value)(subject.facts()).map(Atom::value)),
        Field::Extra(name) => one(extra(dn, name)),
    }
}
