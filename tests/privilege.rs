//! Dropping privileges: what is gone afterwards, and what still has to work.

#![cfg(all(feature = "live", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use regscope::host::Owners;
use regscope::net::{Endpoint, Transport};
use regscope::privilege::{
    DropOptions, Fence, Network, PrivilegeError, drop_privileges, reopening, rights,
};
use regscope::source::live::{Live, LiveOptions, Loss, News};

mod namespace;

use namespace::{inside, ip, make_pair};

/// A line of what the kernel says about this thread.
fn status(field: &str) -> String {
    let text = fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_start_matches(':').trim().to_owned()
}

/// A directory that the user `nobody` may write to.
fn directory() -> tempfile::TempDir {
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    dir
}

fn kind<T>(result: std::io::Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

/// A socket to send from; after the drop there are no new ones.
fn sender() -> UdpSocket {
    let socket = UdpSocket::bind("192.0.2.1:0").unwrap();
    socket.connect("192.0.2.9:5060").unwrap();
    socket
}

fn send(socket: &UdpSocket, count: u32) {
    for _ in 0..count {
        socket.send(b"OPTIONS sip:a SIP/2.0\r\n").unwrap();
    }
}

fn frames(live: &Live, count: usize) {
    let (mut seen, began) = (0, Instant::now());
    while seen < count {
        assert!(began.elapsed() < Duration::from_secs(5), "{seen} of {count}");
        if let News::Frames(batch) = live.recv().unwrap().news {
            let sip = |bytes: &[u8]| bytes.windows(7).any(|window| window == b"SIP/2.0");
            seen += batch.frames().filter(|frame| sip(frame.bytes)).count();
        }
    }
}

#[test]
fn after_the_drop_little_is_left_and_capturing_goes_on() {
    if !inside("after_the_drop_little_is_left_and_capturing_goes_on") {
        return;
    }
    make_pair();
    ip("link set lo up");
    let (output, other) = (directory(), directory());
    let server = UdpSocket::bind("0.0.0.0:5060").unwrap();
    let listener = TcpListener::bind("127.0.0.1:5062").unwrap();
    let sender = sender();
    assert_eq!(rights().may_capture, Some(true));

    let live = Live::open(LiveOptions::new("lab0")).unwrap();
    let mut owners = Owners::new(Duration::ZERO);
    owners.refresh();
    // with names, so that Landlock is what refuses TCP
    let write = vec![output.path().to_owned()];
    let options = DropOptions { write, network: Network::Names, ..DropOptions::default() };
    let dropped = drop_privileges(&options).unwrap();
    let live = live.start(Box::new(|_| ())).unwrap();

    assert_eq!((dropped.user.as_str(), rights().is_root), ("nobody", false));
    assert_eq!(rights().may_capture, Some(false));
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd"] {
        assert_eq!(status(set), "0000000000000000", "{set}");
    }
    assert_eq!(status("NoNewPrivs"), "1");
    assert_eq!(status("Groups"), "");
    assert!(Live::open(LiveOptions::new("lab0")).is_err());

    fs::write(output.path().join("part-1.pcap"), "x").unwrap();
    fs::rename(output.path().join("part-1.pcap"), output.path().join("done.pcap")).unwrap();
    fs::remove_file(output.path().join("done.pcap")).unwrap();
    assert!(fs::read("/proc/net/udp").is_ok() && fs::read("/etc/passwd").is_ok());
    assert_eq!(kind(File::open("/etc/shadow")), Some(ErrorKind::PermissionDenied));
    if dropped.landlock == Fence::Full {
        assert_eq!(kind(File::create(other.path().join("x"))), Some(ErrorKind::PermissionDenied));
        assert_eq!(kind(fs::read_dir(other.path())), Some(ErrorKind::PermissionDenied));
        assert_eq!(kind(TcpStream::connect("127.0.0.1:5062")), Some(ErrorKind::PermissionDenied));
        assert_eq!(kind(TcpListener::bind("127.0.0.1:5063")), Some(ErrorKind::PermissionDenied));
    } else {
        namespace::say(&format!("left out: {dropped}"));
    }
    assert_eq!(dropped.seccomp, Fence::Full);
    assert_eq!(status("Seccomp"), "2");
    // there are no new processes that could be one
    assert_eq!(kind(Command::new("/bin/true").status()), Some(ErrorKind::Unsupported));

    send(&sender, 10);
    frames(&live, 10);
    // known from before, and still the same socket
    let local = Endpoint::new("192.0.2.1".parse().unwrap(), 5060);
    let owner = owners.of(local, Transport::Udp).unwrap();
    assert_eq!(owner.process.unwrap().pid, std::process::id());
    owners.refresh();
    assert!(owners.of(local, Transport::Udp).unwrap().process.is_some());
    drop((server, listener));
    let began = Instant::now();
    live.finish().unwrap();
    assert!(began.elapsed() < Duration::from_secs(1));
}

