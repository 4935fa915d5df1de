"""User agents: a scripted phone over UDP, TCP or TLS; SIPp; sipsak; svwar.

The scripted phone writes the same bytes on every run: Call-IDs, tags and branches are counted, not random.
"""
import hashlib
import os
import re
import socket
import time


class Answer:
    """A response, as far as the lab looks at it."""

    def __init__(self, text):
        self.text = text
        self.code = int(text.split(" ", 2)[1])
        branch = re.search(r"(?im)^(?:via|v)\s*:.*?branch=([^;,\s]+)", text)
        self.branch = branch.group(1) if branch else ""

    def header(self, name):
        found = re.search(r"(?im)^%s\s*:\s*(.*?)\s*$" % re.escape(name), self.text)
        return found.group(1) if found else None


def bracketed(address):
    return "[%s]" % address if ":" in address else address


def digest(challenge, user, password, uri, method="REGISTER", realm=None):
    """An Authorization value that answers the challenge (MD5, qop=auth)."""
    value = dict(re.findall(r'(\w+)="?([^",]*)"?', challenge.split(None, 1)[1]))
    realm = realm or value["realm"]
    md5 = lambda text: hashlib.md5(text.encode()).hexdigest()
    secret, what, cnonce = md5("%s:%s:%s" % (user, realm, password)), md5("%s:%s" % (method, uri)), "0a4f113b"
    response = md5(":".join((secret, value["nonce"], "00000001", cnonce, "auth", what)))
    return ('Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=MD5, qop=auth, nc=00000001, cnonce="%s"'
            % (user, realm, value["nonce"], uri, response, cnonce))


