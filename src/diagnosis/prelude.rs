//! The imports of every rule's file.

pub(super) use super::case::{Case, decided_at, shown_by};
pub(super) use super::finding::{Confidence, Evidence, Finding, Severity};
pub(super) use super::rule::{About, DnRule, Held, Proof, Rule};
pub(super) use super::scene::Scene;
pub(super) use super::signs::{Sign, Signs};
pub(super) use super::words::{self, span, times};
pub(super) use crate::net::count;
pub(super) use crate::registration::{Flag, Outcome, Purpose, Verdict};
