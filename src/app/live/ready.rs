//! Opens what is followed with the rights the program has, then gives up those that are not needed.

#[cfg(feature = "live")]
use std::path::PathBuf;
use std::time::Instant;

use super::budget::Budget;
use super::clock::{SteadyClock, since_boot};
use super::engine::Engine;
use super::inputs::Inputs;
use super::losses::Losses;
use super::recorder::Recorder;
use super::sources::Opening;
use super::{Following, LOOK, Needs, warnings};
use crate::app::Failure;
#[cfg(feature = "live")]
use crate::app::hosts::Lookup;
use crate::app::private::secret;
use crate::cli::LiveSettings;
use crate::net::Timestamp;
#[cfg(feature = "live")]
use crate::net::escape_text;
use crate::packet::KeyLog;

/// What a HEP key is called where it cannot be read.
const HEP_KEY: &str = "HEP key";

/// What is open: nothing is read and no thread started until it begins.
pub(super) struct Ready {
    pub(super) budget: Budget,
    pub(super) opening: Opening,
    pub(super) inputs: Inputs,
    recorder: Option<Recorder>,
    keys: KeyLog,
    #[cfg(feature = "hep")]
    hep_key: Option<zeroize::Zeroizing<String>>,
    #[cfg(feature = "live")]
    out: Option<crate::hep::Sender>,
    #[cfg(feature = "live")]
    lookup: Lookup,
    #[cfg(feature = "live")]
    pub(super) dropped: crate::privilege::Dropped,
}

impl Ready {
    /// Opens everything with the rights the program has, then gives up those that are not needed.
    pub(super) fn open(settings: &LiveSettings, needs: &Needs) -> Result<Self, Failure> {
        let budget = Budget::divide(settings.memory, needs.front);
        #[cfg(feature = "hep")]
        let key = settings.hep_key.as_ref().map(|key| secret(HEP_KEY, key)).transpose()?;
        let opening = Opening::open(
            settings,
            &budget,
            #[cfg(feature = "hep")]
            key.as_deref().map(String::as_str),
        )?;
        let inputs = inputs(settings, &opening);
        #[cfg(feature = "live")]
        let out = settings.hep_out.as_ref().map(collector).transpose()?;
        let keys = crate::app::keys::read(&settings.keylogs)?;
        // only root can see which process owns which socket
        #[cfg(feature = "live")]
        let lookup = Lookup::of_this_host();
        // last of all: what is wrong elsewhere leaves no empty file
        let recorder = record(settings, inputs.of_packets())?;
        #[cfg(feature = "hep")]
        let recorder = recorder.map(|recorder| recorder.listening_at(opening.address()));
        #[cfg(feature = "live")]
        let (recorder, dropped) = match give_up_rights(settings, needs) {
            Ok(dropped) => (recorder, dropped),
            Err(failure) => {
                recorder.into_iter().for_each(Recorder::discard);
                return Err(failure);
            }
        };
        Ok(Self {
            budget,
            opening,
            inputs,
            recorder,
            keys,
            #[cfg(feature = "hep")]
            hep_key: key,
            #[cfg(feature = "live")]
            out,
            #[cfg(feature = "live")]
            lookup,
            #[cfg(feature = "live")]
            dropped,
        })
    }

