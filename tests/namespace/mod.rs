//! Runs a test in namespaces of its own for network and mounts, by starting its program again in one.

use std::env;
use std::io::Write as _;
use std::process::Command;

/// Set for the copy of this program that runs inside a namespace, or as nobody.
pub(crate) const INSIDE: &str = "REGSCOPE_TEST_INSIDE";

/// Whether this is the inner run of the test `name`; the outer one starts it and says why if it cannot.
pub(crate) fn inside(name: &str) -> bool {
    if env::var_os(INSIDE).is_some() {
        return true;
    }
    if !nix::unistd::geteuid().is_root() {
        say(&format!("skipped {name}: network namespaces need root"));
        return false;
    }
    if let Some(why) = cannot() {
        say(&format!("skipped {name}: {why}"));
        return false;
    }
    let program = env::current_exe().unwrap();
    let mut inner = Command::new("unshare");
    inner
        .args(["--net", "--mount"])
        .arg(program)
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1");
    match inner.output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout);
            let errors = String::from_utf8_lossy(&output.stderr);
            if errors.contains("unshare failed") {
                say(&format!("skipped {name}: {errors}"));
            } else {
                assert!(output.status.success() && text.contains("1 passed"), "{text}{errors}");
                // what it left out
                errors.lines().for_each(say);
            }
        }
        Err(error) => say(&format!("skipped {name}: unshare: {error}")),
    }
    false
}

/// Why no pair of devices can be made in a namespace here: no right to, no tools, no such devices.
fn cannot() -> Option<String> {
    let pair = ["ip", "link", "add", "lab0", "type", "veth", "peer", "name", "lab1"];
    match Command::new("unshare").arg("--net").args(pair).output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Some(format!("unshare: {error}")),
    }
}

pub(crate) fn ip(args: &str) {
    let output = Command::new("ip").args(args.split(' ')).output().unwrap();
    assert!(output.status.success(), "ip {args}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A pair of devices; what is sent to the other end's address leaves through `lab0`.
#[allow(dead_code, reason = "not every program of tests needs two devices")]
pub(crate) fn make_pair() {
    ip("link add lab0 type veth peer name lab1");
    ip("addr add 192.0.2.1/24 dev lab0");
    ip("link set lab0 up");
    ip("link set lab1 up");
    ip("neigh replace 192.0.2.9 lladdr 02:00:00:00:00:09 dev lab0 nud permanent");
}

/// Says why a test was left out.
pub(crate) fn say(sentence: &str) {
    // without standard error there is nothing to do
    drop(writeln!(std::io::stderr(), "{sentence}"));
}
