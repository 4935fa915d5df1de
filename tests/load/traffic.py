"""Traffic as frames: registrations, floods from random DNs, media; written to a capture or sent at once."""
import random
import struct

SENDER, RECEIVER = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"
REGISTRAR = 0x0A090001  # 10.9.0.1
SIP = 5060


def dotted(address):
    return "%d.%d.%d.%d" % (address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255)


def frame(source, source_port, target, target_port, payload):
    """An Ethernet frame with a UDP datagram; the checksum of IP is right, that of UDP left out."""
    length = 28 + len(payload)
    total = 0x4500 + length + 0x4000 + 0x4011 + (source >> 16) + (source & 0xFFFF) + (target >> 16) + (target & 0xFFFF)
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return RECEIVER + SENDER + struct.pack(">HHHHHBBHIIHHHH", 0x0800, 0x4500, length, 0, 0x4000, 64, 17, total ^ 0xFFFF, source, target,
                                           source_port, target_port, length - 20, 0) + payload


def register(dn, source, number, expires=300):
    """A REGISTER, the `number`-th of this DN."""
    host = dotted(source)
    text = ("REGISTER sip:10.9.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%s-%d;rport\r\nMax-Forwards: 70\r\n"
            "From: <sip:%s@10.9.0.1>;tag=a%s\r\nTo: <sip:%s@10.9.0.1>\r\nCall-ID: %s-call@%s\r\nCSeq: %d REGISTER\r\n"
            "Contact: <sip:%s@%s:5060>\r\nExpires: %d\r\nUser-Agent: Load-Phone/1.0\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY\r\n"
            "Content-Length: 0\r\n\r\n" % (host, dn, number, dn, dn, dn, dn, host, number, dn, host, expires))
    return frame(source, SIP, REGISTRAR, SIP, text.encode())


def answer(dn, source, number, line="200 OK", expires=300):
    """The answer to it."""
    host = dotted(source)
    contact = "Contact: <sip:%s@%s:5060>;expires=%d\r\n" % (dn, host, expires) if line.startswith("200") else ""
    text = ("SIP/2.0 %s\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%s-%d;rport=5060\r\nFrom: <sip:%s@10.9.0.1>;tag=a%s\r\n"
            "To: <sip:%s@10.9.0.1>;tag=b%d\r\nCall-ID: %s-call@%s\r\nCSeq: %d REGISTER\r\n%sServer: Load/1.0\r\nContent-Length: 0\r\n\r\n"
            % (line, host, dn, number, dn, dn, dn, number, dn, host, number, contact))
    return frame(REGISTRAR, SIP, source, SIP, text.encode())


def phones(count):
    """DNs with an address each."""
    return [("%d" % (100000 + i), 0x0A010000 + i) for i in range(count)]


def registrations(dns, rounds):
    """Every DN in turn, again and again."""
    for number in range(1, rounds + 1):
        for dn, source in phones(dns):
            yield register(dn, source, number)
            yield answer(dn, source, number)


def media(seconds, packets, registers):
    """So many RTP packets (G.711, 20 ms) and REGISTERs with their answers every second."""
    streams = packets // 50
    body = bytes(random.Random(1).randrange(256) for _ in range(160))
    every, sent = packets // registers, 0
    dns = phones(500)
    for tick in range(seconds * 50):
        for stream in range(streams):
            header = struct.pack(">BBHII", 0x80, 0, tick & 0xFFFF, tick * 160, 0x1000 + stream)
            yield frame(0x0A020000 + stream, 20000 + 2 * (stream % 5000), REGISTRAR, 30000 + 2 * (stream % 10000), header + body)
            sent += 1
            if sent % every == 0:
                turn = sent // every - 1
                dn, source = dns[turn % len(dns)]
                yield register(dn, source, turn // len(dns) + 1)
                yield answer(dn, source, turn // len(dns) + 1)


def flood(count, seed):
    """So many DNs that nobody has, from addresses that nobody has: refused, granted, not answered."""
    chance = random.Random(seed)
    for _ in range(count):
        dn, source = "x%012x" % chance.getrandbits(48), 0x0B000000 + chance.getrandbits(26)
        yield register(dn, source, 1)
        fate = chance.randrange(3)
        if fate == 0:
            yield answer(dn, source, 1, "403 Forbidden")
        elif fate == 1:
            yield answer(dn, source, 1)


def write(path, frames):
    """Writes a capture; returns the number of frames."""
    count = 0
    with open(path, "wb", buffering=1 << 20) as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for data in frames:
            out.write(struct.pack("<IIII", 1763481420 + count // 100000, count % 100000 * 10, len(data), len(data)) + data)
            count += 1
    return count
