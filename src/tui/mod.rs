//! Presents a snapshot, its contrast and its findings interactively.
//!
//! ```text
//!  keys, mouse ─▶ Input ─▶ update ─▶ State ─▶ view ─▶ terminal
//!  app ─▶ News ──┘           └─▶ Effect ─▶ app (reads, saves), terminal (copies)
//! ```
//!
//! [`State`] is all there is to know; `update` alone changes it and answers with effects, which are
//! values; `view` draws from `&State`. `keys` and `columns` are tables: bindings, help, headers and
//! names in the command line come from them. One file for each region of the screen:
//!
//! ```text
//!  header     what is read, totals
//!  activity   REGISTERs and failures over time
//!  tabs       1 DNs  2 Compare  3 Sources  4 Findings  5 Statistics  6 Cluster
//!  ┌ a screen: dns, dn, compare, pair, flow, message, log, sources, findings, … ─┐
//!  │                                                                             │
//!  └─ why: the selected DN in a paragraph ───────────────────────────────────────┘
//!  footer     keys, or what is being typed
//! ```

mod api;
mod columns;
mod data;
mod effect;
mod keys;
mod prose;
mod run;
mod state;
mod terminal;
mod update;
mod view;

pub use columns::{ColumnId, column_names};
pub use data::Data;
pub use effect::{
    Effect, Fetched, Key as MessageKey, Live, LogLine, News, SaveFormat, SaveRequest, Saved,
};
pub use run::{Desk, run};
pub use state::{Options, State};
pub use view::theme::Palette;
