"""Two registrars that both know a DN."""
import time

from lab import SECOND, SRV, UA1, UA2, scenario

FIRST_NODE, SECOND_NODE = SRV + ":5060", SECOND + ":5060"


def two_nodes(case, dns):
    case.lan("srv", "second", "ua1", "ua2")
    for host in ("srv", "second"):
        case.registrar(host).policy(open=dns)


@scenario("moved-registrar")
def moved_registrar(case):
    """
    Two phones go from one registrar (.81) to another (.82), seen from the phones' own interface. 1003 does so without
    a word to the first: its 3 s there run out. 1006 removes its binding at the first one, then registers at the second.
    Both are in service, at the second registrar.
    """
    two_nodes(case, "1003 1006")
    first, second = case.phone(), case.phone(registrar=SECOND, port=5062)
    capture = case.capture(host="ua1")
    first.register("1003", expires=3)
    call = first.new_call("1006")
    first.register("1006", call=call)
    time.sleep(2)
    later = second.new_call("1003")
    second.register("1003", contact="<sip:1003@%s:5060>" % UA1, call=later)
    first.register("1006", call=call, expires=0)
    second.register("1006", contact="<sip:1006@%s:5060>" % UA1)
    time.sleep(6)
    second.register("1003", contact="<sip:1003@%s:5060>" % UA1, call=later)
    case.keep(capture)
    case.dn("1003", "in_service", "R3 200 R300 200 R300 200", flags=["moved_registrar"],
            registrations=[(FIRST_NODE, "expired"), (SECOND_NODE, "in_service")])
    case.dn("1006", "in_service", "R300 200 R0 200 R300 200", flags=["moved_registrar"],
            registrations=[(FIRST_NODE, "deregistered"), (SECOND_NODE, "in_service")])


@scenario("conflict")
def conflict(case):
    """
    Two nodes that have lost each other each hold the same DNs. 1007 registers at .81 from 192.168.210.101 and at .82
    from 192.168.210.102; 1008 registers at both from one phone. Captured on both nodes and merged in time order.
    """
    two_nodes(case, "1007 1008 1009")
    phone, other, again = case.phone(), case.phone("ua2", registrar=SECOND), case.phone(registrar=SECOND, port=5062)
    captures = case.capture(), case.capture(host="second", name="second.pcap")
    phone.register("1007")
    phone.register("1008")
    phone.register("1009")
    other.register("1007")
    again.register("1008", contact="<sip:1008@%s:5060>" % UA1)
    first, second = case.keep(*captures)
    case.file = first.merged(second)
    both = [(FIRST_NODE, "in_service"), (SECOND_NODE, "in_service")]
    case.dn("1007", "in_service", "R300 200 R300 200", flags=["conflict"], sources=[UA1, UA2], registrations=both,
            at_risk="conflict", findings=["conflict-two-registrars"])
    case.dn("1008", "in_service", "R300 200 R300 200", flags=["conflict"], registrations=both, findings=["conflict-two-registrars"])
    case.dn("1009", "in_service", "R300 200", registrations=[(FIRST_NODE, "in_service")])
