"""How a registration goes on and how it ends."""
import glob
import os
import sqlite3
import time

from agents import sipsak_options
from lab import SRV, UA1, UA2, scenario


@scenario("expired")
def expired(case):
    """
    1001 is granted 3 s and never comes back. 1002 refreshes every two seconds and gives the capture its clock: at the
    end, eight seconds on, the time of 1001 is long over.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(open="1001 1002")
    phone = case.phone()
    capture = case.capture()
    phone.register("1001", expires=3)
    call = phone.new_call("1002")
    for _ in range(5):
        phone.register("1002", expires=10, call=call)
        time.sleep(2)
    case.keep(capture)
    case.dn("1001", "expired", "R3 200", attempts=1)
    case.dn("1002", "in_service", "R10 200( R10 200){4}")


@scenario("deregistered")
def deregistered(case):
    """
    Three ways for a phone to take itself out: 1001 with Expires 0, 1002 with expires=0 on its Contact, 1003 with
    Contact: * and Expires 0. All are accepted. 1004 stays.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(open="1001 1002 1003 1004")
    phone = case.phone()
    capture = case.capture()
    calls = {dn: phone.new_call(dn) for dn in ("1001", "1002", "1003", "1004")}
    for dn, call in calls.items():
        phone.register(dn, call=call)
    time.sleep(2)
    phone.register("1001", call=calls["1001"], expires=0)
    phone.register("1002", call=calls["1002"], expires=None, contact=phone.contact_of("1002") + ";expires=0")
    phone.register("1003", call=calls["1003"], expires=0, contact="*")
    case.keep(capture)
    case.dn("1001", "deregistered", "R300 200 R0 200")
    case.dn("1002", "deregistered", "R300 200 R0 200")
    case.dn("1003", "deregistered", r"R300 200 R\*0 200")
    case.dn("1004", "in_service", "R300 200")


@scenario("terminated-by-other-source")
def terminated_by_other_source(case):
    """
    1010 and 1011 register from 192.168.210.101. Two seconds later 192.168.210.102, under its own Call-IDs, removes
    the Contact of the one and everything (*) of the other. Neither phone asked for that.
    """
    case.lan("srv", "ua1", "ua2")
    case.registrar().policy(open="1010 1011 1012")
    phone, other = case.phone(), case.phone("ua2", agent="Some-Script/0.1")
    capture = case.capture()
    for dn in ("1010", "1011", "1012"):
        phone.register(dn)
    time.sleep(2)
    other.register("1010", expires=0, contact=phone.contact_of("1010"))
    other.register("1011", expires=0, contact="*")
    case.keep(capture)
    case.dn("1010", "terminated", "R300 200 R0 200", sources=[UA1, UA2])
    case.dn("1011", "terminated", r"R300 200 R\*0 200", sources=[UA1, UA2])
    case.dn("1012", "in_service", "R300 200")


@scenario("terminated-in-registrar")
def terminated_in_registrar(case):
    """
    Bindings vanish inside the registrar (an administrator removes them), which no REGISTER shows. 1012: an OPTIONS to
    it through the registrar was answered 200 before and is answered 480 after. 1013: its own query is answered by a 200
    that lists nothing, though 300 s had been granted.
    """
    case.lan("srv", "ua1", "ua4")
    registrar = case.registrar()
    registrar.policy(open="1012 1013")
    phone = case.phone()
    capture = case.capture()
    phone.register("1012")
    phone.register("1013")
    time.sleep(1)
    other = case.phone("ua4", agent="Monitor/1.0")
    other.send(other.request("1012", method="OPTIONS", uri="sip:1012@" + SRV, contact=None, expires=None))
    phone.answer_options()
    other.receive(3)
    time.sleep(1)
    registrar.remove("1012")
    registrar.remove("1013")
    sipsak_options(case.network, "ua4", "1012")
    phone.register("1013", contact=None, expires=None, call="1013-2@" + UA1)
    case.keep(capture)
    case.dn("1012", "terminated", "R300 200 O O O200 O200 O O480")
    case.dn("1013", "terminated", r"R300 200 R\? 200")


