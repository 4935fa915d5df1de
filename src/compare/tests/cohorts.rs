use std::net::IpAddr;

use super::fleet::{Phone, ip, phone, play, registrar};
use crate::compare::stats::Random;
use crate::compare::{
    Cohorts, Condition, Contrast, Finding, Leading, Strength, contrast, contrast_of,
};
use crate::net::{Endpoint, Transport};

const SEEDS: std::ops::Range<u64> = 0..8;

/// 200 working phones and 12 failing ones, whose cause `spoil` adds.
fn fleet(seed: u64, spoil: impl Fn(&mut Phone, &mut Random)) -> Contrast {
    let mut random = Random(seed);
    let phones: Vec<Phone> = (0..212)
        .map(|number| {
            let mut phone = phone(number, &mut random);
            if number < 12 {
                phone.code = 403;
                spoil(&mut phone, &mut random);
            }
            phone
        })
        .collect();
    let contrast = contrast(&play(&phones, registrar()));
    assert_eq!((contrast.failing.dns, contrast.working.dns), (12, 200), "seed {seed}");
    contrast
}

fn lead(contrast: &Contrast) -> Option<&Finding> {
    match contrast.leading() {
        Some(Leading::Group(group)) => group.lead(),
        _ => None,
    }
}

fn everywhere(contrast: &Contrast) -> impl Iterator<Item = &Finding> {
    let groups = contrast.groups.iter().flat_map(|g| &g.members);
    groups.chain(&contrast.same).chain(&contrast.mixed).chain(&contrast.not_known)
}

#[test]
fn a_user_agent_version_comes_first() {
    for seed in SEEDS {
        let contrast = fleet(seed, |phone, _| phone.agent = "Alpha 1.2".into());
        let lead = lead(&contrast).unwrap();
        assert_eq!(lead.attribute.name, "user_agent", "seed {seed}");
        assert_eq!(lead.strength(), Strength::Perfect);
        assert!(lead.p_value < 0.05 && !lead.is_few());
        assert_eq!((lead.support.failing.n, lead.support.working.n), (12, 0));
        assert_eq!(lead.only_failing.values[0].value.display(), "Alpha 1.2");
        assert_eq!(contrast.groups[0].members.len(), 1, "seed {seed}: {:?}", contrast.groups[0]);
        assert!(contrast.combinations.is_empty(), "seed {seed}");
    }
}

#[test]
fn a_transport_comes_first() {
    for seed in SEEDS {
        let contrast = fleet(seed, |phone, _| phone.transport = Transport::Tcp);
        let names: Vec<_> = contrast.groups[0].names().collect();
        assert_eq!(names, ["transport", "via.transport"], "seed {seed}");
        assert!(contrast.combinations.is_empty(), "seed {seed}");
    }
}

#[test]
fn an_expires_over_a_limit_comes_first_with_its_limit() {
    for seed in SEEDS {
        let contrast =
            fleet(seed, |phone, random| phone.expires = 3001 + random.below(4000) as u32);
        let lead = lead(&contrast).unwrap();
        assert_eq!(lead.attribute.name, "expires.asked", "seed {seed}");
        assert_eq!(lead.condition, Some(Condition::Above(3000)));
        assert_eq!((lead.support.failing.n, lead.support.working.n), (12, 0));
        assert_eq!((lead.support.failing.of, lead.support.working.of), (12, 200));
    }
}

#[test]
fn a_subnet_and_a_realm_together_come_first() {
    for seed in SEEDS {
        let contrast = fleet_of_two(seed);
        let Some(Leading::Combination(found)) = contrast.leading() else {
            panic!("seed {seed}: no combination, {:?}", contrast.groups);
        };
        let names = found.parts.each_ref().map(|(attribute, _)| attribute.name);
        assert_eq!(names, ["source.network", "auth.realm"], "seed {seed}");
        assert_eq!((found.support.failing.n, found.support.working.n), (12, 0), "seed {seed}");
        assert!(found.p_value <= 0.01);
    }
}

/// Exactly those DNs fail that are in 10.1.3.0/24 and are asked for realm `south`.
fn fleet_of_two(seed: u64) -> Contrast {
    let mut random = Random(seed);
    let phones: Vec<Phone> = (0..212)
        .map(|number| {
            let mut phone = phone(number, &mut random);
            let net = ip("10.1.3.0");
            let in_net = |phone: &Phone| phone.source.addr.to_string().starts_with("10.1.3.");
            if number < 12 {
                let IpAddr::V4(net) = net else { unreachable!() };
                let [a, b, c, _] = net.octets();
                phone.source.addr = IpAddr::from([a, b, c, 1 + number as u8]);
                phone.realm = Some("south".into());
                phone.code = 403;
            } else if in_net(&phone) && phone.realm.as_deref() == Some("south") {
                phone.realm = Some("north".into());
            }
            phone
        })
        .collect();
    contrast(&play(&phones, registrar()))
}

