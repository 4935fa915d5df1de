//! Posts notifications to a web server, in a process of its own: `Poster` is that process, `Template` puts a
//! notification into the form the server wants.
//!
//! ```text
//!  notification ── Template ──▶ Post ── a line ──▶ Poster, outside the fence ── HTTP ──▶ the server
//!                               outbox ◀── a line: delivered, refused, or tried again ──┘
//! ```
//!
//! The process that parses packets may not open connections (`privilege`). So it renders, and another process,
//! started before the fence is up, posts what it is given, one post at a time. What waits is kept by the
//! former ([`Outbox`]), so that a restart finds it.

mod outbox;
mod poster;
mod template;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use outbox::{Outbox, OutboxLimits};
pub use poster::{PosterLimits, run};
pub use template::{Template, TemplateError};

/// What is posted.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
pub struct Post {
    /// The id of the notification.
    pub id: String,
    /// The media type of the body.
    pub media: String,
    /// The body.
    pub body: String,
}

/// Where to post to.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    uri: ureq::http::Uri,
    /// The header that shows user and password, if there are any.
    authorization: Option<String>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Address {
    /// Reads a URL, which may hold secrets; `None` if nothing can be posted there.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        use base64::Engine as _;

        let (scheme, rest) = url.trim().split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https") {
            return None;
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let authorization = user.map(|user| {
            let decoded: Vec<u8> = percent_encoding::percent_decode_str(user).collect();
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(decoded))
        });
        let path = path.split('#').next().unwrap_or_default();
        let slash = if path.starts_with('/') { "" } else { "/" };
        let uri: ureq::http::Uri = format!("{scheme}://{host}{slash}{path}").parse().ok()?;
        uri.host().filter(|host| !host.is_empty())?;
        Some(Self { uri, authorization })
    }

    /// The server alone: neither user nor password nor path, which often holds a token.
    #[must_use]
    pub fn shown(&self) -> String {
        let scheme = self.uri.scheme_str().unwrap_or("http");
        let host = self.uri.authority().map(ToString::to_string).unwrap_or_default();
        format!("{scheme}://{}", crate::net::escape_text(&host))
    }
}
