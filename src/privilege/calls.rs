//! Restricts system calls with seccomp to a list of what the program makes after its start.
//!
//! What is not on the list fails with `ENOSYS`, as it would in an older kernel, so that a C library that
//! tries something newer falls back. What only a program that was taken over would try fails with
//! `EPERM`.

use libc::{c_int, c_long};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use super::{Fence, Network};

type Error = seccompiler::Error;
/// A call, and the arguments it may have; any if there are no rules.
type Allowed = (c_long, Vec<SeccompRule>);

/// Calls without any restriction on their arguments.
const PLAIN: &[c_long] = &[
    // memory
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    // threads, and what the C library does for them
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_get_robust_list,
    libc::SYS_getcpu,
    libc::SYS_gettid,
    libc::SYS_membarrier,
    libc::SYS_rseq,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    // signals to itself; the runner of commands is waited for
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_wait4,
    libc::SYS_waitid,
    // time and chance
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_gettimeofday,
    libc::SYS_nanosleep,
    // its user and its place
    libc::SYS_capget,
    libc::SYS_capset,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getgroups,
    libc::SYS_getpgid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getresgid,
    libc::SYS_getresuid,
    libc::SYS_getrusage,
    libc::SYS_getsid,
    libc::SYS_getuid,
    libc::SYS_sysinfo,
    libc::SYS_umask,
    libc::SYS_uname,
    // open files
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_copy_file_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fallocate,
    libc::SYS_fchmod,
    libc::SYS_fchown,
    libc::SYS_fdatasync,
    libc::SYS_flock,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_fsync,
    libc::SYS_ftruncate,
    libc::SYS_getdents64,
    libc::SYS_lseek,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_preadv2,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_pwritev2,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    // files by name: Landlock says which
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fchdir,
    libc::SYS_fchmodat,
    libc::SYS_getcwd,
    libc::SYS_linkat,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_readlinkat,
    libc::SYS_renameat2,
    libc::SYS_statfs,
    libc::SYS_statx,
    libc::SYS_unlinkat,
    libc::SYS_utimensat,
    // waiting
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    // open sockets
    libc::SYS_getpeername,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_recvfrom,
    libc::SYS_recvmmsg,
    libc::SYS_recvmsg,
    libc::SYS_setsockopt,
    libc::SYS_shutdown,
    // filters that are added restrict further
    libc::SYS_seccomp,
];

/// The older spellings of some of them, which newer architectures never had.
#[cfg(target_arch = "x86_64")]
const OLDER: &[c_long] = &[
    libc::SYS_access,
    libc::SYS_arch_prctl,
    libc::SYS_chmod,
    libc::SYS_dup2,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_getpgrp,
    libc::SYS_getrlimit,
    libc::SYS_link,
    libc::SYS_lstat,
    libc::SYS_open,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_select,
    libc::SYS_stat,
    libc::SYS_time,
    libc::SYS_unlink,
];
#[cfg(target_arch = "aarch64")]
const OLDER: &[c_long] = &[libc::SYS_renameat];
#[cfg(target_arch = "riscv64")]
const OLDER: &[c_long] = &[];

/// Reading and setting a terminal, its size, and what is ready or kept open: not `TIOCSTI`, which types
/// for the user, nor `TIOCLINUX`, nor `TIOCSCTTY`. The numbers are those of every architecture that
/// filters are made for.
const IOCTLS: &[u32] = &[
    0x5401,      // TCGETS
    0x5402,      // TCSETS
    0x5403,      // TCSETSW
    0x5404,      // TCSETSF
    0x802C_542A, // TCGETS2
    0x402C_542B, // TCSETS2
    0x402C_542C, // TCSETSW2
    0x402C_542D, // TCSETSF2
    0x540B,      // TCFLSH
    0x540F,      // TIOCGPGRP
    0x5413,      // TIOCGWINSZ
    0x541B,      // FIONREAD
    0x5421,      // FIONBIO
    0x5451,      // FIOCLEX
];

/// What opening a device asks of it (netdevice(7)); changing one takes `CAP_NET_ADMIN`.
const DEVICE_IOCTLS: &[u32] = &[
    0x8910, // SIOCGIFNAME
    0x8913, // SIOCGIFFLAGS
    0x8921, // SIOCGIFMTU
    0x8927, // SIOCGIFHWADDR
    0x8933, // SIOCGIFINDEX
    0x8946, // SIOCETHTOOL
    0x8B01, // SIOCGIWNAME
];

/// Copies, flags and locks of a descriptor; not `F_SETOWN`, which has signals sent.
const FCNTLS: &[c_int] = &[
    libc::F_DUPFD,
    libc::F_DUPFD_CLOEXEC,
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
    libc::F_SETFL,
    libc::F_GETLK,
    libc::F_SETLK,
    libc::F_SETLKW,
];

/// Names of threads and of memory, and what giving up capabilities takes.
const PRCTLS: &[c_int] = &[
    libc::PR_SET_NAME,
    libc::PR_GET_NAME,
    libc::PR_SET_VMA,
    libc::PR_CAP_AMBIENT,
    libc::PR_CAPBSET_READ,
    libc::PR_SET_NO_NEW_PRIVS,
];

/// What makes a child see other users, files, processes or networks.
const NAMESPACES: c_int = libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWUTS;

/// The part of a socket's type that is no flag.
const SOCKET_TYPE: c_int = 0xf;

