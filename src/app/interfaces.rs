//! `regscope interfaces`.

use std::io::Write as _;

use super::{Failure, Outcome};
use crate::cli::{InterfacesFormat, InterfacesSettings};
use crate::report::{interfaces, text};
use crate::source::live;

/// Lists the devices, each opened for a moment to learn whether that is permitted.
pub(super) fn run(settings: &InterfacesSettings) -> Result<Outcome, Failure> {
    let devices: Vec<_> = live::interfaces()?.into_iter().map(live::Interface::tried).collect();
    let mut out = super::output();
    match settings.format {
        InterfacesFormat::Text => text::write_interfaces(&devices, settings.style, &mut out)?,
        InterfacesFormat::Json => interfaces::json(&devices, &mut out)?,
    }
    out.flush()?;
    Ok(Outcome::Done)
}
