//! Folds messages into transactions, attempts, bindings and DN states, on the trace's own clock.
//!
//! ```text
//!  message ─▶ facts ─▶ transaction ─▶ attempt ─▶ binding ─▶ verdict
//!             whose DN? same request?   same try?   what a     judge
//!                       hop? copy?                  2xx holds
//! ```
//!
//! [`Tracker`] is fed in the order of the trace; [`Tracker::snapshot`] is read. `request` and
//! `answer` take REGISTERs and what comes back, `late` what was captured behind its consequence;
//! `evidence` takes other messages, `reach` whether devices answer them, and `connections` what the
//! network says instead.

pub(crate) mod abreast;
mod agents;
mod ahead;
mod answer;
mod arena;
mod asked;
mod at_sources;
mod attempt;
mod binding;
mod bounds;
mod callers;
mod changes;
mod conclude;
mod connections;
mod contact;
mod coverage;
mod describe;
mod details;
mod dn;
mod doubt;
mod ends;
mod evidence;
mod excuse;
mod extra;
mod facts;
mod few;
mod flows;
mod forms;
mod heard;
mod in_flight;
mod index;
mod interest;
mod judge;
mod judged;
mod late;
mod ledger;
mod live;
mod log;
mod looked_up;
mod lookups;
mod memory;
mod names;
mod natural;
mod nearer;
mod nodes;
mod rare;
mod reach;
mod reading;
mod reginfo;
mod request;
mod request_forms;
mod risk;
mod scanner;
mod sealed;
mod service;
mod shrink;
mod silence;
mod snapshot;
mod spare;
mod state;
mod stated;
mod store;
mod success;
mod syms;
mod tally;
mod text;
mod thin;
mod third_party;
mod tracker;
mod transaction;
mod unasked;
mod users;
mod verdict;

pub use crate::packet::{CertificateInfo, DnsKind, Seal, TlsInfo, Unread, version_name};
pub use agents::AgentRecord;
pub use ahead::AHEAD;
pub use attempt::{Attempt, Demand, Outcome, Purpose};
pub use bounds::{Forgotten, Limits};
pub use changes::{DnChange, Status};
pub use connections::{ConnectionFault, ConnectionRecord};
pub use coverage::Coverage;
pub use details::{AnswerDetails, Details};
pub use excuse::Excuse;
pub use extra::{Extra, ExtraName};
pub use few::Few;
pub use flows::{DeadFlow, FlowEnd};
pub use forms::{AnswerForm, RequestForm};
pub use heard::{Heard, Shape};
pub use ledger::{Act, Belief, Ground, Ledger, NodeEvent, Owner};
pub use lookups::{FailedLookup, LookupFault};
pub use natural::natural;
pub use nodes::{Node, NodeId, NodeSource};
pub use rare::Rewritten;
pub use reach::Unanswered;
pub use reading::Reading;
pub use risk::Risk;
pub use silence::TIMER_F;
pub use snapshot::{AttemptView, BindingView, DnView, Snapshot, SnapshotOptions, SourceState};
pub use state::{DnState, RegistrationState};
pub use stated::{Basis, Cti};
pub use store::{Binding, Called, Change, Dn, Marks, MessageRecord, Refusal, Registration, Source};
pub use tally::{Distribution, Tally};
pub use text::{Sym, Texts};
pub use tracker::{Counts, Ingested, Tracker};
pub use verdict::{Cohort, Flag, FlagSet, State, Verdict};

#[cfg(test)]
pub(crate) mod random;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