    /// Starts the threads. Other threads of the program may start only now.
    #[cfg_attr(
        not(feature = "live"),
        expect(unused_variables, reason = "nobody is asked for names")
    )]
    pub(super) fn begin(
        self,
        settings: &LiveSettings,
        needs: &Needs,
    ) -> Result<Following, Failure> {
        let mut engine = Engine::new(&self.budget, self.keys);
        engine.keep_extras(&settings.extras);
        engine.name_nodes(&settings.logs);
        #[cfg(feature = "live")]
        engine.send_to(self.out);
        #[cfg(feature = "live")]
        engine.ask(self.lookup.resolving(needs.resolve)?);
        #[cfg(feature = "hep")]
        if let Some(key) = &self.hep_key {
            engine.require_hep_key(key);
        }
        let sources = self.opening.start(
            #[cfg(feature = "live")]
            &self.dropped,
        )?;
        let now = Instant::now();
        Ok(Following {
            logs: (settings.logs.clone(), 0),
            #[cfg(feature = "hep")]
            agents: crate::net::FileId(u16::from(sources.has_device())),
            inputs: self.inputs,
            engine,
            clock: SteadyClock::new(Timestamp::now(), since_boot()),
            #[cfg(feature = "metrics")]
            memory: self.budget.memory,
            sources,
            recorder: self.recorder,
            losses: Losses::new(),
            losses_due: now + LOOK,
            lags: false,
            ends: settings.duration.and_then(|most| now.checked_add(most)),
            #[cfg(feature = "live")]
            trouble: None,
            said: warnings(settings),
        })
    }
}

/// The names of what is followed, in the order of their ids.
fn inputs(settings: &LiveSettings, opening: &Opening) -> Inputs {
    #[cfg(feature = "live")]
    let device = settings.device_name();
    #[cfg(not(feature = "live"))]
    let device = None;
    #[cfg(feature = "hep")]
    let agents = opening.address().map(|address| format!("HEP agents at {address}"));
    #[cfg(not(feature = "hep"))]
    let agents = None;
    let _ = (settings, opening);
    Inputs::new(device.into_iter().chain(agents).collect(), opening.logs())
}

/// A directory by its name; the working directory has none.
#[cfg(feature = "live")]
fn directory(path: &std::path::Path) -> PathBuf {
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() }
}

/// A socket towards a collector named by host and port.
#[cfg(feature = "live")]
fn collector(out: &crate::cli::HepOut) -> Result<crate::hep::Sender, Failure> {
    use std::net::ToSocketAddrs as _;
    let failed = |error| Failure::Collector(escape_text(&out.collector).into_owned(), error);
    let mut found = out.collector.to_socket_addrs().map_err(failed)?;
    let none = || failed(std::io::ErrorKind::AddrNotAvailable.into());
    let address = found.next().ok_or_else(none)?;
    let key = out.key.as_ref().map(|key| secret(HEP_KEY, key)).transpose()?.unwrap_or_default();
    crate::hep::Sender::new(address, out.capture_id, &out.node, &key).map_err(failed)
}

/// Begins to record, if that is wanted: into a ring as the user that goes on with it.
fn record(settings: &LiveSettings, inputs: &[String]) -> Result<Option<Recorder>, Failure> {
    let Some(record) = &settings.record else { return Ok(None) };
    let create = || Recorder::create(record, inputs, Timestamp::now());
    #[cfg(feature = "live")]
    if let [directory, ..] = &*Recorder::directories(record) {
        let user = settings.user.as_deref();
        return crate::privilege::write_as(user, directory, create)?.map(Some);
    }
    create().map(Some)
}

/// The directories that files are made in later on.
#[cfg(feature = "live")]
fn written(settings: &LiveSettings, needs: &Needs) -> Vec<PathBuf> {
    let mut all = settings.record.as_ref().map(Recorder::directories).unwrap_or_default();
    all.extend(needs.state.as_deref().and_then(|state| state.parent()).map(directory));
    all
}

/// Gives up what is not needed any more.
#[cfg(feature = "live")]
fn give_up_rights(
    settings: &LiveSettings,
    needs: &Needs,
) -> Result<crate::privilege::Dropped, Failure> {
    use crate::privilege::{DropOptions, Network, drop_privileges};
    let options = DropOptions {
        user: settings.user.clone(),
        write: written(settings, needs),
        save: needs.save.iter().cloned().collect(),
        // what takes the name of a rotated log
        read: settings.follow.iter().filter_map(|log| log.parent()).map(directory).collect(),
        network: if needs.resolve { Network::Names } else { Network::Open },
        keep_reopen: settings.interface.is_some() && !settings.is_stream(),
        no_fence: settings.no_fence,
        executes: false,
    };
    Ok(drop_privileges(&options)?)
}
