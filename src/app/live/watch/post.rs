//! Posts notifications through a process outside the fence, and reports how that goes.

use std::time::{Duration, Instant};

use super::notify;
use crate::alert::Notification;
use crate::app::Failure;
use crate::app::private::secret;
use crate::cli::{PostSettings, WEBHOOK_VARIABLE, WatchSettings};
use crate::hook::{Hook, HookCounts, Lines, Runner};
use crate::net::{count, escape_text};
use crate::webhook::{Address, Outbox, OutboxLimits, Post, Template, TemplateError};
use crate::wording::append;

/// Between two sentences about posts that are refused.
const BETWEEN: Duration = Duration::from_secs(60);
/// How long what waits may take in the end.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of a template.
const LONGEST: u64 = 64 << 10;

/// A poster that was started, and what it is given.
pub(super) struct Ready {
    runner: Runner,
    template: Template,
    /// The server, without secrets.
    server: String,
}

/// Starts the process that posts, while this one may still start any.
pub(super) fn start(settings: &WatchSettings) -> Result<Option<Ready>, Failure> {
    let Some(webhook) = &settings.notify.webhook else { return Ok(None) };
    let url = secret("webhook's URL", &webhook.url)?;
    let unusable = "the webhook's URL is none of http:// or https:// and a host";
    let address = Address::parse(&url).ok_or_else(|| Failure::Usage(unusable.to_owned()))?;
    let template = template(webhook.template.as_deref().unwrap_or("json"))?;
    let args = PostSettings { user: notify::user(settings) }.to_args();
    let runner = notify::start(args, &[(WEBHOOK_VARIABLE, &url)])
        .map_err(|error| Failure::Webhook(error.to_string()))?;
    Ok(Some(Ready { runner, template, server: address.shown() }))
}

/// The template of this name, or in this file.
fn template(name: &str) -> Result<Template, Failure> {
    use std::io::Read as _;

    if let Some(template) = Template::named(name) {
        return Ok(template);
    }
    let shown = escape_text(name);
    let mut text = String::new();
    let read = std::fs::File::open(name)
        .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        .map_err(|error| {
            let names = Template::names().collect::<Vec<_>>().join(", ");
            Failure::Usage(format!("--webhook-template {shown}: {error}; built in are {names}"))
        });
    read?;
    let failed = |error: TemplateError| {
        Failure::Usage(format!("the template {shown} cannot be used: {error}"))
    };
    Template::parse(text).map_err(failed)
}

/// What is posted, what waits, and what was reported about it.
pub(super) struct Posting {
    hook: Hook,
    lines: Option<Lines>,
    template: Template,
    server: String,
    outbox: Outbox,
    /// Counts as they were taken in last, and as they were reported last.
    seen: HookCounts,
    reported: (u64, u64),
    is_in_trouble: bool,
    due: Instant,
    /// Notifications that could not be put into the form of the template.
    unrendered: u64,
}

impl Posting {
    /// Waits for the poster, and starts the threads.
    pub(super) fn go_on(ready: Ready, said: &mut Vec<String>) -> Result<Self, Failure> {
        let Ready { runner, template, server } = ready;
        let hook = runner.go_on().map_err(Failure::Webhook)?;
        said.push(format!("notifications are posted to {server}"));
        Ok(Self {
            lines: hook.lines(),
            hook,
            template,
            server,
            outbox: Outbox::new(OutboxLimits::default()),
            seen: HookCounts::default(),
            reported: (0, 0),
            is_in_trouble: false,
            due: Instant::now(),
            unrendered: 0,
        })
    }

    /// Adds what an earlier run did not deliver.
    pub(super) fn add(&mut self, post: Post) {
        self.outbox.add(post);
    }

    /// Adds a notification; a sentence if the template fails on it, the first time.
    pub(super) fn render(&mut self, notification: &Notification) -> Option<String> {
        match self.template.render(notification) {
            Ok(post) => {
                self.outbox.add(post);
                None
            }
            Err(error) => {
                self.unrendered += 1;
                (self.unrendered == 1)
                    .then(|| format!("a notification is not posted: the template fails: {error}"))
            }
        }
    }

