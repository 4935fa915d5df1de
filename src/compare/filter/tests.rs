use super::field::{Field, names};
use super::*;
use crate::registration::testing::Player;

/// Three DNs from two sources: 5001 in service, 5002 rejected with 403, 5003 with 404.
const THREE: &str = "0 > REGISTER dn=5001 agent=Yealink(T46) expires=120\n0.1 < 200 dn=5001\n\
    1 > REGISTER dn=5002 from=b call=2 agent=Snom expires=1800\n1.1 < 403 dn=5002 from=b call=2\n\
    2 > REGISTER dn=5003 from=b call=3 agent=Snom expires=600\n2.1 < 404 dn=5003 from=b call=3";

/// The DNs that a filter selects.
fn selected(filter: &str) -> String {
    let snapshot = Player::snapshot_of(THREE);
    let filter = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let found = snapshot.dns().filter(|dn| filter.matches(dn, &snapshot));
    let mut names: Vec<_> = found.map(|dn| String::from_utf8_lossy(dn.name())).collect();
    names.sort();
    names.join(" ")
}

#[test]
fn conditions_are_joined_as_they_read() {
    for (filter, want) in [
        ("", "5001 5002 5003"),
        (" , ", "5001 5002 5003"),
        ("code=403 or code=404", "5002 5003"),
        ("code=403 OR code=404 and dn=5001", "5002"),
        ("(code=403 or code=404) dn=5003", "5003"),
        ("( code = 403 or (code=404) ),dn=5003", "5003"),
        ("not code=403", "5001 5003"),
        ("!(code=403 or verdict=working)", "5003"),
        ("!ua~snom", "5001"),
        ("not not code=403", "5002"),
        ("code!=403,404", "5001"),
        ("code=403, 404", "5002 5003"),
        ("code=403, dn=5002", "5002"),
        ("code=403, not dn=5002", ""),
        ("ua=Yealink(T46)", "5001"),
        ("(ua~yealink(t46))", "5001"),
        ("dn=5001 and dn=5002", ""),
        ("ua~a=b or ua!~c=d", "5001 5002 5003"),
    ] {
        assert_eq!(selected(filter), want, "{filter}");
    }
}

#[test]
fn numbers_have_an_order_and_case_does_not_count() {
    for (filter, want) in [
        ("code>403", "5003"),
        ("code>=403", "5002 5003"),
        ("code<404", "5002"),
        ("code <= 404", "5002 5003"),
        ("not code<404", "5001 5003"),
        ("code=4xx", "5002 5003"),
        ("dn>5001", "5002 5003"),
        ("dn<=5002", "5001 5002"),
        ("expires<600", "5001"),
        ("expires>=600", "5002 5003"),
        ("attempts=1", "5001 5002 5003"),
        ("attempts>1", ""),
        ("UA~SNOM", "5002 5003"),
        ("Verdict=Failing", "5002 5003"),
        ("verdict=in_SERVICE", "5001"),
        ("verdict=\"In Service\"", "5001"),
        ("verdict=inservice", "5001"),
        ("verdict=registered", "5001"),
        ("verdict=refused", "5002 5003"),
        ("verdict=forbidden", "5002"),
        ("verdict=\"rejected 404 Not Found\"", "5003"),
        ("verdict~forbid", "5002"),
        ("verdict!=refused", "5001"),
        ("verdict=out_of_service", "5002 5003"),
        ("verdict=at_risk", ""),
        ("src!=10.0.0.1 useragent=snom", "5002 5003"),
    ] {
        assert_eq!(selected(filter), want, "{filter}");
    }
}

