"""More than one way or hop between a phone and its registrar, and those who come uninvited."""
from agents import svwar
from lab import SCANNER, SECOND, SRV, UA1, scenario


@scenario("edge-proxy-two-hops")
def edge_proxy(case):
    """
    Captured on an edge proxy (192.168.210.82) between the phone and the registrar (192.168.210.81). Each REGISTER is
    seen on two hops: the same Call-ID and CSeq under another top Via, with Path added. It is one attempt, and the
    registrar is the farther address. 2001 answers a challenge and is in service, 5008 is refused.
    """
    case.lan("srv", "second", "ua1")
    case.registrar().policy(digest="2001")
    case.registrar("second", flags=["WITH_EDGE"], NEXT_HOP='"sip:%s:5060"' % SRV)
    phone = case.phone(registrar=SECOND, domain=SRV)
    capture = case.capture(host="second")
    phone.authenticate("2001")
    phone.register("5008", want=404)
    case.keep(capture)
    hops, there = ["two_hops", "path"], SRV + ":5060"
    case.dn("2001", "in_service", "R300 R300 401 401 R300a R300a 200 200", flags=hops, attempts=1, registrations=[(there, "in_service")])
    case.dn("5008", "rejected", "R300 R300 404 404", code=404, flags=hops, attempts=1, registrations=[(there, "rejected")])


@scenario("scanner")
def scanner(case):
    """
    192.168.210.66 tries 150 DNs in a row with SIPVicious' svwar (User-Agent friendly-scanner). Most are unknown (404),
    2000 to 2009 exist and challenge it (401). That is one source with one purpose, not 150 failing DNs. 1003, from
    192.168.210.101, registers in between as it should.
    """
    case.lan("srv", "ua1", "scanner")
    case.registrar().policy(open="1003", digest=" ".join(str(dn) for dn in range(2000, 2010)))
    phone = case.phone(agent="Genesys-Softphone/9.0.014.13")
    capture = case.capture()
    phone.register("1003")
    svwar(case.network, "scanner", SCANNER, "1990-2139")
    phone.register("1003", call="1003-1@" + UA1)
    case.keep(capture)
    case.dn("1003", "in_service", "R300 200 R300 200")
    case.source(SCANNER, "scanner")
    data = b"".join(packet for _, packet, _ in case.file.packets)
    if data.count(b"User-Agent: friendly-scanner") < 150 or data.count(b"SIP/2.0 401") < 10:
        raise RuntimeError("the scan is not what it should be")


@scenario("hostile-text")
def hostile_text(case):
    """
    A phone whose User-Agent and Contact carry what must not reach a terminal or a spreadsheet as it is: an escape
    sequence that clears the screen, a bidirectional override, a formula, HTML. 1001 is accepted, 5008 is not.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(open="1001")
    phone = case.phone(agent='=cmd|"/c calc"!A1 \x1b[2J\x1b]0;owned\x07<script>alert(1)</script> \u202e1001')
    capture = case.capture()
    phone.register("1001", contact='"\x1b[31mred" <sip:1001@%s:5060>' % UA1)
    phone.register("5008", want=404)
    case.keep(capture)
    case.dn("1001", "in_service", "R300 200", attempts=1)
    case.dn("5008", "rejected", "R300 404", code=404, attempts=1)


@scenario("odd-spelling")
def odd_spelling(case):
    """
    A REGISTER as few phones write it, and legal (RFC 3261 section 7.3): compact names, mixed case, blanks before the
    colon, a folded line. 1031 is accepted and in service.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(open="1031")
    phone = case.phone()
    capture = case.capture()
    text = phone.request("1031")
    for plain, odd in (("Via: ", "v: "), ("From: ", "f : "), ("To: ", "t:\r\n  "), ("Call-ID: ", "I: "), ("Contact: ", "m:"),
                       ("CSeq: ", "cSEQ:   "), ("Expires: ", "EXPIRES:"), ("Content-Length: 0", "l:0")):
        text = text.replace("\r\n" + plain, "\r\n" + odd)
    answer = phone.answer_to(text, 3)
    if not answer or answer.code != 200:
        raise RuntimeError("not accepted: %s" % (answer and answer.text))
    case.keep(capture)
    case.dn("1031", "in_service", "R300 200", attempts=1)
