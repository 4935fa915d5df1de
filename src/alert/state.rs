//! The outages that are open, as text that outlives the program.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::alerts::{Alerts, Held};
use super::outage::{NAMED, Outage, Scope};
use super::{Cause, Level, nanos};
use crate::net::{Timestamp, escape_text};

/// The version of the state.
const SCHEMA: u32 = 1;
/// Characters of a text in a state, at most.
const TEXT: usize = 1000;

/// A number of DNs in a state, at most.
const MOST: usize = 1_000_000_000;

/// Why a state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It is no state, or it is cut.
    #[error("it is damaged, or no state of regscope")]
    Damaged,
    /// Another version wrote it.
    #[error("it was written by another version of regscope (schema {0}; this one has {SCHEMA})")]
    Version(u32),
}

#[derive(Deserialize)]
struct Version {
    schema: u32,
}

/// What is kept: outages by their numbers, and the DNs of each.
#[derive(Serialize, Deserialize)]
struct State<O> {
    schema: u32,
    #[serde(with = "nanos")]
    written: Timestamp,
    next: u64,
    outages: BTreeMap<u64, O>,
    dns: BTreeMap<u64, BTreeMap<String, Dn>>,
}

/// A DN of an outage.
#[derive(Serialize, Deserialize)]
struct Dn {
    #[serde(with = "nanos")]
    since: Timestamp,
    /// Since when it is well again, in nanoseconds since the epoch.
    #[serde(default)]
    well: Option<i64>,
}

impl Alerts {
    /// The outages that are open, as text.
    #[must_use]
    pub fn save(&self, now: Timestamp) -> String {
        let mut dns: BTreeMap<u64, BTreeMap<String, Dn>> = BTreeMap::new();
        for (name, held) in &self.dns {
            if let Some(outage) = held.outage {
                let dn = Dn { since: held.since, well: held.well.map(Timestamp::nanos) };
                dns.entry(outage).or_default().insert(name.clone(), dn);
            }
        }
        let outages: BTreeMap<u64, &Outage> = self.outages.iter().map(|(id, o)| (*id, o)).collect();
        let state = State { schema: SCHEMA, written: now, next: self.next, outages, dns };
        serde_json::to_string(&state).unwrap_or_default()
    }

    /// Goes on with outages that were open: none is reported again, and each is reported as over once its DNs are seen
    /// in service. The text is not trusted.
    pub fn restore(&mut self, text: &str, now: Timestamp) -> Result<(), StateError> {
        let version: Version = serde_json::from_str(text).map_err(|_| StateError::Damaged)?;
        if version.schema != SCHEMA {
            return Err(StateError::Version(version.schema));
        }
        let state: State<Outage> = serde_json::from_str(text).map_err(|_| StateError::Damaged)?;
        self.gap = Some((state.written.min(now), now));
        self.next = self.next.max(state.next.min(u64::MAX / 2));
        let mut all = state.dns;
        for (id, mut outage) in state.outages {
            let dns = all.remove(&id).unwrap_or_default();
            if id >= self.next || self.outages.len() >= self.limits.outages {
                continue;
            }
            clean(&mut outage, now);
            for (name, dn) in dns {
                let room = self.dns.len() < self.limits.dns;
                let name = cleaned(&name);
                if room && !self.dns.contains_key(&name) {
                    outage.out += 1;
                    let well = dn.well.map(|well| Timestamp::from_nanos(well).min(now));
                    if well.is_some() {
                        self.waiting.insert(name.clone());
                    }
                    let level = outage.trouble.level;
                    self.dns.insert(name, held(level, id, dn.since.min(now), well));
                }
            }
            if outage.out > 0 {
                self.outages.insert(id, outage);
            }
        }
        Ok(())
    }
}

/// A DN of an outage as it is held before anything was seen of it.
const fn held(level: Level, id: u64, since: Timestamp, well: Option<Timestamp>) -> Held {
    let is_confirmed = well.is_some();
    Held { level, since, outage: Some(id), pending: None, well, is_confirmed }
}

/// A text of a state, bounded and safe to show.
fn cleaned(text: &str) -> String {
    let text: String = text.chars().take(TEXT).collect();
    escape_text(&text).into_owned()
}

/// Makes an outage of a state like one of this run.
fn clean(outage: &mut Outage, now: Timestamp) {
    let Outage { trouble, scope, fresh, first, cause, .. } = outage;
    trouble.verdict = cleaned(&trouble.verdict);
    trouble.label = cleaned(&trouble.label);
    let Scope { registrar, .. } = scope;
    *registrar = registrar.as_deref().map(cleaned);
    for names in [&mut fresh.0, first] {
        names.truncate(NAMED);
        for name in names.iter_mut() {
            *name = cleaned(name);
        }
    }
    if let Some(Cause { rule, sentence, check }) = cause {
        for text in [rule, sentence, check] {
            *text = cleaned(text);
        }
    }
    for time in [&mut outage.since, &mut outage.reported_at, &mut outage.last_back] {
        *time = (*time).min(now);
    }
    let numbers =
        [&mut outage.back, &mut outage.worse, &mut outage.reported_out, &mut outage.reported_back];
    for number in numbers.into_iter().chain([&mut outage.fresh.1]) {
        *number = (*number).min(MOST);
    }
}
