//! Live capture on devices in network namespaces of its own: what is sent is received or counted.

#![cfg(all(feature = "live", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::env;
use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use regscope::net::Frame;
use regscope::packet::{Decoder, Event, Limits};
use regscope::source::live::{Live, LiveError, LiveOptions, LiveStats, Loss, News};

mod namespace;

use namespace::{INSIDE, inside, ip, make_pair};

fn sender() -> UdpSocket {
    let socket = UdpSocket::bind("192.0.2.1:5060").unwrap();
    socket.connect("192.0.2.9:5060").unwrap();
    socket
}

fn options(device: &str) -> LiveOptions {
    LiveOptions::new(device)
}

fn start(options: LiveOptions) -> Live {
    Live::open(options).unwrap().start(Box::new(|_| ())).unwrap()
}

/// Sends these messages.
fn send(numbers: std::ops::Range<u32>) {
    let socket = sender();
    for number in numbers {
        socket.send(&message(number)).unwrap();
    }
}

/// A datagram that looks like SIP and has a number.
fn message(number: u32) -> Vec<u8> {
    format!("REGISTER sip:{number} SIP/2.0\r\n{}", "x".repeat(650)).into_bytes()
}

/// The number in a frame made of [`message`].
fn number(frame: &Frame<'_>) -> Option<u32> {
    let text = String::from_utf8_lossy(frame.bytes);
    let (_, rest) = text.split_once("REGISTER sip:")?;
    rest.split(' ').next()?.parse().ok()
}

/// Takes what there is, until a stop has come through or `enough` says so.
fn take(live: &Live, enough: impl Fn(&[u32]) -> bool) -> Vec<u32> {
    let mut numbers = Vec::new();
    let mut frames = 0;
    let began = Instant::now();
    while !enough(&numbers) && began.elapsed() < Duration::from_secs(20) {
        let Some(delivery) = live.recv() else { break };
        if let News::Frames(batch) = delivery.news {
            for frame in batch.frames() {
                frames += 1;
                assert!(frame.at.number() >= frames, "{frame:?}");
                assert_eq!(frame.wire_len as usize, frame.bytes.len());
                numbers.extend(number(&frame));
            }
            live.give_back(batch);
        }
    }
    numbers
}

fn stopped(live: Live) -> (Vec<u32>, LiveStats, Duration) {
    let began = Instant::now();
    live.stop_handle().stop();
    let numbers = take(&live, |_| false);
    let stats = live.finish().unwrap();
    (numbers, stats, began.elapsed())
}

#[test]
fn every_packet_is_received_and_media_are_shed() {
    const COUNT: u32 = 20_000;
    if !inside("every_packet_is_received_and_media_are_shed") {
        return;
    }
    make_pair();
    let live = start(options("lab0"));
    let socket = sender();
    let sending = std::thread::spawn(move || {
        let media = [&[0x80, 0][..], &[7; 170]].concat();
        for number in 0..COUNT {
            socket.send(&message(number)).unwrap();
            socket.send(&media).unwrap();
        }
    });
    let numbers = take(&live, |numbers| numbers.len() as u32 == COUNT);
    sending.join().unwrap();
    let (rest, stats, _) = stopped(live);
    assert_eq!(
        (numbers.len() + rest.len()) as u64 + stats.dropped(),
        u64::from(COUNT),
        "{stats:?}"
    );
    assert!(numbers.is_sorted());
    // beside the messages there are neighbor solicitations, not 20,000 packets of media
    assert!((u64::from(COUNT)..u64::from(COUNT) + 100).contains(&stats.received), "{stats:?}");
}

