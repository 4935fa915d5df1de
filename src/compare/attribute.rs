//! The attributes of a DN's registration: one table for names, labels, kinds and where values
//! come from.

use super::atom::Atom;
use super::facts::{self, Facts};
use crate::net::LogMarks;
use crate::registration::{Purpose, Snapshot};
use crate::sip::{Uri, is_user_name_of};

/// How an attribute's values are to be compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Values are equal or not.
    Categorical,
    /// Values are numbers in an order; the unit is in the label.
    Continuous,
    /// Numbers that exist or change because of the outcome: never offered as its cause.
    Outcome,
}

impl Kind {
    /// The word used in JSON and CSV.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Categorical => "categorical",
            Self::Continuous => "continuous",
            Self::Outcome => "outcome",
        }
    }
}

/// One attribute.
pub struct Attribute {
    /// The stable name used in JSON, CSV and filters.
    pub name: &'static str,
    /// What a person calls it.
    pub label: &'static str,
    /// How its values are compared.
    pub kind: Kind,
    /// Whether its values are numbers, so that `<` and `>` mean something.
    pub is_number: bool,
    /// `None` when the capture does not show it.
    pub(super) value: Read,
}

/// Reads the value for a DN.
pub(super) type Read = for<'s> fn(&Facts<'s>) -> Option<Atom<'s>>;

impl std::fmt::Debug for Attribute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Attribute {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Attribute {
    /// The attribute of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        ATTRIBUTES.iter().find(|a| a.name == name)
    }

    /// Whether there is anything to ask: what HEP agents say, only where there are some.
    #[must_use]
    pub(super) fn applies(&self, snapshot: &Snapshot) -> bool {
        snapshot.has_hep_agents() || !self.name.starts_with("hep.")
    }

    /// The same, its values numbers.
    const fn of_numbers(self) -> Self {
        Self { is_number: true, ..self }
    }

    /// Its place in [`ATTRIBUTES`].
    #[must_use]
    pub(super) fn place(&self) -> usize {
        ATTRIBUTES.iter().position(|a| a == self).unwrap_or(ATTRIBUTES.len())
    }
}

const fn row(name: &'static str, label: &'static str, kind: Kind, value: Read) -> Attribute {
    Attribute { name, label, kind, is_number: matches!(kind, Kind::Continuous), value }
}

use Kind::{Categorical, Continuous, Outcome};

