use super::fleet::{Phone, incident, phone, play, registrar};
use crate::compare::stats::Random;
use crate::compare::{Cohorts, Contrast, Filter, contrast, contrast_of};
use crate::net::{Endpoint, Transport};
use crate::registration::Flag;

fn few(code: u16) -> Contrast {
    let mut random = Random(2);
    let phones: Vec<Phone> = (0..5).map(|n| Phone { code, ..phone(n, &mut random) }).collect();
    contrast(&play(&phones, registrar()))
}

#[test]
fn without_working_dns_the_failing_ones_are_described() {
    let contrast = few(403);
    assert!(!contrast.has_two_sides());
    let common = |name: &str| contrast.common.iter().find(|c| c.attribute.name == name);
    let registrar = common("registrar").unwrap();
    assert_eq!((registrar.share.n, registrar.value.display()), (5, "10.9.9.9:5060".into()));
    assert!(common("mac").is_none());
    assert!(contrast.groups.is_empty() && contrast.same.is_empty());
}

#[test]
fn without_failing_dns_there_is_nothing_to_explain() {
    let contrast = few(200);
    assert!(!contrast.has_two_sides());
    assert!(contrast.common.is_empty() && contrast.leading().is_none());
    assert_eq!(contrast.working.dns, 5);
}

#[test]
fn nothing_at_all_is_no_contrast() {
    let contrast = contrast(&play(&[], registrar()));
    assert_eq!((contrast.failing.dns, contrast.working.dns), (0, 0));
    assert!(contrast.leading().is_none());
}

#[test]
fn filters_select_what_they_say() {
    let snapshot = incident(true);
    for (filter, want) in [
        ("", "1002 1003 5001 5002 5008"),
        ("source=192.168.210.81", "1002 1003"),
        ("source=192.168.210.0/24", "1002 1003 5001 5002 5008"),
        ("source!=192.168.210.81", "5001 5002 5008"),
        ("dn=50*", "5001 5002 5008"),
        ("dn=5001-5002,1003", "1003 5001 5002"),
        ("verdict=failing", "5001 5002 5008"),
        ("verdict=rejected code=404", "5008"),
        ("code=403,404 dn!=5001", "5002 5008"),
        ("cohort=working", "1002 1003"),
        ("ua~asterisk", "5001 5002 5008"),
        ("ua!~asterisk", "1002 1003"),
        ("ua=\"asterisk pbx 16\"", "5001 5002 5008"),
        ("registrar=192.168.210.81", "1002 1003 5001 5002 5008"),
        ("registrar=192.168.210.81:5061", ""),
        ("transport=tcp", ""),
        ("transport=udp, verdict=in_service", "1002 1003"),
        ("realm=absent dn=5008", "5008"),
        ("realm=lab", ""),
        ("expires.asked=120 source.is_registrar=no", "5001 5002 5008"),
        ("source~.54", "5001 5002 5008"),
    ] {
        let parsed = Filter::parse(filter).unwrap();
        let names = snapshot.dns().filter(|dn| parsed.matches(dn, &snapshot));
        let mut names: Vec<_> = names.map(|dn| String::from_utf8_lossy(dn.name())).collect();
        names.sort();
        assert_eq!(names.join(" "), want, "{filter}");
    }
}

#[test]
fn two_conditions_on_one_fact_agree_with_each_other() {
    // every From and To of the fleet is at `lab`
    let mut random = Random(2);
    let phones: Vec<Phone> = (0..3).map(|n| phone(n, &mut random)).collect();
    let snapshot = play(&phones, registrar());
    for (filter, want) in [
        ("request.to_domain=lab", 3),
        ("request.to_domain=lab request.from_domain=lab", 3),
        ("request.from_domain=lab request.to_domain=lab dn=1001", 1),
        ("request.to_domain=lab request.from_domain!=lab", 0),
        ("request.to_domain=lab request.from_domain=empty", 0),
        ("request.to_domain=lab request.from_domain~a", 3),
        ("via.transport=udp request.to_domain=lab contact.host~10.1.", 3),
    ] {
        let parsed = Filter::parse(filter).unwrap();
        let found = snapshot.dns().filter(|dn| parsed.matches(dn, &snapshot)).count();
        assert_eq!(found, want, "{filter}");
    }
}

#[test]
fn a_websocket_phone_is_reached_over_its_connection() {
    let mut random = Random(2);
    let (private, public) = (phone(0, &mut random).source, super::fleet::ip("203.0.113.7"));
    for (source, transport, want) in [
        (public, Transport::Udp, "no"),
        (public, Transport::Ws, "yes"),
        (public, Transport::Wss, "yes"),
        (private.addr, Transport::Udp, "yes"),
    ] {
        let own = phone(0, &mut random);
        let source = Endpoint::new(source, own.source.port);
        let phone = Phone { source, transport, contact_host: Some(private.addr), ..own };
        let snapshot = play(&[phone], registrar());
        let filter = Filter::parse(&format!("contact.routable={want}")).unwrap();
        let dn = snapshot.dns().next().unwrap();
        assert!(filter.matches(&dn, &snapshot), "{source} {transport}");
        let flagged = dn.state().flags.contains(Flag::ContactUnroutable);
        assert_eq!(flagged, want == "no", "{source} {transport}");
    }
}

#[test]
fn selections_are_compared_as_sides_and_who_is_on_both_is_left_out() {
    let snapshot = incident(true);
    let [a, b] = ["dn=50*", "dn=5008,1002,1003"].map(|text| Filter::parse(text).unwrap());
    let contrast = contrast_of(&snapshot, &Cohorts::selected(&snapshot, &a, Some(&b)));
    assert_eq!((contrast.failing.dns, contrast.working.dns, contrast.left_out), (2, 2, 1));
    assert_eq!(contrast.failing.label, "dn=50*");
    assert_eq!(contrast.groups[0].lead().unwrap().attribute.name, "source.address");
}

#[test]
fn one_selection_is_compared_with_all_others() {
    let snapshot = incident(true);
    let a = Filter::parse("dn=5008").unwrap();
    let contrast = contrast_of(&snapshot, &Cohorts::selected(&snapshot, &a, None));
    assert_eq!((contrast.failing.dns, contrast.working.dns, contrast.left_out), (1, 4, 0));
    assert_eq!(contrast.working.label, "all others");
}

#[test]
fn swapped_sides_separate_as_well() {
    let snapshot = incident(true);
    let [a, b] = ["verdict=failing", "verdict=working"].map(|text| Filter::parse(text).unwrap());
    let of = |a, b| contrast_of(&snapshot, &Cohorts::selected(&snapshot, a, Some(b)));
    let list = |c: &Contrast| {
        let found = c.groups.iter().flat_map(|g| &g.members).chain(&c.mixed).chain(&c.same);
        let mut all: Vec<_> = found.map(|f| (f.attribute.name, f.separation.to_bits())).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(list(&of(&a, &b)), list(&of(&b, &a)));
}