#[test]
fn noise_separates_nothing() {
    let mut offered = 0;
    for seed in SEEDS {
        let contrast = fleet(seed, |_, _| {});
        offered += usize::from(contrast.leading().is_some());
        for finding in everywhere(&contrast) {
            if matches!(finding.attribute.name, "mac" | "contact.port" | "source.port") {
                assert!(finding.separation < 0.1, "seed {seed}: {finding:?}");
            }
            assert!(finding.strength() < Strength::Strong, "seed {seed}: {finding:?}");
        }
    }
    assert!(offered <= 1, "{offered} false alarms");
}

#[test]
fn what_the_outcome_causes_is_never_offered() {
    let contrast = fleet(1, |phone, _| phone.agent = "Alpha 1.2".into());
    assert!(contrast.outcomes.iter().any(|f| f.attribute.name == "expires.granted"));
    assert!(everywhere(&contrast).all(|f| f.attribute.name != "expires.granted"));
    assert!(everywhere(&contrast).all(|f| f.attribute.name != "rtt_ms"));
}

#[test]
fn a_gateway_against_phones_with_an_address_each() {
    let contrast = fleet(3, |phone, _| {
        phone.source = Endpoint::new(ip("10.8.0.1"), 5060);
        phone.agent = "Gateway".into();
    });
    let names: Vec<_> = contrast.groups[0].names().collect();
    for name in ["source.address", "contact.host", "via.sent_by", "user_agent", "source.port"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    assert_eq!(names[0], "source.address");
}

#[test]
fn five_at_a_gateway_against_twenty_with_an_address_each_are_no_chance() {
    for seed in SEEDS {
        let mut random = Random(seed);
        let phones: Vec<Phone> = (0..25)
            .map(|number| {
                let mut phone = phone(number, &mut random);
                if number < 5 {
                    phone.source.addr = ip("10.8.0.1");
                    phone.code = 403;
                }
                phone
            })
            .collect();
        let contrast = contrast(&play(&phones, registrar()));
        let lead = lead(&contrast).unwrap();
        // alone, addresses that no two phones share would separate any five of them
        assert_eq!((lead.attribute.name, lead.is_few()), ("source.address", false), "seed {seed}");
        assert!(contrast.groups[0].names().any(|name| name == "source.shared_by"));
    }
}

#[test]
fn what_is_not_captured_is_counted_and_left_out() {
    let mut random = Random(5);
    let phones: Vec<Phone> = (0..212)
        .map(|number| {
            let mut phone = phone(number, &mut random);
            if number < 12 {
                phone.code = 403;
                phone.agent = "Alpha 1.2".into();
            }
            phone.request_seen = number % 6 != 0;
            phone
        })
        .collect();
    let contrast = contrast(&play(&phones, registrar()));
    let lead = lead(&contrast).unwrap();
    assert_eq!(lead.attribute.name, "user_agent");
    assert_eq!(lead.support.failing.not_known, 2);
    assert_eq!((lead.support.failing.n, lead.support.failing.of), (10, 10));
    assert!(lead.support.working.not_known > 0);
    assert_eq!(lead.support.working.of + lead.support.working.not_known, 200);
    let all = everywhere(&contrast).find(|f| f.attribute.name == "source.address").unwrap();
    assert_eq!(all.support.failing.not_known, 0, "answers alone tell the source");
}

#[test]
fn two_thousand_against_three() {
    let mut random = Random(9);
    let phones: Vec<Phone> = (0..2003)
        .map(|number| {
            let mut phone = phone(number, &mut random);
            if number < 3 {
                phone.code = 403;
                phone.agent = "Alpha 1.2".into();
            }
            phone
        })
        .collect();
    let contrast = contrast(&play(&phones, registrar()));
    let lead = lead(&contrast).unwrap();
    assert_eq!((lead.attribute.name, lead.is_few()), ("user_agent", false));
}

#[test]
#[ignore = "a measurement: cargo test --release compare -- --ignored --nocapture"]
fn a_hundred_thousand() {
    let mut random = Random(9);
    let phones: Vec<Phone> = (0..100_000)
        .map(|number| {
            let mut phone = phone(number, &mut random);
            if number % 3 == 0 {
                phone.code = [403, 404, 480, 500, 503][number % 5];
            }
            phone
        })
        .collect();
    let snapshot = play(&phones, registrar());
    let start = std::time::Instant::now();
    let _ = contrast_of(&snapshot, &Cohorts::working_and_failing(&snapshot));
    println!("{:?} for one contrast of {} DNs", start.elapsed(), snapshot.dns().len());
    let start = std::time::Instant::now();
    let parts = contrast(&snapshot).by_outcome.len();
    println!("{:?} with those of {parts} kinds of failure", start.elapsed());
}
