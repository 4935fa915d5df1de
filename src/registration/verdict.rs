//! The words of the model: verdict, state, cohort and the flags beside a verdict.

use crate::sip::status_phrase;

/// The verdict on a DN, one word, the same in every output.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Verdict {
    /// A binding granted by a 2xx still runs.
    InService,
    /// The last binding's granted time ran out and no refresh was tried.
    Expired,
    /// Removed from the side that had registered it, answered 2xx (RFC 3261 §10.2.2).
    Deregistered,
    /// The binding ended otherwise while its time still ran.
    Terminated,
    /// A 2xx to a REGISTER with Contacts that lists none of them, or grants 0 (RFC 3261 §10.3).
    NotKept,
    /// Only asked (no Contact, RFC 3261 §10.2.3), and the 2xx lists nothing.
    NotRegistered,
    /// A final 4xx, 5xx or 6xx that no other verdict names.
    Rejected,
    /// Refused after credentials were presented.
    AuthFailed,
    /// Challenged, and no credentials followed.
    Challenged,
    /// A 3xx, not followed with success.
    Redirected,
    /// Nothing came back, and the client shows that it got nothing.
    NoAnswer,
    /// An ICMP error or a TCP reset came instead of a response.
    Unreachable,
    /// The capture ends before a response could be due.
    Pending,
    /// No response was captured, yet the client acts as if it had one.
    OneWay,
    /// The packets were cut before what decides.
    Truncated,
    /// Expected, and absent from the capture.
    NotSeen,
    /// Logs state its CTI state, and nothing of a registration.
    CtiOnly,
}

impl Verdict {
    /// Every verdict, most urgent first: the order of every list.
    pub const ALL: [Self; 17] = [
        Self::Unreachable,
        Self::NoAnswer,
        Self::AuthFailed,
        Self::Rejected,
        Self::NotKept,
        Self::Terminated,
        Self::Expired,
        Self::Challenged,
        Self::Redirected,
        Self::Deregistered,
        Self::NotRegistered,
        Self::NotSeen,
        Self::Truncated,
        Self::OneWay,
        Self::Pending,
        Self::CtiOnly,
        Self::InService,
    ];

