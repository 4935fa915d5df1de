"""HEP: what an agent inside the registrar sends to a collector. The agent is kamailio's siptrace."""
import contextlib
import socket
import threading
import time

from lab import SRV, UA1, scenario

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
