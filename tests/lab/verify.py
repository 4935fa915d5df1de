"""The second and third opinion on a capture: tshark's dissection, and the registrar's own location table.

A DN's messages are written as a ladder, one token each:
    R300   REGISTER asking for 300 s   + "a" with credentials   R? no Contact (a query)   R*0 Contact: *   R- no expiry named
    200    an answer to a REGISTER     O, S, N, I other requests and their answers as O480
    ~      seen before: a retransmission, or the same packet captured a second time
"""
import os
import re
import subprocess
import tempfile
from urllib.parse import unquote

FIELDS = ("frame.time_relative", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.srcport", "udp.dstport", "tcp.srcport",
          "tcp.dstport", "labhep.src", "labhep.dst", "icmp.type", "sip.Request-Line", "sip.Status-Line", "sip.msg_hdr", "tcp.flags", "tls.alert_message.desc", "reginfo.registration.state")


class Message:
    """One SIP message as tshark dissects it."""

    def __init__(self, packet, source, target, line, headers):
        self.when, self.source, self.target, self.line, self.headers = float(packet["frame.time_relative"][0]), source, target, line, headers
        self.reginfo = packet["reginfo.registration.state"]
        self.number, _, self.method = (self.first("cseq") or "0 ?").partition(" ")
        user = re.search(r"sips?:([^@;>]+)@", self.first("to") or "")
        self.dn = unquote(user.group(1)) if user else None
        self.is_request = not line.startswith("SIP/2.0")
        branch = re.search(r"branch=([^;,\s]+)", self.first("via") or "")
        self.identity = (branch.group(1) if branch else "", self.number, self.method, line.split(" ")[0 if self.is_request else 1], self.first("call-id"))

    def first(self, name):
        return (self.headers.get(name) or [None])[0]

    def contacts(self):
        """[(uri, its own expiry or None)]"""
        found = []
        for value in self.headers.get("contact", []):
            if value.strip() == "*":
                found.append(("*", None))
            for uri, parameters in re.findall(r"<([^>]*)>([^,]*)", value):
                own = re.search(r"expires=(\d+)", parameters)
                found.append((uri, int(own.group(1)) if own else None))
        return found

    def token(self):
        if not self.is_request:
            return ("" if self.method == "REGISTER" else self.method[0]) + self.line.split(" ")[1]
        if self.method != "REGISTER":
            return self.method[0]
        contacts, asked = self.contacts(), self.first("expires")
        if not contacts:
            what = "?"
        elif contacts[0][0] == "*":
            what = "*" + (asked or "")
        else:
            what = str(contacts[0][1] if contacts[0][1] is not None else asked if asked is not None else "-")
        return "R" + what + ("a" if "authorization" in self.headers or "proxy-authorization" in self.headers else "")


def headers_of(text):
    """tshark's msg_hdr field, which escapes line ends, as {name: [values]}."""
    text = re.sub(r"\\r\\n[ \t]+", " ", text).split("\\r\\n\\r\\n")[0]
    found = {}
    for line in text.split("\\r\\n"):
        name, colon, value = line.partition(":")
        if colon:
            short = {"m": "contact", "t": "to", "f": "from", "i": "call-id", "v": "via"}
            name = name.strip().lower()
            found.setdefault(short.get(name, name), []).append(value.strip().replace('\\"', '"'))
    return found


def dissect(path, keys=None):
    """(packets as field dictionaries, SIP messages) of a capture; what an ICMP error quotes is not a message."""
    command = ["tshark", "-X", "lua_script:" + os.path.join(os.path.dirname(os.path.abspath(__file__)), "hep.lua"), "-o", "esp.enable_null_encryption_decode_heuristic:TRUE", "-r", path, "-T", "fields", "-E", "separator=\x02", "-E", "aggregator=\x01", "-E", "occurrence=a"]
    for field in FIELDS:
        command += ["-e", field]
    if keys:
        command += ["-o", "tls.keylog_file:" + keys]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ, XDG_RUNTIME_DIR=tempfile.gettempdir()))
    if done.returncode:
        raise RuntimeError("tshark: " + done.stderr.decode())
    packets, messages = [], []
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        packet = {name: value.split("\x01") if value else [] for name, value in zip(FIELDS, line.split("\x02"))}
        packets.append(packet)
        if packet["icmp.type"]:
            continue
        ends = []
        for side in ("src", "dst"):
            address = (packet["ip." + side] or packet["ipv6." + side] or ["?"])[-1]
            port = (packet["tcp.%sport" % side] or packet["udp.%sport" % side] or ["0"])[-1]
            ends.append(("[%s]:%s" if ":" in address else "%s:%s") % (address, port))
        if packet["labhep.src"]:  # one HEP packet a frame: the lab's agents send every message at once
            ends = [(":".join(packet["labhep." + side][-1].split())) for side in ("src", "dst")]
        for first, rest in zip(packet["sip.Request-Line"] or packet["sip.Status-Line"], packet["sip.msg_hdr"]):
            messages.append(Message(packet, *ends, first.replace("\\r\\n", ""), headers_of(rest)))
    return packets, messages


def ladder(messages, dn):
    """The tokens of one DN's messages, in capture order."""
    seen, tokens = set(), []
    for message in messages:
        if message.dn == dn:
            tokens.append(message.token() + ("~" if message.identity in seen else ""))
            seen.add(message.identity)
    return " ".join(tokens)