/// Calls that only a program that was taken over makes.
const REFUSED: &[c_long] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_io_uring_setup,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_listen,
    libc::SYS_memfd_create,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_tkill,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

/// Restricts the calling thread and those it starts to what `network` and, if it `reopens`, opening a
/// device again need beside what every command does.
pub(super) fn restrict_calls(network: Network, reopens: bool) -> Fence {
    let applied = [allowing(network, reopens), refusing()]
        .into_iter()
        .try_for_each(|filter| seccompiler::apply_filter(&filter?));
    match applied {
        Ok(()) => Fence::Full,
        Err(error) => Fence::Missing(error.to_string()),
    }
}

/// The filter that lets through what is on the list.
fn allowing(network: Network, reopens: bool) -> Result<BpfProgram, Error> {
    let plain = PLAIN.iter().chain(OLDER).map(|&call| (call, Vec::new()));
    let rules = plain.chain(everywhere()?).chain(sockets(network, reopens)?);
    let unknown = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    filter(rules, unknown, SeccompAction::Allow)
}

/// The filter that refuses what is on the other list. Of two filters that refuse, the later one names
/// the error.
fn refusing() -> Result<BpfProgram, Error> {
    let rules = REFUSED.iter().map(|&call| (call, Vec::new()));
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    filter(rules, SeccompAction::Allow, refused)
}

fn filter(
    rules: impl Iterator<Item = Allowed>,
    otherwise: SeccompAction,
    listed: SeccompAction,
) -> Result<BpfProgram, Error> {
    let target = std::env::consts::ARCH.try_into()?;
    Ok(SeccompFilter::new(rules.collect(), otherwise, listed, target)?.try_into()?)
}

/// Calls that every command makes with these arguments only.
fn everywhere() -> Result<Vec<Allowed>, Error> {
    let own = std::process::id();
    let threads = masked(0, libc::CLONE_THREAD | NAMESPACES, libc::CLONE_THREAD)?;
    let stream = masked(1, SOCKET_TYPE, libc::SOCK_STREAM)?;
    let pair = SeccompRule::new(vec![equal(0, bits(libc::AF_UNIX))?, stream])?;
    Ok(vec![
        // threads, and no processes; clone3(2) hides its flags in memory, and libraries do without it
        (libc::SYS_clone, vec![SeccompRule::new(vec![threads])?]),
        (libc::SYS_fcntl, one_of(1, FCNTLS.iter().copied().map(bits))?),
        (libc::SYS_kill, one_of(0, [own])?),
        (libc::SYS_tgkill, one_of(0, [own])?),
        (libc::SYS_prctl, one_of(0, PRCTLS.iter().copied().map(bits))?),
        (libc::SYS_prlimit64, one_of(0, [0, own])?),
        // what a signal wakes the screen with
        (libc::SYS_socketpair, vec![pair]),
    ])
}

/// Calls about sockets and devices that only some commands make.
fn sockets(network: Network, reopens: bool) -> Result<Vec<Allowed>, Error> {
    let internet = [libc::AF_INET, libc::AF_INET6];
    let mut families: Vec<c_int> = Vec::new();
    let mut calls = Vec::new();
    let mut ioctls = IOCTLS.to_vec();
    if network != Network::Unused {
        calls.push((libc::SYS_accept4, Vec::new()));
    }
    if network == Network::Names {
        families.extend(internet);
        let more = [libc::SYS_connect, libc::SYS_bind, libc::SYS_sendmsg, libc::SYS_sendmmsg];
        calls.extend(more.map(|call| (call, Vec::new())));
    }
    if reopens {
        // sockets that ioctl(2) is called on are of any family; musl insists on Unix
        families.extend([libc::AF_PACKET, libc::AF_NETLINK, libc::AF_INET]);
        if cfg!(target_env = "musl") {
            families.push(libc::AF_UNIX);
        }
        ioctls.extend(DEVICE_IOCTLS);
        calls.push((libc::SYS_bind, Vec::new()));
        calls.push((libc::SYS_sendmsg, Vec::new()));
    }
    let sends_anywhere = network == Network::Names || reopens;
    let unaddressed = if sends_anywhere { Vec::new() } else { one_pointer(4)? };
    calls.push((libc::SYS_sendto, unaddressed));
    calls.push((libc::SYS_ioctl, one_of(1, ioctls)?));
    if !families.is_empty() {
        calls.push((libc::SYS_socket, one_of(0, families.iter().copied().map(bits))?));
    }
    Ok(calls)
}

/// Rules that let through calls whose argument is one of `values`. The kernel, too, reads the lower
/// half of these arguments alone.
fn one_of(argument: u8, values: impl IntoIterator<Item = u32>) -> Result<Vec<SeccompRule>, Error> {
    let rules = values.into_iter().map(|value| SeccompRule::new(vec![equal(argument, value)?]));
    Ok(rules.collect::<Result<_, _>>()?)
}

/// A rule that lets through calls whose argument points nowhere.
fn one_pointer(argument: u8) -> Result<Vec<SeccompRule>, Error> {
    let null = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?;
    Ok(vec![SeccompRule::new(vec![null])?])
}

/// A number of the C library as it is passed to the kernel.
const fn bits(number: c_int) -> u32 {
    number.cast_unsigned()
}

fn equal(argument: u8, value: u32) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value.into())
}

fn masked(
    argument: u8,
    mask: c_int,
    value: c_int,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    let operator = SeccompCmpOp::MaskedEq(bits(mask).into());
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, bits(value).into())
}