/// Every attribute. Of attributes that coincide the first one here speaks for the others: what an
/// engineer can act on comes first, what is derived from another comes last.
pub static ATTRIBUTES: &[Attribute] = &[
    row("source.address", "Source address", Categorical, |f| {
        f.at_source().map(|a| Atom::Address(a.source.addr))
    }),
    row("contact.host", "Contact host", Categorical, |f| f.contact_host(f.own_contact()?).name()),
    row("via.sent_by", "Via sent-by host", Categorical, |f| f.via_host(f.details?).name()),
    row("user_agent", "User-Agent", Categorical, |f| {
        let agent = f.asked()?.user_agent;
        if agent.is_none() && f.details.is_none() { None } else { f.wire(agent) }
    }),
    row("transport", "Transport", Categorical, |f| {
        f.by_transport().map(|a| Atom::Word(a.transport.name()))
    }),
    row("registrar", "Registrar", Categorical, |f| {
        f.at_registrar().map(|a| Atom::Endpoint(a.registrar))
    }),
    row("source.network", "Source network", Categorical, |f| {
        facts::network(f.at_source()?.source.addr)
    }),
    row("vlan", "VLAN", Categorical, |f| {
        let details = f.details?;
        // an agent that reports no VLAN need not mean that there is none, and a log has none
        let captured = details.agent.is_none() && !details.log.has(LogMarks::LOGGED);
        let absent = captured.then_some(Atom::Absent);
        details.vlan.map_or(absent, |vlan| Some(Atom::Number(vlan.into())))
    })
    .of_numbers(),
    row("hep.capture_id", "HEP capture id", Categorical, |f| {
        f.seen_by(|agent| agent.capture_id.map(|id| Atom::Number(id.into())))
    })
    .of_numbers(),
    row("hep.node", "HEP node", Categorical, |f| {
        f.seen_by(|agent| (!agent.node.is_none()).then(|| Atom::wire(f.text(agent.node))))
    }),
    row("auth.realm", "Realm", Categorical, |f| {
        let realm = f.asked()?.realm;
        let told = f.answered() || !realm.is_none();
        if told { f.wire(realm) } else { None }
    }),
    row("auth.given", "Authorization sent", Categorical, |f| f.shown(f.asked()?.credentials())),
    row("auth.algorithm", "Digest algorithm", Categorical, |f| {
        f.wire(f.details?.form.auth_algorithm)
    }),
    row("auth.qop", "Digest qop", Categorical, |f| f.wire(f.details?.form.auth_qop)),
    row("auth.username_is_dn", "Digest user name is the DN", Categorical, username_is_dn),
    row("auth.stale", "stale=true received", Categorical, |f| {
        let stale = f.attempt?.flags.contains(crate::registration::Flag::StaleNonce);
        f.answered().then_some(Atom::yes_no(stale))
    }),
    row("expires.asked", "Requested expiry (s)", Continuous, |f| {
        // the 0 of a removal is what ended the registration, not what was asked for
        let attempt = f.asked().filter(|a| a.purpose != Purpose::Remove)?;
        let asked = attempt.asked;
        f.number(f.details.and_then(|d| d.form.expires_contact.or(d.form.expires_header)).or(asked))
    }),
    row("expires.present", "Expiry given in", Categorical, expires_present),
    row("request.to_domain", "Domain in To", Categorical, |f| f.host_in_to(f.details?)),
    row("request.from_domain", "Domain in From", Categorical, |f| f.host_in_from(f.details?)),
    row("request_uri", "Request-URI", Categorical, |f| f.without_dn(f.details?.form.request_uri)),
    row("from_is_to", "From is To", Categorical, from_is_to),
    row("via.transport", "Transport in Via", Categorical, |f| {
        let sym = f.details?.form.via_transport;
        if sym.is_none() {
            return f.absent();
        }
        Some(Atom::capitals(f.text(sym)))
    }),
    row("via.count", "Vias", Categorical, |f| Some(Atom::Number(f.details?.form.vias.into())))
        .of_numbers(),
    row("via.received", "Via received", Categorical, |f| {
        Some(f.answer()?.received(f.snapshot.texts()).map_or(Atom::Absent, Atom::Address))
    }),
    row("via.rport_asked", "rport requested", Categorical, |f| {
        f.shown(f.details?.form.rport_asked)
    }),
    row("via.rport_filled", "rport returned", Categorical, |f| {
        Some(Atom::yes_no(f.answer()?.rport.is_some()))
    }),
    row("contact.uri_params", "Contact URI parameters", Categorical, |f| {
        f.wire(f.own_contact()?.form.contact_uri_params)
    }),
    row("contact.params", "Contact parameters", Categorical, |f| {
        f.wire(f.own_contact()?.form.contact_params)
    }),
    row("contact.user", "Contact user", Categorical, contact_user),
    row("contact.count", "Contacts", Categorical, |f| {
        Some(Atom::Number(f.own_contact()?.form.contacts.into()))
    })
    .of_numbers(),
    row("supported", "Supported", Categorical, |f| f.wire(f.details?.form.supported)),
    row("require", "Require", Categorical, |f| f.wire(f.details?.form.require)),
    row("allow", "Allow", Categorical, |f| f.wire(f.details?.form.allow)),
    row("path", "Path", Categorical, |f| f.wire(f.details?.form.path)),
    row("instance.present", "+sip.instance given", Categorical, |f| {
        f.shown(!f.details?.instance.is_none())
    }),
    row("request.header_order", "Header order", Categorical, |f| {
        // credentials are left out: whether they were given is an attribute of its own
        f.wire(f.details?.form.header_order)
    }),
    row("request.max_forwards", "Max-Forwards", Categorical, |f| {
        f.wire(f.details?.form.max_forwards)
    })
    .of_numbers(),
    row("call_id.stable", "Same Call-ID every time", Categorical, |f| {
        f.same_call_id.map(Atom::yes_no)
    }),
    // a loopback device has the address zero, which is no address
    row("mac", "MAC address", Categorical, |f| {
        f.details?.mac.filter(|mac| *mac != [0; 6]).map(Atom::Mac)
    }),
    row("ip.ttl", "IP TTL", Categorical, |f| {
        f.details.filter(|d| d.ttl > 0).map(|d| Atom::Number(d.ttl.into()))
    })
    .of_numbers(),
    row("source.is_registrar", "Source is the registrar", Categorical, |f| {
        f.at_source()?;
        f.at_registrar().map(|a| Atom::yes_no(a.source.addr == a.registrar.addr))
    }),
    row("source.shared_by", "DNs on that source", Categorical, |f| f.shared_by()),
    row("source.port", "Source port", Categorical, |f| {
        f.at_source().map(|a| Atom::Number(a.source.port.into()))
    })
    .of_numbers(),
    row("contact.port", "Contact port", Categorical, |f| f.number(f.own_contact()?.contact_port))
        .of_numbers(),
    row("via.port", "Via port", Categorical, |f| f.number(f.details?.via_port)).of_numbers(),
    row("contact.host_is_source", "Contact host is the source", Categorical, |f| {
        f.contact_host(f.own_contact()?).is_source()
    }),
    row("via.is_source", "Via host is the source", Categorical, |f| {
        f.via_host(f.details?).is_source()
    }),
    row("contact.routable", "Contact address is routable", Categorical, |f| {
        f.contact_host(f.own_contact()?).is_routable()
    }),
    row("expires.granted", "Granted expiry (s)", Outcome, |f| {
        Some(f.attempt?.granted.map_or(Atom::Absent, |s| Atom::Number(s.into())))
    })
    .of_numbers(),
    row("answer.own_words", "Registrar's own words", Outcome, |f| f.own_words()),
    row("rtt_ms", "Response time (ms)", Outcome, |f| {
        f.attempt?.rtt().map(|nanos| Atom::Number(nanos / 1_000_000))
    })
    .of_numbers(),
];