class Phone:
    """One user agent on one socket; several DNs may register through it."""

    def __init__(self, network, host, address, port=5060, registrar="192.168.210.81", registrar_port=5060, transport="udp",
                 agent="Lab-Phone/1.0", via=None, rport=True, domain=None, tls=None):
        self.address, self.port, self.transport, self.agent, self.rport = address, port, transport, agent, rport
        self.target, self.domain = (registrar, registrar_port), domain or registrar
        self.calls, self.branches, self.sequence, self.unread = 0, 0, {}, b""
        self.via = via or "%s:%d" % (bracketed(address), port)
        self.credentials = {}
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = network.socket(host, family, socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((address, port))
        self.socket.settimeout(5)
        if transport != "udp":
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.connect(self.target)
            if tls:
                self.socket = tls.wrap_socket(self.socket)

    # ---- what goes out
    def new_call(self, dn):
        """A Call-ID not used before by this phone."""
        self.calls += 1
        return "%s-%d%s@%s" % (dn, self.calls, "" if self.port == 5060 else ".%d" % self.port, self.address)

    def contact_of(self, dn):
        more = "" if self.transport == "udp" else ";transport=" + self.transport
        return "<sip:%s@%s:%d%s>" % (dn, bracketed(self.address), self.port, more)

    def request(self, dn, expires=300, contact="", call=None, extra=(), auth=None, method="REGISTER", uri=None):
        """The text of a request; contact None leaves the header out, a list gives several."""
        call = call or self.new_call(dn)
        self.sequence[call] = self.sequence.get(call, 0) + 1
        self.branches += 1
        contacts = [] if contact is None else [self.contact_of(dn)] if contact == "" else [contact] if isinstance(contact, str) else contact
        domain = bracketed(self.domain)
        serial = "%s%d" % (re.sub(r"\W", "", self.address), self.port)
        lines = ["%s %s SIP/2.0" % (method, uri or "sip:" + domain),
                 "Via: SIP/2.0/%s %s%s;branch=z9hG4bK%s.%d" % (self.transport.upper(), self.via, ";rport" if self.rport else "", serial, self.branches),
                 "Max-Forwards: 70",
                 "From: <sip:%s@%s>;tag=%s" % (dn, domain, hashlib.md5(call.encode()).hexdigest()[:8]),
                 "To: <sip:%s@%s>" % (dn, domain),
                 "Call-ID: " + call,
                 "CSeq: %d %s" % (self.sequence[call], method),
                 *("Contact: " + c for c in contacts),
                 *(["Expires: %d" % expires] if expires is not None else []),
                 "User-Agent: " + self.agent,
                 *(["Authorization: " + auth] if auth else []),
                 *extra, "Content-Length: 0", "", ""]
        return "\r\n".join(lines)

    def send(self, text, piece=0):
        """Writes it once; over TCP in pieces of that many bytes if asked."""
        data = text.encode()
        if self.transport == "udp":
            self.socket.sendto(data, self.target)
            return
        for start in range(0, len(data), piece or len(data)):
            self.socket.sendall(data[start:start + (piece or len(data))])
            time.sleep(0.02 if piece else 0)

    # ---- what comes back
    def receive(self, timeout=5.0):
        """The next message as text, or None when none came in time."""
        self.socket.settimeout(max(timeout, 0.01))
        try:
            if self.transport == "udp":
                return self.socket.recv(65535).decode()
            while True:
                self.unread = self.unread.lstrip(b"\r\n")
                end = self.unread.find(b"\r\n\r\n")
                if end >= 0:  # nothing in the lab has a body over TCP
                    text, self.unread = self.unread[:end + 4].decode(), self.unread[end + 4:]
                    return text
                data = self.socket.recv(65535)
                if not data:
                    return None
                self.unread += data
        except (TimeoutError, ConnectionRefusedError):
            return None

    def answer_to(self, text, seconds):
        """Sends a request, repeats it over UDP as RFC 3261 says, returns the final answer or None."""
        branch = re.search(r"branch=([^;,\s]+)", text).group(1)
        start, interval, due = time.monotonic(), 0.5, 0.0
        while (now := time.monotonic() - start) < seconds:
            if now >= due and (due == 0.0 or self.transport == "udp"):
                self.send(text)
                due, interval = now + interval, min(interval * 2, 4.0)
            heard = self.receive(min(due if self.transport == "udp" else seconds, seconds) - (time.monotonic() - start))
            if heard and heard.startswith("SIP/2.0"):
                answer = Answer(heard)
                if answer.branch == branch and answer.code >= 200:
                    return answer
        return None

    def register(self, dn, want=200, seconds=5, **more):
        """One REGISTER and its answer, which has to have that code (None: no answer)."""
        answer = self.answer_to(self.request(dn, **more), seconds)
        code = answer.code if answer else None
        if code != want:
            raise RuntimeError("REGISTER of %s: %s came, %s was expected" % (dn, code, want))
        return answer

    def authenticate(self, dn, password=None, want=200, challenge=None, challenged=401, call=None, user=None, **more):
        """REGISTER, challenge, REGISTER with credentials."""
        call = call or self.new_call(dn)
        challenge = challenge or self.register(dn, want=challenged, call=call, **more)
        value = challenge.header("WWW-Authenticate") or challenge.header("Proxy-Authenticate")
        auth = digest(value, user or dn, password or "pw" + dn, "sip:" + bracketed(self.domain))
        if challenged == 407:
            return self.register(dn, want=want, call=call, extra=["Proxy-Authorization: " + auth], **more)
        self.credentials[dn] = auth
        return self.register(dn, want=want, call=call, auth=auth, **more)

    def answer_options(self, seconds=5):
        """Waits for an OPTIONS and answers it 200."""
        heard = self.receive(seconds)
        if not heard or not heard.startswith("OPTIONS"):
            raise RuntimeError("no OPTIONS came: %r" % heard)
        keep = [line for line in heard.split("\r\n\r\n")[0].split("\r\n")[1:]
                if line.split(":")[0].lower() in ("via", "from", "to", "call-id", "cseq", "record-route")]
        keep = [line + ";tag=answered" if line.lower().startswith("to:") and "tag=" not in line else line for line in keep]
        self.send("\r\n".join(["SIP/2.0 200 OK", *keep, "User-Agent: " + self.agent, "Content-Length: 0", "", ""]))

    def close(self):
        self.socket.close()


def sipp(phone, network, host, text, code):
    """Lets SIPp send one prepared request from the phone's address and wait for that answer."""
    phone.close()
    name = re.sub(r"\W", "-", re.search(r"Call-ID: (\S+)", text).group(1))
    scenario = os.path.join(network.workdir, name + ".xml")
    with open(scenario, "w", encoding="utf-8") as out:
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="%s">\n<send retrans="500"><![CDATA[\n\n%s\n]]></send>\n'
                  '<recv response="%d"/>\n</scenario>\n' % (name, text.replace("\r\n", "\n"), code))
    process = network.start(host, ["env", "TERM=xterm", "sipp", "%s:%d" % phone.target, "-sf", scenario, "-m", "1", "-l", "1", "-i", phone.address,
                                   "-p", phone.port, "-t", "u1", "-nostdin", "-nd", "-timeout", "20s", "-timeout_error",
                                   "-cid_str", re.search(r"Call-ID: (\S+)", text).group(1)], name + ".log")
    if process.wait(30):
        with open(process.log, encoding="utf-8", errors="replace") as log:
            raise RuntimeError("sipp: " + log.read()[-800:])


def sipsak_options(network, host, dn, registrar="192.168.210.81"):
    """One OPTIONS to a DN through the registrar."""
    process = network.start(host, ["sipsak", "-s", "sip:%s@%s" % (dn, registrar), "-l", "5070"], "sipsak-%s.log" % dn)
    process.wait(20)


def svwar(network, host, address, dns, registrar="192.168.210.81"):
    """SIPVicious' extension scanner."""
    process = network.start(host, ["env", "HOME=" + network.workdir, "svwar", "-e", dns, "-t", "0.005", "-b", address, "-x", address,
                                   "-P", "5061", "-m", "REGISTER", registrar], "svwar.log")
    process.wait(90)
