#!/usr/bin/env python3
"""Writes the cases of a cluster under captures/: the logs and captures of two nodes in two time zones.

usage: cluster.py CAPTURES     (writes CAPTURES/cluster-phone, cluster-agent, cluster-split and cluster-split-open)

The logs have the form of a Genesys SIP Server's; they are built, not recorded. Every run writes the same bytes.
"""
import os
import struct
import sys
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

START = 1763481420          # 2025-11-18 15:57:00 UTC, as in the other cases


class Node:
    """One node: its SIP traffic and its T-Library events."""

    def __init__(self, name, address, zone, west):
        self.name, self.address, self.zone, self.west = name, address, ZoneInfo(zone), west
        self.sip, self.events, self.sequence = [], [], 0x100

    def local(self, t, form="%H:%M:%S"):
        at = datetime.fromtimestamp(t, timezone.utc).astimezone(self.zone)
        return at.strftime(form) + ".%03d" % (round(t * 1000) % 1000)

    def head(self, thread):
        utc = datetime.fromtimestamp(START, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000")
        here = self.local(START, "%Y-%m-%dT%H:%M:%S")
        return ("Application name: %s\nApplication type: TServer (1)\nHost name:        %s\nDST:              TZ = 0, timeb = 0\n"
                "Time zone:        %d, X, X\nUTC time:         %s\nLocal time:       %s\nStart time (UTC): %s\nRunning time:     0:00:00:00\n"
                "File:             (1) /var/log/%s%s.log\n\n%s Trc 04112 The Log Output has been created and opened\n"
                % (self.name, self.name.lower(), self.west, utc, here, utc[:19], self.name, thread, here))

    # SIP

    def register(self, t, dn, phone, call, cseq, expires=600):
        branch = "z9hG4bK-%s-%d" % (call, cseq)
        request = ["REGISTER sip:%s SIP/2.0" % self.address, "Via: SIP/2.0/UDP %s:5060;branch=%s" % (phone, branch),
                   "From: <sip:%s@%s>;tag=%s" % (dn, self.address, call), "To: <sip:%s@%s>" % (dn, self.address), "Call-ID: %s@phone" % call,
                   "CSeq: %d REGISTER" % cseq, "Contact: <sip:%s@%s:5060>" % (dn, phone), "Expires: %d" % expires, "Max-Forwards: 70",
                   "User-Agent: Desk-Phone/4", "Content-Length: 0", "", ""]
        answer = ["SIP/2.0 200 OK", request[1] + ";received=" + phone, request[2], request[3] + ";tag=s%d" % cseq, request[4], request[5]]
        answer += ["Contact: <sip:%s@%s:5060>;expires=%d" % (dn, phone, expires)] if expires else []
        answer += ["Content-Length: 0", "", ""]
        self.sip += [(t, phone, True, request), (t + 0.0012, phone, False, answer)]

    def sip_log(self):
        out = [self.head("-001"), '%s: CGSIPListener[0]:VIA("SIP/2.0/UDP %s:5060")\n' % (self.local(START), self.address)]
        for t, phone, received, lines in sorted(self.sip):
            size, stamp = len("\r\n".join(lines)), self.local(t)
            head = "SIPTR: Received [0,UDP] %d bytes from %s:5060 <<<<<" if received else "Sending  [0,UDP] %d bytes to %s:5060 >>>>>"
            out.append("%s: %s\n%s\n\n" % (stamp, head % (size, phone), "\n".join(lines[:-1])))
            if received:
                out.append("%s: no gateway is found using address '%s' for number '%s'\n%s: SIPTS: handle registration event 0\n" % (stamp, phone, lines[3].split(":")[2].split("@")[0], stamp))
        return "".join(out)

    def capture(self):
        out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
        for number, (t, phone, received, lines) in enumerate(sorted(self.sip)):
            t -= 0.0004
            src, dst = (phone, self.address) if received else (self.address, phone)
            payload = "\r\n".join(lines).encode()
            address = [bytes(int(x) for x in a.split(".")) for a in (src, dst)]
            udp = struct.pack(">HHHH", 5060, 5060, 8 + len(payload), 0) + payload
            ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), number, 0x4000, 64, 17, 0) + address[0] + address[1]
            total = sum(struct.unpack(">10H", ip))
            total = (total & 0xFFFF) + (total >> 16)
            ip = ip[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + ip[12:]
            frame = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0" + ip + udp
            out.append(struct.pack("<IIII", int(t), round(t % 1 * 1e6), len(frame), len(frame)) + frame)
        return b"".join(out)

    # T-Library

    def state(self, t, dn, in_service):
        self.events.append((t, "EventDNBackInService" if in_service else "EventDNOutOfService", dn, None))

    def desktop(self, t, dn, reference):
        self.events.append((t, "EventRegistered", dn, reference))

    def event(self, t, name, dn, reference):
        self.sequence += 1
        stamp, iso, desk = self.local(t), self.local(t, "%Y-%m-%dT%H:%M:%S"), "(00000e85 Desk %s:49280)" % (self.address[:-2] + "41")
        number = "\tAttributeReferenceID\t%d\n" % reference if reference else ""
        times = "\tAttributeTimeinuSecs\t%d\n\tAttributeTimeinSecs\t%d (%s)\n" % (round(t % 1 * 1e6), int(t), stamp[:8])
        text = ""
        if reference:
            text = "%s Trc 04541 RequestRegisterAddress received from [66] %s\nmessage RequestRegisterAddress\n%s\tAttributeThisDN\t'%s'\n" % (iso, desk, number, dn)
        way = "send_to_client" if reference else "distribute_event"
        text += "@%s0 [0] 8.1.104.20 %s: message %s\n\tAttributeEventSequenceNumber\t%016x\n%s%s\tAttributeThisDN\t'%s'\n" % (stamp, way, name, self.sequence, times, number, dn)
        return text + "%s Trc 04542 %s sent to [512] (0000000a Stat_Server %s:41210)\n" % (iso, name, self.address[:-2] + "31")

    def tlib_log(self, end):
        out = [self.head("")] + [self.event(*event) for event in sorted(self.events, key=lambda e: e[0])]
        return "".join(out) + "%s Trc 04120 Check point %s\n" % (self.local(end, "%Y-%m-%dT%H:%M:%S"), self.local(end, "%Y-%m-%dT%H:%M:%S"))


def nodes():
    return Node("SIPS_DC1", "192.0.2.10", "Europe/Berlin", -3600), Node("SIPS_DC2", "198.51.100.10", "America/New_York", 18000)


def phone(owner, peer, t, dn, address, until):
    """A phone registers with one node, which sets the DN in service and informs the other."""
    for k in range(int((until - 5) // 280) + 1):
        owner.register(t + 280 * k, dn, address, "p" + dn, k + 1)
    owner.state(t + 0.01, dn, True)
    peer.state(t + 0.21, dn, True)


def story_phone():
    a, b = nodes()
    phone(a, b, START + 5, "1001", "192.0.2.101", 400)
    phone(b, a, START + 7, "1002", "198.51.100.102", 400)
    return a, b, START + 400


def story_agent():
    a, b = nodes()
    phone(a, b, START + 5, "1001", "192.0.2.101", 400)
    phone(b, a, START + 7, "1002", "198.51.100.102", 400)
    a.desktop(START + 20, "2001", 5)
    a.state(START + 20.002, "2001", True)
    b.state(START + 20.2, "2001", True)
    return a, b, START + 400


def story_split(end=1500):
    a, b = nodes()
    phone(a, b, START + 5, "1001", "192.0.2.101", end - 100)
    phone(b, a, START + 7, "1002", "198.51.100.102", end - 100)
    a.desktop(START + 20, "2001", 5)
    a.state(START + 20.002, "2001", True)
    b.state(START + 20.2, "2001", True)
    lost, back = START + 600.2, START + 1100.4
    for node, dn, late in ((a, "1002", 0), (b, "1001", 0.3), (b, "2001", 0.301)):
        node.state(lost + late, dn, False)
        if back < START + end:
            node.state(back + late, dn, True)
    return a, b, START + end


def story_open():
    return story_split(1000)


def main():
    for name, story in (("cluster-phone", story_phone), ("cluster-agent", story_agent), ("cluster-split", story_split), ("cluster-split-open", story_open)):
        out = os.path.join(sys.argv[1], name)
        os.makedirs(out, exist_ok=True)
        a, b, end = story()
        for node, site in ((a, "dc1"), (b, "dc2")):
            for suffix, data in (("-001.log", node.sip_log().encode()), (".log", node.tlib_log(end).encode()), (".pcap", node.capture())):
                with open(os.path.join(out, site + suffix), "wb") as f:
                    f.write(data)


main()
