use super::fleet::incident;
use crate::compare::pair::{Kind, Subject, pair};
use crate::compare::{Strength, contrast};
use crate::registration::Verdict;

#[test]
fn two_against_two_is_one_group_that_separates_perfectly_and_is_few() {
    let contrast = contrast(&incident(false));
    assert_eq!(contrast.groups.len(), 1);
    let group = &contrast.groups[0];
    let names: Vec<_> = group.names().collect();
    assert_eq!(&names[..4], ["source.address", "contact.host", "via.sent_by", "user_agent"]);
    for name in ["source.is_registrar", "source.port", "contact.port", "expires.asked", "mac"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let lead = group.lead().unwrap();
    assert_eq!(lead.strength(), Strength::Perfect);
    assert!(lead.is_few());
    assert_eq!((lead.support.failing.n, lead.support.failing.of), (2, 2));
    assert_eq!((lead.support.working.n, lead.support.working.of), (0, 2));
    assert_eq!(lead.only_failing.values[0].value.display(), "192.168.210.54");
    assert_eq!(lead.only_working.values[0].value.display(), "192.168.210.81");
}

#[test]
fn what_does_not_separate_is_said() {
    let contrast = contrast(&incident(false));
    let same: Vec<_> = contrast.same.iter().map(|f| f.attribute.name).collect();
    for name in ["registrar", "transport", "expires.present", "auth.given", "vlan", "auth.realm"] {
        assert!(same.contains(&name), "{name} in {same:?}");
    }
    let given = contrast.same.iter().find(|f| f.attribute.name == "auth.given").unwrap();
    assert_eq!(given.shared.values[0].value.display(), "no");
}

#[test]
fn each_kind_of_failure_is_kept_apart() {
    let contrast = contrast(&incident(true));
    let kinds: Vec<_> =
        contrast.by_outcome.iter().map(|c| (c.failing.label.as_str(), c.failing.dns)).collect();
    assert_eq!(kinds, [("rejected 403", 2), ("rejected 404", 1)]);
    let refused = &contrast.by_outcome[0];
    assert_eq!(refused.failing.outcome, Some((Verdict::Rejected, Some(403))));
    assert_eq!(refused.groups[0].lead().unwrap().attribute.name, "source.address");
    assert_eq!(refused.left_out, 1);
}

#[test]
fn a_pair_sets_what_must_differ_aside() {
    let snapshot = incident(true);
    let dn = |name: &str| snapshot.dns().find(|d| d.name() == name.as_bytes()).unwrap();
    let subject = |name| Subject::new(&snapshot, dn(name));
    let same = pair(&subject("5001"), &subject("5002"));
    assert_eq!(same.differences().count(), 0, "{:?}", same.differences().collect::<Vec<_>>());
    let apart = pair(&subject("1002"), &subject("5001"));
    let names: Vec<_> = apart.differences().map(|row| row.attribute.name).collect();
    assert_eq!(&names[..3], ["source.address", "contact.host", "via.sent_by"]);
    let kind = |name: &str| apart.rows.iter().find(|r| r.attribute.name == name).unwrap().kind;
    assert_eq!(kind("contact.user"), Kind::Same);
    assert_eq!(kind("registrar"), Kind::Same);
    assert_eq!(kind("call_id.stable"), Kind::NotKnown);
}
