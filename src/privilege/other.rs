//! Keeps privileges where this program does not know how to drop them, and says so.

use nix::unistd::User;

use super::{DropOptions, Dropped, Fence, PrivilegeError};

pub(super) fn may_capture() -> Option<bool> {
    None
}

pub(super) fn drop_privileges(
    _options: &DropOptions,
    _user: Option<&User>,
) -> Result<Dropped, PrivilegeError> {
    let missing = || Fence::Missing("only on Linux".to_owned());
    let user = super::rights().user;
    Ok(Dropped { user, landlock: missing(), seccomp: missing() })
}

/// Nothing was kept for opening a device again.
pub fn reopening(_now: bool) {}

/// Nothing was kept.
pub fn relinquish() -> Result<(), PrivilegeError> {
    Ok(())
}
