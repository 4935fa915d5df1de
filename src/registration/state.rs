//! Judges a DN at one moment over all its registrars, and sets the flags that follow.

use smallvec::SmallVec;

use super::attempt::{Attempt, Outcome, Purpose};
use super::binding::{WHOLE_SECONDS, same_aor};
use super::contact::is_one_instance;
use super::ends::{End, Host};
use super::few::Few;
use super::nodes::Nodes;
use super::scanner::Scanners;
use super::stated::{Basis, Cti, Told};
use super::store::{Binding, Dn, NIL, Registration};
use super::text::{Sym, Texts};
use super::verdict::{Flag, FlagSet, State, Verdict};
use crate::log::Sureness;
use crate::net::{Endpoint, FrameRef, LogMarks, Timestamp};

/// The verdict on a DN.
#[derive(Clone, Debug)]
pub struct DnState {
    pub(super) dn: u32,
    /// The name of a DN that was expected and not seen. Few are: the record keeps a word for it.
    #[expect(clippy::box_collection, reason = "a string takes three words of each record")]
    pub(super) unseen: Option<Box<String>>,
    /// The verdict.
    pub verdict: Verdict,
    /// The status code behind it, if one is.
    pub status_code: Option<u16>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// When the running binding that lasts longest ends.
    pub expires_at: Option<Timestamp>,
    /// Remarks.
    pub flags: FlagSet,
    /// At risk: what that takes is not in the DN's own record alone.
    pub(super) at_risk: bool,
    /// One per registrar, the one that decided first.
    pub registrations: Few<RegistrationState>,
    /// What logs say; few are of logs.
    pub(super) told: Option<Box<Told>>,
}

/// The verdict on a DN at one registrar.
#[derive(Clone, Debug)]
pub struct RegistrationState {
    /// The registrar.
    pub registrar: Endpoint,
    /// The verdict.
    pub verdict: Verdict,
    /// The status code behind it, if one is.
    pub status_code: Option<u16>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// When the running binding that lasts longest ends.
    pub expires_at: Option<Timestamp>,
    /// Its place in the DN's list; none for a registrar that was only asked.
    place: Option<u16>,
}

/// The verdict at one registrar, and what decides between registrars.
struct AtRegistrar {
    state: RegistrationState,
    /// A 2xx that was cut may have put it in service here.
    unsure: bool,
    /// It was removed or asked for here, and nothing shows that it had been here.
    never_held: bool,
    /// The registrar only lists what another one was asked for: see [`Dn::is_copy`].
    copy: bool,
    /// The latest news of it.
    news: Timestamp,
}

impl DnState {
    pub(super) fn not_seen(name: &str) -> Self {
        Self {
            dn: NIL,
            unseen: Some(Box::new(name.to_owned())),
            at_risk: false,
            verdict: Verdict::NotSeen,
            status_code: None,
            since: None,
            expires_at: None,
            flags: FlagSet::EMPTY,
            registrations: Few::new(),
            told: None,
        }
    }

    /// What the verdict rests on.
    #[must_use]
    pub fn basis(&self) -> Basis {
        self.told.as_ref().map_or(Basis::Wire, |told| told.basis)
    }

    /// The line of a log that the verdict rests on.
    #[must_use]
    pub fn stated_at(&self) -> Option<FrameRef> {
        self.told.as_ref()?.line
    }

    /// The CTI state that logs state.
    #[must_use]
    pub fn cti(&self) -> Option<&Cti> {
        self.told.as_ref()?.cti.as_ref()
    }

    /// Whether it is in service; of a DN known from CTI only, what its owner says.
    #[must_use]
    pub fn state(&self) -> State {
        let cti = self.cti().filter(|_| self.verdict == Verdict::CtiOnly);
        cti.map_or_else(|| self.verdict.state(), |cti| cti.state)
    }

    /// Whether it rests on a line whose meaning is known only from other parsers.
    pub(super) fn rests_on_copied(&self) -> bool {
        self.told.as_ref().is_some_and(|told| told.sure == Some(Sureness::Copied))
    }