#[test]
fn times_have_nanoseconds_and_the_clock_goes_on_without_packets() {
    if !inside("times_have_nanoseconds_and_the_clock_goes_on_without_packets") {
        return;
    }
    make_pair();
    let live = start(options("lab0"));
    send(0..50);
    let (mut times, mut ticks) = (Vec::new(), Vec::new());
    while ticks.len() < 3 || times.is_empty() {
        let delivery = live.recv().unwrap();
        match delivery.news {
            News::Frames(batch) => times.extend(batch.frames().map(|f| f.time.nanos())),
            News::Idle => ticks.push(delivery.clock),
            other => panic!("{other:?}"),
        }
    }
    assert!(times.iter().any(|time| time % 1000 != 0), "{times:?}");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    for time in times.iter().chain(ticks.iter().map(|t| t.nanos()).collect::<Vec<_>>().iter()) {
        let ago = i64::try_from(now.as_nanos()).unwrap() - time;
        assert!((0..10_000_000_000).contains(&ago), "{ago} ns ago");
    }
    assert!(ticks.is_sorted() && ticks[0] < ticks[2]);
}

#[test]
fn what_a_slow_consumer_costs_is_counted() {
    const COUNT: u32 = 30_000;
    if !inside("what_a_slow_consumer_costs_is_counted") {
        return;
    }
    make_pair();
    let small =
        LiveOptions { buffer_bytes: 2 << 20, batch_bytes: 64 << 10, queue: 2, ..options("lab0") };
    let live = start(small);
    send(0..COUNT);
    sleep(Duration::from_millis(600));
    // visible while it lasts
    let during = live.stats();
    assert!(during.kernel_dropped > 0 && during.queue_waited_ms == 0, "{during:?}");
    let first = take(&live, |numbers| numbers.len() > 1000);
    live.stop_handle().stop();
    // the rest is not taken
    sleep(Duration::from_millis(900));
    let given_up = live.finish().unwrap();
    assert!(given_up.queue_dropped > 0, "{given_up:?}");
    // the devices say a few things of their own when they come up (neighbor discovery)
    let seen = given_up.received + given_up.kernel_dropped;
    let others = seen.checked_sub(u64::from(COUNT)).unwrap();
    let taken = given_up.received - given_up.queue_dropped - first.len() as u64;
    assert!(taken <= others, "{taken} of {others} others: {given_up:?}");
    assert!(given_up.queue_waited_ms > 0, "{given_up:?}");
}

/// The next news that are no frames and no idling, nor the moments in which a device is made.
fn event(live: &Live) -> News {
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < Duration::from_secs(5), "nothing happened");
        match live.recv().unwrap().news {
            News::Frames(_) | News::Idle | News::Lost(Loss::Down) => {}
            event => return event,
        }
    }
}

#[test]
fn a_device_that_is_removed_and_made_again_is_told_and_taken_up() {
    if !inside("a_device_that_is_removed_and_made_again_is_told_and_taken_up") {
        return;
    }
    make_pair();
    let live = start(options("lab0"));
    send(0..100);
    // straight after the last packet, while the kernel still holds them all
    ip("link del lab0");
    let mut before = Vec::new();
    loop {
        match live.recv().unwrap().news {
            News::Frames(batch) => before.extend(batch.frames().filter_map(|f| number(&f))),
            // down: between taking it down and removing it
            News::Idle | News::Lost(Loss::Down) => {}
            News::Lost(loss) => {
                assert_eq!(loss, Loss::Gone);
                break;
            }
            News::Back => panic!("back already"),
        }
    }
    assert_eq!(before.len(), 100);
    make_pair();
    assert!(matches!(event(&live), News::Back));
    send(100..200);
    let after = take(&live, |numbers| numbers.len() == 100);
    assert_eq!(after, (100..200).collect::<Vec<_>>());
    let (_, stats, _) = stopped(live);
    assert_eq!(stats.dropped(), 0, "{stats:?}");
}

#[test]
fn a_device_that_goes_down_is_told_and_keeps_what_it_had() {
    if !inside("a_device_that_goes_down_is_told_and_keeps_what_it_had") {
        return;
    }
    make_pair();
    let live = start(options("lab0"));
    send(0..100);
    ip("link set lab0 down");
    let mut before = 0;
    while let Some(delivery) = live.recv() {
        match delivery.news {
            News::Frames(batch) => before += batch.frames().filter_map(|f| number(&f)).count(),
            News::Idle => {}
            other => {
                assert!(matches!(other, News::Lost(Loss::Down)), "{other:?}");
                break;
            }
        }
    }
    ip("link set lab0 up");
    ip("neigh replace 192.0.2.9 lladdr 02:00:00:00:00:09 dev lab0 nud permanent");
    assert!(matches!(event(&live), News::Back));
    send(7..8);
    assert_eq!(take(&live, |numbers| !numbers.is_empty()), [7]);
    assert_eq!(before, 100);
}