def drawn(packets, messages, limit=30):
    """A few lines for the README: time, from, to, what."""
    lines = []
    for message in messages[:limit]:
        shown = re.sub(r" SIP/2.0$", "", message.line) if message.is_request else message.line[8:]
        extra = ""
        if message.is_request and message.method == "REGISTER":
            extra = "  %s%s" % (message.token(), "  call " + message.first("call-id") if message.first("call-id") else "")
        lines.append("%7.3f  %-22s -> %-22s %s%s  DN %s%s" % (message.when, message.source, message.target, "" if message.is_request else "   ", shown, message.dn, extra))
    if len(messages) > limit:
        lines.append("   …     and %d messages more" % (len(messages) - limit))
    if not messages:
        lines.append("%d packets, no SIP message that can be read" % len(packets))
    errors = sum(1 for p in packets if p["icmp.type"])
    if errors:
        lines.append("%d ICMP errors in between" % errors)
    return "\n".join(lines)


class Judge:
    """A verdict worked out from tshark's messages alone, for a DN with one registrar; None where they do not show it."""

    def __init__(self):
        self.bound, self.asked, self.word, self.open = {}, {}, None, False

    def hear(self, message):
        if message.method != "REGISTER":
            self.hear_other(message)
        elif message.is_request:
            self.open = True
            self.asked[message.identity[0]] = message
        else:
            self.open = False
            self.answered(message, self.asked.get(message.identity[0]), int(message.line.split(" ")[1]))

    def hear_other(self, message):
        gone = (message.method == "OPTIONS" and re.match(r"SIP/2.0 (404|480)", message.line)) or "terminated" in message.reginfo
        if gone and any(until > message.when for until, _ in self.bound.values()):
            self.bound, self.word = {}, "terminated"

    def answered(self, message, request, code):
        credentials = request is not None and any(name in request.headers for name in ("authorization", "proxy-authorization"))
        if 200 <= code < 300:
            self.accepted(message, request)
        elif code in (401, 407):
            self.word = "auth_failed" if credentials else "challenged"
        else:
            self.word = "auth_failed" if code == 403 and credentials else "redirected" if code < 400 else "rejected"

    def accepted(self, message, request):
        listed = {}
        for uri, seconds in message.contacts():
            owner = self.bound.get(uri, (0, None))[1] or (request.source.rsplit(":", 1)[0] if request else None)
            listed[uri] = (message.when + (3600 if seconds is None else seconds), owner)
        lost = {owner for uri, (until, owner) in self.bound.items() if uri not in listed and until > message.when}
        if listed or request is None:
            self.word = "expired"  # once their time is over
        elif not request.contacts():
            self.word = "terminated" if lost else "not_registered"
        elif request.first("expires") == "0" or request.contacts()[0][1] == 0:
            self.word = "terminated" if lost and request.source.rsplit(":", 1)[0] not in lost else "deregistered"
        else:
            self.word = "not_kept"
        self.bound = listed

    def verdict(self, end):
        if any(until > end for until, _ in self.bound.values()):
            return None if self.open else "in_service"
        return None if self.open else self.word


def problems(case, path):
    """Everything in which tshark or the location table contradicts what the scenario says."""
    packets, messages = dissect(path, case.keys)
    found = []
    for dn, wanted in case.ladders.items():
        got = ladder(messages, dn)
        if not re.fullmatch(wanted, got):
            found.append("DN %s: the messages are [%s], expected [%s]" % (dn, got, wanted))
    registers = [m for m in messages if m.is_request and m.method == "REGISTER"]
    for expectation in case.dns:
        sources = {m.source.rsplit(":", 1)[0].strip("[]") for m in registers if m.dn == expectation["dn"]}
        if expectation.get("sources") is not None and not set(expectation["sources"]) <= sources:
            found.append("DN %s: REGISTERs come from %s" % (expectation["dn"], sorted(sources)))
        judge = Judge()
        for message in messages:
            if message.dn == expectation["dn"]:
                judge.hear(message)
        second = judge.verdict(float(packets[-1]["frame.time_relative"][0]))
        if second not in (None, expectation["verdict"]) and not case.beyond_judge(expectation):
            found.append("DN %s: said to be %s, but the messages as tshark has them make it %s" % (expectation["dn"], expectation["verdict"], second))
    named = {e["dn"] for e in case.dns}
    unnamed = {m.dn for m in messages if m.dn and m.method == "REGISTER"} - named
    if unnamed and not case.sources:
        found.append("DNs in the capture that nothing is said of: %s" % sorted(unnamed))
    for expectation in case.findings:
        found += finding_problems(expectation, packets, messages)
    case.register_messages = len(registers)
    return found + table_problems(case)


def finding_problems(expectation, packets, messages):
    """Whether the packets bear out a finding that names no DN."""
    flags = [int(p["tcp.flags"][0], 16) for p in packets if p["tcp.flags"]]
    holds = {
        "tcp-refused": not messages and any(f & 0x04 for f in flags),
        "tcp-no-answer": not messages and len(flags) > 1 and not any(f & 0x10 for f in flags),
        "encrypted": not messages and bool(flags),
        "tls-failed": not messages and any(p["tls.alert_message.desc"] for p in packets),
    }.get(expectation["rule"], True)
    return [] if holds else ["the packets do not bear out the finding %s" % expectation["rule"]]


def table_problems(case):
    """The location tables at the end of the capture against the verdicts."""
    found = []
    for expectation in case.dns:
        dn, verdict = expectation["dn"], expectation["verdict"]
        if dn in case.not_in_table_check:
            continue
        pairs = [(r["registrar"], r["verdict"]) for r in expectation.get("registrations", [])] or [(None, verdict)]
        for registrar, word in pairs:
            tables = [t for where, t in case.tables.items() if registrar in (None, where)]
            if not tables or word in ("pending", "one_way", "truncated", "not_seen", "unreachable"):
                continue
            bound = any(dn in table for table in tables)
            if bound != (word == "in_service"):
                found.append("DN %s is %s, but the location table says %s" % (dn, word, [t.get(dn) for t in tables]))
    return found