    /// The verdict on the DN at `index`, all of its registrations settled at `at`; `attempt` finds
    /// an attempt.
    pub(super) fn of<'s>(
        (nodes, texts): (&Nodes, &Texts),
        attempt: impl Fn(u32) -> Option<&'s Attempt> + Copy,
        index: usize,
        dn: &Dn,
        at: Timestamp,
        scanners: &Scanners,
    ) -> Self {
        let mut judged: SmallVec<[AtRegistrar; 1]> = dn
            .registrations
            .iter()
            .enumerate()
            .filter_map(|(place, reg)| AtRegistrar::of(texts, place as u16, reg, at))
            .collect();
        for AtRegistrar { state, .. } in &mut judged {
            let reg = dn.registration_of(state);
            let Some((reg, ended)) = reg.and_then(|reg| Some((reg, reg.ended()?.at))) else {
                continue;
            };
            if state.verdict == Verdict::Expired && dn.is_renewing(attempt, reg, ended) {
                state.verdict = Verdict::Pending;
            }
        }
        for judged in &mut judged {
            judged.copy = dn.registration_of(&judged.state).is_some_and(|reg| dn.is_copy(reg, at));
        }
        add_undecided(texts, attempt, dn, &mut judged);
        judged.sort_by_key(AtRegistrar::weight);
        let registrations: Few<_> = judged.into_iter().rev().map(|judged| judged.state).collect();
        let best = registrations.first();
        let verdict = best.map_or(Verdict::Pending, |r| r.verdict);
        let mut state = Self {
            dn: u32::try_from(index).unwrap_or(NIL),
            unseen: None,
            at_risk: false,
            verdict,
            status_code: best.and_then(|r| r.status_code),
            since: best.and_then(|r| r.since),
            expires_at: best.and_then(|r| r.expires_at),
            flags: dn.flags,
            registrations,
            told: None,
        };
        state.flag(texts, dn, at, scanners);
        state.hear((nodes, texts), attempt, dn, at);
        if dn.details.as_ref().is_some_and(|details| details.log.has(LogMarks::PASTED)) {
            state.note_pasted();
        }
        state
    }

    /// The flags that follow from the whole of a DN.
    fn flag(&mut self, texts: &Texts, dn: &Dn, at: Timestamp, scanners: &Scanners) {
        let in_service = self.registrations.iter().filter(|r| r.verdict == Verdict::InService);
        let holding: SmallVec<[&Registration; 2]> = in_service
            .filter_map(|r| dn.registration_of(r))
            .filter(|own| !dn.passes_on(own.registrar) && !dn.is_copy(own, at))
            .collect();
        let conflict = holding.len() > 1 && !are_flows_of_one(texts, &holding, at);
        let flags = &mut self.flags;
        flags.set_if(Flag::Conflict, conflict);
        for reg in &dn.registrations {
            flags.set_if(Flag::Flapping, reg.flapping());
            flags.set_if(Flag::Moved, reg.holders.len() > 1);
            let again = reg
                .holders
                .iter()
                .enumerate()
                .any(|(i, h)| reg.holders.iter().take(i).any(|e| e == h));
            flags.set_if(Flag::Conflict, again);
            let mut running = reg.bindings.iter().filter(|b| b.runs_at(at) && b.source.is_some());
            let first = running.next();
            let another = |b: &Binding| {
                first.is_some_and(|first| {
                    b.source.map(End::host) != first.source.map(End::host)
                        && !is_one_instance(texts, b.device, first.device)
                        && same_aor(texts, b.aor, first.aor)
                })
            };
            flags.set_if(Flag::TwoDevices, running.any(another));
        }
        if self.verdict == Verdict::InService {
            flags.set_if(Flag::LostAtEdge, dn.is_lost_at_edge(&self.registrations, at));
            let best = self.registrations.first();
            let own = best.and_then(|r| dn.registration_of(r));
            let since = self.since.unwrap_or(at);
            let elsewhere = dn.registrations.iter().any(|reg| {
                own.is_some_and(|own| {
                    own.registrar != reg.registrar && !dn.passes_on(own.registrar)
                }) && !dn.passes_on(reg.registrar)
                    && !dn.is_copy(reg, at)
                    && reg.history.iter().any(|c| c.verdict == Verdict::InService && c.time < since)
            });
            flags.set_if(Flag::MovedRegistrar, elsewhere && holding.len() == 1);
            let was_out = own.is_some_and(|reg| {
                reg.history.iter().any(|c| c.verdict.state() == State::OutOfService)
            });
            flags.set_if(Flag::Recovered, was_out);
        }
        let only_scanners =
            !dn.sources.is_empty() && dn.sources.iter().all(|(s, _)| scanners.has(s.addr));
        flags.set_if(Flag::Scanner, only_scanners);
    }
}

impl Dn {
    /// The registration that a verdict is about; none for a registrar that was only asked.
    fn registration_of(&self, state: &RegistrationState) -> Option<&Registration> {
        self.registrations.get(usize::from(state.place?))
    }

    /// Whether a server registers the DN onward: a proxy or border controller is no second holder.
    fn passes_on(&self, server: End) -> bool {
        self.registrations.iter().any(|reg| {
            reg.registrar != server
                && (reg.edge == Some(server)
                    || reg
                        .bindings
                        .iter()
                        .any(|b| b.source.is_some_and(|s| s.host() == server.host())))
        })
    }

    /// Whether a registrar only lists bindings that another one granted: nodes of a cluster tell each other what they hold,
    /// and an answer to a query shows it.
    fn is_copy(&self, reg: &Registration, at: Timestamp) -> bool {
        let running = || reg.bindings.iter().filter(|b| b.runs_at(at));
        if running().next().is_none() || running().any(|b| b.source.is_some()) {
            return false;
        }
        let mut others = self.registrations.iter().filter(|other| other.registrar != reg.registrar);
        others.any(|other| {
            let grants = |copy: &Binding| {
                let mut own = other.bindings.iter().filter(|b| b.source.is_some());
                own.any(|b| b.contact == copy.contact)
            };
            running().all(grants)
        })
    }

