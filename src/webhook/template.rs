//! Puts a notification into the form a server wants.

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::Post;
use crate::alert::Notification;

/// The templates that are built in, by name; they are also examples for files.
const BUILT_IN: [(&str, &str); 3] = [
    ("alertmanager", include_str!("templates/alertmanager.json")),
    ("slack", include_str!("templates/slack.json")),
    ("teams", include_str!("templates/teams.json")),
];
/// The name of what is posted without a template: the notification itself.
const PLAIN: &str = "json";
/// The name of a template among those of an environment.
const NAME: &str = "template";
/// Steps a template may take, and bytes it may make.
const FUEL: u64 = 100_000;
const LONGEST: usize = 56 << 10;

/// Why a template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It is no template, or names what is not there.
    #[error("{0}")]
    Template(String),
    /// It does not make JSON.
    #[error("it makes no JSON: {0}")]
    NoJson(serde_json::Error),
    /// What it makes is too long.
    #[error("what it makes is longer than {} KiB", LONGEST >> 10)]
    TooLong,
}

/// A form for notifications; none for the notification itself.
#[derive(Debug)]
pub struct Template(Option<Environment<'static>>);

impl Template {
    /// The names of those that are built in.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name).chain([PLAIN])
    }

    /// One that is built in.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == PLAIN {
            return Some(Self(None));
        }
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Self::parse((*text).to_owned()).ok()
    }

    /// One of the user, tried on a notification of each kind. Values are put in as JSON, so that no text can end
    /// the string it is in.
    pub fn parse(text: String) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Json);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.add_filter("unlinked", unlinked);
        environment.add_template_owned(NAME, text).map_err(|error| wrong(&error))?;
        let template = Self(Some(environment));
        for sample in Notification::samples() {
            template.render(&sample)?;
        }
        Ok(template)
    }

    /// A notification in this form.
    pub fn render(&self, notification: &Notification) -> Result<Post, TemplateError> {
        let body = match &self.0 {
            None => serde_json::to_string(notification).map_err(TemplateError::NoJson)?,
            Some(environment) => {
                let template = environment.get_template(NAME).map_err(|error| wrong(&error))?;
                let made = template.render(Value::from(Serde(notification)));
                made.map_err(|error| wrong(&error))?
            }
        };
        if body.len() > LONGEST {
            return Err(TemplateError::TooLong);
        }
        let made: serde_json::Value = serde_json::from_str(&body).map_err(TemplateError::NoJson)?;
        let (id, media) = (notification.id.clone(), "application/json".to_owned());
        Ok(Post { id, media, body: made.to_string() })
    }
}

/// What is wrong with a template, in a line.
fn wrong(error: &minijinja::Error) -> TemplateError {
    let line = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    TemplateError::Template(
        crate::net::escape_text(&format!("{line}{}{detail}", error.kind())).into_owned(),
    )
}

/// Text in which Slack sees neither a link nor a mention.
fn unlinked(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
