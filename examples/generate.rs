//! Makes a large capture or log of registrations and prints what is in it as one line of JSON.
//!
//! `cargo run --release --example generate -- mixed /tmp/mixed.pcap 2GB`

#![expect(clippy::print_stdout, reason = "the truth is for standard output")]

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

#[path = "../benches/generate/mod.rs"]
mod generate;
#[path = "../benches/generate/log.rs"]
mod log;

use generate::{Plan, Shape};

/// Makes a capture or a log of SIP registrations and prints what is in it as one line of JSON.
#[derive(Parser)]
struct Arguments {
    /// What it looks like
    shape: Name,
    /// The file; .pcapng makes pcapng, anything else pcap
    file: PathBuf,
    /// Bytes (KB, MB or GB behind the number) for reg, mixed, tcp and log; how many for the others
    #[arg(value_parser = size)]
    size: u64,
    /// The same seed makes the same file
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Deals the addresses out to so many files, FILE-000.pcap and so on
    #[arg(long, default_value_t = 1)]
    pieces: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// Many phones that register again and again, over UDP
    Reg,
    /// 95 % media, 4 % other SIP, 1 % registrations
    Mixed,
    /// SIP over TCP: split, several messages in a segment, out of order, sent again
    Tcp,
    /// Many DNs, each with one registration
    Dns,
    /// One DN with many attempts
    Attempts,
    /// Many TCP connections, each with one registration
    Flows,
    /// The log of a SIP server, 5 % of it SIP
    Log,
}

fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text.get(digits.len()..) {
        Some("") => 1,
        Some("KB") => 1000,
        Some("MB") => 1_000_000,
        Some("GB") => 1_000_000_000,
        _ => return Err("a number, with KB, MB or GB behind it or nothing".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|error| format!("{error}"))?;
    number.checked_mul(factor).ok_or_else(|| "too much".to_owned())
}

fn main() -> io::Result<()> {
    let Arguments { shape, file: path, size, seed, pieces } = Arguments::parse();
    let shape = match shape {
        Name::Reg => Shape::Registrations { bytes: size },
        Name::Mixed => Shape::Mixed { bytes: size },
        Name::Tcp => Shape::Tcp { bytes: size },
        Name::Dns => Shape::Dns { count: size },
        Name::Attempts => Shape::Attempts { count: size },
        Name::Flows => Shape::Flows { count: size },
        Name::Log => {
            let mut out = BufWriter::new(File::create(path)?);
            let messages = log::write(&mut out, size)?;
            out.flush()?;
            println!("{}", serde_json::json!({ "messages": messages }));
            return Ok(());
        }
    };
    let truth = Plan { shape, seed, path, pieces }.carry_out()?;
    println!("{}", serde_json::to_string(&truth)?);
    Ok(())
}
