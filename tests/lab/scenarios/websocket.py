"""SIP over WebSocket (RFC 7118): masked frames, pings, fragments, compressed messages."""
import time

from lab import ADDRESS, SRV, UA1, scenario
from websocket import Relay, WebSocketPhone

PORT, RELAY_PORT = 8080, 8088


def websocket_registrar(case, **policy):
    case.lan("srv", "ua1")
    case.registrar(listen=["udp:%s:5060" % SRV, "tcp:%s:%d" % (SRV, PORT)], flags=["WITH_WEBSOCKET"]).policy(**policy)


def websocket_phone(case, **more):
    phone = WebSocketPhone(case.network, "ua1", ADDRESS["ua1"], **{"registrar_port": PORT, "port": 40001, **more})
    case.phones.append(phone)
    return phone


@scenario("websocket")
def websocket(case):
    """
    Over WebSocket every message is one of its own, masked on the way to the registrar. Contact and Via name a host in
    .invalid, as they should (RFC 7118 §5). Both sides ping in between. 1111 registers with credentials and refreshes on
    the same connection; 1112 registers and removes itself; 5008 is unknown (404).
    """
    websocket_registrar(case, digest="1111", open="1112")
    capture = case.capture("tcp port %d" % PORT)
    phone = websocket_phone(case)
    call = phone.new_call("1111")
    phone.authenticate("1111", call=call)
    phone.ping()
    if phone.receive(2.5):
        raise RuntimeError("a message nobody asked for")
    phone.register("1111", call=call, auth=phone.credentials["1111"])
    if phone.peer.pongs != 1:
        raise RuntimeError("the ping was not answered")
    call = phone.new_call("1112")
    phone.register("1112", call=call)
    phone.register("1112", call=call, expires=0)
    phone.register("5008", want=404)
    case.keep(capture)
    case.dn("1111", "in_service", "R300 401 R300a 200 R300a 200", transport="ws")
    case.dn("1112", "deregistered", "R300 200 R0 200", transport="ws")
    case.dn("5008", "rejected", "R300 404", code=404, attempts=1, transport="ws")


@scenario("websocket-fragments")
def fragments(case):
    """
    The REGISTERs of 1113 and 5008 come in frames of 90 bytes, each in a packet of its own, with a ping after each: one
    message all the same. 1113 then refreshes in one frame.
    """
    websocket_registrar(case, open="1113")
    capture = case.capture("tcp port %d" % PORT)
    phone = websocket_phone(case)

    def pause():
        phone.ping()
        time.sleep(0.02)

    call = phone.new_call("1113")
    phone.send(phone.request("1113", call=call), piece=90, between=pause)
    if not phone.receive().startswith("SIP/2.0 200"):
        raise RuntimeError("1113 is not accepted")
    phone.send(phone.request("5008"), piece=90, between=pause)
    if not phone.receive().startswith("SIP/2.0 404"):
        raise RuntimeError("5008 is known")
    phone.register("1113", call=call)
    case.keep(capture)
    case.dn("1113", "in_service", "R300 200 R300 200", transport="ws")
    case.dn("5008", "rejected", "R300 404", code=404, attempts=1, transport="ws")


@scenario("websocket-deflate")
def deflate(case):
    """
    The messages are compressed (permessage-deflate, RFC 7692), each against those before it in its direction: only who
    has read all of them can read the last. 1114 registers with credentials and refreshes, 5008 is unknown (404), each
    answered by the registrar behind a relay on the same host, which takes the compression off.
    """
    websocket_registrar(case, digest="1114")
    relay = Relay(case.network, "srv", SRV, RELAY_PORT, PORT)
    case.phones.append(relay)
    capture = case.capture("tcp port %d" % RELAY_PORT)
    phone = websocket_phone(case, registrar_port=RELAY_PORT, deflate=True)
    call = phone.new_call("1114")
    phone.authenticate("1114", call=call)
    phone.register("5008", want=404)
    phone.register("1114", call=call, auth=phone.credentials["1114"])
    case.keep(capture)
    case.dn("1114", "in_service", "R300 401 R300a 200 R300a 200", sources=[UA1], transport="ws")
    case.dn("5008", "rejected", "R300 404", code=404, attempts=1, transport="ws")
