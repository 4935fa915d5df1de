//! Owners, beliefs, moves and splits, each with a look-alike.

use std::fmt::Write as _;

use super::*;
use crate::registration::testing::Player;

/// What a cluster comes to, a line a DN and a split.
fn tell(text: &str) -> Vec<String> {
    let snapshot = Player::snapshot_of(text);
    let cluster = Cluster::of(&snapshot);
    let name = |id: NodeId| snapshot.node_name(id).unwrap_or("?").to_owned();
    let mut lines: Vec<_> = cluster
        .dns
        .iter()
        .map(|dn| {
            let owner = dn.owner.map_or_else(|| "-".to_owned(), |owner| name(owner.node));
            let beliefs = cluster.beliefs(dn).map(|(node, belief)| {
                let state = match belief.state {
                    State::InService => "in",
                    State::OutOfService => "out",
                    State::Unknown => "?",
                };
                format!(" {}={state}", name(node))
            });
            let marks = [
                (dn.is_split, " split"),
                (!dn.twice.is_empty(), " twice"),
                (dn.left_behind.is_some(), " left behind"),
            ];
            let marks = marks.iter().filter(|(on, _)| *on).map(|(_, mark)| *mark);
            let dn = String::from_utf8_lossy(&dn.name).into_owned();
            format!("{dn} {owner}{}{}", beliefs.collect::<String>(), marks.collect::<String>())
        })
        .collect();
    lines.sort();
    for split in &cluster.splits {
        let start = Timestamp::from_parts(1_700_000_000, 0);
        let secs = |time: Timestamp| time.nanos_since(start) / 1_000_000_000;
        let sides: Vec<_> = split
            .sides
            .iter()
            .map(|side| {
                let names = side.dns.iter().map(|place| &cluster.dns[*place].name);
                let names: Vec<_> =
                    names.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
                format!("{} {}", name(side.node), names.join(","))
            })
            .collect();
        let until = split.until.map_or_else(|| "-".to_owned(), |until| secs(until).to_string());
        let weak = if split.one_sided { " one-sided" } else { "" };
        lines.push(format!("split {}..{until}{weak}: {}", secs(split.since), sides.join("; ")));
    }
    lines
}

/// Two DNs by SIP, one at each node, and every node states both in service.
const BOTH: &str = "
    0 > REGISTER dn=1 call=1 expires=600 node=A to=r
    0.01 < 200 dn=1 call=1 expires=600 node=A to=r
    0.1 ~ in_service dn=1 node=A
    0.3 ~ in_service dn=1 node=B
    1 > REGISTER dn=2 call=2 expires=600 from=b node=B to=s
    1.01 < 200 dn=2 call=2 expires=600 from=b node=B to=s
    1.1 ~ in_service dn=2 node=B
    1.3 ~ in_service dn=2 node=A
";

fn after_both(text: &str) -> Vec<String> {
    tell(&format!("{BOTH}{text}"))
}

#[test]
fn a_split_is_what_both_state_of_each_other() {
    let lost = "100 ~ out_of_service dn=2 node=A\n100.4 ~ out_of_service dn=1 node=B\n150 .\n";
    assert_eq!(
        after_both(lost),
        ["1 A A=in B=out split", "2 B A=out B=in split", "split 100..-: A 2; B 1"]
    );
    let back = format!("{lost}200 ~ in_service dn=2 node=A\n201 ~ in_service dn=1 node=B\n");
    assert_eq!(after_both(&back), ["1 A A=in B=in", "2 B A=in B=in", "split 100..201: A 2; B 1"]);
    // and again
    let again =
        format!("{back}300 ~ out_of_service dn=2 node=A\n301 ~ out_of_service dn=1 node=B\n350 .");
    assert_eq!(after_both(&again)[2..], ["split 100..201: A 2; B 1", "split 300..-: A 2; B 1"]);
}

