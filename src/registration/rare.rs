//! What few attempts have.

use std::iter;

use super::attempt::Demand;
use super::ends::End;
use super::memory::ALLOCATION;
use super::nearer::Nearer;
use super::text::Sym;
use crate::net::{FrameRef, Timestamp};
use crate::packet::Seal;

/// What a request says behind a router that rewrites it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rewritten {
    /// The first Contact there.
    pub contact: Sym,
    /// The sent-by of the Via there; [`Sym::NONE`] if it is the same.
    pub via: Sym,
}

/// What few attempts have.
#[derive(Clone, Debug, Default)]
pub(super) struct Rare {
    pub demand: Option<(Demand, Option<bool>)>,
    pub icmp: Option<(u8, u8)>,
    pub undelivered: Option<(u8, u8, u16)>,
    pub refusals: u32,
    pub stale: u32,
    pub requests: u32,
    pub retransmissions: u32,
    pub challenges: u32,
    pub margin_ms: Option<i64>,
    pub own_words: Sym,
    pub rewritten: Option<Box<Rewritten>>,
    pub entry: Option<End>,
    pub issuer: Option<End>,
    /// How it went on out of sight.
    pub sealed: Option<Seal>,
    pub nearer: Option<Nearer>,
    /// When the server closed the connection instead of answering, and the frame.
    pub closed: Option<(Timestamp, FrameRef)>,
    /// A server nearer to the device refused what the registrar accepted.
    pub refused_nearer: bool,
    /// What a challenge offers beside its first nonce and realm.
    pub also_offered: Box<[(u64, Sym)]>,
}

impl Rare {
    /// The servers it names.
    pub(super) fn ends_mut(&mut self) -> impl Iterator<Item = &mut End> {
        let nearer = self.nearer.as_mut().map(|nearer| &mut nearer.server);
        self.entry.iter_mut().chain(&mut self.issuer).chain(nearer)
    }

    /// What the last final response says in words, and the realms a challenge offers beside its first.
    pub(super) fn texts_mut(&mut self) -> impl Iterator<Item = &mut Sym> {
        let realms = self.also_offered.iter_mut().map(|(_, realm)| realm);
        let rewritten = self.rewritten.as_deref_mut();
        let rewritten = rewritten.into_iter().flat_map(|r| [&mut r.contact, &mut r.via]);
        iter::once(&mut self.own_words).chain(realms).chain(rewritten)
    }

    /// The bytes it owns beside its record.
    pub(super) fn heap_bytes(&self) -> usize {
        let offered = match self.also_offered.len() {
            0 => 0,
            more => more * size_of::<(u64, Sym)>() + ALLOCATION,
        };
        let rewritten = self.rewritten.as_ref().map_or(0, |_| size_of::<Rewritten>() + ALLOCATION);
        offered + rewritten
    }
}
