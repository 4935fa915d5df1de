//! Two nodes of a cluster, by their logs and captures: the owner of a DN, what each node believes, where they lost each other.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::process::Command;

use serde_json::Value;

/// During the split of the case `cluster-split`.
const DURING: [&str; 2] = ["--at", "2025-11-18T16:10:00Z"];

/// The files of a case, of each node those that end so.
fn files(case: &str, dc1: &[&str], dc2: &[&str]) -> Vec<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/captures");
    let of = |site: &'static str, endings: &[&str]| -> Vec<String> {
        endings.iter().map(|ending| format!("{root}/{case}/{site}{ending}")).collect()
    };
    [of("dc1", dc1), of("dc2", dc2)].concat()
}

const ALL: &[&str] = &["-001.log", ".log", ".pcap"];
const LOGS: &[&str] = &["-001.log", ".log"];

fn run(command: &str, args: &[&str], files: &[String]) -> String {
    let program = env!("CARGO_BIN_EXE_regscope");
    let output = Command::new(program).arg(command).args(args).args(files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn report(args: &[&str], files: &[String]) -> Value {
    let args = [&["--format", "json"], args].concat();
    serde_json::from_str(&run("report", &args, files)).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// `1001 SIPS_DC1 sip: SIPS_DC1=in_service SIPS_DC2=unknown`.
fn dns(report: &Value) -> Vec<String> {
    let dns = report["cluster"]["dns"].as_array().unwrap().iter();
    let mut lines: Vec<_> = dns
        .map(|dn| {
            let nodes = dn["nodes"].as_array().unwrap().iter();
            let nodes: Vec<_> =
                nodes.map(|n| format!("{}={}", text(&n["node"]), text(&n["belief"]))).collect();
            let [name, owner, from] = ["dn", "owner", "owner_from"].map(|key| text(&dn[key]));
            format!("{name} {owner} {from}: {}", nodes.join(" "))
        })
        .collect();
    lines.sort();
    lines
}

/// The findings about the cluster.
fn findings(report: &Value) -> Vec<&str> {
    let rules = [
        "cluster-split",
        "cti-out-while-registered",
        "owned-twice",
        "owner-moved",
        "not-told-to-peer",
    ];
    let all = report["findings"].as_array().unwrap().iter().map(|finding| text(&finding["rule"]));
    all.filter(|rule| rules.contains(rule)).collect()
}

#[test]
fn a_phone_belongs_to_the_node_that_grants_its_binding() {
    for (dc1, dc2) in [(ALL, ALL), (LOGS, LOGS), (&ALL[..1], LOGS)] {
        let report = report(&[], &files("cluster-phone", dc1, dc2));
        let owners: Vec<_> = dns(&report).iter().map(|line| line[..18].to_owned()).collect();
        assert_eq!(owners, ["1001 SIPS_DC1 sip:", "1002 SIPS_DC2 sip:"], "{dc1:?}");
        assert_eq!(findings(&report), [""; 0]);
        assert_eq!(report["cluster"]["splits"], Value::Array(Vec::new()));
    }
    let report = report(&[], &files("cluster-phone", ALL, ALL));
    assert_eq!(
        dns(&report),
        [
            "1001 SIPS_DC1 sip: SIPS_DC1=in_service SIPS_DC2=in_service",
            "1002 SIPS_DC2 sip: SIPS_DC1=in_service SIPS_DC2=in_service",
        ]
    );
    let node = &report["cluster"]["nodes"][0];
    assert_eq!((text(&node["node"]), text(&node["address"])), ("SIPS_DC1", "192.0.2.10:5060"));
}

#[test]
fn captures_alone_need_their_nodes_named() {
    let files = files("cluster-phone", &[".pcap"], &[".pcap"]);
    assert_eq!(report(&[], &files)["cluster"], Value::Null);
    let named = [format!("--node=A={}", files[0]), format!("--node=B={}", files[1])];
    assert_eq!(
        dns(&report(&[], &named)),
        ["1001 A sip: A=in_service B=unknown", "1002 B sip: A=unknown B=in_service"]
    );
}

#[test]
fn a_directory_is_a_node_s_whatever_is_in_it() {
    let dir = tempfile::tempdir().unwrap();
    for (site, name) in [("dc1", "east"), ("dc2", "west")] {
        let own = dir.path().join(name);
        std::fs::create_dir(&own).unwrap();
        for ending in [".log", "-001.log", ".pcap"] {
            let file =
                &files("cluster-split-open", &[ending], &[ending])[usize::from(site == "dc2")];
            std::fs::copy(file, own.join(format!("{site}{ending}"))).unwrap();
        }
    }
    let node = |name: &str| format!("--node={name}={}", dir.path().join(name).to_str().unwrap());
    let report = report(&[], &[node("east"), node("west")]);
    assert_eq!(
        dns(&report),
        [
            "1001 east sip: east=in_service west=out_of_service",
            "1002 west sip: east=out_of_service west=in_service",
            "2001 east tlib: east=in_service west=out_of_service",
        ]
    );
    assert_eq!(findings(&report), ["cluster-split"]);
    // both sides are shown, each by a line of its own node's log
    let evidence = report["cluster"]["splits"][0]["evidence"].as_array().unwrap();
    let shown: Vec<_> = evidence.iter().map(|at| text(&at["file"]).rsplit('/').next()).collect();
    assert_eq!(shown, [Some("dc1.log"), Some("dc2.log")]);
}

#[test]
fn the_agents_of_a_pair_show_by_its_answers_that_it_lost_each_other() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/cluster-dmq/input.pcap");
    let report = report(&["--node", "A=11", "--node", "B=12"], &[file.to_owned()]);
    let lines = dns(&report);
    for (line, words) in lines.iter().zip([
        ["1001 A sip:", "A=in_service", "B=out_of_service"],
        ["1002 B sip:", "A=out_of_service", "B=in_service"],
    ]) {
        assert!(words.iter().all(|word| line.contains(word)), "{lines:?}");
    }
    let split = &report["cluster"]["splits"][0];
    assert_eq!((&split["one_sided"], &split["until"]), (&Value::Bool(false), &Value::Null));
    assert!(split["sides"].as_array().unwrap().iter().all(|side| side["from"] == "answer"));
    let sentence = text(&report["findings"][0]["sentence"]);
    for words in ["B no longer finds 1001", "A no longer finds 1002"] {
        assert!(sentence.contains(words), "{sentence}");
    }
    // that each node was told of the other one's bindings is no conflict
    assert_eq!(findings(&report), ["cluster-split"]);
    assert!(
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|f| f["rule"] != "conflict-two-registrars")
    );
    let flags = report["dns"].as_array().unwrap().iter().map(|dn| dn["flags"].to_string());
    assert!(
        flags.clone().all(|flags| flags.contains("cti_split")),
        "{:?}",
        flags.collect::<Vec<_>>()
    );
}

#[test]
fn two_clocks_minutes_apart_are_put_right_or_reported() {
    let dir = tempfile::tempdir().unwrap();
    // the wall clock of the second node's host is three minutes ahead
    let ahead = |ending: &str| {
        let mut text =
            std::fs::read_to_string(&files("cluster-split-open", &[], &[ending])[0]).unwrap();
        for minute in (10 * 60 + 56..=11 * 60 + 15).rev() {
            let clock = |minute: u32| format!("{:02}:{:02}:", minute / 60, minute % 60);
            for lead in ["T", "@", "\n"] {
                let [from, to] =
                    [minute, minute + 3].map(|minute| lead.to_owned() + &clock(minute));
                text = text.replace(&from, &to);
            }
        }
        let path = dir.path().join(format!("dc2{ending}"));
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let second = [ahead("-001.log"), ahead(".log")];
    // the capture beside them shows the offset of one log, and the other one is by the same program
    let with = [files("cluster-split-open", ALL, &[".pcap"]), second.to_vec()].concat();
    let right = report(&[], &with);
    let split = &right["cluster"]["splits"][0];
    assert_eq!(
        (&split["one_sided"], &split["until"]),
        (&Value::Bool(false), &Value::Null),
        "{split}"
    );
    // without it nobody can put them right: one-sided, and how far apart
    let without = [files("cluster-split-open", LOGS, &[]), second.to_vec()].concat();
    let apart = report(&[], &without);
    assert_eq!(apart["cluster"]["splits"][0]["one_sided"], true);
    let sentence = text(&apart["findings"][0]["sentence"]);
    assert!(sentence.contains("apart, by clocks that may differ"), "{sentence}");
    assert!(!sentence.contains("states nothing of the kind"), "{sentence}");
}

#[test]
fn a_desktop_makes_the_owner_of_a_dn_without_sip() {
    let report = report(&[], &files("cluster-agent", ALL, ALL));
    let agent = "2001 SIPS_DC1 tlib: SIPS_DC1=in_service SIPS_DC2=in_service";
    assert_eq!(dns(&report)[2], agent);
    let dn = report["dns"].as_array().unwrap().iter().find(|dn| dn["dn"] == "2001").unwrap();
    assert_eq!((text(&dn["verdict"]), text(&dn["state"])), ("cti_only", "in_service"));
    assert_eq!(findings(&report), [""; 0]);
    assert!(report["findings"].as_array().unwrap().iter().all(|f| f["dn"] != "2001"));
}

#[test]
fn a_split_opens_and_ends_at_one_time_in_two_zones() {
    let files = files("cluster-split", ALL, ALL);
    let during = report(&DURING, &files);
    assert_eq!(
        dns(&during),
        [
            "1001 SIPS_DC1 sip: SIPS_DC1=in_service SIPS_DC2=out_of_service",
            "1002 SIPS_DC2 sip: SIPS_DC1=out_of_service SIPS_DC2=in_service",
            "2001 SIPS_DC1 tlib: SIPS_DC1=in_service SIPS_DC2=out_of_service",
        ]
    );
    assert_eq!(during["findings"][0]["rule"], "cluster-split");
    let split = &during["cluster"]["splits"][0];
    assert_eq!((text(&split["since"]), &split["until"]), ("1763482020.200000000", &Value::Null));
    assert_eq!(split["one_sided"], false);
    assert!(during["dns"].as_array().unwrap().iter().all(|dn| dn["state"] == "in_service"));
    let over = report(&[], &files);
    assert_eq!(text(&over["cluster"]["splits"][0]["until"]), "1763482520.701000000");
    assert_eq!(over["cluster"]["splits"][0]["healthy"].as_array().unwrap().len(), 2);
    assert!(dns(&over).iter().all(|line| !line.contains("out_of_service")));
}

#[test]
fn statements_alone_show_the_split_and_say_what_they_cannot_show() {
    // no SIP is logged or captured: only what both nodes state
    let report = report(&[], &files("cluster-split-open", &[".log"], &[".log"]));
    assert_eq!(
        dns(&report),
        [
            "1001 - -: SIPS_DC1=in_service SIPS_DC2=out_of_service",
            "1002 - -: SIPS_DC1=out_of_service SIPS_DC2=in_service",
            "2001 SIPS_DC1 tlib: SIPS_DC1=in_service SIPS_DC2=out_of_service",
        ]
    );
    let split = &report["cluster"]["splits"][0];
    assert_eq!(split["one_sided"], false);
    assert_eq!(split["without_owner"], serde_json::json!(["1001", "1002"]));
    let finding = &report["findings"][0];
    assert_eq!(
        (text(&finding["rule"]), text(&finding["confidence"])),
        ("cluster-split", "possible")
    );
    let sentence = text(&finding["sentence"]);
    assert!(
        sentence.contains("nothing given shows which of them holds 2 of these DNs"),
        "{sentence}"
    );
    let dns = report["dns"].as_array().unwrap();
    let states: Vec<_> = dns.iter().map(|dn| (text(&dn["dn"]), text(&dn["state"]))).collect();
    // whose word counts for the phones is not known; the agent is where the desktop registered
    assert_eq!(states, [("1001", "unknown"), ("1002", "unknown"), ("2001", "in_service")]);
    assert!(dns.iter().all(|dn| dn["flags"].as_array().unwrap().contains(&"cti_split".into())));
    // with one log alone there is nobody to have lost
    let alone = self::report(&[], &files("cluster-split-open", &[], &[".log"]));
    assert_eq!(findings(&alone), [""; 0]);
}

#[test]
fn of_a_node_without_a_log_nothing_is_claimed() {
    let report = report(&DURING, &files("cluster-split", ALL, &[".pcap", "-001.log"]));
    assert_eq!(
        dns(&report),
        [
            "1001 SIPS_DC1 sip: SIPS_DC1=in_service SIPS_DC2=unknown",
            "1002 SIPS_DC2 sip: SIPS_DC1=out_of_service SIPS_DC2=in_service",
            "2001 SIPS_DC1 tlib: SIPS_DC1=in_service SIPS_DC2=unknown",
        ]
    );
    let split = &report["findings"][0];
    assert_eq!((text(&split["rule"]), text(&split["confidence"])), ("cluster-split", "possible"));
    assert!(text(&split["sentence"]).contains("the given files do not show what SIPS_DC2 states"));
    // without anything of the other node it is unknown where 1002 is
    let report = self::report(&DURING, &files("cluster-split", ALL, &[]));
    assert_eq!(
        dns(&report),
        [
            "1001 SIPS_DC1 sip: SIPS_DC1=in_service",
            "1002 - -: SIPS_DC1=out_of_service",
            "2001 SIPS_DC1 tlib: SIPS_DC1=in_service",
        ]
    );
    assert_eq!(findings(&report), [""; 0]);
}

#[test]
fn the_story_has_the_events_of_both_nodes_in_one_order() {
    let files = [vec!["1001".to_owned()], files("cluster-split", ALL, ALL)].concat();
    let story = run("explain", &["--utc"], &files);
    let story = story.split_whitespace().collect::<Vec<_>>().join(" ");
    let parts = [
        "SIPS_DC1: accepted for 600 s",
        "SIPS_DC1: the server said",
        "SIPS_DC2: the server said",
        "16:07:00.200 SIPS_DC1 and SIPS_DC2 lose each other",
        "16:07:00.500 SIPS_DC2: the server said",
        "16:15:20.701 SIPS_DC1 and SIPS_DC2 have found each other again",
    ];
    let mut rest = &*story;
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else { panic!("{part}: {story}") };
        rest = behind;
    }
}

#[test]
fn the_section_fits_a_terminal() {
    for args in [&[][..], &DURING] {
        let text = run("report", args, &files("cluster-split", ALL, ALL));
        assert!(text.contains("Cluster: 2 nodes, 3 DNs"), "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        let markdown = run(
            "report",
            &[&["--format", "markdown"], args].concat(),
            &files("cluster-split", ALL, ALL),
        );
        assert!(markdown.contains("| 1001 | SIPS\\_DC1 |"), "{markdown}");
    }
}

#[test]
fn the_logs_of_a_server_are_of_one_node_however_it_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str, keep_header: bool| {
        let path = dir.path().join(to);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = std::fs::read_to_string(&files("cluster-split-open", &[from], &[])[0]).unwrap();
        let text = if keep_header { &text } else { text.split_once("\n\n").unwrap().1 };
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let nodes = |files: &[String]| -> Vec<String> {
        let report = report(&[], files);
        let nodes = report["cluster"]["nodes"].as_array().unwrap().iter();
        nodes.map(|node| text(&node["node"]).to_owned()).collect()
    };
    // one has a header, the other is beside it
    let (sip, main) = (copy("-001.log", "a/x-001.log", true), copy(".log", "a/x.log", false));
    assert_eq!(nodes(&[sip.clone(), main.clone()]), ["SIPS_DC1"]);
    // the user names one of two with a header
    let headed = copy(".log", "c/y.log", true);
    assert_eq!(nodes(&[format!("--node=east={sip}"), headed]), ["east"]);
    // none has a header
    let sip = copy("-001.log", "b/x-001.log", false);
    assert_eq!(nodes(&[sip.clone(), copy(".log", "b/x.log", false)]), ["x"]);
    assert_eq!(nodes(&[sip, main]), ["b/x", "a/x"]);
}