    /// The word used in JSON, filters and `--fail-on`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InService => "in_service",
            Self::Expired => "expired",
            Self::Deregistered => "deregistered",
            Self::Terminated => "terminated",
            Self::NotKept => "not_kept",
            Self::NotRegistered => "not_registered",
            Self::Rejected => "rejected",
            Self::AuthFailed => "auth_failed",
            Self::Challenged => "challenged",
            Self::Redirected => "redirected",
            Self::NoAnswer => "no_answer",
            Self::Unreachable => "unreachable",
            Self::Pending => "pending",
            Self::OneWay => "one_way",
            Self::Truncated => "truncated",
            Self::NotSeen => "not_seen",
            Self::CtiOnly => "cti_only",
        }
    }

    /// The verdict of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.name() == name)
    }

    /// The state that a registration with this verdict has.
    ///
    /// Of a DN ask [`DnState::state`](super::DnState::state): one known from CTI only is what its owner states.
    #[must_use]
    pub const fn state(self) -> State {
        match self {
            Self::InService => State::InService,
            Self::Pending | Self::OneWay | Self::Truncated | Self::NotSeen | Self::CtiOnly => {
                State::Unknown
            }
            _ => State::OutOfService,
        }
    }

    /// Its label, the same in every output; `code` is the status code behind it.
    #[must_use]
    pub fn label(self, code: Option<u16>) -> String {
        let with_code =
            |words: &str| code.map_or_else(|| words.to_owned(), |c| format!("{words} {c}"));
        match self {
            Self::InService => "in service".to_owned(),
            Self::Rejected => match code {
                Some(code) => format!("rejected {}", status_phrase(code, None)),
                None => "rejected".to_owned(),
            },
            Self::AuthFailed => with_code("authentication failed"),
            Self::Redirected => with_code("redirected"),
            Self::Expired => "expired".to_owned(),
            Self::Deregistered => "de-registered by the device".to_owned(),
            Self::Terminated => "binding removed".to_owned(),
            Self::NotKept => "200 OK, Contact not stored".to_owned(),
            Self::NotRegistered => "query only, no binding".to_owned(),
            Self::Challenged => with_code("challenged") + ", no credentials followed",
            Self::NoAnswer => "no response".to_owned(),
            Self::Unreachable => "unreachable".to_owned(),
            Self::Pending => "response pending at end of capture".to_owned(),
            Self::OneWay => "responses not captured".to_owned(),
            Self::Truncated => "truncated".to_owned(),
            Self::NotSeen => "expected, not seen".to_owned(),
            Self::CtiOnly => "known from CTI only".to_owned(),
        }
    }

    /// What else people call it: found by search and filter beside its label and its key.
    #[must_use]
    pub const fn synonyms(self, code: Option<u16>) -> &'static [&'static str] {
        match self {
            Self::InService => &["registered", "ok"],
            Self::Expired => &["lapsed"],
            Self::Deregistered => &["unregistered", "removed", "logout"],
            Self::Terminated => &["removed", "kicked"],
            Self::Rejected if matches!(code, Some(403)) => &["refused", "forbidden"],
            Self::Rejected => &["refused"],
            Self::AuthFailed => &["wrong password", "credentials refused"],
            Self::NoAnswer => &["timeout"],
            Self::Unreachable => &["refused", "port unreachable"],
            Self::OneWay => &["one-way"],
            Self::Truncated => &["cut", "snaplen"],
            Self::NotSeen => &["missing"],
            Self::NotKept
            | Self::NotRegistered
            | Self::Challenged
            | Self::Redirected
            | Self::Pending
            | Self::CtiOnly => &[],
        }
    }

    /// The place of the verdict in [`Self::ALL`]: smaller is more urgent.
    #[must_use]
    pub fn urgency(self) -> usize {
        Self::ALL.iter().position(|&v| v == self).unwrap_or(Self::ALL.len())
    }
}

/// The state a verdict means.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// Calls to the DN reach its Contact.
    InService,
    /// They do not.
    OutOfService,
    /// This capture does not show it.
    Unknown,
}

impl State {
    /// The word used in every machine-readable output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InService => "in_service",
            Self::OutOfService => "out_of_service",
            Self::Unknown => "unknown",
        }
    }
}

/// The side a DN takes in a comparison.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cohort {
    /// In service, and not at risk.
    Working,
    /// Out of service.
    Failing,
    /// Neither for certain.
    Unclear,
}

impl Cohort {
    /// The cohort of a verdict and its flags.
    #[must_use]
    pub fn of(verdict: Verdict, flags: FlagSet) -> Self {
        match verdict.state() {
            State::OutOfService => Self::Failing,
            State::InService if flags.contains(Flag::AtRisk) => Self::Unclear,
            State::InService => Self::Working,
            State::Unknown => Self::Unclear,
        }
    }

    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Failing => "failing",
            Self::Unclear => "unclear",
        }
    }
}