#[test]
fn a_bare_word_is_searched_for() {
    for (filter, want) in [
        ("5002", "5002"),
        ("500", "5001 5002 5003"),
        ("forbidden", "5002"),
        ("\"not found\"", "5003"),
        ("rejected", "5002 5003"),
        ("refused", "5002 5003"),
        ("\"in service\"", "5001"),
        ("in_service", "5001"),
        ("5001,5003", "5001 5003"),
        ("snom 404", "5003"),
        ("snom not 404", "5002"),
        ("\"not\" snom", "5003"),
        ("nothing-of-that-kind", ""),
    ] {
        assert_eq!(selected(filter), want, "{filter}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_advice() {
    for (filter, at, problem, advice) in [
        ("verdict=failing sorce=1", 16, "unknown field sorce", "did you mean source?"),
        ("realn~lab", 0, "unknown field realn", "did you mean realm?"),
        ("xyzzy=1", 0, "unknown field xyzzy", "fields: dn, source, verdict"),
        ("source=300.1.1.1", 0, "neither an address", "for example: source=192"),
        ("dn=5020-5001", 0, "backwards", "for example: dn=5001"),
        ("verdict=failling", 0, "unknown verdict", "did you mean failing?"),
        ("verdict=failing,regected", 16, "unknown verdict in `regected`", "did you mean rejected?"),
        ("verdict=qqqqqq", 0, "unknown verdict", "for example: verdict=failing"),
        ("flag=flaping", 0, "unknown flag", "did you mean flapping?"),
        ("realm=", 0, "no value", "for example: ua~Asterisk"),
        ("realm= dn=5001", 0, "no value", "for example"),
        ("ua~\"PBX 16", 3, "a quote that is not closed", "for example: ua~\"PBX 16\""),
        ("code=4o3", 0, "not a status code", "for example: code>=500"),
        ("code<abc", 0, "not a number", "for example: code>=500"),
        ("ua<3", 0, "ua has no order", "for example: ua~Asterisk"),
        ("cti=off", 0, "neither in, out nor unknown", "for example: cti=out"),
        ("(code=403", 0, "a ( that is not closed", "for example"),
        ("code=403)", 8, "a ) without its (", "for example"),
        ("code=403 or", 11, "nothing to look for", "for example"),
        ("()", 1, "nothing to look for", "for example"),
        ("=5", 0, "no field before the operator", "for example"),
    ] {
        let error = Filter::parse(filter).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.at, at, "{filter}: {text}");
        assert!(text.contains(problem) && text.contains(advice), "{filter}: {text}");
        assert!(text.chars().count() <= 156, "two lines of 80 columns: {text}");
    }
}

#[test]
fn what_a_stranger_types_is_bounded() {
    let deep = "(".repeat(100_000);
    let nots = "not ".repeat(10_000);
    let long = format!("ua~{}", "x".repeat(1_000_000));
    let many = "a ".repeat(100_000);
    for filter in [&deep, &nots, &long, &many] {
        let error = Filter::parse(filter).unwrap_err().to_string();
        assert!(error.chars().count() <= 156, "{error}");
    }
    for hostile in [format!("{}=1", "y".repeat(500)), "verdict=\x1b[31m".to_owned()] {
        let error = Filter::parse(&hostile).unwrap_err().to_string();
        assert!(!error.contains('\x1b') && error.chars().count() <= 156, "{error}");
    }
}

#[test]
fn each_condition_is_counted_on_its_own() {
    let snapshot = Player::snapshot_of(THREE);
    let counts = |text: &str| Filter::parse(text).unwrap().counts(&snapshot);
    let want = |pairs: &[(&str, usize)]| -> Vec<_> {
        pairs.iter().map(|(text, count)| ((*text).to_owned(), *count)).collect()
    };
    assert_eq!(
        counts("code=403 verdict=working"),
        want(&[("code=403", 1), ("verdict=working", 1)])
    );
    assert_eq!(
        counts("code=403, 404 (dn=1 or dn=5001) not snom"),
        want(&[("code=403, 404", 2), ("(dn=1 or dn=5001)", 1), ("not snom", 1)])
    );
    assert_eq!(counts("code=500 or dn=1"), want(&[("code=500 or dn=1", 0)]));
}

#[test]
fn every_name_is_known_once() {
    let mut seen = std::collections::BTreeSet::new();
    for name in names().filter(|name| !name.ends_with('.')) {
        assert!(Field::named(name).is_some(), "{name}");
        seen.insert(name);
    }
    let listed: Vec<_> = filter_fields().map(|(name, ..)| name).collect();
    for name in seen {
        let field = Field::named(name);
        assert!(listed.iter().any(|listed| Field::named(listed) == field), "{name}");
    }
}

#[test]
fn fields_and_the_values_that_are_present_are_offered() {
    let snapshot = Player::snapshot_of(THREE);
    let offered = |text: &str| {
        let Completion { at, choices } = complete(text, &snapshot);
        let choices = choices.iter().take(3).map(|c| format!("{} {}", c.text, c.about));
        (at, choices.collect::<Vec<_>>().join("; "))
    };
    for (text, at, want) in [
        ("ver", 0, "verdict= the verdict, by key"),
        ("code=403 (SOU", 10, "source= the device's address"),
        ("not useragent", 4, "useragent= User-Agent"),
        ("!cod", 1, "code= the status code"),
        ("code=", 5, "403 1 DN; 404 1 DN"),
        ("code=403,4", 9, "403 1 DN; 404 1 DN"),
        ("verdict=", 8, "rejected 2 DNs; in_service 1 DN"),
        ("verdict!=serv", 9, "in_service 1 DN"),
        ("ua~", 3, "Snom 2 DNs; \"Yealink(T46)\" 1 DN"),
        ("ua~\"yea", 3, "\"Yealink(T46)\" 1 DN"),
        ("dn=5002 ua=s", 11, "Snom 2 DNs"),
        ("expires>", 8, ""),
    ] {
        let (found_at, choices) = offered(text);
        assert_eq!(found_at, at, "{text}");
        assert!(choices.starts_with(want), "{text}: {choices}");
    }
    assert_eq!(offered("ua=nobody").1, "");
    assert_eq!(offered("nothing=").1, "");
    // all are offered where nothing is typed yet
    assert!(complete("", &snapshot).choices.len() > 40);
}
