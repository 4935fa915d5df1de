//! The state of the screen: everything that is drawn from.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::columns::{ColumnId, Look};
use super::data::Data;
use super::effect::{Effect, Live};
use super::keys::Place;
use super::view::theme::Palette;
use crate::net::{FrameRef, Timestamp};
use crate::wording::glyphs::Glyphs;
use crate::wording::when::Clock;

pub(super) mod cluster;
pub(super) mod compare;
pub(super) mod cursor;
pub(super) mod dn;
pub(super) mod dns;
pub(super) mod findings;
pub(super) mod flow;
pub(super) mod group;
pub(super) mod lanes;
pub(super) mod log;
pub(super) mod made;
pub(super) mod message;
pub(super) mod messages;
pub(super) mod overlay;
pub(super) mod pair;
pub(super) mod search;
pub(super) mod sources;
pub(super) mod statistics;
pub(super) mod text;

use cluster::Cluster;
use compare::Compare;
use dn::Dn;
use dns::Dns;
use findings::Findings;
use flow::Flow;
use log::Log;
use message::Message;
use messages::Messages;
use overlay::Overlay;
use pair::Pair;
use sources::Sources;
use statistics::Statistics;

/// How the screen is to look and begin.
#[derive(Clone, Debug)]
pub struct Options {
    /// The zone times are shown in.
    pub zone: TimeZone,
    /// Colors.
    pub palette: Palette,
    /// Whether marks beyond ASCII are used.
    pub unicode: bool,
    /// The columns of the DN list; the usual ones if empty.
    pub columns: Vec<ColumnId>,
    /// What the DN list is filtered by from the start.
    pub filter: String,
    /// What is read, in a few words.
    pub title: String,
}

/// How far reading is.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// Bytes read, and of how many.
    pub progress: Option<(u64, Option<u64>)>,
    /// How live traffic fares, if that is what is read.
    pub live: Option<Live>,
    /// All is read.
    pub finished: bool,
    /// Why reading ended early.
    pub failed: Option<String>,
    /// The picture is held still.
    pub paused: bool,
    /// What was read since then.
    pub held: Option<Arc<Data>>,
}

/// One of the home screens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Tab {
    #[default]
    Dns,
    Compare,
    Sources,
    Findings,
    Statistics,
    /// There if a cluster is.
    Cluster,
}

impl Tab {
    pub(super) const ALL: [Self; 6] =
        [Self::Dns, Self::Compare, Self::Sources, Self::Findings, Self::Statistics, Self::Cluster];

    /// Its title; a short one on a narrow screen.
    pub(super) const fn title(self, wide: bool) -> &'static str {
        match self {
            Self::Dns => "DNs",
            Self::Compare => "Compare",
            Self::Sources => "Sources",
            Self::Findings => "Findings",
            Self::Statistics if wide => "Statistics",
            Self::Statistics => "Stats",
            Self::Cluster => "Cluster",
        }
    }
}

/// A screen above the home screens.
#[derive(Clone, Debug)]
pub(super) enum Screen {
    Dn(Dn),
    Flow(Box<Flow>),
    Message(Message),
    Log(Log),
    Pair(Pair),
}

impl Screen {
    /// The ladder of a DN, at a frame if one is named.
    pub(super) fn flow(name: &[u8], at: Option<FrameRef>) -> Self {
        Self::Flow(Box::new(Flow::at(name, at)))
    }
}

/// A notice in the footer, until the next key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Notice {
    Info(String),
    Error(String),
}

/// All there is to know about what is on the screen.
#[derive(Debug)]
pub struct State {
    pub(super) options: Options,
    pub(super) data: Arc<Data>,
    pub(super) clock: Clock,
    /// The moment countdowns run from.
    pub(super) now: Timestamp,
    pub(super) reading: Reading,
    /// Columns and rows of the terminal.
    pub(super) size: (u16, u16),
    pub(super) tab: Tab,
    pub(super) dns: Dns,
    pub(super) compare: Compare,
    pub(super) sources: Sources,
    pub(super) findings: Findings,
    pub(super) statistics: Statistics,
    pub(super) cluster: Cluster,
    /// Screens opened above the home screen, the visible one last.
    pub(super) stack: Vec<Screen>,
    pub(super) overlay: Option<Overlay>,
    /// Marked DNs.
    pub(super) marks: BTreeSet<Vec<u8>>,
    /// Messages that were read again.
    pub(super) messages: Messages,
    pub(super) notice: Option<Notice>,
    /// What the last input asks for.
    pub(super) effects: Vec<Effect>,
}

impl State {
    /// The first screen, of a terminal of this size.
    #[must_use]
    pub fn new(options: Options, size: (u16, u16)) -> Self {
        let clock = Clock::new(&options.zone, Timestamp::default());
        let columns = match options.columns.as_slice() {
            [] => ColumnId::usual(),
            chosen => chosen.to_vec(),
        };
        let dns = Dns::new(columns, &options.filter);
        Self {
            options,
            data: Arc::default(),
            clock,
            now: Timestamp::default(),
            reading: Reading::default(),
            size,
            tab: Tab::default(),
            dns,
            compare: Compare::default(),
            sources: Sources::default(),
            findings: Findings::default(),
            statistics: Statistics::default(),
            cluster: Cluster::default(),
            stack: Vec::new(),
            overlay: None,
            marks: BTreeSet::new(),
            messages: Messages::default(),
            notice: None,
            effects: Vec::new(),
        }
    }

    /// The home screens there are: that of the cluster only if there is one.
    pub(super) fn tabs(&self) -> impl Iterator<Item = Tab> + Clone + use<> {
        let any = !self.data.cluster.is_empty();
        Tab::ALL.into_iter().filter(move |tab| any || *tab != Tab::Cluster)
    }

    /// Where keys go.
    pub(super) fn place(&self) -> Place {
        match self.stack.last() {
            Some(Screen::Dn(_)) => Place::Dn,
            Some(Screen::Flow(_)) => Place::Flow,
            Some(Screen::Message(_)) => Place::Message,
            Some(Screen::Log(_)) => Place::Log,
            Some(Screen::Pair(_)) => Place::Pair,
            None => match self.tab {
                Tab::Dns => Place::Dns,
                Tab::Compare => Place::Compare,
                Tab::Sources => Place::Sources,
                Tab::Findings => Place::Findings,
                Tab::Statistics => Place::Statistics,
                Tab::Cluster => Place::Cluster,
            },
        }
    }

    /// The marks of the terminal's character set.
    pub(super) const fn glyphs(&self) -> &'static Glyphs {
        Glyphs::of(self.options.unicode)
    }

    /// What cells of the DN list are made from.
    pub(super) fn look(&self) -> Look<'_> {
        Look { data: &self.data, clock: &self.clock, now: self.now }
    }

    /// Says something in the footer.
    pub(super) fn tell(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::Info(text.into()));
    }

    /// Says in the footer that something is wrong.
    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::Error(text.into()));
    }
}