macro_rules! flags {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A remark beside a verdict.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Flag { $($(#[$doc])* $variant,)* }

        impl Flag {
            /// Every flag, in the order of the outputs.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word used in every output.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

flags! {
    /// Went out of service at least twice within ten minutes.
    Flapping = "flapping",
    /// Another source took the binding over.
    Moved = "moved",
    /// The registration went on at another registrar.
    MovedRegistrar = "moved_registrar",
    /// Two registrars hold it at once, or two sources take it from each other.
    Conflict = "conflict",
    /// Two bindings from different hosts run at once.
    TwoDevices = "two_devices",
    /// Address translation between the device and the registrar.
    Nat = "nat",
    /// The registrar answered, and the client shows that the response did not reach it.
    AnswerLost = "answer_lost",
    /// Requests were repeated for lack of a response (RFC 3261 §17.1.2.2).
    Retransmissions = "retransmissions",
    /// The registrar called the nonce stale (RFC 2617 §3.2.1).
    StaleNonce = "stale_nonce",
    /// Credentials were refused three times or more in one attempt.
    AuthLoop = "auth_loop",
    /// Credentials were given for another realm than the one that asked.
    WrongRealm = "wrong_realm",
    /// A 423 named a minimum expiry (RFC 3261 §21.4.17).
    MinExpires = "min_expires",
    /// The registrar asked to wait (RFC 3261 §20.33).
    RetryAfter = "retry_after",
    /// Less time was granted than asked for.
    Shortened = "shortened",
    /// In service now, and out of service earlier in the capture.
    Recovered = "recovered",
    /// A refresh was refused while the binding still ran.
    RefreshRefused = "refresh_refused",
    /// Another source was refused for this DN while its binding ran.
    RejectedFromOtherSource = "rejected_from_other_source",
    /// The Contact's address cannot be reached from outside its host.
    ContactUnroutable = "contact_unroutable",
    /// Registered through a Path (RFC 3327).
    Path = "path",
    /// The request was captured on two of its hops.
    TwoHops = "two_hops",
    /// The same packet was captured more than once.
    CapturedTwice = "captured_twice",
    /// Messages came in IP fragments.
    IpFragments = "ip_fragments",
    /// The capture cut messages of this DN.
    Truncated = "truncated",
    /// The source tries DNs that are not its own.
    Scanner = "scanner",
    /// One request got two different final responses.
    TwoAnswers = "two_answers",
    /// Held upstream by a border controller at which the device itself is not registered any more.
    LostAtEdge = "lost_at_edge",
    /// A log says something else of an exchange than its messages do.
    LogDisagrees = "log_disagrees",
    /// The same message is in two inputs, one of them a log.
    SeenTwice = "seen_twice",
    /// The verdict rests on a statement of a log.
    Stated = "stated",
    /// The clock of its log was set.
    ClockStep = "clock_step",
    /// A log states that its CTI state is out of service.
    CtiOut = "cti_out",
    /// Two cluster nodes hold each other's DNs out of service.
    CtiSplit = "cti_split",
    /// A log states that the device does not answer the server's OPTIONS.
    UnreachableStated = "unreachable_stated",
    /// In service, and it may not stay there or be reached: see [`Risk`](super::Risk).
    AtRisk = "at_risk",
}

/// A set of flags.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct FlagSet(u64);

impl FlagSet {
    /// The empty set.
    pub const EMPTY: Self = Self(0);

    /// Whether the flag is in the set.
    #[must_use]
    pub const fn contains(self, flag: Flag) -> bool {
        self.0 & (1 << flag as u8) != 0
    }

    /// Adds a flag.
    pub const fn insert(&mut self, flag: Flag) {
        self.0 |= 1 << flag as u8;
    }

    /// Takes a flag out.
    pub const fn remove(&mut self, flag: Flag) {
        self.0 &= !(1 << flag as u8);
    }

    /// Adds a flag when `on`.
    pub const fn set_if(&mut self, flag: Flag, on: bool) {
        if on {
            self.insert(flag);
        }
    }

    /// Whether any flag is in both sets.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The flags of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The flags, in the order of [`Flag::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Flag> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let flag = Flag::ALL.get(rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(*flag)
        })
    }

    /// The flags as bits, in the order of [`Flag::ALL`].
    pub(crate) const fn bits(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_has_a_name_that_leads_back_to_it() {
        for verdict in Verdict::ALL {
            assert_eq!(Verdict::from_name(verdict.name()), Some(verdict));
        }
    }

    #[test]
    fn a_flag_set_keeps_what_is_put_in() {
        for &flag in Flag::ALL {
            let mut set = FlagSet::EMPTY;
            set.insert(flag);
            assert_eq!(set.iter().collect::<Vec<_>>(), [flag]);
        }
    }
}
