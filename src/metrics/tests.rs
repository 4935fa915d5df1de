//! The exporter over real sockets, with clients of all kinds.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::*;

const WAIT: Duration = Duration::from_secs(10);

fn exporter(limits: ExporterLimits) -> (Exporter, SocketAddr) {
    let bound = Bound::open("127.0.0.1:0".parse().unwrap(), limits).unwrap();
    let address = bound.address();
    (bound.start().unwrap(), address)
}

fn page(number: u64) -> Page {
    let mut families = Families::default();
    families.counter("regscope_packets_total", "Packets.", number);
    let labels: [(&'static str, &str); 1] = [("by", "ker\"nel\n")];
    families.gauges("regscope_some", "A line\nand \\ another.", [(&labels[..], 0.5)]);
    families.gauges("regscope_nothing", "Nothing.", []);
    Page { families: Arc::new(families), dns: None }
}

/// What comes back, up to the end.
fn ask(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(WAIT)).unwrap();
    stream.write_all(request).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn the_latest_page_is_shown_in_the_text_format() {
    let (exporter, address) = exporter(ExporterLimits::default());
    exporter.publish(page(1));
    exporter.publish(page(12));
    let text = ask(address, b"GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"));
    assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
    assert_eq!(
        body,
        "# HELP regscope_packets_total Packets.\n# TYPE regscope_packets_total counter\n\
         regscope_packets_total 12\n\
         # HELP regscope_some A line\\nand \\\\ another.\n# TYPE regscope_some gauge\n\
         regscope_some{by=\"ker\\\"nel\\n\"} 0.5\n"
    );
    let head = ask(address, b"HEAD /metrics HTTP/1.1\r\n\r\n");
    assert!(head.ends_with("\r\n\r\n") && head.contains(&format!("Length: {}", body.len())));
}

#[test]
fn other_requests_are_refused_and_counted() {
    let (exporter, address) = exporter(ExporterLimits::default());
    for (request, status) in [
        (&b"GET / HTTP/1.0\r\n\r\n"[..], "200 OK"),
        (b"GET /secret HTTP/1.1\r\n\r\n", "404 Not Found"),
        (b"POST /metrics HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", "405 "),
        (b"\x16\x03\x01\x00\x00\x00\x00", "400 Bad Request"),
        (&[b"GET / HTTP/1.1\r\nA: ", &[b'a'; 9000][..]].concat(), "431 "),
    ] {
        let text = ask(address, request);
        assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{status}: {text}");
    }
    assert_eq!(exporter.counts(), ExporterCounts { scrapes: 0, refused: 5, cut: 0 });
}

#[test]
fn slow_and_silent_clients_are_cut_and_never_in_the_way() {
    let limits = ExporterLimits {
        connections: 8,
        patience: Duration::from_millis(300),
        ..ExporterLimits::default()
    };
    let (exporter, address) = exporter(limits);
    exporter.publish(page(7));
    // three times as many as there is room for, some silent, some in the middle of a request
    let mut crowd: Vec<_> = (0..24).map(|_| TcpStream::connect(address).unwrap()).collect();
    for stream in crowd.iter_mut().step_by(2) {
        // those that were closed already
        drop(stream.write_all(b"GET /metrics HT"));
    }
    let began = Instant::now();
    assert!(ask(address, b"GET /metrics HTTP/1.1\r\n\r\n").contains("_total 7\n"));
    assert!(began.elapsed() < Duration::from_millis(250), "{:?}", began.elapsed());
    while exporter.counts().cut < 24 {
        assert!(began.elapsed() < WAIT, "{:?}", exporter.counts());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(exporter.counts().scrapes, 1);
}

#[test]
fn a_client_that_does_not_read_holds_nobody_up() {
    let limits = ExporterLimits { total: Duration::from_millis(700), ..ExporterLimits::default() };
    let (exporter, address) = exporter(limits);
    // more than the sockets' buffers take
    let names = (0..300_000).map(|n| (Arc::from(format!("{n:040}")), true)).collect();
    exporter.publish(Page { dns: Some(Arc::new(names)), ..page(1) });
    let mut deaf = TcpStream::connect(address).unwrap();
    deaf.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
    let text = ask(address, b"GET /metrics HTTP/1.1\r\n\r\n");
    assert_eq!(text.matches("regscope_dn_in_service{").count(), 300_000);
    let began = Instant::now();
    while exporter.counts().cut < 1 {
        assert!(began.elapsed() < WAIT, "{:?}", exporter.counts());
        std::thread::sleep(Duration::from_millis(10));
    }
    // it ends at once, whatever is connected
    let _silent = TcpStream::connect(address).unwrap();
    let began = Instant::now();
    drop(exporter);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}
