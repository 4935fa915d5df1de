//! Visits every symbol in a record, so that compaction can mark and move texts.

use super::agents::AgentRecord;
use super::attempt::Attempt;
use super::details::{AnswerDetails, Details};
use super::ends::{End, Host};
use super::forms::{AnswerForm, RequestForm};
use super::rare::Rare;
use super::store::{Binding, Dn, Registration, Source, Trouble};
use super::text::Sym;
use super::transaction::{Asked, Request};

/// The visitor of a symbol.
pub(super) type Visit<'v> = dyn FnMut(&mut Sym) + 'v;

/// A record that holds symbols. A pattern names every field that could be one: a new symbol cannot
/// be forgotten.
pub(super) trait Symbols {
    /// Visits all of them.
    fn each_symbol(&mut self, visit: &mut Visit<'_>);
}

impl Symbols for Attempt {
    fn each_symbol(&mut self, visit: &mut Visit<'_>) {
        let Self {
            call_id,
            contact,
            user_agent,
            aor,
            realm,
            realm_offered,
            username,
            reason,
            dn: _,
            next: _,
            log: _,
            open: _,
            source,
            registrar,
            transport: _,
            started: _,
            last: _,
            rtt: _,
            purpose: _,
            seconds: _,
            outcome: _,
            code: _,
            cseq: _,
            requests: _,
            challenges: _,
            margin_ms: _,
            rare,
            flags: _,
            nonce: _,
            hops: _,
            decided_hop: _,
            traits: _,
        } = self;
        if let Some(rare) = rare.as_deref_mut() {
            rare.texts_mut().for_each(&mut *visit);
        }
        let named = rare.as_deref_mut().into_iter().flat_map(Rare::ends_mut);
        [call_id, contact, user_agent, aor, realm, realm_offered, username, reason]
            .into_iter()
            .chain([source, registrar].into_iter().chain(named).filter_map(End::sym_mut))
            .for_each(visit);
    }
}

impl Symbols for AgentRecord {
    fn each_symbol(&mut self, visit: &mut Visit<'_>) {
        let Self { node, address: _, capture_id: _, last: _ } = self;
        visit(node);
    }
}

impl Symbols for Dn {
    fn each_symbol(&mut self, visit: &mut Visit<'_>) {
        let Self {
            user,
            domain: _,
            aors,
            registrations,
            contacts,
            vias,
            user_agents,
            details,
            first_attempt: _,
            last_attempt: _,
            recent: _,
            brief: _,
            attempts: _,
            sources: _,
            proven: _,
            registered: _,
            returned: _,
            flags: _,
            more_values: _,
            first_seen: _,
            last_seen: _,
            aside,
        } = self;
        visit(user);
        if let Some(aside) = aside {
            visit(&mut aside.shown);
            aside.extras.iter_mut().flatten().for_each(&mut *visit);
        }
        for list in [aors, contacts, vias, user_agents] {
            list.iter_mut().for_each(&mut *visit);
        }
        for registration in registrations {
            registration.each_symbol(visit);
        }
        if let Some(details) = details {
            details.each_symbol(visit);
        }
    }
}

impl Symbols for Registration {
    fn each_symbol(&mut self, visit: &mut Visit<'_>) {
        let Self { registrar, bindings, tried, before, holders, edge, rare, history: _ } = self;
        bindings.iter_mut().for_each(|binding| binding.each_symbol(visit));
        let ends = [Some(registrar), edge.as_mut()].into_iter().flatten();
        ends.filter_map(End::sym_mut).for_each(&mut *visit);
        let rare = rare.as_deref_mut();
        let (ended, unsure) = rare.map_or((None, None), |rare| {
            let Trouble { ended, unsure, doubtful, .. } = rare;
            doubtful.iter_mut().for_each(|binding| binding.each_symbol(visit));
            (ended.as_mut().and_then(|e| e.source.as_mut()), unsure.as_mut().map(|u| &mut u.source))
        });
        let tried = tried.iter_mut().chain(before.as_deref_mut()).map(|tried| &mut tried.source);
        let hosts = holders.iter_mut().chain(ended).chain(tried).chain(unsure);
        hosts.filter_map(Host::sym_mut).for_each(visit);
    }
}

impl Symbols for Binding {
    fn each_symbol(&mut self, visit: &mut Visit<'_>) {
        let Self {
            contact,
            device,
            aor,
            user_agent,
            source,
            granted: _,
            since: _,
            renewed: _,
            expires_at: _,
            frame: _,
            refreshes: _,
        } = self;
        let source = source.as_mut().and_then(End::sym_mut);
        [contact, device, aor, user_agent].into_iter().chain(source).for_each(visit);
    }
}

impl Symbols for Source {
    fn each_symbol(&mut self, visit: &mut Visit<'_>) {
        self.user_agents.iter_mut().for_each(visit);
    }
}

impl Symbols for Request {
    fn each_symbol(&mut self, visit: &mut Visit<'_>) {
        for asked in &mut self.contacts {
            visit(&mut asked.contact);
            visit(&mut asked.device);
        }
        for presented in &mut self.credentials {
            visit(&mut presented.realm);
            visit(&mut presented.username);
        }
        let issuer = self.issuer.as_mut().and_then(|issuer| issuer.server.sym_mut());
        issuer.into_iter().for_each(visit);
    }
}

impl Symbols for Details {
    fn each_symbol(&mut self, visit: &mut Visit<'_>) {
        let Self {
            aor,
            sent_by,
            from_uri,
            to_uri,
            contact_host,
            contact_user,
            instance,
            via_host,
            auth_username,
            asked,
            answer,
            form: _, // each is visited once, for all
            request_frame: _,
            sameness: _,
            auth_same: _,
            vlan: _,
            ttl: _,
            mac: _,
            contact_port: _,
            via_port: _,
            malformed_host: _,
            credentials_for_proxy: _,
            auth_nc: _,
            agent: _,
            log: _,
        } = self;
        let uris = [aor, sent_by, from_uri, to_uri, contact_host, contact_user, instance, via_host];
        uris.into_iter().chain([auth_username]).for_each(&mut *visit);
        for Asked { contact, device, expires: _ } in asked {
            visit(contact);
            visit(device);
        }
        answer.as_mut().and_then(AnswerDetails::sym_mut).into_iter().for_each(visit);
    }
}

impl Symbols for RequestForm {
    fn each_symbol(&mut self, visit: &mut Visit<'_>) {
        let Self {
            user_agent,
            request_uri,
            contact_uri_params,
            contact_params,
            via_transport,
            supported,
            require,
            allow,
            path,
            max_forwards,
            header_order,
            auth_realm,
            auth_algorithm,
            auth_qop,
            auth_uri,
            contacts: _,
            rport_asked: _,
            vias: _,
            expires_header: _,
            expires_contact: _,
        } = self;
        let top = [user_agent, request_uri, contact_uri_params, contact_params, via_transport];
        let headers = [supported, require, allow, path, max_forwards, header_order];
        let auth = [auth_realm, auth_algorithm, auth_qop, auth_uri];
        top.into_iter().chain(headers).chain(auth).for_each(visit);
    }
}

impl Symbols for AnswerForm {
    fn each_symbol(&mut self, visit: &mut Visit<'_>) {
        let Self {
            server,
            challenge_realm,
            challenge_algorithms,
            challenge_qop,
            unsupported,
            warning,
            service_route,
            stale: _,
            expires_header: _,
            min_expires: _,
        } = self;
        let challenge = [challenge_realm, challenge_algorithms, challenge_qop];
        let headers = [server, unsupported, warning, service_route];
        challenge.into_iter().chain(headers).for_each(visit);
    }
}