#[test]
fn one_side_alone_is_weaker() {
    let lost = "100 ~ out_of_service dn=2 node=A\n150 .";
    assert_eq!(
        after_both(lost),
        ["1 A A=in B=in", "2 B A=out B=in split", "split 100..- one-sided: A 2"]
    );
    // far apart is not the same moment
    let apart = "100 ~ out_of_service dn=2 node=A\n140 ~ out_of_service dn=1 node=B\n150 .";
    assert_eq!(after_both(apart)[2], "split 100..- one-sided: A 2; B 1");
    // one DN of several is no loss of the node
    let others = "
        2 > REGISTER dn=3 call=3 expires=600 from=b node=B to=s
        2.01 < 200 dn=3 call=3 expires=600 from=b node=B to=s
        2.1 ~ in_service dn=3 node=A
        3 > REGISTER dn=4 call=4 expires=600 from=b node=B to=s
        3.01 < 200 dn=4 call=4 expires=600 from=b node=B to=s
        3.1 ~ in_service dn=4 node=A
    ";
    let one = format!("{others}100 ~ out_of_service dn=2 node=A\n150 .");
    assert!(after_both(&one).iter().all(|line| !line.contains("split")));
}

#[test]
fn what_ends_at_the_owner_is_no_split() {
    for end in [
        // the owner takes it out, before or after the other node states it
        "100 ~ out_of_service dn=2 node=B\n100.2 ~ out_of_service dn=2 node=A",
        "100 ~ out_of_service dn=2 node=A\n100.2 ~ out_of_service dn=2 node=B",
        // the phone removes itself
        "100 > REGISTER dn=2 call=2 cseq=2 expires=0 from=b node=B to=s\n\
         100.01 < 200 dn=2 call=2 cseq=2 contact=none from=b node=B to=s\n\
         100.2 ~ out_of_service dn=2 node=A",
        // its time runs out
        "602 ~ out_of_service dn=2 node=A",
        // it moves to the other node
        "100 > REGISTER dn=2 call=5 expires=600 from=b node=A to=r\n\
         100.01 < 200 dn=2 call=5 expires=600 from=b node=A to=r\n\
         100.2 ~ out_of_service dn=2 node=B",
    ] {
        let lines = after_both(&format!("{end}\n650 ."));
        assert!(lines.iter().all(|line| !line.contains("split")), "{end}: {lines:?}");
    }
}

#[test]
fn a_phone_that_changes_sides_is_out_of_the_split() {
    let moved = "
        100 ~ out_of_service dn=2 node=A
        100.4 ~ out_of_service dn=1 node=B
        200 > REGISTER dn=2 call=9 expires=600 from=b node=A to=r
        200.01 < 200 dn=2 call=9 expires=600 from=b node=A to=r
        200.1 ~ in_service dn=2 node=A
        300 .";
    assert_eq!(
        after_both(moved),
        ["1 A A=in B=out split", "2 A A=in B=in left behind", "split 100..-: A 2; B 1"]
    );
}

#[test]
fn strangers_do_not_lose_each_other() {
    // neither ever stated the other's DN in service
    let lines = tell(
        "0 > REGISTER dn=1 call=1 expires=600 node=A to=r
         0.01 < 200 dn=1 call=1 expires=600 node=A to=r
         1 > REGISTER dn=2 call=2 expires=600 from=b node=B to=s
         1.01 < 200 dn=2 call=2 expires=600 from=b node=B to=s
         5 ~ out_of_service dn=2 node=A
         5 ~ out_of_service dn=1 node=B
         50 .",
    );
    assert_eq!(lines, ["1 A A=in B=out", "2 B A=out B=in"]);
}

