//! The arguments of `regscope interfaces`.

use clap::{Args as ClapArgs, ValueEnum};

use super::args::{ColorArg, ending};
use super::settings::style;
use crate::report::Style;

pub(super) const EXAMPLES: &str = ending!(
    "  regscope interfaces
  sudo regscope interfaces --format json | jq -r '.interfaces[] | select(.up).name'",
    devices
);

#[derive(ClapArgs, Debug)]
pub(super) struct InterfacesArgs {
    /// What to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: InterfacesFormat,
    /// Colors in text
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: ColorArg,
}

/// The formats of `regscope interfaces`.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum InterfacesFormat {
    /// For a person
    #[default]
    Text,
    /// One object
    Json,
}

/// The settings of `regscope interfaces`.
#[derive(Debug)]
pub struct InterfacesSettings {
    /// What is printed.
    pub format: InterfacesFormat,
    /// How text looks.
    pub style: Style,
}

impl From<InterfacesArgs> for InterfacesSettings {
    fn from(InterfacesArgs { format, color }: InterfacesArgs) -> Self {
        Self { format, style: style(color) }
    }
}
