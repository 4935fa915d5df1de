//! What a watch reports to other programs: numbers for Prometheus, notifications for a command, its exit status.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// Where the metrics are.
pub(super) fn metrics_address(watch: &Watch) -> SocketAddr {
    let line = watch.wait_err("metrics are at http://");
    let address = line.split("http://").nth(1).unwrap();
    address.strip_suffix("/metrics").unwrap().parse().unwrap()
}

/// The numbers by name and labels; every line has to be as the format says.
pub(super) fn scrape(address: SocketAddr) -> BTreeMap<String, f64> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(WAIT)).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let mut numbers = BTreeMap::new();
    let mut family = "";
    for line in body.lines() {
        if let Some(words) = line.strip_prefix("# HELP ") {
            family = words.split(' ').next().unwrap();
        } else if let Some(words) = line.strip_prefix("# TYPE ") {
            assert_eq!(words.split(' ').next().unwrap(), family, "{line}");
        } else {
            let (name, number) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with(family), "{line} of {family}");
            let before = numbers.insert(name.to_owned(), number.parse::<f64>().unwrap());
            assert_eq!(before, None, "{line} is there twice");
        }
    }
    numbers
}

/// The numbers, once one of them is as it should be.
pub(super) fn scrape_until(address: SocketAddr, name: &str, number: f64) -> BTreeMap<String, f64> {
    let began = Instant::now();
    loop {
        let numbers = scrape(address);
        if numbers.get(name).is_some_and(|have| (have - number).abs() < 1e-9) {
            return numbers;
        }
        assert!(began.elapsed() < WAIT, "no {name} {number}: {numbers:#?}");
        sleep(Duration::from_millis(20));
    }
}

/// A directory that a command of whatever user may write to.
pub(super) fn open_directory() -> tempfile::TempDir {
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    dir
}

fn lines_of(path: &Path) -> BTreeSet<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[cfg(feature = "hep")]
mod with_agents {
    use super::*;
    use crate::agents::{item, listening, messages, register};
    use regscope::hep::Sender;

    fn send(address: SocketAddr, case: &str) {
        let mut sender = Sender::new(address, 7, "edge", "").unwrap();
        for message in &messages(case) {
            sender.send(&item(message));
        }
    }

    /// How attempts of a case ended, as the report has them: outcome and code.
    fn reported_ends(name: &str) -> BTreeMap<String, f64> {
        let mut report = Command::new(env!("CARGO_BIN_EXE_regscope"));
        report.args(["report", "--quiet", "--format", "json"]).arg(case(name));
        let report: Value = serde_json::from_slice(&report.output().unwrap().stdout).unwrap();
        let mut ends = BTreeMap::new();
        for dn in report["dns"].as_array().unwrap() {
            for attempt in dn["attempts"].as_array().unwrap() {
                let code = attempt["status_code"].as_u64();
                let code = code.map_or(String::new(), |code| code.to_string());
                let outcome = attempt["outcome"].as_str().unwrap();
                let name = format!(
                    "regscope_registrations_total{{outcome=\"{outcome}\",code=\"{code}\"}}"
                );
                *ends.entry(name).or_default() += 1.0;
            }
        }
        ends
    }

