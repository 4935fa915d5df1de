//! Notifications as a web server receives them: few, over restarts, whatever happens to the server.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::json;

use super::*;
use crate::agents::{listening, register};
use crate::alerts::{metrics_address, open_directory, scrape_until};

/// A web server on loopback that keeps what it is sent.
struct Server {
    address: SocketAddr,
    /// The status it answers with; none closes the connection instead.
    status: Arc<AtomicU16>,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Server {
    fn start(status: u16) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), status)
    }

    fn at(address: SocketAddr, status: u16) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let status = Arc::new(AtomicU16::new(status));
        let seen = Arc::<Mutex<Vec<_>>>::default();
        let (own, kept) = (Arc::clone(&status), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(request) = request(&mut stream) else { continue };
                let status = own.load(Ordering::Acquire);
                if (200..300).contains(&status) {
                    kept.lock().unwrap().push(request);
                }
                drop(write!(stream, "HTTP/1.1 {status} Said\r\nContent-Length: 0\r\n\r\n"));
            }
        });
        Self { address, status, seen }
    }

    fn url(&self) -> String {
        format!("http://noc:geheim@{}/hooks/token1234", self.address)
    }

    fn bodies(&self) -> Vec<Value> {
        self.seen.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }

    /// What it was sent, once that is so much.
    fn wait(&self, number: usize, watch: &Watch) -> Vec<Value> {
        let began = Instant::now();
        loop {
            let bodies = self.bodies();
            if bodies.len() >= number {
                return bodies;
            }
            assert!(began.elapsed() < WAIT * 2, "{bodies:#?}\n{}", watch.err());
            sleep(Duration::from_millis(10));
        }
    }
}

fn request(stream: &mut TcpStream) -> Option<(String, Value)> {
    stream.set_read_timeout(Some(WAIT)).unwrap();
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, serde_json::from_slice(&body).unwrap()))
}

fn kinds(bodies: &[Value]) -> Vec<&str> {
    bodies.iter().map(|body| body["event"].as_str().unwrap()).collect()
}

