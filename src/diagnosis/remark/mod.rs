//! Remarks: rules about a DN, working or not, that explain no verdict.

use super::rule::DnRule;

mod answer_changed;
mod answer_lost;
mod answer_names_two_times;
mod answer_not_passed_on;
mod bulk_registration;
mod call_id_changes;
mod conflict_two_registrars;
mod connection_closed;
mod contact_not_source;
mod contact_refused;
mod contact_rewritten;
mod contact_unroutable;
mod cseq_not_rising;
mod dead_contacts;
mod digest_uri_differs;
mod flapping;
mod keep_alive_missing;
mod log_disagrees;
mod lost_at_edge;
mod malformed_address;
mod moved;
mod no_answer_to_other_source;
mod not_kept_beside_others;
mod other_registrar;
mod recovered;
mod refresh_failed;
mod refresh_failed_then_expired;
mod refresh_gap;
mod refreshes_given_up;
mod register_names_no_expires;
mod registered_but_silent;
mod registers_too_often;
mod rejected_from_other_source;
mod removal_answer_missing;
mod removal_ignored;
mod request_for_dn_refused;
mod request_uri_user;
mod retry_after_not_obeyed;
mod rport_unfilled;
mod shortened;
mod sip_alg;
mod still_called;
mod taken_by_other_source;
mod thin_refresh_margin;
mod third_party_registration;
mod two_devices;
mod two_final_answers;
mod username_not_dn;

/// The remarks.
pub(super) static REMARKS: &[&dyn DnRule] = &[
    &bulk_registration::BulkNumbers,
    &contact_unroutable::ContactUnroutable,
    &contact_not_source::ContactNotSource,
    &rport_unfilled::RportUnfilled,
    &call_id_changes::CallIdChanges,
    &third_party_registration::ThirdParty,
    &request_uri_user::RequestUriUser,
    &request_for_dn_refused::RequestRefused,
    &username_not_dn::UsernameNotDn,
    &digest_uri_differs::DigestUriDiffers,
    &answer_lost::AnswerLost,
    &answer_not_passed_on::NotPassedOn,
    &answer_changed::AnswerChanged,
    &thin_refresh_margin::ThinMargin,
    &refresh_gap::RefreshGap,
    &refresh_failed::RefreshFailed,
    &refresh_failed_then_expired::LapsedAfterRefresh,
    &refreshes_given_up::RefreshesGivenUp,
    &removal_answer_missing::RemovalAnswerMissing,
    &removal_ignored::RemovalIgnored,
    &still_called::StillCalled,
    &cseq_not_rising::CseqNotRising,
    &flapping::Flapping,
    &conflict_two_registrars::TwoRegistrars,
    &taken_by_other_source::TakenByOther,
    &two_devices::TwoDevices,
    &moved::Moved,
    &recovered::Recovered,
    &shortened::Shortened,
    &two_final_answers::TwoFinalAnswers,
    &registers_too_often::RegistersTooOften,
    &answer_names_two_times::TwoTimes,
    &register_names_no_expires::NoExpires,
    &contact_rewritten::ContactRewritten,
    &malformed_address::MalformedAddress,
    &sip_alg::SipAlg,
    &keep_alive_missing::KeepAliveMissing,
    &retry_after_not_obeyed::RetryAfter,
    &rejected_from_other_source::RejectedElsewhere,
    &lost_at_edge::LostAtEdge,
    &log_disagrees::LogDisagrees,
    &registered_but_silent::RegisteredButSilent,
    &connection_closed::ConnectionClosed,
    &dead_contacts::DeadContacts,
    &contact_refused::ContactRefused,
    &no_answer_to_other_source::SilentElsewhere,
    &other_registrar::OtherRegistrar,
    &not_kept_beside_others::NotKeptBesideOthers,
];
