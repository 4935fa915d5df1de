//! Acquires, reports and drops capture privileges.
//!
//! # The contract
//!
//! 1. The device is opened (`source::live::Live::open`), with the rights the program was started with.
//! 2. What needs those rights once more is done now: owners of sockets are looked up
//!    (`host::Owners::refresh`), files are opened, users' names are known.
//!    A process that is to execute programs later on (`hook`) is started before all this, and calls
//!    [`drop_privileges`] itself, with [`DropOptions::executes`]: no fence, but no rights either.
//! 3. [`drop_privileges`] is called by the main thread **before any other thread exists**: Linux
//!    capabilities, Landlock and seccomp belong to threads, and threads inherit them.
//! 4. Threads start, packets are parsed, screens drawn.
//!
//! After step 3, on Linux:
//!
//! | | |
//! |---|---|
//! | user | root has become the user asked for, else the one who called sudo, else `nobody`; real, effective and saved, and the group too, without supplementary groups. Becoming root again fails, and that is tried |
//! | capabilities | none, in any set, also not for programs that are executed (bounding set); with [`DropOptions::keep_reopen`] `CAP_NET_RAW` stays permitted, not effective, until [`Dropped::relinquish`] |
//! | new privileges | never, also not by executing (`PR_SET_NO_NEW_PRIVS`) |
//! | files (Landlock) | readable: the system's (`/etc`, `/usr`, `/proc`, `/sys`, …) and those asked for; writable: the directories asked for, and the terminal; executable: none |
//! | network (Landlock, Linux 6.7) | no TCP connection but to port 53, no new TCP listener; open sockets stay |
//! | other processes (Landlock, Linux 6.12) | no signals, no abstract Unix sockets |
//! | system calls (seccomp) | those on a list (`privilege/calls.rs`): no new program or process, no signal but to itself, no new socket but towards DNS servers if names are asked for, nothing typed into the terminal. The others fail with `EPERM` or `ENOSYS` |
//!
//! A process that executes other programs has no terminal that it could type into either.
//!
//! A kernel that lacks Landlock or seccomp goes without, and [`Dropped`] says so. A user who cannot be
//! changed to is an error: nothing is parsed as root by accident.
//!
//! # What is lost
//!
//! - Processes that open their sockets later stay nameless: `/proc/PID/fd` of other users needs root or
//!   `CAP_SYS_PTRACE`, with which a parser could read every process's memory, and Landlock withholds it
//!   anyway. Their user is still known.
//! - A device that was removed and made again can only be opened with `CAP_NET_RAW`. `keep_reopen` keeps
//!   it, and the calls that opening a device takes, for the capture thread alone, which parses nothing
//!   and raises it for that moment (pass [`reopening`] to `Opened::start`); the main thread gives both
//!   up with [`Dropped::relinquish`]. Threads share their memory: this guards against mistakes, not
//!   against foreign code in the process.
//! - A directory that only root, or only a supplementary group of the user, may write to is refused
//!   before the capture begins.

use std::fmt;
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User};

use crate::net::escape_text;

#[cfg(target_os = "linux")]
#[cfg_attr(
    not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")),
    path = "privilege/no_calls.rs"
)]
mod calls;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
#[path = "privilege/linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "privilege/other.rs"]
mod system;

pub use system::reopening;

/// What the program may do now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rights {
    /// The user it runs as.
    pub user: String,
    /// Whether that is root.
    pub is_root: bool,
    /// Whether it may capture; none where only an attempt shows it.
    pub may_capture: Option<bool>,
}

/// What the program may do now.
#[must_use]
pub fn rights() -> Rights {
    let uid = Uid::effective();
    let user = User::from_uid(uid).ok().flatten();
    Rights {
        user: user.map_or_else(|| uid.to_string(), |user| user.name),
        is_root: uid.is_root(),
        may_capture: system::may_capture(),
    }
}

/// What the program still does with sockets.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Network {
    /// Nothing.
    #[default]
    Unused,
    /// It uses those that are open.
    Open,
    /// It also makes new ones to ask DNS servers for names.
    Names,
}

/// What remains after dropping.
#[derive(Clone, Default, Debug)]
pub struct DropOptions {
    /// The user to become, instead of the one who called sudo, or `nobody`. Only root can.
    pub user: Option<String>,
    /// Directories that are written to.
    pub write: Vec<PathBuf>,
    /// Directories that may be written to as far as the user may; they need not be there.
    pub save: Vec<PathBuf>,
    /// Files and directories that are opened and read, beside the system's, as far as the user may.
    pub read: Vec<PathBuf>,
    /// What it still does with sockets.
    pub network: Network,
    /// Whether a device that was removed may be opened again when it is back.
    pub keep_reopen: bool,
    /// Whether to go without Landlock and seccomp.
    pub no_fence: bool,
    /// Whether it executes other programs, whatever those need: there is no fence then, and programs
    /// that change the user (`sendmail`) may do so. Nothing from the network is parsed by such a process.
    pub executes: bool,
}

/// What was dropped, and what could not be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dropped {
    /// The user the program runs as now.
    pub user: String,
    /// How files and the network are fenced off.
    pub landlock: Fence,
    /// How system calls are.
    pub seccomp: Fence,
    /// What is given up by [`Self::relinquish`].
    kept: Kept,
}

/// What a thread kept for another.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Kept {
    /// Whether that is the right to open a device again, and the calls for it.
    reopen: bool,
    /// What the thread itself does with sockets.
    network: Network,
}

