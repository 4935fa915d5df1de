//! The model at one moment: what reports and screens read.

use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use super::arena::Arena;
use super::attempt::{Attempt, Demand};
use super::connections::ConnectionRecord;
use super::extra::ExtraName;
use super::flows::Ways;
use super::index::Index;
use super::lookups::FailedLookup;
use super::nearer::Nearer;
use super::reach::Silent;
use super::state::DnState;
use super::store::{Binding, Dn, MessageRecord, NIL, Source, Store};
use super::text::{Sym, Texts};
use super::tracker::{Counts, Tracker};
use super::verdict::{Cohort, Flag};
use crate::net::{Endpoint, Timestamp, escape_bytes};
use crate::sip::status_phrase;

/// What a snapshot is asked to show.
#[derive(Clone, Debug, Default)]
pub struct SnapshotOptions {
    /// The moment to judge at; the last packet's time if absent.
    pub at: Option<Timestamp>,
    /// DNs that should be there: those that are not get the verdict `not_seen`.
    pub expected: Vec<String>,
}

/// The state of every DN at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub(super) store: Store,
    pub(super) states: Arena<DnState>,
    pub(super) sources: Vec<SourceState>,
    connections: Vec<ConnectionRecord>,
    /// Searches for a registrar that led nowhere.
    pub(super) failed_lookups: Vec<FailedLookup>,
    /// Places that do not answer, if there are any.
    pub(super) silent: Option<Silent>,
    /// What became of the paths to devices.
    pub(super) ways: Ways,
    /// What was counted so far.
    pub counts: Counts,
    /// The moment it is about.
    pub at: Timestamp,
    /// The time of the first packet or log statement.
    pub first: Option<Timestamp>,
    /// The last packet's time.
    pub last: Option<Timestamp>,
    /// DNs left out because only scanners tried them.
    pub collapsed: usize,
    pub(super) extra_names: Arc<[ExtraName]>,
}

/// One address that sends REGISTERs.
#[derive(Clone, Debug)]
pub struct SourceState {
    /// The address.
    pub address: IpAddr,
    /// What was counted of it.
    pub totals: Source,
    /// Its DNs in service, those left out that only another address holds.
    pub in_service: u32,
    /// Its DNs out of service, and those that another address holds while it was refused here.
    pub out_of_service: u32,
    /// It tries DNs that are not its own.
    pub scanner: bool,
}

impl Tracker {
    /// The model at its last packet, or at `options.at`, leaving the tracker as it is.
    ///
    /// The records are shared, not copied; what changes later is copied then, a few thousand
    /// records at a time, while the snapshot lives.
    #[must_use]
    pub fn snapshot(&mut self, options: &SnapshotOptions) -> Snapshot {
        let mut store = self.store.share();
        let at = options.at.unwrap_or(self.now);
        let icmp_joined = self.close_open(&mut store, at);
        self.judge(store, options, icmp_joined)
    }

    /// The model at its last packet, or at `options.at`.
    #[must_use]
    pub fn finish(mut self, options: &SnapshotOptions) -> Snapshot {
        let mut store = std::mem::take(&mut self.store);
        let at = options.at.unwrap_or(self.now);
        let icmp_joined = self.close_open(&mut store, at);
        // their room is needed for what follows
        drop(std::mem::take(&mut self.transactions));
        store.texts.close();
        let mut snapshot = self.judge(store, options, icmp_joined);
        // no DN is looked up by its name any more
        snapshot.store.users = Index::default();
        snapshot
    }

    /// Judges the transactions without a final response at `at`; how many an ICMP error decided.
    fn close_open(&self, store: &mut Store, at: Timestamp) -> u64 {
        let slots = self.transactions.slots();
        let open = slots.into_iter().filter_map(|slot| self.transactions.get(slot));
        open.map(|t| u64::from(store.close(&self.transactions, t, at))).sum()
    }

