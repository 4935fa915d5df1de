"""Captures that do not show everything."""
import time

from lab import GATEWAY, SRV, UA1, UA2, scenario


@scenario("pending")
def pending(case):
    """
    1001 registers; then 1002 sends its REGISTER and the capture stops with that packet (tcpdump -c 3), before an
    answer could come.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(open="1001 1002")
    phone = case.phone()
    capture = case.capture(extra=["-c", "3"])
    phone.register("1001")
    time.sleep(1)
    phone.register("1002")
    case.keep(capture)
    case.dn("1001", "in_service", "R300 200", attempts=1)
    case.dn("1002", "pending", "R300", attempts=1)


@scenario("one-way")
def one_way(case):
    """
    Only what goes to the registrar was captured (dst host in the filter). 2007 brings credentials and later refreshes
    with a new CSeq, 5008 sends once and does not repeat while the capture goes on for ten seconds: both must have had
    answers, which this capture does not have. Nothing may be said about their state.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(digest="2007")
    phone = case.phone()
    capture = case.capture("dst host %s and port 5060" % SRV)
    phone.register("5008", want=404)
    time.sleep(5)
    call = phone.new_call("2007")
    phone.authenticate("2007", call=call)
    time.sleep(5)
    phone.register("2007", call=call, auth=phone.credentials["2007"])
    case.keep(capture)
    case.dn("5008", "one_way", "R300", attempts=1)
    case.dn("2007", "one_way", "R300 R300a R300a")


@scenario("replies-only")
def replies_only(case):
    """
    Only the answers were captured (src host in the filter). They decide alone: 2007 is in service, the 200 lists its
    Contact with 300 s; 5008 is rejected with 404.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(digest="2007")
    phone = case.phone()
    capture = case.capture("src host %s and port 5060" % SRV)
    phone.authenticate("2007")
    phone.register("5008", want=404)
    case.keep(capture)
    case.dn("2007", "in_service", "401 200", sources=None)
    case.dn("5008", "rejected", "404", code=404, sources=None)


@scenario("truncated")
def truncated(case):
    """
    Captured with a snapshot length of 342 bytes. To and CSeq of 1074's REGISTER and of its 200 are there; the Contact
    of the first breaks off in its middle, the 200 ends before any. That it was accepted can be seen, whether a binding
    was granted, and for how long, cannot.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(open="1074")
    phone = case.phone()
    capture = case.capture(extra=["-s", "342"])
    phone.register("1074")
    case.keep(capture)
    for _, data, length in case.file.packets:
        if length <= len(data) or b"\r\nCSeq: 1 REGISTER\r\n" not in data or b"\r\nContact: <sip:1074@192.168.210.101:5060>" in data:
            raise RuntimeError("the cut is not where it should be: %r" % data)
    case.counted = False  # what is left of the REGISTER is checked above, by its bytes
    case.dn("1074", "truncated", ".*", flags=["truncated"], sources=None)


@scenario("not-seen")
def not_seen(case):
    """
    The reader expects 5001 to 5004. 5001 registers, 5003 is refused; of 5002 and 5004 there is no message.
    """
    case.options = {"expect": "5001-5004"}
    case.lan("srv", "gateway")
    registrar = case.registrar()
    registrar.only_from(GATEWAY, "5001")
    registrar.policy(**{"403": "5003"})
    gateway = case.phone("gateway", agent="Asterisk-Genesys-Gateway")
    capture = case.capture()
    gateway.register("5001")
    gateway.register("5003", want=403)
    case.keep(capture)
    case.dn("5001", "in_service", "R300 200", sources=[GATEWAY], attempts=1)
    case.dn("5003", "rejected", "R300 403", code=403, sources=[GATEWAY], attempts=1)
    for dn in ("5002", "5004"):
        case.dn(dn, "not_seen", "", sources=None)


