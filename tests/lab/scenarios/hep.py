"""HEP: what an agent inside the registrar sends to a collector. The agent is kamailio's siptrace."""
import contextlib
import socket
import threading
import time

from lab import SECOND, SRV, UA1, scenario

COLLECTOR = "192.168.210.90"


class Collector:
    """Takes what comes to port 9060 and forgets it; the capture is made on the wire."""

    def __init__(self, case, over):
        case.network.host("collector", COLLECTOR)
        kind = socket.SOCK_STREAM if over == "tcp" else socket.SOCK_DGRAM
        self.socket = case.network.socket("collector", kind=kind)
        self.socket.bind((COLLECTOR, 9060))
        if over == "tcp":
            self.socket.listen(1)
            threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            connection, _ = self.socket.accept()
            while connection.recv(65535):
                pass


def play(case, version, over="udp", host="collector", expression="port 9060", interface="eth0", seen=""):
    """One DN in service, one refused, one removed again over TCP; `seen` marks what the capture has twice."""
    case.lan("srv", "ua1")
    collector = Collector(case, over)
    uri = '"sip:%s:9060%s"' % (COLLECTOR, ";transport=tcp" if over == "tcp" else "")
    registrar = case.registrar(listen=["udp:%s:5060" % SRV, "tcp:%s:5060" % SRV], flags=["WITH_HEP"],
                               HEP_URI=uri, HEP_VERSION=version, HEP_ID=2101)
    registrar.policy(open="1001 1052")
    capture = case.capture(expression, host=host, interface=interface)
    phone = case.phone()
    phone.register("1001")
    phone.register("5008", want=404)
    phone = case.phone(transport="tcp", port=40001)
    call = phone.new_call("1052")
    phone.register("1052", call=call)
    time.sleep(0.2)  # the agent reports an answer after it went out
    phone.register("1052", call=call, expires=0)
    case.keep(capture)
    case.file = case.file.agents_at_start()
    collector.socket.close()
    flags = ["captured_twice"] if seen else []
    twice = lambda ladder: " ".join("%s %s%s" % (token, token, seen) if seen else token for token in ladder.split())
    case.dn("1001", "in_service", twice("R300 200"), flags=flags, sources=[UA1], attempts=1)
    case.dn("5008", "rejected", twice("R300 404"), code=404, flags=flags, sources=[UA1], attempts=1)
    case.dn("1052", "deregistered", twice("R300 200 R0 200"), flags=flags, sources=[UA1], attempts=2)


@scenario("hep3")
def hep3(case):
    """
    No SIP was captured, only what the registrar's HEP agent (capture id 2101) sends to a collector: HEP version 3 over
    UDP. 1001 is in service, 5008 unknown (404); 1052 registers over TCP and removes itself.

    The agent's clock in the packets was moved together with that of the capture.
    """
    play(case, 3)


@scenario("hep3-tcp")
def hep3_tcp(case):
    """
    As in hep3, and HEP goes over one TCP connection, where a segment is not a packet.

    The agent's clock in the packets was moved together with that of the capture.
    """
    play(case, 3, over="tcp")


@scenario("hep2")
def hep2(case):
    """
    As in hep3, with HEP version 2: a fixed header without a mark of its own, numbers in the byte order of the sender.

    The agent's clock in the packets was moved together with that of the capture.
    """
    play(case, 2)


@scenario("hep3-and-wire")
def hep3_and_wire(case):
    """
    Captured on the registrar's host, SIP and HEP alike: every message is in the file as it came by and as the agent
    reports it. Nothing was repeated by anyone, over UDP or TCP.

    The agent's clock in the packets was moved together with that of the capture.
    """
    play(case, 3, host="srv", expression="port 5060 or port 9060", seen="~")


def pair(case, collector):
    """Two nodes that tell each other what they hold (dmq), each with an agent of its own: 11 and 12."""
    nodes = []
    for host, own, peer, number in (("srv", SRV, SECOND, 11), ("second", SECOND, SRV, 12)):
        nodes.append(case.registrar(host, flags=["WITH_HEP", "WITH_DMQ"], HEP_URI='"sip:%s:9060"' % collector, HEP_VERSION=3, HEP_ID=number,
                                    DMQ_OWN='"sip:%s:5060"' % own, DMQ_PEER='"sip:%s:5060"' % peer))
        nodes[-1].policy(open="1001 1002")
    return nodes


@scenario("cluster-dmq")
def cluster_dmq(case):
    """
    Two kamailio that replicate their bindings over dmq, each reported by its own HEP agent: 11 is .81, 12 is .82. 1001
    registers at .81 and 1002 at .82; a monitor asks each node for the other one's DN, and both find it. Then the link
    between the nodes is cut (nftables). Both phones go on refreshing, the copies run out, and each node answers 480 for
    the DN of the other one.

    The agents' clock in the packets was moved together with that of the capture.
    """
    case.lan("srv", "second", "ua1", "ua4")
    sink = Collector(case, "udp")
    pair(case, COLLECTOR)
    case.is_cluster = True
    capture = case.capture("port 9060", host="collector")
    first, second = case.phone(port=5061), case.phone(port=5062, registrar=SECOND)
    device = case.phone(port=5070)
    calls = first.new_call("1001"), second.new_call("1002")

    def refresh(seconds):
        for phone, dn, call in ((first, "1001", calls[0]), (second, "1002", calls[1])):
            phone.register(dn, expires=seconds, call=call, contact="<sip:%s@%s:5070>" % (dn, UA1))

    def ask(dn, node, port, code):
        monitor = case.phone("ua4", port=port, registrar=node)
        monitor.send(monitor.request(dn, method="OPTIONS", uri="sip:%s@%s" % (dn, node), contact=None, expires=None))
        if code == 200:
            device.target = (node, 5060)
            device.answer_options()
        answer = monitor.receive()
        if not answer or " %d " % code not in answer.splitlines()[0]:
            raise RuntimeError("OPTIONS of %s at %s: %r" % (dn, node, answer))

    refresh(4)
    time.sleep(1)
    ask("1001", SECOND, 6001, 200)
    ask("1002", SRV, 6002, 200)
    case.network.rules("srv", "table ip cut {\n chain in { type filter hook input priority 0; ip saddr %s drop\n }\n"
                              " chain out { type filter hook output priority 0; ip daddr %s drop\n }\n}\n" % (SECOND, SECOND))
    for _ in range(3):
        refresh(4)
        time.sleep(2)
    refresh(300)
    ask("1001", SECOND, 6003, 480)
    ask("1002", SRV, 6004, 480)
    case.keep(capture)
    case.file = case.file.agents_at_start()
    sink.socket.close()
    case.finding("cluster-split", None)
    case.dn("1001", "in_service", "R4 200 O O O200 O200 R4 200 R4 200 R4 200 R300 200 O O480", attempts=5, registrations=[(SRV + ":5060", "in_service")])
    case.dn("1002", "in_service", "R4 200 O O O200 O200 R4 200 R4 200 R4 200 R300 200 O O480", attempts=5, registrations=[(SECOND + ":5060", "in_service")])
