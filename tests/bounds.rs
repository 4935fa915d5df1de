//! Holds a run without an end within its memory: floods, scanners, one DN that tries for ever.
//!
//! The large ones want the release mode: `cargo test --release --test bounds -- --ignored --nocapture`.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]
#![expect(clippy::print_stdout, reason = "measurements are for a person to read")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::time::Instant;

use peak_alloc::PeakAlloc;
use regscope::net::{Endpoint, FrameRef, Origin, PathInfo, Timestamp, Transport};
use regscope::registration::{Limits, Snapshot, SnapshotOptions, Status, Tracker, Verdict};
use regscope::sip::Message;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// One at a time: they measure what the whole process takes.
static ALONE: Mutex<()> = Mutex::new(());

const MIB: usize = 1 << 20;
const MS: i64 = 1_000_000;

/// Traffic made up as it is needed.
struct Wire {
    tracker: Tracker,
    text: String,
    frame: u64,
    now: i64,
    base: usize,
    /// What the changes so far say.
    rows: HashMap<Vec<u8>, Status>,
}

/// One REGISTER and its answer.
struct Exchange<'a> {
    dn: &'a str,
    /// The user of its Contact.
    contact: &'a str,
    call: u64,
    cseq: u32,
    source: [u8; 4],
    /// 0 for none.
    code: u16,
    agent: &'a str,
}

impl Wire {
    fn new(limits: Limits) -> Self {
        let base = ALLOCATED.current_usage();
        ALLOCATED.reset_peak_usage();
        let mut tracker = Tracker::with_limits(limits);
        tracker.changes(Timestamp::default());
        let (text, rows) = (String::new(), HashMap::new());
        Self { tracker, text, frame: 0, now: 1_700_000_000_000 * MS, base, rows }
    }

    fn play(&mut self, exchange: &Exchange<'_>) {
        self.message(exchange, 0);
        if exchange.code != 0 {
            self.message(exchange, exchange.code);
        }
    }

    fn message(&mut self, exchange: &Exchange<'_>, code: u16) {
        let Exchange { dn, contact, call, cseq, agent, .. } = *exchange;
        let source = Ipv4Addr::from(exchange.source);
        self.text.clear();
        match code {
            0 => self.text.push_str("REGISTER sip:example.org SIP/2.0\r\n"),
            code => write!(self.text, "SIP/2.0 {code} Whatever\r\n").unwrap(),
        }
        write!(
            self.text,
            "Via: SIP/2.0/UDP {source}:5060;branch=z9hG4bK-{call}-{cseq}\r\nMax-Forwards: 70\r\n\
             From: <sip:{dn}@example.org>;tag=x{call}\r\nTo: <sip:{dn}@example.org>\r\n\
             Call-ID: {call}@{source}\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:{contact}@{source}:5060>\r\n\
             User-Agent: {agent}\r\nExpires: 300\r\nContent-Length: 0\r\n\r\n"
        )
        .unwrap();
        let message = Message::parse(self.text.as_bytes(), false).unwrap();
        self.frame += 1;
        let (a, b) = (source, Ipv4Addr::new(10, 0, 0, 1));
        let ends = if code == 0 { [a, b] } else { [b, a] };
        let [src, dst] = ends.map(|ip| Endpoint::new(IpAddr::V4(ip), 5060));
        let origin = Origin {
            time: Timestamp::from_nanos(self.now),
            frame: FrameRef::new(regscope::net::FileId(0), self.frame),
            src,
            dst,
            transport: Transport::Udp,
            path: PathInfo { ip_id: self.frame as u16, ..PathInfo::default() },
        };
        self.tracker.message(&origin, &message);
    }

    /// The bytes the tracker takes, by its own account and by the allocator's.
    fn memory(&self) -> (usize, usize) {
        let rows = self.rows.capacity() * 64;
        (self.tracker.memory(), ALLOCATED.current_usage() - self.base - rows)
    }

