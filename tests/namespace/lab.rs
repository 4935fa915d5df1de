//! Two hosts joined by a wire: kamailio on this one, real user agents on the other.

#![allow(dead_code, reason = "not every program of tests plays everything")]
#![allow(clippy::indexing_slicing, reason = "an index into JSON never panics")]

use std::env;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::namespace::{ip, make_pair};

/// Where the registrar is: on this end of the wire.
pub(crate) const REGISTRAR: &str = "192.0.2.1";
/// Where the user agents are.
pub(crate) const PHONES: &str = "192.0.2.9";

/// Where a program is that may be installed outside of the path.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let places = env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    places.map(|place| place.join(name)).find(|file| file.is_file())
}

/// What of these is not installed.
pub(crate) fn missing(names: &[&str]) -> Option<String> {
    let missing: Vec<_> = names.iter().copied().filter(|name| program(name).is_none()).collect();
    (!missing.is_empty()).then(|| format!("{} not here", missing.join(", ")))
}

/// A program that is ended with its test.
pub(crate) struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    pub(crate) fn start(mut command: Command, log: PathBuf) -> Self {
        let out = File::create(&log).unwrap();
        command.stdin(Stdio::null()).stderr(out.try_clone().unwrap()).stdout(out);
        Self { child: command.spawn().unwrap(), log }
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end; whether it was content.
    pub(crate) fn wait(&mut self, most: Duration) -> bool {
        let began = Instant::now();
        while began.elapsed() < most {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            sleep(Duration::from_millis(5));
        }
        false
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn end(&mut self) {
        let kill = format!("kill -TERM {}", self.id());
        drop(Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status());
        self.wait(Duration::from_secs(5));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
        // both do nothing to one that has ended
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Both hosts.
pub(crate) struct Lab {
    pub(crate) dir: TempDir,
    /// Holds the namespace of the other host.
    other: Running,
}

impl Lab {
    /// Lays the wire from `lab0` here to `lab1` there.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir_in("/tmp").unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let mut command = Command::new("unshare");
        command.args(["--net", "sleep", "300"]);
        let other = Running::start(command, dir.path().join("other.log"));
        make_pair();
        ip("link set lo up");
        ip("link set lab1 address 02:00:00:00:00:09");
        let id = other.id();
        let own = fs::read_link("/proc/self/ns/net").unwrap();
        while fs::read_link(format!("/proc/{id}/ns/net")).is_ok_and(|there| there == own) {
            sleep(Duration::from_millis(1));
        }
        ip(&format!("link set lab1 netns {id}"));
        let lab = Self { dir, other };
        for args in [
            "link set lo up",
            &format!("addr add {PHONES}/24 dev lab1"),
            "link set lab1 up",
            // no chatter of the devices' own in between
            "-6 addr flush dev lab1",
        ] {
            let output = lab.there("ip").args(args.split(' ')).output().unwrap();
            assert!(output.status.success(), "{args}: {output:?}");
        }
        lab
    }

    /// A command on the other host.
    pub(crate) fn there(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.other.id().to_string(), "-n", program]);
        command.current_dir(self.dir.path()).env("TERM", "xterm").env("HOME", self.dir.path());
        command
    }

    pub(crate) fn start(&self, command: Command, log: &str) -> Running {
        Running::start(command, self.dir.path().join(log))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Has `SIPp` play a scenario of these exchanges from a port of its own.
    pub(crate) fn sipp(&self, phone: &Phone<'_>, exchanges: &[Exchange]) -> Running {
        let name = format!("{}-{}", phone.dn, exchanges.first().map_or(0, |first| first.cseq));
        let file = self.path(&format!("{name}.xml"));
        fs::write(&file, phone.scenario(exchanges)).unwrap();
        let mut command = self.there("sipp");
        command.arg(format!("{REGISTRAR}:5060")).arg("-sf").arg(&file).args(["-m", "1"]);
        command.args(["-i", PHONES, "-p", &phone.port.to_string(), "-t", phone.transport]);
        command.args(["-nostdin", "-timeout", "45s", "-timeout_error"]);
        command.args(["-cid_str", &format!("{}@{PHONES}", phone.dn)]);
        command.args(["-s", phone.dn, "-au", phone.dn, "-ap", &format!("pw{}", phone.dn)]);
        self.start(command, &format!("{name}.log"))
    }

    /// The same, to its end.
    pub(crate) fn register(&self, phone: &Phone<'_>, exchanges: &[Exchange]) {
        let mut sipp = self.sipp(phone, exchanges);
        assert!(sipp.wait(Duration::from_secs(15)), "{}", sipp.log());
    }
}

/// A phone that `SIPp` plays.
pub(crate) struct Phone<'a> {
    pub(crate) dn: &'a str,
    pub(crate) port: u16,
    /// As `SIPp` names it: `u1` or `t1`.
    pub(crate) transport: &'a str,
}