    /// Judges all of a store at one moment; its transactions are closed.
    fn judge(&self, mut store: Store, options: &SnapshotOptions, icmp_joined: u64) -> Snapshot {
        let at = options.at.unwrap_or(self.now);
        if options.at.is_some() {
            store.covered.by_one_clock();
        }
        let mut counts = self.counts;
        counts.icmp_joined += icmp_joined;
        counts.connections_dropped =
            self.connections.dropped + self.reach.dropped + self.lookups.dropped;
        let mut snapshot = Snapshot {
            store,
            states: Arena::default(),
            sources: Vec::new(),
            connections: self.connections.sorted(),
            failed_lookups: self.lookups.failed(at),
            silent: self.reach.silent(at),
            ways: Ways::new(&self.flows, &self.connections.sorted()),
            counts,
            at,
            first: self.first,
            last: self.first.map(|_| self.last),
            collapsed: 0,
            extra_names: Arc::clone(&self.extra_names),
        };
        snapshot.judge_dns(&options.expected);
        snapshot
    }
}

impl Store {
    /// The same records for a second holder.
    fn share(&mut self) -> Self {
        Self {
            texts: self.texts.share(),
            dns: self.dns.share(),
            users: self.users.clone(),
            attempts: self.attempts.share(),
            messages: self.messages,
            message_bytes: self.message_bytes,
            sources: self.sources.clone(),
            servers: self.servers.clone(),
            agents: self.agents.clone(),
            hearing: self.hearing.clone(),
            covered: self.covered.clone(),
            nodes: self.nodes.clone(),
        }
    }
}

impl Snapshot {
    fn name_of<'a>(&'a self, state: &'a DnState) -> &'a [u8] {
        match &state.unseen {
            Some(name) => name.as_bytes(),
            None => self.store.name_of(state.dn),
        }
    }

    /// The DNs, most urgent first.
    #[must_use]
    pub fn dns(&self) -> impl ExactSizeIterator<Item = DnView<'_>> {
        Dns { snapshot: self, places: 0..self.states.len() }
    }

    /// The places of the DNs in [`Self::dns`], in the order of memory: walking a large model that way
    /// is faster.
    pub(crate) fn places_in_memory(&self) -> Vec<u32> {
        let mut places = vec![NIL; self.store.dns.len()];
        let mut unseen = Vec::new();
        for (place, state) in (0..).zip(self.states.iter()) {
            match places.get_mut(state.dn as usize) {
                Some(at) => *at = place,
                None => unseen.push(place),
            }
        }
        places.append(&mut unseen);
        // DNs that are left out have none
        places.retain(|place| *place != NIL);
        places
    }

    /// The DNs at places, with these.
    pub(crate) fn dns_at<'s>(
        &'s self,
        places: &'s [u32],
    ) -> impl Iterator<Item = (usize, DnView<'s>)> {
        let places = places.iter().map(|place| *place as usize);
        places.filter_map(|place| Some((place, self.dn_at(place)?)))
    }

    /// The DN at that place of [`Self::dns`].
    #[must_use]
    pub fn dn_at(&self, place: usize) -> Option<DnView<'_>> {
        self.states.get(place).map(|state| DnView { snapshot: self, state })
    }

    /// Gives the DNs at those places of [`Self::dns`] a flag that follows from more than their own records.
    pub fn flag(&mut self, places: impl Iterator<Item = usize>, flag: Flag) {
        for place in places {
            if let Some(state) = self.states.get_mut(place) {
                state.flags.insert(flag);
            }
        }
    }

    /// The DN of that name; the first with that user where several have it.
    #[must_use]
    pub fn find(&self, dn: &[u8]) -> Option<DnView<'_>> {
        let named = self.dns().find(|view| view.name() == dn);
        named.or_else(|| self.dns().find(|view| view.user() == dn))
    }

    /// The addresses that send REGISTERs, in order of address.
    #[must_use]
    pub fn sources(&self) -> &[SourceState] {
        &self.sources
    }

    /// The source with this address.
    #[must_use]
    pub fn source(&self, address: IpAddr) -> Option<&SourceState> {
        // they are in order of address
        let place = self.sources.binary_search_by_key(&address, |source| source.address);
        place.ok().and_then(|place| self.sources.get(place))
    }

    /// How many DNs an address sends REGISTERs of.
    #[must_use]
    pub fn dns_of(&self, address: IpAddr) -> u32 {
        self.store.sources.get(&address).map_or(0, |source| source.dns)
    }

    /// Connections that failed or cannot be read.
    #[must_use]
    pub fn connections(&self) -> &[ConnectionRecord] {
        &self.connections
    }

    /// Whether an endpoint answered SIP in clear.
    #[must_use]
    pub fn speaks_sip(&self, endpoint: Endpoint) -> bool {
        self.store.servers.contains_key(&endpoint)
    }

    /// The texts that symbols refer to.
    #[must_use]
    pub const fn texts(&self) -> &Texts {
        &self.store.texts
    }

    /// The text of a symbol; `None` for the empty one.
    #[must_use]
    pub fn text(&self, sym: Sym) -> Option<&[u8]> {
        (!sym.is_none()).then(|| self.store.texts.get(sym))
    }
}

