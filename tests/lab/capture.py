"""Captures: tcpdump on a host, and the little that is done to a file afterwards."""
import os
import re
import signal
import struct
import time

# Every committed capture starts at this moment (2025-11-18 15:57:00 UTC): the clock of the machine that ran the lab is
# taken out, the distances between packets stay as they were.
START = 1763481420

ETHERNET = 1


class Capture:
    """One running tcpdump."""

    def __init__(self, network, host, expression="port 5060", interface="eth0", name="input.pcap", extra=()):
        self.network, self.path = network, os.path.join(network.workdir, name)
        # In immediate mode each slot of the ring takes a whole snapshot length, hence the large buffer.
        argv = ["tcpdump", "-Z", "root", "-n", "-i", interface, "-U", "--immediate-mode", "-B", "32768", "-w", self.path, *extra]
        self.process = network.start(host, argv + ([expression] if expression else []), name + ".log")
        for _ in range(200):
            if "listening on" in self._said():
                time.sleep(0.15)
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("tcpdump: " + self._said())

    def _said(self):
        with open(self.process.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def stop(self):
        time.sleep(0.4)
        self.network.end(self.process, signal.SIGINT)
        dropped = re.search(r"(\d+) packets? dropped by kernel", self._said())
        if not dropped or dropped.group(1) != "0":
            raise RuntimeError("packets were dropped while capturing: " + self._said())
        return Savefile.read(self.path)


class Savefile:
    """A classic little-endian microsecond pcap in memory: link type, snapshot length, (time in µs, bytes, true length)."""

    def __init__(self, link, snaplen, packets):
        self.link, self.snaplen, self.packets = link, snaplen, packets

    @classmethod
    def read(cls, path):
        with open(path, "rb") as file:
            data = file.read()
        magic, _, _, _, _, snaplen, link = struct.unpack_from("<IHHiIII", data)
        if magic != 0xA1B2C3D4:
            raise RuntimeError("%s: not the kind of pcap that tcpdump writes here" % path)
        at, packets = 24, []
        while at < len(data):
            seconds, micros, kept, length = struct.unpack_from("<IIII", data, at)
            packets.append((seconds * 1_000_000 + micros, data[at + 16:at + 16 + kept], length))
            at += 16 + kept
        return cls(link, snaplen, packets)

    def write(self, path):
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, self.snaplen, self.link))
            for when, data, length in self.packets:
                file.write(struct.pack("<IIII", when // 1_000_000, when % 1_000_000, len(data), length) + data)

    def at_start(self):
        """The same with its first packet at START."""
        shift = START * 1_000_000 - min((p[0] for p in self.packets), default=0)
        return Savefile(self.link, self.snaplen, [(when + shift, data, length) for when, data, length in self.packets])

    def agents_at_start(self):
        """The same with the times that HEP agents report moved as at_start() will move those of the packets."""
        shift = START * 1_000_000 - min(p[0] for p in self.packets)
        return Savefile(self.link, self.snaplen, [(when, moved_agent(data, shift), length) for when, data, length in self.packets])

    def restamped(self, seconds):
        """The same packets, those at the places `seconds` names (from 0 on) stamped so much later."""
        moved = [(packet[0] + seconds.get(place, 0) * 1_000_000, *packet[1:]) for place, packet in enumerate(self.packets)]
        return Savefile(self.link, self.snaplen, moved)

    def without_first(self, count):
        return Savefile(self.link, self.snaplen, self.packets[count:])

    def merged(self, other):
        """Both in time order."""
        assert self.link == other.link
        return Savefile(self.link, self.snaplen, sorted(self.packets + other.packets, key=lambda p: p[0]))

    def tagged(self, *tags):
        """Ethernet frames with these (ethertype, VLAN) tags put in, outermost first."""
        assert self.link == ETHERNET
        tag = b"".join(struct.pack(">HH", kind, vlan) for kind, vlan in tags)
        return Savefile(self.link, self.snaplen, [(when, data[:12] + tag + data[12:], length + len(tag)) for when, data, length in self.packets])

    def mirrored(self):
        """Ethernet frames as a router's sniffer sends them to 192.168.210.9: in TZSP."""
        assert self.link == ETHERNET
        packets = []
        for when, data, length in self.packets:
            payload = bytes([1, 0, 0, 1, 1]) + data
            udp = struct.pack(">HHHH", 40000, 37008, 8 + len(payload), 0) + payload
            frame = data[:12] + b"\x08\0" + ipv4(17, b"\xc0\xa8\xd2\x01", b"\xc0\xa8\xd2\x09", udp)
            packets.append((when, frame, length + len(frame) - len(data)))
        return Savefile(self.link, self.snaplen, packets)

    def signed(self):
        """IPv4 packets as IPsec carries them that signs and does not encrypt: ESP in transport mode, 96 bits of signature."""
        assert self.link == ETHERNET
        packets = []
        for number, (when, data, length) in enumerate(self.packets, 1):
            assert data[12:15] == b"\x08\0\x45"
            inner = data[34:14 + int.from_bytes(data[16:18], "big")]
            padding = -(len(inner) + 2) % 4
            esp = struct.pack(">II", 0x1001, number) + inner + bytes(range(1, padding + 1)) + bytes([padding, data[23]]) + bytes(12)
            frame = data[:14] + ipv4(50, data[26:30], data[30:34], esp)
            packets.append((when, frame, len(frame)))
        return Savefile(self.link, self.snaplen, packets)


def ipv4(protocol, source, target, payload):
    """A packet around this payload."""
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0) + source + target
    total = sum(struct.unpack(">10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return header[:10] + struct.pack(">H", ~total & 0xFFFF) + header[12:] + payload


def moved_agent(data, shift):
    """A packet with the time in the HEP packet it holds, if it does, moved by that many microseconds."""
    at = data.find(b"\0\0\0\x09\0\x0a")  # version 3: chunks for seconds and microseconds, one behind the other
    if b"HEP3" in data and at > 0:
        seconds, micros, layout = at + 6, at + 16, ">I"
    else:
        at = data.find(b"\x02\x10\x02")  # version 2: both behind 16 bytes of header, in this machine's order
        if at < 0 or len(data) < at + 28 or data[at + 3] not in (6, 17, 22):
            return data
        seconds, micros, layout = at + 16, at + 20, "<I"
    when = struct.unpack_from(layout, data, seconds)[0] * 1_000_000 + struct.unpack_from(layout, data, micros)[0] + shift
    out = bytearray(data)
    struct.pack_into(layout, out, seconds, when // 1_000_000)
    struct.pack_into(layout, out, micros, when % 1_000_000)
    return bytes(out)