/// A REGISTER and the answer it has to get.
#[derive(Clone, Copy)]
pub(crate) struct Exchange {
    cseq: u32,
    expires: u32,
    /// 0: none comes. 401: it is asked for credentials, and gives them in the next.
    code: u16,
    with_credentials: bool,
    /// Milliseconds it waits before.
    pause: u32,
}

impl Exchange {
    pub(crate) const fn new(cseq: u32, expires: u32, code: u16) -> Self {
        Self { cseq, expires, code, with_credentials: false, pause: 0 }
    }

    /// The same, with an answer to the challenge before.
    pub(crate) const fn with_credentials(self) -> Self {
        Self { with_credentials: true, ..self }
    }

    /// The same, so many milliseconds after the one before.
    #[cfg(feature = "hep")]
    pub(crate) const fn after(self, pause: u32) -> Self {
        Self { pause, ..self }
    }
}

impl Phone<'_> {
    fn scenario(&self, exchanges: &[Exchange]) -> String {
        let mut xml = format!("<?xml version=\"1.0\"?>\n<scenario name=\"{}\">\n", self.dn);
        for exchange in exchanges {
            let Exchange { cseq, expires, code, with_credentials, pause } = *exchange;
            let repeat = if self.transport == "u1" { " retrans=\"500\"" } else { "" };
            let given = if with_credentials { "[authentication]\n" } else { "" };
            let transport = if self.transport == "u1" { "" } else { ";transport=tcp" };
            writeln!(xml, "<pause milliseconds=\"{pause}\"/>").unwrap();
            write!(
                xml,
                "<send{repeat}><![CDATA[\n\nREGISTER sip:[remote_ip] SIP/2.0\n\
                 Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n\
                 Max-Forwards: 70\nFrom: <sip:[service]@[remote_ip]>;tag=[service]\n\
                 To: <sip:[service]@[remote_ip]>\nCall-ID: [call_id]\nCSeq: {cseq} REGISTER\n\
                 Contact: <sip:[service]@[local_ip]:[local_port]{transport}>\nExpires: {expires}\n{given}\
                 User-Agent: SIPp\nContent-Length: 0\n\n]]></send>\n"
            )
            .unwrap();
            let auth = if code == 401 { " auth=\"true\"" } else { "" };
            // where none comes the time runs out
            let code = if code == 0 { 200 } else { code };
            writeln!(xml, "<recv response=\"{code}\"{auth}/>").unwrap();
        }
        xml.push_str("</scenario>\n");
        xml
    }
}

/// Kamailio with the configuration of the captures' lab, steered over its socket.
pub(crate) struct Kamailio {
    running: Running,
    socket: PathBuf,
    dir: PathBuf,
}

impl Kamailio {
    /// Starts one; `defines` and flags are those of `tests/lab/registrar.cfg`.
    pub(crate) fn start(lab: &Lab, name: &str, defines: &[(&str, &str)]) -> Self {
        let command = Command::new(program("kamailio").unwrap());
        Self::start_by(command, lab.path(name), REGISTRAR, defines)
    }

