//! Walks many linked lists in step, to overlap cache misses.
//!
//! The attempts of a DN are a list whose records lie far apart, so a walk along one list waits for memory at
//! every step. Here each list takes one step before any takes the next, so that the waits overlap; a walk
//! along a list after this finds its records in the cache.

use std::hint::black_box;

use super::snapshot::{AttemptView, DnView};

/// Prefetches the records of some DNs.
pub(crate) fn records<'a>(dns: impl IntoIterator<Item = DnView<'a>>) {
    for dn in dns {
        let record = dn.record();
        black_box(record.map(|dn| (dn.brief.is_long(), dn.flags, dn.last_seen, dn.more_values)));
        black_box(record.map(|dn| (dn.user, dn.aors.len(), dn.sources.len(), dn.contacts.len())));
        let registration = record.and_then(|dn| dn.registrations.first());
        black_box(registration.map(|reg| (reg.registrar, reg.edge, reg.history.len())));
        let binding = registration.and_then(|reg| reg.bindings.first());
        black_box(binding.map(|binding| (binding.expires_at, binding.refreshes)));
        let details = record.and_then(|dn| dn.details.as_ref());
        black_box(details.map(|d| (d.request_frame, d.answer.is_some(), d.to_uri, d.auth_nc)));
    }
}

/// The attempts of some DNs, in no order to rely on.
pub(crate) fn attempts<'a>(dns: impl IntoIterator<Item = DnView<'a>>) -> Vec<AttemptView<'a>> {
    let mut lists: Vec<_> = dns.into_iter().map(|dn| dn.attempts()).collect();
    let mut all = Vec::with_capacity(lists.len() * 4);
    while !lists.is_empty() {
        lists.retain_mut(|list| {
            let Some(attempt) = list.next() else { return false };
            // a record is longer than what memory hands out at once
            black_box((attempt.started, attempt.reason, attempt.purpose, attempt.credentials()));
            all.push(attempt);
            true
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::testing::Player;

    #[test]
    fn every_record_is_seen_once() {
        let snapshot = Player::snapshot_of(
            "0 > REGISTER\n0.01 < 401\n0.02 > REGISTER cseq=2 auth\n0.03 < 200 expires=60\n\
             1 > REGISTER dn=5003 call=2\n1.01 < 404 dn=5003 call=2\n50 > REGISTER cseq=3\n50.01 < 200 cseq=3 expires=60",
        );
        let sorted = |mut all: Vec<AttemptView<'_>>| {
            all.sort_by_key(|attempt| attempt.started);
            all.iter().map(|attempt| (attempt.started, attempt.call_id)).collect::<Vec<_>>()
        };
        let one_by_one: Vec<_> = snapshot.dns().flat_map(|dn| dn.attempts()).collect();
        assert!(one_by_one.len() > 2);
        assert_eq!(sorted(attempts(snapshot.dns())), sorted(one_by_one));
    }
}
