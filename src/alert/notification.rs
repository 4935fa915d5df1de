//! What is reported of an outage, as an object and in words.

use std::net::IpAddr;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Serialize;

use super::findings::Observation;
use super::outage::{Outage, Scope};
use super::{Cause, Level, Trouble};
use crate::net::{Timestamp, count};
use crate::wording::append;
use crate::wording::when::Clock;

/// The version of the format.
const SCHEMA: u32 = 1;
/// How long a finding holds.
const FOUND: Duration = Duration::from_secs(3600);
/// DNs that are named in the text.
const IN_TEXT: usize = 10;

/// Why an outage is reported.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It began.
    Outage,
    /// More DNs are in trouble, or half of them are back.
    Update,
    /// It goes on.
    Reminder,
    /// It is over.
    Recovery,
    /// Something was found that is about no DN.
    Finding,
}

/// What is reported of an outage; this type defines the format.
#[derive(Serialize, Clone, PartialEq, Eq, Debug)]
pub struct Notification {
    schema: u32,
    #[serde(rename = "type")]
    kind: &'static str,
    /// Why it is reported.
    pub event: Kind,
    /// Different for each notification, and the same when it is posted a second time.
    pub id: String,
    /// The same for all notifications of an outage.
    outage: String,
    /// When it is reported, RFC 3339.
    time: String,
    /// Since when the first DN was in trouble.
    since: String,
    /// When the last DN was back.
    until: Option<String>,
    duration_seconds: u64,
    /// How bad it is.
    state: Option<Level>,
    verdict: String,
    status_code: Option<u16>,
    /// What is wrong, in words.
    label: String,
    /// The address all DNs register from.
    source: Option<IpAddr>,
    /// The registrar all DNs register with.
    registrar: Option<String>,
    /// DNs of the outage so far, those in trouble now, those that are back, those that went from at risk to out of
    /// service, and how many joined since it was last reported.
    dns_total: usize,
    dns_out: usize,
    dns_back: usize,
    dns_worse: usize,
    dns_new: usize,
    /// Findings of this kind since it was last reported; 0 if this is about an outage.
    findings: u64,
    /// How often a DN came back and did not stay.
    relapses: u64,
    /// The first of the DNs this is about.
    pub dns: Vec<String>,
    /// Why the first DN is in trouble.
    cause: Option<Cause>,
    /// When nobody watched, if a DN may have come back then.
    unwatched: Option<[String; 2]>,
    /// The host that saw it.
    host: String,
    /// Until when it holds, if nothing else is reported.
    valid_until: String,
    /// In one line.
    pub title: String,
    /// In some lines, without the title.
    pub text: String,
    #[serde(skip)]
    at: At,
}

/// The times of a notification, before they are put into words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct At {
    now: Timestamp,
    since: Timestamp,
    until: Option<Timestamp>,
    gap: Option<(Timestamp, Timestamp)>,
}

impl Notification {
    pub(super) fn new(
        event: Kind,
        id: u64,
        outage: &Outage,
        named: Vec<String>,
        gap: Option<(Timestamp, Timestamp)>,
        (now, valid): (Timestamp, Duration),
    ) -> Self {
        let since = outage.since;
        let until = (event == Kind::Recovery).then(|| outage.last_back.max(since));
        let gap = gap.filter(|_| outage.unwatched && event == Kind::Recovery);
        let id = format!("{}-{id}", since.nanos() / 1_000_000_000);
        let (dns, dns_new) = match event {
            Kind::Recovery => (outage.first.clone(), 0),
            _ if outage.fresh.1 > 0 => (outage.fresh.0.clone(), outage.fresh.1),
            _ => (named, 0),
        };
        Self {
            schema: SCHEMA,
            kind: "notification",
            event,
            id: format!("{id}-{}", outage.reported.saturating_add(1)),
            outage: id,
            time: rfc3339(now),
            since: rfc3339(since),
            until: until.map(rfc3339),
            duration_seconds: until.unwrap_or(now).since(since).as_secs(),
            state: Some(outage.trouble.level),
            verdict: outage.trouble.verdict.clone(),
            status_code: outage.trouble.status_code,
            label: outage.trouble.label.clone(),
            source: outage.scope.source,
            registrar: outage.scope.registrar.clone(),
            dns_total: outage.total(),
            dns_out: outage.out,
            dns_back: outage.back,
            dns_worse: outage.worse,
            dns_new,
            findings: 0,
            relapses: outage.relapses,
            dns,
            cause: outage.cause.clone(),
            unwatched: gap.map(|(from, to)| [rfc3339(from), rfc3339(to)]),
            host: String::new(),
            valid_until: rfc3339(now.plus(valid)),
            title: String::new(),
            text: String::new(),
            at: At { now, since, until, gap },
        }
    }

