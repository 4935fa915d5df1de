"""WebSocket (RFC 6455, RFC 7118): the scripted phone over it, and a relay that compresses (RFC 7692).

The phone's key and masks are fixed, so that its bytes are the same on every run.
"""
import base64
import hashlib
import re
import socket
import struct
import threading
import time
import zlib

from agents import Phone

KEY = base64.b64encode(b"regscope-lab-key").decode()
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
DEFLATE = "permessage-deflate"


def accept_of(key):
    """The value of Sec-WebSocket-Accept (RFC 6455 §4.2.2)."""
    return base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


class Peer:
    """One end of a WebSocket connection on a connected socket."""

    def __init__(self, connection, client, deflate=False):
        self.connection, self.client, self.deflate = connection, client, deflate
        self.unread, self.masks, self.pongs, self.deadline = b"", 0, 0, None
        self.deflater, self.inflater = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)

    def fill(self):
        if self.deadline:  # pings in between do not put it off
            self.connection.settimeout(max(self.deadline - time.monotonic(), 0.01))
        data = self.connection.recv(65535)
        if not data:
            raise ConnectionResetError("closed")
        self.unread += data

    def head(self):
        """The head of an HTTP message, as text."""
        while b"\r\n\r\n" not in self.unread:
            self.fill()
        text, _, self.unread = self.unread.partition(b"\r\n\r\n")
        return text.decode()

    def ask(self, host):
        """The client's part of the opening."""
        lines = ["GET / HTTP/1.1", "Host: " + host, "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: " + KEY,
                 "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: sip", *(["Sec-WebSocket-Extensions: " + DEFLATE] if self.deflate else [])]
        self.connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = self.head()
        if " 101 " not in answer.split("\r\n")[0] or accept_of(KEY) not in answer or self.deflate != (DEFLATE in answer):
            raise RuntimeError("no WebSocket: " + answer)

    def answer(self):
        """The server's part of the opening; it agrees to compress when asked."""
        asked = self.head()
        key = re.search(r"(?im)^Sec-WebSocket-Key:\s*(\S+)", asked).group(1)
        self.deflate = DEFLATE in asked
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: " + accept_of(key),
                 "Sec-WebSocket-Protocol: sip", *(["Sec-WebSocket-Extensions: " + DEFLATE] if self.deflate else [])]
        self.connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def frame(self, opcode, payload, fin=True, compressed=False):
        """Writes one frame; a client's are masked."""
        head = bytes([(0x80 if fin else 0) | (0x40 if compressed else 0) | opcode])
        bit = 0x80 if self.client else 0
        size = len(payload)
        head += bytes([bit | size]) if size < 126 else bytes([bit | 126]) + struct.pack("!H", size)
        if self.client:
            self.masks += 1
            mask = hashlib.md5(b"%d" % self.masks).digest()[:4]
            head += mask
            payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        self.connection.sendall(head + payload)

    def message(self, text, piece=0, between=None):
        """Writes a message, in fragments of that many bytes if asked; `between` is called after each but the last."""
        data = text.encode()
        if self.deflate:
            data = self.deflater.compress(data) + self.deflater.flush(zlib.Z_SYNC_FLUSH)
            data = data[:-4]
        starts = range(0, len(data), piece or len(data))
        for start in starts:
            last = start == starts[-1]
            self.frame(TEXT if start == 0 else 0, data[start:start + (piece or len(data))], last, self.deflate and start == 0)
            if between and not last:
                between()

    def exactly(self, size):
        while len(self.unread) < size:
            self.fill()
        data, self.unread = self.unread[:size], self.unread[size:]
        return data

    def next(self):
        """The next message as text; pings in between are answered, pongs counted."""
        data, compressed = b"", False
        while True:
            first, second = self.exactly(2)
            size = second & 0x7F
            if size > 125:
                size = int.from_bytes(self.exactly(2 if size == 126 else 8), "big")
            mask = self.exactly(4) if second & 0x80 else bytes(4)
            payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(self.exactly(size)))
            opcode = first & 0x0F
            if opcode == PING:
                self.frame(PONG, payload)
            elif opcode == PONG:
                self.pongs += 1
            elif opcode == CLOSE:
                raise ConnectionResetError("closed")
            else:
                compressed = compressed or bool(first & 0x40)
                data += payload
                if first & 0x80:
                    return (self.inflater.decompress(data + b"\x00\x00\xff\xff") if compressed else data).decode()


class WebSocketPhone(Phone):
    """The scripted phone over WebSocket: what it calls itself is a name in .invalid (RFC 7118 §5)."""

    def __init__(self, network, host, address, deflate=False, **more):
        self.own_name = "%s.invalid" % hashlib.md5(str(more.get("port")).encode()).hexdigest()[:12]
        super().__init__(network, host, address, transport="ws", via=self.own_name, rport=False, **more)
        self.peer = Peer(self.socket, client=True, deflate=deflate)
        self.peer.ask("%s:%d" % self.target)

    def contact_of(self, dn):
        return "<sip:%s@%s;transport=ws>" % (dn, self.own_name)

    def send(self, text, piece=0, between=None):
        self.peer.message(text, piece, between)

    def receive(self, timeout=5.0):
        self.peer.deadline = time.monotonic() + timeout
        try:
            return self.peer.next()
        except TimeoutError:
            return None

    def ping(self):
        self.peer.frame(PING, b"lab")

    def close(self):
        self.socket.close()


class Relay:
    """Takes one WebSocket connection that compresses and hands its messages on to the registrar's, which does not."""

    def __init__(self, network, host, address, port, registrar_port):
        self.listener = network.socket(host, kind=socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(1)
        self.inner = network.socket(host, kind=socket.SOCK_STREAM)
        self.inner.connect((address, registrar_port))
        self.registrar = Peer(self.inner, client=True)
        self.registrar.ask("%s:%d" % (address, registrar_port))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:
            outer, _ = self.listener.accept()
            outer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            phone = Peer(outer, client=False)
            phone.answer()
            while True:
                self.registrar.message(phone.next())
                phone.message(self.registrar.next())
        except OSError:
            pass  # the phone has hung up, or the case is over

    def close(self):
        for one in (self.listener, self.inner):
            one.close()
