/*
 * Tries from inside regscope what its fence is to prevent: loaded with LD_PRELOAD, it makes the calls of a
 * program that was taken over when SIGUSR2 comes, and writes a line for each to ATTACK_LOG:
 *
 *     NAME RESULT ERRNO
 *
 * What a call is tried on is named by ATTACK_SOCKET (a Unix socket that listens) and ATTACK_PID (a process
 * of the same user outside of the fence); ATTACK_FILE is a file that everybody may read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_fsopen
#define SYS_fsopen 430
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif

static int log_fd = -1;
static const char *unix_path, *file_path;
static pid_t other;

static void say(const char *name, long result)
{
    int error = result < 0 ? errno : 0;
    dprintf(log_fd, "%s %ld %d\n", name, result < 0 ? -1 : result, error);
}

/* Says what became of a call that gives a descriptor, and closes that. */
static void say_fd(const char *name, long fd)
{
    say(name, fd);
    if (fd >= 0)
        close((int)fd);
}

/* Says what became of a call that makes a process, and ends that. */
static void say_child(const char *name, long pid)
{
    if (pid == 0)
        syscall(SYS_exit_group, 0);
    say(name, pid);
}

static void try_all(int number)
{
    int saved = errno;
    (void)number;

    char letter = 'x';
    say("tiocsti", ioctl(0, TIOCSTI, &letter));
    say("tiocsti_upper_bits", syscall(SYS_ioctl, 0L, 0x100000000UL | TIOCSTI, &letter));
    letter = 2;
    say("tioclinux", ioctl(0, 0x541C, &letter));
    say("tiocsctty", ioctl(0, TIOCSCTTY, 0));

    say_child("clone_newuser", syscall(SYS_clone, (unsigned long)CLONE_NEWUSER | SIGCHLD, 0L, 0L, 0L, 0L));
    say_child("fork", syscall(SYS_clone, (unsigned long)SIGCHLD, 0L, 0L, 0L, 0L));
    unsigned long long arguments[11] = {CLONE_NEWUSER, [4] = SIGCHLD};
    say_child("clone3", syscall(SYS_clone3, arguments, sizeof arguments));
    say("unshare", unshare(CLONE_NEWUSER));
    say("setns", setns(0, 0));
    char *none[] = {NULL};
    say("execve", execve("/nonexistent", none, none));

    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) {
        say("unix_connect", -1);
    } else {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        strncpy(address.sun_path, unix_path, sizeof address.sun_path - 1);
        say("unix_connect", connect(fd, (struct sockaddr *)&address, sizeof address));
        close(fd);
    }
    say_fd("unix_datagram", socket(AF_UNIX, SOCK_DGRAM, 0));
    int pair[2] = {-1, -1};
    say("unix_datagram_pair", socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    say_fd("netlink_netfilter", socket(AF_NETLINK, SOCK_RAW, 12));
    say_fd("netlink_route", socket(AF_NETLINK, SOCK_RAW, 0));
    say_fd("udp", socket(AF_INET, SOCK_DGRAM, 0));
    say_fd("udp6", socket(AF_INET6, SOCK_DGRAM, 0));
    say_fd("tcp", socket(AF_INET, SOCK_STREAM, 0));
    say_fd("packet", socket(AF_PACKET, SOCK_RAW, 0x300));
    say_fd("vsock", socket(AF_VSOCK, SOCK_STREAM, 0));

    say("kill_other", kill(other, 0));
    say("tgkill_other", syscall(SYS_tgkill, other, other, 0));
    say("tkill_other", syscall(SYS_tkill, other, 0));
    say("kill_all", kill(-1, 0));
    say_fd("pidfd_open", syscall(SYS_pidfd_open, other, 0));
    say("sigqueue", syscall(SYS_rt_sigqueueinfo, other, 0, NULL));
    say("setown", fcntl(log_fd, F_SETOWN, other));
    say("ptrace", syscall(SYS_ptrace, 16 /* PTRACE_ATTACH */, other, 0, 0));

    say_fd("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/", 0));
    say_fd("open_tree_clone", syscall(SYS_open_tree, AT_FDCWD, "/", 1));
    say_fd("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
    say("move_mount", syscall(429, -1, "", -1, "", 0));
    say("fsconfig", syscall(431, -1, 0, NULL, NULL, 0));
    say("mount", syscall(SYS_mount, "none", "/tmp", "tmpfs", 0L, NULL));
    say_fd("open_by_handle_at", syscall(SYS_open_by_handle_at, -1, NULL, 0));
    say_fd("memfd_create", syscall(SYS_memfd_create, "x", 0));
    say_fd("io_uring", syscall(SYS_io_uring_setup, 1, NULL));
    say_fd("bpf", syscall(SYS_bpf, 0, NULL, 0));
    say_fd("perf_event_open", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
    say_fd("userfaultfd", syscall(SYS_userfaultfd, 0));
    say("keyctl", syscall(SYS_keyctl, 0, 0, 0));
    say("dumpable", prctl(PR_SET_DUMPABLE, 1));
    say("setuid_root", syscall(SYS_setuid, 0));
    say("setgroups", syscall(SYS_setgroups, 0, NULL));
    say("personality", syscall(SYS_personality, 0x0040000));
#ifdef __x86_64__
    say("x32_execve", syscall(0x40000208, "/nonexistent", none, none));
    say("modify_ldt", syscall(SYS_modify_ldt, 0, NULL, 0));
#endif

    say_fd("create_in_tmp", open("/dev/shm/regscope-attack", O_CREAT | O_WRONLY, 0600));
    say_fd("read_elsewhere", open(file_path, O_RDONLY));
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", other);
    say_fd("memory_of_other", open(path, O_RDWR));

    /* what has to go on working, so that the list is known to be looked at */
    say("own_pid", getpid() > 0 ? 0 : -1);
    say("own_kill", kill(getpid(), 0));
    say("done", 0);
    errno = saved;
}

__attribute__((constructor)) static void begin(void)
{
    const char *log = getenv("ATTACK_LOG");
    const char *pid = getenv("ATTACK_PID");
    unix_path = getenv("ATTACK_SOCKET");
    file_path = getenv("ATTACK_FILE");
    if (!log || !pid || !unix_path || !file_path)
        return;
    other = (pid_t)atol(pid);
    log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct sigaction action = {.sa_handler = try_all, .sa_flags = SA_RESTART};
    sigaction(SIGUSR2, &action, NULL);
}
