//! Makes notifications of changes and hands them on, outages kept over a restart.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

#[cfg(feature = "exec")]
use super::exec::Exec;
use super::output::Told;
#[cfg(feature = "webhook")]
use super::post::{Posting, Ready};
use super::state::StateFile;
use crate::alert::{
    AlertLimits, Alerts, Cause, Event, Kind, Level, News, Notification, Now, Observation, Trouble,
};
use crate::app::Failure;
use crate::cli::{NotifyOn, SECRET_VARIABLES, WatchSettings};
use crate::diagnosis::Finding;
use crate::hook::Runner;
use crate::net::{Timestamp, count, escape_lossy, shortened};
use crate::registration::{State, Verdict};
use crate::wording::words;

/// Between two looks for what is to be reported, and two writes of what changed in between.
const LOOK: Duration = Duration::from_millis(200);
const WRITE: Duration = Duration::from_secs(1);
/// Characters of the name of a DN in a notification.
const NAME: usize = 200;
/// Characters of a sentence.
const SENTENCE: usize = 1000;
/// Why there are notifications, in the order of the counts.
const KINDS: [(Kind, &str); 5] = [
    (Kind::Outage, "outage"),
    (Kind::Update, "update"),
    (Kind::Reminder, "reminder"),
    (Kind::Recovery, "recovery"),
    (Kind::Finding, "finding"),
];

/// What was started while this process still could.
#[derive(Default)]
pub(super) struct Prepared {
    #[cfg(feature = "exec")]
    exec: Option<Runner>,
    #[cfg(feature = "webhook")]
    post: Option<Ready>,
    host: String,
}

/// Starts the processes that take notifications; `None` if there are none.
pub(super) fn prepare(settings: &WatchSettings) -> Result<Option<Prepared>, Failure> {
    let notify = &settings.notify;
    if !notify.is_wanted() {
        return Ok(None);
    }
    if let Some(state) = notify.state.as_ref().filter(|state| state.is_dir()) {
        let name = crate::net::escape_text(&state.to_string_lossy()).into_owned();
        return Err(Failure::Usage(format!("{name} is a directory: --state names a file")));
    }
    let host = nix::unistd::gethostname().unwrap_or_default();
    Ok(Some(Prepared {
        #[cfg(feature = "webhook")]
        post: super::post::start(settings)?,
        #[cfg(feature = "exec")]
        exec: super::exec::start(settings)?,
        host: crate::net::escape_text(&host.to_string_lossy()).into_owned(),
    }))
}

