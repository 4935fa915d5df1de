//! Twice the input costs twice the time, however it is spread: no part of a report may be quadratic.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]
#![expect(clippy::print_stdout, reason = "measurements are for a person to read")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

/// One at a time: the time of the processes that ended is counted for all of them together.
static ALONE: Mutex<()> = Mutex::new(());

/// Exchanges of the smaller capture.
const FEW: u32 = 1500;

/// What differs from one exchange to the next; the rest is alike.
struct Exchange {
    dn: String,
    domain: String,
    source: [u8; 4],
    registrar: [u8; 4],
    contact: String,
    status: &'static str,
}

impl Exchange {
    fn plain(n: u32) -> Self {
        Self {
            dn: "5001".to_owned(),
            domain: "example.org".to_owned(),
            source: [10, 1, 0, 1],
            registrar: [10, 0, 0, 1],
            contact: format!("5001@10.1.0.1:{}", 5060 + n % 3),
            status: "200 OK",
        }
    }
}

/// An address that no other number has.
const fn address(first: u8, n: u32) -> [u8; 4] {
    [first, (n >> 16) as u8, (n >> 8) as u8, n as u8]
}

/// A raw IP packet with a UDP datagram.
fn packet(
    out: &mut Vec<u8>,
    millis: u32,
    [src, dst]: [[u8; 4]; 2],
    ports: [u16; 2],
    payload: &[u8],
) {
    let udp = u16::try_from(8 + payload.len()).unwrap();
    let mut ip = vec![0x45, 0];
    ip.extend((20 + udp).to_be_bytes());
    ip.extend([0, 1, 0, 0, 64, 17, 0, 0]);
    ip.extend([src, dst].concat());
    for number in [ports[0], ports[1], udp, 0] {
        ip.extend(number.to_be_bytes());
    }
    ip.extend(payload);
    let length = u32::try_from(ip.len()).unwrap();
    for word in [1_763_481_420 + millis / 1000, millis % 1000 * 1000, length, length] {
        out.extend(word.to_le_bytes());
    }
    out.extend(ip);
}

/// A HEP 3 packet of a node, with what it saw.
fn hep(node: u32, src: [u8; 4], dst: [u8; 4], millis: u32, payload: &[u8]) -> Vec<u8> {
    let mut chunks = Vec::new();
    let seconds = 1_763_481_420 + millis / 1000;
    for (id, value) in [
        (1, vec![2]),
        (2, vec![17]),
        (3, src.to_vec()),
        (4, dst.to_vec()),
        (7, 5060_u16.to_be_bytes().to_vec()),
        (8, 5060_u16.to_be_bytes().to_vec()),
        (9, seconds.to_be_bytes().to_vec()),
        (10, (millis % 1000 * 1000).to_be_bytes().to_vec()),
        (11, vec![1]),
        (12, node.to_be_bytes().to_vec()),
        (15, payload.to_vec()),
        (19, format!("node{node}").into_bytes()),
    ] {
        chunks.extend([0, 0]);
        chunks.extend(u16::to_be_bytes(id));
        chunks.extend(u16::try_from(6 + value.len()).unwrap().to_be_bytes());
        chunks.extend(value);
    }
    let length = u16::try_from(6 + chunks.len()).unwrap();
    [b"HEP3".to_vec(), length.to_be_bytes().to_vec(), chunks].concat()
}

