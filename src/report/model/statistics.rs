//! The statistics in JSON: numbers; delays in seconds, `null` where there are none.

use std::collections::BTreeMap;

use serde::Serialize;

use super::time;
use crate::statistics::{Delays, Statistics, Traffic};

/// Slices of time of the series.
const SLICES: usize = 60;

/// What REGISTERs and their responses come to in numbers.
#[derive(Serialize)]
pub(super) struct StatisticsDoc {
    #[serde(flatten)]
    all: TrafficDoc,
    codes: BTreeMap<u16, CodeDoc>,
    series: Option<SeriesDoc>,
    /// Times that no input covers.
    gaps: Vec<[Option<String>; 2]>,
    registrars: Vec<GroupDoc>,
    sources: Vec<GroupDoc>,
    copies: u64,
    not_counted: Option<u64>,
}

#[derive(Serialize)]
struct CodeDoc {
    count: u64,
    retransmissions: u64,
}

/// Slices of equal length.
#[derive(Serialize)]
struct SeriesDoc {
    from: Option<String>,
    to: Option<String>,
    attempts: Vec<u64>,
    failed: Vec<u64>,
    retransmissions: Vec<u64>,
    /// `null` where no input covers the slice.
    in_service: Vec<Option<u64>>,
}

/// A registrar or a source.
#[derive(Serialize)]
struct GroupDoc {
    address: String,
    #[serde(flatten)]
    traffic: TrafficDoc,
}

#[derive(Serialize)]
struct TrafficDoc {
    attempts: u64,
    succeeded: u64,
    failed: u64,
    unknown: u64,
    pending: u64,
    ineffective: u64,
    ineffective_percent: Option<f64>,
    requests: u64,
    retransmissions: u64,
    responses: u64,
    response_time: DelaysDoc,
    rrd: DelaysDoc,
    rrd_unknown: u64,
}

/// Seconds.
#[derive(Serialize)]
struct DelaysDoc {
    count: u64,
    min: Option<f64>,
    p50: Option<f64>,
    p90: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

impl StatisticsDoc {
    pub(super) fn new(statistics: &Statistics) -> Self {
        let slices = statistics.series.in_slices(SLICES);
        let series = statistics.series.span().map(|(from, to)| SeriesDoc {
            from: time(Some(from)),
            to: time(Some(to)),
            attempts: slices.attempts,
            failed: slices.failures,
            retransmissions: slices.retransmissions,
            in_service: slices.in_service,
        });
        let code = |(&code, own): (&u16, &crate::statistics::Responses)| {
            (code, CodeDoc { count: own.count, retransmissions: own.retransmissions })
        };
        let group =
            |address: String, own: &Traffic| GroupDoc { address, traffic: TrafficDoc::new(own) };
        let registrars = statistics.registrars.iter();
        let sources = statistics.sources.iter();
        Self {
            all: TrafficDoc::new(&statistics.all),
            codes: statistics.codes.iter().map(code).collect(),
            series,
            gaps: statistics.gaps.iter().map(|&(a, b)| [time(Some(a)), time(Some(b))]).collect(),
            registrars: registrars.map(|(at, own)| group(at.to_string(), own)).collect(),
            sources: sources.map(|(at, own)| group(at.to_string(), own)).collect(),
            copies: statistics.copies,
            not_counted: statistics.not_counted,
        }
    }
}

impl TrafficDoc {
    fn new(own: &Traffic) -> Self {
        Self {
            attempts: own.attempts,
            succeeded: own.succeeded,
            failed: own.failed,
            unknown: own.unknown,
            pending: own.pending,
            ineffective: own.ineffective,
            ineffective_percent: own.ineffective_percent(),
            requests: own.requests,
            retransmissions: own.retransmissions,
            responses: own.responses,
            response_time: DelaysDoc::new(&own.response_time),
            rrd: DelaysDoc::new(&own.rrd),
            rrd_unknown: own.rrd_unknown,
        }
    }
}

impl DelaysDoc {
    fn new(delays: &Delays) -> Self {
        let seconds = |nanos: Option<i64>| nanos.map(|nanos| nanos as f64 / 1e9);
        let at = |percent| seconds(delays.percentile(percent));
        Self {
            count: delays.count(),
            min: seconds(delays.least()),
            p50: at(50),
            p90: at(90),
            p95: at(95),
            p99: at(99),
            max: seconds(delays.most()),
        }
    }
}
