//! Searches what is known of a DN for text, whatever field it is in.

use super::needle::Needle;
use crate::registration::{AttemptView, DnView, Snapshot, Sym, Verdict};

/// Whether a DN holds the text in its name or its state, or in what any of its attempts shows: addresses, reason
/// phrases, Contact, Call-ID, realm, User-Agent.
#[must_use]
pub fn holds(dn: &DnView<'_>, snapshot: &Snapshot, needle: &Needle) -> bool {
    let state = dn.state();
    needle.is_in(dn.name())
        || is_called(dn, needle)
        || state.status_code.is_some_and(|code| needle.is_shown(&code.to_string()))
        || dn.flags().iter().any(|flag| key(flag.name(), needle))
        || attempts_hold(dn, snapshot, needle)
        || bindings_hold(dn, snapshot, needle)
}

/// Whether its verdict is called that: by label, key, synonym, or the side it takes in a comparison.
fn is_called(dn: &DnView<'_>, needle: &Needle) -> bool {
    let (verdict, code) = (dn.state().verdict, dn.state().status_code);
    label_holds(verdict, code, needle)
        || key(verdict.name(), needle)
        || synonyms(verdict, code).any(|word| begins_a_word(word, needle))
        || begins_a_word(dn.cohort().name(), needle)
}

/// Whether the label of a verdict holds the text; labels without a code are made for nothing.
fn label_holds(verdict: Verdict, code: Option<u16>, needle: &Needle) -> bool {
    needle.is_shown(&verdict.label(code))
}

fn synonyms(verdict: Verdict, code: Option<u16>) -> impl Iterator<Item = &'static str> {
    verdict.synonyms(code).iter().copied()
}

/// Whether a key holds the text, its underscores read as spaces too.
fn key(name: &str, needle: &Needle) -> bool {
    needle.is_shown(name) || name.contains('_') && needle.is_shown(&name.replace('_', " "))
}

/// Whether one of its words begins with the text: a synonym is not to be seen, so a few letters from
/// its middle do not count.
fn begins_a_word(text: &str, needle: &Needle) -> bool {
    const LEAST: usize = 3;
    let wanted = needle.text();
    (wanted.len() >= LEAST || wanted == text)
        && text.match_indices(wanted).any(|(at, _)| {
            at == 0
                || text.as_bytes().get(at - 1).is_some_and(|before| !before.is_ascii_alphanumeric())
        })
}

fn attempts_hold(dn: &DnView<'_>, snapshot: &Snapshot, needle: &Needle) -> bool {
    let mut before: Option<AttemptView<'_>> = None;
    dn.attempts().any(|attempt| {
        let held = attempt_holds(&attempt, before.as_ref(), snapshot, needle);
        before = Some(attempt);
        held
    })
}

/// Whether an attempt holds the text where it differs from the one before, which did not hold it.
fn attempt_holds(
    attempt: &AttemptView<'_>,
    before: Option<&AttemptView<'_>>,
    snapshot: &Snapshot,
    needle: &Needle,
) -> bool {
    let syms = |a: &AttemptView<'_>| -> [Sym; 8] {
        [
            a.reason,
            a.own_words(),
            a.contact,
            a.call_id,
            a.realm,
            a.realm_offered,
            a.user_agent,
            a.aor,
        ]
    };
    let known = before.map(syms);
    let text = |(place, sym): (usize, Sym)| {
        known.as_ref().and_then(|known| known.get(place)) != Some(&sym)
            && snapshot.text(sym).is_some_and(|text| needle.is_in(text))
    };
    let same = |of: fn(&AttemptView<'_>) -> crate::net::Endpoint| {
        before.is_some_and(|before| of(before) == of(attempt))
    };
    let ends: [fn(&AttemptView<'_>) -> crate::net::Endpoint; 2] = [|a| a.source, |a| a.registrar];
    syms(attempt).into_iter().enumerate().any(text)
        || ends.into_iter().any(|of| !same(of) && needle.is_shown(&of(attempt).to_string()))
        || before.is_none_or(|before| before.transport != attempt.transport)
            && needle.is_shown(attempt.transport.name())
}

/// Whether a binding that runs holds it.
fn bindings_hold(dn: &DnView<'_>, snapshot: &Snapshot, needle: &Needle) -> bool {
    dn.bindings().any(|(registrar, binding)| {
        let texts = [binding.contact, binding.user_agent];
        texts.into_iter().any(|sym| snapshot.text(sym).is_some_and(|text| needle.is_in(text)))
            || needle.is_shown(&registrar.to_string())
            || binding.source.is_some_and(|source| needle.is_shown(&source.addr.to_string()))
    })
}