@scenario("judged-later")
def judged_later(case):
    """
    The trace ends while 1001's 60 s still run, but the question is asked for a minute and a half after its start (--at): by then
    the binding has run out and no refresh was seen. 1002, granted 3600 s, still is in service.
    """
    case.options = {"at": "2025-11-18T15:58:30Z"}
    case.lan("srv", "ua1")
    case.registrar().policy(open="1001 1002")
    phone = case.phone()
    capture = case.capture()
    phone.register("1001", expires=60)
    phone.register("1002", expires=3600)
    case.keep(capture)
    case.dn("1001", "expired", "R60 200", attempts=1, table=False)
    case.dn("1002", "in_service", "R3600 200", attempts=1)


DAY = 86400


@scenario("clock-stamps-wrong")
def clock_stamps_wrong(case):
    """
    1001 and 1002 are granted 300 s, 1003 is refused. Afterwards three stamps were made wrong: a 200 is stamped two hours early,
    1003's 404 is of 2096, and so is the very last packet, an OPTIONS. None of them moves the clock: nobody's time has run out. A
    warning names the first and counts them.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(open="1001 1002")
    phone = case.phone()
    capture = case.capture()
    phone.register("1001")
    phone.register("1002")
    phone.register("1003", want=404)
    time.sleep(1)
    phone.send(phone.request("9", method="OPTIONS"))
    time.sleep(1)
    case.keep(capture)
    count = len(case.file.packets)
    case.file = case.file.restamped({3: -7200, 5: 70 * 365 * DAY, count - 1: 70 * 365 * DAY})
    case.warnings = 1
    case.dn("1001", "in_service", "R300 200", attempts=1, table=False)
    case.dn("1002", "in_service", "R300 200", attempts=1, table=False)
    case.dn("1003", "rejected", "R300 404", 404, attempts=1, table=False)


def clock_set(case, by):
    """Two phones register and refresh, a third does not; between 1001's refresh and its 200 the clock is set."""
    case.lan("srv", "ua1")
    case.registrar().policy(open="1001 1002 1003")
    phone = case.phone()
    capture = case.capture()
    calls = {dn: phone.new_call(dn) for dn in ("1001", "1002")}
    phone.register("1003")
    for dn in ("1001", "1002", "1001", "1002"):
        phone.register(dn, call=calls[dn])
        time.sleep(0.5)
    phone.register("1001", call=calls["1001"])
    phone.register("1002", call=calls["1002"])
    for _ in range(4):
        phone.send(phone.request("9", method="OPTIONS"))
        time.sleep(0.2)
    case.keep(capture)
    case.file = case.file.restamped({place: by for place in range(11, len(case.file.packets))})
    case.warnings = 1
    case.dn("1001", "in_service", "R300 200 R300 200 R300 200", table=False)
    case.dn("1002", "in_service", "R300 200 R300 200 R300 200", table=False)
    case.dn("1003", "in_service", "R300 200", attempts=1, table=False)


@scenario("clock-set-ahead")
def clock_set_ahead(case):
    """
    1001, 1002 and 1003 are granted 300 s; 1001 and 1002 refresh. Between a refresh of 1001 and its 200 the clock of the machine that
    captured is set three days ahead. No time has passed: nobody is expired, 1003, which never refreshes, neither. A warning and the
    finding clock-set say so.
    """
    clock_set(case, 3 * DAY)


@scenario("clock-set-back")
def clock_set_back(case):
    """The same with a clock that is set an hour back."""
    clock_set(case, -3600)


