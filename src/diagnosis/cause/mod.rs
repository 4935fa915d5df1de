//! Causes: why a DN is not in service, or why that is unknown. The first rule that holds is the cause.

use super::rule::DnRule;

mod address_blocked;
mod algorithm_not_offered;
mod by_code;
mod challenge_declined;
mod challenge_lost;
mod challenge_not_answered;
mod cut_packets;
mod deregistered_by_own_side;
mod digest_replayed;
mod expired_not_refreshed;
mod goes_on_out_of_sight;
mod gone_at_registrar;
mod granted_zero;
mod interval_too_brief_not_obeyed;
mod no_answer;
mod nonce_of_another_server;
mod nonce_outlived;
mod not_kept;
mod not_seen;
mod old_nonce_answered;
mod one_way_capture;
mod only_asked;
mod redirect_not_followed;
mod refused_after_accepted;
mod rejected_403_after_challenge;
mod rejected_403_without_challenge;
mod removed_by_other_source;
mod stale_loop;
mod stated;
mod still_pending;
mod tcp_reset;
mod unknown_dn_404;
mod unreachable_icmp;
mod wrong_password;
mod wrong_realm;

/// The causes, the more special ones first.
pub(super) static CAUSES: &[&dyn DnRule] = &[
    &not_seen::NotSeen,
    &stated::STATED[0],
    &stated::STATED[1],
    &stated::STATED[2],
    &stated::STATED[3],
    &stated::STATED[4],
    &stated::STATED[5],
    &stated::STATED[6],
    &stated::STATED[7],
    &stated::CtiOnly,
    &still_pending::StillPending,
    &tcp_reset::TcpReset,
    &unreachable_icmp::UnreachableIcmp,
    &address_blocked::AddressBlocked,
    &no_answer::NoAnswer,
    &stale_loop::StaleLoop,
    &wrong_realm::WrongRealm,
    &algorithm_not_offered::AlgorithmNotOffered,
    &nonce_of_another_server::NonceOfAnother,
    &digest_replayed::Replayed,
    &nonce_outlived::NonceOutlived,
    &challenge_declined::ChallengeDeclined,
    &old_nonce_answered::OldNonceAnswered,
    &refused_after_accepted::RefusedAfterAccepted,
    &wrong_password::WrongPassword,
    &interval_too_brief_not_obeyed::IntervalTooBrief,
    &challenge_lost::ChallengeLost,
    &challenge_not_answered::ChallengeNotAnswered,
    &unknown_dn_404::UnknownDn,
    &rejected_403_without_challenge::RejectedWithoutChallenge,
    &rejected_403_after_challenge::RejectedAfterChallenge,
    &by_code::BY_CODE[0],
    &by_code::BY_CODE[1],
    &by_code::BY_CODE[2],
    &by_code::BY_CODE[3],
    &by_code::BY_CODE[4],
    &by_code::BY_CODE[5],
    &by_code::BY_CODE[6],
    &by_code::BY_CODE[7],
    &by_code::BY_CODE[8],
    &by_code::BY_CODE[9],
    &by_code::BY_CODE[10],
    &by_code::BY_CODE[11],
    &by_code::BY_CODE[12],
    &by_code::BY_CODE[13],
    &by_code::BY_CODE[14],
    &by_code::BY_CODE[15],
    &by_code::BY_CODE[16],
    &by_code::BY_CODE[17],
    &by_code::BY_CODE[18],
    &by_code::BY_CODE[19],
    &by_code::BY_CODE[20],
    &by_code::BY_CODE[21],
    &granted_zero::GrantedZero,
    &not_kept::NotKept,
    &deregistered_by_own_side::Deregistered,
    &removed_by_other_source::RemovedByOther,
    &gone_at_registrar::GoneAtRegistrar,
    &expired_not_refreshed::ExpiredNotRefreshed,
    &redirect_not_followed::RedirectNotFollowed,
    &only_asked::OnlyAsked,
    &goes_on_out_of_sight::OutOfSight,
    &one_way_capture::OneWayCapture,
    &cut_packets::CutPackets,
];