/// A capture of `count` exchanges; `nodes` wraps each into HEP of a node of its own.
fn capture(path: &Path, count: u32, nodes: bool, exchange: &dyn Fn(u32) -> Exchange) {
    let mut out = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 101] {
        out.extend(word.to_le_bytes());
    }
    for n in 0..count {
        let Exchange { dn, domain, source, registrar, contact, status } = exchange(n);
        let [a, b, c, d] = source;
        let common = format!(
            "Via: SIP/2.0/UDP {a}.{b}.{c}.{d};branch=z9hG4bK{n}\r\nFrom: <sip:{dn}@{domain}>;tag=a\r\n\
             To: <sip:{dn}@{domain}>\r\nCall-ID: {n}\r\nCSeq: 1 REGISTER\r\n\
             Contact: <sip:{contact}>\r\nExpires: 600\r\n\r\n"
        );
        let request = format!("REGISTER sip:{domain} SIP/2.0\r\n{common}");
        let answer = format!("SIP/2.0 {status}\r\n{common}");
        for (more, src, dst, text) in
            [(0, source, registrar, request), (1, registrar, source, answer)]
        {
            let millis = n * 10 + more;
            if nodes {
                let seen = hep(n, src, dst, millis, text.as_bytes());
                packet(&mut out, millis, [[10, 9, 0, 1], [10, 9, 0, 2]], [9060, 9060], &seen);
            } else {
                packet(&mut out, millis, [src, dst], [5060, 5060], text.as_bytes());
            }
        }
    }
    fs::write(path, out).unwrap();
}

/// The processor time of the processes this one has waited for, in clock ticks.
fn spent() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    fields.skip(13).take(2).map(|field| field.parse::<u64>().unwrap()).sum()
}

/// The least that a command takes of two runs.
fn cost(args: &[&str], path: &Path) -> u64 {
    let run = || {
        let before = spent();
        let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
        let output = command.args(args).arg(path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        spent() - before
    };
    (0..2).map(|_| run()).min().unwrap()
}

/// That four times as many exchanges take no more than six times the time, in every output: what is quadratic
/// takes sixteen times.
fn is_linear(what: &str, nodes: bool, exchange: &dyn Fn(u32) -> Exchange) {
    let _alone = ALONE.lock();
    let dir = tempfile::tempdir().unwrap();
    let [few, many] = ["few.pcap", "many.pcap"].map(|name| dir.path().join(name));
    capture(&few, FEW, nodes, exchange);
    capture(&many, 4 * FEW, nodes, exchange);
    for args in [
        &["report", "--quiet", "--format", "json"][..],
        &["report", "--quiet", "--all"],
        &["report", "--quiet", "--format", "markdown"],
        &["explain", "--quiet", "5001"],
        &["compare", "--quiet"],
    ] {
        // a short run has too few ticks to compare
        let (small, large) = (cost(args, &few).max(20), cost(args, &many));
        println!("{what}: {args:?} {small} -> {large}");
        assert!(large <= 6 * small, "{what}: {args:?} takes {small} ticks, then {large}");
    }
}

#[test]
fn one_dn_at_many_registrars() {
    is_linear("registrars", false, &|n| Exchange {
        registrar: address(20, n),
        ..Exchange::plain(n)
    });
}

#[test]
fn one_dn_refused_by_many_registrars() {
    is_linear("refusing registrars", false, &|n| Exchange {
        registrar: address(20, n),
        status: "403 Forbidden",
        ..Exchange::plain(n)
    });
}

#[test]
fn one_dn_from_many_sources() {
    is_linear("sources", false, &|n| Exchange { source: address(30, n), ..Exchange::plain(n) });
}

#[test]
fn one_dn_of_many_domains() {
    is_linear("domains", false, &|n| Exchange {
        domain: format!("d{n}.example"),
        ..Exchange::plain(n)
    });
}

#[test]
fn one_dn_with_many_contacts() {
    is_linear("Contacts", false, &|n| Exchange {
        contact: format!("5001@10.1.0.1:5060;x={n}"),
        ..Exchange::plain(n)
    });
}

#[test]
fn one_dn_seen_by_many_nodes() {
    is_linear("nodes", true, &Exchange::plain);
}

#[test]
fn many_dns_of_many_sources_at_many_registrars() {
    is_linear("DNs", false, &|n| Exchange {
        dn: (5000 + n).to_string(),
        source: address(30, n),
        registrar: address(20, n),
        ..Exchange::plain(n)
    });
}
