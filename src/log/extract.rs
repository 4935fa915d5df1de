//! Reads what the patterns of the tables name: the parts of envelopes, statements and facts.

use regex::bytes::Captures;

use super::address::{Address, transport};
use super::collect::Fields;
use super::dialect::Fact;
use super::stamp::Stamp;
use super::{Place, StatementKind, Sureness};

/// A statement as found.
#[derive(Debug)]
pub(super) struct Said {
    /// Its line.
    pub at: Place,
    /// Its time.
    pub stamp: Option<Stamp>,
    /// Its dialect, as an index.
    pub dialect: usize,
    /// What it means.
    pub means: (StatementKind, Sureness),
    /// The DN.
    pub dn: Option<Vec<u8>>,
    /// The Contact URI.
    pub contact: Option<Vec<u8>>,
    /// The Call-ID.
    pub call_id: Option<Vec<u8>>,
    /// The device's address.
    pub source: Option<Address>,
    /// The status code.
    pub code: Option<u16>,
    /// The seconds it names.
    pub expires: Option<u32>,
    /// The number that ties an answer to its request.
    pub reference: Option<u32>,
    /// The line.
    pub text: Vec<u8>,
}

/// A fact as found.
#[derive(Debug)]
pub(super) struct Told {
    /// Whose fact it is, as an index of dialects.
    pub dialect: usize,
    /// What it is.
    pub fact: Fact,
    /// What it names: the node, or the zone's seconds.
    pub value: Vec<u8>,
    /// The local address.
    pub local: Option<Address>,
    /// The time it names.
    pub stamp: Option<Stamp>,
    /// The same as seconds since the epoch.
    pub moment: Option<Stamp>,
}

/// Reads what a line of an envelope names.
pub(super) fn read_fields(found: &Captures<'_>, fields: &mut Fields) {
    let part = |name| found.name(name).map(|part| part.as_bytes());
    let address = |name, port| {
        let address = Address::parse(part(name)?)?;
        Some(part(port).map_or(address, |port| address.with_port(port)))
    };
    fields.peer = address("peer", "peer_port").or(fields.peer);
    fields.local = address("local", "local_port").or(fields.local);
    fields.src = address("src", "src_port").or(fields.src);
    fields.dst = address("dst", "dst_port").or(fields.dst);
    if let Some(port) = part("src_port") {
        fields.src = fields.src.map(|address| address.with_port(port));
    }
    if let Some(port) = part("dst_port") {
        fields.dst = fields.dst.map(|address| address.with_port(port));
    }
    fields.transport = part("transport").and_then(transport).or(fields.transport);
    let size = part("size").and_then(|size| std::str::from_utf8(size).ok()?.parse().ok());
    fields.size = size.or(fields.size);
    let stamp = part("epoch").and_then(Stamp::epoch);
    let stamp = stamp.or_else(|| Some(Stamp::parse(part("time")?)?.0));
    fields.stamp = stamp.or(fields.stamp);
}

/// Reads a statement.
pub(super) fn said(
    found: &Captures<'_>,
    dialect: usize,
    means: (StatementKind, Sureness),
    at: Place,
    stamp: Option<Stamp>,
    text: &[u8],
) -> Said {
    let part = |name| found.name(name).map(|part| part.as_bytes());
    let number = |name| std::str::from_utf8(part(name)?).ok()?.parse::<u32>().ok();
    Said {
        at,
        stamp,
        dialect,
        means,
        dn: part("dn").map(<[u8]>::to_vec),
        contact: part("contact").map(<[u8]>::to_vec),
        // chan_sip's security events have a pointer there
        call_id: part("call_id").filter(|id| !id.starts_with(b"0x")).map(<[u8]>::to_vec),
        source: part("source").and_then(Address::parse),
        code: number("code").and_then(|code| u16::try_from(code).ok()),
        expires: number("expires"),
        reference: number("reference").or_else(|| number("reference_behind")),
        text: text.to_vec(),
    }
}

/// Reads a fact.
pub(super) fn told(found: &Captures<'_>, (dialect, fact): (usize, Fact)) -> Told {
    let part = |name| found.name(name).map(|part| part.as_bytes());
    let value = part("node").or_else(|| part("west"));
    Told {
        dialect,
        fact,
        value: value.unwrap_or_default().to_vec(),
        local: part("local").and_then(Address::parse),
        stamp: part("time").and_then(|time| Some(Stamp::parse(time)?.0)),
        moment: part("epoch").and_then(Stamp::epoch),
    }
}

/// One time out of a line's own and its carrier's.
///
/// A carrier that knows its zone is right; one in whole seconds takes its decimals from the line.
pub(super) fn merge(own: Option<Stamp>, carrier: Option<Stamp>) -> Option<Stamp> {
    let (Some(own), Some(carrier)) = (own, carrier) else { return own.or(carrier) };
    if own.offset.is_some() {
        return Some(own);
    }
    if carrier.offset.is_some() {
        let same = own.second.abs_diff(carrier.second) <= 1 && carrier.digits == 0;
        let finer = Stamp { day: carrier.day, offset: carrier.offset, ..own };
        return Some(if same { finer } else { carrier });
    }
    if own.day.is_some() || carrier.day.is_none() {
        return Some(own);
    }
    let near = own.second.abs_diff(carrier.second) < 43_200;
    Some(if near { Stamp { day: carrier.day, ..own } } else { carrier })
}