    /// Takes in what changed.
    fn take_changes(&mut self) {
        for change in self.tracker.changes(Timestamp::from_nanos(self.now)) {
            let before = match change.to {
                Some(to) => self.rows.insert(change.dn, to),
                None => self.rows.remove(&change.dn),
            };
            assert_eq!(before, change.from);
        }
    }

    /// That the changes say what a snapshot says.
    fn check_changes(&mut self) {
        self.take_changes();
        let snapshot = self.tracker.snapshot(&SnapshotOptions::default());
        assert_eq!(self.rows.len(), snapshot.dns().len());
        for dn in snapshot.dns() {
            assert_eq!(self.rows.get(dn.name()), Some(&Status::of(dn.state())));
        }
    }

    fn snapshot(&mut self) -> Snapshot {
        self.tracker.snapshot(&SnapshotOptions::default())
    }
}

/// The resident memory of this process, in MiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
}

/// A number that looks random and follows from another.
const fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 16
}

/// What phones do: 500 refresh every 150 s, ten are refused every 20 s, and ten of which nothing
/// was seen before the flood.
struct Phones {
    calls: u64,
}

impl Phones {
    const OK: u32 = 500;
    const BAD: u32 = 10;
    const LATE: u32 = 10;

    /// Plays what is due within the millisecond.
    fn play(&mut self, wire: &mut Wire, tick: u64) {
        let every = |period: u64, count: u32| {
            let place = tick % period;
            let step = period / u64::from(count);
            (place.is_multiple_of(step) && place / step < u64::from(count))
                .then_some((place / step) as u32)
        };
        for (base, code, who) in [
            (5000, 200, every(150_000, Self::OK)),
            (8000, 403, every(20_000, Self::BAD)),
            (7000, 403, every(20_000, Self::LATE).filter(|_| tick > 152_000)),
        ] {
            let Some(n) = who else { continue };
            self.calls += 1;
            let name = (base + n).to_string();
            let exchange = Exchange {
                dn: &name,
                contact: &name,
                call: 1_000_000 + u64::from(base + n),
                cseq: self.calls as u32,
                source: [10, 0, (n >> 8) as u8 + 1, n as u8],
                code,
                agent: "Phone 1.0",
            };
            wire.play(&exchange);
        }
    }

    /// That those in service are there, judged as they are.
    fn check(snapshot: &Snapshot) {
        for n in 5000..5000 + Self::OK {
            assert_eq!(Self::verdict(snapshot, n), Some(Verdict::InService), "{n}");
        }
    }

    /// That those that are refused are there too.
    fn check_refused(wire: &mut Wire) {
        let snapshot = wire.snapshot();
        for n in (8000..8000 + Self::BAD).chain(7000..7000 + Self::LATE) {
            assert_eq!(Self::verdict(&snapshot, n), Some(Verdict::Rejected), "{n}");
        }
    }

    fn verdict(snapshot: &Snapshot, dn: u32) -> Option<Verdict> {
        snapshot.find(dn.to_string().as_bytes()).map(|dn| dn.state().verdict)
    }
}

/// Milliseconds after which every phone has registered, and after which it has refreshed.
const FIRST: u64 = 150_000;
const SECOND: u64 = 301_000;

/// What a flood came to.
struct Outcome {
    rows: usize,
    peak: usize,
    estimates: Vec<(usize, usize)>,
}

