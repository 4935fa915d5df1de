//! The fields of a filter: one table for names, aliases, examples and help.

use crate::compare::attribute::{ATTRIBUTES, Attribute};
use crate::registration::{DnView, Extra, ExtraName};

/// What a condition is about.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Field {
    Dn,
    Source,
    Verdict,
    Code,
    Flag,
    Registrar,
    Reason,
    CallId,
    Attempts,
    Owner,
    Node,
    Cti,
    Attribute(&'static Attribute),
    /// A header or Contact parameter.
    Extra(ExtraName),
}

/// A field with a meaning of its own.
pub(super) struct Own {
    pub field: Field,
    pub name: &'static str,
    /// Other names.
    pub also: &'static [&'static str],
    /// What it holds, for help and documents.
    pub about: &'static str,
    /// A condition on it.
    pub example: &'static str,
}

/// The fields that are no attributes.
pub(super) static OWN: &[Own] = &[
    Own {
        field: Field::Dn,
        name: "dn",
        also: &["number", "user"],
        about: "the directory number: names, ranges, wildcards",
        example: "dn=5001-5020,10*",
    },
    Own {
        field: Field::Source,
        name: "source",
        also: &["src", "ip", "source.address"],
        about: "the device's address, or the network it is in",
        example: "source=192.168.210.0/24",
    },
    Own {
        field: Field::Verdict,
        name: "verdict",
        also: &["state", "cohort"],
        about: "the verdict, by key, label or synonym; in_service, out_of_service; failing, working; at_risk",
        example: "verdict=failing",
    },
    Own {
        field: Field::Code,
        name: "code",
        also: &["status", "status_code", "response"],
        about: "the status code behind the verdict; 4xx for all of a class",
        example: "code>=500",
    },
    Own {
        field: Field::Reason,
        name: "reason",
        also: &["phrase"],
        about: "the reason phrase, Warning and Reason of the last final response",
        example: "reason~suspended",
    },
    Own {
        field: Field::Registrar,
        name: "registrar",
        also: &["reg", "server"],
        about: "the registrar's address, with or without its port",
        example: "registrar=192.168.210.81:5060",
    },
    Own {
        field: Field::Flag,
        name: "flag",
        also: &["remark"],
        about: "a remark beside the verdict",
        example: "flag=nat",
    },
    Own {
        field: Field::CallId,
        name: "call_id",
        also: &["callid", "call-id"],
        about: "the Call-ID of any attempt",
        example: "call_id~e4f2",
    },
    Own {
        field: Field::Attempts,
        name: "attempts",
        also: &["tries"],
        about: "how many attempts to register were seen",
        example: "attempts>10",
    },
    Own {
        field: Field::Owner,
        name: "owner",
        also: &[],
        about: "the cluster node that owns the DN, or none",
        example: "owner=SIPS_DC1",
    },
    Own {
        field: Field::Node,
        name: "node",
        also: &[],
        about: "any cluster node that reports on the DN",
        example: "node=SIPS_DC1",
    },
    Own {
        field: Field::Cti,
        name: "cti",
        also: &[],
        about: "the CTI state: in, out or unknown",
        example: "cti=out",
    },
];

/// Short names of attributes.
pub(super) const SHORT: [(&str, &str); 13] = [
    ("ua", "user_agent"),
    ("useragent", "user_agent"),
    ("user-agent", "user_agent"),
    ("agent", "user_agent"),
    ("realm", "auth.realm"),
    ("contact", "contact.host"),
    ("via", "via.sent_by"),
    ("ttl", "ip.ttl"),
    ("network", "source.network"),
    ("domain", "request.to_domain"),
    ("expires", "expires.asked"),
    ("port", "source.port"),
    ("rtt", "rtt_ms"),
];

/// The fields used most, for an error with no better advice.
pub(super) const COMMON: [&str; 9] =
    ["dn", "source", "verdict", "code", "reason", "registrar", "ua", "realm", "contact"];

impl Field {
    /// The field of that name, in any case.
    pub(super) fn named(typed: &str) -> Option<Self> {
        let name = typed.to_ascii_lowercase();
        let own = OWN.iter().find(|own| own.name == name || own.also.contains(&name.as_str()));
        if let Some(own) = own {
            return Some(own.field.clone());
        }
        let full = SHORT.iter().find(|(short, _)| *short == name).map_or(name.as_str(), |s| s.1);
        let attribute = Attribute::named(full).map(Self::Attribute);
        attribute.or_else(|| ExtraName::parse(typed).map(Self::Extra))
    }

    /// The header or Contact parameter, if it is one.
    pub(super) const fn extra(&self) -> Option<&ExtraName> {
        match self {
            Self::Extra(name) => Some(name),
            _ => None,
        }
    }

    /// Whether a DN's value is known, where it may not be kept.
    pub(super) fn is_known(&self, dn: &DnView<'_>) -> bool {
        self.extra().is_none_or(|name| dn.extra(name) != Extra::Unknown)
    }

    /// A condition on it.
    pub(super) fn example(&self) -> &'static str {
        match self {
            Self::Attribute(attribute) if attribute.is_number => "expires<120",
            Self::Attribute(_) => "ua~Asterisk",
            Self::Extra(_) => "hdr.X-Site~berlin",
            own => OWN.iter().find(|row| row.field == *own).map_or("dn=5001", |row| row.example),
        }
    }

    /// Whether its values are in an order, so that `<` and `>` mean something.
    pub(super) fn is_ordered(&self) -> bool {
        match self {
            Self::Dn | Self::Code | Self::Attempts | Self::Extra(_) => true,
            Self::Attribute(attribute) => attribute.is_number,
            _ => false,
        }
    }
}

/// Every name that may come before an operator.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let own = OWN.iter().flat_map(|own| std::iter::once(own.name).chain(own.also.iter().copied()));
    let extra = [ExtraName::HEADER, ExtraName::CONTACT];
    own.chain(SHORT.iter().map(|s| s.0)).chain(ATTRIBUTES.iter().map(|a| a.name)).chain(extra)
}

/// What each field holds: its name, its other names, what it is about. Attributes go by their
/// short name first.
pub fn filter_fields() -> impl Iterator<Item = (&'static str, String, String)> {
    let own = OWN.iter().map(|own| (own.name, own.also.join(", "), own.about.to_owned()));
    // what a field of its own already names is not listed twice
    let others = ATTRIBUTES.iter().filter(|attribute| {
        Field::named(attribute.name).is_some_and(|f| matches!(f, Field::Attribute(_)))
    });
    let extra = [
        (
            ExtraName::HEADER,
            "any header of the latest REGISTER: `hdr.X-Site~berlin`; alone: it is there",
        ),
        (ExtraName::CONTACT, "any parameter of its first Contact: `contact.param.reg-id=1`"),
    ];
    let extra = extra.map(|(prefix, about)| (prefix, String::new(), about.to_owned()));
    own.chain(extra).chain(others.map(|attribute| {
        let short = SHORT.iter().filter(|(_, full)| *full == attribute.name).map(|s| s.0);
        (attribute.name, short.collect::<Vec<_>>().join(", "), attribute.label.to_owned())
    }))
}