    #[test]
    fn numbers_are_those_of_the_report() {
        let expect = ["--metrics-per-dn", "--expect", "1003,5002,9999"];
        let args = [&["--metrics", "127.0.0.1:0"], &expect[..]].concat();
        let (watch, address) = listening(&args);
        let metrics = metrics_address(&watch);
        let numbers = scrape(metrics);
        assert!((numbers["regscope_expected_dns_missing"] - 3.0).abs() < 1e-9);
        // clients that send nothing, or too much, disturb no other
        let _silent: Vec<_> = (0..80).map(|_| TcpStream::connect(metrics).unwrap()).collect();
        let mut loud = TcpStream::connect(metrics).unwrap();
        drop(loud.write_all(&vec![b'x'; 20_000]));
        send(address, "incident");
        incident_is_told(&watch);
        let name = "regscope_dns{verdict=\"rejected\",state=\"out_of_service\"}";
        let mut numbers = scrape_until(metrics, name, 3.0);
        for (name, number) in [
            ("regscope_dns{verdict=\"in_service\",state=\"in_service\"}", 2.0),
            ("regscope_dns{verdict=\"not_seen\",state=\"unknown\"}", 1.0),
            ("regscope_dns_at_risk{reason=\"refresh_refused\"}", 0.0),
            ("regscope_expected_dns", 3.0),
            ("regscope_expected_dns_in_service", 1.0),
            ("regscope_expected_dns_missing", 1.0),
            ("regscope_dn_in_service{dn=\"1003\"}", 1.0),
            ("regscope_dn_in_service{dn=\"5002\"}", 0.0),
            ("regscope_dn_in_service{dn=\"9999\"}", 0.0),
            ("regscope_dns_without_series", 0.0),
            ("regscope_packets_total{from=\"agents\"}", 26.0),
            ("regscope_packets_dropped_total{by=\"agents\"}", 0.0),
            ("regscope_sip_messages_total", 26.0),
            ("regscope_hep_packets_total{transport=\"udp\"}", 26.0),
            ("regscope_register_messages_total{kind=\"request\"}", 13.0),
            ("regscope_registration_rtt_seconds_count", 13.0),
            ("regscope_registration_rtt_seconds_bucket{le=\"+Inf\"}", 13.0),
        ] {
            let have = numbers.get(name);
            assert!(have.is_some_and(|have| (have - number).abs() < 1e-9), "{name}: {have:?}");
        }
        assert!(numbers["regscope_memory_bytes"] > 10_000.0);
        let age = numbers["regscope_clock_timestamp_seconds"]
            - numbers["regscope_last_packet_timestamp_seconds"];
        assert!((0.0..5.0).contains(&age), "{age}");
        numbers.retain(|name, _| name.starts_with("regscope_registrations_total"));
        assert_eq!(numbers, reported_ends("incident"));
        let (status, err) = watch.end("-TERM");
        assert_eq!(status, Some(0), "{err}");
    }

    fn incident_is_told(watch: &Watch) {
        watch.wait_change("1003", "in_service");
        watch.wait_change("5008", "rejected");
    }

    #[test]
    fn a_command_is_given_each_notification_and_nothing_of_it_is_run() {
        let dir = open_directory();
        let (file, pwned) = (dir.path().join("lines"), dir.path().join("pwned"));
        let command = format!("cat >> {}; echo said; test -z \"$dn\"", file.display());
        let (watch, address) = listening(&["--exec", &command]);
        send(address, "incident");
        incident_is_told(&watch);
        let name = format!("$(touch${{IFS}}{});'\"", pwned.display());
        register(address, &name, 403);
        let began = Instant::now();
        while lines_of(&file).len() < 3 {
            assert!(began.elapsed() < WAIT, "{:#?}\n{}", lines_of(&file), watch.err());
            sleep(Duration::from_millis(20));
        }
        let objects: Vec<Value> =
            lines_of(&file).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let with = |key: &str, value: Value| objects.iter().find(|object| object[key] == value);
        // 5002 and 5007 together, though the incident has a line for each
        let gateway = with("dns_out", 2.into()).unwrap();
        let title = gateway["title"].as_str().unwrap();
        assert!(
            title.starts_with("2 DNs at 192.168.210.54: rejected 403 Forbidden since "),
            "{title}"
        );
        assert_eq!(gateway["cause"]["rule"], "rejected-403-without-challenge");
        assert_eq!(with("dns", serde_json::json!([name])).unwrap()["source"], "192.0.2.50");
        assert!(with("status_code", 404.into()).is_some(), "{objects:#?}");
        assert!(!pwned.exists());
        // what the command says is not among the lines
        watch.wait_err("said");
        let (status, err) = watch.end("-TERM");
        assert_eq!(status, Some(0), "{err}");
        // the last turn may have more to report
        let ran = lines_of(&file).len();
        assert!(err.contains(&format!("ran {ran} commands, 0 without success")), "{err}");
    }

    #[test]
    fn a_command_that_fails_is_told_and_holds_nothing_up() {
        let (watch, address) =
            listening(&["--exec", "exec 2>&-; kill -9 $$", "--metrics", "127.0.0.1:0"]);
        let metrics = metrics_address(&watch);
        send(address, "incident");
        incident_is_told(&watch);
        watch.wait_err("the command of --exec failed");
        let numbers = scrape_until(metrics, "regscope_commands_total{result=\"failed\"}", 2.0);
        for (name, number) in [
            ("regscope_commands_up", 1.0),
            ("regscope_notifications_total{event=\"outage\"}", 2.0),
            ("regscope_outages_open", 2.0),
            ("regscope_outage_dns", 3.0),
        ] {
            let have = numbers.get(name);
            assert!(have.is_some_and(|have| (have - number).abs() < 1e-9), "{name}: {have:?}");
        }
        let (status, err) = watch.end("-INT");
        assert_eq!(status, Some(0), "{err}");
        assert!(err.contains("it ended by signal 9"), "{err}");
        assert!(err.contains("2 without success"), "{err}");
    }