/// Removes and makes the device again, a second from now, by a program started before the drop.
fn make_again_later() {
    let script = "sleep 1; ip link del lab0; sleep 1; ip link add lab0 type veth peer name lab1; \
                  ip addr add 192.0.2.1/24 dev lab0; ip link set lab0 up; ip link set lab1 up; \
                  ip neigh replace 192.0.2.9 lladdr 02:00:00:00:00:09 dev lab0 nud permanent";
    // it outlives the test by less than the namespace does
    drop(Command::new("sh").args(["-c", script]).spawn().unwrap());
}

/// Opens the device, drops privileges, and returns what happens to a device that is recreated.
fn after_made_again(keep_reopen: bool) -> (Live, Vec<News>) {
    let opened = Live::open(LiveOptions::new("lab0")).unwrap();
    make_again_later();
    let dropped = drop_privileges(&DropOptions { keep_reopen, ..DropOptions::default() }).unwrap();
    assert_eq!(dropped.user, "nobody");
    let live = opened.start(Box::new(reopening)).unwrap();
    dropped.relinquish().unwrap();
    assert_eq!(status("CapPrm"), "0000000000000000");
    let (mut news, began) = (Vec::new(), Instant::now());
    while news.len() < 2 && began.elapsed() < Duration::from_secs(8) {
        match live.recv().unwrap().news {
            // down: while it is being made
            News::Frames(_) | News::Idle | News::Lost(Loss::Down) => {}
            event => news.push(event),
        }
    }
    (live, news)
}

#[test]
fn a_device_made_again_is_opened_with_the_right_kept_for_that() {
    if !inside("a_device_made_again_is_opened_with_the_right_kept_for_that") {
        return;
    }
    make_pair();
    let sender = sender();
    let (live, news) = after_made_again(true);
    assert!(matches!(news[..], [News::Lost(Loss::Gone), News::Back]), "{news:?}");
    std::thread::sleep(Duration::from_millis(300));
    send(&sender, 10);
    frames(&live, 10);
}