fn username_is_dn<'s>(f: &Facts<'s>) -> Option<Atom<'s>> {
    let name = f.asked()?.username;
    if name.is_none() {
        return f.absent();
    }
    Some(Atom::yes_no(f.is_dn(name) || is_user_name_of(f.dn.name(), f.text(name))))
}

fn expires_present<'s>(f: &Facts<'s>) -> Option<Atom<'s>> {
    // a removal is written differently
    f.attempt.filter(|a| a.purpose != Purpose::Remove)?;
    let details = f.details?;
    let place = match (details.form.expires_header, details.form.expires_contact) {
        (Some(_), Some(_)) => "both",
        (Some(_), None) => "header",
        (None, Some(_)) => "contact",
        (None, None) => return f.absent().map(|_| Atom::Word("none")),
    };
    Some(Atom::Word(place))
}

fn from_is_to<'s>(f: &Facts<'s>) -> Option<Atom<'s>> {
    let details = f.details?;
    if details.from_uri.is_none() {
        return f.absent();
    }
    let same = details.from_uri == details.to_uri
        || Uri::parse(f.text(details.from_uri))
            .zip(Uri::parse(f.text(details.to_uri)))
            .is_some_and(|(from, to)| from.same_as(&to));
    Some(Atom::yes_no(same))
}

fn contact_user<'s>(f: &Facts<'s>) -> Option<Atom<'s>> {
    let user = f.own_contact()?.contact_user;
    if user.is_none() {
        return f.absent();
    }
    Some(Atom::Word(if f.is_dn(user) { "the DN" } else { "differs" }))
}
