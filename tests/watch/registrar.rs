//! A real registrar and real user agents: every turn of a DN's life is reported within a second.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::Watch;
use super::lab::{Exchange, Kamailio, Lab, PHONES, Phone, REGISTRAR, Running, missing, program};
use super::namespace::{inside, say};

const fn phone(dn: &str, port: u16) -> Phone<'_> {
    Phone { dn, port, transport: "u1" }
}

/// When a line was printed, in seconds since 1970.
fn printed(at: Instant) -> f64 {
    (SystemTime::now() - at.elapsed()).duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// A time as the lines have it.
fn seconds(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// The changes of a DN so far: verdict, code, time, when they were reported; without those that pass.
fn turns(watch: &Watch, dn: &str) -> Vec<(String, Option<u64>, f64, Instant)> {
    let lines = watch.lines().into_iter();
    let own = lines.filter(|(_, line)| line["type"] == "change" && line["dn"] == dn);
    own.map(|(at, line)| {
        let verdict = line["to"]["verdict"].as_str().unwrap().to_owned();
        (verdict, line["to"]["status_code"].as_u64(), seconds(&line["time"]), at)
    })
    .filter(|(verdict, ..)| verdict != "pending")
    .collect()
}

/// Waits until a DN has made its `count`-th turn, and gives that.
fn turn(watch: &Watch, dn: &str, count: usize, verdict: &str, most: u64) -> (f64, Option<u64>) {
    let began = Instant::now();
    loop {
        let turns = turns(watch, dn);
        if let Some((found, code, time, told)) = turns.get(count - 1) {
            assert_eq!(found, verdict, "{dn}: {turns:?}");
            let late = printed(*told) - time;
            assert!((0.0..1.0).contains(&late), "{dn} {verdict}: told {late} s after the wire");
            return (*time, *code);
        }
        assert!(
            began.elapsed() < Duration::from_secs(most),
            "no turn {count} of {dn}, {verdict}: {turns:?}\n{}",
            watch.err()
        );
        sleep(Duration::from_millis(5));
    }
}

/// A configuration of baresip that registers one account and does nothing else.
fn baresip(lab: &Lab, dn: &str) -> Option<Running> {
    let modules = ["/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules"];
    let modules = modules.into_iter().find(|place| Path::new(place).is_dir());
    let (Some(modules), Some(_)) = (modules, program("baresip")) else {
        say("left out: baresip is not here");
        return None;
    };
    let dir = lab.path("baresip");
    fs::create_dir(&dir).unwrap();
    let config = format!(
        "module_path {modules}\nsip_listen {PHONES}:5074\nmodule_app account.so\nmodule_app menu.so\n"
    );
    fs::write(dir.join("config"), config).unwrap();
    let account = format!("<sip:{dn}@{REGISTRAR}>;auth_pass=pw{dn};regint=10\n");
    fs::write(dir.join("accounts"), account).unwrap();
    fs::write(dir.join("contacts"), "").unwrap();
    let mut command = lab.there("baresip");
    command.arg("-f").arg(&dir).arg("-4");
    Some(lab.start(command, "baresip.log"))
}

/// Verdict and code of the DNs as `report` has them for a recording.
fn reported(file: &Path, at: Option<f64>) -> BTreeMap<String, (Value, Value)> {
    let mut report = Command::new(env!("CARGO_BIN_EXE_regscope"));
    report.args(["report", "--quiet", "--format", "json"]).arg(file);
    if let Some(at) = at {
        report.args(["--at", &format!("{at:.6}")]);
    }
    let output = report.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let dns = report["dns"].as_array().unwrap().iter();
    dns.map(|dn| {
        let name = dn["dn"].as_str().unwrap().to_owned();
        (name, (dn["verdict"].clone(), dn["status_code"].clone()))
    })
    .collect()
}

/// When tshark saw the first REGISTER of a DN with this number (code 0), or the answer to it.
fn on_the_wire(file: &Path, dn: &str, cseq: u32, code: u16) -> Option<f64> {
    program("tshark")?;
    let what = match code {
        0 => "sip.Method == \"REGISTER\"".to_owned(),
        _ => format!("sip.Status-Code == {code}"),
    };
    let filter = format!("{what} && sip.CSeq.seq == {cseq} && sip.to.user == \"{dn}\"");
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(file).args(["-Y", &filter, "-T", "fields", "-e", "frame.time_epoch"]);
    let output = tshark.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let first = text.lines().next();
    assert!(first.is_some(), "{filter}: {output:?}");
    first.and_then(|time| time.parse().ok())
}

#[test]
fn a_registrar_and_its_phones_are_followed_through_their_lives() {
    const NAME: &str = "registrar::a_registrar_and_its_phones_are_followed_through_their_lives";
    if let Some(why) = missing(&["kamailio", "sipp", "sipsak", "nsenter"]) {
        return say(&format!("skipped {NAME}: {why}"));
    }
    if !inside(NAME) {
        return;
    }
    let lab = Lab::new();
    let kamailio = Kamailio::start(&lab, "kamailio", &[]);
    for (dn, word) in [
        ("1001", "open"),
        ("1002", "silent"),
        ("1003", "digest"),
        ("1004", "digest"),
        ("1005", "open"),
        ("1006", "silent"),
    ] {
        kamailio.policy(dn, word);
    }
    let file = lab.path("seen.pcapng");
    let watch = Watch::start(&["-i", "lab0", "--format", "ndjson", "-w", file.to_str().unwrap()]);

    // they get no response: over UDP a retransmission shows it, over TCP the end of their time, half a minute later
    let mut silent = lab.sipp(&phone("1002", 5072), &[Exchange::new(1, 300, 0)]);
    let over_tcp = Phone { transport: "t1", ..phone("1006", 5076) };
    let mut silent_over_tcp = lab.sipp(&over_tcp, &[Exchange::new(1, 300, 0)]);
    let mut real = baresip(&lab, "1004");
    turn(&watch, "1002", 1, "no_answer", 5);
    let (told, pending) = watch.wait_change("1006", "pending");
    // what may pass at once is reported a little later
    assert!(printed(told) - seconds(&pending["time"]) < 2.0, "{pending}");
    life(&lab, &kamailio, &watch);
    others(&lab, &watch);

    let (gone, _) = turn(&watch, "1006", 1, "no_answer", 36);
    if let Some(asked) = on_the_wire(&file, "1006", 1, 0) {
        assert!((gone - asked - 32.0).abs() < 0.001, "Timer F after {} s", gone - asked);
    }
    silent.end();
    silent_over_tcp.end();
    if let Some(real) = &mut real {
        let (began, _) = turn(&watch, "1004", 1, "in_service", 1);
        // refreshed thrice, as nothing happened
        assert!(printed(Instant::now()) - began > 25.0);
        real.end();
        turn(&watch, "1004", 2, "deregistered", 5);
    }
    // after the last turn there is one more packet, as of which the recording is read
    lab.register(
        &phone("1003", 5073),
        &[Exchange::new(3, 0, 401), Exchange::new(4, 0, 200).with_credentials()],
    );
    turn(&watch, "1003", 2, "deregistered", 5);

    let told: Vec<Value> = watch.lines().into_iter().map(|(_, line)| line).collect();
    let last: BTreeMap<_, _> = told
        .iter()
        .filter(|line| line["type"] == "change")
        .map(|line| {
            let to = (line["to"]["verdict"].clone(), line["to"]["status_code"].clone());
            (line["dn"].as_str().unwrap().to_owned(), to)
        })
        .collect();
    let (status, err) = watch.end("-TERM");
    assert_eq!(status, Some(0), "{err}");
    assert!(err.contains("nothing was lost"), "{err}");
    // the registrar's own table agrees, and so does the report of what was recorded
    let there = last.iter().filter(|(_, (verdict, _))| verdict == "in_service");
    assert_eq!(there.map(|(dn, _)| dn.clone()).collect::<Vec<_>>(), kamailio.table());
    assert_eq!(reported(&file, None), last);
    for line in told.iter().filter(|line| line["type"] == "change") {
        let (dn, time) = (line["dn"].as_str().unwrap(), seconds(&line["time"]));
        let then = reported(&file, Some(time + 0.000_001));
        let to = (line["to"]["verdict"].clone(), line["to"]["status_code"].clone());
        assert_eq!(then.get(dn), Some(&to), "{line}");
    }
}

/// In service, refresh, expiry, recovery, refusal, recovery, removal of one DN.
fn life(lab: &Lab, kamailio: &Kamailio, watch: &Watch) {
    let own = phone("1001", 5071);
    lab.register(&own, &[Exchange::new(1, 5, 200)]);
    let (there, _) = turn(watch, "1001", 1, "in_service", 2);
    sleep(Duration::from_secs(2));
    let before = SystemTime::now();
    lab.register(&own, &[Exchange::new(2, 5, 200)]);
    let after = SystemTime::now();
    // not when the first grant is over, but the second; nothing came by at that time
    let (gone, _) = turn(watch, "1001", 2, "expired", 8);
    let epoch = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((epoch(before) + 5.0..epoch(after) + 5.0).contains(&gone), "{there} {gone}");
    let file = lab.path("seen.pcapng");
    if let Some(granted) = on_the_wire(&file, "1001", 2, 200) {
        assert!((gone - granted - 5.0).abs() < 0.001, "granted {granted}, expired {gone}");
        let first = on_the_wire(&file, "1001", 1, 200).unwrap();
        assert!((there - first).abs() < 0.000_001, "{there} {first}");
    }
    lab.register(&own, &[Exchange::new(3, 4, 200)]);
    let (back, _) = turn(watch, "1001", 3, "in_service", 2);
    // what was granted lasts, and then it is refused
    kamailio.policy("1001", "403");
    lab.register(&own, &[Exchange::new(4, 60, 403)]);
    turn(watch, "1001", 4, "in_service", 2);
    let (gone, code) = turn(watch, "1001", 5, "rejected", 6);
    assert!((gone - back - 4.0).abs() < 0.001 && code == Some(403), "{back} {gone} {code:?}");
    kamailio.policy("1001", "open");
    lab.register(&own, &[Exchange::new(5, 60, 200)]);
    turn(watch, "1001", 6, "in_service", 2);
    lab.register(&own, &[Exchange::new(6, 0, 200)]);
    turn(watch, "1001", 7, "deregistered", 2);
    kamailio.policy("1001", "503");
    lab.register(&own, &[Exchange::new(7, 60, 503)]);
    assert_eq!(turn(watch, "1001", 8, "rejected", 2).1, Some(503));
    kamailio.policy("1001", "open");
    lab.register(&own, &[Exchange::new(8, 60, 200)]);
    turn(watch, "1001", 9, "in_service", 2);
}

/// One that is asked for credentials, and one that sipsak registers.
fn others(lab: &Lab, watch: &Watch) {
    let given = Exchange::new(2, 300, 200).with_credentials();
    lab.register(&phone("1003", 5073), &[Exchange::new(1, 300, 401), given]);
    turn(watch, "1003", 1, "in_service", 2);
    let mut sipsak = lab.there("sipsak");
    sipsak.args(["-U", "-C", &format!("sip:1005@{PHONES}:5075"), "-x", "300", "-l", "5075"]);
    let mut sipsak = {
        sipsak.args(["-s", &format!("sip:1005@{REGISTRAR}")]);
        lab.start(sipsak, "sipsak.log")
    };
    assert!(sipsak.wait(Duration::from_secs(10)), "{}", sipsak.log());
    turn(watch, "1005", 1, "in_service", 2);
}
