//! Checks the digests of the capture against passwords that a user gave in a file.
//!
//! Messages are inspected before they reach the model, so standard input serves as well as a file.

use std::fs::File;
use std::io;
use std::path::Path;

use super::Failure;
use super::pipeline::{Plan, Trace};
use super::private::warn_if_others_read;
use crate::diagnosis::Finding;
use crate::diagnosis::secret::{CredentialSamples, SecretFile};
use crate::net::Origin;
use crate::registration::Ingested;
use crate::sip::Message;

/// Reads the passwords, if there are any, and warns of a file that others may read.
pub(super) fn read(path: Option<&Path>) -> Result<Option<SecretFile>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let secrets = SecretFile::read(path)?;
    if let Ok(file) = File::open(path) {
        warn_if_others_read("the secret file", path, &file)?;
    }
    if secrets.is_empty() {
        super::warn("the secret file holds no password");
    }
    Ok(Some(secrets))
}

/// Runs a plan; what the digests of its messages show of the passwords comes with the trace.
pub(super) fn run(
    plan: Plan,
    secrets: Option<&SecretFile>,
) -> Result<(Trace, Vec<Finding>), Failure> {
    let Some(secrets) = secrets else { return Ok((plan.run(None)?, Vec::new())) };
    let mut samples = CredentialSamples::new(secrets);
    let mut look = |origin: &Origin, message: &Message<'_>, _: Ingested| -> io::Result<()> {
        samples.message(origin, message);
        Ok(())
    };
    let trace = plan.run(Some(&mut look))?;
    Ok((trace, samples.findings()))
}
