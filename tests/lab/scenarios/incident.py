"""The incident the program grew from, as first reported and as the server's log had it."""
import time

from agents import sipp
from lab import GATEWAY, SRV, scenario

SOFTPHONE, ASTERISK = "Genesys-Softphone/9.0.014.13", "Asterisk-Genesys-Gateway"


@scenario("incident")
def incident(case):
    """
    The incident as it was first reported. Softphones on the SIP Server's own host (192.168.210.81:5090) register 1002 and
    1003 and are in service. A gateway (192.168.210.54) tries 5001 and 5002, which the registrar refuses from there
    with 403, and 5008, which it does not know (404). No credentials are asked of anyone.

    What separates the groups: source address, source port, User-Agent, Expires asked. What does not: transport,
    registrar, a missing challenge. Real programs: SIPp as the user agents, kamailio as the registrar; `tcpdump -i any`.
    """
    case.lan("srv", "gateway")
    registrar = case.registrar()
    registrar.policy(open="1002 1003")
    registrar.only_from("192.168.210.99", "5001 5002")
    softphone = case.phone("srv", port=5090, agent=SOFTPHONE)
    gateway = case.phone("gateway", agent=ASTERISK)
    capture = case.capture("port 5060", interface="any")
    for turn in range(3):
        for dn in ("1002", "1003") if turn < 2 else ():
            sipp(softphone, case.network, "srv", softphone.request(dn, expires=1800), 200)
        for dn, code in (("5001", 403), ("5002", 403), ("5008", 404)):
            sipp(gateway, case.network, "gateway", gateway.request(dn, expires=120), code)
        time.sleep(2)
    case.keep(capture)
    for dn in ("1002", "1003"):
        case.dn(dn, "in_service", "R1800 200 R1800 200", sources=[SRV], attempts=2)
    for dn, code in (("5001", 403), ("5002", 403), ("5008", 404)):
        case.dn(dn, "rejected", "R120 {0} R120 {0} R120 {0}".format(code), code=code, sources=[GATEWAY], attempts=3)


@scenario("removed-by-itself")
def removed_by_itself(case):
    """
    The incident as the server's log had it. The gateway registers 5001 and 5002 for an hour, both are accepted. Three
    seconds later a REGISTER with Expires 0 for 5002 comes from the same source under another Call-ID and is accepted
    too: the device side removed its own binding. Nothing was refused; 5001, treated alike, stays in service.

    A scripted user agent against kamailio.
    """
    case.lan("srv", "gateway")
    case.registrar().only_from(GATEWAY, "5001 5002")
    gateway = case.phone("gateway", agent=ASTERISK)
    capture = case.capture()
    gateway.register("5001", expires=3600)
    gateway.register("5002", expires=3600)
    time.sleep(3)
    gateway.register("5002", expires=0)
    time.sleep(2)
    gateway.register("5001", expires=3600, call="5001-1@" + GATEWAY)
    case.keep(capture)
    case.dn("5001", "in_service", "R3600 200 R3600 200", sources=[GATEWAY])
    case.dn("5002", "deregistered", "R3600 200 R0 200", sources=[GATEWAY])