@scenario("joined-days-apart")
def joined_days_apart(case):
    """
    Two captures, joined: three days after the first, 1001 registers again, with a Call-ID of its own. The time between them did
    pass: 1002, which never refreshes, is expired.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(open="1001 1002")
    phone = case.phone()
    capture = case.capture()
    phone.register("1001")
    phone.register("1002")
    time.sleep(1)
    for _ in range(4):
        phone.register("1001", call=phone.new_call("1001"))
    case.keep(capture)
    case.file = case.file.restamped({place: 3 * DAY for place in range(4, len(case.file.packets))})
    case.warnings = 0
    case.dn("1001", "in_service", "R300 200 R300 200 R300 200 R300 200 R300 200", table=False, findings=["refresh-gap"])
    case.dn("1002", "expired", "R300 200", attempts=1, table=False)


def fragmented(case, expression):
    """Two REGISTERs of more than one packet each; the second has ten Contacts, so that its 200 is too large as well."""
    case.lan("srv", "ua1")
    case.registrar().policy(open="1064 1065")
    phone = case.phone()
    capture = case.capture(expression)
    padding = ["X-Padding-%d: %s" % (i, "x" * 100) for i in range(14)]
    phone.register("1064", extra=padding)
    contacts = ["<sip:1065@%s:%d;padding=%s>" % (UA1, port, "y" * 120) for port in range(5060, 5070)]
    phone.register("1065", extra=padding, contact=contacts)
    case.keep(capture)
    return case.file


@scenario("ip-fragments")
def ip_fragments(case):
    """
    Two REGISTERs over UDP that do not fit one packet. The 200 to 1064 is small; that to 1065 lists ten Contacts and
    comes in fragments too. Everything was captured (filter: udp).
    """
    fragmented(case, "udp")
    case.dn("1064", "in_service", "R300 200", flags=["ip_fragments"], attempts=1)
    case.dn("1065", "in_service", "R300 200", flags=["ip_fragments"], attempts=1)


@scenario("ip-fragments-lost")
def ip_fragments_lost(case):
    """
    The same two REGISTERs as in ip-fragments, captured with the filter "port 5060", which matches first fragments only:
    the ports are in no other. The 200 to 1064 is whole and decides. Of 1065 both the request and the 200 are cut after
    their first fragment, amid the Contacts.
    """
    fragmented(case, "port 5060")
    case.counted = False
    # tshark reads only the answer that is whole; the rest is checked by its bytes
    case.dn("1064", "in_service", "200", sources=None)
    case.dn("1065", "truncated", "", flags=["truncated"], sources=None)
    data = b"".join(packet for _, packet, _ in case.file.packets)
    if len(case.file.packets) != 4 or data.count(b"To: <sip:1065@") != 2:
        raise RuntimeError("not the four first fragments that were wanted")


@scenario("captured-twice")
def captured_twice(case):
    """
    Captured on a router with "-i any": every packet is in the file twice, as it comes in and as it goes out. Nothing
    was repeated by anyone. 1001 is in service, 5008 refused once.
    """
    router_between(case)
    case.registrar().policy(open="1001")
    phone = case.phone("inside", address="10.0.0.10")
    capture = case.capture("udp port 5060", host="router", interface="any")
    phone.register("1001")
    phone.register("5008", want=404)
    case.keep(capture)
    case.dn("1001", "in_service", "R300 R300~ 200 200~", flags=["captured_twice"], sources=["10.0.0.10"], attempts=1)
    case.dn("5008", "rejected", "R300 R300~ 404 404~", code=404, flags=["captured_twice"], sources=["10.0.0.10"], attempts=1)


def router_between(case, nat=False):
    """A phone's network 10.0.0.0/24 behind a router, with or without address translation."""
    case.network.host("srv", SRV, gateway=None if nat else "192.168.210.200")
    case.network.host("router", "192.168.210.200")
    case.network.host("router", "10.0.0.1", segment="inside")
    case.network.host("inside", "10.0.0.10", segment="inside", gateway="10.0.0.1")
    case.network.forward("router")


@scenario("nat-answer-lost")
def nat_answer_lost(case):
    """
    Captured at the registrar. A phone behind address translation registers 1043 without rport, so the 200 goes to the
    translated address but to the port in its Via, where nobody listens. The phone repeats its REGISTER, each copy is
    answered: in service at the registrar, and the phone does not know.
    """
    router_between(case, nat=True)
    case.network.rules("router", "table ip lab {\n chain post { type nat hook postrouting priority 100;\n"
                       " oifname \"eth0\" udp sport 5060 masquerade to :41043\n }\n}\n")
    case.registrar().policy(open="1043")
    phone = case.phone("inside", address="10.0.0.10", rport=False)
    capture = case.capture("udp")
    phone.register("1043", want=None, seconds=6)
    case.keep(capture)
    case.dn("1043", "in_service", "R300 200( R300~ 200~){3}", flags=["nat", "answer_lost"], sources=["192.168.210.200"], attempts=1,
            at_risk="responses_lost", findings=["answer-lost"])
