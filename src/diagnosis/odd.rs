//! Finds what the latest REGISTER of a DN and its response contradict or leave out.

use std::net::IpAddr;

use super::case::Case;
use crate::net::Endpoint;
use crate::registration::{AttemptView, Flag, Outcome, Purpose, Unanswered, Verdict};
use crate::sip::Uri;

/// Whether any of the rules about such things may hold.
pub(super) fn is_odd(case: &Case<'_>) -> bool {
    two_times(case).is_some()
        || names_no_expires(case).is_some()
        || listed_instead(case).is_some()
        || case.details().is_some_and(|details| details.malformed_host)
        || half_rewritten(case).is_some()
        || rewritten(case).is_some()
        || lost_mapping(case).is_some()
}

/// The latest attempt, if it registered something.
fn latest<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    let last = case.attempts.last()?;
    (last.outcome == Outcome::Accepted && last.purpose != Purpose::Query).then_some(last)
}

/// Two times that one response names, in seconds.
#[derive(Clone, Copy)]
pub(super) struct TwoTimes {
    /// That of the Contact, which counts (RFC 3261 §10.2.4).
    pub contact: u32,
    /// That of the Expires header.
    pub header: u32,
    /// The longest the device waited before it registered again, in nanoseconds.
    pub longest: Option<i64>,
}

/// Two expiry times that differ by more than this many seconds are two.
const APART: u32 = 5;

/// The two times that the latest 200 names.
pub(super) fn two_times(case: &Case<'_>) -> Option<TwoTimes> {
    let last = latest(case)?;
    let header = case.answer().filter(|answer| answer.code == last.code)?.form.expires_header?;
    let contact = last.granted?;
    if contact.abs_diff(header) <= APART {
        return None;
    }
    let own = || case.attempts.iter().filter(|a| a.source.addr == last.source.addr);
    let pairs = own().zip(own().skip(1));
    let accepted = pairs.filter(|(a, _)| a.outcome == Outcome::Accepted);
    let longest = accepted.map(|(a, b)| b.started.nanos_since(a.started)).max();
    Some(TwoTimes { contact, header, longest })
}

/// The latest attempt that named no time and was granted one, and one before that named and was
/// granted more.
pub(super) fn names_no_expires<'c, 'a>(
    case: &'c Case<'a>,
) -> Option<(&'c AttemptView<'a>, Option<&'c AttemptView<'a>>)> {
    let all = case.attempts.iter().rev();
    let last = all.clone().find(|a| a.outcome == Outcome::Accepted)?;
    let granted = last.granted?;
    if last.purpose != Purpose::Register || last.asked.is_some() {
        return None;
    }
    let more = |a: &&AttemptView<'a>| {
        a.asked.is_some()
            && a.outcome == Outcome::Accepted
            && a.source.addr == last.source.addr
            && a.granted.is_some_and(|before| before > granted)
    };
    Some((last, all.clone().find(more)))
}

/// The Contact that the latest 200 lists in place of the one that was asked for.
pub(super) fn listed_instead<'a>(case: &Case<'a>) -> Option<&'a [u8]> {
    let last = case.attempts.last()?;
    let not_its_own = last.outcome == Outcome::Failed(Verdict::NotKept);
    if last.outcome != Outcome::Accepted && !not_its_own || last.purpose != Purpose::Register {
        return None;
    }
    // a binding that only the registrar's list shows has no owner, until it is the response to this REGISTER
    let is_its = |source: Option<Endpoint>| match source {
        Some(source) => source.addr == last.source.addr,
        None => not_its_own,
    };
    let mut bindings = case.view.bindings();
    let (_, binding) = bindings
        .find(|(registrar, binding)| *registrar == last.registrar && is_its(binding.source))?;
    if binding.contact == last.contact {
        return None;
    }
    let (asked, listed) = (case.bytes(last.contact), case.bytes(binding.contact));
    let place = |uri: &Uri<'_>| (uri.host.to_ascii_lowercase(), uri.port.unwrap_or(5060));
    let places = Uri::parse(asked).zip(Uri::parse(listed));
    places.is_some_and(|(a, b)| place(&a) != place(&b)).then_some(listed)
}

/// A host as an IPv4 address.
fn ip_of(host: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(host).ok()?.parse().ok()
}

/// What a router between the device and the registrar wrote in place of what the device had sent:
/// the same REGISTER was captured on both sides.
pub(super) fn rewritten<'c, 'a>(case: &'c Case<'a>) -> Option<&'c AttemptView<'a>> {
    case.attempts.iter().rev().find(|a| a.rewritten().is_some())
}

/// A NAT mapping that closed while it was not used.
pub(super) struct LostMapping<'c, 'a> {
    /// The registration over it, and the next one, from another port.
    pub over: &'c AttemptView<'a>,
    pub next: &'c AttemptView<'a>,
    /// What was sent to it in between without a response.
    pub unanswered: &'a Unanswered,
    /// For how long nothing had come from the device, in nanoseconds.
    pub quiet: i64,
}

/// A translator forgets a UDP mapping after this time without a packet, at the earliest (RFC 4787
/// REQ-5 asks for two minutes, many take 30 s).
const SHORTEST_MAPPING: i64 = 30_000_000_000;

/// The latest such mapping of a DN.
pub(super) fn lost_mapping<'c, 'a>(case: &'c Case<'a>) -> Option<LostMapping<'c, 'a>> {
    let translated = case.has(Flag::Nat) || case.has(Flag::ContactUnroutable);
    if !translated {
        return None;
    }
    let registers = || case.attempts.iter().filter(|a| a.purpose == Purpose::Register);
    let pairs = registers().zip(registers().skip(1));
    let moved = pairs.filter(|(over, next)| {
        over.outcome == Outcome::Accepted
            && over.source.addr == next.source.addr
            && over.source.port != next.source.port
            && !over.transport.is_reliable()
    });
    let lost = moved.filter_map(|(over, next)| {
        let unanswered = case.view.unanswered_at(over.registrar.addr, over.source)?;
        let (first, last) = (unanswered.first.0, unanswered.last.0);
        let heard = unanswered.kept_open.map_or(over.last, |kept| kept.max(over.last));
        let quiet = first.nanos_since(heard);
        let between = first > over.last && last < next.started;
        (between && quiet >= SHORTEST_MAPPING).then_some(LostMapping {
            over,
            next,
            unanswered,
            quiet,
        })
    });
    lost.last()
}

/// The Contact, the Via and the source of a REGISTER that only a device in between writes: a private
/// address in the Via, the public one in the Contact, and of that a port it does not come from.
pub(super) fn half_rewritten(case: &Case<'_>) -> Option<(Endpoint, IpAddr, Endpoint)> {
    let last = case.attempts.iter().rev().find(|a| a.purpose == Purpose::Register)?;
    if last.transport.is_reliable() {
        return None;
    }
    let details = case.details()?;
    let via = ip_of(case.bytes(details.via_host))?;
    let contact = Uri::parse(case.bytes(last.contact))?.endpoint()?;
    let source = last.source;
    let private = |ip: IpAddr| matches!(ip, IpAddr::V4(v4) if v4.is_private());
    let half = contact.addr == source.addr
        && contact.port != source.port
        && private(via)
        && !private(source.addr);
    half.then_some((contact, via, source))
}