#[test]
fn the_latest_grant_owns_a_dn_that_moved() {
    let moved = "
        100 > REGISTER dn=1 call=7 expires=600 node=B to=s
        100.01 < 200 dn=1 call=7 expires=600 node=B to=s
        150 .";
    assert_eq!(after_both(moved)[0], "1 B A=in B=in left behind");
    // the phone had removed itself before, or does afterwards
    let removed = "
        90 > REGISTER dn=1 call=1 cseq=2 expires=0 node=A to=r
        90.01 < 200 dn=1 call=1 cseq=2 contact=none node=A to=r";
    assert_eq!(after_both(&format!("{removed}{moved}"))[0], "1 B A=in B=in");
    // back again, the other binding still runs
    let back = "
        200 > REGISTER dn=1 call=1 cseq=2 expires=600 node=A to=r
        200.01 < 200 dn=1 call=1 cseq=2 expires=600 node=A to=r
        250 .";
    assert_eq!(after_both(&format!("{moved}{back}"))[0], "1 A A=in B=in left behind");
}

#[test]
fn two_own_it_only_if_both_renew() {
    let mut text = String::new();
    for (time, cseq) in [(100, 1), (200, 2), (300, 3)] {
        let _ = write!(
            text,
            "{time} > REGISTER dn=1 call=8 cseq={cseq} expires=600 from=c node=B to=s
             {time}.01 < 200 dn=1 call=8 cseq={cseq} expires=600 from=c node=B to=s
             {time}.5 > REGISTER dn=1 call=1 cseq=1{cseq} expires=600 node=A to=r
             {time}.51 < 200 dn=1 call=1 cseq=1{cseq} expires=600 node=A to=r\n"
        );
    }
    assert_eq!(after_both(&text)[0], "1 A A=in B=in twice");
}

#[test]
fn t_library_owns_only_what_has_no_sip() {
    let agent = "
        20 ~ owned dn=9 node=A ref=5
        20.1 ~ attached dn=9 node=A ref=5
        20.2 ~ in_service dn=9 node=A
        20.4 ~ in_service dn=9 node=B
        50 .";
    assert_eq!(after_both(agent)[2], "9 A A=in B=in");
    // the desktop of a phone is at another node than the phone
    let desktop = "20 ~ owned dn=1 node=B ref=5\n20.1 ~ attached dn=1 node=B ref=5\n50 .";
    assert_eq!(after_both(desktop)[0], "1 A A=in B=in");
    // asked, and not answered, or with an error
    let asked = "20 ~ owned dn=9 node=A ref=5\n20.1 ~ attached dn=8 node=A ref=5\n50 .";
    assert_eq!(after_both(asked)[2], "9 - A=? B=?");
}

#[test]
fn a_node_that_says_nothing_is_unknown() {
    let lines = tell(
        "0 > REGISTER dn=1 call=1 expires=600 node=A to=r
         0.01 < 200 dn=1 call=1 expires=600 node=A to=r
         1 > REGISTER dn=2 call=2 expires=600 from=b node=B to=s
         1.01 < 200 dn=2 call=2 expires=600 from=b node=B to=s
         50 .",
    );
    assert_eq!(lines, ["1 A A=in B=?", "2 B A=? B=in"]);
    // one node alone that states nothing is no cluster
    let alone = "0 > REGISTER node=A\n0.01 < 200 node=A";
    assert_eq!(tell(alone), Vec::<String>::new());
}

/// A pair of registrars that share what they hold: each finds the other's DN and calls it.
const PAIR: &str = "
    0 > REGISTER dn=1 call=1 expires=3600 node=A to=r
    0.01 < 200 dn=1 call=1 expires=3600 node=A to=r
    1 > REGISTER dn=2 call=2 expires=3600 from=b node=B to=s
    1.01 < 200 dn=2 call=2 expires=3600 from=b node=B to=s
    10 > INVITE dn=1 from=c to=s call=11 branch=i1 method=INVITE node=B
    10.001 > INVITE dn=1 from=s to=a call=11 branch=i2 via=i1 method=INVITE node=B
    10.1 < 200 dn=1 from=s to=a call=11 branch=i2 via=i1 method=INVITE node=B
    10.2 < 200 dn=1 from=c to=s call=11 branch=i1 method=INVITE node=B
    20 > INVITE dn=2 from=c to=r call=12 branch=j1 method=INVITE node=A
    20.001 > INVITE dn=2 from=r to=b call=12 branch=j2 via=j1 method=INVITE node=A
    20.1 < 200 dn=2 from=r to=b call=12 branch=j2 via=j1 method=INVITE node=A
    20.2 < 200 dn=2 from=c to=r call=12 branch=j1 method=INVITE node=A
