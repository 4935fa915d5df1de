"""What a registrar can answer, and what a phone makes of it."""
import time

from lab import SECOND, SRV, UA1, UA2, scenario


@scenario("in-service")
def in_service(case):
    """
    Three ways into service: 1001 is accepted at once, 2001 answers a 401 with credentials, 1109 answers a 407. The
    challenge and the REGISTER that answers it are one attempt.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(open="1001", digest="2001", digest_407="1109")
    phone = case.phone()
    capture = case.capture()
    phone.register("1001")
    phone.authenticate("2001")
    phone.authenticate("1109", challenged=407)
    case.keep(capture)
    case.dn("1001", "in_service", "R300 200", attempts=1)
    case.dn("2001", "in_service", "R300 401 R300a 200", attempts=1)
    case.dn("1109", "in_service", "R300 407 R300a 200", attempts=1)


@scenario("rejected")
def rejected(case):
    """
    Final refusals, none of them about credentials: 1106 403, 5008 404, 1105 423 with Min-Expires and not tried again,
    1107 500, 1103 503 with Retry-After and not tried again.
    """
    case.lan("srv", "ua1")
    registrar = case.registrar()
    registrar.policy(brief="1105")
    for code, dn in (("403", "1106"), ("500", "1107"), ("503", "1103")):
        registrar.policy(**{code: dn})
    phone = case.phone()
    capture = case.capture()
    phone.register("1106", want=403)
    phone.register("5008", want=404)
    phone.register("1105", want=423, expires=20)
    phone.register("1107", want=500)
    phone.register("1103", want=503)
    case.keep(capture)
    case.dn("1106", "rejected", "R300 403", code=403, attempts=1)
    case.dn("5008", "rejected", "R300 404", code=404, attempts=1)
    case.dn("1105", "rejected", "R20 423", code=423, flags=["min_expires"], attempts=1)
    case.dn("1107", "rejected", "R300 500", code=500, attempts=1)
    case.dn("1103", "rejected", "R300 503", code=503, flags=["retry_after"], attempts=1)


@scenario("domains")
def domains(case):
    """
    One registrar serves two domains by name. 1121 and 1122 are at east.example and accepted; 1123 and 1124 are at
    west.example, in From, To and Request-URI, and rejected with 403. But for the port of the phone nothing else differs.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(**{"open": "1121 1122", "403": "1123 1124"})
    east, west = case.phone(domain="East.example"), case.phone(domain="west.example", port=5062)
    capture = case.capture()
    for dn in ("1121", "1122"):
        east.register(dn)
    for dn in ("1123", "1124"):
        west.register(dn, want=403)
    case.keep(capture)
    for dn in ("1121", "1122"):
        case.dn(dn, "in_service", "R300 200", attempts=1)
    for dn in ("1123", "1124"):
        case.dn(dn, "rejected", "R300 403", code=403, attempts=1)


@scenario("min-expires")
def min_expires(case):
    """
    1105 asks for 20 s, gets 423 with Min-Expires 60, comes back at once with 60 s under the same Call-ID and is
    accepted: one attempt, in service.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(brief="1105")
    phone = case.phone()
    capture = case.capture()
    call = phone.new_call("1105")
    phone.register("1105", want=423, expires=20, call=call)
    phone.register("1105", expires=60, call=call)
    case.keep(capture)
    case.dn("1105", "in_service", "R20 423 R60 200", flags=["min_expires"], attempts=1)


@scenario("auth-failed")
def auth_failed(case):
    """
    Three phones whose credentials are not taken. 2002 has the wrong password and is challenged again with a new nonce,
    four times, never with stale: a loop. 2102 has the wrong password too; its registrar says 403 to the credentials.
    2003 answers every challenge for realm lab.example with credentials for realm other.example.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(digest="2002 2003", digest_403="2102")
    phone = case.phone()
    capture = case.capture()
    call = phone.new_call("2002")
    challenge = phone.register("2002", want=401, call=call)
    for _ in range(4):
        challenge = phone.authenticate("2002", password="wrong", want=401, challenge=challenge, call=call)
        time.sleep(0.5)
    phone.authenticate("2102", password="wrong", want=403)
    foreign = ('Digest username="2003", realm="other.example", nonce="b3RoZXItbm9uY2U=", uri="sip:%s", '
               'response="0123456789abcdef0123456789abcdef", algorithm=MD5' % SRV)
    call = phone.new_call("2003")
    phone.register("2003", want=401, call=call)
    for _ in range(3):
        phone.register("2003", want=401, call=call, auth=foreign)
        time.sleep(0.5)
    case.keep(capture)
    case.dn("2002", "auth_failed", "R300 401 R300a 401 R300a 401 R300a 401 R300a 401", flags=["auth_loop"])
    case.dn("2102", "auth_failed", "R300 401 R300a 403", code=403, attempts=1)
    case.dn("2003", "auth_failed", "R300 401 R300a 401 R300a 401 R300a 401", flags=["wrong_realm"])


@scenario("challenged")
def challenged(case):
    """
    2006 is challenged (401) and never comes back with credentials, though the capture goes on for six seconds more:
    1001 registers at its end.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(digest="2006", open="1001")
    phone = case.phone()
    capture = case.capture()
    phone.register("2006", want=401)
    time.sleep(6)
    phone.register("1001")
    case.keep(capture)
    case.dn("2006", "challenged", "R300 401", attempts=1)
    case.dn("1001", "in_service", "R300 200", attempts=1)


@scenario("redirected")
def redirected(case):
    """
    1104 is sent to 192.168.210.82 by a 302 and never goes there, though the capture goes on for six seconds more:
    1001 registers at its end.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(redirect="1104", open="1001")
    phone = case.phone()
    capture = case.capture()
    phone.register("1104", want=302)
    time.sleep(6)
    phone.register("1001")
    case.keep(capture)
    case.dn("1104", "redirected", "R300 302", code=302, attempts=1)
    case.dn("1001", "in_service", "R300 200", attempts=1)


