//! Follows many lists through memory at a time.
//!
//! The attempts of a DN and the messages of an attempt are lists whose records lie far apart: who
//! follows one waits for memory at every step. Of many lists one step is made in each before the next
//! in any, so that the waiting is shared; who follows them after this finds the records at hand.

use std::hint::black_box;

use super::snapshot::{AttemptView, DnView};

/// The attempts of some DNs, in no order to rely on.
pub(crate) fn attempts<'a>(dns: impl IntoIterator<Item = DnView<'a>>) -> Vec<AttemptView<'a>> {
    let lists = dns.into_iter().map(|dn| dn.attempts()).collect();
    let mut all = Vec::new();
    each(lists, |attempt: AttemptView<'a>| {
        // a record is longer than what memory hands out at once
        black_box((attempt.started, attempt.purpose, attempt.source.port));
        all.push(attempt);
    });
    all
}

/// How many messages some attempts have.
pub(crate) fn messages<'a>(attempts: impl IntoIterator<Item = AttemptView<'a>>) -> usize {
    let lists = attempts.into_iter().map(|attempt| attempt.messages()).collect();
    let mut count = 0;
    each(lists, |message| {
        black_box(message.cseq);
        count += 1;
    });
    count
}

fn each<I: Iterator>(mut lists: Vec<I>, mut see: impl FnMut(I::Item)) {
    while !lists.is_empty() {
        lists.retain_mut(|list| list.next().map(&mut see).is_some());
    }
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
        let one_by_one: Vec<_> = snapshot.dns().flat_map(|dn| dn.attempts()).collect();
        let counted: usize = one_by_one.iter().map(|attempt| attempt.messages().count()).sum();
        let seen = attempts(snapshot.dns());
        assert!(one_by_one.len() > 2);
        assert_eq!(seen.len(), one_by_one.len());
        assert_eq!((messages(seen), counted), (8, 8));
    }
}
