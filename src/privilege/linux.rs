//! Drops privileges on Linux: user, capabilities, then the fences.

use std::fmt::Display;
use std::path::Path;

use caps::{CapSet, Capability, CapsHashSet};
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{
    AccessFlags, Gid, Uid, User, access, faccessat, getgroups, setegid, seteuid, setgroups,
    setresgid, setresuid, setsid, setuid,
};

use super::{DropOptions, Dropped, Fence, Kept, PrivilegeError, calls, files};

/// All that opening a packet socket takes (packet(7)); promiscuous mode takes nothing more.
const CAPTURE: Capability = Capability::CAP_NET_RAW;

pub(super) fn may_capture() -> Option<bool> {
    caps::has_cap(None, CapSet::Effective, CAPTURE).ok()
}

pub(super) fn drop_privileges(
    options: &DropOptions,
    user: Option<&User>,
) -> Result<Dropped, PrivilegeError> {
    // a right that is not there cannot be kept
    let keep = options.keep_reopen && may_capture() == Some(true);
    empty_bounding_set()?;
    if let Some(user) = user {
        become_user(user, keep)?;
    }
    clear_capabilities(keep)?;
    if let Some(user) = user
        && !user.uid.is_root()
        && (setuid(Uid::from_raw(0)).is_ok() || Uid::effective().is_root())
    {
        return Err(PrivilegeError::Regained);
    }
    let user = super::rights().user;
    for path in &options.write {
        if access(path, AccessFlags::W_OK | AccessFlags::X_OK).is_err() {
            return Err(PrivilegeError::Unwritable { path: path.clone(), user });
        }
    }
    let kept = Kept { reopen: keep, network: options.network };
    if options.executes {
        // a terminal takes input for others (TIOCSTI) only from processes it controls
        setsid().map_err(|error| step("setsid", &error))?;
        let missing = || Fence::Missing("it executes other programs".to_owned());
        return Ok(Dropped { user, landlock: missing(), seccomp: missing(), kept });
    }
    no_new_privileges()?;
    let (landlock, seccomp) = if options.no_fence {
        let missing = || Fence::Missing("as asked for".to_owned());
        (missing(), missing())
    } else {
        let landlock = files::restrict_files(options)?;
        (landlock, calls::restrict_calls(options.network, keep))
    };
    Ok(Dropped { user, landlock, seccomp, kept })
}

/// Makes a file as another user, and is root again afterwards.
pub(super) fn write_as<T>(
    user: &User,
    directory: &Path,
    make: impl FnOnce() -> T,
) -> Result<T, PrivilegeError> {
    let groups = getgroups().map_err(|error| step("getgroups", &error))?;
    let group = Gid::effective();
    setgroups(&[]).map_err(|error| step("setgroups", &error))?;
    setegid(user.gid).map_err(|error| step("setegid", &error))?;
    seteuid(user.uid).map_err(|error| step("seteuid", &error))?;
    let may =
        faccessat(AT_FDCWD, directory, AccessFlags::W_OK | AccessFlags::X_OK, AtFlags::AT_EACCESS);
    let result = may.is_ok().then(make);
    seteuid(Uid::from_raw(0)).map_err(|error| step("seteuid", &error))?;
    setegid(group).map_err(|error| step("setegid", &error))?;
    setgroups(&groups).map_err(|error| step("setgroups", &error))?;
    let user = user.name.clone();
    result.ok_or_else(|| PrivilegeError::Unwritable { path: directory.to_owned(), user })
}

/// Takes from programs that are executed later what the kernel would give them as root; without the
/// right to do that there is nothing it would give.
fn empty_bounding_set() -> Result<(), PrivilegeError> {
    let may = caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP);
    if may.unwrap_or(false) {
        caps::clear(None, CapSet::Bounding).map_err(|error| step("PR_CAPBSET_DROP", &error))?;
    }
    Ok(())
}

/// Groups first: afterwards they can no longer be changed. The C library does this for all threads.
fn become_user(user: &User, keep: bool) -> Result<(), PrivilegeError> {
    if keep && !user.uid.is_root() {
        caps::securebits::set_keepcaps(true).map_err(|error| step("PR_SET_KEEPCAPS", &error))?;
    }
    let (uid, gid): (Uid, Gid) = (user.uid, user.gid);
    setgroups(&[]).map_err(|error| step("setgroups", &error))?;
    setresgid(gid, gid, gid).map_err(|error| step("setresgid", &error))?;
    setresuid(uid, uid, uid).map_err(|error| step("setresuid", &error))
}

/// Leaves nothing but, if it is to be kept, the right to open a packet socket, not in effect.
fn clear_capabilities(keep: bool) -> Result<(), PrivilegeError> {
    let permitted: CapsHashSet = keep.then_some(CAPTURE).into_iter().collect();
    let failed = |error: caps::errors::CapsError| step("capset", &error);
    // kernels before 4.3 have no ambient set to clear
    drop(caps::clear(None, CapSet::Ambient));
    caps::clear(None, CapSet::Effective).map_err(failed)?;
    caps::clear(None, CapSet::Inheritable).map_err(failed)?;
    caps::set(None, CapSet::Permitted, &permitted).map_err(failed)?;
    let left = caps::read(None, CapSet::Permitted).map_err(failed)?;
    if left == permitted { Ok(()) } else { Err(step("capset", &"capabilities are left")) }
}

/// The kernel takes seccomp filters from unprivileged programs on this condition only (seccomp(2)).
fn no_new_privileges() -> Result<(), PrivilegeError> {
    nix::sys::prctl::set_no_new_privs().map_err(|error| step("PR_SET_NO_NEW_PRIVS", &error))
}

/// Raises the right kept by [`DropOptions::keep_reopen`] in the calling thread, or lowers it again.
///
/// Without that right nothing happens, and opening the device fails.
pub fn reopening(now: bool) {
    let effective: CapsHashSet = now.then_some(CAPTURE).into_iter().collect();
    drop(caps::set(None, CapSet::Effective, &effective));
}

pub(super) fn relinquish(dropped: &Dropped) -> Result<(), PrivilegeError> {
    clear_capabilities(false)?;
    if dropped.kept.reopen
        && !matches!(dropped.seccomp, Fence::Missing(_))
        && let Fence::Missing(reason) = calls::restrict_calls(dropped.kept.network, false)
    {
        return Err(step("seccomp", &reason));
    }
    Ok(())
}

fn step(step: &'static str, reason: &dyn Display) -> PrivilegeError {
    PrivilegeError::Step { step, reason: reason.to_string() }
}
