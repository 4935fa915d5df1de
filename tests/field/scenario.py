"""Reads a scenario: prose, hosts, what is expected, and packets, one a line (README.md has the format)."""
import re
import shlex
from dataclasses import dataclass, field

SECTION = re.compile(r"^\[(hosts|expect|packets)\]$", re.M)
LOOP = re.compile(r"^for n in (\d+)\.\.(\d+) at ([\d.]+) every ([\d.]+)$")
LINE = re.compile(r"^(\+?[\d.]+)\s+(\S+) > (\S+)\s+(.+)$")
# When a request over UDP that gets no response is retransmitted, in ms (RFC 3261 §17.1.1.2, §17.1.2.2).
TIMER_A = [500, 1500, 3500, 7500, 15500, 31500]
TIMER_E = [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]
HEADER = re.compile(r"^\s+(-?)([A-Za-z][\w-]*):?\s*(.*)$")


class Mistake(Exception):
    """A line of a scenario that has no meaning."""


@dataclass
class Event:
    """One line of `[packets]`: what one host sends another at a time in nanoseconds."""
    time: int
    source: str
    target: str
    words: list
    link: str
    headers: list = field(default_factory=list)


@dataclass
class Scenario:
    name: str
    prose: str
    settings: dict
    hosts: dict
    expect: str
    events: list


def nanoseconds(text):
    whole, _, part = text.partition(".")
    return int(whole or 0) * 10**9 + int((part + "0" * 9)[:9])


def unrolled(text):
    """The lines of `[packets]` with loops written out, each with the time its own time counts from (`None`: the beginning)."""
    lines = text.splitlines()
    while lines:
        line = lines.pop(0)
        loop = LOOP.match(line)
        if not loop:
            yield line, 0
            continue
        body = []
        while lines and (lines[0].startswith("    ") or not lines[0].strip()):
            body.append(lines.pop(0)[4:])
        first, last = int(loop[1]), int(loop[2])
        for n in range(first, last + 1):
            start = nanoseconds(loop[3]) + (n - first) * nanoseconds(loop[4])
            for inner in body:
                yield re.sub(r"\{n(:\d+)?\}", lambda m: format(n, (m[1] or ":")[1:]), inner), start


def events(text):
    """The events of `[packets]` in order of time."""
    out, repeated, link, previous = [], [], "ethernet", 0
    for line, start in unrolled(text):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("link "):
            link = line.split()[1]
            continue
        header = HEADER.match(line)
        if header and out:
            out[-1].headers.append((header[1] == "-", header[2], header[3]))
            continue
        found = LINE.match(line)
        if not found:
            raise Mistake("not a packet: %s" % line)
        time = nanoseconds(found[1].lstrip("+")) + (previous if found[1][0] == "+" else start)
        previous = time
        words = shlex.split(found[4])
        if "unanswered" in words:
            for after in TIMER_A if words[0] == "INVITE" else TIMER_E:
                repeated.append(Event(time + after * 10**6, found[2], found[3], ["again", words[1].partition("@")[0]], link))
        out.append(Event(time, found[2], found[3], words, link))
    out += repeated
    return sorted(out, key=lambda event: event.time)


def read(name, text):
    parts = SECTION.split(text)
    sections = dict(zip(parts[1::2], parts[2::2]))
    settings, hosts = {"domain": "office.example", "agent": "DeskPhone/1.0"}, {}
    for line in sections.get("hosts", "").splitlines():
        if line.strip():
            key, value = line.split(None, 1)
            (settings if key in settings else hosts)[key] = value.strip()
    return Scenario(name, parts[0].strip(), settings, hosts, sections["expect"].strip(), events(sections["packets"]))


def endpoint(scenario, text, transport_port=5060):
    """(address, port) of `host`, `host:port` or an address as it is."""
    bracketed = re.match(r"^\[(.+)\](?::(\d+))?$", text)
    if bracketed:
        return bracketed[1], int(bracketed[2] or transport_port)
    name, _, port = text.partition(":")
    value = scenario.hosts.get(name, name)
    if value.startswith("["):
        return endpoint(scenario, value, int(port or transport_port))
    address, _, own = value.partition(":")
    if not re.match(r"^\d+(\.\d+){3}$", address):
        raise Mistake("%s is no host of the scenario" % name)
    return address, int(port or own or transport_port)