    /// What is reported of some findings of a kind, by the first of them.
    pub(super) fn of_finding(id: u64, found: Observation, number: u64, now: Timestamp) -> Self {
        let Observation { time, rule, sentence, check, source } = found;
        let (verdict, label) = (rule.to_owned(), sentence.clone());
        let trouble = Trouble { level: Level::AtRisk, verdict, status_code: None, label };
        let mut outage = Outage::new(trouble, Scope { source, registrar: None }, time);
        outage.cause = Some(Cause { rule: rule.to_owned(), sentence, check });
        let reported = (now, FOUND);
        let own = Self::new(Kind::Finding, id, &outage, Vec::new(), None, reported);
        Self { state: None, findings: number, ..own }
    }

    /// One of each kind, with names that are hard to put into other formats.
    #[must_use]
    pub fn samples() -> Vec<Self> {
        let now = Timestamp::from_parts(1_763_499_963, 0);
        let (level, verdict) = (Level::OutOfService, "rejected".to_owned());
        let label = "rejected 403 Forbidden".to_owned();
        let trouble = Trouble { level, verdict, status_code: Some(403), label };
        let mut outage = Outage::new(trouble, Scope::default(), now);
        let cause = Cause {
            rule: "rejected".to_owned(),
            sentence: "<b>\"quoted\"</b> {{ x }} \\ \u{e9}".to_owned(),
            check: "the dial plan".to_owned(),
        };
        outage.join("\"5001\" <!channel> & \\", now, Some(cause));
        outage.back = 1;
        let kinds = [Kind::Outage, Kind::Update, Kind::Reminder, Kind::Recovery];
        let sample = |kind| Self::new(kind, 1, &outage, Vec::new(), None, (now, Duration::ZERO));
        let found = Observation {
            time: now,
            rule: "cluster-split",
            sentence: "\"dc1\" and <dc2> & \\".to_owned(),
            check: "the link".to_owned(),
            source: None,
        };
        let samples = kinds.map(sample).into_iter().chain([Self::of_finding(2, found, 3, now)]);
        samples.map(|sample| sample.in_words(&TimeZone::UTC, "pbx1")).collect()
    }

    /// The same with its title and text, times in this zone, reported by this host.
    #[must_use]
    pub fn in_words(mut self, zone: &TimeZone, host: &str) -> Self {
        let clock = Clock::new(zone, self.at.now);
        self.title = self.title_at(&clock);
        self.text = self.text_at(&clock, host);
        host.clone_into(&mut self.host);
        self
    }

    /// DNs and what they share: `212 DNs at 192.168.210.54`.
    fn subject(&self, number: usize) -> String {
        let dns = match self.dns.as_slice() {
            [one] if number == 1 => format!("DN {one}"),
            _ => count(number as u64, "DN"),
        };
        match (self.source, &self.registrar) {
            (Some(source), _) => format!("{dns} at {source}"),
            (None, Some(registrar)) => format!("{dns} on registrar {registrar}"),
            (None, None) => dns,
        }
    }

    /// What is wrong: `rejected 403 Forbidden`, `at risk: refresh refused`.
    fn wrong(&self) -> String {
        match self.state {
            Some(Level::AtRisk) => format!("in service, at risk: {}", self.label),
            _ => self.label.clone(),
        }
    }

