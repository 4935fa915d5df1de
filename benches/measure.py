"""Runs programs and says how long they took and how much memory they had."""
import collections
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import termios
import time

# This process stays small: Linux counts what a child had before exec as the child's.


# Seconds on the clock, None when the limit was over; seconds of processors; the peak of memory in bytes.
Ran = collections.namedtuple("Ran", "time processor memory")


class Failed(RuntimeError):
    """A program that ended in another way than it should."""


def run(argv, limit=None, out=None):
    """What a program took."""
    with open(out or os.devnull, "wb") as output:
        began = time.monotonic()
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL)
        late = False
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG if limit and not late else 0)
            took = time.monotonic() - began
            if pid:
                break
            if took > limit:
                late = True
                child.kill()
            time.sleep(0.05)
        child.returncode = status
    if status and not late:
        raise Failed("%s: status %d" % (" ".join(argv), status))
    return Ran(None if late else took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def alternate(programs, rounds):
    """The median times and the largest memory of each program; all take turns in each round."""
    runs = {name: [] for name in programs}
    for _ in range(rounds):
        for name, argv in programs.items():
            runs[name].append(run(argv))
    middle = statistics.median
    return {name: Ran(middle(one.time for one in all), middle(one.processor for one in all), max(one.memory for one in all))
            for name, all in runs.items()}


def first_frame(argv, mark, limit=30.0):
    """Seconds until a program in a terminal of 120 by 40 has drawn `mark`; then it is told to end."""
    began = time.monotonic()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.environ["LANG"] = "C.UTF-8"
        # before the program asks how large the terminal is
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        os.execv(argv[0], argv)
    seen, took = b"", None
    while time.monotonic() - began < limit:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        if ready:
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                break
            if mark in seen:
                took = time.monotonic() - began
                break
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + limit
    while os.waitpid(pid, os.WNOHANG)[0] == 0:
        # what is written must go on being read, or it never ends
        ready, _, _ = select.select([terminal], [], [], 0.05)
        try:
            ready and os.read(terminal, 65536)
        except OSError:
            pass
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            until = float("inf")
    os.close(terminal)
    if took is None:
        raise Failed("%s drew no %r" % (" ".join(argv), mark))
    return took
