//! Resolves where a secret comes from: a file, the environment, or an argument.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::error::ErrorKind;

/// The options that take a secret, and the variables that hold one in their place.
const SECRETS: [(&str, &str); 3] = [
    ("--hep-key", "REGSCOPE_HEP_KEY"),
    ("--hep-out-key", "REGSCOPE_HEP_OUT_KEY"),
    ("--webhook", WEBHOOK_VARIABLE),
];

/// The variable that holds the URL of the webhook, which may be all a stranger needs to post there.
pub const WEBHOOK_VARIABLE: &str = "REGSCOPE_WEBHOOK";

/// The variables of the environment that hold secrets: not for programs that are started.
pub const SECRET_VARIABLES: [&str; 3] = [SECRETS[0].1, SECRETS[1].1, SECRETS[2].1];

/// A secret, or the file it is in.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretArg {
    /// The secret itself.
    Given(String),
    /// The file whose first line it is.
    File(PathBuf),
}

impl std::fmt::Debug for SecretArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretArg")
    }
}

impl SecretArg {
    /// The secret of the option at `place`: as given, from a file, or from the environment.
    fn of(
        place: usize,
        given: Option<String>,
        file: Option<PathBuf>,
    ) -> Result<Option<Self>, clap::Error> {
        if let Some(key) = given.map(Self::Given).or_else(|| file.map(Self::File)) {
            return Ok(Some(key));
        }
        let variable = SECRET_VARIABLES.get(place).copied().unwrap_or_default();
        let found = std::env::var_os(variable).filter(|key| !key.is_empty());
        found.map(|key| key.into_string().map(Self::Given)).transpose().map_err(|_| {
            clap::Error::raw(ErrorKind::InvalidUtf8, format!("{variable} is not UTF-8\n"))
        })
    }

    /// The key agents have to show.
    #[cfg(feature = "hep")]
    pub(super) fn of_agents(
        given: Option<String>,
        file: Option<PathBuf>,
    ) -> Result<Option<Self>, clap::Error> {
        Self::of(0, given, file)
    }

    /// The URL notifications are posted to.
    #[cfg(feature = "webhook")]
    pub(super) fn of_webhook(
        given: Option<String>,
        file: Option<PathBuf>,
    ) -> Result<Option<Self>, clap::Error> {
        Self::of(2, given, file)
    }

    /// The key a collector asks for.
    #[cfg(feature = "live")]
    pub(super) fn of_collector(
        given: Option<String>,
        file: Option<PathBuf>,
    ) -> Result<Option<Self>, clap::Error> {
        Self::of(1, given, file)
    }
}

/// Variables of an environment, with their values.
type Variables = Vec<(&'static str, OsString)>;

/// The arguments without secrets, and the variables that hold these instead; `None` if there is none among
/// them.
///
/// Every user of the host can read the arguments of a program, but only its own user its environment.
#[must_use]
pub fn without_secrets(args: &[OsString]) -> Option<(Vec<OsString>, Variables)> {
    let (mut kept, mut secrets) = (Vec::new(), Vec::new());
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if arg == OsStr::new("--") {
            kept.push(arg.clone());
            kept.extend(rest.by_ref().cloned());
        } else if let Some((_, variable)) =
            SECRETS.iter().find(|(option, _)| arg == OsStr::new(option))
        {
            secrets.extend(rest.next().map(|key| (*variable, key.clone())));
        } else if let Some(secret) = attached(arg) {
            secrets.push(secret);
        } else {
            kept.push(arg.clone());
        }
    }
    (!secrets.is_empty()).then_some((kept, secrets))
}

/// The key of `--hep-key=KEY`, with its variable.
fn attached(arg: &OsStr) -> Option<(&'static str, OsString)> {
    let text = arg.to_str()?;
    SECRETS.iter().find_map(|(option, variable)| {
        let key = text.strip_prefix(option)?.strip_prefix('=')?;
        Some((*variable, key.into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_leave_the_arguments_and_nothing_else_does() {
        let split = |line: &str| {
            let args: Vec<OsString> = line.split(' ').map(Into::into).collect();
            without_secrets(&args).map(|(kept, keys)| {
                let kept: Vec<_> = kept.iter().map(|arg| arg.to_str().unwrap()).collect();
                let keys: Vec<_> = keys
                    .iter()
                    .map(|(name, key)| format!("{name}={}", key.to_str().unwrap()))
                    .collect();
                (kept.join(" "), keys.join(" "))
            })
        };
        let some = |kept: &str, keys: &str| Some((kept.to_owned(), keys.to_owned()));
        assert_eq!(
            split("regscope watch --hep h --hep-key k --utc"),
            some("regscope watch --hep h --utc", "REGSCOPE_HEP_KEY=k")
        );
        assert_eq!(
            split("regscope watch --hep-out-key=a=b --hep-key --x"),
            some("regscope watch", "REGSCOPE_HEP_OUT_KEY=a=b REGSCOPE_HEP_KEY=--x")
        );
        assert_eq!(
            split("regscope watch --webhook https://h/t --webhook-file f"),
            some("regscope watch --webhook-file f", "REGSCOPE_WEBHOOK=https://h/t")
        );
        for line in ["regscope watch --hep h", "regscope x -- --hep-key k", "x --hep-key-file f"] {
            assert_eq!(split(line), None, "{line}");
        }
    }
}
