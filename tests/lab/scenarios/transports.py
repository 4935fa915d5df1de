"""TCP, TLS, IPv6, VLAN tags, and the containers a capture may come in."""
import socket
import ssl
import struct
import time

import network
from lab import SRV, UA1, scenario


def tcp_registrar(case, dns, **more):
    case.registrar(listen=["udp:%s:5060" % SRV, "tcp:%s:5060" % SRV]).policy(open=dns, **more)


@scenario("tcp")
def tcp(case):
    """
    Over TCP a packet is not a message. 1051, 1052 and 5008 are sent in one write and arrive in one segment; 1055's
    REGISTER comes in pieces of 37 bytes, 20 ms apart. A CRLF CRLF keep-alive is in between. All are answered: 5008 by
    404, the others by 200.
    """
    case.lan("srv", "ua1")
    tcp_registrar(case, "1051 1052 1055")
    capture = case.capture("tcp port 5060")
    phone = case.phone(transport="tcp", port=40001)
    phone.send("".join(phone.request(dn) for dn in ("1051", "1052", "5008")))
    codes = [phone.receive().split(" ")[1] for _ in range(3)]
    if codes != ["200", "200", "404"]:
        raise RuntimeError("answers: %s" % codes)
    phone.send("\r\n\r\n")
    time.sleep(0.2)
    phone.send(phone.request("1055"), piece=37)
    if not phone.receive().startswith("SIP/2.0 200"):
        raise RuntimeError("1055 is not accepted")
    case.keep(capture)
    for dn in ("1051", "1052", "1055"):
        case.dn(dn, "in_service", "R300 200", attempts=1)
    case.dn("5008", "rejected", "R300 404", code=404, attempts=1)


@scenario("escaped-users")
def escaped_users(case):
    """
    Users that are escaped on the wire: `1%23` is DN `1#`, `2%23` is `2#`, `*12%23` is `*12#`. The REGISTERs of 1# and 2#
    arrive in one TCP segment; 1# is accepted, 2# is rejected with 403. `*12#` registers with a Contact whose user is
    spelled `%2A12%23`, and `%2B4930` with credentials whose user name is spelled `+4930`.
    """
    case.lan("srv", "ua1")
    tcp_registrar(case, "1%23 *12%23", **{"403": "2%23", "digest": "%2B4930"})
    capture = case.capture("tcp port 5060")
    phone = case.phone(transport="tcp", port=40001)
    phone.send("".join(phone.request(dn) for dn in ("1%23", "2%23")))
    codes = [phone.receive().split(" ")[1] for _ in range(2)]
    if codes != ["200", "403"]:
        raise RuntimeError("answers: %s" % codes)
    phone.register("*12%23", contact=phone.contact_of("%2A12%23"))
    phone.authenticate("%2B4930", user="+4930")
    case.keep(capture)
    case.dn("1#", "in_service", "R300 200", attempts=1)
    case.dn("2#", "rejected", "R300 403", code=403, attempts=1)
    case.dn("*12#", "in_service", "R300 200", attempts=1)
    case.dn("+4930", "in_service", "R300 401 R300a 200", attempts=1)


@scenario("tcp-no-answer")
def tcp_no_answer(case):
    """
    1102's REGISTER goes out once over TCP, is acknowledged by the other side's TCP and never answered. Over TCP nothing
    is repeated; that Timer F (32 s) has passed says that the phone got nothing. 1001 is answered on a connection of its
    own at the beginning and, two seconds after that timer, at the end.
    """
    case.lan("srv", "ua1")
    tcp_registrar(case, "1001", silent="1102")
    capture = case.capture("tcp port 5060")
    other = case.phone(transport="tcp", port=40001)
    call = other.new_call("1001")
    other.register("1001", call=call)
    phone = case.phone(transport="tcp", port=40002)
    phone.register("1102", want=None, seconds=34)
    other.register("1001", call=call)
    case.keep(capture)
    case.dn("1001", "in_service", "R300 200 R300 200")
    case.dn("1102", "no_answer", "R300", attempts=1)


