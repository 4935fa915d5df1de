//! Keeps privileges where this program does not know how to drop them, and says so.

use std::path::Path;

use nix::unistd::User;

use super::{DropOptions, Dropped, Fence, Kept, PrivilegeError};

pub(super) fn may_capture() -> Option<bool> {
    None
}

pub(super) fn drop_privileges(
    _options: &DropOptions,
    _user: Option<&User>,
) -> Result<Dropped, PrivilegeError> {
    let missing = || Fence::Missing("only on Linux".to_owned());
    let user = super::rights().user;
    Ok(Dropped { user, landlock: missing(), seccomp: missing(), kept: Kept::default() })
}

/// Rights are kept here, so files are made with them.
#[expect(clippy::unnecessary_wraps, reason = "as where rights are dropped")]
pub(super) fn write_as<T>(
    _user: &User,
    _directory: &Path,
    make: impl FnOnce() -> T,
) -> Result<T, PrivilegeError> {
    Ok(make())
}

/// Nothing was kept for opening a device again.
pub fn reopening(_now: bool) {}

/// Nothing was kept.
pub(super) fn relinquish(_dropped: &Dropped) -> Result<(), PrivilegeError> {
    Ok(())
}
