//! Rules about a source, a server, or the capture itself.

use super::rule::Rule;

mod bad_reginfo;
mod captured_twice;
mod clock_set;
mod clock_went_back;
mod connection;
mod dns_lookup_failed;
mod encrypted;
mod fragments;
mod instance_shared;
mod mid_life;
mod no_dn;
mod not_in_capture;
mod not_in_log;
mod one_direction;
mod password_cracking;
mod registration_storm;
mod scanner;
mod tcp_no_answer;
mod tcp_refused;
mod tls_failed;
mod tls_words;
mod witnesses;

/// The rules.
pub(super) static RULES: &[&dyn Rule] = &[
    &tcp_refused::TcpRefused,
    &tcp_no_answer::TcpNoAnswer,
    &tls_failed::TlsFailed,
    &dns_lookup_failed::DnsLookupFailed,
    &encrypted::Encrypted,
    &password_cracking::PasswordCracking,
    &scanner::Scanner,
    &registration_storm::RegistrationStorm,
    &instance_shared::InstanceShared,
    &one_direction::OneDirection,
    &captured_twice::CapturedTwice,
    &not_in_log::NotInLog,
    &not_in_capture::NotInCapture,
    &clock_set::ClockSet,
    &clock_went_back::ClockWentBack,
    &mid_life::MidLife,
    &fragments::Fragments,
    &no_dn::NoDn,
    &bad_reginfo::BadReginfo,
];
