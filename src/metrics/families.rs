//! Names numbers and writes them in Prometheus' text format 0.0.4.

use std::collections::BTreeMap;
use std::sync::Arc;

use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType,
};
use prometheus::{Encoder as _, TextEncoder};

use super::Page;
use crate::registration::Distribution;

/// Numbers under their names.
#[derive(Clone, Default, Debug)]
pub struct Families(Vec<MetricFamily>);

/// Names and values of labels.
pub type Labels<'a> = &'a [(&'static str, &'a str)];

impl Families {
    /// A number that only grows; its name ends in `_total`.
    pub fn counter(&mut self, name: &'static str, help: &str, number: u64) {
        self.counters(name, help, [(&[] as Labels<'_>, number)]);
    }

    /// Numbers that only grow, separated by one label.
    pub fn counter_by(
        &mut self,
        name: &'static str,
        help: &str,
        label: &'static str,
        numbers: &[(&str, u64)],
    ) {
        let labels: Vec<_> =
            numbers.iter().map(|(value, number)| ([(label, *value)], *number)).collect();
        self.counters(name, help, labels.iter().map(|(labels, number)| (&labels[..], *number)));
    }

    /// Numbers that only grow, separated by labels.
    pub fn counters<'a>(
        &mut self,
        name: &'static str,
        help: &str,
        numbers: impl IntoIterator<Item = (Labels<'a>, u64)>,
    ) {
        let metrics = numbers.into_iter().map(|(labels, number)| {
            let mut counter = Counter::default();
            counter.set_value(number as f64);
            let mut metric = labelled(labels);
            metric.set_counter(counter);
            metric
        });
        let metrics = metrics.collect();
        self.add(name, help, MetricType::COUNTER, metrics);
    }

    /// A number that comes and goes.
    pub fn gauge(&mut self, name: &'static str, help: &str, number: f64) {
        self.gauges(name, help, [(&[] as Labels<'_>, number)]);
    }

    /// Numbers that come and go, separated by labels.
    pub fn gauges<'a>(
        &mut self,
        name: &'static str,
        help: &str,
        numbers: impl IntoIterator<Item = (Labels<'a>, f64)>,
    ) {
        let metrics = numbers.into_iter().map(|(labels, number)| gauge(labels, number)).collect();
        self.add(name, help, MetricType::GAUGE, metrics);
    }

    /// How often a time was how long; its name ends in `_seconds`.
    pub fn histogram(&mut self, name: &'static str, help: &str, times: &Distribution) {
        let bucket = |(bound, count)| {
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(bound);
            bucket.set_cumulative_count(count);
            bucket
        };
        let mut histogram = Histogram::default();
        histogram.set_bucket(times.buckets().map(bucket).collect());
        histogram.set_sample_count(times.count());
        histogram.set_sample_sum(times.sum());
        let mut metric = Metric::default();
        metric.set_histogram(histogram);
        self.add(name, help, MetricType::HISTOGRAM, vec![metric]);
    }

    fn add(&mut self, name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) {
        // a family without numbers is not written
        if !metrics.is_empty() {
            self.0.push(family(name, help, kind, metrics));
        }
    }
}

impl Page {
    /// The page as text.
    pub(super) fn render(&self) -> Vec<u8> {
        let mut text = Vec::new();
        encode(&self.families.0, &mut text);
        if let Some(dns) = self.dns.as_deref().filter(|dns| !dns.is_empty()) {
            encode(&[of_dns(dns)], &mut text);
        }
        text
    }
}

fn of_dns(dns: &BTreeMap<Arc<str>, bool>) -> MetricFamily {
    let metric =
        |(dn, &there): (&Arc<str>, &bool)| gauge(&[("dn", dn)], f64::from(u8::from(there)));
    let help = "Whether a DN is in service; see regscope_dns_without_series.";
    let metrics = dns.iter().map(metric).collect();
    family("regscope_dn_in_service", help, MetricType::GAUGE, metrics)
}

fn encode(families: &[MetricFamily], text: &mut Vec<u8>) {
    let before = text.len();
    // it refuses families without a name or without numbers, and there are none
    if TextEncoder::new().encode(families, text).is_err() {
        text.truncate(before);
    }
}

fn family(name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

fn gauge(labels: Labels<'_>, number: f64) -> Metric {
    let mut gauge = Gauge::default();
    gauge.set_value(number);
    let mut metric = labelled(labels);
    metric.set_gauge(gauge);
    metric
}

fn labelled(labels: Labels<'_>) -> Metric {
    let pair = |(name, value): &(&'static str, &str)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    };
    Metric::from_label(labels.iter().map(pair).collect())
}