/// The DNs of a snapshot in order.
struct Dns<'a> {
    snapshot: &'a Snapshot,
    places: Range<usize>,
}

impl<'a> Iterator for Dns<'a> {
    type Item = DnView<'a>;

    fn next(&mut self) -> Option<DnView<'a>> {
        self.snapshot.dn_at(self.places.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

impl ExactSizeIterator for Dns<'_> {}

/// One DN of a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct DnView<'a> {
    pub(super) snapshot: &'a Snapshot,
    state: &'a DnState,
}

impl<'a> DnView<'a> {
    /// The verdict and what goes with it.
    #[must_use]
    pub const fn state(&self) -> &'a DnState {
        self.state
    }

    /// The DN itself, as on the wire.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        self.snapshot.name_of(self.state)
    }

    /// Its user, as on the wire.
    #[must_use]
    pub fn user(&self) -> &'a [u8] {
        self.record().map_or_else(|| self.name(), |dn| dn.user_name(self.snapshot.texts()))
    }

    /// The records behind it; `None` for a DN that was not seen.
    #[must_use]
    pub fn record(&self) -> Option<&'a Dn> {
        self.snapshot.store.dns.get(self.state.dn as usize)
    }

    /// The side it takes in a comparison.
    #[must_use]
    pub fn cohort(&self) -> Cohort {
        // how others read a line proves nothing against a DN
        if self.state.rests_on_copied() {
            return Cohort::Unclear;
        }
        Cohort::of(self.state.verdict, self.flags())
    }

    /// Its attempts, in order of time.
    pub fn attempts(&self) -> impl Iterator<Item = AttemptView<'a>> + use<'a> {
        let (store, at) = (&self.snapshot.store, self.snapshot.at);
        let mut next = self.record().map_or(NIL, |dn| dn.first_attempt);
        std::iter::from_fn(move || {
            let attempt = store.attempts.get(next as usize)?;
            next = attempt.next;
            Some(AttemptView::of(store, attempt, at))
        })
    }

    /// What each attempt holds that no list of the record does: Call-ID, realms, reason, the server's own
    /// words.
    pub fn attempt_texts(&self) -> impl Iterator<Item = [Sym; 5]> + use<'a> {
        let store = &self.snapshot.store;
        let mut next = self.record().map_or(NIL, |dn| dn.first_attempt);
        std::iter::from_fn(move || {
            let a = store.attempts.get(next as usize)?;
            next = a.next;
            Some([a.call_id, a.realm, a.realm_offered, a.reason, a.own_words()])
        })
    }

    /// Its latest attempt.
    #[must_use]
    pub fn last_attempt(&self) -> Option<AttemptView<'a>> {
        let (store, at) = (&self.snapshot.store, self.snapshot.at);
        let attempt = store.attempts.get(self.record()?.last_attempt as usize)?;
        Some(AttemptView::of(store, attempt, at))
    }

    /// Its running bindings at every registrar.
    pub fn bindings(&self) -> impl Iterator<Item = (Endpoint, BindingView<'a>)> + use<'a> {
        let (at, texts) = (self.snapshot.at, &self.snapshot.store.texts);
        self.record().into_iter().flat_map(move |dn| {
            dn.registrations.iter().flat_map(move |reg| {
                let view = |binding: &'a Binding| {
                    let source = binding.source.map(|end| end.endpoint(texts));
                    (reg.registrar.endpoint(texts), BindingView { binding, source })
                };
                reg.bindings.iter().filter(move |b| b.runs_at(at)).map(view)
            })
        })
    }
}

