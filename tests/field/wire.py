"""Packets and capture files: link layers, IPv4 and IPv6, UDP, TCP, ICMP, ESP; pcap and pcapng."""
import ipaddress
import struct

ETHERNET, TOKEN_RING, FDDI, SUNATM, ERF, IPNET = 1, 6, 10, 123, 197, 226
LINKS = {"ethernet": ETHERNET, "tokenring": TOKEN_RING, "fddi": FDDI, "sunatm": SUNATM, "erf": ERF, "ipnet": IPNET}
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
UDP, TCP, ICMP, ICMP6, ESP = 17, 6, 1, 58, 50


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address):
    return ipaddress.ip_address(address).packed


def pseudo(source, target, protocol, length):
    if ":" in source:
        return packed(source) + packed(target) + struct.pack("!I3xB", length, protocol)
    return packed(source) + packed(target) + struct.pack("!xBH", protocol, length)


def ip(source, target, protocol, payload, number):
    """An IP packet; `number` is the identification of IPv4."""
    if ":" in source:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + packed(source) + packed(target) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), number & 0xFFFF, 0x4000, 64, protocol, 0)
    head += packed(source) + packed(target)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def udp(source, target, payload):
    """A UDP datagram between two (address, port)."""
    head = struct.pack("!HHHH", source[1], target[1], 8 + len(payload), 0)
    total = checksum(pseudo(source[0], target[0], UDP, 8 + len(payload)) + head + payload) or 0xFFFF
    return head[:6] + struct.pack("!H", total) + payload


def tcp(source, target, sequence, acknowledged, flags, payload=b""):
    """A TCP segment between two (address, port); a SYN names the segment size."""
    options = b"\x02\x04\x05\xb4" if flags & SYN else b""
    head = struct.pack("!HHIIBBHHH", source[1], target[1], sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF,
                       (20 + len(options)) // 4 << 4, flags, 64240, 0, 0) + options
    total = checksum(pseudo(source[0], target[0], TCP, len(head) + len(payload)) + head + payload)
    return head[:16] + struct.pack("!H", total) + head[18:] + payload


def port_unreachable(source, target, quoted):
    """ICMP port unreachable about an IP packet: (protocol, bytes)."""
    if ":" in source:
        head = struct.pack("!BBHI", 1, 4, 0, 0) + quoted[:1200]
        total = checksum(pseudo(source, target, ICMP6, len(head)) + head)
        return ICMP6, head[:2] + struct.pack("!H", total) + head[4:]
    head = struct.pack("!BBHI", 3, 3, 0, 0) + quoted[:548]
    return ICMP, head[:2] + struct.pack("!H", checksum(head)) + head[4:]


def mac(address):
    """A locally administered MAC address for an IP address."""
    return b"\x02\x00" + packed(address)[-4:]


def frame(link, source, target, packet, seconds):
    """A frame of a link type around an IP packet."""
    version = packet[0] >> 4
    kind = b"\x86\xdd" if version == 6 else b"\x08\x00"
    snap = b"\xaa\xaa\x03\0\0\0" + kind
    if link == TOKEN_RING:
        return b"\x10\x40" + mac(target) + mac(source) + snap + packet
    if link == FDDI:
        return b"\x50" + mac(target) + mac(source) + snap + packet
    if link == SUNATM:
        return b"\x02\0\0\x64" + snap + packet
    if link == IPNET:
        return struct.pack("!BBHIIIII", 1, 2 if version == 4 else 26, 0, len(packet), 1, 2, 0, 0) + packet
    ethernet = mac(target) + mac(source) + kind + packet
    if link == ERF:
        ethernet = b"\0\0" + ethernet
        whole, fraction = int(seconds), int((seconds - int(seconds)) * (1 << 32))
        return struct.pack("<II", fraction, whole) + struct.pack("!BBHHH", 2, 4, 16 + len(ethernet), 0, len(ethernet) - 2) + ethernet
    return ethernet


def pcap(frames):
    """A pcap file of (nanoseconds, link, bytes), all of one link type."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, frames[0][1])]
    for time, _, data in frames:
        seconds, rest = divmod(time, 10**9)
        out.append(struct.pack("<IIII", seconds, rest // 1000, len(data), len(data)) + data)
    return b"".join(out)


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def pcapng(frames):
    """A pcapng file of (nanoseconds, link, bytes), an interface for each link type."""
    links = list(dict.fromkeys(link for _, link, _ in frames))
    out = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    out += [block(1, struct.pack("<HHI", link, 0, 262144)) for link in links]
    for time, link, data in frames:
        micros = time // 1000
        head = struct.pack("<IIIII", links.index(link), micros >> 32, micros & 0xFFFFFFFF, len(data), len(data))
        out.append(block(6, head + data))
    return b"".join(out)