/// Plays `millis` milliseconds of phones, and from `start` on of a flood: `per_10_ms` exchanges each.
fn flood(
    limits: Limits,
    millis: u64,
    (start, per_10_ms): (u64, u64),
    intruder: impl Fn(u64) -> (String, [u8; 4], u16),
) -> (Wire, Outcome) {
    let mut wire = Wire::new(limits);
    let mut phones = Phones { calls: 0 };
    let mut estimates = Vec::new();
    let started = Instant::now();
    for tick in 0..millis {
        wire.now += MS;
        phones.play(&mut wire, tick);
        // the phones have registered before a flood begins
        for n in tick * per_10_ms / 10..(tick + 1) * per_10_ms / 10 * u64::from(tick >= start) {
            let (dn, source, code) = intruder(n);
            let (dn, contact) = (dn.as_str(), "100");
            wire.play(&Exchange { dn, contact, call: n, cseq: 1, source, code, agent: "x" });
        }
        if tick % 250 == 0 {
            wire.take_changes();
        }
        if tick % (millis / 20) == 0 {
            estimates.push(wire.memory());
            println!(
                "  {tick:>8} ms, {:>9} frames: own account {} MiB, allocator {} MiB, resident {} MiB",
                wire.frame,
                wire.tracker.memory() / MIB,
                (ALLOCATED.current_usage() - wire.base) / MIB,
                resident()
            );
        }
    }
    let took = started.elapsed();
    let peak = ALLOCATED.peak_usage() - wire.base;
    wire.check_changes();
    let snapshot = wire.snapshot();
    println!(
        "  {} frames in {took:?}; peak {} MiB; {} rows, {} in a scanner's row; {:?}",
        wire.frame,
        peak / MIB,
        snapshot.dns().len(),
        snapshot.collapsed,
        snapshot.counts.forgotten
    );
    Phones::check(&snapshot);
    let rows = snapshot.dns().len();
    (wire, Outcome { rows, peak, estimates })
}

/// An estimate is worth something.
fn check_estimates(outcome: &Outcome) {
    for &(own, real) in outcome.estimates.iter().filter(|(_, real)| *real > MIB) {
        assert!(own < real * 3 / 2 && real < own * 3 / 2, "{own} bytes estimated, {real} taken");
    }
}

/// Random names and sources, each seen once; the registrar knows none of them.
fn random_intruder(n: u64) -> (String, [u8; 4], u16) {
    let source = (mixed(n) as u32 | 0x8000_0000).to_be_bytes();
    (format!("x{:x}", mixed(n + 7)), source, if n.is_multiple_of(3) { 0 } else { 404 })
}

/// One source that tries one name after the other.
fn scanner(n: u64) -> (String, [u8; 4], u16) {
    (n.to_string() + "00", [203, 0, 113, 5], 404)
}

#[test]
fn a_flood_pushes_no_phone_out() {
    let _alone = ALONE.lock();
    let limit = 16 * MIB;
    let (mut wire, outcome) = flood(Limits::within(limit), 200_000, (FIRST, 5), random_intruder);
    Phones::check_refused(&mut wire);
    check_estimates(&outcome);
    assert!(outcome.peak < limit * 5 / 4, "{}", outcome.peak);
    assert!(wire.tracker.counts().forgotten.dns > 10_000);
    assert_eq!(wire.tracker.counts().forgotten.dns_in_service, 0);
}

#[test]
fn a_flood_that_is_granted_pushes_no_phone_out_that_came_back() {
    let _alone = ALONE.lock();
    let limit = 16 * MIB;
    let granted = |n: u64| {
        let (dn, source, _) = random_intruder(n);
        (dn, source, 200)
    };
    let (wire, outcome) = flood(Limits::within(limit), 360_000, (SECOND, 5), granted);
    assert!(outcome.peak < limit * 5 / 4, "{}", outcome.peak);
    // what was forgotten was in service, as far as the model knew
    assert!(wire.tracker.counts().forgotten.dns_in_service > 10_000);
}

#[test]
#[ignore = "takes minutes without optimisation"]
fn millions_of_random_dns_leave_the_memory_flat() {
    let _alone = ALONE.lock();
    let limit = 64 * MIB;
    let (mut wire, outcome) = flood(Limits::within(limit), 900_000, (FIRST, 50), random_intruder);
    Phones::check_refused(&mut wire);
    check_estimates(&outcome);
    assert!(outcome.peak < limit * 5 / 4, "{}", outcome.peak);
    assert!(wire.tracker.counts().forgotten.dns > 3_000_000);
}

