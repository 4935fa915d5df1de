//! The arguments about notifications.

#[cfg(feature = "exec")]
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;
use clap::error::ErrorKind;

use super::fail_on::{FailOn, NotAVerdict};
use super::live::duration;
#[cfg(feature = "webhook")]
use super::secret_arg::SecretArg;
use crate::registration::{Risk, Status};

/// Where notifications go, and when there are any.
#[derive(ClapArgs, Debug)]
#[command(next_help_heading = "Notifications")]
pub(super) struct NotifyArgs {
    /// Run `sh -c COMMAND` for each notification, a JSON object on its standard input: as the user that `watch`
    /// becomes, but outside the fence. A command is ended after 30 seconds
    #[cfg(feature = "exec")]
    #[arg(long, value_name = "COMMAND")]
    exec: Option<OsString>,
    #[cfg(feature = "webhook")]
    #[command(flatten)]
    webhook: WebhookArgs,
    /// Notify only of these verdicts (`rejected`, `no_answer`, ...) or states (`failing`, `not_seen`, `at_risk`);
    /// without it of all of them
    #[arg(long, value_name = "VERDICTS", value_delimiter = ',', value_parser = NotifyOn::parse)]
    notify_on: Vec<NotifyOn>,
    /// Notify of a DN only once it has been out of service, or at risk, for this long
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    for_at_least: Option<Duration>,
    /// Notify again of an outage that goes on, this long after its last notification
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    remind: Option<Duration>,
    /// Keep outages and undelivered notifications in this file, so that a restart neither forgets an outage nor
    /// reports it twice
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

#[cfg(feature = "webhook")]
#[derive(ClapArgs, Debug)]
struct WebhookArgs {
    /// Post each notification to this address (http or https); better in a file or in `REGSCOPE_WEBHOOK`
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// Post each notification to the address in the first line of this file
    #[arg(long, value_name = "FILE", conflicts_with = "webhook")]
    webhook_file: Option<PathBuf>,
    /// The form of what is posted: `json` (the object that `--exec` is given), `slack`, `teams`, `alertmanager`,
    /// or a file with a template that makes JSON (`{ "text": {{ title }} }`)
    #[arg(long, value_name = "NAME|FILE")]
    webhook_template: Option<String>,
}

/// Where notifications go, and when there are any.
#[derive(Clone, Debug)]
pub struct NotifySettings {
    /// What the shell runs for each.
    #[cfg(feature = "exec")]
    pub exec: Option<OsString>,
    /// Where each is posted.
    #[cfg(feature = "webhook")]
    pub webhook: Option<WebhookSettings>,
    /// What is reported; everything if empty.
    pub on: Vec<NotifyOn>,
    /// How long a DN is in trouble before it is reported.
    pub for_at_least: Duration,
    /// When an outage that goes on is reported again.
    pub remind: Option<Duration>,
    /// The file that outlives the program.
    pub state: Option<PathBuf>,
}

/// A verdict or a state that is named by `--notify-on`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotifyOn {
    /// A DN in service that is at risk.
    AtRisk,
    /// What `--fail-on` names too.
    Named(FailOn),
}

impl NotifyOn {
    /// Reads one word.
    fn parse(word: &str) -> Result<Self, NotAVerdict> {
        match word.trim() {
            "at_risk" => Ok(Self::AtRisk),
            word => FailOn::parse(word).map(Self::Named),
        }
    }

    /// Whether a DN of this status is meant.
    #[must_use]
    pub fn names(self, status: Option<Status>, risk: Option<Risk>) -> bool {
        match self {
            Self::AtRisk => risk.is_some(),
            Self::Named(named) => status.is_some_and(|s| named.names((s.verdict, s.state))),
        }
    }
}

/// Where notifications are posted.
#[cfg(feature = "webhook")]
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// The URL.
    pub url: SecretArg,
    /// The name of a template, or its file.
    pub template: Option<String>,
}

impl NotifyArgs {
    /// The settings; an error if they are about notifications, and there is nowhere these could go.
    pub(super) fn settings(self) -> Result<NotifySettings, clap::Error> {
        #[cfg(feature = "webhook")]
        let WebhookArgs { webhook, webhook_file, webhook_template: template } = self.webhook;
        #[cfg(feature = "webhook")]
        let given = template.is_some().then_some("--webhook-template");
        #[cfg(not(feature = "webhook"))]
        let given = None;
        #[cfg(feature = "webhook")]
        let webhook = SecretArg::of_webhook(webhook, webhook_file)?
            .map(|url| WebhookSettings { url, template });
        let settings = NotifySettings {
            #[cfg(feature = "exec")]
            exec: self.exec,
            #[cfg(feature = "webhook")]
            webhook,
            on: self.notify_on,
            for_at_least: self.for_at_least.unwrap_or_default(),
            remind: self.remind,
            state: self.state,
        };
        let given = given.filter(|_| !settings.is_posted()).or_else(|| {
            let asked = [
                ("--notify-on", !settings.on.is_empty()),
                ("--for-at-least", self.for_at_least.is_some()),
                ("--remind", settings.remind.is_some()),
                ("--state", settings.state.is_some()),
            ];
            let asked = asked.into_iter().find(|(_, is_asked)| *is_asked);
            asked.filter(|_| !settings.is_wanted()).map(|(option, _)| option)
        });
        let Some(option) = given else { return Ok(settings) };
        let to = if option == "--webhook-template" { "--webhook" } else { "--exec or --webhook" };
        let words = format!("{option} is about notifications: say with {to} where they go\n");
        Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, words))
    }
}

impl NotifySettings {
    /// Whether notifications are posted.
    const fn is_posted(&self) -> bool {
        #[cfg(feature = "webhook")]
        let is_posted = self.webhook.is_some();
        #[cfg(not(feature = "webhook"))]
        let is_posted = false;
        is_posted
    }

    /// Whether notifications go anywhere.
    #[must_use]
    pub const fn is_wanted(&self) -> bool {
        #[cfg(feature = "exec")]
        let is_run = self.exec.is_some();
        #[cfg(not(feature = "exec"))]
        let is_run = false;
        is_run || self.is_posted()
    }
}