@scenario("tcp-reset")
def tcp_reset(case):
    """
    1003's REGISTER is answered by a TCP reset. Not kamailio but a small responder takes the connection, reads the
    request and resets.
    """
    case.lan("srv", "ua1")
    capture = case.capture("tcp port 5060")
    listener = case.network.socket("srv", kind=socket.SOCK_STREAM)
    listener.bind((SRV, 5060))
    listener.listen(1)
    phone = case.phone(transport="tcp", port=40001)
    connection, _ = listener.accept()
    phone.send(phone.request("1003"))
    connection.recv(65535)
    time.sleep(0.2)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    listener.close()
    case.keep(capture)
    case.dn("1003", "unreachable", "R300", attempts=1)


@scenario("tcp-refused")
def tcp_refused(case):
    """
    The phone at 192.168.210.101 tries TCP port 5060, where the registrar does not listen: its SYN is answered by RST,
    three times. No SIP is in the capture, so no DN can be named; it is a finding about the source.
    """
    case.lan("srv", "ua1")
    capture = case.capture("tcp port 5060")
    for attempt in range(3):
        try:
            case.phone(transport="tcp", port=40001 + attempt)
        except ConnectionRefusedError:
            time.sleep(1)
    case.keep(capture)
    case.finding("tcp-refused", UA1)


@scenario("tcp-syn-dropped")
def tcp_syn_dropped(case):
    """
    The phone at 192.168.210.101 tries TCP port 5060 behind a firewall that drops without a word: the SYN is repeated
    and never answered. No SIP is in the capture, so no DN can be named; it is a finding about the source.
    """
    case.lan("srv", "ua1")
    case.network.rules("srv", "table inet lab {\n chain in { type filter hook input priority 0;\n tcp dport 5060 drop\n }\n}\n")
    capture = case.capture("tcp port 5060")
    try:
        case.phone(transport="tcp", port=40001)
    except TimeoutError:
        time.sleep(3)
    case.keep(capture)
    case.finding("tcp-no-answer", UA1)


@scenario("ipv6")
def ipv6(case):
    """Over IPv6, the addresses in brackets: 1061 is in service, 5008 unknown (404)."""
    case.network.host("srv", "fd00:210::81")
    case.network.host("ua1", "fd00:210::101")
    registrar = case.registrar(listen=["udp:[fd00:210::81]:5060"])
    registrar.policy(open="1061")
    phone = case.phone(address="fd00:210::101", registrar="fd00:210::81")
    capture = case.capture()
    phone.register("1061")
    phone.register("5008", want=404)
    case.keep(capture)
    case.dn("1061", "in_service", "R300 200", sources=["fd00:210::101"], attempts=1)
    case.dn("5008", "rejected", "R300 404", code=404, sources=["fd00:210::101"], attempts=1)