    #[test]
    fn commands_that_still_run_do_not_keep_it_from_ending() {
        let (mut watch, address) = listening(&["--exec", "exec sleep 8"]);
        send(address, "incident");
        incident_is_told(&watch);
        watch.signal("-TERM");
        let began = Instant::now();
        while watch.child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < Duration::from_secs(7), "it waits for commands");
            sleep(Duration::from_millis(20));
        }
        watch.wait_err("some may still run");
    }

    #[test]
    fn the_exit_status_says_whether_something_named_was_found() {
        for (args, want) in [
            (&["--fail-on", "failing"][..], 1),
            (&["--fail-on", "no_answer,rejected"], 1),
            (&["--fail-on", "no_answer,not_seen"], 0),
            (&["--fail-on", "not_seen", "--expect", "9998-9999"], 1),
            (&["--expect", "9999"], 0),
        ] {
            let (watch, address) = listening(args);
            send(address, "incident");
            incident_is_told(&watch);
            let (status, err) = watch.end("-TERM");
            assert_eq!(status, Some(want), "{args:?}: {err}");
        }
    }

    #[test]
    fn what_cannot_be_shown_or_run_is_one_sentence() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = taken.local_addr().unwrap().to_string();
        let hep = ["--hep", "127.0.0.1:0"];
        let (status, err) = refused(&[&hep[..], &["--metrics", &at]].concat());
        assert_eq!(status, Some(3), "{err}");
        assert!(err.starts_with(&format!("regscope: cannot show metrics at {at}: ")), "{err}");
        let (status, err) = refused(&[&hep[..], &["--metrics-per-dn"]].concat());
        assert_eq!(status, Some(2), "{err}");
        #[cfg(feature = "live")]
        {
            let exec = ["--exec", "true", "--user", "nosuchuser"];
            let (status, err) = refused(&[&hep[..], &exec].concat());
            assert_eq!((status, err.lines().count()), (Some(2), 1), "{err}");
        }
    }
}

/// A device, in a network namespace of its own.
#[cfg(all(feature = "live", target_os = "linux"))]
mod on_a_device {
    use super::*;
    use crate::devices::replay;
    use crate::namespace::{inside, ip, make_pair};

    #[test]
    fn both_work_from_behind_the_fence() {
        if !inside("alerts::on_a_device::both_work_from_behind_the_fence") {
            return;
        }
        make_pair();
        ip("link set lo up");
        let dir = open_directory();
        let file = dir.path().join("who");
        let command = format!("(id -un; grep Cap /proc/self/status) >> {}", file.display());
        let args = ["-i", "lab0", "--format", "ndjson", "--exec", &command, "--metrics"];
        let watch = Watch::start(&[&args[..], &["127.0.0.1:0"]].concat());
        let fenced = watch.err();
        assert!(!fenced.contains("not fenced off (") || fenced.contains("kernel"), "{fenced}");
        let metrics = metrics_address(&watch);
        replay("incident");
        watch.wait_change("5002", "rejected");
        scrape_until(metrics, "regscope_sip_messages_total", 26.0);
        let numbers = scrape_until(metrics, "regscope_commands_total{result=\"succeeded\"}", 2.0);
        assert!((numbers["regscope_device_up"] - 1.0).abs() < 1e-9);
        // the user that runs commands has no special rights
        let who = lines_of(&file);
        assert!(who.contains("nobody"), "{who:?}");
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert!(who.contains(&format!("{set}:\t0000000000000000")), "{who:?}");
        }
        ip("link set lab0 down");
        scrape_until(metrics, "regscope_device_up", 0.0);
        ip("link set lab0 up");
        scrape_until(metrics, "regscope_device_up", 1.0);
        let (status, err) = watch.end("-TERM");
        assert_eq!(status, Some(0), "{err}");
    }
}
