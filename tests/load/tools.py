"""The programs side by side: how each is started and ended, and what it reports as seen and dropped."""
import os
import re
import resource
import signal
import struct
import subprocess
import time

NAMESPACES = ["regscope-load-sender", "regscope-load-receiver"]


def sh(*argv, check=True):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if check and done.returncode:
        raise RuntimeError("%s: exit %d: %s" % (" ".join(argv), done.returncode, done.stdout.strip()))
    return done.stdout


class Wire:
    """Two hosts: what is sent on `tx0` of the one comes by on `rx0` of the other, which answers nothing."""

    def __enter__(self):
        self.__exit__()
        for name in NAMESPACES:
            sh("ip", "netns", "add", name)
            sh("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1", "net.ipv6.conf.all.disable_ipv6=1")
        sender, receiver = NAMESPACES
        sh("ip", "link", "add", "tx0", "netns", sender, "address", "02:00:00:00:00:01", "type", "veth",
           "peer", "name", "rx0", "address", "02:00:00:00:00:02", "netns", receiver)
        for name, device in zip(NAMESPACES, ("tx0", "rx0")):
            sh("ip", "-n", name, "link", "set", device, "up")
        time.sleep(0.5)
        return self

    def __exit__(self, *_):
        for name in NAMESPACES:
            sh("ip", "netns", "del", name, check=False)


def replay(path, rate, count):
    """tcpreplay: sends `count` packets of a capture at this rate; the number sent, how long it took, its processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = sh("ip", "netns", "exec", NAMESPACES[0], "tcpreplay", "-i", "tx0", "--preload-pcap", "--timer", "nano",
              "--pps", str(rate), "--loop", "0", "--limit", str(count), path)
    sent = re.search(r"Successful packets:\s+(\d+)", said)
    took = re.search(r"sent in ([\d.]+) seconds", said)
    if not sent or not took:
        raise RuntimeError("tcpreplay: " + said)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_stime - before.ru_stime + after.ru_utime - before.ru_utime
    return int(sent.group(1)), float(took.group(1)), cpu


class Tool:
    """A program that captures on `rx0` into a directory of its own."""

    name = ""

    def __init__(self, directory, **options):
        self.directory, self.options = directory, options
        os.makedirs(directory, exist_ok=True)
        os.chmod(directory, 0o777)
        self.dump = os.path.join(directory, self.name.replace(" ", "") + ".pcap")
        if os.path.exists(self.dump):
            os.unlink(self.dump)
        self.log = os.path.join(directory, self.name.replace(" ", "") + ".log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["ip", "netns", "exec", NAMESPACES[1], *self.command()], stdin=subprocess.DEVNULL,
                                            stdout=self.output(log), stderr=log, cwd=directory,
                                            env={**os.environ, "TERM": "xterm", "HOME": directory})
        self.wait_ready()
        self.began, self.began_cpu = time.monotonic(), self.cpu()

    def command(self):
        raise NotImplementedError

    def output(self, log):
        return log

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_ready(self):
        """Waits until it has opened the device."""
        for _ in range(200):
            sockets = sh("ip", "netns", "exec", NAMESPACES[1], "cat", "/proc/net/packet").splitlines()
            if len(sockets) > 1 + self.options.get("others", 0):
                time.sleep(0.5)
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("%s does not start: %s" % (self.name, self.said()))

    def stat(self, field):
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as status:
            return int(re.search(r"%s:\s+(\d+)" % field, status.read()).group(1)) / 1024

    def cpu(self):
        """Seconds its threads have run so far; what a filter takes in the kernel is on the sender's account."""
        total = 0
        for task in os.listdir("/proc/%d/task" % self.process.pid):
            with open("/proc/%d/task/%s/schedstat" % (self.process.pid, task), encoding="ascii") as stat:
                total += int(stat.read().split()[0])
        return total / 1e9

    def settle(self, most=60):
        """Waits until it has nothing more to do; seconds that took, processor time and memory by then."""
        # libpcap hands over what is in a block that is not full after a second at the latest
        time.sleep(1.5)
        began, before = time.monotonic() - 1.5, self.cpu()
        behind = 0.0
        while time.monotonic() - began < most:
            time.sleep(0.5)
            now = self.cpu()
            if now - before < 0.05:
                break
            before, behind = now, time.monotonic() - began
        return behind, self.cpu() - self.began_cpu, self.stat("VmHWM")

    def end(self):
        """Ends it; the SIP messages it saw and the packets it says were dropped."""
        self.process.send_signal(self.how)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return self.counted()

    how = signal.SIGTERM

    def counted(self):
        raise NotImplementedError


class Tcpdump(Tool):
    name, how = "tcpdump -w", signal.SIGINT

    def command(self):
        return ["tcpdump", "-Z", "root", "-n", "-i", "rx0", "-B", "32768", "-w", self.dump]

    def counted(self):
        said = self.said()
        return int(re.search(r"(\d+) packets? captured", said).group(1)), int(re.search(r"(\d+) packets? dropped by kernel", said).group(1))


class Sngrep(Tool):
    """It does not report drops: those are what it has not written."""

    name = "sngrep -N -O"

    def command(self):
        return ["sngrep", "-F", "-N", "-q", "-d", "rx0", "-B", "32", "-l", "1000000", "-O", self.dump]

    def output(self, log):
        return subprocess.DEVNULL

    def counted(self):
        return packets(self.dump), None


class Regscope(Tool):
    name = "regscope watch"

    def command(self):
        return [self.options["binary"], "watch", "-i", "rx0", "--format", "ndjson", *self.options.get("extra", [])]

    def output(self, log):
        return self.options.get("stdout") or subprocess.DEVNULL

    def counted(self):
        said = self.said()
        last = re.search(r"(\d+) packets, (\d+) SIP messages", said)
        if not last:
            raise RuntimeError("regscope: " + said)
        dropped = re.findall(r"(\d+) packets? (?:dropped by|given up)", said.splitlines()[-1])
        return int(last.group(2)), sum(map(int, dropped))


class RegscopeRecording(Regscope):
    name = "regscope watch -w"

    def command(self):
        return [*super().command(), "-w", self.dump]


def packets(path):
    """The packets in a classic capture, a cut one included."""
    count, at = 0, 24
    size = os.path.getsize(path) if os.path.exists(path) else 0
    if size < 24:
        return 0
    with open(path, "rb") as file:
        order = "<" if file.read(4) in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        while True:
            file.seek(at)
            head = file.read(16)
            if len(head) < 16:
                return count
            at += 16 + struct.unpack(order + "IIII", head)[2]
            if at > size:
                return count
            count += 1