#[test]
fn a_stop_is_prompt_and_delivers_what_came_before() {
    if !inside("a_stop_is_prompt_and_delivers_what_came_before") {
        return;
    }
    make_pair();
    let live = start(options("lab0"));
    sleep(Duration::from_millis(300));
    send(0..10);
    let (numbers, _, took) = stopped(live);
    assert_eq!(numbers.len(), 10);
    assert!(took < Duration::from_secs(1), "{took:?}");

    let gone = start(options("lab0"));
    ip("link del lab0");
    assert!(matches!(event(&gone), News::Lost(Loss::Gone)));
    let (_, _, took) = stopped(gone);
    assert!(took < Duration::from_millis(500), "{took:?}");

    make_pair();
    let full = start(LiveOptions { queue: 1, batch_bytes: 1000, ..options("lab0") });
    send(0..1000);
    sleep(Duration::from_millis(300));
    let began = Instant::now();
    drop(full);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[test]
fn any_device_gives_cooked_frames_that_are_decoded() {
    if !inside("any_device_gives_cooked_frames_that_are_decoded") {
        return;
    }
    make_pair();
    let opened = Live::open(options("any")).unwrap();
    assert!(opened.link().is_some_and(|link| [113, 276].contains(&link.0)), "{:?}", opened.link());
    let live = opened.start(Box::new(|_| ())).unwrap();
    let socket = sender();
    socket.send(&message(1)).unwrap();
    let (mut decoder, mut seen) = (Decoder::new(Limits::default()), Vec::new());
    while seen.is_empty() {
        if let News::Frames(batch) = live.recv().unwrap().news {
            for frame in batch.frames() {
                decoder.decode(&frame, &mut |event| {
                    if let Event::Datagram { origin, bytes } = event {
                        seen.push((origin.dst.to_string(), bytes.to_vec()));
                    }
                });
            }
        }
    }
    assert_eq!(seen[0], ("192.0.2.9:5060".to_owned(), message(1)));
}

#[test]
fn what_cannot_be_opened_is_told_in_a_sentence() {
    if !inside("what_cannot_be_opened_is_told_in_a_sentence") {
        return;
    }
    make_pair();
    let refused = |options| Live::open(options).err().unwrap().to_string();
    let filter = Some("udp prot 5060".to_owned());
    let wrong = refused(LiveOptions { filter, ..options("lab0") });
    assert!(wrong.contains("udp prot 5060") && wrong.contains("syntax error"), "{wrong}");
    let none = refused(options("lab7"));
    assert!(
        none.starts_with("lab7: no such device (there are ") && none.contains("lab0"),
        "{none}"
    );
    ip("link set lab1 down");
    let down = refused(options("lab1"));
    assert!(down.starts_with("lab1: ") && down.contains("not up"), "{down}");
}

#[test]
fn without_the_right_to_capture_there_is_one_sentence() {
    const NAME: &str = "without_the_right_to_capture_there_is_one_sentence";
    if env::var_os(INSIDE).is_some() {
        let error = Live::open(options("lo")).err().unwrap();
        assert_eq!(error, LiveError::Permission { device: "lo".to_owned() });
        return;
    }
    if !nix::unistd::geteuid().is_root() || Command::new("setpriv").arg("-V").output().is_err() {
        namespace::say("skipped: giving up rights needs root and setpriv");
        return;
    }
    // in a place that others cannot reach
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    open_to_all(dir.path());
    let copy = dir.path().join("test");
    fs::copy(env::current_exe().unwrap(), &copy).unwrap();
    open_to_all(&copy);
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&copy)
        .args(["--exact", NAME])
        .env(INSIDE, "1")
        .current_dir("/")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{output:?}");
}

fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
