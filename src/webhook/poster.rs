//! The process that posts: takes a line, posts it until the server has it, reports how that went.

use std::io::{self, BufRead, Read as _, Write};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Error};

use super::{Address, Post};
use crate::hook::{READY, news};
use crate::net::escape_text;

/// Bytes of a line: more than one is ever given.
const LINE: u64 = 1 << 20;
/// Bytes of a header a server may answer with.
const HEADER: usize = 16 << 10;

/// How long is waited for a server, and between two attempts.
#[derive(Clone, Debug)]
pub struct PosterLimits {
    /// For the name, the connection and the response together.
    pub longest: Duration,
    /// Between the first two attempts; doubled each time.
    pub first_pause: Duration,
    /// Between two attempts, at most.
    pub longest_pause: Duration,
}

impl Default for PosterLimits {
    fn default() -> Self {
        Self {
            longest: Duration::from_secs(10),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
        }
    }
}

/// How an attempt ended.
enum Attempt {
    Delivered,
    /// The server will not take it later either.
    Refused(String),
    /// It may later, after this time if it said so.
    Failed(String, Option<Duration>),
}

/// Posts each line of `lines`, up to their end; says in `news` what became of it. Ends when nobody reads that:
/// what was not delivered then is kept by the process that gave it.
pub fn run(
    address: &Address,
    limits: &PosterLimits,
    mut lines: impl BufRead,
    mut said: impl Write,
) -> io::Result<()> {
    let agent = agent(address, limits);
    let mut say = |words: &str| writeln!(said, "{words}").and_then(|()| said.flush());
    say(READY)?;
    loop {
        let mut line = Vec::new();
        if lines.by_ref().take(LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let Ok(post) = serde_json::from_slice::<Post>(&line) else {
            say(&format!("{} the post is damaged", news::REFUSED))?;
            continue;
        };
        let mut pause = limits.first_pause;
        loop {
            // a post is not delivered twice: by this process, and by one that was started after it
            say(news::BEGUN)?;
            match attempt(&agent, address, &post) {
                Attempt::Delivered => break say(news::OK)?,
                Attempt::Refused(why) => break say(&format!("{} {why}", news::REFUSED))?,
                Attempt::Failed(why, wait) => {
                    say(&format!("{} {why}", news::AGAIN))?;
                    sleep(wait.unwrap_or(pause).min(limits.longest_pause));
                    pause = limits.longest_pause.min(pause * 2);
                }
            }
        }
    }
}

/// A client that follows no redirect and believes the certificates this host believes.
fn agent(address: &Address, limits: &PosterLimits) -> Agent {
    let is_secure = address.uri.scheme_str() == Some("https");
    let found = is_secure.then(rustls_native_certs::load_native_certs);
    let found = found.map(|found| found.certs).unwrap_or_default();
    let roots = found.iter().map(|der| Certificate::from_der(der).to_owned());
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::from(roots))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(limits.longest))
        .max_response_header_size(HEADER)
        .max_idle_connections(0)
        .user_agent(concat!("regscope/", env!("CARGO_PKG_VERSION")))
        .build();
    config.into()
}

fn attempt(agent: &Agent, address: &Address, post: &Post) -> Attempt {
    let mut request = agent.post(&address.uri).header("Content-Type", &post.media);
    if let Some(authorization) = &address.authorization {
        request = request.header("Authorization", authorization);
    }
    let response = match request.send(post.body.as_bytes()) {
        Ok(response) => response,
        Err(error) => return failed(&error),
    };
    let status = response.status().as_u16();
    let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let wait = header.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    match status {
        200..300 => Attempt::Delivered,
        300..400 => Attempt::Refused(format!(
            "the server redirects (status {status}), which is not followed: give the URL it redirects to"
        )),
        408 | 425 | 429 | 500.. => {
            Attempt::Failed(format!("the server answers with status {status}"), wait)
        }
        _ => Attempt::Refused(format!("the server refuses it with status {status}")),
    }
}

/// What is wrong with TLS; a certificate is what is wrong most of the time.
fn untrusted(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(reason) => {
            format!("this host does not trust the server's certificate: {reason}")
        }
        error => format!("TLS: {error}"),
    }
}

/// Why an attempt failed, in words without the URL, which may hold secrets.
fn failed(error: &Error) -> Attempt {
    let words = match error {
        Error::HostNotFound => "the name of the server is unknown".to_owned(),
        Error::Timeout(_) => "the server does not answer in time".to_owned(),
        Error::ConnectionFailed => "the server cannot be connected to".to_owned(),
        Error::Io(error) => {
            let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
            tls.map_or_else(|| error.to_string(), untrusted)
        }
        Error::Rustls(error) => untrusted(error),
        Error::Tls(words) => format!("TLS: {words}"),
        Error::ConnectProxyFailed(_) => "the proxy does not connect".to_owned(),
        Error::Protocol(_) | Error::LargeResponseHeader(..) => {
            "what answers is no HTTP server".to_owned()
        }
        Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl => {
            return Attempt::Refused("nothing can be posted to this URL".to_owned());
        }
        _ => "the request failed".to_owned(),
    };
    Attempt::Failed(escape_text(&words).into_owned(), None)
}