/// Starts this program again with another task, and without secrets in its environment but those given.
pub(super) fn start(
    args: Vec<OsString>,
    secrets: &[(&'static str, &str)],
) -> std::io::Result<Runner> {
    let mut program = Command::new(std::env::current_exe()?);
    for variable in SECRET_VARIABLES {
        program.env_remove(variable);
    }
    Runner::start(program.args(args).envs(secrets.iter().copied()))
}

/// The user that a task is to become.
pub(super) fn user(settings: &WatchSettings) -> Option<String> {
    #[cfg(feature = "live")]
    let user = settings.live.user.clone();
    #[cfg(not(feature = "live"))]
    let user = None;
    let _ = settings;
    user
}

/// Outages, and where notifications of them go.
pub(super) struct Notifier {
    alerts: Alerts,
    zone: TimeZone,
    host: String,
    state: Option<StateFile>,
    #[cfg(feature = "exec")]
    exec: Option<Exec>,
    #[cfg(feature = "webhook")]
    post: Option<Posting>,
    /// Notifications so far, in the order of [`KINDS`].
    told: [u64; KINDS.len()],
    look_due: Instant,
    write_due: Instant,
    has_changed: bool,
    /// DNs beyond what is held, as last reported.
    not_held: u64,
}

impl Notifier {
    /// Goes on with what an earlier run left; says how.
    pub(super) fn begin(
        prepared: Prepared,
        settings: &WatchSettings,
        said: &mut Vec<String>,
    ) -> Result<Self, Failure> {
        let notify = &settings.notify;
        let (for_at_least, remind) = (notify.for_at_least, notify.remind);
        let limits = AlertLimits { for_at_least, remind, ..AlertLimits::default() };
        #[cfg(feature = "exec")]
        let exec = prepared.exec.map(|runner| Exec::go_on(runner, said)).transpose()?;
        #[cfg(feature = "webhook")]
        let post = prepared.post.map(|ready| Posting::go_on(ready, said)).transpose()?;
        let now = Instant::now();
        let mut notifier = Self {
            alerts: Alerts::new(limits),
            zone: settings.zone.clone(),
            host: prepared.host,
            state: None,
            #[cfg(feature = "exec")]
            exec,
            #[cfg(feature = "webhook")]
            post,
            told: [0; KINDS.len()],
            look_due: now,
            write_due: now,
            has_changed: false,
            not_held: 0,
        };
        if let Some(path) = &notify.state {
            notifier.restore(path.clone(), said);
        }
        Ok(notifier)
    }

    fn restore(&mut self, path: PathBuf, said: &mut Vec<String>) {
        let (mut state, text) = StateFile::open(path, said);
        match text.map(|text| self.take_over(&text)) {
            Some(Err(reason)) => said.push(state.set_aside(&reason)),
            Some(Ok(())) => {
                let (outages, dns) = self.alerts.open();
                let outages = count(outages as u64, "outage");
                let dns = count(dns as u64, "DN");
                said.push(format!("goes on with {outages} of {dns} from {}", state.shown()));
            }
            None => {}
        }
        // a state that cannot be written is reported now and not at the first outage
        said.extend(state.write(&self.saved()));
        self.state = Some(state);
    }

    /// Takes over the outages of a state, and what was not delivered.
    fn take_over(&mut self, text: &str) -> Result<(), String> {
        let (alerts, posts) = text.split_once('\n').unwrap_or((text, ""));
        #[cfg(feature = "webhook")]
        let posts: Vec<crate::webhook::Post> = serde_json::from_str(posts)
            .map_err(|_| crate::alert::StateError::Damaged.to_string())?;
        #[cfg(not(feature = "webhook"))]
        let _ = posts;
        self.alerts.restore(alerts, Timestamp::now()).map_err(|error| error.to_string())?;
        #[cfg(feature = "webhook")]
        if let Some(post) = &mut self.post {
            for waiting in posts {
                post.add(waiting);
            }
        }
        Ok(())
    }

    /// The outages, and what was not delivered.
    fn saved(&self) -> String {
        #[cfg(feature = "webhook")]
        let posts: Vec<_> = self.post.iter().flat_map(Posting::waiting).collect();
        #[cfg(not(feature = "webhook"))]
        let posts: Vec<()> = Vec::new();
        let posts = serde_json::to_string(&posts).unwrap_or_else(|_| "[]".to_owned());
        format!("{}\n{posts}\n", self.alerts.save(Timestamp::now()))
    }

    /// Takes in changes, and hands on what is to be reported.
    pub(super) fn turn(&mut self, news: Vec<News>, now: Timestamp, said: &mut Vec<String>) {
        self.has_changed |= !news.is_empty();
        for one in news {
            self.alerts.note(one);
        }
        let instant = Instant::now();
        if instant >= self.look_due {
            self.look_due = instant + LOOK;
            let told = self.alerts.turn(now);
            self.tell(told, said);
        }
        #[cfg(feature = "exec")]
        said.extend(self.exec.as_mut().and_then(Exec::news));
        #[cfg(feature = "webhook")]
        if let Some(post) = &mut self.post
            && post.turn(said)
        {
            // what was delivered is not to be delivered again
            self.write(said);
        }
        if self.has_changed && instant >= self.write_due {
            self.write(said);
        }
        let not_held = self.alerts.counts().not_held;
        if self.not_held == 0 && not_held > 0 {
            said.push("too many DNs are out of service: notifications leave some out".to_owned());
        }
        self.not_held = not_held;
    }

    fn tell(&mut self, told: Vec<Notification>, said: &mut Vec<String>) {
        if told.is_empty() {
            return;
        }
        let told: Vec<_> =
            told.into_iter().map(|told| told.in_words(&self.zone, &self.host)).collect();
        for notification in &told {
            let kinds = KINDS.iter().zip(&mut self.told);
            let own = kinds.into_iter().filter(|((kind, _), _)| *kind == notification.event);
            own.for_each(|(_, number)| *number += 1);
            #[cfg(feature = "webhook")]
            if let Some(post) = &mut self.post {
                said.extend(post.render(notification));
            }
        }
        // before anybody is notified: a restart finds what was not delivered
        self.write(said);
        #[cfg(feature = "exec")]
        if let Some(exec) = &self.exec {
            for notification in &told {
                exec.give(notification);
            }
        }
    }

    fn write(&mut self, said: &mut Vec<String>) {
        self.has_changed = false;
        if self.state.is_none() {
            return;
        }
        let began = Instant::now();
        let text = self.saved();
        said.extend(self.state.as_mut().and_then(|state| state.write(&text)));
        self.write_due = Instant::now() + WRITE.max(began.elapsed() * 20);
    }

    /// Reports what is due, waits for what is under way, and says what there was in all.
    pub(super) fn finish(mut self, news: Vec<News>, now: Timestamp) -> Vec<String> {
        let mut said = Vec::new();
        for one in news {
            self.alerts.note(one);
        }
        let told = self.alerts.last(now);
        self.tell(told, &mut said);
        #[cfg(feature = "webhook")]
        if let Some(post) = &mut self.post {
            post.drain(&mut said);
        }
        self.write(&mut said);
        #[cfg(feature = "exec")]
        said.extend(self.exec.take().map(Exec::finish));
        #[cfg(feature = "webhook")]
        if let Some(post) = self.post.take() {
            said.push(post.finish(self.state.is_some()));
        }
        said
    }

    /// Adds what was reported, and what became of it.
    #[cfg(feature = "metrics")]
    pub(super) fn add_to(&self, families: &mut crate::metrics::Families) {
        let numbers = KINDS.iter().zip(self.told);
        let numbers: Vec<_> = numbers.map(|((_, name), number)| (*name, number)).collect();
        let help = "Notifications of outages, by why they were made.";
        families.counter_by("regscope_notifications_total", help, "event", &numbers);
        let (outages, dns) = self.alerts.open();
        let help = "Outages that were reported and are not over.";
        families.gauge("regscope_outages_open", help, outages as f64);
        let help = "DNs in these outages.";
        families.gauge("regscope_outage_dns", help, dns as f64);
        let counts = self.alerts.counts();
        families.counter_by(
            "regscope_outages_not_notified_total",
            "DNs that were out of service or at risk without a notification: for less than --for-at-least, or \
             beyond what is held.",
            "why",
            &[("brief", counts.brief), ("not_held", counts.not_held)],
        );
        #[cfg(feature = "exec")]
        if let Some(exec) = &self.exec {
            super::metrics::of_commands(&exec.counts(), families);
        }
        #[cfg(feature = "webhook")]
        if let Some(post) = &self.post {
            post.add_to(families);
        }
    }
}

/// A change as the alerts take it.
pub(super) fn change(told: &Told<'_>, wanted: &[NotifyOn]) -> News {
    let change = told.change;
    let trouble = |level, verdict: &str, status_code, label: String| {
        Now::Trouble(Trouble { level, verdict: verdict.to_owned(), status_code, label })
    };
    let now = change.to.map_or(Now::Gone, |to| {
        let (name, code) = (to.verdict.name(), to.status_code);
        let label = words::on_basis(to.verdict.label(code), to.basis);
        let label = match to.verdict {
            Verdict::CtiOnly => format!("out of service, {label}"),
            _ => label,
        };
        match (to.state, told.risk) {
            _ if to.verdict == Verdict::NotSeen => trouble(Level::NotSeen, name, code, label),
            (State::OutOfService, _) => trouble(Level::OutOfService, name, code, label),
            (State::InService, Some(risk)) => {
                trouble(Level::AtRisk, risk.name(), None, words::risk(risk).to_owned())
            }
            (State::InService, None) => Now::Well,
            (State::Unknown, _) => Now::Unknown,
        }
    });
    let is_wanted = wanted.is_empty() || wanted.iter().any(|on| on.names(change.to, told.risk));
    let now = match now {
        // it is in service, and that is all that is asked
        Now::Trouble(trouble) if !is_wanted && trouble.level == Level::AtRisk => Now::Well,
        Now::Trouble(_) if !is_wanted => Now::Unwanted,
        now => now,
    };
    let cause = told.cause.or(told.at_risk_by).map(|cause| Cause {
        rule: cause.rule.to_owned(),
        sentence: shortened(&cause.sentence, SENTENCE).into_owned(),
        check: cause.check.to_owned(),
    });
    News::Change(Event {
        time: change.time,
        dn: shortened(&escape_lossy(&change.dn), NAME).into_owned(),
        now,
        source: told.source.map(|source| source.addr),
        registrar: told.registrar.map(|registrar| registrar.to_string()),
        cause,
    })
}

/// A finding as the alerts take it; those about DNs are in the notifications of these.
pub(super) fn finding(finding: &Finding, time: Timestamp) -> Option<News> {
    let is_about_a_dn = finding.dn.is_some();
    (!is_about_a_dn).then(|| {
        News::Found(Observation {
            time,
            rule: finding.rule,
            sentence: shortened(&finding.sentence, SENTENCE).into_owned(),
            check: finding.check.to_owned(),
            source: finding.source,
        })
    })
}
