//! What foreign code in the fenced process could do: calls made from inside the program itself.
//!
//! `tests/attack/inside.c` is loaded into the program and makes the calls when it gets SIGUSR2. As root
//! and in namespaces of its own, with a C compiler; `make attack` prints what each call came to.

#![cfg(all(feature = "live", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

mod namespace;

use namespace::{inside, ip, make_pair, say};

/// The user that root becomes, if nobody called sudo.
const NOBODY: u32 = 65534;
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the program gets to start its threads and give up what it kept for one of them.
const SETTLED: Duration = Duration::from_millis(700);

/// Calls that have to fail in every fenced process.
const NEVER: &[&str] = &[
    "tiocsti",
    "tiocsti_upper_bits",
    "tioclinux",
    "tiocsctty",
    "clone_newuser",
    "fork",
    "clone3",
    "unshare",
    "setns",
    "execve",
    "unix_connect",
    "unix_datagram",
    "unix_datagram_pair",
    "netlink_netfilter",
    "netlink_route",
    "packet",
    "vsock",
    "kill_other",
    "tgkill_other",
    "tkill_other",
    "kill_all",
    "pidfd_open",
    "sigqueue",
    "setown",
    "ptrace",
    "open_tree",
    "open_tree_clone",
    "fsopen",
    "move_mount",
    "fsconfig",
    "mount",
    "open_by_handle_at",
    "memfd_create",
    "io_uring",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "keyctl",
    "dumpable",
    "setuid_root",
    "setgroups",
    "personality",
    "memory_of_other",
];
/// Calls that Landlock, not seccomp, lets fail.
const FILES: &[&str] = &["create_in_tmp", "read_elsewhere"];
/// Sockets towards DNS servers.
const INTERNET: &[&str] = &["udp", "udp6", "tcp"];
/// Calls that work as ever.
const ALWAYS: &[&str] = &["own_pid", "own_kill", "done"];

/// What the calls are tried on, and the library that makes them.
struct Attack {
    dir: tempfile::TempDir,
    /// A process of the same user outside of the fence.
    other: Child,
    _listener: UnixListener,
}

/// What each call came to: its result, and the error if that is -1.
type Results = BTreeMap<String, (i64, i32)>;

impl Attack {
    /// None, and a word about it, where there is no C compiler.
    fn prepare() -> Option<Self> {
        let dir = tempfile::tempdir_in("/tmp").unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attack/inside.c");
        let library = dir.path().join("inside.so");
        let made =
            Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).output();
        match made {
            Ok(output) if output.status.success() => {}
            Ok(output) => {
                say(&format!("skipped: {}", String::from_utf8_lossy(&output.stderr)));
                return None;
            }
            Err(error) => {
                say(&format!("skipped: cc: {error}"));
                return None;
            }
        }
        let listener = UnixListener::bind(dir.path().join("socket")).unwrap();
        for (name, mode) in [("socket", 0o777), ("file", 0o666)] {
            let path = dir.path().join(name);
            if name == "file" {
                fs::write(&path, "x").unwrap();
            }
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let other = Command::new("sleep").arg("120").uid(NOBODY).gid(NOBODY).spawn().unwrap();
        Some(Self { dir, other, _listener: listener })
    }

    /// Starts regscope in a terminal of its own, has it make the calls, and ends it.
    fn run(&self, args: &[&str]) -> Results {
        let log = self.dir.path().join("log");
        fs::write(&log, "").unwrap();
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_regscope"));
        command.args(args);
        // not one that the screen could save to
        command.cwd("/usr");
        command.env("TERM", "xterm-256color");
        command.env_remove("SUDO_UID");
        command.env("LD_PRELOAD", self.dir.path().join("inside.so"));
        command.env("ATTACK_LOG", &log);
        command.env("ATTACK_SOCKET", self.dir.path().join("socket"));
        command.env("ATTACK_FILE", self.dir.path().join("file"));
        command.env("ATTACK_PID", self.other.id().to_string());
        let mut child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let screen = spawn(move || {
            let mut text = Vec::new();
            // a terminal whose program is gone gives an error
            drop(reader.read_to_end(&mut text));
            String::from_utf8_lossy(&text).into_owned()
        });
        let pid = Pid::from_raw(child.process_id().unwrap().cast_signed());
        let fenced = args.contains(&"--no-fence");
        wait("the fence", || status(pid, "Seccomp") == Some("2") || fenced);
        sleep(SETTLED);
        kill(pid, Signal::SIGUSR2).unwrap();
        let text = || fs::read_to_string(&log).unwrap();
        wait(&format!("the calls after\n{}", text()), || text().contains("done"));
        kill(pid, Signal::SIGTERM).unwrap();
        let ended = child.wait().unwrap();
        drop(pair.master);
        let screen = screen.join().unwrap();
        assert!(!screen.contains("panicked"), "{screen}");
        assert!(!screen.contains("cannot"), "{ended:?} {screen}");
        text().lines().map(result).collect()
    }
}

