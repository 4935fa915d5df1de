//! Prints what changed, a line each, as text or as NDJSON.

use std::io::{self, Write};

use jiff::tz::TimeZone;

use super::{ndjson, text};
use crate::app::live::inputs::Inputs;
use crate::capture::{Hosts, Process};
use crate::cli::WatchFormat;
use crate::diagnosis::Finding;
use crate::net::{Endpoint, Timestamp, escape_lossy};
use crate::registration::{DnChange, DnView, Risk, Snapshot};

/// The version of the NDJSON format.
pub(super) const SCHEMA: u32 = 1;

/// A change, and what is known of its DN.
pub(super) struct Told<'a> {
    pub change: &'a DnChange,
    /// The source that holds the DN, or that tried last.
    pub source: Option<Endpoint>,
    pub registrar: Option<Endpoint>,
    pub transport: Option<&'static str>,
    pub user_agent: Option<String>,
    /// The process that has the source's socket, if that is of this host.
    pub process: Option<Process>,
    /// The source's name by DNS, if it was asked for.
    pub name: Option<String>,
    /// Why it is out of service, if that is still so.
    pub cause: Option<&'a Finding>,
    /// Why it is at risk, if it is in service and at risk, and the finding about it.
    pub risk: Option<Risk>,
    pub at_risk_by: Option<&'a Finding>,
}

impl<'a> Told<'a> {
    /// A change, completed by the snapshot's view of its DN.
    pub(super) fn new(
        change: &'a DnChange,
        snapshot: &Snapshot,
        view: Option<DnView<'_>>,
        cause: Option<&'a Finding>,
    ) -> Self {
        let mut told = Self {
            change,
            source: None,
            registrar: None,
            transport: None,
            user_agent: None,
            process: None,
            name: None,
            cause,
            risk: None,
            at_risk_by: None,
        };
        let Some(view) = view else { return told };
        if let Some(attempt) = view.last_attempt() {
            told.source = Some(attempt.source);
            told.registrar = Some(attempt.registrar);
            told.transport = Some(attempt.transport.name());
            told.user_agent =
                snapshot.text(attempt.user_agent).map(|text| escape_lossy(text).into_owned());
        }
        let bound = view.bindings().filter(|(_, b)| b.source.is_some());
        if let Some((registrar, binding)) = bound.max_by_key(|(_, b)| b.renewed) {
            told.source = binding.source;
            told.registrar = Some(registrar);
            if let Some(text) = snapshot.text(binding.user_agent) {
                told.user_agent = Some(escape_lossy(text).into_owned());
            }
        }
        told
    }

    /// The same with why the DN is at risk.
    pub(super) const fn at_risk(mut self, risk: Option<Risk>, by: Option<&'a Finding>) -> Self {
        (self.risk, self.at_risk_by) = (risk, by);
        self
    }

    /// Adds what is behind the source.
    pub(super) fn known_to(mut self, hosts: Option<&Hosts>) -> Self {
        if let (Some(source), Some(hosts)) = (self.source, hosts) {
            self.process = hosts.owners.get(&source).cloned();
            self.name = hosts.names.get(&source.addr).cloned();
        }
        self
    }
}

/// Where changes go.
pub(super) struct Output<W> {
    out: W,
    format: WatchFormat,
    zone: TimeZone,
    inputs: Inputs,
    /// What notifications are made of, if there are any.
    #[cfg(any(feature = "exec", feature = "webhook"))]
    news: Option<Vec<crate::alert::News>>,
    /// What notifications are about; everything if empty.
    #[cfg(any(feature = "exec", feature = "webhook"))]
    wanted: Vec<crate::cli::NotifyOn>,
}

impl<W: Write> Output<W> {
    pub(super) const fn new(out: W, format: WatchFormat, zone: TimeZone, inputs: Inputs) -> Self {
        Self {
            out,
            format,
            zone,
            inputs,
            #[cfg(any(feature = "exec", feature = "webhook"))]
            news: None,
            #[cfg(any(feature = "exec", feature = "webhook"))]
            wanted: Vec::new(),
        }
    }

    /// Keeps from now on what notifications are made of.
    #[cfg(any(feature = "exec", feature = "webhook"))]
    pub(super) fn keep_news(&mut self, wanted: Vec<crate::cli::NotifyOn>) {
        (self.news, self.wanted) = (Some(Vec::new()), wanted);
    }

    /// The changes since the last call.
    #[cfg(any(feature = "exec", feature = "webhook"))]
    pub(super) fn take_news(&mut self) -> Vec<crate::alert::News> {
        self.news.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Takes over the names of what is followed by now.
    pub(super) fn note_inputs(&mut self, inputs: &Inputs) {
        if self.inputs.names().len() != inputs.names().len() {
            self.inputs.clone_from(inputs);
        }
    }

    pub(super) fn change(&mut self, told: &Told<'_>) -> io::Result<()> {
        #[cfg(any(feature = "exec", feature = "webhook"))]
        if let Some(news) = &mut self.news {
            news.push(super::notify::change(told, &self.wanted));
        }
        match self.format {
            WatchFormat::Text => text::change(told, &self.zone, &self.inputs, &mut self.out),
            WatchFormat::Ndjson => ndjson::change(told, &self.inputs, &mut self.out),
        }
    }

    pub(super) fn finding(&mut self, finding: &Finding, now: Timestamp) -> io::Result<()> {
        #[cfg(any(feature = "exec", feature = "webhook"))]
        if let Some(news) = &mut self.news {
            news.extend(super::notify::finding(finding, now));
        }
        match self.format {
            WatchFormat::Text => text::finding(finding, now, &self.zone, &mut self.out),
            WatchFormat::Ndjson => ndjson::finding(finding, now, &self.inputs, &mut self.out),
        }
    }

    /// Where it is written.
    #[cfg(test)]
    pub(super) const fn get_ref(&self) -> &W {
        &self.out
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