";

#[test]
fn registrars_believe_what_they_answer() {
    assert_eq!(tell(PAIR), ["1 A A=in B=in", "2 B A=in B=in"]);
    // each is asked when a call comes: the responses are minutes apart
    let lost = format!(
        "{PAIR}
        100 > INVITE dn=1 from=c to=s call=21 branch=k1 method=INVITE node=B
        100.01 < 404 dn=1 from=c to=s call=21 branch=k1 method=INVITE node=B
        400 > INVITE dn=2 from=c to=r call=22 branch=l1 method=INVITE node=A
        400.01 < 480 dn=2 from=c to=r call=22 branch=l1 method=INVITE node=A
        500 ."
    );
    assert_eq!(
        tell(&lost),
        ["1 A A=in B=out split", "2 B A=out B=in split", "split 100..-: B 1; A 2"]
    );
    let back = format!(
        "{lost}
        600 > INVITE dn=1 from=c to=s call=31 branch=m1 method=INVITE node=B
        600.001 > INVITE dn=1 from=s to=a call=31 branch=m2 via=m1 method=INVITE node=B
        600.1 < 200 dn=1 from=s to=a call=31 branch=m2 via=m1 method=INVITE node=B
        600.2 < 200 dn=1 from=c to=s call=31 branch=m1 method=INVITE node=B
        610 > REGISTER dn=2 from=c to=r call=32 contact=none node=A
        610.01 < 200 dn=2 from=c to=r call=32 contact=<sip:2@192.0.2.98:5060>;expires=3000 node=A
        650 ."
    );
    assert_eq!(tell(&back), ["1 A A=in B=in", "2 B A=in B=in", "split 100..610: B 1; A 2"]);
}

#[test]
fn a_copy_that_runs_out_a_moment_before_the_binding_is_no_split() {
    let lapse = |asked: u32| {
        let text = PAIR.replace("dn=1 call=1 expires=3600", "dn=1 call=1 expires=100");
        tell(&format!(
            "{text}
            {asked} > INVITE dn=1 from=c to=s call=21 branch=k1 method=INVITE node=B
            {asked}.01 < 480 dn=1 from=c to=s call=21 branch=k1 method=INVITE node=B
            200 ."
        ))
    };
    assert_eq!(lapse(99), ["1 - A=? B=out", "2 B A=in B=in"]);
    // well before: it was lost, and what the other node held ran out later
    assert_eq!(lapse(90)[2..], ["split 90..- one-sided: B 1"]);
}

#[test]
fn a_split_whose_dns_all_moved_is_over_once_a_node_knows_what_the_other_one_holds_since() {
    let lost = format!(
        "{PAIR}
        100 > INVITE dn=1 from=c to=s call=21 branch=k1 method=INVITE node=B
        100.01 < 480 dn=1 from=c to=s call=21 branch=k1 method=INVITE node=B
        101 > INVITE dn=2 from=c to=r call=22 branch=l1 method=INVITE node=A
        101.01 < 480 dn=2 from=c to=r call=22 branch=l1 method=INVITE node=A
        105 > REGISTER dn=1 call=41 expires=3600 node=B to=s
        105.01 < 200 dn=1 call=41 expires=3600 node=B to=s
        106 > REGISTER dn=2 call=42 expires=3600 from=b node=A to=r
        106.01 < 200 dn=2 call=42 expires=3600 from=b node=A to=r"
    );
    let split = |text: &str| tell(&format!("{lost}\n{text}"))[2..].to_vec();
    assert_eq!(split("400 ."), ["split 100..-: B 1; A 2"]);
    // a third phone registers at A, and B finds it; or it had registered before, and B has the copy from then
    let third = |time: u32, dn: u32| {
        format!(
            "{time} > REGISTER dn={dn} call=43 expires=3600 from=d node=A to=r
             {time}.01 < 200 dn={dn} call=43 expires=3600 from=d node=A to=r\n"
        )
    };
    let asked = "300 > INVITE dn=3 from=c to=s call=51 branch=n1 method=INVITE node=B
        300.001 > INVITE dn=3 from=s to=d call=51 branch=n2 via=n1 method=INVITE node=B
        300.1 < 200 dn=3 from=s to=d call=51 branch=n2 via=n1 method=INVITE node=B
        300.2 < 200 dn=3 from=c to=s call=51 branch=n1 method=INVITE node=B\n400 .";
    let known = tell(&format!("{lost}\n{}{asked}", third(200, 3)));
    assert_eq!(known[3..], ["split 100..300: B 1; A 2"]);
    let copy = tell(&format!("{}{lost}\n{asked}", third(0, 3)));
    assert_eq!(copy[3..], ["split 100..-: B 1; A 2"]);
}