/// Waits until nothing in the state waits to be posted.
fn wait_delivered(state: &Path) {
    let began = Instant::now();
    while !fs::read_to_string(state).is_ok_and(|text| text.ends_with("\n[]\n")) {
        assert!(began.elapsed() < WAIT, "{}", fs::read_to_string(state).unwrap_or_default());
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_server_that_is_away_loses_nothing_and_a_restart_delivers_what_waited() {
    let dir = open_directory();
    let state = dir.path().join("state");
    let server = Server::start(503);
    let url = server.url();
    let args = ["--webhook", &url, "--state", state.to_str().unwrap(), "--metrics", "127.0.0.1:0"];
    let (watch, address) = listening(&args);
    let metrics = metrics_address(&watch);
    register(address, "5001", 403);
    // reported once, without the secrets of the URL
    let said = watch.wait_err("cannot post to ");
    let want =
        format!("cannot post to http://{}: the server answers with status 503", server.address);
    assert!(said.contains(&want), "{said}");
    scrape_until(metrics, "regscope_webhook_waiting", 1.0);
    scrape_until(metrics, "regscope_webhook_up", 0.0);
    let (status, err) = watch.end("-TERM");
    assert_eq!(status, Some(0), "{err}");
    assert_eq!(err.matches("cannot post to").count(), 1, "{err}");
    assert!(err.contains("1 still waiting, kept for the next run"), "{err}");
    assert!(!err.contains("geheim") && !err.contains("token1234"), "{err}");
    // the next run delivers it, and one that is killed is as good
    server.status.store(200, Ordering::Release);
    let (watch, address) = listening(&args);
    watch.wait_err("goes on with 1 outage of 1 DN from ");
    let bodies = server.wait(1, &watch);
    assert_eq!(kinds(&bodies), ["outage"]);
    wait_delivered(&state);
    drop(watch);
    let (watch, next) = listening(&args);
    register(next, "5001", 200);
    let bodies = server.wait(2, &watch);
    assert_eq!(kinds(&bodies), ["outage", "recovery"]);
    assert_eq!(bodies[0]["outage"], bodies[1]["outage"]);
    let title = bodies[1]["title"].as_str().unwrap();
    assert!(title.starts_with("DN 5001 at 192.0.2.50 back in service after at most "), "{title}");
    let (head, _) = &server.seen.lock().unwrap()[0];
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("post /hooks/token1234 http/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: basic bm9jomdlagvpbq=="), "{head}");
    let _ = address;
}

#[test]
fn a_post_that_is_refused_is_reported_and_counted() {
    let server = Server::start(404);
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    let (file, template) = (dir.path().join("url"), dir.path().join("form"));
    fs::write(&file, format!("{}\n", server.url())).unwrap();
    fs::write(&template, "{\"words\": {{ title }}, \"event\": {{ event }}}").unwrap();
    let (watch, address) = listening(&[
        "--webhook-file",
        file.to_str().unwrap(),
        "--webhook-template",
        template.to_str().unwrap(),
        "--metrics",
        "127.0.0.1:0",
    ]);
    let metrics = metrics_address(&watch);
    register(address, "<!channel", 403);
    watch.wait_err("1 notification not posted to http://127.0.0.1:");
    scrape_until(metrics, "regscope_webhook_posts_total{result=\"refused\"}", 1.0);
    server.status.store(200, Ordering::Release);
    register(address, "5001", 404);
    let body = server.wait(1, &watch).remove(0);
    let words = body["words"].as_str().unwrap();
    assert!(words.starts_with("DN 5001 at 192.0.2.50: rejected 404 Not Found since "), "{words}");
    register(address, "<!channel", 200);
    let body = server.wait(2, &watch).remove(1);
    assert_eq!(body["event"], "recovery");
    let words = body["words"].as_str().unwrap();
    assert!(words.starts_with("DN <!channel at 192.0.2.50 back in service after "), "{words}");
    let (status, err) = watch.end("-TERM");
    assert_eq!(status, Some(0), "{err}");
    assert!(err.contains("posted 2 notifications to http://127.0.0.1:"), "{err}");
}

#[test]
fn a_state_that_is_torn_is_set_aside_and_the_watch_goes_on() {
    let dir = open_directory();
    let state = dir.path().join("state");
    fs::write(&state, "{\"schema\":1,\"writ").unwrap();
    fs::set_permissions(&state, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let (watch, _) = listening(&["--exec", "true", "--state", state.to_str().unwrap()]);
    let said = watch.wait_err("cannot be used");
    let name = state.display();
    assert!(
        said.ends_with(&format!(
            "the state in {name} cannot be used: it is damaged, or no state of regscope; it is kept as \
             {name}.damaged, and no outage is known"
        )),
        "{said}"
    );
    let (status, err) = watch.end("-TERM");
    assert_eq!(status, Some(0), "{err}");
    let kept = fs::read_to_string(&state).unwrap();
    assert!(kept.starts_with("{\"schema\":1,") && kept.ends_with("\n[]\n"), "{kept}");
}

#[test]
fn what_cannot_be_notified_is_one_sentence() {
    let hep = ["--hep", "127.0.0.1:0"];
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("form"), "{\"text\": \"{{ title }}\"}").unwrap();
    fs::write(path("empty"), "\n").unwrap();
    let hook = ["--webhook", "http://127.0.0.1:1/secret"];
    let (form, none, empty, here) = (path("form"), path("none"), path("empty"), path("."));
    let nosuch = ["--webhook-template", "nosuch"];
    for (args, status, words) in [
        (&["--webhook", "ftp://host/secret"][..], 2, "the webhook's URL is none of http://"),
        (&["--webhook-file", &none], 3, "cannot read the webhook's URL in "),
        (&["--webhook-file", &empty], 3, "its first line is empty"),
        (
            &[hook[0], hook[1], nosuch[0], nosuch[1]],
            2,
            "built in are alertmanager, slack, teams, json",
        ),
        (&[hook[0], hook[1], nosuch[0], &form], 2, "cannot be used: it makes no JSON"),
        (&["--exec", "true", "--state", &here], 2, "is a directory: --state names a file"),
        (&["--state", "x"], 2, "--state is about notifications: say with --exec or --webhook"),
        (&["--notify-on", "at_risk"], 2, "--notify-on is about notifications"),
        (&["--exec", "true", "--notify-on", "broken"], 2, "no verdict and no state"),
        (&["--remind", "1h"], 2, "--remind is about notifications"),
        (&["--for-at-least", "30s"], 2, "--for-at-least is about notifications"),
        (&["--exec", "true", "--webhook-template", "slack"], 2, "say with --webhook where they go"),
        (&["--exec", "true", "--remind", "soon"], 2, "not a time like 30s, 10m or 8h"),
    ] {
        let (have, err) = refused(&[&hep[..], args].concat());
        assert_eq!(have, Some(status), "{args:?}: {err}");
        assert!(err.contains(words) && !err.contains("secret"), "{args:?}: {err}");
    }
}

/// A device, in a network namespace of its own.
#[cfg(all(feature = "live", target_os = "linux"))]
mod on_a_device {
    use std::net::IpAddr;

    use pcap::{Active, Capture};
    use regscope::net::Endpoint;

    use super::*;
    use crate::devices::{inject, wire};
    use crate::namespace::{inside, ip, make_pair};

    /// Has 300 DNs of a gateway register; the registrar answers with this status.
    fn register_all(wire: &mut Capture<Active>, cseq: u32, code: u16) {
        let end = |last: u8| Endpoint::new(IpAddr::from([192, 0, 2, last]), 5060);
        let (gateway, registrar) = (end(54), end(81));
        for dn in 5001..=5300 {
            let common = format!(
                "Via: SIP/2.0/UDP 192.0.2.54:5060;branch=z9hG4bK{dn}-{cseq}\r\n\
                 From: <sip:{dn}@192.0.2.81>;tag=1\r\nTo: <sip:{dn}@192.0.2.81>\r\nCall-ID: {dn}\r\n\
                 CSeq: {cseq} REGISTER\r\nContact: <sip:{dn}@192.0.2.54>;expires=3600\r\n\
                 Content-Length: 0\r\n\r\n"
            );
            let request = format!("REGISTER sip:192.0.2.81 SIP/2.0\r\n{common}");
            inject(wire, gateway, registrar, request.as_bytes());
            let phrase = if code == 200 { "OK" } else { "Forbidden" };
            let answer = format!("SIP/2.0 {code} {phrase}\r\n{common}");
            inject(wire, registrar, gateway, answer.as_bytes());
        }
    }

    #[test]
    fn three_hundred_dns_are_three_notifications_with_a_kill_in_between() {
        if !inside(
            "notifications::on_a_device::three_hundred_dns_are_three_notifications_with_a_kill_in_between",
        ) {
            return;
        }
        make_pair();
        ip("link set lo up");
        let dir = open_directory();
        let state: PathBuf = dir.path().join("state");
        let server = Server::start(200);
        let url = server.url();
        let args = ["-i", "lab0", "--format", "ndjson", "--remind", "12s", "--webhook", &url];
        let args = [&args[..], &["--state", state.to_str().unwrap()]].concat();
        let watch = Watch::start(&args);
        let mut wire = wire();
        register_all(&mut wire, 1, 403);
        let bodies = server.wait(1, &watch);
        let told = &bodies[0];
        assert_eq!((&told["event"], &told["dns_out"]), (&json!("outage"), &json!(300)));
        let title = told["title"].as_str().unwrap();
        assert!(
            title.starts_with("300 DNs at 192.0.2.54: rejected 403 Forbidden since "),
            "{title}"
        );
        // neither the arguments nor the environment of another user's process show the URL
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).into_owned();
            assert!(!line.contains("token1234"), "{line}");
        }
        wait_delivered(&state);
        // dropping it kills it
        drop(watch);
        let watch = Watch::start(&args);
        watch.wait_err("goes on with 1 outage of 300 DNs from ");
        register_all(&mut wire, 2, 403);
        let bodies = server.wait(2, &watch);
        assert_eq!(kinds(&bodies), ["outage", "reminder"]);
        register_all(&mut wire, 3, 200);
        let bodies = server.wait(3, &watch);
        assert_eq!(kinds(&bodies), ["outage", "reminder", "recovery"]);
        assert_eq!((&bodies[2]["dns_back"], &bodies[2]["dns_out"]), (&json!(300), &json!(0)));
        assert!(bodies.iter().all(|body| body["outage"] == bodies[0]["outage"]), "{bodies:#?}");
        let lasted = bodies[2]["duration_seconds"].as_u64().unwrap();
        assert!((12..60).contains(&lasted), "{bodies:#?}");
        wait_delivered(&state);
        sleep(Duration::from_secs(3));
        let (status, err) = watch.end("-TERM");
        assert_eq!(status, Some(0), "{err}");
        assert_eq!(server.bodies().len(), 3);
        assert!(err.contains("posted 2 notifications to http://127.0.0.1:"), "{err}");
        // each DN still has its line
        assert!(!err.contains("geheim") && !err.contains("token1234"), "{err}");
    }
}
