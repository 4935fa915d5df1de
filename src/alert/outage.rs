//! An outage: DNs with one cause and one source, or one registrar, that are reported together.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Cause, Trouble, nanos};
use crate::net::Timestamp;

/// DNs that are named in a notification.
pub(super) const NAMED: usize = 20;

/// What the DNs of an outage share beside the cause.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub(super) struct Scope {
    /// The address all register from.
    pub(super) source: Option<IpAddr>,
    /// The registrar all register with.
    pub(super) registrar: Option<String>,
}

/// An outage that was reported and is not over.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub(super) struct Outage {
    pub(super) trouble: Trouble,
    pub(super) scope: Scope,
    /// Since when the first of its DNs was in trouble.
    #[serde(with = "nanos")]
    pub(super) since: Timestamp,
    /// When it was last reported.
    #[serde(with = "nanos")]
    pub(super) reported_at: Timestamp,
    /// Notifications of it so far.
    pub(super) reported: u32,
    /// DNs in trouble, and DNs that were back, when it was last reported.
    pub(super) reported_out: usize,
    pub(super) reported_back: usize,
    /// DNs in trouble now: as many as name it.
    #[serde(skip)]
    pub(super) out: usize,
    /// DNs that came back.
    pub(super) back: usize,
    /// When the last of them did.
    #[serde(with = "nanos")]
    pub(super) last_back: Timestamp,
    /// DNs that went from at risk to out of service, and are reported there.
    pub(super) worse: usize,
    /// How often a DN came back and did not stay.
    pub(super) relapses: u64,
    /// DNs that joined since it was last reported, the first of them, and how many there were.
    pub(super) fresh: (Vec<String>, usize),
    /// The first of its DNs, for notifications that do not name those in trouble.
    pub(super) first: Vec<String>,
    /// Why the first of them is in trouble.
    pub(super) cause: Option<Cause>,
    /// Whether some came back when nobody watched.
    pub(super) unwatched: bool,
}

impl Outage {
    pub(super) fn new(trouble: Trouble, scope: Scope, now: Timestamp) -> Self {
        Self {
            trouble,
            scope,
            since: now,
            reported_at: now,
            reported: 0,
            reported_out: 0,
            reported_back: 0,
            out: 0,
            back: 0,
            last_back: Timestamp::NONE,
            worse: 0,
            relapses: 0,
            fresh: (Vec::new(), 0),
            first: Vec::new(),
            cause: None,
            unwatched: false,
        }
    }

    /// Takes in a DN.
    pub(super) fn join(&mut self, dn: &str, since: Timestamp, cause: Option<Cause>) {
        self.since = self.since.min(since);
        self.out += 1;
        self.fresh.1 += 1;
        for names in [&mut self.fresh.0, &mut self.first] {
            if names.len() < NAMED {
                names.push(dn.to_owned());
            }
        }
        self.cause = self.cause.take().or(cause);
    }

    /// DNs there were in all.
    pub(super) const fn total(&self) -> usize {
        self.out + self.back + self.worse
    }

    /// Whether half of the DNs that were in trouble when it was last reported are back.
    pub(super) const fn has_shrunk(&self) -> bool {
        let back = self.back.saturating_sub(self.reported_back);
        back > 0 && back * 2 >= self.reported_out
    }

    /// Notes that it was reported.
    pub(super) fn note_reported(&mut self, now: Timestamp) {
        (self.reported_at, self.reported_out, self.reported_back) = (now, self.out, self.back);
        self.reported = self.reported.saturating_add(1);
        self.fresh = (Vec::new(), 0);
    }
}
