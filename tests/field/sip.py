"""SIP messages of a scenario: requests that count their CSeq, responses that mirror a request, hops."""
import hashlib
import re

from scenario import Mistake

REASONS = {100: "Trying", 180: "Ringing", 200: "OK", 302: "Moved Temporarily", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
           404: "Not Found", 405: "Method Not Allowed", 407: "Proxy Authentication Required", 408: "Request Timeout",
           420: "Bad Extension", 421: "Extension Required", 423: "Interval Too Brief",
           439: "First Hop Lacks Outbound Support", 480: "Temporarily Unavailable", 486: "Busy Here",
           489: "Bad Event", 494: "Security Agreement Required", 500: "Server Internal Error", 503: "Service Unavailable",
           603: "Decline"}
CNONCE = "0a4f113b"


class Message:
    """A start line and headers in order."""

    def __init__(self, start, headers):
        self.start, self.headers = start, headers

    def copy(self):
        return Message(self.start, [list(header) for header in self.headers])

    def all(self, name):
        return [value for have, value in self.headers if have == name]

    def get(self, name, default=""):
        return next(iter(self.all(name)), default)

    def put(self, name, value):
        """Sets a header where it is, or at the end before Content-Length."""
        for header in self.headers:
            if header[0] == name:
                header[1] = value
                return
        self.headers.insert(len(self.headers) - 1, [name, value])

    def drop(self, name):
        self.headers = [header for header in self.headers if header[0] != name]

    def adjust(self, changes, variables):
        """Header lines of the scenario: the first of a name replaces, further ones add; `-Name` removes."""
        seen = set()
        for remove, name, value in changes:
            for key, text in variables.items():
                value = value.replace("$" + key, text)
            if remove:
                self.drop(name)
            elif name in seen:
                self.headers.insert(len(self.headers) - 1, [name, value])
            else:
                self.put(name, value)
            seen.add(name)

    @property
    def method(self):
        return self.get("CSeq").split()[-1]

    @property
    def is_request(self):
        return not self.start.startswith("SIP/2.0 ")

    @property
    def user(self):
        found = re.search(r"sips?:([^@>;]*)@", self.get("To"))
        return found[1] if found else ""

    def encode(self):
        lines = [self.start, *("%s: %s" % (name, value) for name, value in self.headers)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


def host_port(end):
    return ("[%s]:%d" if ":" in end[0] else "%s:%d") % end


class Phonebook:
    """What the messages of a scenario share: CSeq counters, branches, the requests that wait for a response."""

    def __init__(self, settings):
        self.settings = settings
        self.cseq, self.branches = {}, 0
        self.requests = []
        self.last = None

    def branch(self):
        self.branches += 1
        return "z9hG4bK%04d" % self.branches

    def latest(self, source, target, user=None, method=None):
        """The latest request that `source` sent `target`."""
        for sender, receiver, message in reversed(self.requests):
            if (sender, receiver) == (source, target) and user in (None, message.user) and method in (None, message.method):
                return message
        raise Mistake("no request from %s to %s to go by" % (source, target))

    def authorization(self, message, options, realm):
        """The Authorization of RFC 7616 for `nonce=`, its password `secret-DN` unless one is named."""
        user = options.get("user", message.user)
        method, uri = message.start.split()[0], message.start.split()[1]
        realm, nonce = options.get("realm", realm), options["nonce"]
        count = "%08x" % int(options.get("nc", "1"))
        secret = md5(user, realm, options.get("password", "secret-" + message.user))
        digest = md5(secret, nonce, count, CNONCE, "auth", md5(method, uri))
        return ('Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=MD5, cnonce="%s", '
                "qop=auth, nc=%s" % (user, realm, nonce, uri, digest, CNONCE, count))

    def request(self, method, source, target, transport, plain, options):
        """A request; of REGISTER the words are DN and expiry (`-` names none, `query` no Contact)."""
        if not plain:
            raise Mistake("%s for whom?" % method)
        user, _, domain = plain[0].partition("@")
        domain = domain or self.settings["domain"]
        aor = "sip:%s@%s" % (user, domain)
        call = options.get("call", "1")
        register = method == "REGISTER"
        if not register:
            self.branches += 1
            call = options.get("call", "r%d" % self.branches)
        key = (plain[0], call)
        self.cseq[key] = int(options.get("cseq", self.cseq.get(key, 0) + 1))
        uri = options.get("uri", "sip:%s" % domain if register else "sip:%s@%s" % (user, host_port(target)))
        caller = aor if register else "sip:%s@%s" % (options.get("from", "switch"), domain)
        if register and "from" in options:
            caller = "sip:%s" % options["from"]
        headers = [["Via", "SIP/2.0/%s %s;branch=%s;rport" % (transport.upper(), host_port(source), self.branch())],
                   ["Max-Forwards", "70"],
                   ["From", "<%s>;tag=a%s" % (caller, call)],
                   ["To", "<%s>" % aor],
                   ["Call-ID", "%s-%s@%s" % (user, call, source[0])],
                   ["CSeq", "%d %s" % (self.cseq[key], method)]]
        parameter = "" if transport == "udp" else ";transport=" + transport
        if register:
            asked = next((word for word in plain[1:] if word in ("-", "query") or word.isdigit()), "300")
            if asked != "query":
                headers.append(["Contact", options.get("contact", "<sip:%s@%s%s>" % (user, host_port(source), parameter))])
            headers += [["Expires", asked]] if asked.isdigit() else []
            headers.append(["User-Agent", options.get("agent", self.settings["agent"])])
        else:
            headers.append(["Contact", "<sip:switch@%s%s>" % (host_port(source), parameter)])
        message = Message("%s %s SIP/2.0" % (method, uri), [*headers, ["Content-Length", "0"]])
        if "nonce" in options:
            message.put("Authorization", self.authorization(message, options, domain))
        return message

    def acknowledgment(self, source, target, user):
        """The ACK to the latest INVITE."""
        invite = self.latest(source, target, user, "INVITE")
        keep = ("Via", "Max-Forwards", "From", "To", "Call-ID", "Content-Length")
        message = Message(invite.start.replace("INVITE", "ACK", 1), [list(h) for h in invite.headers if h[0] in keep])
        message.put("To", message.get("To") + ";tag=b1")
        message.headers.insert(5, ["CSeq", invite.get("CSeq").replace("INVITE", "ACK")])
        return message

    def response(self, code, source, target, plain, options):
        """A response to the latest request from `target`; of 200 the word is the time granted (`none` lists no Contact)."""
        asker = (target[0], int(options.get("at", target[1])))
        request = self.latest(asker, source, options.get("for"), options.get("method"))
        domain = re.search(r"@([^;>]+)", request.get("To"))[1]
        request = request.copy()
        if "no-rport" not in plain:
            self.note_source(request, asker)
        to = request.get("To") + ("" if code == 100 or ";tag=" in request.get("To") else ";tag=b1")
        headers = [*(["Via", via] for via in request.all("Via")), ["From", request.get("From")], ["To", to],
                   ["Call-ID", request.get("Call-ID")], ["CSeq", request.get("CSeq")]]
        if code in (401, 407):
            stale = ", stale=true" if "stale" in plain else ""
            challenge = 'Digest realm="%s", nonce="%s", qop="auth", algorithm=MD5%s'
            headers.append(["WWW-Authenticate" if code == 401 else "Proxy-Authenticate",
                            challenge % (options.get("realm", domain), options.get("nonce", "n%d" % self.branches), stale)])
        contacts = request.all("Contact") if request.method == "REGISTER" and code == 200 and "none" not in plain else []
        granted = next((word for word in plain if word.isdigit()), request.get("Expires", "300"))
        if contacts and contacts != ["*"] and granted != "0":
            headers.append(["Contact", "%s;expires=%s" % (re.sub(r";expires=\d+", "", contacts[0]), granted)])
        reason = options.get("reason", REASONS.get(code, "Unknown"))
        return Message("SIP/2.0 %d %s" % (code, reason), [*headers, ["Content-Length", "0"]])

    @staticmethod
    def note_source(request, source):
        """Fills in where a request came from, as RFC 3581 wants it of the host that gets it."""
        via = request.get("Via")
        if via.endswith(";rport"):
            request.put("Via", "%s;received=%s;rport=%d" % (via[:-len(";rport")], *source))

    def forwarded(self, source, target, transport):
        """The message before this one, passed on: a request gets a Via, a response loses one."""
        came_from, message = self.last[0], self.last[1].copy()
        if message.is_request:
            self.note_source(message, came_from)
            via = "SIP/2.0/%s %s;branch=%s;rport" % (transport.upper(), host_port(source), self.branch())
            message.headers.insert(0, ["Via", via])
        else:
            del message.headers[next(i for i, h in enumerate(message.headers) if h[0] == "Via")]
        return message

    def message(self, event, source, target, transport):
        """The message of an event."""
        first, rest = event.words[0], event.words[1:]
        plain = [word for word in rest if not re.match(r"^[a-z]+=", word)]
        options = dict(word.split("=", 1) for word in rest if re.match(r"^[a-z]+=", word))
        if first == "copy":
            message = self.last[1].copy()
        elif first == "forward":
            message = self.forwarded(source, target, transport)
        elif first == "again":
            message = self.latest(source, target, plain[0] if plain else None).copy()
        elif first.isdigit():
            message = self.response(int(first), source, target, plain, options)
        elif first == "ACK":
            message = self.acknowledgment(source, target, plain[0] if plain else None)
        elif first.isupper():
            message = self.request(first, source, target, transport, plain, options)
        else:
            raise Mistake("neither a method nor a status: %s" % first)
        branch = re.search(r"branch=([^;,]+)", message.get("Via"))
        message.adjust(event.headers, {"branch": branch[1] if branch else "", "source": host_port(source), "target": host_port(target)})
        if message.is_request and first != "ACK":
            self.requests.append((source, target, message))
        self.last = (source, message)
        return message