/// One attempt of a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct AttemptView<'a> {
    attempt: &'a Attempt,
    at: Timestamp,
    /// The sender of the first request, or the receiver of the response.
    pub source: Endpoint,
    /// The farthest server the request was seen to go to, or the sender of the response.
    pub registrar: Endpoint,
    /// The server nearest to the device, if its own response decided and none came from behind it.
    pub answered_by: Option<Endpoint>,
    /// The server the device itself talks to.
    pub entry: Endpoint,
    /// The server whose response decided: how it ended, or the time that was granted.
    pub spoke: Endpoint,
    /// Seconds asked for.
    pub asked: Option<u32>,
    /// Seconds granted to the device.
    pub granted: Option<u32>,
    /// Seconds that the registrar granted, if a server nearer to the device granted less.
    pub upstream: Option<u32>,
    /// A server nearer to the device and the seconds that it granted, if the registrar granted less.
    pub promised: Option<(Endpoint, u32)>,
}

/// One running binding of a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct BindingView<'a> {
    binding: &'a Binding,
    /// The source that registered it; `None` when only the registrar's list shows it.
    pub source: Option<Endpoint>,
}

impl std::ops::Deref for BindingView<'_> {
    type Target = Binding;

    fn deref(&self) -> &Binding {
        self.binding
    }
}

impl<'a> AttemptView<'a> {
    fn of(store: &'a Store, attempt: &'a Attempt, at: Timestamp) -> Self {
        let source = attempt.source.endpoint(&store.texts);
        let registrar = attempt.registrar.endpoint(&store.texts);
        let (asked, granted) = (attempt.asked(), attempt.granted());
        let nearest = attempt.hops > 1 && attempt.decided_hop() == Some(0) && attempt.code != 0;
        let entry = attempt.entry().endpoint(&store.texts);
        let answered_by = nearest.then_some(entry);
        let server = |nearer: Nearer| nearer.server.endpoint(&store.texts);
        let (less, more) = (attempt.nearer().filter(Nearer::is_less), attempt.nearer());
        let spoke = match less {
            Some(nearer) => server(nearer),
            None if attempt.decided_hop() == Some(0) => entry,
            None => registrar,
        };
        Self {
            attempt,
            at,
            source,
            registrar,
            answered_by,
            entry,
            spoke,
            asked,
            granted,
            upstream: less.map(|nearer| nearer.upstream),
            promised: more.filter(|n| !n.is_less()).map(|n| (server(n), n.seconds)),
        }
    }

    /// What the server asked for before the next try, and whether the client obeyed.
    #[must_use]
    pub fn demand(&self) -> Option<(Demand, Option<bool>)> {
        self.attempt.demand_at(self.at)
    }

    /// The response that decided it, in the server's words: `403 Forbidden`, with its own words in
    /// quotation marks: `403 "No such line" (Warning "call the help desk")`.
    #[must_use]
    pub fn answer(&self, snapshot: &Snapshot) -> String {
        let mut answer = status_phrase(self.attempt.code, snapshot.text(self.attempt.reason));
        if let Some(words) = snapshot.text(self.attempt.own_words()) {
            answer = format!("{answer} ({})", escape_bytes(words));
        }
        answer
    }

    /// The server that issued the nonce, if another one refused the credentials that answer it.
    #[must_use]
    pub fn issuer(&self, snapshot: &Snapshot) -> Option<Endpoint> {
        self.attempt.issuer().map(|server| server.endpoint(snapshot.texts()))
    }

    /// Its messages, in order of the trace.
    pub fn messages(&self) -> impl Iterator<Item = MessageRecord> + use<'a> {
        self.attempt.log.iter()
    }
}

impl std::ops::Deref for AttemptView<'_> {
    type Target = Attempt;

    fn deref(&self) -> &Attempt {
        self.attempt
    }
}
