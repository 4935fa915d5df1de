//! What the REGISTERs of a capture and their responses come to in numbers: codes, delays, retransmissions,
//! service over time, by registrar and by source.
//!
//! ```text
//!  Snapshot ── attempts, their messages, changes ──▶ Statistics ──▶ report | tui
//! ```
//!
//! One function computes them from the model, live and offline. Its memory is bounded by the model's: a number
//! for each status code, registrar and source, 240 slices of time, and delays that are kept one by one only as
//! long as they are few.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::net::{Endpoint, Timestamp};
use crate::registration::{
    AttemptView, DnView, Marks, MessageRecord, Outcome, Snapshot, State, Verdict,
};

mod delays;
mod series;

pub use delays::Delays;
pub use series::{Series, Slices};

/// The numbers of a capture, or of some of its DNs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// Of all together.
    pub all: Traffic,
    /// How many responses there are of each status code.
    pub codes: BTreeMap<u16, Responses>,
    /// The same over time.
    pub series: Series,
    /// Stretches of time that no input covers.
    pub gaps: Vec<(Timestamp, Timestamp)>,
    /// By registrar.
    pub registrars: BTreeMap<Endpoint, Traffic>,
    /// By the address that sends the REGISTERs.
    pub sources: BTreeMap<IpAddr, Traffic>,
    /// Packets that were captured more than once, which count once.
    pub copies: u64,
    /// Whether messages were captured on both sides of a proxy: they count on each.
    pub hops: bool,
    /// REGISTERs and responses to them that belong to no attempt of the model, or that it no longer has;
    /// unknown for some of the DNs.
    pub not_counted: Option<u64>,
}

/// Responses of one status code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Responses {
    /// All, retransmissions included.
    pub count: u64,
    /// Those that are retransmissions.
    pub retransmissions: u64,
}

/// What attempts and their messages come to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// Attempts: a REGISTER with its challenges, retries and retransmissions is one.
    pub attempts: u64,
    /// Those that were answered 2xx as asked: registrations, removals, queries.
    pub succeeded: u64,
    /// Those that failed.
    pub failed: u64,
    /// Ineffective registration attempts (RFC 6076 §4.2): those whose final response is 4xx, 5xx or 6xx, except
    /// 401, 402 and 407, which the RFC counts as challenges, and those without a response: Timer F expired, or an
    /// error of the network came instead (a 408 or 503 to the client, RFC 3261 §8.1.3.1).
    pub ineffective: u64,
    /// Those whose end the capture does not show: responses not captured, or truncated.
    pub unknown: u64,
    /// Those that wait for a response at the end of the capture.
    pub pending: u64,
    /// REGISTERs, retransmissions included.
    pub requests: u64,
    /// Responses, retransmissions included.
    pub responses: u64,
    /// REGISTERs that are retransmissions.
    pub retransmissions: u64,
    /// From a REGISTER, as last sent, to its first final response; challenges are final responses too.
    pub response_time: Delays,
    /// Registration request delay (RFC 6076 §4.1): from the first REGISTER of an attempt to the 2xx that accepts it,
    /// challenge included; of attempts that succeed and bind a Contact.
    pub rrd: Delays,
    /// Accepted attempts without a delay: their REGISTER was not captured, or a log does not show its time.
    pub rrd_unknown: u64,
}

impl Traffic {
    /// Ineffective attempts of a hundred (RFC 6076 §4.2); those whose end is unknown do not count.
    #[must_use]
    pub fn ineffective_percent(&self) -> Option<f64> {
        let decided = self.succeeded + self.failed;
        (decided > 0).then(|| 100.0 * self.ineffective as f64 / decided as f64)
    }

    /// Retransmissions among a hundred REGISTERs.
    #[must_use]
    pub fn retransmission_percent(&self) -> Option<f64> {
        (self.requests > 0).then(|| 100.0 * self.retransmissions as f64 / self.requests as f64)
    }

    fn add(&mut self, own: &Own) {
        self.attempts += 1;
        *match own.end {
            End::Succeeded => &mut self.succeeded,
            End::Failed => &mut self.failed,
            End::Unknown => &mut self.unknown,
            End::Pending => &mut self.pending,
        } += 1;
        self.ineffective += u64::from(own.ineffective);
        self.requests += own.requests;
        self.responses += own.responses;
        self.retransmissions += own.retransmissions;
        own.response_times.iter().for_each(|&nanos| self.response_time.add(nanos));
        if let Some(nanos) = own.rrd {
            self.rrd.add(nanos);
        }
        self.rrd_unknown += u64::from(own.accepted && own.rrd.is_none());
    }

    fn close(&mut self) {
        self.response_time.close();
        self.rrd.close();
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Succeeded,
    Failed,
    Unknown,
    Pending,
}

/// What one attempt adds.
struct Own {
    end: End,
    accepted: bool,
    ineffective: bool,
    requests: u64,
    responses: u64,
    retransmissions: u64,
    response_times: Vec<i64>,
    rrd: Option<i64>,
}

impl Statistics {
    /// Those of all DNs; `inputs` are the times that each capture covers.
    #[must_use]
    pub fn of(
        snapshot: &Snapshot,
        inputs: impl IntoIterator<Item = (Timestamp, Timestamp)>,
    ) -> Self {
        let places = snapshot.places_in_memory();
        let dns = snapshot.dns_at(&places).map(|(_, dn)| dn);
        let mut statistics = Self::of_dns(snapshot, dns, inputs);
        let all = &statistics.all;
        let counted = all.requests + all.responses + statistics.copies;
        let seen = snapshot.counts.register_requests + snapshot.counts.register_answers;
        statistics.not_counted = Some(seen.saturating_sub(counted));
        statistics
    }