    /// Whether the DN is held only for border controllers at which the device's own registration has
    /// ended: calls go no further than there.
    fn is_lost_at_edge(&self, all: &[RegistrationState], at: Timestamp) -> bool {
        if all.len() < 2 {
            return false;
        }
        let lost_at = |server: Host| {
            all.iter().filter(|other| other.verdict.state() == State::OutOfService).any(|other| {
                self.registration_of(other).is_some_and(|reg| {
                    let device = reg.ended().and_then(|ended| ended.source);
                    reg.registrar.host() == server && device.is_some_and(|device| device != server)
                })
            })
        };
        let holding = all.iter().filter(|reg| reg.verdict == Verdict::InService);
        holding.filter_map(|reg| self.registration_of(reg)).all(|reg| {
            let mut running = reg.bindings.iter().filter(|b| b.runs_at(at));
            running.all(|b| b.source.is_some_and(|source| lost_at(source.host())))
        })
    }

    /// Whether the client asked a registrar again before its binding ran out, and no response is due
    /// yet.
    fn is_renewing<'s>(
        &self,
        attempt: impl Fn(u32) -> Option<&'s Attempt>,
        reg: &Registration,
        ended: Timestamp,
    ) -> bool {
        let source = reg.ended().and_then(|e| e.source);
        self.unfinished().filter_map(attempt).any(|a| {
            a.outcome == Outcome::Open
                && a.registrar == reg.registrar
                && matches!(a.purpose, Purpose::Register | Purpose::Unknown)
                && source.is_none_or(|s| s == a.source.host())
                && a.started.nanos_since(ended) < WHOLE_SECONDS
        })
    }
}

/// Registrars that were asked and of which nothing is decided yet.
fn add_undecided<'s>(
    texts: &Texts,
    attempt: impl Fn(u32) -> Option<&'s Attempt>,
    dn: &Dn,
    judged: &mut SmallVec<[AtRegistrar; 1]>,
) {
    for index in dn.unfinished() {
        let Some(a) = attempt(index) else { continue };
        if a.outcome != Outcome::Open {
            continue;
        }
        let registrar = a.registrar.endpoint(texts);
        if judged.iter().any(|r| r.state.registrar == registrar) {
            continue;
        }
        let state = RegistrationState {
            registrar,
            verdict: Verdict::Pending,
            status_code: None,
            since: Some(a.started),
            expires_at: None,
            place: None,
        };
        let (unsure, never_held, copy) = (false, false, false);
        judged.push(AtRegistrar { state, unsure, never_held, copy, news: a.last });
    }
}

impl AtRegistrar {
    fn of(texts: &Texts, place: u16, reg: &Registration, at: Timestamp) -> Option<Self> {
        let (verdict, code) = reg.judge(at)?;
        let since = reg.history.iter().rev().find(|c| c.verdict == verdict && c.code == code);
        let running = reg.bindings.iter().filter(|b| b.runs_at(at));
        let in_service = verdict == Verdict::InService;
        let renewed = running.clone().map(|b| b.renewed).max();
        let news = [reg.tried.map(|t| t.at), reg.ended().map(|e| e.at), renewed];
        let state = RegistrationState {
            registrar: reg.registrar.endpoint(texts),
            verdict,
            status_code: (code != 0 && !in_service).then_some(code),
            since: since.map(|c| c.time).or_else(|| reg.tried.map(|t| t.at)),
            expires_at: running.filter(|_| in_service).filter_map(|b| b.expires_at).max(),
            place: Some(place),
        };
        let news = news.into_iter().flatten().max().unwrap_or_default();
        let aside = matches!(verdict, Verdict::Deregistered | Verdict::NotRegistered);
        let never_held = aside && !reg.history.iter().any(|c| c.verdict == Verdict::InService);
        let unsure = reg.unsure().is_some();
        Some(Self { state, unsure, never_held, copy: false, news })
    }

    /// Which registrar speaks for the DN: one that holds it, else the one with the latest news;
    /// a request still under way is no news.
    fn weight(&self) -> (u8, Timestamp) {
        let rank = match self.state.verdict {
            Verdict::InService if !self.copy => 5,
            Verdict::InService => 4,
            Verdict::Truncated if self.unsure => 3,
            Verdict::Pending => 0,
            // some devices keep in touch with a spare registrar like this
            _ if self.never_held => 1,
            _ => 2,
        };
        (rank, self.news)
    }
}

/// Whether one device holds a flow of its own through each of these (RFC 5626 §3.1): they are paths to
/// one registrar, or meant to be used side by side.
fn are_flows_of_one(texts: &Texts, holding: &[&Registration], at: Timestamp) -> bool {
    let flows: SmallVec<[Sym; 4]> = holding
        .iter()
        .flat_map(|reg| reg.bindings.iter())
        .filter(|b| b.runs_at(at) && b.source.is_some())
        .map(|b| b.device)
        .collect();
    let Some(&first) = flows.first() else { return false };
    flows.iter().enumerate().all(|(i, &flow)| {
        is_one_instance(texts, first, flow) && !flows.iter().take(i).any(|&other| other == flow)
    })
}