#[test]
fn registrars_that_share_nothing_are_strangers() {
    // a 404 of one that never found the DN: its dial plan does not know the number
    let lines = tell(
        "0 > REGISTER dn=1 call=1 expires=3600 node=A to=r
         0.01 < 200 dn=1 call=1 expires=3600 node=A to=r
         1 > REGISTER dn=2 call=2 expires=3600 from=b node=B to=s
         1.01 < 200 dn=2 call=2 expires=3600 from=b node=B to=s
         100 > INVITE dn=1 from=c to=s call=21 branch=k1 method=INVITE node=B
         100.01 < 404 dn=1 from=c to=s call=21 branch=k1 method=INVITE node=B
         101 > INVITE dn=2 from=c to=r call=22 branch=l1 method=INVITE node=A
         101.01 < 480 dn=2 from=c to=r call=22 branch=l1 method=INVITE node=A
         500 .",
    );
    assert_eq!(lines, ["1 A A=in B=?", "2 B A=out B=in"]);
}

#[test]
fn a_phone_that_does_not_disturb_is_no_split() {
    // the node that holds the DN answers for the phone, and the phone itself through the other node
    let busy = format!(
        "{PAIR}
        100 > INVITE dn=1 from=c to=s call=21 branch=k1 method=INVITE node=B
        100.001 > INVITE dn=1 from=s to=a call=21 branch=k2 via=k1 method=INVITE node=B
        100.1 < 480 dn=1 from=s to=a call=21 branch=k2 via=k1 method=INVITE node=B
        100.2 < 480 dn=1 from=c to=s call=21 branch=k1 method=INVITE node=B
        500 ."
    );
    assert_eq!(tell(&busy), ["1 A A=in B=in", "2 B A=in B=in"]);
}

/// Three DNs that two nodes state in service, of which nothing shows a registration.
const STATED: &str = "
    0 ~ in_service dn=1 node=A
    0.2 ~ in_service dn=1 node=B
    1 ~ in_service dn=2 node=B
    1.2 ~ in_service dn=2 node=A
    2 ~ in_service dn=3 node=A
    2.2 ~ in_service dn=3 node=B
";

#[test]
fn statements_alone_show_a_split_by_the_beliefs_in_opposition() {
    let lost = format!(
        "{STATED}
        100 ~ out_of_service dn=2 node=A
        100.3 ~ out_of_service dn=1 node=B
        100.4 ~ out_of_service dn=3 node=B"
    );
    let split = "split 100..-: A 2; B 1,3";
    let dns = ["1 - A=in B=out split", "2 - A=out B=in split", "3 - A=in B=out split"];
    assert_eq!(tell(&format!("{lost}\n150 .")), [&dns[..], &[split]].concat());
    let snapshot = Player::snapshot_of(&lost);
    let cluster = Cluster::of(&snapshot);
    assert!(!cluster.splits[0].has_owners() && cluster.splits[0].without_owner.len() == 3);
    let back = format!(
        "{lost}
        200 ~ in_service dn=2 node=A
        200.3 ~ in_service dn=1 node=B
        201 ~ in_service dn=3 node=B
        250 ."
    );
    assert_eq!(tell(&back)[3..], ["split 100..201: A 2; B 1,3"]);
    // the owner of one is known
    let owned = "2.5 ~ owned dn=3 node=A ref=5\n2.6 ~ attached dn=3 node=A ref=5\n";
    let mixed = tell(&lost.replacen("100 ~", &format!("{owned}100 ~"), 1));
    assert_eq!(mixed[2..], ["3 A A=in B=out split", split]);
}