    /// The same by a command that takes its arguments, with a new directory, at an address.
    pub(crate) fn start_by(
        mut command: Command,
        dir: PathBuf,
        address: &str,
        defines: &[(&str, &str)],
    ) -> Self {
        fs::create_dir(&dir).unwrap();
        let socket = dir.join("rpc");
        let file = dir.join("kamailio.cfg");
        fs::write(&file, configuration(&socket, address, defines)).unwrap();
        command.arg("-f").arg(&file).args(["-DD", "-E", "-m", "32", "-M", "4", "-Y"]);
        command.arg(&dir).arg("-P").arg(dir.join("pid"));
        let running = Running::start(command, dir.join("kamailio.log"));
        let new = Self { running, socket, dir };
        let began = Instant::now();
        while new.call("core.version", &json!([])).is_none() {
            assert!(began.elapsed() < Duration::from_secs(20), "{}", new.running.log());
            sleep(Duration::from_millis(50));
        }
        new
    }

    /// One call of JSON-RPC.
    fn call(&self, method: &str, params: &Value) -> Option<Value> {
        let own = self.dir.join("caller");
        drop(fs::remove_file(&own));
        let client = UnixDatagram::bind(&own).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        let call = json!({"jsonrpc": "2.0", "method": method, "params": params, "id": 1});
        client.send_to(call.to_string().as_bytes(), &self.socket).ok()?;
        let mut answer = vec![0; 1 << 18];
        let length = client.recv(&mut answer).ok()?;
        let mut answer: Value = serde_json::from_slice(answer.get(..length)?).unwrap();
        assert!(answer["error"].is_null(), "{method}: {answer}");
        Some(answer["result"].take())
    }

    /// How REGISTERs of a DN are treated: a word of `registrar.cfg`.
    pub(crate) fn policy(&self, dn: &str, word: &str) {
        self.call("htable.sets", &json!(["policy", dn, word])).unwrap();
    }

    /// The DNs in the location table whose time has not run out.
    pub(crate) fn table(&self) -> Vec<String> {
        let dump = self.call("ul.dump", &json!([])).unwrap();
        let domains = dump["Domains"].as_array().unwrap().iter();
        let records = domains.filter_map(|domain| domain["Domain"]["AoRs"].as_array()).flatten();
        let mut dns: Vec<_> = records
            .filter(|record| {
                let contacts = record["Info"]["Contacts"].as_array().unwrap();
                contacts.iter().any(|c| c["Contact"]["Expires"].as_i64().unwrap_or(0) > 0)
            })
            .map(|record| record["Info"]["AoR"].as_str().unwrap().to_owned())
            .collect();
        dns.sort();
        dns
    }
}

/// Where the modules of kamailio are.
pub(crate) fn modules() -> Option<PathBuf> {
    let modules = ["x86_64-linux-gnu", "aarch64-linux-gnu", "", "../lib64"]
        .map(|machine| Path::new("/usr/lib").join(machine).join("kamailio/modules/"));
    modules.into_iter().find(|place| place.is_dir())
}

fn configuration(socket: &Path, address: &str, defines: &[(&str, &str)]) -> String {
    let modules = modules().unwrap();
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/registrar.cfg");
    let mut text = format!("#!KAMAILIO\n#!define RPC_SOCKET \"{}\"\n", socket.display());
    text.push_str("#!define MAX_EXPIRES 0\n#!define NONCE_EXPIRE 300\n");
    for (name, value) in defines {
        writeln!(text, "#!define {name} {value}").unwrap();
    }
    for transport in ["udp", "tcp"] {
        writeln!(text, "listen={transport}:{address}:5060").unwrap();
    }
    writeln!(text, "mpath=\"{}/\"\ninclude_file \"{}\"", modules.display(), shared.display())
        .unwrap();
    text
}