@scenario("not-kept")
def not_kept(case):
    """
    1101 gets 200 OK without any Contact in it: the registrar says yes and keeps nothing (RFC 3261 section 10.3 step 8
    has every binding listed). 1001, beside it, is listed.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(forget="1101", open="1001")
    phone = case.phone()
    capture = case.capture()
    phone.register("1101")
    phone.register("1001")
    case.keep(capture)
    case.dn("1101", "not_kept", "R300 200", attempts=1)
    case.dn("1001", "in_service", "R300 200", attempts=1)


@scenario("query")
def query(case):
    """
    A REGISTER without Contact only asks. 1007 is registered from 192.168.210.101; 192.168.210.102 then asks and
    gets the binding: still in service. 1008 is only asked for, and the 200 lists nothing: not registered, nothing lost.
    """
    case.lan("srv", "ua1", "ua2")
    case.registrar().policy(open="1007 1008")
    phone, other = case.phone(), case.phone("ua2")
    capture = case.capture()
    phone.register("1007")
    other.register("1007", contact=None, expires=None)
    other.register("1008", contact=None, expires=None)
    case.keep(capture)
    case.dn("1007", "in_service", r"R300 200 R\? 200", sources=None)
    case.dn("1008", "not_registered", r"R\? 200", sources=[UA2])


@scenario("no-answer")
def no_answer(case):
    """
    1102's REGISTER is repeated after 0.5, 1, 2, 4, 4 … s until Timer F (32 s) and never answered; the registrar drops
    it without a word. 1001, from the same phone, is answered at once before and after: the way there is open.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(silent="1102", open="1001")
    phone = case.phone()
    capture = case.capture()
    phone.register("1001")
    phone.register("1102", want=None, seconds=32)
    phone.register("1001", call="1001-1@" + UA1)
    case.keep(capture)
    case.dn("1001", "in_service", "R300 200 R300 200")
    case.dn("1102", "no_answer", "R300( R300~){10}", flags=["retransmissions"], attempts=1)


@scenario("unreachable")
def unreachable(case):
    """
    Nothing listens at the registrar's port. Each REGISTER of 1003 and 1004 is answered by an ICMP port unreachable, so
    is each repetition.
    """
    case.lan("srv", "ua1", "ua2")
    phones = case.phone(), case.phone("ua2")
    capture = case.capture("port 5060 or icmp")
    for phone, dn in zip(phones, ("1003", "1004")):
        phone.register(dn, want=None, seconds=3)
    case.keep(capture)
    case.dn("1003", "unreachable", "R300( R300~){2}", sources=[UA1], attempts=1)
    case.dn("1004", "unreachable", "R300( R300~){2}", sources=[UA2], attempts=1)


@scenario("unreachable-after-service")
def unreachable_after_service(case):
    """
    1003 is in service for 300 s when the registrar's process ends. Its refresh two seconds later meets ICMP port
    unreachable: the binding's time still runs, but the registrar that held it is gone.
    """
    case.lan("srv", "ua1")
    registrar = case.registrar()
    registrar.policy(open="1003")
    phone = case.phone()
    capture = case.capture("port 5060 or icmp")
    phone.register("1003")
    time.sleep(1)
    registrar.stop()
    time.sleep(1)
    phone.register("1003", want=None, seconds=3, call="1003-1@" + UA1)
    case.keep(capture)
    case.dn("1003", "unreachable", "R300 200 R300( R300~){2}")


@scenario("new-call-id-every-try")
def new_call_id_every_try(case):
    """
    1106 is refused (403) three times, two seconds apart. The phone takes a new Call-ID for every try, which makes
    three failures of one DN, not three DNs.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(**{"403": "1106"})
    phone = case.phone()
    capture = case.capture()
    for _ in range(3):
        phone.register("1106", want=403)
        time.sleep(2)
    case.keep(capture)
    case.dn("1106", "rejected", "R300 403 R300 403 R300 403", code=403, attempts=3)


@scenario("rejected-from-other-source")
def rejected_from_other_source(case):
    """
    1106 may register from 192.168.210.101 only, and does. 192.168.210.102 tries the same DN before and after and is
    refused (403); that does not end the binding of the first.
    """
    case.lan("srv", "ua1", "ua2")
    case.registrar().only_from(UA1, "1106")
    phone, other = case.phone(), case.phone("ua2")
    capture = case.capture()
    other.register("1106", want=403)
    phone.register("1106")
    time.sleep(1)
    other.register("1106", want=403)
    case.keep(capture)
    case.dn("1106", "in_service", "R300 403 R300 200 R300 403", flags=["rejected_from_other_source"], sources=[UA2, UA1],
            findings=["rejected-from-other-source"])


@scenario("shortened")
def shortened(case):
    """1001 asks for 3600 s and is granted 60."""
    case.lan("srv", "ua1")
    case.registrar(MAX_EXPIRES=60).policy(open="1001")
    phone = case.phone()
    capture = case.capture()
    phone.register("1001", expires=3600)
    case.keep(capture)
    case.dn("1001", "in_service", "R3600 200", flags=["shortened"], attempts=1)