impl Dropped {
    /// Gives up in the calling thread, and for those it starts from now on, what
    /// [`DropOptions::keep_reopen`] kept for another.
    pub fn relinquish(&self) -> Result<(), PrivilegeError> {
        system::relinquish(self)
    }
}

/// The state of a fence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fence {
    /// Complete.
    Full,
    /// Limited to what this kernel supports.
    Partial,
    /// Absent, and why.
    Missing(String),
}

impl fmt::Display for Dropped {
    /// `running as nobody; files fenced off, system calls fenced off`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (user, landlock, seccomp) = (escape_text(&self.user), &self.landlock, &self.seccomp);
        write!(f, "running as {user}; files {landlock}, system calls {seccomp}")
    }
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("fenced off"),
            Self::Partial => f.write_str("fenced off as far as this kernel can"),
            Self::Missing(reason) => write!(f, "not fenced off ({})", escape_text(reason)),
        }
    }
}

/// Why privileges could not be dropped; the program must not go on.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PrivilegeError {
    /// There is no such user.
    #[error("there is no user \"{}\" to run as", escape_text(.0))]
    NoUser(String),
    /// Another user was asked for, and only root can become one.
    #[error("only root can become another user (--user {})", escape_text(.0))]
    NotRoot(String),
    /// The user cannot write where it has to.
    #[error("{}: user {} may not write there", escape_text(&.path.to_string_lossy()), escape_text(.user))]
    Unwritable {
        /// Where.
        path: PathBuf,
        /// The user.
        user: String,
    },
    /// A file or directory to keep accessible cannot be opened.
    #[error("{}: {reason}", escape_text(&.path.to_string_lossy()))]
    Path {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The system refused a step.
    #[error("cannot drop privileges: {step}: {reason}")]
    Step {
        /// What was tried.
        step: &'static str,
        /// What the system said.
        reason: String,
    },
    /// Root could be regained afterwards.
    #[error("cannot drop privileges: the program could become root again")]
    Regained,
}

/// Drops all rights that capturing does not need any more; see the contract of this module.
pub fn drop_privileges(options: &DropOptions) -> Result<Dropped, PrivilegeError> {
    let user = user_to_become(options)?;
    system::drop_privileges(options, user.as_ref())
}

/// Makes a file in `directory` as the user that [`drop_privileges`] becomes if it is given `user`, so
/// that the file is theirs and a directory they may not write to is refused. No thread but this may run.
pub fn write_as<T>(
    user: Option<&str>,
    directory: &Path,
    make: impl FnOnce() -> T,
) -> Result<T, PrivilegeError> {
    let options = DropOptions { user: user.map(str::to_owned), ..DropOptions::default() };
    match user_to_become(&options)? {
        Some(user) => system::write_as(&user, directory, make),
        None => Ok(make()),
    }
}

/// The user to become; none if the program is not root and keeps its user.
fn user_to_become(options: &DropOptions) -> Result<Option<User>, PrivilegeError> {
    let named = |name: &str| {
        let by_name = || User::from_name(name).ok().flatten();
        let by_number = || User::from_uid(Uid::from_raw(name.parse().ok()?)).ok().flatten();
        by_name().or_else(by_number).ok_or_else(|| PrivilegeError::NoUser(name.to_owned()))
    };
    let wanted = options.user.as_deref();
    if Uid::effective().is_root() {
        return match wanted {
            Some(name) => named(name).map(Some),
            None => invoker().map_or_else(|| named("nobody"), Ok).map(Some),
        };
    }
    match wanted {
        Some(name) if named(name)?.uid != Uid::effective() => {
            Err(PrivilegeError::NotRoot(name.to_owned()))
        }
        _ => Ok(None),
    }
}

/// The user who called sudo, unless that was root.
fn invoker() -> Option<User> {
    let uid = std::env::var("SUDO_UID").ok()?.parse().ok().map(Uid::from_raw)?;
    if uid.is_root() { None } else { User::from_uid(uid).ok().flatten() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_known_by_name_or_number_or_not_at_all() {
        let options =
            |user: &str| DropOptions { user: Some(user.to_owned()), ..DropOptions::default() };
        let own = Uid::effective();
        if own.is_root() {
            let nobody = user_to_become(&options("nobody")).unwrap().unwrap();
            assert_eq!(nobody.name, "nobody");
            assert_eq!(
                user_to_become(&options(&nobody.uid.to_string())).unwrap().unwrap().uid,
                nobody.uid
            );
        } else {
            assert_eq!(
                user_to_become(&options("root")),
                Err(PrivilegeError::NotRoot("root".to_owned()))
            );
            assert_eq!(user_to_become(&options(&own.to_string())), Ok(None));
        }
        let none = user_to_become(&options("no\x1bsuch")).unwrap_err().to_string();
        assert!(none.starts_with("there is no user \"no") && !none.contains('\x1b'), "{none}");
    }

    #[test]
    fn fences_that_are_missing_are_told() {
        let missing = Fence::Missing("not in this kernel".to_owned());
        let dropped = Dropped {
            user: "nobody".to_owned(),
            landlock: missing,
            seccomp: Fence::Full,
            kept: Kept::default(),
        };
        assert_eq!(
            dropped.to_string(),
            "running as nobody; files not fenced off (not in this kernel), system calls fenced off"
        );
    }
}
