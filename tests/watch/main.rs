//! The program follows HEP agents and devices: what happens is reported, in time, and the end is clean.

#![cfg(any(feature = "live", feature = "hep"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test; an index into JSON never panics"
)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

mod agents;
#[cfg(all(feature = "exec", feature = "metrics"))]
mod alerts;
#[cfg(all(feature = "exec", feature = "metrics", feature = "hep"))]
mod clusters;
#[cfg(all(feature = "live", feature = "hep", target_os = "linux"))]
mod collectors;
#[cfg(all(feature = "live", target_os = "linux"))]
mod devices;
#[cfg(all(feature = "live", target_os = "linux"))]
mod failing;
#[cfg(all(feature = "live", target_os = "linux"))]
#[path = "../namespace/lab.rs"]
mod lab;
mod logs;
#[cfg(all(feature = "live", target_os = "linux"))]
#[path = "../namespace/mod.rs"]
mod namespace;
#[cfg(all(feature = "webhook", feature = "exec", feature = "metrics", feature = "hep"))]
mod notifications;
#[cfg(all(
    feature = "live",
    feature = "exec",
    feature = "metrics",
    feature = "hep",
    target_os = "linux"
))]
mod pair;
#[cfg(all(feature = "live", target_os = "linux"))]
mod registrar;
mod reports;
#[cfg(feature = "hep")]
mod stream;

const WAIT: Duration = Duration::from_secs(10);

/// A program that watches; it is killed if the test fails.
struct Watch {
    child: Child,
    out: Arc<Mutex<Vec<(Instant, String)>>>,
    err: Arc<Mutex<Vec<(Instant, String)>>>,
    /// Threads that read its outputs.
    readers: Vec<std::thread::JoinHandle<()>>,
}

impl Watch {
    fn start(args: &[&str]) -> Self {
        let watch = Self::run(&[&["watch"], args].concat());
        watch.wait_err("watching ");
        watch
    }

    /// The same for another command.
    fn run(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_regscope"))
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (out, err) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<Mutex<Vec<_>>>::default());
        let follow = |stream: Box<dyn std::io::Read + Send>, lines: &Arc<Mutex<Vec<_>>>| {
            let lines = Arc::clone(lines);
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines() {
                    lines.lock().unwrap().push((Instant::now(), line.unwrap()));
                }
            })
        };
        let readers = vec![
            follow(Box::new(child.stdout.take().unwrap()), &out),
            follow(Box::new(child.stderr.take().unwrap()), &err),
        ];
        Self { child, out, err, readers }
    }

    /// All that it printed.
    #[cfg(feature = "hep")]
    fn out(&self) -> String {
        let lines = self.out.lock().unwrap();
        lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n")
    }

    fn lines(&self) -> Vec<(Instant, Value)> {
        let lines = self.out.lock().unwrap();
        lines.iter().map(|(at, line)| (*at, serde_json::from_str(line).unwrap())).collect()
    }

    fn err(&self) -> String {
        let lines = self.err.lock().unwrap();
        lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n")
    }

    fn wait_err(&self, words: &str) -> String {
        let began = Instant::now();
        loop {
            let err = self.err();
            if let Some(line) = err.lines().find(|line| line.contains(words)) {
                return line.to_owned();
            }
            assert!(began.elapsed() < WAIT, "no {words:?} in {err}");
            sleep(Duration::from_millis(5));
        }
    }

    #[cfg(all(feature = "live", target_os = "linux"))]
    fn wait_text(&self, words: &str) {
        let began = Instant::now();
        while !self.out.lock().unwrap().iter().any(|(_, line)| line.contains(words)) {
            assert!(began.elapsed() < WAIT, "no {words:?} in {:#?}", self.out.lock().unwrap());
            sleep(Duration::from_millis(5));
        }
    }

    /// The first change of a DN to a verdict, and when it was reported.
    fn wait_change(&self, dn: &str, verdict: &str) -> (Instant, Value) {
        let began = Instant::now();
        loop {
            let lines = self.lines();
            let found = lines.iter().find(|(_, line)| {
                line["type"] == "change" && line["dn"] == dn && line["to"]["verdict"] == verdict
            });
            if let Some(found) = found {
                return found.clone();
            }
            assert!(began.elapsed() < WAIT, "no {dn} {verdict}: {lines:#?}\n{}", self.err());
            sleep(Duration::from_millis(5));
        }
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        // the shell's own: not every machine has kill(1)
        let kill = format!("kill {signal} {pid}");
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Ends it by a signal: its status, and what it said on standard error.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        self.wait_end()
    }

    /// Waits until it ends: its status, and what it said on standard error.
    fn wait_end(&mut self) -> (Option<i32>, String) {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < WAIT, "it does not end");
            sleep(Duration::from_millis(5));
        };
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        (status.code(), self.err())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name).join("input.pcap")
}

/// Status, standard output and standard error of a run that ends by itself.
fn refused(args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    let output = command.arg("watch").args(args).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{args:?}");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn without_anything_to_watch_it_is_bad_usage() {
    let (status, err) = refused(&[]);
    assert_eq!(status, Some(2));
    assert!(err.contains("nothing to watch"), "{err}");
}
