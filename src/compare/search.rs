//! Searches what is known of a DN for text, whatever field it is in.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt::Write as _;
use std::net::IpAddr;

use super::needle::Needle;
use crate::net::Endpoint;
use crate::registration::{Cohort, DnView, Flag, FlagSet, Snapshot, Sym, Verdict};

/// A search of the DNs of one snapshot: what many DNs have in common is tried once.
#[derive(Debug)]
pub struct Search<'n> {
    needle: &'n Needle,
    /// Verdicts with their status codes, and whether they are called that.
    called: RefCell<Vec<(Verdict, Option<u16>, bool)>>,
    flags: OnceCell<FlagSet>,
    sides: OnceCell<Vec<Cohort>>,
    /// Whether an address with its port may hold the text.
    in_address: bool,
    /// The registrar tried last, and whether it holds the text.
    registrar: Cell<Option<(Endpoint, bool)>>,
    /// The text tried last, and whether it holds it: neighbors often share theirs.
    text: Cell<(Sym, bool)>,
    /// Room to write an address in.
    scratch: RefCell<String>,
}

impl<'n> Search<'n> {
    /// Looks for this.
    #[must_use]
    pub fn new(needle: &'n Needle) -> Self {
        let in_address = |c: char| c.is_ascii_hexdigit() || ".:[]%".contains(c);
        Self {
            needle,
            called: RefCell::default(),
            flags: OnceCell::new(),
            sides: OnceCell::new(),
            in_address: needle.text().chars().all(in_address),
            registrar: Cell::default(),
            text: Cell::new((Sym::NONE, false)),
            scratch: RefCell::default(),
        }
    }

    /// What is looked for.
    #[must_use]
    pub const fn needle(&self) -> &'n Needle {
        self.needle
    }

    /// Whether a DN holds the text in its name or its state, or in what any of its attempts shows: addresses,
    /// reason phrases, Contact, Call-ID, realm, User-Agent.
    #[must_use]
    pub fn holds(&self, dn: &DnView<'_>, snapshot: &Snapshot) -> bool {
        self.needle.is_in(dn.name())
            || self.is_called(dn)
            || self.record_holds(dn, snapshot)
            || self.attempts_hold(dn, snapshot)
    }

    /// Whether its verdict, a flag, or the side it takes in a comparison is called that.
    fn is_called(&self, dn: &DnView<'_>) -> bool {
        let (verdict, code) = (dn.state().verdict, dn.state().status_code);
        let known = |&(v, c, held): &(Verdict, Option<u16>, bool)| {
            (v == verdict && c == code).then_some(held)
        };
        let before = self.called.borrow().iter().find_map(known);
        let called = before.unwrap_or_else(|| {
            let called = self.names_verdict(verdict, code);
            self.called.borrow_mut().push((verdict, code, called));
            called
        });
        called
            || dn.flags().intersects(self.flags())
            || !self.sides().is_empty() && self.sides().contains(&dn.cohort())
    }

    /// The sides of a comparison that are called that.
    fn sides(&self) -> &[Cohort] {
        self.sides.get_or_init(|| {
            let sides = [Cohort::Failing, Cohort::Working, Cohort::Unclear].into_iter();
            sides.filter(|side| begins_a_word(side.name(), self.needle)).collect()
        })
    }

    /// Whether a verdict is called that: by label, key or synonym.
    fn names_verdict(&self, verdict: Verdict, code: Option<u16>) -> bool {
        self.needle.is_shown(&verdict.label(code))
            || code.is_some_and(|code| self.needle.is_shown(&code.to_string()))
            || self.names_key(verdict.name())
            || verdict.synonyms(code).iter().any(|word| begins_a_word(word, self.needle))
    }

    /// Whether a key holds the text, its underscores read as spaces too.
    fn names_key(&self, key: &str) -> bool {
        self.needle.is_shown(key)
            || key.contains('_') && self.needle.is_shown(&key.replace('_', " "))
    }

    /// The flags that are called that.
    fn flags(&self) -> FlagSet {
        *self.flags.get_or_init(|| {
            let mut flags = FlagSet::EMPTY;
            for &flag in Flag::ALL {
                flags.set_if(flag, self.names_key(flag.name()));
            }
            flags
        })
    }

    /// Whether what is kept of all attempts together holds it.
    fn record_holds(&self, dn: &DnView<'_>, snapshot: &Snapshot) -> bool {
        let Some(record) = dn.record() else { return false };
        let lists = [&record.aors, &record.contacts, &record.user_agents, &record.vias];
        lists.into_iter().flat_map(|list| list.iter()).any(|&sym| self.is_in(sym, snapshot))
            || record.sources.iter().any(|(source, transport)| {
                self.is_endpoint(*source) || self.needle.is_shown(transport.name())
            })
            || dn.state().registrations.iter().any(|held| self.is_registrar(held.registrar))
    }

    fn attempts_hold(&self, dn: &DnView<'_>, snapshot: &Snapshot) -> bool {
        let mut before = [Sym::NONE; 5];
        dn.attempt_texts().any(|texts| {
            let mut new = texts.iter().zip(before).filter(|(text, before)| *text != before);
            let held = new.any(|(&text, _)| self.is_in(text, snapshot));
            before = texts;
            held
        })
    }

    fn is_in(&self, sym: Sym, snapshot: &Snapshot) -> bool {
        if sym.is_none() {
            return false;
        }
        let (last, held) = self.text.get();
        if last == sym {
            return held;
        }
        let held = snapshot.text(sym).is_some_and(|text| self.needle.is_in(text));
        self.text.set((sym, held));
        held
    }

    fn is_registrar(&self, registrar: Endpoint) -> bool {
        if let Some((last, held)) = self.registrar.get()
            && last == registrar
        {
            return held;
        }
        let held = self.is_endpoint(registrar);
        self.registrar.set(Some((registrar, held)));
        held
    }

    fn is_endpoint(&self, end: Endpoint) -> bool {
        if !self.in_address {
            return false;
        }
        let mut text = self.scratch.borrow_mut();
        text.clear();
        let written = match end.addr {
            IpAddr::V4(_) => write!(text, "{end}"),
            // with its port it is in brackets, which a list does without
            IpAddr::V6(address) => write!(text, "{address} {end}"),
        };
        written.is_ok() && self.needle.is_shown(&text)
    }
}

/// Whether one of its words begins with the text: a synonym is not to be seen, so a few letters from
/// its middle do not count.
fn begins_a_word(text: &str, needle: &Needle) -> bool {
    const LEAST: usize = 3;
    let wanted = needle.text();
    let begins = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| text.as_bytes().get(before));
        before.is_none_or(|before| !before.is_ascii_alphanumeric())
    };
    (wanted.len() >= LEAST || wanted == text)
        && text.match_indices(wanted).any(|(at, _)| begins(at))
}