    /// What waits.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Post> {
        self.outbox.waiting()
    }

    /// Takes in what became of the post under way and gives the next one; whether fewer wait now.
    pub(super) fn turn(&mut self, said: &mut Vec<String>) -> bool {
        let now = self.hook.counts();
        let is_done = now.over() + now.dropped > self.seen.over() + self.seen.dropped;
        if is_done {
            self.outbox.done();
        }
        self.report(&now, said);
        self.seen = now;
        if let (Some(lines), false) = (&self.lines, self.seen.gone)
            && let Some(post) = self.outbox.give()
        {
            let mut line = serde_json::to_vec(post).unwrap_or_default();
            line.push(b'\n');
            lines.give(&line);
        }
        is_done
    }

    fn report(&mut self, now: &HookCounts, said: &mut Vec<String>) {
        let server = &self.server;
        if now.gone && !self.seen.gone {
            said.push("the process that posts ended: nothing is posted any more".to_owned());
        }
        match (&now.trouble, self.is_in_trouble) {
            (Some(why), false) => {
                self.is_in_trouble = true;
                said.push(format!("cannot post to {server}: {why}; it is tried again"));
            }
            (None, true) => {
                self.is_in_trouble = false;
                said.push(format!("posting to {server} works again"));
            }
            _ => {}
        }
        let lost = (now.unsuccessful(), now.dropped + self.outbox.dropped());
        if lost == self.reported || Instant::now() < self.due {
            return;
        }
        self.due = Instant::now() + BETWEEN;
        let (refused, dropped) = (lost.0 - self.reported.0, lost.1 - self.reported.1);
        self.reported = lost;
        if refused > 0 {
            let what = count(refused, "notification");
            let why = now.last_failure.as_deref().unwrap_or_default();
            said.push(format!("{what} not posted to {server}: {why}"));
        }
        if dropped > 0 {
            let what = count(dropped, "notification");
            said.push(format!("{what} dropped: too many wait to be posted to {server}"));
        }
    }

    /// Waits a while for what is under way and what waits.
    pub(super) fn drain(&mut self, said: &mut Vec<String>) {
        let until = Instant::now() + PATIENCE;
        while self.outbox.waiting().len() > 0 && !self.seen.gone && Instant::now() < until {
            self.turn(said);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends the poster; says what there was in all.
    pub(super) fn finish(mut self, is_kept: bool) -> String {
        self.lines = None;
        let left = self.outbox.waiting().len() as u64;
        let patience = if left == 0 { PATIENCE } else { Duration::ZERO };
        let counts = self.hook.finish(patience);
        let posted = count(counts.succeeded, "notification");
        let mut said = format!("posted {posted} to {}", self.server);
        let lost = counts.unsuccessful() + self.outbox.dropped() + self.unrendered;
        if lost > 0 {
            append!(said, "; {lost} not posted");
        }
        if left > 0 {
            let kept = if is_kept { "kept for the next run" } else { "lost (--state keeps them)" };
            append!(said, "; {left} still waiting, {kept}");
        }
        said
    }

    /// Adds what became of notifications.
    #[cfg(feature = "metrics")]
    pub(super) fn add_to(&self, families: &mut crate::metrics::Families) {
        let counts = &self.seen;
        families.counter_by(
            "regscope_webhook_posts_total",
            "Notifications to post: delivered, refused by the server, dropped because too many waited, or not in \
             the form of the template.",
            "result",
            &[
                ("delivered", counts.succeeded),
                ("refused", counts.unsuccessful()),
                ("dropped", counts.dropped + self.outbox.dropped()),
                ("not_rendered", self.unrendered),
            ],
        );
        let help = "Attempts to post that failed and were made again.";
        families.counter("regscope_webhook_retries_total", help, counts.again);
        let help = "Notifications that wait to be posted.";
        families.gauge("regscope_webhook_waiting", help, self.outbox.waiting().len() as f64);
        let up = !self.is_in_trouble && !counts.gone;
        let help = "Whether notifications can be posted.";
        families.gauge("regscope_webhook_up", help, f64::from(u8::from(up)));
    }
}