    /// Those of some DNs.
    #[must_use]
    pub fn of_dns<'s>(
        snapshot: &Snapshot,
        dns: impl IntoIterator<Item = DnView<'s>>,
        inputs: impl IntoIterator<Item = (Timestamp, Timestamp)>,
    ) -> Self {
        let logs = snapshot.coverage().iter().filter(|own| own.is_log).map(|own| own.span);
        let gaps = series::gaps(inputs.into_iter().chain(logs));
        let series = Series::new(snapshot.span(), &gaps);
        let mut statistics = Self { series, gaps, ..Self::default() };
        for dn in dns {
            dn.attempts().for_each(|attempt| statistics.attempt(&attempt));
            statistics.service(dn);
        }
        let groups = statistics.registrars.values_mut().chain(statistics.sources.values_mut());
        groups.chain([&mut statistics.all]).for_each(Traffic::close);
        statistics
    }

    fn attempt(&mut self, attempt: &AttemptView<'_>) {
        let mut own = Own::of(attempt);
        for message in attempt.messages() {
            self.message(&message, &mut own);
        }
        if let Some(at) = attempt.started.known() {
            self.series.attempt(at);
        }
        if let Some(at) = attempt.last.known().filter(|_| own.end == End::Failed) {
            self.series.failure(at);
        }
        self.all.add(&own);
        self.registrars.entry(attempt.registrar).or_default().add(&own);
        self.sources.entry(attempt.source.addr).or_default().add(&own);
    }

    fn message(&mut self, message: &MessageRecord, own: &mut Own) {
        if message.marks.has(Marks::DUPLICATE) {
            self.copies += 1;
            return;
        }
        self.hops |= message.hop > 0;
        let again = message.marks.has(Marks::RETRANSMISSION);
        if let Some(at) = message.time.known().filter(|_| again) {
            self.series.retransmission(at);
        }
        if message.code == 0 {
            own.requests += 1;
            own.retransmissions += u64::from(again);
        } else {
            own.responses += 1;
            let code = self.codes.entry(message.code).or_default();
            code.count += 1;
            code.retransmissions += u64::from(again);
        }
    }

    /// When a DN came into service and went out of it.
    fn service(&mut self, dn: DnView<'_>) {
        let mut was = false;
        for (time, state) in dn.service() {
            let is = state == State::InService;
            if is != was {
                self.series.turn(time, is);
                was = is;
            }
        }
    }
}

impl Own {
    fn of(attempt: &AttemptView<'_>) -> Self {
        let end = match attempt.outcome {
            Outcome::Accepted | Outcome::Removed | Outcome::NothingListed => End::Succeeded,
            Outcome::Open => End::Pending,
            Outcome::Failed(verdict) if verdict.state() == State::Unknown => End::Unknown,
            Outcome::Failed(_) => End::Failed,
        };
        // without it the time between the messages is not known
        let timed = attempt.rtt().is_some();
        let accepted = attempt.outcome == Outcome::Accepted;
        Self {
            end,
            accepted,
            ineffective: end == End::Failed && is_ineffective(attempt),
            requests: 0,
            responses: 0,
            retransmissions: 0,
            response_times: if timed { response_times(attempt) } else { Vec::new() },
            rrd: if timed && accepted { request_delay(attempt) } else { None },
        }
    }
}

/// Whether a failed attempt is an ineffective one (RFC 6076 §4.2).
fn is_ineffective(attempt: &AttemptView<'_>) -> bool {
    match attempt.outcome {
        Outcome::Failed(Verdict::NoAnswer | Verdict::Unreachable) => true,
        _ => attempt.code >= 400 && !matches!(attempt.code, 401 | 402 | 407),
    }
}

/// Messages of the hop next to the device, copies left out.
fn nearest(attempt: &AttemptView<'_>) -> impl Iterator<Item = MessageRecord> {
    attempt.messages().filter(|m| m.hop == 0 && !m.marks.has(Marks::DUPLICATE))
}

/// From each REGISTER of the attempt, as last sent, to its first final response, in nanoseconds.
fn response_times(attempt: &AttemptView<'_>) -> Vec<i64> {
    let mut times = Vec::new();
    // the CSeq of the latest REGISTER, when it was sent, and whether it waits for its response
    let mut sent: Option<(u32, Timestamp)> = None;
    for message in nearest(attempt) {
        match (message.code, sent) {
            (0, _) => sent = Some((message.cseq, message.time)),
            (200.., Some((cseq, at))) if cseq == message.cseq => {
                times.push(message.time.nanos_since(at));
                sent = None;
            }
            _ => {}
        }
    }
    times
}

/// From the first REGISTER to the 2xx that accepts it (RFC 6076 §4.1), in nanoseconds.
fn request_delay(attempt: &AttemptView<'_>) -> Option<i64> {
    let first = nearest(attempt).next().filter(|message| message.code == 0)?;
    let accepted = nearest(attempt).find(|message| matches!(message.code, 200..=299))?;
    Some(accepted.time.nanos_since(first.time))
}