    fn title_at(&self, clock: &Clock) -> String {
        let (wrong, since) = (self.wrong(), clock.short(self.at.since));
        match self.event {
            Kind::Outage => format!("{}: {wrong} since {since}", self.subject(self.dns_out)),
            Kind::Update if self.dns_new > 0 => {
                let (new, all) = (self.dns_new, self.dns_out);
                let subject = self.subject(all);
                format!("Now {subject}: {wrong} since {since} ({new} more)")
            }
            Kind::Update | Kind::Reminder => {
                let back = match self.dns_back {
                    0 => String::new(),
                    back => format!(" ({back} of {} are back)", self.dns_total),
                };
                format!("Still {}: {wrong} since {since}{back}", self.subject(self.dns_out))
            }
            Kind::Recovery => self.recovery(clock),
            Kind::Finding if self.findings > 1 => {
                format!("{} (and {} more like this)", self.label, self.findings - 1)
            }
            Kind::Finding => self.label.clone(),
        }
    }

    fn recovery(&self, clock: &Clock) -> String {
        let took = lasted(Duration::from_secs(self.duration_seconds));
        let subject = self.subject(self.dns_back);
        let most = if self.at.gap.is_some() { "at most " } else { "" };
        let until = self.at.until.map(|until| clock.short(until)).unwrap_or_default();
        let since = clock.short(self.at.since);
        let (now, wrong) = match self.state {
            Some(Level::AtRisk) => ("no longer at risk", &self.label),
            _ => ("back in service", &self.label),
        };
        let worse = match self.dns_worse {
            0 => String::new(),
            worse => format!("; {worse} went out of service"),
        };
        format!("{subject} {now} after {most}{took} ({wrong}, {since} to {until}){worse}")
    }

    fn text_at(&self, clock: &Clock, host: &str) -> String {
        let mut lines = Vec::new();
        let all = match self.event {
            Kind::Recovery => self.dns_back,
            _ if self.dns_new > 0 => self.dns_new,
            _ => self.dns_out,
        };
        if all > 1 {
            let mut line = match self.event {
                Kind::Update if self.dns_new > 0 => "New DNs: ".to_owned(),
                _ => "DNs: ".to_owned(),
            };
            let shown: Vec<_> = self.dns.iter().take(IN_TEXT).map(String::as_str).collect();
            line += &shown.join(", ");
            if all > shown.len() {
                append!(line, " and {} more", all - shown.len());
            }
            lines.push(line);
        }
        if let (Some(_), Some(registrar)) = (self.source, &self.registrar) {
            lines.push(format!("Registrar: {registrar}"));
        }
        if let (Some(cause), false) = (&self.cause, self.event == Kind::Recovery) {
            let example = if self.dns_total > 1 { "For example, " } else { "" };
            // the title of a finding is its sentence
            if self.event != Kind::Finding {
                lines.push(format!("{example}{}", cause.sentence));
            }
            lines.push(format!("Check: {}", cause.check));
        }
        if self.relapses > 0 {
            let times = count(self.relapses, "time");
            lines.push(format!("In between, DNs came back and went out again {times}."));
        }
        if let Some((from, to)) = self.at.gap {
            let (from, to) = (clock.short(from), clock.short(to));
            lines.push(format!(
                "regscope was not watching from {from} to {to}: DNs may have come back then."
            ));
        }
        let zone = clock.zone(self.at.now);
        lines.push(format!("Seen by regscope on {host}; times in {zone}."));
        lines.join("\n")
    }
}

/// `2026-11-18T21:04:05Z`.
fn rfc3339(time: Timestamp) -> String {
    let time = jiff::Timestamp::from_second(time.nanos().div_euclid(1_000_000_000));
    time.unwrap_or_default().to_string()
}

/// A time that passed, in its two largest units: `45 s`, `14 min 3 s`, `2 h 3 min`, `3 days 4 h`.
fn lasted(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min {} s", seconds % 60),
        3600..86_400 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{} {} h", count(days, "day"), hours % 24),
    }
}
