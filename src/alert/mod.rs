//! Groups changes of DNs into notifications a person on call can live with.
//!
//! ```text
//!  a DN goes out ──▶ pending ── out for long enough, others with the same cause awaited ──▶ outage ──▶ "outage"
//!                                                                                        │
//!       more DNs, half of them back, or time for a reminder ◀── "update", "reminder" ────┤
//!       all back, and settled ◀── "recovery", with how long it took ─────────────────────┘
//! ```
//!
//! Nothing here reads a clock or a file: time is an argument, [`Alerts::save`] and [`Alerts::restore`] are text.
//! What is held is bounded, and what a bound leaves out is counted ([`AlertCounts`]).

mod alerts;
mod findings;
mod notification;
mod opening;
mod outage;
mod state;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::net::Timestamp;

pub use alerts::{AlertCounts, AlertLimits, Alerts};
pub use findings::Observation;
pub use notification::{Kind, Notification};
pub use state::StateError;

/// How bad it is; what is worse is greater.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The DN is in service, and may not stay so.
    AtRisk,
    /// The DN was expected, and there is no sign of it.
    NotSeen,
    /// The DN is out of service.
    OutOfService,
}

impl Level {
    /// The word used in machine-readable outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AtRisk => "at_risk",
            Self::NotSeen => "not_seen",
            Self::OutOfService => "out_of_service",
        }
    }
}

/// What is wrong with a DN; DNs of which it is the same may be one outage.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Trouble {
    /// How bad it is.
    pub level: Level,
    /// The key of the verdict, or of the risk.
    pub verdict: String,
    /// The status code behind it, if one is.
    pub status_code: Option<u16>,
    /// The same in words.
    pub label: String,
}

/// What is known of a DN now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Now {
    /// Something is wrong.
    Trouble(Trouble),
    /// It is in service, and not at risk.
    Well,
    /// Nothing that could be judged.
    Unknown,
    /// Something is wrong that is not to be reported; an outage that was reported goes on.
    Unwanted,
    /// It is not followed any more.
    Gone,
}

/// A change of a DN; all text is safe to show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// When.
    pub time: Timestamp,
    /// The DN.
    pub dn: String,
    /// What it is now.
    pub now: Now,
    /// The address it registers from.
    pub source: Option<IpAddr>,
    /// The registrar, with its port.
    pub registrar: Option<String>,
    /// Why, in a sentence, and what to check next.
    pub cause: Option<Cause>,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum News {
    /// A DN changed.
    Change(Event),
    /// Something was found that is about no DN.
    Found(Observation),
}

/// Why a DN is in trouble.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    /// The rule that found it.
    pub rule: String,
    /// The sentence.
    pub sentence: String,
    /// What to check next.
    pub check: String,
}

/// Keeps times in a state as nanoseconds since the epoch.
mod nanos {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::net::Timestamp;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands on references")]
    pub(super) fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(time.nanos())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(from).map(Timestamp::from_nanos)
    }
}