#[test]
fn without_that_right_the_reason_is_told() {
    if !inside("without_that_right_the_reason_is_told") {
        return;
    }
    make_pair();
    let (_live, news) = after_made_again(false);
    match &news[..] {
        [News::Lost(Loss::Gone), News::Lost(Loss::Failed(reason))] => {
            assert!(reason.contains("Function not implemented"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn root_stays_root_without_rights_if_asked_to() {
    if !inside("root_stays_root_without_rights_if_asked_to") {
        return;
    }
    let user = Some("root".to_owned());
    let dropped = drop_privileges(&DropOptions { user, ..DropOptions::default() }).unwrap();
    assert_eq!(dropped.user, "root");
    assert_eq!(status("CapEff"), "0000000000000000");
    assert!(Live::open(LiveOptions::new("lo")).is_err());
}

#[test]
fn a_directory_the_user_may_not_write_to_is_told_before() {
    if !inside("a_directory_the_user_may_not_write_to_is_told_before") {
        return;
    }
    let path = Path::new("/root").to_owned();
    let options = DropOptions { write: vec![path.clone()], ..DropOptions::default() };
    let user = "nobody".to_owned();
    assert_eq!(drop_privileges(&options), Err(PrivilegeError::Unwritable { path, user }));
}

/// Whether there are rights to give up.
fn is_root(name: &str) -> bool {
    let is_root = nix::unistd::geteuid().is_root();
    if !is_root {
        namespace::say(&format!("skipped {name}: there are no rights to give up"));
    }
    is_root
}

/// A directory of root's alone with captures, a key log and passwords.
fn of_root_alone() -> tempfile::TempDir {
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    for (from, to) in [
        ("incident/input.pcap", "incident.pcap"),
        ("tls-13/input.pcap", "tls.pcap"),
        ("tls-13/keys.log", "keys.log"),
    ] {
        fs::copy(captures.join(from), dir.path().join(to)).unwrap();
    }
    fs::write(dir.path().join("secrets"), "5002 wrong\n").unwrap();
    fs::create_dir(dir.path().join("many")).unwrap();
    for number in 0..40 {
        let copy = dir.path().join(format!("many/{number}.pcap"));
        fs::copy(captures.join("incident/input.pcap"), copy).unwrap();
    }
    for name in ["incident.pcap", "tls.pcap", "keys.log", "secrets"] {
        fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    dir
}

/// What regscope prints in a directory, without the variables of sudo.
fn regscope(dir: &Path, args: &[&str]) -> (bool, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_regscope"));
    program.args(args).current_dir(dir).env_remove("SUDO_UID");
    let output = program.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn captures_of_root_alone_are_read_without_its_rights() {
    if !is_root("captures_of_root_alone_are_read_without_its_rights") {
        return;
    }
    let dir = of_root_alone();
    for command in [
        "report --utc incident.pcap",
        "report --utc --format json .",
        "report --utc --secret-file secrets incident.pcap",
        "report --utc many",
        "messages --utc incident.pcap",
        "messages --utc --keylog keys.log tls.pcap",
        "compare incident.pcap",
        "compare 1003 5002 incident.pcap",
        "compare 1003 5002 many",
        "compare --before incident.pcap --after incident.pcap 5002",
        "explain --utc 5002 incident.pcap",
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        let kept = [&*words, &["--user", "root", "--no-fence"]].concat();
        let (expected, given) = (regscope(dir.path(), &kept), regscope(dir.path(), &words));
        assert!(
            expected.0 && expected.1.contains("5002") | expected.1.contains("REGISTER"),
            "{expected:?}"
        );
        assert_eq!(given, expected, "{command}");
    }
}

#[test]
fn what_root_extracts_belongs_to_the_owner_of_the_directory() {
    use std::os::unix::fs::MetadataExt as _;
    if !is_root("what_root_extracts_belongs_to_the_owner_of_the_directory") {
        return;
    }
    let from = of_root_alone();
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for (name, mode, owner) in [("root", 0o755, 0), ("sticky", 0o1777, 0), ("own", 0o700, 65534)] {
        let place = dir.path().join(name);
        fs::create_dir(&place).unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
        std::os::unix::fs::chown(&place, Some(owner), Some(owner)).unwrap();
        for force in [false, true] {
            let output = place.join("5002.pcapng");
            let output = output.to_str().unwrap();
            let mut args = vec!["extract", "--dn", "5002", "-o", output, "incident.pcap"];
            if force {
                args.push("--force");
            }
            let (success, text) = regscope(from.path(), &args);
            assert!(success, "{name}: {text}");
            assert_eq!(fs::metadata(output).unwrap().uid(), owner, "{name}");
            assert_eq!(fs::read_dir(&place).unwrap().count(), 1, "{name}");
        }
    }
}

#[test]
fn rights_are_gone_while_a_capture_is_read() {
    use std::io::Write as _;
    use std::process::Stdio;
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/incident/input.pcap");
    let bytes = fs::read(capture).unwrap();
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    let mut program = Command::new(env!("CARGO_BIN_EXE_regscope"));
    program.args(["report", "-"]).env_remove("SUDO_UID");
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(first).unwrap();
    let of_child = |field: &str| {
        let text = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap().to_owned();
        line.trim_start_matches(':').trim().to_owned()
    };
    let began = Instant::now();
    while of_child("Seccomp") != "2" {
        assert!(began.elapsed() < Duration::from_secs(30), "no fence");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!((of_child("NoNewPrivs"), of_child("CapEff")), ("1".into(), "0".repeat(16)));
    if nix::unistd::geteuid().is_root() {
        assert_eq!(of_child("Uid").split_whitespace().collect::<Vec<_>>(), ["65534"; 4]);
    }
    stdin.write_all(rest).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("5002"));
}
