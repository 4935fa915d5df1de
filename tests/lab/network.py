"""Hosts of the lab: network namespaces on bridged segments, with no way out.

Every namespace is named regscope-lab-…; a host's MAC address follows from its IP address, so that captures
differ as little as possible from run to run.
"""
import contextlib
import ctypes
import ipaddress
import os
import signal
import socket
import subprocess
import threading

PREFIX = "regscope-lab-"
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def sh(*argv, check=True, stdin=None):
    """Runs a command and returns what it printed; a failure is an exception that quotes it."""
    done = subprocess.run([str(a) for a in argv], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if check and done.returncode:
        raise RuntimeError("%s: exit %d: %s" % (" ".join(map(str, argv)), done.returncode, done.stdout.strip()))
    return done.stdout


def remove_leftovers():
    """Removes the namespaces of an interrupted run, with what still runs in them."""
    for line in sh("ip", "netns", "list").splitlines():
        name = line.split()[0] if line.strip() else ""
        if name.startswith(PREFIX):
            for pid in sh("ip", "netns", "pids", name, check=False).split():
                with contextlib.suppress(ProcessLookupError, ValueError):
                    os.kill(int(pid), signal.SIGKILL)
            sh("ip", "netns", "del", name, check=False)


class Network:
    """The hosts and segments of one case."""

    def __init__(self, number, workdir):
        self.prefix = "%s%d-" % (PREFIX, number)
        self.workdir = workdir
        self.namespaces, self.processes, self.ports = [], [], 0

    def name(self, host):
        return self.prefix + host

    def _namespace(self, host):
        name = self.name(host)
        if name in self.namespaces:
            return name
        sh("ip", "netns", "add", name)
        self.namespaces.append(name)
        # no router solicitations or other chatter of the kernel's own
        self.run(host, "sysctl", "-qw", "net.ipv6.conf.all.accept_ra=0", "net.ipv6.conf.default.accept_ra=0",
                 "net.ipv6.conf.default.router_solicitations=0", "net.ipv4.icmp_ratelimit=0")
        sh("ip", "-n", name, "link", "set", "lo", "up")
        return name

    def _segment(self, segment):
        name = self.name("sw-" + segment)
        if name not in self.namespaces:
            self._namespace("sw-" + segment)
            sh("ip", "-n", name, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
            sh("ip", "-n", name, "link", "set", "br0", "up")
        return name

    def host(self, host, address, segment="lan", gateway=None):
        """A host with one more interface (eth0, eth1, …) on a segment."""
        switch, namespace = self._segment(segment), self._namespace(host)
        device = "eth%d" % sh("ip", "-n", namespace, "-br", "link").count("eth")
        port = "p%d" % self.ports
        self.ports += 1
        ip = ipaddress.ip_address(address)
        mac = "02:00:" + ":".join("%02x" % b for b in ip.packed[-4:])
        sh("ip", "link", "add", device, "netns", namespace, "address", mac, "type", "veth", "peer", "name", port, "netns", switch)
        sh("ip", "-n", switch, "link", "set", port, "master", "br0", "up")
        # packets as they are on a wire: with their checksums, one segment a frame
        for where, what in ((namespace, device), (switch, port)):
            sh("ip", "netns", "exec", where, "ethtool", "-K", what, "tx", "off", "tso", "off", "gso", "off", "gro", "off", check=False)
        if ip.version == 6:
            sh("ip", "-n", namespace, "addr", "add", "%s/64" % ip, "dev", device, "nodad")
        else:
            sh("ip", "-n", namespace, "addr", "add", "%s/24" % ip, "dev", device)
        sh("ip", "-n", namespace, "link", "set", device, "up")
        if gateway:
            sh("ip", "-n", namespace, "route", "add", "default", "via", gateway)

    def forward(self, host):
        """Makes a host with two interfaces a router."""
        self.run(host, "sysctl", "-qw", "net.ipv4.ip_forward=1")

    def rules(self, host, text):
        """Loads nftables rules on a host."""
        sh("ip", "netns", "exec", self.name(host), "nft", "-f", "-", stdin=text)

    def run(self, host, *argv, check=True):
        return sh("ip", "netns", "exec", self.name(host), *argv, check=check)

    def start(self, host, argv, log):
        """Starts a program on a host; close() ends it."""
        path = os.path.join(self.workdir, log)
        with open(path, "w", encoding="utf-8") as out:
            process = subprocess.Popen(["ip", "netns", "exec", self.name(host), *map(str, argv)], stdin=subprocess.DEVNULL,
                                       stdout=out, stderr=subprocess.STDOUT, cwd=self.workdir, start_new_session=True)
        process.log = path
        self.processes.append(process)
        return process

    @staticmethod
    def end(process, how=signal.SIGTERM):
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # a session of its own, started above
                process.wait(5)

    def socket(self, host, family=socket.AF_INET, kind=socket.SOCK_DGRAM):
        """A socket that belongs to the host: it is opened by a thread that has entered the namespace."""
        box = []

        def enter():
            try:
                with open("/run/netns/" + self.name(host), "rb") as ns:
                    if LIBC.setns(ns.fileno(), CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), "setns")
                box.append(socket.socket(family, kind))
            except OSError as problem:
                box.append(problem)

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        if isinstance(box[0], OSError):
            raise box[0]
        return box[0]

    def close(self):
        for process in reversed(self.processes):
            self.end(process)
        for name in self.namespaces:
            sh("ip", "netns", "del", name, check=False)
