"""Plays a scenario into frames: SIP over UDP, TCP and WebSocket, and what goes on beside it."""
import ipaddress
import struct

import wire
from scenario import Mistake, endpoint
from sip import Phonebook

START = 1772535600 * 10**9  # 2026-03-03 11:00:00 UTC
MILLISECOND = 10**6
TYPES = {"A": 1, "CNAME": 5, "AAAA": 28, "SRV": 33, "NAPTR": 35}
MASK = b"\x5a\x3c\x17\x99"


def name(text):
    """A domain name as DNS writes it."""
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def data(kind, words):
    """The data of a resource record."""
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(words[0]).packed
    if kind == "SRV":
        return struct.pack("!HHH", *map(int, words[:3])) + name(words[3])
    if kind == "NAPTR":
        strings = b"".join(bytes([len(w)]) + w.encode() for w in (words[2], words[3], ""))
        return struct.pack("!HH", int(words[0]), int(words[1])) + strings + name(words[4])
    return name(words[0])


def masked(payload):
    return bytes(byte ^ MASK[i % 4] for i, byte in enumerate(payload))


def websocket(payload, from_client, opcode=1):
    """One WebSocket frame."""
    length, mask = len(payload), 0x80 if from_client else 0
    head = bytes([0x80 | opcode]) + (bytes([mask | length]) if length < 126 else bytes([mask | 126]) + struct.pack("!H", length))
    return head + (MASK + masked(payload) if from_client else payload)


class Connection:
    """A TCP connection: its sequence numbers by side, and whether it was upgraded to WebSocket."""

    def __init__(self, client, server, number):
        self.client, self.server = client, server
        self.next = {client: 1000 * number + 1, server: 5000 * number + 1}
        self.websocket = False

    def other(self, side):
        return self.server if side == self.client else self.client


