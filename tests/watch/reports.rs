//! `report` and `record` on live traffic: the verdicts of a capture, and files that hold what came.

#[cfg(feature = "hep")]
mod agents {
    use regscope::hep::Sender;

    use crate::agents::{item, messages};
    use crate::*;

    #[test]
    fn a_report_of_agents_is_that_of_the_capture() {
        let mut report = Watch::run(&["report", "--hep", "127.0.0.1:0", "--for", "2s", "--utc"]);
        let line = report.wait_err("HEP agents at ");
        let address = line.split("HEP agents at ").nth(1).unwrap();
        let address = address.split([';', ' ']).next().unwrap().parse().unwrap();
        let mut sender = Sender::new(address, 7, "edge", "").unwrap();
        for seen in &messages("incident") {
            sender.send(&item(seen));
        }
        let (status, err) = report.wait_end();
        assert_eq!(status, Some(0), "{err}");
        let out = report.out();
        assert!(out.starts_with("5 DNs: 2 in service, 3 out of service"), "{out}");
        assert!(out.contains("26 packets, 26 SIP messages, 13 REGISTERs"), "{out}");
        let words: Vec<_> = out.split_whitespace().collect();
        assert!(words.join(" ").contains("seen by HEP agent 7 (edge)"), "{out}");
    }

    #[test]
    fn a_recording_of_agents_reads_as_what_they_saw() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.pcapng");
        let path = path.to_str().unwrap();
        let record = Watch::run(&["record", "--hep", "127.0.0.1:0", "--no-fence", "-w", path]);
        let line = record.wait_err("HEP agents at ");
        let address = line.split("HEP agents at ").nth(1).unwrap();
        let address = address.split([';', ' ']).next().unwrap().parse().unwrap();
        let mut sender = Sender::new(address, 7, "edge", "").unwrap();
        for seen in &messages("incident") {
            sender.send(&item(seen));
        }
        sleep(Duration::from_millis(300));
        let (status, err) = record.end("-TERM");
        assert_eq!(status, Some(0), "{err}");
        assert!(err.contains("recorded 26 packets; the last file is"), "{err}");
        let report = Command::new(env!("CARGO_BIN_EXE_regscope")).args(["report", path]).output();
        let report = String::from_utf8(report.unwrap().stdout).unwrap();
        assert!(report.starts_with("5 DNs: 2 in service, 3 out of service"), "{report}");
    }
}

#[cfg(all(feature = "live", target_os = "linux"))]
mod devices {
    use std::fs;
    use std::net::IpAddr;
    use std::os::unix::fs::PermissionsExt as _;

    use regscope::net::Endpoint;

    use crate::devices::{inject, replay, reported, wire};
    use crate::namespace::{inside, make_pair};
    use crate::*;

    /// A datagram that the kernel lets pass and that is no SIP.
    const OTHER: &[u8] = b"\x01\x02 something else";

    fn send_other() {
        let end = |last| Endpoint::new(IpAddr::from([192, 0, 2, last]), 5353);
        inject(&mut wire(), end(7), end(8), OTHER);
    }

    #[test]
    fn a_report_of_a_device_has_the_verdicts_of_the_capture() {
        if !inside("reports::devices::a_report_of_a_device_has_the_verdicts_of_the_capture") {
            return;
        }
        make_pair();
        let args = ["report", "-i", "lab0", "--for", "8s", "--format", "json"];
        let report = Watch::run(&[&args[..], &["--fail-on", "rejected"]].concat());
        report.wait_err("watching ");
        replay("incident");
        // it also ends when it is asked to
        sleep(Duration::from_millis(500));
        let out = {
            let (out, signal) = (Arc::clone(&report.out), "-INT");
            let (status, err) = report.end(signal);
            assert_eq!(status, Some(1), "{err}");
            let lines = out.lock().unwrap();
            lines.iter().map(|(_, line)| line.as_str()).collect::<String>()
        };
        let out: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(out["capture"]["files"][0]["name"], "lab0");
        let expected = reported("incident");
        assert_eq!(out["dns"].as_array().unwrap().len(), expected.len());
        for dn in out["dns"].as_array().unwrap() {
            let told = (dn["verdict"].clone(), dn["status_code"].clone());
            assert_eq!(Some(&told), expected.get(dn["dn"].as_str().unwrap()), "{dn}");
        }
    }

    #[test]
    fn a_recording_holds_what_came_or_only_what_may_be_sip() {
        if !inside("reports::devices::a_recording_holds_what_came_or_only_what_may_be_sip") {
            return;
        }
        make_pair();
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        let (all, sip) = (path("all.pcapng"), path("sip.pcapng"));
        let record = ["record", "-i", "lab0", "-w"];
        let both = [
            Watch::run(&[&record[..], &[&all]].concat()),
            Watch::run(&[&record[..], &[&sip, "--only-sip"]].concat()),
        ];
        for one in &both {
            one.wait_err("recording lab0");
        }
        replay("incident");
        send_other();
        sleep(Duration::from_millis(500));
        for one in both {
            let (status, err) = one.end("-TERM");
            assert_eq!(status, Some(0), "{err}");
            assert!(err.contains("nothing was lost"), "{err}");
        }
        let holds = |path: &str| {
            let bytes = fs::read(path).unwrap();
            bytes.windows(OTHER.len()).any(|window| window == OTHER)
        };
        assert!(holds(&all) && !holds(&sip));
        for path in [&all, &sip] {
            let report =
                Command::new(env!("CARGO_BIN_EXE_regscope")).args(["report", path]).output();
            let report = String::from_utf8(report.unwrap().stdout).unwrap();
            assert!(report.starts_with("5 DNs: 2 in service, 3 out of service"), "{report}");
        }
    }
}
