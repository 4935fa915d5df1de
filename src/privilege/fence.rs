//! Fences the program off with Landlock and seccomp, as far as the kernel can.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, NetPort,
    PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _,
    RulesetError, RulesetStatus, make_bitflags, path_beneath_rules,
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

use super::{DropOptions, Fence, PrivilegeError};

/// What every program reads: libraries, time zones, names of users and hosts, processes and devices.
const SYSTEM: &[&str] =
    &["/etc", "/usr", "/lib", "/lib32", "/lib64", "/proc", "/sys", "/run", "/nix/store"];
/// What a program with a terminal writes to.
const TERMINALS: &[&str] = &["/dev/tty", "/dev/pts", "/dev/null", "/dev/console"];
const RANDOM: &[&str] = &["/dev/urandom", "/dev/random"];

/// The first version with rules for ioctl(2), which terminals need an exception from; later ones add
/// nothing that is handled here.
const KNOWN: ABI = ABI::V5;

/// Questions that are too long for a datagram go to the resolver's port over TCP (RFC 7766).
const DNS: u16 = 53;

/// Files and TCP. An error only for a path that was asked for and cannot be opened.
pub(super) fn files(options: &DropOptions) -> Result<Fence, PrivilegeError> {
    let given: Vec<PathBeneath<PathFd>> = [(&options.read, reading()), (&options.write, writing())]
        .into_iter()
        .flat_map(|(paths, rights)| paths.iter().map(move |path| (path, rights)))
        .map(|(path, rights)| {
            let opened = PathFd::new(path).map_err(|error| PrivilegeError::Path {
                path: path.clone(),
                reason: error.to_string(),
            })?;
            let rights = if path.is_dir() { rights } else { rights & AccessFs::from_file(KNOWN) };
            Ok(PathBeneath::new(opened, rights))
        })
        .collect::<Result<_, _>>()?;
    let if_there = options.save.iter().filter_map(|path| PathFd::new(path).ok());
    let given: Vec<_> =
        given.into_iter().chain(if_there.map(|path| PathBeneath::new(path, writing()))).collect();
    Ok(match restrict(given) {
        Ok(RulesetStatus::FullyEnforced) => Fence::Full,
        Ok(RulesetStatus::PartiallyEnforced) => Fence::Partial,
        Ok(RulesetStatus::NotEnforced) => Fence::Missing("this kernel has no Landlock".to_owned()),
        Err(error) => Fence::Missing(error.to_string()),
    })
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
        .create()?
        .add_rules(path_beneath_rules(SYSTEM, reading()))?
        .add_rules(path_beneath_rules(TERMINALS, terminals))?
        .add_rules(path_beneath_rules(RANDOM, reading()))?
        .add_rules(given.into_iter().map(Ok::<_, RulesetError>))?
        .add_rule(NetPort::new(DNS, AccessNet::ConnectTcp))?;
    Ok(rules.restrict_self()?.ruleset)
}

/// System calls that a program which reads packets never makes, and one that was taken over would.
fn refused() -> Vec<libc::c_long> {
    vec![
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_setns,
        libc::SYS_unshare,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_reboot,
        libc::SYS_swapon,
        libc::SYS_swapoff,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
    ]
}

/// Refuses what [`refused`] lists with `EPERM`, so that a library that tries goes another way.
pub(super) fn calls() -> Fence {
    match filter().and_then(|filter| seccompiler::apply_filter(&filter)) {
        Ok(()) => Fence::Full,
        Err(error) => Fence::Missing(error.to_string()),
    }
}

fn filter() -> Result<BpfProgram, seccompiler::Error> {
    let not_permitted = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let rules = refused().into_iter().map(|call| (call, Vec::new())).collect();
    let target = std::env::consts::ARCH.try_into()?;
    Ok(SeccompFilter::new(rules, SeccompAction::Allow, not_permitted, target)?.try_into()?)
}
