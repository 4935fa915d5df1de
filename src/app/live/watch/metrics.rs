//! Gathers the numbers of a watch and publishes them; each is named here, once.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::app::Failure;
use crate::app::live::Following;
use crate::cli::WatchSettings;
#[cfg(feature = "exec")]
use crate::hook::HookCounts;
use crate::metrics::{Bound, DnGauges, Exporter, ExporterLimits, Families, Labels, Page};
use crate::net::Timestamp;

/// Between two publications.
const EVERY: Duration = Duration::from_millis(250);
/// Between two estimates of the memory, which walk over all DNs; and how much of the time they may
/// take.
const ESTIMATE: Duration = Duration::from_secs(10);
const SHARE: u32 = 100;

/// Listens where the settings say; requests are not answered yet.
pub(super) fn open(settings: &WatchSettings) -> Result<Option<Bound>, Failure> {
    let Some(metrics) = &settings.metrics else { return Ok(None) };
    let address = metrics.address;
    let bound = Bound::open(address, ExporterLimits::default());
    bound.map(Some).map_err(|error| Failure::Metrics(address, error))
}

/// The numbers, and the exporter that serves them.
pub(super) struct Metrics {
    exporter: Exporter,
    due: Instant,
    memory: Vec<(&'static str, usize)>,
    memory_due: Instant,
    began: SystemTime,
    failed: bool,
}

impl Metrics {
    /// Starts the thread that shows them.
    pub(super) fn start(bound: Bound) -> Result<Self, Failure> {
        let exporter = bound.start().map_err(|error| Failure::Start("metrics", error))?;
        let now = Instant::now();
        let began = SystemTime::now();
        Ok(Self { exporter, due: now, memory: Vec::new(), memory_due: now, began, failed: false })
    }

    /// Publishes the numbers of this moment when they are due; a sentence if the exporter is gone.
    pub(super) fn publish(
        &mut self,
        following: &Following,
        dns: &DnGauges,
        more: impl FnOnce(&mut Families),
    ) -> Option<String> {
        let now = Instant::now();
        if now < self.due {
            return None;
        }
        self.due = now + EVERY;
        if now >= self.memory_due {
            self.memory = following.engine.memory().to_vec();
            self.memory.push(("queues", following.sources.waiting_bytes()));
            self.memory_due = now + ESTIMATE.max(now.elapsed() * SHARE);
        }
        let mut families = Families::default();
        self.of_program(&mut families);
        dns.add_to(&mut families);
        of_registrations(following, &mut families);
        of_input(following, &mut families);
        #[cfg(feature = "hep")]
        of_agents(following, &mut families);
        of_model(following, &self.memory, &mut families);
        more(&mut families);
        self.exporter.publish(Page { families: Arc::new(families), dns: dns.series() });
        let failed = self.exporter.has_failed() && !self.failed;
        self.failed |= failed;
        failed.then(|| "the metrics are not shown any more: their thread failed".to_owned())
    }