#[test]
fn without_an_owner_what_only_some_dns_or_one_node_show_is_no_split() {
    for alike in [
        // one node alone: whose DNs they are is not known
        "100 ~ out_of_service dn=2 node=A\n100.1 ~ out_of_service dn=3 node=A",
        // two agents log out, the nodes state it of one each first
        "100 ~ out_of_service dn=2 node=A\n100.2 ~ out_of_service dn=2 node=B\n\
         100.3 ~ out_of_service dn=1 node=B\n100.5 ~ out_of_service dn=1 node=A",
        // far apart
        "100 ~ out_of_service dn=2 node=A\n140 ~ out_of_service dn=1 node=B",
    ] {
        let lines = tell(&format!("{STATED}{alike}\n150 ."));
        assert!(lines.iter().all(|line| !line.contains("split")), "{alike}: {lines:?}");
    }
    // two of many
    let mut many = String::new();
    for dn in 10..20 {
        let _ = writeln!(many, "3 ~ in_service dn={dn} node=A\n3.1 ~ in_service dn={dn} node=B");
    }
    let two = "100 ~ out_of_service dn=2 node=A\n100.3 ~ out_of_service dn=1 node=B\n150 .";
    let lines = tell(&format!("{STATED}{many}{two}"));
    assert!(lines.iter().all(|line| !line.contains("split")), "{lines:?}");
    // what had registered by SIP and does so no longer is out for that
    let lapsed = "
        2.5 > REGISTER dn=1 call=1 expires=60 node=A to=r
        2.6 < 200 dn=1 call=1 expires=60 node=A to=r
        2.7 > REGISTER dn=2 call=2 expires=60 from=b node=B to=s
        2.8 < 200 dn=2 call=2 expires=60 from=b node=B to=s
        100 ~ out_of_service dn=2 node=A
        100.3 ~ out_of_service dn=1 node=B
        150 .";
    let lines = tell(&format!("{STATED}{lapsed}"));
    assert!(lines.iter().all(|line| !line.contains("split")), "{lines:?}");
}

#[test]
fn the_dns_of_a_split_are_flagged_until_it_is_over() {
    let flagged = |text: &str| {
        let mut snapshot = Player::snapshot_of(&format!("{BOTH}{text}"));
        flag_splits(&mut snapshot);
        let dns = snapshot.dns().filter(|dn| dn.flags().contains(Flag::CtiSplit));
        let mut names: Vec<_> =
            dns.map(|dn| String::from_utf8_lossy(dn.name()).into_owned()).collect();
        names.sort();
        names
    };
    let lost = "100 ~ out_of_service dn=2 node=A\n100.4 ~ out_of_service dn=1 node=B\n150 .\n";
    assert_eq!(flagged(lost), ["1", "2"]);
    let half = format!("{lost}200 ~ in_service dn=2 node=A\n250 .");
    assert_eq!(flagged(&half), ["1"]);
    let back = format!("{lost}200 ~ in_service dn=2 node=A\n201 ~ in_service dn=1 node=B\n");
    assert_eq!(flagged(&back), [""; 0]);
}

#[test]
fn a_query_shows_what_a_node_was_told_and_moves_nothing() {
    // the other node lists the Contact that the first one granted
    let asked = "
        10 > REGISTER dn=1 from=c to=s call=31 contact=none node=B
        10.01 < 200 dn=1 from=c to=s call=31 contact=<sip:1@192.0.2.97:5060>;expires=590 node=B
        50 .";
    assert_eq!(after_both(asked)[0], "1 A A=in B=in");
}