class Player:
    def __init__(self, scenario):
        self.scenario = scenario
        self.frames, self.ladder, self.registers = [], [], 0
        self.book = Phonebook(scenario.settings)
        self.connections, self.opened, self.numbers = {}, 0, {}
        self.packets, self.queries, self.esp = [], {}, {}

    def emit(self, time, link, source, target, protocol, payload):
        """Writes one packet between two addresses."""
        self.numbers[source] = self.numbers.get(source, 0) + 1
        packet = wire.ip(source, target, protocol, payload, self.numbers[source])
        kind = wire.LINKS[link]
        at = START + time
        self.frames.append((at, kind, wire.frame(kind, source, target, packet, at / 10**9)))
        self.packets.append((source, target, packet))

    def segment(self, time, event, connection, source, flags, payload=b""):
        """Writes one TCP segment and counts its sequence numbers."""
        target = connection.other(source)
        acknowledged = connection.next[target] if flags & wire.ACK else 0
        bytes_out = wire.tcp(source, target, connection.next[source], acknowledged, flags, payload)
        connection.next[source] += len(payload) + (1 if flags & (wire.SYN | wire.FIN) else 0)
        self.emit(time, event.link, source[0], target[0], wire.TCP, bytes_out)

    def connection(self, source, target):
        self.opened += 1
        connection = Connection(source, target, self.opened)
        self.connections[frozenset((source, target))] = connection
        return connection

    def tcp(self, event, source, target, words):
        """`TCP connect | open | syn | refuse | close | reset`."""
        what, time = words[0], event.time
        connection = self.connections.get(frozenset((source, target)))
        if what in ("connect", "syn", "open"):
            connection = self.connection(source, target)
        elif connection is None:
            raise Mistake("no connection between %s and %s" % (source, target))
        if what == "connect":
            self.segment(time, event, connection, source, wire.SYN)
            self.segment(time + MILLISECOND // 2, event, connection, target, wire.SYN | wire.ACK)
            self.segment(time + MILLISECOND, event, connection, source, wire.ACK)
        elif what == "syn":
            self.segment(time, event, connection, source, wire.SYN)
        elif what in ("refuse", "reset"):
            self.segment(time, event, connection, source, wire.RST | wire.ACK)
        elif what == "close":
            self.segment(time, event, connection, source, wire.FIN | wire.ACK)
            self.segment(time + MILLISECOND // 2, event, connection, target, wire.FIN | wire.ACK)
            self.segment(time + MILLISECOND, event, connection, source, wire.ACK)
        elif what != "open":
            raise Mistake("TCP %s is not known" % what)

    def tls(self, event, source, target, words):
        """`TLS hello | data | alert NUMBER`: a handshake, bytes nobody can read, or a fatal alert, over that connection."""
        connection = self.connections[frozenset((source, target))]

        def record(kind, body):
            return struct.pack("!BHH", kind, 0x0303, len(body)) + body

        def hello(kind, body):
            return record(22, struct.pack("!I", kind << 24 | len(body)) + body)

        if words[0] == "hello":
            random = bytes(range(32))
            suites = struct.pack("!HH", 2, 0xc02f)
            self.segment(event.time, event, connection, source, wire.PSH | wire.ACK,
                         hello(1, b"\3\3" + random + b"\0" + suites + b"\1\0"))
            self.segment(event.time + MILLISECOND, event, connection, target, wire.PSH | wire.ACK,
                         hello(2, b"\3\3" + random + b"\0" + suites[2:] + b"\0") + record(20, b"\1") + record(22, bytes(40)))
            self.segment(event.time + 2 * MILLISECOND, event, connection, source, wire.PSH | wire.ACK,
                         record(20, b"\1") + record(22, bytes(40)))
        elif words[0] == "data":
            self.segment(event.time, event, connection, source, wire.PSH | wire.ACK, record(23, bytes(7 * i % 256 for i in range(400))))
        else:
            self.segment(event.time, event, connection, source, wire.PSH | wire.ACK, record(21, bytes([2, int(words[1])])))

    def upgrade(self, event, source, target):
        """`WS upgrade`: the HTTP handshake of RFC 6455 for the subprotocol sip, the example key of the RFC."""
        connection = self.connections[frozenset((source, target))]
        ask = ("GET /sip HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n\r\n"
               % target[0])
        answer = ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: sip\r\n\r\n")
        self.segment(event.time, event, connection, source, wire.PSH | wire.ACK, ask.encode())
        self.segment(event.time + MILLISECOND, event, connection, target, wire.PSH | wire.ACK, answer.encode())
        connection.websocket = True

    def icmp(self, event, source, target):
        """`ICMP`: port unreachable about the latest packet that came from there."""
        quoted = next((p for s, t, p in reversed(self.packets) if (s, t) == (target[0], source[0])), None)
        if quoted is None:
            raise Mistake("ICMP about what?")
        self.emit(event.time, event.link, source[0], target[0], *wire.port_unreachable(source[0], target[0], quoted))

    def dns(self, event, source, target, words):
        """`DNS query TYPE NAME`, `DNS answer "NAME TYPE DATA" …`, `DNS nxdomain | servfail`."""
        if words[0] == "query":
            key = (source, target)
            number = len(self.packets) + 1
            question = name(words[2]) + struct.pack("!HH", TYPES[words[1]], 1)
            self.queries[key] = (number, question)
            message = struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + question
        else:
            number, question = self.queries[(target, source)]
            code = {"answer": 0, "nxdomain": 3, "servfail": 2}[words[0]]
            records = [record.split() for record in words[1:]]
            message = struct.pack("!HHHHHH", number, 0x8180 | code, 1, len(records), 0, 0) + question
            for owner, kind, *rest in records:
                rdata = data(kind, rest)
                message += name(owner) + struct.pack("!HHIH", TYPES[kind], 1, 300, len(rdata)) + rdata
        self.emit(event.time, event.link, source[0], target[0], wire.UDP, wire.udp(source, target, message))

    def raw(self, event, source, target, words):
        """`ESP SPI`, `UDP crlf | hex …`."""
        if words[0] == "ESP":
            key = (source, target, words[1])
            self.esp[key] = self.esp.get(key, 0) + 1
            body = bytes((17 * i + 91 * self.esp[key]) % 251 for i in range(96))
            payload = struct.pack("!II", int(words[1], 0), self.esp[key]) + body
            self.emit(event.time, event.link, source[0], target[0], wire.ESP, payload)
            return
        payload = b"\r\n\r\n" if words[1] == "crlf" else bytes.fromhex("".join(words[2:]))
        self.emit(event.time, event.link, source[0], target[0], wire.UDP, wire.udp(source, target, payload))

    def sip(self, event, source, target):
        connection = self.connections.get(frozenset((source, target)))
        transport = "udp" if connection is None else "ws" if connection.websocket else "tcp"
        message = self.book.message(event, source, target, transport)
        if "unseen" in event.words:
            return
        payload = message.encode()
        self.registers += message.is_request and message.method == "REGISTER"
        if connection is None:
            self.emit(event.time, event.link, source[0], target[0], wire.UDP, wire.udp(source, target, payload))
        else:
            if connection.websocket:
                payload = websocket(payload, source == connection.client)
            self.segment(event.time, event, connection, source, wire.PSH | wire.ACK, payload)
            if "no-ack" not in event.words:
                self.segment(event.time + MILLISECOND // 2, event, connection, target, wire.ACK)
        self.ladder.append((event.time, source, target, drawn(message)))

    def play(self):
        for event in self.scenario.events:
            source, target = endpoint(self.scenario, event.source), endpoint(self.scenario, event.target)
            kind = event.words[0]
            if kind == "TCP":
                self.tcp(event, source, target, event.words[1:])
            elif kind == "WS":
                self.upgrade(event, source, target)
            elif kind == "TLS":
                self.tls(event, source, target, event.words[1:])
            elif kind == "ICMP":
                self.icmp(event, source, target)
            elif kind == "DNS":
                self.dns(event, source, target, event.words[1:])
            elif kind in ("ESP", "UDP"):
                self.raw(event, source, target, event.words)
            else:
                self.sip(event, source, target)
                continue
            self.ladder.append((event.time, source, target, "(%s)" % " ".join(event.words)))
        self.frames.sort(key=lambda frame: frame[0])


def drawn(message):
    """One line about a message, as the lab draws it."""
    if not message.is_request:
        return "   %s  DN %s" % (message.start.split(" ", 1)[1], message.user)
    method, uri = message.start.split()[:2]
    if method != "REGISTER":
        return "%s %s" % (method, uri)
    asked = message.get("Expires", "-") if message.get("Contact") else "?"
    signed = "a" if message.get("Authorization") or message.get("Proxy-Authorization") else ""
    return "%s %s  DN %s  R%s%s  call %s" % (method, uri, message.user, asked, signed, message.get("Call-ID"))
