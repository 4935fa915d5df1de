//! Restricts files, TCP and signals with Landlock, as far as the kernel can.

use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, NetPort,
    PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _,
    RulesetError, RulesetStatus, Scope, make_bitflags, path_beneath_rules,
};

use super::{DropOptions, Fence, PrivilegeError};

/// What every program reads: libraries, time zones, names of users and hosts, processes and devices.
const SYSTEM: &[&str] =
    &["/etc", "/usr", "/lib", "/lib32", "/lib64", "/proc", "/sys", "/run", "/nix/store"];
/// What a program with a terminal opens by name; not `/dev/pts`, where other programs have theirs.
const TERMINALS: &[&str] = &["/dev/tty", "/dev/null"];
const RANDOM: &[&str] = &["/dev/urandom", "/dev/random"];

/// The first version that keeps signals and abstract Unix sockets inside; later ones add nothing that is
/// restricted here.
const KNOWN: ABI = ABI::V6;

/// Questions that are too long for a datagram go to the resolver's port over TCP (RFC 7766).
const DNS: u16 = 53;

/// Restricts the calling thread. An error only for a directory to write to that cannot be opened; what is
/// read may be open already, and need no right to be opened.
pub(super) fn restrict_files(options: &DropOptions) -> Result<Fence, PrivilegeError> {
    let needed = options.write.iter().map(|path| {
        let opened = PathFd::new(path).map_err(|error| PrivilegeError::Path {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        Ok(PathBeneath::new(opened, writing()))
    });
    let mut given = needed.collect::<Result<Vec<_>, _>>()?;
    given.extend(options.save.iter().filter_map(|path| if_there(path, writing())));
    given.extend(options.read.iter().filter_map(|path| if_there(path, reading())));
    Ok(match restrict(given) {
        Ok(RulesetStatus::FullyEnforced) => Fence::Full,
        Ok(RulesetStatus::PartiallyEnforced) => Fence::Partial,
        Ok(RulesetStatus::NotEnforced) => Fence::Missing("this kernel has no Landlock".to_owned()),
        Err(error) => Fence::Missing(error.to_string()),
    })
}

/// A rule for a file or a directory that can be opened; pipes and the like need none.
fn if_there(path: &Path, rights: BitFlags<AccessFs>) -> Option<PathBeneath<PathFd>> {
    let metadata = path.metadata().ok()?;
    let rights = match (metadata.is_dir(), metadata.is_file()) {
        (true, _) => rights,
        (_, true) => rights & AccessFs::from_file(KNOWN),
        _ => return None,
    };
    PathFd::new(path).ok().map(|opened| PathBeneath::new(opened, rights))
}

fn reading() -> BitFlags<AccessFs> {
    make_bitflags!(AccessFs::{ReadFile | ReadDir})
}

/// Regular files are made, written, renamed and removed; no links, devices or sockets.
fn writing() -> BitFlags<AccessFs> {
    reading() | make_bitflags!(AccessFs::{WriteFile | Truncate | MakeReg | RemoveFile})
}

fn restrict(given: Vec<PathBeneath<PathFd>>) -> Result<RulesetStatus, RulesetError> {
    let terminals = make_bitflags!(AccessFs::{ReadFile | ReadDir | WriteFile | IoctlDev});
    let rules: RulesetCreated = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?
        .create()?
        .add_rules(path_beneath_rules(SYSTEM, reading()))?
        .add_rules(path_beneath_rules(TERMINALS, terminals))?
        .add_rules(path_beneath_rules(RANDOM, reading()))?
        .add_rules(given.into_iter().map(Ok::<_, RulesetError>))?
        .add_rule(NetPort::new(DNS, AccessNet::ConnectTcp))?;
    Ok(rules.restrict_self()?.ruleset)
}