#[test]
#[ignore = "takes minutes without optimisation"]
fn a_scanner_of_millions_is_one_row() {
    let _alone = ALONE.lock();
    let limit = 64 * MIB;
    let (mut wire, outcome) = flood(Limits::within(limit), 900_000, (FIRST, 50), scanner);
    Phones::check_refused(&mut wire);
    check_estimates(&outcome);
    assert!(outcome.peak < limit * 5 / 4, "{}", outcome.peak);
    assert_eq!(outcome.rows as u32, Phones::OK + Phones::BAD + Phones::LATE);
    assert!(wire.tracker.counts().forgotten.dns_of_scanners > 3_000_000);
}

#[test]
#[ignore = "takes minutes without optimisation"]
fn a_dn_that_tries_a_million_times_takes_the_room_of_a_few() {
    let _alone = ALONE.lock();
    let limit = 64 * MIB;
    let one = |n: u64| ("9999".to_owned(), [10, 0, 9, 9], if n < 1000 { 200 } else { 403 });
    let (mut wire, outcome) = flood(Limits::within(limit), 700_000, (FIRST, 20), one);
    Phones::check_refused(&mut wire);
    check_estimates(&outcome);
    assert!(outcome.peak < limit * 5 / 4, "{}", outcome.peak);
    let snapshot = wire.snapshot();
    let dn = snapshot.find(b"9999").unwrap();
    assert_eq!(dn.record().unwrap().attempts, 1_100_000);
}

/// Phones that registered and refreshed, each a few times.
fn fleet(phones: u32, rounds: u32) -> Wire {
    let mut wire = Wire::new(Limits::NONE);
    for round in 0..rounds {
        for n in 0..phones {
            wire.now += 50_000_000 * MS / i64::from(phones) / 1000;
            refresh(&mut wire, n, round);
        }
        wire.take_changes();
    }
    wire
}

fn refresh(wire: &mut Wire, n: u32, round: u32) {
    let name = (100_000 + n).to_string();
    let source = [10, (n >> 16) as u8 + 1, (n >> 8) as u8, n as u8];
    let (dn, contact, agent) = (name.as_str(), name.as_str(), "Phone 1.0");
    let code = if n % 50 == 7 { 403 } else { 200 };
    wire.play(&Exchange { dn, contact, call: n.into(), cseq: round + 1, source, code, agent });
}

#[test]
#[ignore = "measures, and takes a minute without optimisation"]
fn a_snapshot_copies_no_records() {
    let _alone = ALONE.lock();
    for phones in [1000, 10_000, 100_000] {
        let mut wire = fleet(phones, 5);
        let before = ALLOCATED.current_usage();
        let started = Instant::now();
        let mut snapshot = wire.snapshot();
        let first = started.elapsed();
        let taken = ALLOCATED.current_usage() - before;
        let mut worst = [first; 3];
        for round in 0..8 {
            // a quarter of a second of refreshes between two snapshots
            let started = Instant::now();
            for n in 0..phones / 200 {
                wire.now += MS;
                refresh(&mut wire, n * 37 % phones, 5 + round);
            }
            let played = started.elapsed();
            let started = Instant::now();
            wire.take_changes();
            let changes = started.elapsed();
            let started = Instant::now();
            snapshot = wire.snapshot();
            worst = [played, changes, started.elapsed()];
        }
        let started = Instant::now();
        let copy = wire.tracker.clone().finish(&SnapshotOptions::default());
        println!(
            "  {phones} DNs, {} MiB: first snapshot {first:?} and {} KiB, the next {:?}, as a copy {:?}; \
             {} refreshes {:?}, their changes {:?}",
            wire.tracker.memory() / MIB,
            taken / 1024,
            worst[2],
            started.elapsed(),
            phones / 200,
            worst[0],
            worst[1],
        );
        assert_eq!(copy.dns().len(), snapshot.dns().len());
        assert!(taken < wire.tracker.memory() / 2, "{taken}");
        wire.check_changes();
    }
}