    fn of_program(&self, families: &mut Families) {
        let version: Labels<'_> = &[("version", env!("CARGO_PKG_VERSION"))];
        families.gauges("regscope_build_info", "This program; always 1.", [(version, 1.0)]);
        let began = self.began.duration_since(UNIX_EPOCH).unwrap_or_default();
        let help = "When it was started.";
        families.gauge("process_start_time_seconds", help, began.as_secs_f64());
        let counts = self.exporter.counts();
        families.counter_by(
            "regscope_metrics_requests_total",
            "Requests for metrics: answered, refused, or cut off for being slow or too many.",
            "result",
            &[("answered", counts.scrapes), ("refused", counts.refused), ("cut", counts.cut)],
        );
    }
}

fn of_registrations(following: &Following, families: &mut Families) {
    let tally = following.engine.tracker().tally();
    let code = |code: u16| if code == 0 { String::new() } else { code.to_string() };
    let ends = tally.ends().map(|(outcome, number, times)| (outcome.name(), code(number), times));
    let mut ends: Vec<_> = ends.collect();
    ends.sort_unstable();
    let labels: Vec<_> = ends
        .iter()
        .map(|(outcome, code, times)| ([("outcome", *outcome), ("code", code.as_str())], *times))
        .collect();
    families.counters(
        "regscope_registrations_total",
        "Attempts to register that ended, by outcome and status code. One that nobody carried on \
         after a challenge counts 32 s later, one without a response a minute later.",
        labels.iter().map(|(labels, times)| (&labels[..], *times)),
    );
    families.histogram(
        "regscope_registration_rtt_seconds",
        "From a REGISTER to its final response, which may be a challenge.",
        tally.rtt(),
    );
    families.histogram(
        "regscope_refresh_margin_seconds",
        "Time left on a binding when its renewal was sent; 0 if it came too late.",
        tally.margin(),
    );
}

fn of_input(following: &Following, families: &mut Families) {
    let engine = &following.engine;
    let [of_device, of_agents] = engine.packets_by_origin();
    families.counter_by(
        "regscope_packets_total",
        "Packets taken in, those the filter shed not counted.",
        "from",
        &[("device", of_device), ("agents", of_agents)],
    );
    let mut lost = Vec::new();
    #[cfg(feature = "live")]
    if let Some(stats) = following.sources.device_stats() {
        lost.push(("kernel", stats.kernel_dropped));
        lost.push(("interface", stats.interface_dropped));
        lost.push(("queue", stats.queue_dropped));
    }
    #[cfg(feature = "hep")]
    if let Some(counts) = following.sources.listener_counts() {
        lost.push(("agents", counts.dropped));
        lost.push(("agents_kernel", counts.kernel_dropped));
    }
    families.counter_by(
        "regscope_packets_dropped_total",
        "Packets lost before they were taken in: by the kernel, the interface, the queue; of HEP agents by \
         the queue or the kernel.",
        "by",
        &lost,
    );
    #[cfg(feature = "live")]
    if following.sources.device_stats().is_some() {
        let up = f64::from(u8::from(following.trouble.is_none()));
        families.gauge("regscope_device_up", "Whether the device can be captured on.", up);
    }
    let counts = engine.tracker().counts();
    families.counter("regscope_sip_messages_total", "SIP messages of any kind.", counts.messages);
    families.counter_by(
        "regscope_register_messages_total",
        "REGISTERs and answers to them, repetitions and copies included.",
        "kind",
        &[("request", counts.register_requests), ("answer", counts.register_answers)],
    );
    if let Some(last) = engine.last_packet() {
        let help = "When the latest packet was captured.";
        families.gauge("regscope_last_packet_timestamp_seconds", help, seconds(last));
    }
    let help = "The time up to which everything is judged: it stops only if the program does.";
    families.gauge("regscope_clock_timestamp_seconds", help, seconds(engine.clock()));
    let help = "How far the model is behind the packets that are captured.";
    families.gauge("regscope_lag_seconds", help, following.lag().as_secs_f64());
    if let Some(recorder) = &following.recorder {
        let (recorded, lost) = recorder.counts();
        let help = "Packets recorded.";
        families.counter("regscope_recorded_packets_total", help, recorded);
        let help = "Packets that could not be recorded.";
        families.counter("regscope_recording_lost_packets_total", help, lost);
    }
}

#[cfg(feature = "hep")]
fn of_agents(following: &Following, families: &mut Families) {
    let Some(listener) = following.sources.listener_counts() else { return };
    let stats = following.engine.hep_stats();
    families.counter_by(
        "regscope_hep_packets_total",
        "HEP packets that came.",
        "transport",
        &[("udp", listener.datagrams), ("tcp", listener.stream_packets)],
    );
    families.counter_by(
        "regscope_hep_unused_packets_total",
        "HEP packets nothing was made of, by why.",
        "why",
        &[
            ("wrong_key", stats.wrong_key),
            ("broken", stats.broken),
            ("not_inflated", stats.not_inflated),
            ("not_sip", stats.not_sip),
        ],
    );
    let help = "HEP agents that sent messages.";
    families.gauge("regscope_hep_agents", help, stats.agents as f64);
    let help = "TCP connections of HEP agents.";
    families.gauge("regscope_hep_connections", help, listener.open as f64);
}

fn of_model(following: &Following, memory: &[(&str, usize)], families: &mut Families) {
    let all: usize = memory.iter().map(|(_, bytes)| bytes).sum();
    families.gauge("regscope_memory_bytes", "What is held, about.", all as f64);
    let labels: Vec<_> = memory.iter().map(|(part, n)| ([("part", *part)], *n as f64)).collect();
    families.gauges(
        "regscope_memory_part_bytes",
        "What is held of it by the model, by the decoder (connections, segments behind holes, fragments, \
         HEP agents), by streams (unfinished SIP messages), and in queues (packets that wait).",
        labels.iter().map(|(labels, bytes)| (&labels[..], *bytes)),
    );
    let help = "What --memory allows, for all that is held.";
    families.gauge("regscope_memory_limit_bytes", help, following.memory as f64);
    let forgotten = following.engine.tracker().counts().forgotten;
    families.counter_by(
        "regscope_forgotten_total",
        "What the model forgot to stay within its limits.",
        "what",
        &[
            ("dns", forgotten.dns),
            ("dns_of_scanners", forgotten.dns_of_scanners),
            ("dns_in_service", forgotten.dns_in_service),
            ("attempts", forgotten.attempts),
            ("messages", forgotten.messages),
            ("transactions", forgotten.transactions),
            ("sources", forgotten.sources),
            ("servers", forgotten.servers),
        ],
    );
}

/// What became of the commands of `--exec`.
#[cfg(feature = "exec")]
pub(super) fn of_commands(counts: &HookCounts, families: &mut Families) {
    families.counter_by(
        "regscope_commands_total",
        "Lines given to the command of --exec, by what became of them; dropped ones were given to none.",
        "result",
        &[
            ("succeeded", counts.succeeded),
            ("failed", counts.failed),
            ("overdue", counts.overdue),
            ("not_started", counts.not_started),
            ("dropped", counts.dropped),
        ],
    );
    let up = f64::from(u8::from(!counts.gone));
    families.gauge("regscope_commands_up", "Whether commands can be run.", up);
}

fn seconds(time: Timestamp) -> f64 {
    time.nanos() as f64 / 1e9
}
