//! What is counted of attempts, however the model forgets them.

use super::*;
use crate::net::Timestamp;

/// The ends after lines of traffic, and the tracker.
fn ends(lines: &str) -> (Vec<(&'static str, u16, u64)>, Tracker) {
    let mut player = Player::default();
    lines.lines().map(str::trim).filter(|l| !l.is_empty()).for_each(|line| player.play(line));
    let tally = player.tracker.tally();
    let mut ends: Vec<_> = tally.ends().map(|(o, code, number)| (o.name(), code, number)).collect();
    ends.sort_unstable();
    (ends, player.tracker)
}

#[test]
fn an_attempt_ends_once_and_its_challenge_is_no_end() {
    let (ends, tracker) = ends(
        "0 > REGISTER expires=60
         0.02 < 401 nonce=n1
         0.03 > REGISTER cseq=2 expires=60 nonce=n1
         0.07 < 200 cseq=2 expires=60
         50 > REGISTER call=2 expires=60 nonce=n1
         50.5 < 200 call=2 expires=60
         51 > REGISTER dn=5003 from=b call=3 expires=60
         51.2 < 403 dn=5003 from=b call=3
         51.3 < 403 dn=5003 from=b call=3
         200 > OPTIONS method=OPTIONS",
    );
    assert_eq!(ends, [("accepted", 200, 2), ("rejected", 403, 1)]);
    let (rtt, margin) = (tracker.tally().rtt(), tracker.tally().margin());
    assert_eq!(rtt.count(), 4, "the challenge is an answer");
    assert!((rtt.sum() - 0.76).abs() < 1e-6, "{}", rtt.sum());
    assert_eq!(margin.count(), 1, "{margin:?}");
    assert!((margin.sum() - 10.07).abs() < 0.01, "{}", margin.sum());
}

#[test]
fn a_challenge_that_nobody_takes_up_is_an_end_after_a_while() {
    let lines = "0 > REGISTER expires=60\n0.02 < 401 nonce=n1\n31 > OPTIONS method=OPTIONS";
    assert_eq!(ends(lines).0, []);
    let later = format!("{lines}\n33 > OPTIONS method=OPTIONS cseq=2\n99 > OPTIONS method=OPTIONS");
    assert_eq!(ends(&later).0, [("challenged", 401, 1)]);
}

#[test]
fn silence_is_an_end_and_an_icmp_error_too() {
    let (ends, tracker) = ends(
        "0 > REGISTER expires=60
         0.5 > REGISTER expires=60
         1.5 > REGISTER expires=60
         2 > REGISTER dn=5003 from=b call=3 expires=60
         2.01 ! icmp from=b
         70 > OPTIONS method=OPTIONS
         80 > OPTIONS method=OPTIONS cseq=2",
    );
    assert_eq!(ends, [("no_answer", 0, 1), ("unreachable", 0, 1)]);
    assert_eq!(tracker.tally().rtt().count(), 0);
}

#[test]
fn two_hops_and_a_loop_of_refusals_are_one_end() {
    let hops = "0 > REGISTER to=e expires=60
                0.01 > REGISTER from=e via=1-1-5002 branch=z9 expires=60
                0.03 < 200 from=e via=1-1-5002 branch=z9 expires=60
                0.04 < 200 to=e expires=60
                90 > OPTIONS method=OPTIONS";
    assert_eq!(ends(hops).0, [("accepted", 200, 1)]);
    let left = "0 > REGISTER to=e expires=60
                0.01 > REGISTER from=e via=1-1-5002 branch=z9 expires=60
                0.03 < 401 from=e via=1-1-5002 branch=z9 nonce=n1
                0.04 < 401 to=e nonce=n1
                90 > OPTIONS method=OPTIONS";
    assert_eq!(ends(left).0, [("challenged", 401, 1)]);
    let refused = "0 > REGISTER expires=60
                   0.1 < 401 nonce=n1
                   0.2 > REGISTER cseq=2 nonce=n1
                   0.3 < 401 cseq=2 nonce=n2
                   0.4 > REGISTER cseq=3 nonce=n2
                   0.5 < 401 cseq=3 nonce=n3
                   90 > OPTIONS method=OPTIONS";
    assert_eq!(ends(refused).0, [("auth_failed", 401, 1)]);
}

#[test]
fn no_scenario_has_an_attempt_without_an_end_or_with_many() {
    for (title, lines) in scenarios() {
        let mut player = Player::default();
        lines.iter().filter(|line| !line.starts_with('=')).for_each(|line| player.play(line));
        // all is over by then
        let end = Timestamp::from_nanos(player.tracker.now.nanos() + 3_600_000_000_000);
        player.tracker.tick(end);
        player.tracker.forget_old();
        let attempts = player.tracker.store.attempts.len() as u64;
        let open = (0..attempts as usize)
            .filter_map(|index| player.tracker.store.attempts.get(index))
            .filter(|a| a.outcome == Outcome::Open)
            .count() as u64;
        let ends: u64 = player.tracker.tally().ends().map(|(.., number)| number).sum();
        assert!(ends + open >= attempts, "{title}: {ends} ends, {open} open of {attempts}");
        assert!(ends <= attempts * 2, "{title}: {ends} ends of {attempts}");
    }
}