@scenario("vlan")
def vlan(case):
    """
    Ethernet frames with VLAN tags: 1071 and 5008 in VLAN 210, 1072 in VLAN 210 inside service tag 100 (802.1ad).

    The tags were put into the frames afterwards; the rest of each frame is as captured.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(open="1071 1072")
    phone = case.phone()
    capture = case.capture()
    phone.register("1071")
    phone.register("5008", want=404)
    (single,) = case.keep(capture)
    capture = case.capture(name="second.pcap")
    phone.register("1072")
    (double,) = case.keep(capture)
    case.file = single.tagged((0x8100, 210)).merged(double.tagged((0x88A8, 100), (0x8100, 210)))
    case.dn("1071", "in_service", "R300 200", attempts=1)
    case.dn("1072", "in_service", "R300 200", attempts=1)
    case.dn("5008", "rejected", "R300 404", code=404, attempts=1)


def two_dns(case, **how):
    """One DN in service, one refused."""
    case.lan("srv", "ua1")
    case.registrar().policy(open="1001")
    phone = case.phone()
    capture = case.capture(**how)
    phone.register("1001")
    phone.register("5008", want=404)
    case.keep(capture)
    case.dn("1001", "in_service", "R300 200", attempts=1)
    case.dn("5008", "rejected", "R300 404", code=404, attempts=1)


@scenario("pcapng")
def pcapng(case):
    """The container is pcapng (converted from the pcap that tcpdump wrote): 1001 in service, 5008 refused."""
    two_dns(case)
    case.container = "pcapng"


def changed(case, change):
    """One DN in service, one refused, over UDP and, for a third, TCP; the file is changed afterwards."""
    case.lan("srv", "ua1")
    case.registrar(listen=["udp:%s:5060" % SRV, "tcp:%s:5060" % SRV]).policy(open="1001 1002")
    phone = case.phone()
    capture = case.capture()
    phone.register("1001")
    phone.register("5008", want=404)
    case.phone(transport="tcp", port=40001).register("1002")
    (file,) = case.keep(capture)
    case.file = change(file)
    case.dn("1001", "in_service", "R300 200", attempts=1)
    case.dn("1002", "in_service", "R300 200", attempts=1)
    case.dn("5008", "rejected", "R300 404", code=404, attempts=1)


@scenario("tzsp")
def tzsp(case):
    """
    As a router's sniffer sends it elsewhere, in TZSP: 1001 and, over TCP, 1002 in service, 5008 refused.

    The frames were put into TZSP afterwards.
    """
    changed(case, lambda file: file.mirrored())


@scenario("ipsec-signed")
def ipsec_signed(case):
    """
    IPsec that signs and does not encrypt (ESP with NULL encryption, RFC 2410), as phones of mobile networks may have it:
    1001 and, over TCP, 1002 in service, 5008 refused.

    The packets were put into ESP afterwards; the signatures are zero.
    """
    changed(case, lambda file: file.signed())


@scenario("gzip")
def gzipped(case):
    """The container is a gzip-compressed pcap (compressed afterwards): 1001 in service, 5008 refused."""
    two_dns(case)
    case.container = "pcap.gz"


@scenario("cooked-v1")
def cooked(case):
    """Linux cooked capture of the first kind (tcpdump -i any -y LINUX_SLL): 1001 in service, 5008 refused."""
    two_dns(case, interface="any", extra=["-y", "LINUX_SLL"])


@scenario("cut-file")
def cut_file(case):
    """
    The file breaks off amid its last record, as after a full disk. What came before counts: 1001 is in service, 5008
    refused. The 404 to 5009 is the record that was lost: of 5009 nothing can be said. One warning.

    The last 100 bytes were cut off afterwards; the ladder below is that of the whole file.
    """
    case.lan("srv", "ua1")
    case.registrar().policy(open="1001")
    phone = case.phone()
    capture = case.capture()
    phone.register("5008", want=404)
    phone.register("1001")
    phone.register("5009", want=404)
    case.keep(capture)
    case.container, case.cut, case.warnings = "cut", 100, 1
    case.dn("5008", "rejected", "R300 404", code=404, attempts=1)
    case.dn("1001", "in_service", "R300 200", attempts=1)
    case.dn("5009", "pending", "R300 404", attempts=1)


def tls_registrar(case):
    key, certificate = case.workdir + "/key.pem", case.workdir + "/certificate.pem"
    network.sh("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=lab.example", "-keyout", key, "-out", certificate)
    return case.registrar(listen=["tls:%s:5061" % SRV], flags=["WITH_TLS"], TLS_KEY='"%s"' % key, TLS_CERT='"%s"' % certificate)


def client_context(version, ciphers="ALL", keys=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers(ciphers + ":@SECLEVEL=0")
    context.keylog_filename = keys
    context.minimum_version = context.maximum_version = version
    return context


@scenario("tls-encrypted")
def tls_encrypted(case):
    """
    A phone registers over TLS, and the keys are not at hand. What it registers, and with what success, is not to be
    seen; only that 192.168.210.101 speaks TLS with the registrar.
    """
    case.lan("srv", "ua1")
    tls_registrar(case).policy(open="1091")
    capture = case.capture("tcp port 5061")
    phone = case.phone(transport="tls", port=40001, registrar_port=5061, tls=client_context(ssl.TLSVersion.TLSv1_3))
    phone.register("1091")
    case.keep(capture)
    case.finding("encrypted", UA1)


@scenario("tls-handshake-failure")
def tls_handshake_failure(case):
    """
    The phone at 192.168.210.101 offers TLS 1.1 only; the registrar wants 1.2 or later and ends the handshake with an
    alert. No DN can be named; it is a finding about the source.
    """
    case.lan("srv", "ua1")
    tls_registrar(case)
    capture = case.capture("tcp port 5061")
    try:
        case.phone(transport="tls", port=40001, registrar_port=5061, tls=client_context(ssl.TLSVersion.TLSv1_1))
        raise RuntimeError("the handshake was not refused")
    except (ssl.SSLError, ConnectionError):
        pass
    case.keep(capture)
    case.finding("tls-failed", UA1)


def over_tls(case, *contexts):
    """1091 answers a challenge, 5008 is refused, over a connection of its own for each context; then all is kept."""
    case.lan("srv", "ua1")
    tls_registrar(case).policy(digest="1091")
    capture = case.capture("tcp port 5061")
    for number, context in enumerate(contexts):
        phone = case.phone(transport="tls", port=40001 + number, registrar_port=5061, tls=context)
        phone.authenticate("1091")
        phone.register("5008", want=404)
        time.sleep(0.1)
        phone.close()
    case.keep(capture)
    case.dn("1091", "in_service", " ".join(["R300 401 R300a 200"] * len(contexts)))
    case.dn("5008", "rejected", " ".join(["R300 404"] * len(contexts)), code=404)


@scenario("tls-12-gcm")
def tls_12_gcm(case):
    """
    TLS 1.2 with ECDHE-RSA-AES128-GCM-SHA256 and the phone's key log: 1091 answers a challenge and is in service, 5008
    is unknown.
    """
    case.keys = case.workdir + "/keys.log"
    over_tls(case, client_context(ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES128-GCM-SHA256", case.keys))


@scenario("tls-12-cbc")
def tls_12_cbc(case):
    """
    TLS 1.2 with CBC and the phone's key log, three connections one after the other: ECDHE-RSA-AES256-SHA384 with the
    MAC behind the encryption (RFC 7366), the same with the MAC before it, and AES128-SHA, whose keys are exchanged by
    RSA, with the MAC before it. 1091 is in service, 5008 unknown.
    """
    case.keys = case.workdir + "/keys.log"
    no_encrypt_then_mac = 1 << 19  # SSL_OP_NO_ENCRYPT_THEN_MAC
    contexts = [client_context(ssl.TLSVersion.TLSv1_2, cipher, case.keys)
                for cipher in ("ECDHE-RSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384", "AES128-SHA")]
    for context in contexts[1:]:
        context.options |= no_encrypt_then_mac
    over_tls(case, *contexts)


@scenario("tls-13")
def tls_13(case):
    """TLS 1.3 and the phone's key log: 1091 answers a challenge and is in service, 5008 is unknown."""
    case.keys = case.workdir + "/keys.log"
    over_tls(case, client_context(ssl.TLSVersion.TLSv1_3, keys=case.keys))


@scenario("tls-13-keys-inside")
def tls_13_keys_inside(case):
    """
    TLS 1.3; the container is pcapng and holds the keys (put in afterwards with editcap, as a decryption secrets block):
    1091 answers a challenge and is in service, 5008 is unknown.
    """
    case.keys, case.container = case.workdir + "/keys.log", "pcapng with keys"
    over_tls(case, client_context(ssl.TLSVersion.TLSv1_3, keys=case.keys))