impl Drop for Attack {
    fn drop(&mut self) {
        drop(self.other.kill());
        drop(self.other.wait());
    }
}

fn result(line: &str) -> (String, (i64, i32)) {
    let mut words = line.split(' ');
    let name = words.next().unwrap().to_owned();
    let mut number = || words.next().unwrap().parse::<i64>().unwrap();
    (name, (number(), number() as i32))
}

fn status(pid: Pid, field: &str) -> Option<&'static str> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(":"))?;
    Some(if line.trim() == "2" { "2" } else { "another" })
}

#[track_caller]
fn wait(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(20));
    }
}

/// The names whose call did not end as it should.
fn wrong<'a>(results: &Results, names: &'a [&'a str], succeeds: bool) -> Vec<&'a str> {
    let ended = |name: &&str| results.get(*name).map(|(result, _)| *result >= 0);
    names.iter().copied().filter(|name| ended(name) != Some(succeeds)).collect()
}

/// Calls of a fenced process: refused with an error, never with a signal.
#[track_caller]
fn hold(how: &str, results: &Results, names: bool) {
    for (name, (result, errno)) in results {
        say(&format!("{how}: {name} {result} errno {errno}"));
    }
    assert_eq!(wrong(results, NEVER, false), [""; 0], "{how}");
    // refused, and not failed for a reason of its own
    let by_fence =
        |name: &&&str| matches!(results[**name].1, libc::EPERM | libc::EACCES | libc::ENOSYS);
    assert!(NEVER.iter().all(|name| by_fence(&name)), "{how}");
    assert_eq!(wrong(results, INTERNET, names), [""; 0], "{how}");
    assert_eq!(wrong(results, ALWAYS, true), [""; 0], "{how}");
    if landlock() {
        assert_eq!(wrong(results, FILES, false), [""; 0], "{how}");
    } else {
        say("left out: this kernel has no Landlock");
    }
}

/// Whether the kernel has it: it is among the security modules, or lists its own directory of errors.
fn landlock() -> bool {
    use landlock::{ABI, AccessFs, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _};
    let ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let access = <AccessFs as landlock::Access>::from_all(ABI::V1);
    ruleset.handle_access(access).and_then(Ruleset::create).is_ok()
}

#[test]
fn no_way_leads_out_of_watch() {
    if !inside("no_way_leads_out_of_watch") {
        return;
    }
    make_pair();
    ip("link set lo up");
    let Some(attack) = Attack::prepare() else { return };
    let all = [
        "watch",
        "-i",
        "lab0",
        "--hep",
        "127.0.0.1:9060",
        "--metrics",
        "127.0.0.1:9760",
        "--exec",
        "cat",
        "--webhook",
        "http://127.0.0.1:9/",
    ];
    hold("watch", &attack.run(&all), false);
    hold("watch --resolve", &attack.run(&["watch", "-i", "lab0", "--resolve"]), true);
    hold("watch --hep", &attack.run(&["watch", "--hep", "127.0.0.1:9060"]), false);
}

#[test]
fn no_way_leads_out_of_the_live_screen() {
    if !inside("no_way_leads_out_of_the_live_screen") {
        return;
    }
    make_pair();
    let Some(attack) = Attack::prepare() else { return };
    hold("the screen", &attack.run(&["-i", "lab0"]), false);
}

#[test]
fn no_way_leads_out_of_the_screen_on_a_file() {
    if !inside("no_way_leads_out_of_the_screen_on_a_file") {
        return;
    }
    let Some(attack) = Attack::prepare() else { return };
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/incident/input.pcap");
    hold("the screen on a file", &attack.run(&[capture.to_str().unwrap()]), false);
}

/// Without the fence the same calls work: the test would see it if they did.
#[test]
fn the_calls_would_work_without_the_fence() {
    if !inside("the_calls_would_work_without_the_fence") {
        return;
    }
    make_pair();
    let Some(attack) = Attack::prepare() else { return };
    let results = attack.run(&["watch", "-i", "lab0", "--no-fence"]);
    let open = [
        "fork",
        "unix_connect",
        "netlink_netfilter",
        "udp",
        "kill_other",
        "memfd_create",
        "setown",
        "create_in_tmp",
        "read_elsewhere",
        "own_pid",
        "own_kill",
        "done",
    ];
    assert_eq!(wrong(&results, &open, true), [""; 0], "{results:?}");
    // rights are gone also without it
    assert_eq!(wrong(&results, &["setuid_root", "setgroups", "packet"], false), [""; 0]);
    let left: PathBuf = "/dev/shm/regscope-attack".into();
    drop(fs::remove_file(left));
}