@scenario("terminated-reginfo")
def terminated_reginfo(case):
    """
    A watcher at 192.168.210.102 has subscribed to the registration state of 1028 (RFC 3680, event reg). 1028 registers
    for 300 s; then the binding is removed inside the registrar. The NOTIFY with state="terminated" is the only sign.
    """
    case.lan("srv", "ua1", "ua2")
    database = os.path.join(case.workdir, "presence.db")
    with sqlite3.connect(database) as store:
        for part in ("standard", "presence"):
            for file in glob.glob("/usr/share/kamailio/db_sqlite/%s-create.sql" % part):
                with open(file, encoding="utf-8") as script:
                    store.executescript(script.read())
    registrar = case.registrar(flags=["WITH_REGINFO"], DB_URL='"sqlite:///%s"' % database,
                               SERVER_URI='"sip:reginfo@%s:5060"' % SRV, SERVER_HOST='"%s"' % SRV)
    registrar.policy(open="1028")
    phone, watcher = case.phone(), case.phone("ua2", agent="Watcher/1.0")
    capture = case.capture()
    subscribe = watcher.request("1028", method="SUBSCRIBE", uri="sip:1028@" + SRV, expires=60,
                                extra=["Event: reg", "Accept: application/reginfo+xml"])
    watcher.send(subscribe)

    def answer_notifies(seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            heard = watcher.receive(left)
            if heard and heard.startswith("NOTIFY"):
                keep = [line for line in heard.split("\r\n\r\n")[0].split("\r\n")
                        if line.split(":")[0].lower() in ("via", "from", "to", "call-id", "cseq")]
                watcher.send("\r\n".join(["SIP/2.0 200 OK", *keep, "Content-Length: 0", "", ""]))

    answer_notifies(1.5)
    phone.register("1028")
    answer_notifies(2)
    registrar.remove("1028")
    answer_notifies(3)
    case.keep(capture)
    case.dn("1028", "terminated", "S S200 N N200.* R300 200 .*N N200")
    with open(capture.path, "rb") as file:
        if b'state="terminated"' not in file.read():
            raise RuntimeError("no NOTIFY says terminated")


@scenario("refresh-refused")
def refresh_refused(case):
    """
    1001 is granted 300 s; its refresh two seconds later is refused (403). The binding still runs: in service, but it
    will not stay so.
    """
    case.lan("srv", "ua1")
    registrar = case.registrar()
    registrar.policy(open="1001")
    phone = case.phone()
    capture = case.capture()
    call = phone.new_call("1001")
    phone.register("1001", call=call)
    time.sleep(2)
    registrar.policy(**{"403": "1001"})
    phone.register("1001", call=call, want=403)
    case.keep(capture)
    case.dn("1001", "in_service", "R300 200 R300 403", flags=["refresh_refused"], at_risk="refresh_refused",
            findings=["refresh-failed"])


@scenario("two-contacts")
def two_contacts(case):
    """
    Two bindings for one DN. 1006 brings two Contact headers in one REGISTER, one with a comma in its display name.
    1005 brings two Contacts in one header and takes one of them back a second later; the other keeps it in service.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(open="1005 1006")
    phone = case.phone()
    capture = case.capture()
    phone.register("1006", contact=["<sip:1006@%s:5060>" % UA1, '"desk, 2nd floor" <sip:1006@%s:5070>;expires=60' % UA1])
    call = phone.new_call("1005")
    phone.register("1005", call=call, contact="<sip:1005@{0}:5060>;q=0.9, <sip:1005@{0}:5070>;q=0.5;expires=90".format(UA1))
    time.sleep(1)
    phone.register("1005", call=call, contact="<sip:1005@{0}:5060>;expires=0, <sip:1005@{0}:5070>".format(UA1))
    case.keep(capture)
    case.dn("1006", "in_service", "R300 200")
    case.dn("1005", "in_service", "R300 200 R0 200")


@scenario("mid-life")
def mid_life(case):
    """
    The capture begins in the middle of things. Its first packet is the 200 to a REGISTER of 1002 that it did not see.
    2001 had registered before; its refresh still carries the old credentials, gets 401 with stale=true, and goes
    through with the new nonce: one attempt. An OPTIONS to 2001 through the registrar is answered 200.

    The first packet of the capture as taken, the REGISTER of 1002, was cut off afterwards.
    """
    case.lan("srv", "ua1", "ua4")
    case.registrar(NONCE_EXPIRE=2).policy(digest="2001", open="1002")
    phone, other = case.phone(), case.phone("ua4", agent="Monitor/1.0")
    call = phone.new_call("2001")
    phone.authenticate("2001", call=call)
    time.sleep(4)
    capture = case.capture()
    phone.register("1002")
    old = phone.credentials["2001"]
    stale = phone.register("2001", call=call, auth=old, want=401)
    if "stale=true" not in stale.text:
        raise RuntimeError("the challenge does not say stale")
    phone.authenticate("2001", call=call, challenge=stale)
    time.sleep(1)
    other.send(other.request("2001", method="OPTIONS", uri="sip:2001@" + SRV, contact=None, expires=None))
    phone.answer_options()
    other.receive(3)
    case.keep(capture)
    case.file = case.file.without_first(1)
    case.dn("1002", "in_service", "200", sources=None)
    case.dn("2001", "in_service", "R300a 401 R300a 200 O O O200 O200", flags=["stale_nonce"], attempts=1)


@scenario("moved")
def moved(case):
    """
    1201 registers from 192.168.210.101; two seconds later 192.168.210.102 registers it too and the registrar, which
    keeps one binding for this DN, lists only the new one: in service, from another place.
    """
    case.lan("srv", "ua1", "ua2")
    case.registrar().policy(one="1201")
    phone, other = case.phone(), case.phone("ua2")
    capture = case.capture()
    phone.register("1201")
    time.sleep(2)
    other.register("1201")
    case.keep(capture)
    case.dn("1201", "in_service", "R300 200 R300 200", flags=["moved"], sources=[UA1, UA2])


@scenario("lapsed-after-failed-refresh")
def lapsed_after_failed_refresh(case):
    """
    1001 and 1003 are granted 4 s. Both try to refresh in time and fail: 1001 is refused (403), 1003 gets no answer to
    its REGISTER and repeats it. Their time then runs out, but the failed refresh is why they are out of service.
    1002 refreshes as it should and gives the capture its clock.
    """
    case.lan("srv", "ua1", "ua2")
    registrar = case.registrar()
    registrar.policy(open="1001 1002 1003")
    phone, other = case.phone(), case.phone("ua2")
    capture = case.capture()
    calls = {dn: phone.new_call(dn) for dn in ("1001", "1002")}
    phone.register("1001", expires=4, call=calls["1001"])
    other.register("1003", expires=4)
    phone.register("1002", expires=60, call=calls["1002"])
    time.sleep(2)
    registrar.policy(**{"403": "1001", "silent": "1003"})
    phone.register("1001", expires=4, call=calls["1001"], want=403)
    other.register("1003", expires=4, call="1003-1@" + UA2, want=None, seconds=32)
    phone.register("1002", expires=60, call=calls["1002"])
    case.keep(capture)
    case.dn("1001", "rejected", "R4 200 R4 403", code=403)
    case.dn("1003", "no_answer", "R4 200 R4( R4~){10}", flags=["retransmissions"], sources=[UA2])
    case.dn("1002", "in_service", "R60 200 R60 200")


@scenario("recovered")
def recovered(case):
    """
    1103 gets 503 with Retry-After 5, waits for five seconds, tries again under a new Call-ID and is accepted. 1107
    fails with 500 twice, then is accepted. Both are in service now and were not before.
    """
    case.lan("srv", "ua1")
    registrar = case.registrar()
    registrar.policy(**{"503": "1103", "500": "1107"})
    phone = case.phone()
    capture = case.capture()
    phone.register("1103", want=503)
    phone.register("1107", want=500)
    time.sleep(2)
    phone.register("1107", want=500)
    time.sleep(3.5)
    registrar.policy(open="1103 1107")
    phone.register("1103")
    phone.register("1107")
    case.keep(capture)
    case.dn("1103", "in_service", "R300 503 R300 200", flags=["recovered"], attempts=2)
    case.dn("1107", "in_service", "R300 500 R300 500 R300 200", flags=["recovered"], attempts=3)


@scenario("flapping")
def flapping(case):
    """
    1001 registers and takes itself out again every second, five times over, and is registered at the end: in service,
    and nothing to rely on. 1002 registers once and stays.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(open="1001 1002")
    phone = case.phone()
    capture = case.capture()
    phone.register("1002")
    call = phone.new_call("1001")
    for _ in range(5):
        phone.register("1001", call=call)
        time.sleep(1)
        phone.register("1001", call=call, expires=0)
        time.sleep(1)
    phone.register("1001", call=call)
    case.keep(capture)
    case.dn("1001", "in_service", "(R300 200 R0 200 ){5}R300 200", flags=["flapping"], at_risk="flapping", findings=["flapping"])
    case.dn("1002", "in_service", "R300 200")


@scenario("two-devices")
def two_devices(case):
    """
    1014 is registered by two phones, 192.168.210.101 and 192.168.210.102. The registrar keeps both: the second 200
    lists two bindings.
    """
    case.lan("srv", "ua1", "ua2")
    case.registrar().policy(open="1014")
    phone, other = case.phone(), case.phone("ua2", agent="Other-Phone/2.0")
    capture = case.capture()
    phone.register("1014")
    time.sleep(1)
    answer = other.register("1014")
    if "192.168.210.101" not in answer.header("Contact") or "192.168.210.102" not in answer.header("Contact"):
        raise RuntimeError("not both are listed: " + answer.text)
    case.keep(capture)
    case.dn("1014", "in_service", "R300 200 R300 200", flags=["two_devices"], sources=[UA1, UA2])
